"""One vector per text, of a trunk's rows, as a `Recipe` says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from torso.errors import InputError, WeightsError
from torso.host_batch import Pool, Rows, pieces, to_host
from torso.io.files import shown
from torso.outputs import Hidden
from torso.tasks.arrays import normalized, product
from torso.tasks.dense_activations import ACTIVATIONS
from torso.tasks.embedding_recipe import Dense, Layer, LayerNorm, Projection, Recipe, Unit
from torso.weights.weights import open_file, open_weights

Step = Callable[[Rows], Rows]
_EPSILON = 1e-5
"""What a layer normalization adds to the variance."""


class Pooler:
    """What makes vectors of a trunk's rows: pooling, layers, cutting to the first dimensions, length 1."""

    def __init__(self, recipe: Recipe, dimensions: int | None, memo: MutableMapping[str, Any] | None = None) -> None:
        """Read the weights of the recipe's layers.

        Args:
            recipe: what is done.
            dimensions: how many of the first numbers of a vector are kept; None as the recipe says.
            memo: keeps the layers that were read, for the next one made with it.

        Raises:
            WeightsError: E_POOLING for a layer that is not what its config says.
            TorsoError: as `torso.weights.weights.open_weights`.
        """
        self.recipe, self.dimensions = recipe, dimensions
        kept: dict[Hashable, Step] = {} if memo is None else memo.setdefault("layers", {})
        self._on_rows = [step_of(layer, kept) for layer in recipe.row_layers]
        self._on_vectors = [step_of(layer, kept) for layer in recipe.layers]

    @property
    def pool(self) -> Pool | None:
        """The one row of each text that vectors are made of; None for all of them."""
        if self.recipe.modes == ("cls",):
            return "first" if self.recipe.pools_prompt else None
        return "last" if self.recipe.modes == ("lasttoken",) else None

    def __call__(self, hidden: Hidden, skipped: Sequence[int] = ()) -> Rows:
        """Return rows [T, D] -> [N, size] float32.

        Args:
            hidden: what the trunk gave.
            skipped: rows at the beginning of each sequence that are not pooled; empty for none.

        Raises:
            WeightsError: E_POOLING for a layer that reads vectors of another size.
            InputError: E_ARGUMENT for more dimensions than there are, or none.
        """
        rows = to_host(hidden.rows)
        for step in self._on_rows:
            rows = step(rows)
        parts = pieces(rows, hidden.layout.sizes)
        if hidden.pool == "last" or not skipped:
            skipped = (0,) * len(parts)
        # One row is always left: a text that is cut within its prompt has no other.
        left_out = [min(count, len(part) - 1) for count, part in zip(skipped, parts, strict=True)]
        pooled = [
            np.concatenate([_pooled(part[count:], mode, count) for mode in self.recipe.modes])
            for part, count in zip(parts, left_out, strict=True)
        ]
        vectors = np.stack(pooled)
        for step in self._on_vectors:
            vectors = step(vectors)
        if self.dimensions is not None and not 1 <= self.dimensions <= vectors.shape[1]:
            raise InputError(
                "E_ARGUMENT",
                "dimensions is {value}; vectors of this model have {size} numbers.",
                cure="Give a number from 1 to {size}, or leave it out.",
                values=dict(value=self.dimensions, size=vectors.shape[1]),
            )
        kept = self.recipe.dimensions if self.dimensions is None else self.dimensions
        return self.finished(vectors[:, :kept])

    def finished(self, vectors: Rows) -> Rows:
        """Return vectors [..., size] at length 1, where the recipe wants that."""
        return normalized(vectors) if self.recipe.normalize else vectors


def step_of(layer: Layer, kept: dict[Hashable, Step]) -> Step:
    """Return what a layer does to rows or vectors, its weights read once.

    Args:
        layer: of a recipe.
        kept: what was read before; what is read now is added.

    Raises:
        WeightsError: E_POOLING for a layer that is not what its config says.
        TorsoError: as `torso.weights.weights.open_weights`.
    """
    if isinstance(layer, Unit):
        return normalized
    if layer not in kept:
        kept[layer] = (
            _normed(layer)
            if isinstance(layer, LayerNorm)
            else _dense(layer)
            if isinstance(layer, Dense)
            else _projected(layer)
        )
    return kept[layer]


