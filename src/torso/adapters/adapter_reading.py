"""Reading an adapter's tensors into a PyTorch model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from torso.adapters.adapter_config import Adapter
from torso.adapters.adapter_match import ROOT, AdapterMatch, Update, match_adapter
from torso.adapters.adapter_names import HubModule, hub_modules
from torso.adapters.adapter_targets import tied
from torso.adapters.attach_lora import adapt, attach
from torso.adapters.model_parts import base_parameters, token_embedding, views_of
from torso.loading.contents import in_own_order, part_views, write_back
from torso.nn.low_rank import LoraEmbedding, LoraLinear, RowsEmbedding
from torso.weights.tensor_bits import bits_of
from torso.weights.tensor_entry import torch_dtype

if TYPE_CHECKING:
    from torso.model import Model


@torch.no_grad()
def read_into(model: Model[Any], folder: Path, adapter: Adapter, *, allow_nonfinite: bool = False) -> None:
    """Give a model the adapter of a folder.

    Parts of a head that were new and are in the adapter are no longer untrained.

    Raises:
        WeightsError: as `match_adapter`; ``E_NONFINITE``.
        UnsupportedError: ``E_TIED``, ``E_LORA``: adapters that torso has not.
    """
    match = match_adapter(model, folder, adapter)
    values = {key: _read(match, key, allow_nonfinite=allow_nonfinite) for key in match.file.entries}
    for update in match.updates:
        _read_update(model, match, update, values)
    attach(model, adapter, match.names)
    if match.rows is not None:
        table = token_embedding(model)
        assert isinstance(table, RowsEmbedding)
        table.learned.copy_(values[match.rows])
    _read_whole(model, match, values)
    if model.report is not None:
        model.report = replace(model.report, new=match.still_new(model.report.new))
        model.head_trained = not any(each.startswith("head.") for each in model.report.new)


def _read(match: AdapterMatch, key: str, *, allow_nonfinite: bool) -> Tensor:
    entry = match.file.entries[key]
    value = torch.empty(entry.shape, dtype=torch_dtype(entry.dtype))
    match.file.read_into(key, bits_of(value), allow_nonfinite=allow_nonfinite)
    return value


def _read_update(model: Model[Any], match: AdapterMatch, update: Update, values: dict[str, Tensor]) -> None:
    layer, a, b = model.get_submodule(update.module.place), values[update.a], values[update.b]
    branch = adapt(model, update.module, update.rank, update.scale, match.adapter.settings)
    if branch is None:
        assert isinstance(layer, LoraEmbedding)
        layer.low_a.copy_(a)
        layer.low_b.copy_(b)
        return
    branch.a.copy_(a)
    branch.b.copy_(_from_file(model, update.module, b))
    if branch.bias is not None and update.bias is not None:
        branch.bias.copy_(_from_file(model, update.module, values[update.bias]))


def _from_file(model: Model[Any], module: HubModule, value: Tensor) -> Tensor:
    """Return output rows in torso's order; the inverse of what is written."""
    return cast("Tensor", in_own_order(value, module.form, model.fused().get(module.place)))


def _read_whole(model: Model[Any], match: AdapterMatch, values: dict[str, Tensor]) -> None:
    """Read parameters that were saved whole: heads, biases, an embedding table beside its adapter."""
    base, modules, names = base_parameters(model), hub_modules(model, match.names), match.names
    for parameter, keys in match.whole.items():
        place = parameter.rpartition(".")[0]
        layer, parts = model.get_submodule(place), model.fused().get(place)
        views = list(views_of(model, names, parameter, base[parameter]).items())
        for part, key in keys.items():
            (own, view), target = views[part], base[parameter]
            name, _, kind = own.rpartition(".")
            if isinstance(layer, LoraLinear) and kind == "bias" and str(modules[name].part) in layer.branches:
                learned = layer.branch(modules[name].part).base_bias
                if learned is not None:
                    target, view = learned, part_views(learned, 1, modules[name].form, parts)[0]
            view.copy_(values[key].view(view.shape))
            write_back(target, view, names.form(parameter), parts)
    for key, parameter in match.copies.items():
        if not torch.equal(values[key].to(base[parameter].dtype), base[parameter]):
            raise tied(key.removeprefix(ROOT).rpartition(".")[0])
