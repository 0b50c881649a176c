"""The tasks that can be trained from rows, and which of them the columns of a table mean. Loads no torch on import."""

from __future__ import annotations

from collections.abc import Sequence

from torso.architecture import Task
from torso.errors import InputError
from torso.training.columns import TAGS, TOKENS
from torso.training.data_files import Table
from torso.training.sequence_data import SequenceData
from torso.training.task_data import TaskData

PROBLEMS = ("single_label_classification", "multi_label_classification", "regression")
BUNDLED = {"sequence-classification": "torso:sentiment", "token-classification": "torso:tagger"}
"""Base models that come with torso, used where none is named."""


def task_of(table: Table) -> str:
    """Return the name of the task that the columns of a table mean."""
    names = {each.strip().lower() for each in table.columns}
    if names & set(TOKENS) and names & set(TAGS):
        return "token-classification"
    return "sequence-classification"


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
    name = Task.named(task).name if task is not None else task_of(table)
    if problem is not None and problem not in PROBLEMS:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value!r}; it must be one of: {known}.",
            cure="Leave it out for {first}.",
            values=dict(name="problem", value=problem, known=", ".join(PROBLEMS), first=PROBLEMS[0]),
        )
    if name == "sequence-classification":
        return SequenceData(table, text, label, problem)
    raise InputError(
        "E_TASK",
        "Rows of a table cannot be trained on for {task} yet.",
        cure="Use the step itself (torso.training.loop.fit), or one of: {known}.",
        values=dict(task=name, known=", ".join(BUNDLED)),
    )
