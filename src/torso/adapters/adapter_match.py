"""An adapter's tensors matched with a model by names and shapes alone, before any is read. Loads no torch.

Both engines read an adapter by it: PyTorch's into layers that learn on, the kernels' into the weights that they pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from torso import blocks
from torso.adapters.adapter_config import Adapter
from torso.adapters.adapter_names import (
    Described,
    HubModule,
    ModelNames,
    hub_modules,
    is_tied,
    possible_prefixes,
    token_table,
)
from torso.adapters.adapter_targets import tied
from torso.architecture import fused_parts
from torso.errors import UnsupportedError, WeightsError
from torso.io.paths import shown
from torso.weights.adapter_weights import open_adapter
from torso.weights.names import part_shapes

if TYPE_CHECKING:
    from torso.weights.safetensors import SafetensorsFile
    from torso.weights.torch_file import TorchFile

ROOT = "base_model.model."
ROWS = ".token_adapter.trainable_tokens_delta"
_FACTOR = re.compile(r"(.+)\.lora_([AB])(?:\.default)?\.(weight|bias)")
_TABLE = re.compile(r"(.+)\.lora_embedding_([AB])(?:\.default)?")
_WHOLE = re.compile(r"\.(?:modules_to_save\.default|original_module|base_layer)(?=\.)")


@dataclass(frozen=True, slots=True)
class Update:
    """A low-rank update in a file.

    Attributes:
        module: the module that it adapts.
        rank: r.
        scale: factor on the product of the factors.
        a: key of the factor A, [r, in]; of a table [r, V].
        b: key of the factor B, [out, r]; of a table [D, r].
        bias: key of the bias of B; None without one.
        table: whether it adapts the table of tokens.
    """

    module: HubModule
    rank: int
    scale: float
    a: str
    b: str
    bias: str | None = None
    table: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class AdapterMatch:
    """Where each tensor of an adapter belongs in a model.

    Attributes:
        adapter: the settings.
        file: the open file.
        names: the names that its keys follow.
        updates: low-rank updates, of projections before the table of tokens.
        rows: key of the learned rows of the table of tokens; None without such.
        whole: parameters that were saved whole: by name, the key of each part that is.
        copies: keys that repeat a parameter, each with that parameter.
        names_there: names of the tensors that are saved whole, as the model's files have them.
    """

    adapter: Adapter
    file: SafetensorsFile | TorchFile
    names: ModelNames
    updates: tuple[Update, ...]
    rows: str | None
    whole: Mapping[str, Mapping[int, str]]
    copies: Mapping[str, str]
    names_there: frozenset[str]

    def still_new(self, new: Iterable[str]) -> tuple[str, ...]:
        """Return those of a model's new parameters that the adapter does not hold either."""
        return tuple(each for each in new if not set(self.names.keys(each)) <= self.names_there)


def head_labels(folder: Path, keys: Iterable[str]) -> int | None:
    """Return how many labels the head that an adapter folder holds has; None without one."""
    file = open_adapter(folder)
    wanted = {ROOT + key for key in keys}
    for key, entry in file.entries.items():
        if _WHOLE.sub("", key) in wanted and entry.shape:
            return entry.shape[0]
    return None


def match_adapter(model: Described, folder: Path, adapter: Adapter) -> AdapterMatch:
    """Match the tensors of an adapter folder with a model.

    Raises:
        WeightsError: ``E_UNCLAIMED``, ``E_SHAPE``, ``E_MISSING``: tensors that do not fit the model or each other.
        UnsupportedError: ``E_TIED``, ``E_LORA``: adapters that torso has not.
    """
    return _Matching(model, folder, adapter).match()


