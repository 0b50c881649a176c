"""Texts kept beside their predictions while both stream by."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Text = TypeVar("Text")


def paired(texts: Sequence[Text] | Iterator[Text]) -> tuple[deque[Text], Sequence[Text] | Iterator[Text]]:
    """Return a queue that fills with each text as it is read, and the texts, to be given to a task.

    A task gives its predictions in order, so the first of the queue is always the text of the next prediction. No more
    texts are kept than the task reads ahead.
    """
    kept: deque[Text] = deque()
    if isinstance(texts, Sequence):
        kept.extend(texts)
        return kept, texts
    return kept, _recorded(texts, kept)


def _recorded(texts: Iterable[Text], kept: deque[Text]) -> Iterator[Text]:
    for text in texts:
        kept.append(text)
        yield text
