"""Masked language modelling: tokens proposed for each mask."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, overload

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputError
from torso.host_batch import HostBatch, Rows, to_host
from torso.io.arguments import known_arguments
from torso.outputs import VocabLogits
from torso.tasks.argument_checks import at_least, yes_or_no
from torso.tasks.arrays import highest, numbers, softmax
from torso.tasks.candidates import SPACES, candidates, marks_spaces
from torso.tasks.predictions import Fill, Filled
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.task_options import FillOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

BUNDLED = "torso:sentiment"
Proposals = tuple[Sequence[float], Sequence[int]]
_BROKEN = "\ufffd"


@overload
def fill(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[VocabLogits] = ...,
    **options: Unpack[FillOptions],
) -> Filled: ...
@overload
def fill(
    texts: Sequence[str],
    *,
    model: Usable[VocabLogits] = ...,
    **options: Unpack[FillOptions],
) -> list[Filled]: ...
@overload
def fill(
    texts: Iterator[str],
    *,
    model: Usable[VocabLogits] = ...,
    **options: Unpack[FillOptions],
) -> Iterator[Filled]: ...
@known_arguments
def fill(
    texts: str | Sequence[str] | Iterator[str],
    *,
    top: int = 5,
    targets: Sequence[str] | None = None,
    whole_words: bool = False,
    model: Usable[VocabLogits] = BUNDLED,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Propose tokens for each mask of a text; of a list of texts, a list; of an iterator, an iterator.

    Only the rows of masks go through the vocabulary's matrix.

    Args:
        texts: a string with one or more masks (``[MASK]`` for a BERT), a list of strings, or an iterator of them.
        top: how many proposals for each mask.
        targets: the only proposals, each a single token of the vocabulary; their probabilities stay those among all.
        whole_words: whether special tokens and pieces that go on a word are left out of the proposals.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning;
            ``window`` reads all of it, and each mask in the window that holds most around it: the rule ``widest``.
        stride: tokens that a window repeats of the one before; None for a quarter of a window.
        untrained: whether proposals of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        InputError: E_NO_MASK for a text, or the beginning kept of it, without a mask; E_TARGET for a target that is no
            single token; E_ARGUMENT for ``top`` below 1.
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot fill masks.
        TorsoError: as `torso.load`.
    """
    at_least("top", top, 1)
    ready = make_ready(model, Task.MASKED_LM, tokenizer=tokenizer, device=device, untrained=untrained)
    plan = FillPlan(ready, top=top, targets=targets, whole_words=whole_words, long=long, stride=stride)
    return predict(texts, lambda some: plan.results(some, budget))


class FillPlan(Plan[str, VocabLogits, list[Proposals], Filled]):
    """Plan of `fill`; options as there."""

    task = Task.MASKED_LM

    def __init__(
        self,
        ready: Ready[VocabLogits],
        *,
        top: int = 5,
        targets: Sequence[str] | None = None,
        whole_words: bool = False,
        long: Long = "error",
        stride: int | None = None,
    ) -> None:
        at_least("top", top, 1)
        yes_or_no("whole_words", whole_words)
        super().__init__(ready)
        self.top, self.mask = top, _mask_id(ready.tokenizer)
        self.policy = length_policy(ready.tokenizer.max_tokens, long, stride, merges=("widest",))
        self.marked = marks_spaces(ready.tokenizer)
        self.allowed = candidates(ready.tokenizer, targets, whole_words=whole_words)

    @property
    def settings(self) -> Hashable:
        """The token that masks are, and which proposals are taken."""
        return (self.mask, self.top, None if self.allowed is None else tuple(self.allowed))

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize texts.

        Raises:
            InputError: E_NO_MASK for a text, or the beginning kept of it, without a mask.
        """
        tokenizer = self.ready.tokenizer
        return _with_masks(read(asked, tokenizer, self.policy, pairs=False), self.mask, tokenizer)

    def prepare(self, encoded: Sequence[EncodedText]) -> HostBatch:
        """Pack encodings; of their rows only the masks' are wanted."""
        batch = HostBatch.of(encoded)
        return replace(batch, rows=np.flatnonzero(batch.tokens == self.mask))

    def split(self, out: VocabLogits, encoded: Sequence[EncodedText]) -> list[list[Proposals]]:
        """Return the proposals for each mask of each encoding."""
        rows = iter(to_host(out.logits))
        return [[self._proposals(next(rows)) for number in each.ids if number == self.mask] for each in encoded]

    def _proposals(self, logits: Rows) -> Proposals:
        scores = softmax(logits)
        if self.allowed is None:
            ids = highest(scores, self.top)
        else:
            allowed = np.array(self.allowed)
            ids = allowed[highest(scores[allowed], self.top)]
        return numbers(scores[ids]), numbers(ids)

    def result(self, texts: Texts[list[Proposals]]) -> Filled:
        """Return the proposals for the masks of a text."""
        ((windows, proposals),) = texts
        return _filled(windows, proposals, self.mask, self.ready.tokenizer, self.policy.merge, self.marked)


