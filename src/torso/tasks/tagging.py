"""The labelled parts of each text: words with their parts of speech, names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from torso.architecture import Task
from torso.batch import unpack
from torso.outputs import TokenLogits
from torso.runtime.runner import BUDGET, lists, run
from torso.tasks.predictions import Tagged
from torso.tasks.reading import Long, Read, predict, read
from torso.tasks.ready import Usable, make_ready
from torso.tasks.scheme import Scheme, decode, units

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

BUNDLED = "torso:tagger"


@overload
def tag(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[TokenLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Tagged: ...
@overload
def tag(
    texts: Sequence[str],
    *,
    model: Usable[TokenLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> list[Tagged]: ...
@overload
def tag(
    texts: Iterator[str],
    *,
    model: Usable[TokenLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Iterator[Tagged]: ...
def tag(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[TokenLogits] = BUNDLED,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """The labelled parts of a text; of a list of texts, a list; of an iterator, an iterator that reads as it is read.

    `torso.tasks.scheme` tells how a label per token becomes parts of the text. Each part is ``text[start:end]`` of the
    text as it was given.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning.
        untrained: whether labels of a head that was never trained are given.
        device: where to load the weights.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot tag.
        InputError, InputTypeError: a text or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, Task.TOKEN, tokenizer=tokenizer, device=device, untrained=untrained)
    scheme = Scheme.of(ready.label_names())

    def split(out: TokenLogits, reads: Sequence[Read]) -> list[Tagged]:
        best, labels = out.logits.float().softmax(-1).max(-1)
        pairs = zip(unpack(best, out.layout), unpack(labels, out.layout), strict=True)
        return [
            _tagged(each, scheme, lists(chosen), lists(scores))
            for each, (scores, chosen) in zip(reads, pairs, strict=True)
        ]

    def one(some: Iterable[Any]) -> Iterator[Tagged]:
        reads = read(some, ready.tokenizer, limit=ready.tokenizer.max_tokens, long=long, pairs=False)
        return run(ready.model, reads, split, budget=budget)

    return predict(texts, one)


def _tagged(read: Read, scheme: Scheme, labels: Sequence[int], scores: Sequence[float]) -> Tagged:
    spans = [(0, 0) if special else span for span, special in zip(read.spans, read.special, strict=True)]
    return Tagged(read.string, decode(read.string, units(read.string, spans, labels, scores), scheme), read.truncated)
