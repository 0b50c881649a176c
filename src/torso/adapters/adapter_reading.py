"""Reading an adapter's tensors into a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from torso.adapters.adapter_config import Adapter
from torso.adapters.adapter_names import (
    HubModule,
    ModelNames,
    base_parameters,
    hub_modules,
    possible_prefixes,
    token_table,
    views_of,
)
from torso.adapters.adapter_targets import tied
from torso.adapters.adapter_tensors import ROOT, ROWS
from torso.adapters.attach_lora import adapt, attach
from torso.errors import UnsupportedError, WeightsError
from torso.io.paths import shown
from torso.loading.contents import part_views, write_back
from torso.nn.low_rank import LoraEmbedding, LoraLinear, RowsEmbedding
from torso.weights.adapter_weights import open_adapter
from torso.weights.tensor_bits import bits_of
from torso.weights.tensor_entry import torch_dtype

if TYPE_CHECKING:
    from torso.model import Model

_FACTOR = re.compile(r"(.+)\.lora_([AB])(?:\.default)?\.(weight|bias)")
_TABLE = re.compile(r"(.+)\.lora_embedding_([AB])(?:\.default)?")
_WHOLE = re.compile(r"\.(?:modules_to_save\.default|original_module|base_layer)(?=\.)")


def _from_file(model: Model[Any], module: HubModule, value: Tensor) -> Tensor:
    """Return output rows in torso's order; the inverse of what is written."""
    if module.form != "heads":
        return value
    made = torch.empty_like(value)
    write_back(made, value, "heads", model.fused()[module.place])
    return made


def head_labels(folder: Path, keys: Iterable[str]) -> int | None:
    """Return how many labels the head that an adapter folder holds has; None without one."""
    file = open_adapter(folder)
    wanted = {ROOT + key for key in keys}
    for key, entry in file.entries.items():
        if _WHOLE.sub("", key) in wanted and entry.shape:
            return entry.shape[0]
    return None


@torch.no_grad()
def read_into(model: Model[Any], folder: Path, adapter: Adapter, *, allow_nonfinite: bool = False) -> None:
    """Give a model the adapter of a folder.

    Parts of a head that were new and are in the adapter are no longer untrained.

    Raises:
        WeightsError: ``E_UNCLAIMED``, ``E_SHAPE``, ``E_MISSING``: tensors that do not fit the model or each other.
        UnsupportedError: ``E_TIED``, ``E_LORA``: adapters that torso has not.
    """
    file = open_adapter(folder)
    keys = {key.removeprefix(ROOT): key for key in file.entries}
    names = _fitting_names(model, keys)
    values: dict[str, Tensor] = {}
    for name, key in keys.items():
        values[name] = torch.empty(file.entries[key].shape, dtype=torch_dtype(file.entries[key].dtype))
        file.read_into(key, bits_of(values[name]), allow_nonfinite=allow_nonfinite)
    used = _read_factors(model, folder, adapter, names, values)
    attach(model, adapter, names)
    used |= _read_rows(model, folder, names, values, adapter)
    used |= _read_whole(model, folder, names, values)
    left = [name for name in values if name not in used]
    unexpected = [name for name in left if ".lora_" in name or names.trunk.belongs(name, names.prefix)]
    if unexpected:
        raise _error(
            "E_UNCLAIMED",
            "The adapter holds {count} tensors that this model has no place for: {some}.",
            unexpected,
            folder,
        )
    if model.report is not None:
        found = {_WHOLE.sub("", name) for name in values}
        new = tuple(each for each in model.report.new if not set(names.keys(each)) <= found)
        model.report = replace(model.report, new=new)
        model.head_trained = not any(each.startswith("head.") for each in new)


def _fitting_names(model: Model[Any], keys: Iterable[str]) -> ModelNames:
    """Return the names under which most of an adapter's modules are this model's; the task's own of several."""
    asked = {found[1] for key in keys if (found := _FACTOR.fullmatch(key) or _TABLE.fullmatch(key))}
    kinds = [ModelNames.of(model, prefix=each) for each in possible_prefixes(model)]
    kinds += [ModelNames.of(model, prefix=each, in_files=True) for each in possible_prefixes(model)]
    return max(kinds, key=lambda each: len(asked & {*hub_modules(model, each)}))


def _read_factors(
    model: Model[Any], folder: Path, adapter: Adapter, names: ModelNames, values: Mapping[str, Tensor]
) -> set[str]:
    linear, tables = hub_modules(model, names), hub_modules(model, names, nn.Embedding)
    factors: dict[str, dict[str, tuple[str, Tensor]]] = {}
    for key, value in values.items():
        found = _FACTOR.fullmatch(key) or _TABLE.fullmatch(key)
        if found is not None:
            kind = f"{found[2]}.{found[3]}" if found.lastindex == 3 else found[2]
            factors.setdefault(found[1], {})[kind] = (key, value)
    used: set[str] = set()
    for name, parts in factors.items():
        table = "A" in parts or "B" in parts
        module = (tables if table else linear).get(name)
        if module is None:
            continue
        _read_module(model, folder, adapter, name, module, {kind: value for kind, (_, value) in parts.items()})
        used |= {key for key, _ in parts.values()}
    return used


