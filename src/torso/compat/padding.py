"""Between padded tensors and packed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from torso.batch import Layout, pieces
from torso.config.hub_config import HubConfig
from torso.errors import InputError
from torso.losses import IGNORED


@dataclass(frozen=True, slots=True, eq=False)
class Padding:
    """Which places of a padded [N, S] tensor hold tokens.

    Attributes:
        places: [T] int64, the row of each token in the tensor flattened to [N * S].
        shape: N and S.
        layout: the same tokens, packed.
    """

    places: Tensor
    shape: tuple[int, int]
    layout: Layout

    @classmethod
    def of(cls, mask: Tensor, positions: Tensor | None) -> Padding:
        """From an attention mask [N, S]; positions count from each text's first token unless they are given.

        Raises:
            InputError: ``E_EMPTY_TEXT``, for a row without a token.
        """
        here = mask != 0
        sizes = here.sum(1)
        lengths = cast("list[int]", sizes.tolist())
        if 0 in lengths:
            raise InputError(
                "E_EMPTY_TEXT",
                "Row {row} of the attention mask has no token.",
                cure="Leave the row out.",
                values=dict(row=lengths.index(0)),
            )
        places = here.flatten().nonzero().squeeze(1)
        if positions is None:
            columns = torch.arange(mask.shape[1], device=mask.device)
            own = (columns - here.int().argmax(1, keepdim=True)).flatten()[places]
        else:
            own = positions.expand(mask.shape).flatten()[places]
        starts = torch.zeros(len(lengths) + 1, dtype=torch.int32, device=mask.device)
        starts[1:] = sizes.cumsum(0)
        offsets = tuple(cast("list[int]", starts[:-1].tolist()))
        layout = Layout(starts, sizes.int(), own, tuple(lengths), offsets, max(lengths))
        return cls(places, (mask.shape[0], mask.shape[1]), layout)

    def behind(self, count: int) -> Padding:
        """Return the padding of [N, count + S] tensors, in which as many tokens stand before each row."""
        mask = self.places.new_zeros(self.shape[0] * self.shape[1]).index_fill(0, self.places, 1).view(self.shape)
        return Padding.of(torch.cat([mask.new_ones(self.shape[0], count), mask], 1), None)

    def take(self, padded: Tensor) -> Tensor:
        """padded [N, S] -> [T]."""
        return padded.flatten()[self.places]

    def put(self, rows: Tensor) -> Tensor:
        """rows [T, ...] -> [N, S, ...], zeros where there is padding."""
        whole = rows.new_zeros(self.shape[0] * self.shape[1], *rows.shape[1:])
        return whole.index_copy(0, self.places, rows).view(*self.shape, *rows.shape[1:])

    def put_weights(self, weights: list[Tensor], keys: Padding) -> Tensor:
        """One [H, length, key length] per text -> [N, H, S, key S], zeros where there is padding.

        Args:
            weights: of each text, those of its rows here.
            keys: where the rows lie that were attended to.
        """
        heads = weights[0].shape[0]
        whole = weights[0].new_zeros(*self.shape, keys.shape[1], heads)
        for n, (each, here, there) in enumerate(zip(weights, self.columns(), keys.columns(), strict=True)):
            whole[n, here[:, None], there] = each.permute(1, 2, 0)
        return whole.permute(0, 3, 1, 2)

    def columns(self) -> list[Tensor]:
        """Return the columns of each text's tokens, [length] int64 each."""
        return pieces(self.places % self.shape[1], self.layout.sizes)


def targets_of(labels: Tensor, config: HubConfig) -> tuple[Tensor, Tensor]:
    """Return labels [N, S] as ids that a decoder can read, and where they are, [N, S].

    Labels of -100 at the end of a row are padding; elsewhere they count for nothing and are read as the padding token,
    as in the reference.
    """
    counted = labels != IGNORED
    # A row of nothing but -100 still has its start token.
    mask = counted.flip(1).cumsum(1).flip(1) > 0
    mask[:, 0] = True
    return labels.masked_fill(~counted, config.pad_token_id or 0), mask.long()
