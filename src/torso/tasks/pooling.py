"""One vector per text, of a trunk's rows, as a `Recipe` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.batch import Pool
from torso.errors import InputError, WeightsError
from torso.io.files import shown
from torso.nn.batch_invariant import product
from torso.outputs import Hidden
from torso.tasks.embedding_recipe import Dense, Layer, LayerNorm, Recipe, Unit
from torso.weights.weights import open_weights

Step = Callable[[Tensor], Tensor]


class Pooler:
    """What makes vectors of a trunk's rows: pooling, layers, cutting to the first dimensions, length 1."""

    def __init__(self, recipe: Recipe, dimensions: int | None, device: torch.device) -> None:
        """Reads the weights of the recipe's layers.

        Args:
            recipe: what is done.
            dimensions: how many of the first numbers of a vector are kept; None as the recipe says.
            device: of the trunk.

        Raises:
            WeightsError: E_POOLING for a layer that is not what its config says.
            TorsoError: as `torso.weights.weights.open_weights`.
        """
        self.recipe, self.dimensions = recipe, dimensions
        self._on_rows = [_step(layer, device) for layer in recipe.row_layers]
        self._on_vectors = [_step(layer, device) for layer in recipe.layers]

    @property
    def pool(self) -> Pool | None:
        """The one row of each text that vectors are made of; None for all of them."""
        if self.recipe.modes == ("cls",):
            return "first" if self.recipe.pools_prompt else None
        return "last" if self.recipe.modes == ("lasttoken",) else None

    def __call__(self, hidden: Hidden, skipped: Sequence[int] = ()) -> Tensor:
        """Rows [T, D] -> [N, size] float32.

        Args:
            hidden: what the trunk gave.
            skipped: rows at the beginning of each sequence that are not pooled; empty for none.

        Raises:
            WeightsError: E_POOLING for a layer that reads vectors of another size.
            InputError: E_ARGUMENT for more dimensions than there are, or none.
        """
        pooled = _Rows.of(hidden, skipped)
        for step in self._on_rows:
            pooled = replace(pooled, rows=step(pooled.rows))
        vectors = torch.cat([_pooled(pooled, mode) for mode in self.recipe.modes], -1)
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

    def finished(self, vectors: Tensor) -> Tensor:
        """Vectors [N, size] at length 1, where the recipe wants that."""
        return F.normalize(vectors, dim=-1) if self.recipe.normalize else vectors


def _step(layer: Layer, device: torch.device) -> Step:
    """What a layer does to rows or vectors, its weights read."""
    if isinstance(layer, Unit):
        return lambda rows: F.normalize(rows, dim=-1)
    if isinstance(layer, LayerNorm):
        return _normed(layer, device)
    return _dense(layer, device)


def _normed(layer: LayerNorm, device: torch.device) -> Step:
    sizes = {"norm.weight": (layer.width,), "norm.bias": (layer.width,)}
    weights = _weights(layer.folder, sizes, layer.width, layer.width, device)

    def step(rows: Tensor) -> Tensor:
        _require_width(layer.folder, layer.width, layer.width, rows)
        return F.layer_norm(rows, (layer.width,), weights["norm.weight"], weights["norm.bias"])

    return step


def _dense(layer: Dense, device: torch.device) -> Step:
    sizes: dict[str, tuple[int, ...]] = {"linear.weight": (layer.out, layer.width)}
    if layer.bias:
        sizes["linear.bias"] = (layer.out,)
    if layer.residual and layer.out != layer.width:
        sizes["residual.weight"] = (layer.out, layer.width)
    weights = _weights(layer.folder, sizes, layer.width, layer.out, device)
    function: Step = getattr(nn, layer.activation)()

    def step(rows: Tensor) -> Tensor:
        _require_width(layer.folder, layer.width, layer.out, rows)
        made = function(product(rows, weights["linear.weight"], weights.get("linear.bias")))
        if not layer.residual:
            return made
        return made + (product(rows, weights["residual.weight"]) if "residual.weight" in weights else rows)

    return step


def _weights(
    folder: Path, sizes: Mapping[str, tuple[int, ...]], width: int, out: int, device: torch.device
) -> dict[str, Tensor]:
    weights = open_weights(folder)
    if {name: entry.shape for name, entry in weights.entries.items()} != sizes:
        raise _misfit(folder, width, out, width)
    return {name: weights.read(name).to(device, torch.float32) for name in sizes}


def _require_width(folder: Path, width: int, out: int, rows: Tensor) -> None:
    if rows.shape[1] != width:
        raise _misfit(folder, width, out, rows.shape[1])


def _misfit(folder: Path, width: int, out: int, given: int) -> WeightsError:
    return WeightsError(
        "E_POOLING",
        "The layer in {folder} does not fit: its config says {width} numbers in and {out} out; it is given {given}.",
        cure="Download the model again, or say pooling=... to leave its layers aside.",
        values=dict(folder=shown(folder), width=width, out=out, given=given),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that are pooled.

    Attributes:
        rows: [T, D] float32.
        lengths: [N] int64, how many each sequence has.
        positions: [T] int64, the place of each in its sequence, from 0.
    """

    rows: Tensor
    lengths: Tensor
    positions: Tensor

    @classmethod
    def of(cls, hidden: Hidden, skipped: Sequence[int]) -> _Rows:
        """All rows of what a trunk gave but the first few of each sequence."""
        rows, layout = hidden.rows.float(), hidden.layout
        lengths = layout.lengths.long()
        if not any(skipped) or hidden.pool == "last":
            return cls(rows, lengths, layout.positions)
        # One row is always left: a text that is cut within its prompt has no other.
        left_out = torch.minimum(torch.tensor(skipped, device=rows.device), lengths - 1)
        kept = layout.positions >= left_out.repeat_interleave(lengths)
        return cls(rows[kept], lengths - left_out, layout.positions[kept])


def _pooled(given: _Rows, mode: str) -> Tensor:
    rows, lengths = given.rows, given.lengths
    if mode in ("cls", "lasttoken"):
        ends = lengths.cumsum(0)
        return rows[ends - lengths if mode == "cls" else ends - 1]
    if mode == "max":
        return torch.segment_reduce(rows, "max", lengths=lengths, axis=0)
    if mode == "weightedmean":
        weights = (given.positions + 1).float()[:, None]
        whole = torch.segment_reduce(weights, "sum", lengths=lengths, axis=0)
        return torch.segment_reduce(rows * weights, "sum", lengths=lengths, axis=0) / whole
    whole = lengths.float()[:, None]
    return torch.segment_reduce(rows, "sum", lengths=lengths, axis=0) / (whole if mode == "mean" else whole.sqrt())