def _read_module(
    model: Model[Any], folder: Path, adapter: Adapter, name: str, module: HubModule, parts: Mapping[str, Tensor]
) -> None:
    settings, layer = adapter.settings, model.get_submodule(module.place)
    rank, table = settings.rank_of(name), isinstance(layer, nn.Embedding)
    a, b = ("A", "B") if table else ("A.weight", "B.weight")
    if a not in parts or b not in parts:
        raise _error("E_MISSING", "The adapter lacks one factor of {count} modules: {some}.", [name], folder)
    if isinstance(layer, nn.Embedding):
        if getattr(model.head, "tokens", ()) and getattr(model.head, "out", None) is None:
            raise tied(name)
        if not module.place.endswith("embed.tokens"):
            raise UnsupportedError(
                "E_LORA",
                "{name} is a table of positions or segments; torso adapts linear layers and the table of tokens.",
                cure="Merge it with PEFT, model.merge_and_unload(), and save the merged model: torso loads that.",
                values=dict(name=name),
            )
        shapes: dict[str, tuple[int, ...]] = {a: (rank, layer.num_embeddings), b: (layer.embedding_dim, rank)}
    else:
        assert isinstance(layer, nn.Linear)
        shapes = {a: (rank, layer.in_features), b: (module.rows[module.part], rank)}
        if settings.lora_bias:
            shapes["B.bias"] = (module.rows[module.part],)
    wrong = [f"{name} {kind} {list(each.shape)}" for kind, each in parts.items() if shapes.get(kind) != each.shape]
    if wrong:
        wanted = ", ".join(f"{kind} {list(shape)}" for kind, shape in shapes.items())
        raise _error(
            "E_SHAPE",
            "{count} tensors of the adapter have another shape: {some}; wanted: {wanted}.",
            wrong,
            folder,
            wanted=wanted,
        )
    branch = adapt(model, module, rank, settings.scale(name), settings)
    if branch is None:
        assert isinstance(layer, LoraEmbedding)
        layer.low_a.copy_(parts[a])
        layer.low_b.copy_(parts[b])
        return
    branch.a.copy_(parts[a])
    branch.b.copy_(_from_file(model, module, parts[b]))
    if branch.bias is not None and "B.bias" in parts:
        branch.bias.copy_(_from_file(model, module, parts["B.bias"]))


def _read_rows(
    model: Model[Any], folder: Path, names: ModelNames, values: Mapping[str, Tensor], adapter: Adapter
) -> set[str]:
    """Read learned rows of the table of tokens."""
    ids = adapter.settings.trainable_token_indices
    found = [key for key in values if key.endswith(ROWS)]
    if not ids:
        return set()
    table = token_table(model)[1]
    assert isinstance(table, RowsEmbedding)
    known = {
        f"{name}{ROWS}"
        for name, each in hub_modules(model, names, nn.Embedding).items()
        if model.get_submodule(each.place) is table
    } | {f"{key}{ROWS}" for key in _copies_of_table(model, names)}
    mine = [key for key in found if key in known]
    if not mine or values[mine[0]].shape != table.learned.shape:
        raise _error(
            "E_SHAPE",
            "The adapter does not hold the rows of {count} tokens in one table: {some}.",
            found or [str(each) for each in ids],
            folder,
        )
    table.learned.copy_(values[mine[0]])
    return set(mine)


def _copies_of_table(model: Model[Any], names: ModelNames) -> set[str]:
    place = token_table(model)[0]
    return {key.removesuffix(".weight") for key, own in names.copies().items() if own == f"{place}.weight"}


def _read_whole(model: Model[Any], folder: Path, names: ModelNames, values: Mapping[str, Tensor]) -> set[str]:
    """Read parameters that were saved whole: heads, biases, an embedding table beside its adapter."""
    whole: dict[str, tuple[str, Tensor]] = {}
    for key, value in values.items():
        if not (_FACTOR.fullmatch(key) or _TABLE.fullmatch(key) or key.endswith(ROWS)):
            whole.setdefault(_WHOLE.sub("", key), (key, value))
    used: set[str] = set()
    modules = hub_modules(model, names)
    base = base_parameters(model)
    for parameter, own in base.items():
        for key, view in views_of(model, names, parameter, own).items():
            if key not in whole:
                continue
            written, value = whole[key]
            layer = model.get_submodule(parameter.rpartition(".")[0])
            name, _, kind = key.rpartition(".")
            target, parts = own, model.fused().get(parameter.rpartition(".")[0])
            if isinstance(layer, LoraLinear) and kind == "bias" and str(modules[name].part) in layer.branches:
                learned = layer.branch(modules[name].part).base_bias
                if learned is not None:
                    target, view = learned, part_views(learned, 1, modules[name].form, parts)[0]
            if value.numel() != view.numel():
                shape = f"{key} {list(value.shape)}"
                raise _error(
                    "E_SHAPE",
                    "{count} tensors of the adapter have another shape: {some}; wanted: {wanted}.",
                    [shape],
                    folder,
                    wanted=str(list(view.shape)),
                )
            view.copy_(value.view(view.shape))
            write_back(target, view, names.form(parameter), parts)
            used.add(written)
    for key, parameter in names.copies().items():
        if key in whole and parameter in base:
            if not torch.equal(whole[key][1].to(base[parameter].dtype), base[parameter]):
                raise tied(key.rpartition(".")[0])
            used.add(whole[key][0])
    return used


def _error(code: str, what: str, names: list[str], folder: Path, **values: object) -> WeightsError:
    some = ", ".join(shown(each) for each in names[:8]) + (", ..." if len(names) > 8 else "")
    return WeightsError(
        code,
        what,
        where="In {folder}.",
        cure="Use the adapter with the base model that it was trained on; base_model_name_or_path names it.",
        values=dict(count=len(names), some=some, folder=shown(folder)) | values,
    )