class _Matching:
    """One adapter and one model while they are matched."""

    def __init__(self, model: Described, folder: Path, adapter: Adapter) -> None:
        self.model, self.folder, self.adapter = model, folder, adapter
        self.file = open_adapter(folder)
        self.keys = {key.removeprefix(ROOT): key for key in self.file.entries}
        self.names = self._fitting_names()
        self.used: set[str] = set()

    def match(self) -> AdapterMatch:
        updates = self._updates()
        rows = self._rows()
        whole, copies = self._whole()
        left = [name for name in self.keys if name not in self.used]
        trunk, prefix = self.names.trunk, self.names.prefix
        unexpected = [name for name in left if ".lora_" in name or trunk.belongs(name, prefix)]
        if unexpected:
            what = "The adapter holds {count} tensors that this model has no place for: {some}."
            raise self._error("E_UNCLAIMED", what, unexpected)
        there = frozenset(_WHOLE.sub("", name) for name in self.keys)
        return AdapterMatch(self.adapter, self.file, self.names, updates, rows, whole, copies, there)

    def _fitting_names(self) -> ModelNames:
        """Return the names under which most of an adapter's modules are this model's; the task's own of several."""
        asked = {found[1] for key in self.keys if (found := _FACTOR.fullmatch(key) or _TABLE.fullmatch(key))}
        kinds = [ModelNames.of(self.model, prefix=each) for each in possible_prefixes(self.model)]
        kinds += [ModelNames.of(self.model, prefix=each, in_files=True) for each in possible_prefixes(self.model)]
        return max(kinds, key=lambda each: len(asked & {*hub_modules(self.model, each)}))

    def _updates(self) -> tuple[Update, ...]:
        """Match the factors."""
        modules = hub_modules(self.model, self.names), hub_modules(self.model, self.names, blocks.Embedding)
        factors: dict[str, dict[str, str]] = {}
        for name in self.keys:
            found = _FACTOR.fullmatch(name) or _TABLE.fullmatch(name)
            if found is not None:
                kind = f"{found[2]}.{found[3]}" if found.lastindex == 3 else found[2]
                factors.setdefault(found[1], {})[kind] = name
        updates = list[Update]()
        for name, parts in factors.items():
            of_table = "A" in parts or "B" in parts
            module = modules[of_table].get(name)
            if module is not None:
                updates.append(self._update(name, module, parts, of_table=of_table))
                self.used |= {*parts.values()}
        return tuple(sorted(updates, key=lambda each: each.table))

    def _update(self, name: str, module: HubModule, parts: Mapping[str, str], *, of_table: bool) -> Update:
        settings, (a, b) = self.adapter.settings, ("A", "B") if of_table else ("A.weight", "B.weight")
        if a not in parts or b not in parts:
            raise self._error("E_MISSING", "The adapter lacks one factor of {count} modules: {some}.", [name])
        if of_table:
            self._require_tokens(name, module)
        rank = settings.rank_of(name)
        owner = next(part for place, part in blocks.walk(self.model.description) if place == module.place)
        rows, width = owner.tensors["weight"].shape
        if of_table:
            shapes: dict[str, tuple[int, ...]] = {a: (rank, rows), b: (width, rank)}
        else:
            shapes = {a: (rank, width), b: (module.rows[module.part], rank)}
        if settings.lora_bias and not of_table:
            shapes["B.bias"] = (module.rows[module.part],)
        there = {kind: self._shape(key) for kind, key in parts.items()}
        wrong = [f"{name} {kind} {list(shape)}" for kind, shape in there.items() if shapes.get(kind) != shape]
        if wrong:
            raise self._misshapen(wrong, ", ".join(f"{kind} {list(shape)}" for kind, shape in shapes.items()))
        bias = parts.get("B.bias")
        keys = self.keys[parts[a]], self.keys[parts[b]], None if bias is None else self.keys[bias]
        return Update(module, rank, settings.scale(name), *keys, of_table)

    def _require_tokens(self, name: str, module: HubModule) -> None:
        if is_tied(self.model):
            raise tied(name)
        if not module.place.endswith("embed.tokens"):
            raise UnsupportedError(
                "E_LORA",
                "{name} is a table of positions or segments; torso adapts linear layers and the table of tokens.",
                cure="Merge it with PEFT, model.merge_and_unload(), and save the merged model: torso loads that.",
                values=dict(name=name),
            )

    def _rows(self) -> str | None:
        """Match the learned rows of the table of tokens."""
        ids = self.adapter.settings.trainable_token_indices
        if not ids:
            return None
        place, table = token_table(self.model)
        modules = hub_modules(self.model, self.names, blocks.Embedding)
        known = {f"{name}{ROWS}" for name, each in modules.items() if each.place == place}
        copies = (key for key, own in self.names.copies().items() if own == f"{place}.weight")
        known |= {f"{key.removesuffix('.weight')}{ROWS}" for key in copies}
        found = [name for name in self.keys if name.endswith(ROWS)]
        mine = [name for name in found if name in known]
        if not mine or self._shape(mine[0]) != (len(ids), table.tensors["weight"].shape[1]):
            what = "The adapter does not hold the rows of {count} tokens in one table: {some}."
            raise self._error("E_SHAPE", what, found or [str(each) for each in ids])
        self.used |= {*mine}
        return self.keys[mine[0]]

    def _whole(self) -> tuple[dict[str, dict[int, str]], dict[str, str]]:
        """Match parameters that were saved whole: heads, biases, a table beside its adapter."""
        whole: dict[str, str] = {}
        for name in self.keys:
            if not (_FACTOR.fullmatch(name) or _TABLE.fullmatch(name) or name.endswith(ROWS)):
                whole.setdefault(_WHOLE.sub("", name), name)
        matched: dict[str, dict[int, str]] = {}
        parts, names = fused_parts(self.model.description), self.names
        weights = dict(blocks.named_weights(self.model.description))
        for parameter, weight in weights.items():
            keys = names.keys(parameter)
            if whole.keys().isdisjoint(keys):
                continue
            stored = weight.shape[::-1] if names.form(parameter) == "transposed" else weight.shape
            for part, (key, shape) in enumerate(
                zip(keys, part_shapes(parameter, stored, len(keys), parts), strict=True)
            ):
                if key in whole:
                    if prod(self._shape(whole[key])) != prod(shape):
                        raise self._misshapen([f"{key} {list(self._shape(whole[key]))}"], str(list(shape)))
                    matched.setdefault(parameter, {})[part] = self.keys[whole[key]]
                    self.used.add(whole[key])
        copies = {key: each for key, each in names.copies().items() if key in whole and each in weights}
        self.used |= {whole[key] for key in copies}
        return matched, {self.keys[whole[key]]: each for key, each in copies.items()}

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.file.entries[self.keys[name]].shape)

    def _misshapen(self, wrong: list[str], wanted: str) -> WeightsError:
        what = "{count} tensors of the adapter have another shape: {some}; wanted: {wanted}."
        return self._error("E_SHAPE", what, wrong, wanted=wanted)

    def _error(self, code: str, what: str, names: list[str], **values: object) -> WeightsError:
        some = ", ".join(shown(each) for each in names[:8]) + (", ..." if len(names) > 8 else "")
        return WeightsError(
            code,
            what,
            where="In {folder}.",
            cure="Use the adapter with the base model that it was trained on; base_model_name_or_path names it.",
            values=dict(count=len(names), some=some, folder=shown(self.folder)) | values,
        )
