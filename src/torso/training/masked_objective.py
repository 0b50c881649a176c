"""Objective of masked language modelling: which tokens are masked follows from seed, epoch and row alone."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torso.losses import IGNORED
from torso.text import Tokenizer
from torso.training.examples import Example
from torso.training.step_order import Step, derived_seed
from torso.training.vocabulary_objective import VocabularyObjective

SHARE = 0.15
"""Share of the tokens that are foretold (BERT, arXiv 1810.04805)."""

_MASKED, _REPLACED = 0.8, 0.9  # of those, 80 % become the mask, 10 % any token, 10 % stay


@dataclass(frozen=True, slots=True)
class Unmasked:
    """What masking needs to know of a text.

    Attributes:
        words: the places of each word's tokens; special tokens are in none.
    """

    words: Sequence[Sequence[int]]


class MaskedObjective(VocabularyObjective):
    """Masked language modelling of whole words.

    Args:
        tokenizer: has a mask token.
        seed: of the masks.
        share: of the tokens that are foretold.
    """

    def __init__(self, tokenizer: Tokenizer, *, seed: int = 0, share: float = SHARE) -> None:
        super().__init__(shifted=False)
        assert tokenizer.mask_token_id is not None
        self.mask, self.seed, self.share = tokenizer.mask_token_id, seed, share
        special = set(tokenizer.all_special_ids)
        self.ordinary = [number for number in range(tokenizer.largest_id + 1) if number not in special]

    def drawn(self, examples: Sequence[Example], step: Step) -> Sequence[Example]:
        """Return the examples with other tokens masked in each epoch."""
        return [self._masked(each, step.epoch) for each in examples]

    def fixed(self, examples: Sequence[Example]) -> list[Example]:
        """Return the examples masked in one way that does not change, for evaluation."""
        return [self._masked(each, -1) for each in examples]

    def _masked(self, example: Example, epoch: int) -> Example:
        rng = random.Random(derived_seed("mask", self.seed, epoch, example.row, list(example.inputs[0].ids)))
        words = list(example.extra.words)
        rng.shuffle(words)
        ids = array("i", example.inputs[0].ids)
        labels = [IGNORED] * len(ids)
        wanted = left = max(1, round(self.share * sum(map(len, words))))
        for word in words:
            if len(word) > left and left < wanted:
                continue  # it would go beyond the share; a shorter one may fit
            if left <= 0:
                break
            left -= len(word)
            for place in word:
                labels[place] = ids[place]
                draw = rng.random()
                if draw < _MASKED:
                    ids[place] = self.mask
                elif draw < _REPLACED:
                    ids[place] = rng.choice(self.ordinary)
        return replace(example, inputs=(replace(example.inputs[0], ids=ids),), label=labels)