def _projected(layer: Projection) -> Step:
    weights = open_weights(layer.path) if layer.path.is_dir() else open_file(layer.path)
    weight = weights.read(layer.weight, "F32").data
    bias = None if layer.bias is None else weights.read(layer.bias, "F32").data
    if weight.ndim != 2 or (bias is not None and bias.shape != weight.shape[:1]):
        raise WeightsError(
            "E_POOLING",
            "{path} holds no linear layer: {name} is {shape}.",
            cure="Download the model again.",
            values=dict(path=shown(layer.path), name=layer.weight, shape=list(weight.shape)),
        )
    out, width = weight.shape

    def step(rows: Rows) -> Rows:
        _require_width(layer.path, width, out, rows)
        made = product(rows, weight)
        return made if bias is None else made + bias

    return step


def _normed(layer: LayerNorm) -> Step:
    sizes = {"norm.weight": (layer.width,), "norm.bias": (layer.width,)}
    weights = _weights(layer.folder, sizes, layer.width, layer.width)

    def step(rows: Rows) -> Rows:
        _require_width(layer.folder, layer.width, layer.width, rows)
        wide = rows.astype(np.float64)
        wide -= wide.mean(-1, keepdims=True)
        wide /= np.sqrt((wide * wide).mean(-1, keepdims=True) + _EPSILON)
        return (wide * weights["norm.weight"] + weights["norm.bias"]).astype(np.float32)

    return step


def _dense(layer: Dense) -> Step:
    sizes: dict[str, tuple[int, ...]] = {"linear.weight": (layer.out, layer.width)}
    if layer.bias:
        sizes["linear.bias"] = (layer.out,)
    if layer.residual and layer.out != layer.width:
        sizes["residual.weight"] = (layer.out, layer.width)
    weights = _weights(layer.folder, sizes, layer.width, layer.out)
    function = ACTIVATIONS[layer.activation]

    def step(rows: Rows) -> Rows:
        _require_width(layer.folder, layer.width, layer.out, rows)
        made = product(rows, weights["linear.weight"])
        if "linear.bias" in weights:
            made += weights["linear.bias"]
        made = function(made.astype(np.float64)).astype(np.float32)
        if not layer.residual:
            return made
        return made + (product(rows, weights["residual.weight"]) if "residual.weight" in weights else rows)

    return step


def _weights(folder: Path, sizes: dict[str, tuple[int, ...]], width: int, out: int) -> dict[str, Rows]:
    weights = open_weights(folder)
    if {name: entry.shape for name, entry in weights.entries.items()} != sizes:
        raise _misfit(folder, width, out, width)
    return {name: weights.read(name, "F32").data for name in sizes}


def _require_width(folder: Path, width: int, out: int, rows: Rows) -> None:
    if rows.shape[1] != width:
        raise _misfit(folder, width, out, rows.shape[1])


def _misfit(folder: Path, width: int, out: int, given: int) -> WeightsError:
    return WeightsError(
        "E_POOLING",
        "The layer in {folder} does not fit: its config says {width} numbers in and {out} out; it is given {given}.",
        cure="Download the model again, or say pooling=... to leave its layers aside.",
        values=dict(folder=shown(folder), width=width, out=out, given=given),
    )


def _pooled(rows: Rows, mode: str, before: int) -> Rows:
    """Return rows [n, D] of one sequence, after those ``before`` that are left out, as one [D]."""
    if mode in ("cls", "lasttoken"):
        return rows[0 if mode == "cls" else -1]
    if mode == "max":
        return rows.max(0)
    if mode == "weightedmean":
        weights = np.arange(before + 1, before + len(rows) + 1, dtype=np.float32)[:, None]
        return (rows * weights).sum(0) / weights.sum()
    length = np.float32(len(rows))
    return rows.sum(0) / (length if mode == "mean" else np.sqrt(length))
