"""One vector per text, of a trunk's rows, as a `Recipe` says."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Row
from torso.checkpoint.weights import open_weights
from torso.errors import InputError, WeightsError
from torso.files import shown
from torso.outputs import Hidden
from torso.tasks.recipe import Dense, Recipe

_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "Identity": lambda vectors: vectors,
    "Tanh": torch.tanh,
    "GELU": F.gelu,
    "ReLU": torch.relu,
    "Sigmoid": torch.sigmoid,
    "SiLU": F.silu,
}
Layer = tuple[Tensor, Tensor | None, Callable[[Tensor], Tensor]]


class Pooler:
    """What makes vectors of a trunk's rows: pooling, layers, cutting to the first dimensions, length 1."""

    def __init__(self, recipe: Recipe, dimensions: int | None, device: torch.device) -> None:
        """Reads the weights of the recipe's layers.

        Args:
            recipe: what is done.
            dimensions: how many of the first numbers of a vector are kept; None for all.
            device: of the trunk.

        Raises:
            WeightsError: E_POOLING for a layer that is not what its config says.
            TorsoError: as `torso.checkpoint.weights.open_weights`.
        """
        self.recipe, self.dimensions = recipe, dimensions
        self._layers = [_layer(dense, device) for dense in recipe.dense]

    @property
    def reads(self) -> Row | None:
        """The one row of each text that vectors are made of; None for all of them."""
        if self.recipe.modes == ("cls",):
            return "first"
        return "last" if self.recipe.modes == ("lasttoken",) else None

    def __call__(self, hidden: Hidden) -> Tensor:
        """Rows [T, D] -> [N, size] float32.

        Raises:
            WeightsError: E_POOLING for a layer that reads vectors of another size.
            InputError: E_ARGUMENT for more dimensions than there are, or none.
        """
        vectors = torch.cat([_pooled(hidden, mode) for mode in self.recipe.modes], -1)
        for dense, (weight, bias, function) in zip(self.recipe.dense, self._layers, strict=True):
            if vectors.shape[1] != dense.width:
                raise _misfit(dense, vectors.shape[1])
            vectors = function(F.linear(vectors, weight, bias))
        if self.dimensions is not None and not 1 <= self.dimensions <= vectors.shape[1]:
            raise InputError(
                "E_ARGUMENT",
                "dimensions is {value}; vectors of this model have {size} numbers.",
                cure="Give a number from 1 to {size}, or leave it out.",
                values=dict(value=self.dimensions, size=vectors.shape[1]),
            )
        return self.finished(vectors[:, : self.dimensions])

    def finished(self, vectors: Tensor) -> Tensor:
        """Vectors [N, size] at length 1, where the recipe wants that."""
        return F.normalize(vectors, dim=-1) if self.recipe.normalize else vectors


def _layer(dense: Dense, device: torch.device) -> Layer:
    weights = open_weights(dense.folder)
    wanted = {"linear.weight": (dense.out, dense.width)} | ({"linear.bias": (dense.out,)} if dense.bias else {})
    if {name: entry.shape for name, entry in weights.entries.items()} != wanted:
        raise _misfit(dense, dense.width)
    read = {name: weights.read(name).to(device, torch.float32) for name in wanted}
    return read["linear.weight"], read.get("linear.bias"), _FUNCTIONS[dense.activation]


def _misfit(dense: Dense, given: int) -> WeightsError:
    return WeightsError(
        "E_POOLING",
        "The layer in {folder} does not fit: its config says {width} numbers in and {out} out; it is given {given}.",
        cure="Download the model again, or say pooling=... to leave its layers aside.",
        values=dict(folder=shown(dense.folder), width=dense.width, out=dense.out, given=given),
    )


def _pooled(hidden: Hidden, mode: str) -> Tensor:
    rows, layout = hidden.rows.float(), hidden.layout
    lengths = layout.lengths.long()
    if mode == "cls":
        return rows[layout.first()]
    if mode == "lasttoken":
        return rows[layout.last()]
    if mode == "max":
        return torch.segment_reduce(rows, "max", lengths=lengths, axis=0)
    if mode == "weightedmean":
        weights = (layout.positions + 1).float()[:, None]
        whole = torch.segment_reduce(weights, "sum", lengths=lengths, axis=0)
        return torch.segment_reduce(rows * weights, "sum", lengths=lengths, axis=0) / whole
    whole = lengths.float()[:, None]
    return torch.segment_reduce(rows, "sum", lengths=lengths, axis=0) / (whole if mode == "mean" else whole.sqrt())
