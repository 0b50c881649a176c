"""Masked-LM inputs (arXiv 1810.04805, section 3.1), whole words at a time where word boundaries are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .examples import Example


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """Token ids [T] with some replaced, the rows [R] that were chosen, and the ids [R] that stood there."""

    ids: Tensor
    rows: Tensor
    targets: Tensor


@dataclass(frozen=True, slots=True)
class Masking:
    """How tokens are chosen and replaced.

    Attributes:
        mask: id of [MASK], which takes the place of 80 % of the chosen; 10 % become another token, 10 % stay.
        first: the lowest id of an ordinary token.
        size: number of entries of the vocabulary.
    """

    mask: int
    first: int
    size: int

    def __call__(self, examples: Sequence[Example], share: float, generator: torch.Generator) -> Masked:
        """Masks a batch: each word is chosen with probability ``share``; in reviews each character is a word."""
        ids = torch.cat([example.ids for example in examples])
        inside = torch.cat([example.words for example in examples]) > 0
        luck = torch.rand(len(ids), generator=generator)[_first_of_word(examples)]
        rows = ((luck < share) & inside).nonzero().flatten()
        targets = ids[rows]
        fate = torch.rand(len(rows), generator=generator)
        others = torch.randint(self.first, self.size, (len(rows),), generator=generator)
        shown = torch.where(fate < 0.8, self.mask, torch.where(fate < 0.9, others, targets))
        return Masked(ids.index_put((rows,), shown), rows, targets)


def _first_of_word(examples: Sequence[Example]) -> Tensor:
    words = torch.cat([example.words for example in examples])
    begins = torch.ones(len(words), dtype=torch.bool)
    begins[1:] = words[1:] != words[:-1]
    return begins.nonzero().flatten()[begins.cumsum(0) - 1]
