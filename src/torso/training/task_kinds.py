"""The tasks that can be trained from rows, and which of them the columns of a table mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torso.architecture import Task
from torso.errors import InputError
from torso.training.causal_data import CausalData
from torso.training.choice_data import ChoiceData
from torso.training.columns import (
    ANSWERS,
    CHATS,
    CHOICES,
    COMPLETIONS,
    CONTEXTS,
    PROMPTS,
    QUESTIONS,
    SPANS,
    TAGS,
    TEXTS,
    TOKENS,
    has,
)
from torso.training.data_files import Table
from torso.training.embedding_data import EmbeddingData
from torso.training.masked_data import MaskedData
from torso.training.question_data import QuestionData
from torso.training.ranking_data import RankingData
from torso.training.seq2seq_data import Seq2SeqData
from torso.training.sequence_data import SequenceData
from torso.training.task_data import TaskData
from torso.training.token_data import TokenData

PROBLEMS = ("single_label_classification", "multi_label_classification", "regression")
BUNDLED = {"sequence-classification": "torso:sentiment", "token-classification": "torso:tagger"}
"""Base models that come with torso, used where none is named."""

KINDS: Mapping[str, Callable[[Table, Sequence[str] | None, str | None], TaskData]] = {
    "sequence-classification": SequenceData,
    "token-classification": TokenData,
    "question-answering": QuestionData,
    "multiple-choice": ChoiceData,
    "masked-lm": MaskedData,
    "causal-lm": CausalData,
    "seq2seq-lm": Seq2SeqData,
    "embedding": EmbeddingData,
    "reranking": RankingData,
}
"""The data of each task, and of the two that are other heads' by name: vectors of features, and one score of pairs."""

_COLUMNS: Sequence[tuple[str, tuple[Sequence[str], ...]]] = (
    ("token-classification", (TOKENS, TAGS)),
    ("token-classification", (TEXTS, SPANS)),
    ("question-answering", (QUESTIONS, CONTEXTS, ANSWERS)),
    ("multiple-choice", (CHOICES,)),
    ("causal-lm", (CHATS,)),
    ("causal-lm", (PROMPTS, COMPLETIONS)),
    ("embedding", (("anchor",), ("positive", "pos"))),
    ("reranking", (("query",), ("positive", "pos"))),
)


def task_of(table: Table) -> str:
    """Return the name of the task that the columns of a table mean, where they can mean no other."""
    for name, columns in _COLUMNS:
        if has(table, *columns):
            return name
    return "sequence-classification"


def base_of(table: Table, task: str | None) -> str:
    """Return the bundled model to begin with, where none is named.

    Raises:
        InputError: ``E_NO_MODEL``, for a task that no bundled model begins.
    """
    name = task or task_of(table)
    if name in BUNDLED:
        return BUNDLED[name]
    raise InputError(
        "E_NO_MODEL",
        "No model that comes with torso can begin {task}.",
        cure="Name one: --model MODEL, such as hfl/rbt3.",
        values=dict(task=name),
    )


def data_of(
    table: Table, task: str | None, text: Sequence[str] | None, label: str | None, problem: str | None
) -> TaskData:
    """Return the data of a table for a task.

    Args:
        table: rows.
        task: its name; None finds it in the columns.
        text: columns of the text; None finds them.
        label: column of the label; None finds it.
        problem: of sequence classification; None takes the labels' form.

    Raises:
        InputError: ``E_TASK``, for a task that cannot be trained from rows; ``E_ARGUMENT``; ``E_COLUMN``, ``E_ROW``.
    """
    name = task_of(table) if task is None else task if task in KINDS else Task.named(task).name
    name = "embedding" if name == Task.FEATURES.name else name
    if problem is not None and problem not in PROBLEMS:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value!r}; it must be one of: {known}.",
            cure="Leave it out for {first}.",
            values=dict(name="problem", value=problem, known=", ".join(PROBLEMS), first=PROBLEMS[0]),
        )
    if problem is not None and name != "sequence-classification":
        raise InputError(
            "E_ARGUMENT", "problem would have no effect here.", cure="Leave it out: it is of sequence-classification."
        )
    if name == "sequence-classification":
        return SequenceData(table, text, label, problem)
    if name in KINDS:
        return KINDS[name](table, text, label)
    raise InputError(
        "E_TASK",
        "Rows of a table cannot be trained on for {task}.",
        cure="Use one of: {known}.",
        values=dict(task=name, known=", ".join(KINDS)),
    )
