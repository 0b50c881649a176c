"""Plans of what only HTTP clients ask for: the vectors of all tokens, and scores before their function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from torso.architecture import Task
from torso.host_batch import Rows, Wanted, pieces, to_host
from torso.outputs import Features, SequenceLogits
from torso.tasks._classify import ClassifyPlan
from torso.tasks._embed import EmbedPlan
from torso.tasks.ready import Ready, recipe_of
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long


class TokenVectorsPlan(Plan[str, Features, Rows, Rows]):
    """Rows [tokens, D] of the last hidden state of each text, special tokens among them: nothing is pooled.

    Args:
        ready: the model and its tokenizer.
        prompt_name: as in `torso.encode`.
        long: ``error`` or ``truncate``.
    """

    task = Task.FEATURES

    def __init__(self, ready: Ready[Features], *, prompt_name: str | None = None, long: Long = "error") -> None:
        super().__init__(ready, Wanted(pooled=False))
        # Texts are read as for a vector; a folder that says nothing of vectors has no prompts either.
        pooling = None if recipe_of(ready) else "mean"
        self._reading = EmbedPlan(ready, pooling=pooling, prompt_name=prompt_name, long=long)

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize texts, each with the prompt before it."""
        return self._reading.read(asked)

    def split(self, out: Features, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the rows of each encoding."""
        return [part.copy() for part in pieces(to_host(out.hidden.rows), out.hidden.layout.sizes)]

    def result(self, texts: Texts[Rows]) -> Rows:
        """Return the rows of a text."""
        ((_, rows),) = texts
        return rows[0]


class RawScoresPlan(ClassifyPlan):
    """`ClassifyPlan` whose scores are the logits themselves; options as there."""

    def split(self, out: SequenceLogits, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the logits [C] of each encoding."""
        return [row.copy() for row in to_host(out.logits)]
