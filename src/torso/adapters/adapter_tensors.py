"""Tensors of adapter_model.safetensors: an adapter's parameters under PEFT's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from torso import blocks
from torso.adapters.adapter_match import ROOT, ROWS
from torso.adapters.adapter_names import HubModule, ModelNames, hub_modules
from torso.adapters.attach_lora import learns
from torso.adapters.model_parts import base_parameters, views_of
from torso.nn.low_rank import LoraEmbedding, LoraLinear, RowsEmbedding

if TYPE_CHECKING:
    from torso.model import Model


def adapter_tensors(model: Model[Any]) -> dict[str, Tensor]:
    """Return all that an adapted model learned, under PEFT's keys."""
    names = ModelNames.of(model)
    adapter = model.adapter
    assert adapter is not None
    tensors: dict[str, Tensor] = {}
    for name, module in hub_modules(model, names).items():
        layer = model.get_submodule(module.place)
        if isinstance(layer, LoraLinear) and str(module.part) in layer.branches:
            tensors |= {f"{name}.{key}": value for key, value in _factors(model, module, layer).items()}
    for name, module in hub_modules(model, names, blocks.Embedding).items():
        table = model.get_submodule(module.place)
        if isinstance(table, LoraEmbedding):
            tensors |= {f"{name}.lora_embedding_A": table.low_a, f"{name}.lora_embedding_B": table.low_b}
        elif isinstance(table, RowsEmbedding):
            tensors[name + ROWS] = table.learned
    for parameter, value in base_parameters(model).items():
        if parameter not in model.fixed and learns(parameter, names, adapter.settings):
            for key, view in views_of(model, names, parameter, value).items():
                tensors[_adapted_key(model, parameter, key)] = view
    return {ROOT + key: value.detach().contiguous() for key, value in tensors.items()}


def _adapted_key(model: Model[Any], parameter: str, key: str) -> str:
    """Return PEFT's key of a bias: within an adapted layer it is that of the layer inside."""
    layer = model.get_submodule(parameter.rpartition(".")[0])
    module, _, kind = key.rpartition(".")
    if not isinstance(layer, LoraLinear):
        return key
    names = ModelNames.of(model)
    part = next(each.part for name, each in hub_modules(model, names).items() if name == module)
    return f"{module}.base_layer.{kind}" if str(part) in layer.branches else key


def _factors(model: Model[Any], module: HubModule, layer: LoraLinear) -> dict[str, Tensor]:
    branch = layer.branch(module.part)
    found = {"lora_A.weight": branch.a, "lora_B.weight": _in_file(model, module, branch.b)}
    if branch.bias is not None:
        found["lora_B.bias"] = _in_file(model, module, branch.bias)
    if branch.base_bias is not None:
        found["base_layer.bias"] = _in_file(model, module, branch.base_bias)
    return found


def _in_file(model: Model[Any], module: HubModule, value: Tensor) -> Tensor:
    """Return output rows in the order of the file, which interleaves the heads of fused parts in some families."""
    return value[model.fused()[module.place].interleaved] if module.form == "heads" else value
