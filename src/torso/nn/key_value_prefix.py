"""Keys and values in front of a text's own in every layer: what prefix tuning learns.

Li and Liang 2021, https://arxiv.org/abs/2101.00190.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.batch import Layout
from torso.errors import InputError
from torso.nn.key_value_cache import KeyValueCache, Pair


@dataclass(frozen=True, slots=True, eq=False)
class KeyValuePrefix:
    """P keys and values of each layer and sequence, which the sequence's rows attend to beside their own.

    A `KeyValueCache` is written, call after call; this is read by one call, and gradients reach it.

    Attributes:
        pairs: of each layer, keys and values [N, P, G, d]; keys as scores meet them, which no rotary turns any more.
    """

    pairs: tuple[Pair, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows in front of each sequence: N times P."""
        count, size = self.pairs[0][0].shape[:2]
        return (size,) * count

    def advance(self, layout: Layout) -> PrefixedRows:
        """Return where the rows of ``layout``, whose positions go on from P, are among all keys."""
        count, size = len(self.sizes), self.sizes[0]
        assert len(layout.sizes) == count, "the batch must have the prefix's number of sequences"
        places = behind(size, layout)
        device = layout.positions.device
        keys = Layout(
            layout.starts + torch.arange(0, (count + 1) * size, size, dtype=torch.int32, device=device),
            layout.lengths + size,
            torch.cat([torch.arange(size, device=device).repeat(count), layout.positions])[places],
            tuple(each + size for each in layout.sizes),
            tuple(start + n * size for n, start in enumerate(layout.offsets)),
            layout.longest + size,
        )
        return PrefixedRows(self, layout, keys, places)


def behind(size: int, layout: Layout) -> Tensor:
    """Return the order in which each sequence follows rows of its own prefix, [N * P + T] int64.

    Args:
        size: P.
        layout: of the T rows; they are numbered behind the N * P rows of the prefixes.
    """
    count, rows, device = len(layout.sizes), layout.positions.shape[0], layout.positions.device
    places = torch.empty(count * size + rows, dtype=torch.int64, device=device)
    of_prefix, of_rows = (torch.arange(length, device=device) for length in (count * size, rows))
    places[of_prefix + layout.first().repeat_interleave(size)] = of_prefix
    places[of_rows + (layout.owner() + 1) * size] = of_rows + count * size
    return places


@dataclass(frozen=True, slots=True, eq=False)
class PrefixedRows:
    """The rows of one call behind a prefix.

    Attributes:
        prefix: the prefix.
        layout: layout of the call's rows.
        keys: layout of the prefix's rows and the call's, sequence by sequence.
        places: [N * P + T] of each of those rows, its number among the prefix's rows followed by the call's.
    """

    prefix: KeyValuePrefix
    layout: Layout
    keys: Layout
    places: Tensor

    def put(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Layout]:
        """Return a layer's keys and values [N * P + T, G, d] and their layout.

        Raises:
            InputError: ``E_PREFIX``, where the prefix is of other heads.
        """
        own = self.prefix.pairs[layer]
        if any(each.shape[2:] != rows.shape[1:] for each, rows in zip(own, (k, v), strict=True)):
            raise InputError(
                "E_PREFIX",
                "The prefix of layer {layer} has {found} heads and units; this model's keys have {wanted}.",
                cure="Make it for this model: heads of keys, and units of a head.",
                values=dict(layer=layer, found=list(own[0].shape[2:]), wanted=list(k.shape[1:])),
            )
        keys, values = (
            torch.cat([each.flatten(0, 1).to(rows.dtype), rows]).index_select(0, self.places)
            for each, rows in zip(own, (k, v), strict=True)
        )
        return keys, values, self.keys

    def cross(self, layer: int, make: Callable[[], Pair]) -> Pair:
        """Return the keys and values of the encoder's rows, which have no prefix."""
        return make()


Past = KeyValueCache | KeyValuePrefix
"""What a call's rows attend to beside themselves."""
