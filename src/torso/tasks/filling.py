"""What could stand behind the masks of each text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

import torch

from torso.architecture import Task
from torso.batch import Batch
from torso.errors import InputError
from torso.outputs import VocabLogits
from torso.runtime.runner import BUDGET, lists, run
from torso.tasks.predictions import Fill, Filled
from torso.tasks.reading import Long, Read, predict, read
from torso.tasks.ready import Usable, make_ready

if TYPE_CHECKING:
    from torso.text import Tokenizer

BUNDLED = "torso:sentiment"
Proposals = tuple[Sequence[float], Sequence[int]]
_CONTINUES = "##"  # WordPiece's mark of a piece that goes on a word


@overload
def fill(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    top: int = 5,
    model: Usable[VocabLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Filled: ...
@overload
def fill(
    texts: Sequence[str],
    *,
    top: int = 5,
    model: Usable[VocabLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> list[Filled]: ...
@overload
def fill(
    texts: Iterator[str],
    *,
    top: int = 5,
    model: Usable[VocabLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Iterator[Filled]: ...
def fill(
    texts: str | Sequence[str] | Iterator[str],
    *,
    top: int = 5,
    model: Usable[VocabLogits] = BUNDLED,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Proposals for each mask of a text; of a list of texts, a list; of an iterator, an iterator.

    Only the rows of masks go through the vocabulary's matrix.

    Args:
        texts: a string with one or more masks (``[MASK]`` for a BERT), a list of strings, or an iterator of them.
        top: how many proposals for each mask.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning.
        untrained: whether proposals of a head that was never trained are given.
        device: where to load the weights.
        budget: tokens of one batch.

    Raises:
        InputError: E_NO_MASK for a text, or the beginning kept of it, without a mask; E_ARGUMENT for ``top`` below 1.
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot fill masks.
        TorsoError: as `torso.load`.
    """
    if top < 1:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Ask for one proposal or more.",
            values=dict(name="top", value=top, least=1),
        )
    ready = make_ready(model, Task.MASKED_LM, tokenizer=tokenizer, device=device, untrained=untrained)
    mask = _mask_id(ready.tokenizer)

    def prepare(batch: Batch, reads: Sequence[Read]) -> Batch:
        return replace(batch, rows=(batch.tokens == mask).nonzero().squeeze(1))

    def split(out: VocabLogits, reads: Sequence[Read]) -> list[Filled]:
        scores, ids = out.logits.float().softmax(-1).topk(min(top, out.logits.shape[-1]))
        rows: Iterator[Proposals] = zip(lists(scores), lists(ids), strict=True)
        return [_filled(each, mask, ready.tokenizer, rows) for each in reads]

    def one(some: Iterable[Any]) -> Iterator[Filled]:
        reads = read(some, ready.tokenizer, limit=ready.tokenizer.max_tokens, long=long, pairs=False)
        return run(ready.model, _with_masks(reads, mask, ready.tokenizer), split, prepare=prepare, budget=budget)

    return predict(texts, one)


def _mask_id(tokenizer: Tokenizer) -> int:
    if tokenizer.mask_token_id is None:
        raise InputError(
            "E_NO_MASK",
            "The tokenizer of this model has no mask token, so the model never learned to fill one.",
            cure="Use a masked language model, such as a BERT.",
        )
    return tokenizer.mask_token_id


def _with_masks(reads: Iterable[Read], mask: int, tokenizer: Tokenizer) -> Iterator[Read]:
    for index, each in enumerate(reads):
        if mask not in each.ids:
            raise InputError(
                "E_NO_MASK",
                "Text {index} has no {mask} to fill: {text}",
                cure="Write {mask} where a token is to be found.",
                values=dict(index=index, mask=tokenizer.mask_token, text=repr(each.string[:60])),
            )
        yield each


def _filled(read: Read, mask: int, tokenizer: Tokenizer, rows: Iterator[Proposals]) -> Filled:
    masks: list[tuple[Fill, ...]] = []
    for number, (start, end) in zip(read.ids, read.spans, strict=True):
        if number == mask:
            scores, ids = next(rows)
            tokens = tokenizer.convert_ids_to_tokens(list(ids))
            masks.append(
                tuple(
                    Fill(token, score, _put(read.string, start, end, token))
                    for token, score in zip(tokens, scores, strict=True)
                )
            )
    return Filled(read.string, tuple(masks), read.truncated)


def _put(text: str, start: int, end: int, token: str) -> str:
    before = text[:start].rstrip(" ") if token.startswith(_CONTINUES) else text[:start]
    return before + token.removeprefix(_CONTINUES) + text[end:]
