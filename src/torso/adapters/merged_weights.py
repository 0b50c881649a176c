"""An adapter merged into weights as they are read, by NumPy: what the kernels pack. Loads no torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.adapters.adapter_match import ROOT, AdapterMatch, Update
from torso.adapters.adapter_names import Described, HubModule, token_table
from torso.adapters.adapter_targets import no_bias_to_merge_into, tied
from torso.architecture import fused_parts
from torso.host_batch import Rows
from torso.loading.contents import in_own_order, part_views, write_back
from torso.weights.adapter_weights import CONFIG
from torso.weights.names import Parts
from torso.weights.number_bits import NumberBits


@dataclass(frozen=True, slots=True, eq=False)
class MergedWeights:
    """The changes that an adapter makes to a model's weights, computed weight by weight.

    Attributes:
        match: the adapter's tensors and where they belong.
        folder: of the adapter.
        table: name of the table of tokens' weight.
        parts: sizes of the parts of fused modules, by module.
        updates: low-rank updates by the name of the weight, or of the bias, that they change.
        nonfinite: whether NaN and infinity are accepted.
    """

    match: AdapterMatch
    folder: Path
    table: str
    parts: Mapping[str, Parts]
    updates: Mapping[str, Sequence[Update]]
    nonfinite: bool = False

    @classmethod
    def of(cls, model: Described, match: AdapterMatch, folder: Path, *, nonfinite: bool = False) -> MergedWeights:
        """Return the changes of an adapter.

        Raises:
            UnsupportedError: ``E_LORA``, for updates with a bias in layers that have none.
        """
        weights = dict(blocks.named_weights(model.description))
        updates: dict[str, list[Update]] = {}
        for each in match.updates:
            updates.setdefault(f"{each.module.place}.weight", []).append(each)
            if each.bias is not None:
                bias = f"{each.module.place}.bias"
                if bias not in weights:
                    raise no_bias_to_merge_into(each.module.place)
                updates.setdefault(bias, []).append(each)
        table = f"{token_table(model)[0]}.weight"
        return cls(match, folder, table, fused_parts(model.description), updates, nonfinite)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it is made of."""
        return self.match.file.path, self.folder / CONFIG

    @property
    def changed(self) -> Collection[str]:
        """Names of the weights that are not the base's."""
        rows = () if self.match.rows is None else (self.table,)
        return {*self.updates, *self.match.whole, *rows}

    @property
    def copied(self) -> Collection[str]:
        """Names of the weights that its file holds under a second name too."""
        return {*self.match.copies.values()}

    def apply(self, name: str, out: NumberBits) -> None:
        """Change a weight that was read of the base.

        Args:
            name: of the weight, in the description.
            out: its values, float32.
        """
        if name not in self.changed:
            return
        assert out.dtype == "F32"
        module, _, kind = name.rpartition(".")
        if name in self.match.whole:
            self._replace(name, out.data, self.parts.get(module))
        if name == self.table and self.match.rows is not None:
            out.data[list(self.match.adapter.settings.trainable_token_indices)] = self._read(self.match.rows)
        for update in self.updates.get(name, ()):
            before = sum(update.module.rows[: update.module.part])
            change = self._change(update, kind) * np.float32(update.scale)
            out.data[before : before + len(change)] += change

    def check_copies(self, weights: Mapping[str, NumberBits]) -> None:
        """Check that what the adapter's file holds under a second name equals the weight that it repeats.

        Args:
            weights: the merged ones, by name, of all in the copies of the match.

        Raises:
            UnsupportedError: ``E_TIED``.
        """
        for key, name in self.match.copies.items():
            if not np.array_equal(self._read(key), weights[name].data):
                raise tied(key.removeprefix(ROOT).rpartition(".")[0])

    def _change(self, update: Update, kind: str) -> Rows:
        """Return what is added to a part of a weight or of a bias, before it is scaled."""
        if kind == "bias":
            assert update.bias is not None
            return self._in_order(update.module, self._read(update.bias))
        b, a = self._read(update.b), self._read(update.a)
        return (b @ a).T if update.table else self._in_order(update.module, b) @ a

    def _replace(self, name: str, values: NDArray[np.float32], parts: Parts | None) -> None:
        """Write the parts of a parameter that were saved whole."""
        form, keys = self.match.names.form(name), self.match.names.keys(name)
        views = part_views(values, len(keys), form, parts)
        for part, key in self.match.whole[name].items():
            views[part][...] = self._read(key).reshape(views[part].shape)
            write_back(values, views[part], form, parts)

    def _read(self, key: str) -> Rows:
        out = NumberBits.empty(tuple(self.match.file.entries[key].shape), "F32")
        self.match.file.read_into(key, out, allow_nonfinite=self.nonfinite)
        return out.data

    def _in_order(self, module: HubModule, values: Rows) -> Rows:
        """Return output rows in torso's order; files interleave the heads of fused parts in some families."""
        return cast("Rows", in_own_order(values, module.form, self.parts.get(module.place)))