def _mask_id(tokenizer: Tokenizer) -> int:
    if tokenizer.mask_token_id is None:
        raise InputError(
            "E_NO_MASK",
            "The tokenizer of this model has no mask token, so the model never learned to fill one.",
            cure="Use a masked language model, such as a BERT.",
        )
    return tokenizer.mask_token_id


def _with_masks(encoded: Iterable[EncodedText], mask: int, tokenizer: Tokenizer) -> Iterator[EncodedText]:
    found = False
    for each in encoded:
        found = found or mask in each.ids
        if each.last and not found:
            raise InputError(
                "E_NO_MASK",
                "Text {index} has no {mask} to fill: {text}",
                cure="Write {mask} where a token is to be found.",
                values=dict(index=each.index, mask=tokenizer.mask_token, text=repr(each.string[:60])),
            )
        found = found and not each.last
        yield each


def _filled(
    windows: Sequence[EncodedText],
    proposals: Sequence[list[Proposals]],
    mask: int,
    tokenizer: Tokenizer,
    merge: str,
    marked: bool,
) -> Filled:
    """Return the proposals for each mask, from the window in which it is farthest from an end."""
    text = windows[0].string
    kept: dict[tuple[int, int], tuple[int, Proposals]] = {}
    eaten: dict[tuple[int, int], int] = {}
    for window, rows in zip(windows, proposals, strict=True):
        places = [place for place, number in enumerate(window.ids) if number == mask]
        for place, row in zip(places, rows, strict=True):
            around = min(place, len(window) - 1 - place)
            if marked and place and not window.special[place - 1]:
                eaten[window.spans[place]] = window.spans[place - 1][1]
            if around > kept.get(window.spans[place], (-1, row))[0]:
                kept[window.spans[place]] = (around, row)
    masks = [_proposed(text, span, eaten.get(span, span[0]), kept[span][1], tokenizer, marked) for span in sorted(kept)]
    return Filled(text, tuple(masks), extent(windows, merge))


def _proposed(
    text: str, span: tuple[int, int], before: int, row: Proposals, tokenizer: Tokenizer, marked: bool
) -> tuple[Fill, ...]:
    """Return the proposals for a mask at ``span``, where the token before it ends at ``before``."""
    (scores, ids), continues, spaces = row, tokenizer.continuing_mark, SPACES if marked else ()
    entries = [entry or "" for entry in tokenizer.convert_ids_to_tokens(list(ids))]
    made: list[Fill] = []
    for entry, number, score in zip(entries, ids, scores, strict=True):
        word = tokenizer.decode([number])
        if _BROKEN in word:  # a part of a character has no text of its own
            word = entry
        made.append(Fill(word, score, _put(text, span, before, entry, word, continues, spaces), number))
    return tuple(made)


def _put(
    text: str, span: tuple[int, int], before: int, entry: str, word: str, continues: str, spaces: tuple[str, ...]
) -> str:
    """Return the text with a mask replaced by a token, whose mark says whether a space comes before it."""
    start, end = span
    head = text[:start]
    if continues and entry.startswith(continues):
        return head.rstrip(" ") + word.removeprefix(continues) + text[end:]
    if entry.startswith(spaces):
        head = head.rstrip(" ")
        return head + (" " if head else "") + word.removeprefix(" ") + text[end:]
    # Spaces that no token covers are the mask's own, as RoBERTa's takes them, and go with it.
    return (head if text[before:start].strip(" ") else text[:before]) + word + text[end:]
