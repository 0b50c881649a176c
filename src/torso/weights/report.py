"""Load report: how a model's parameters were loaded or initialised."""

from __future__ import annotations

from dataclasses import dataclass

from torso.weights.tensor_entry import Note


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Load report of a model. It is never printed: problems raise errors, everything else is here.

    Attributes:
        source: the folder the weights came from.
        files: the files read.
        filled: number of parameters read from the file.
        new: parameters of a new, untrained head.
        absent: optional modules that the file does not hold, as a pooler.
        unclaimed: keys that belong to no part of this model: other tasks' heads.
        prefix: prefix of the trunk's names in the file.
        saved_dtype: dtype of the trunk in the file, as safetensors names it.
        notes: non-fatal findings about the file.
        instead: where a new head was made, the task of the head that the file holds: another, or one of other labels.
        base_name: name of the model as an adapter of it states its base: as given, or the path of a folder.
    """

    source: str
    files: tuple[str, ...]
    filled: int
    new: tuple[str, ...]
    absent: tuple[str, ...]
    unclaimed: tuple[str, ...]
    prefix: str
    saved_dtype: str
    notes: tuple[Note, ...] = ()
    instead: str = ""
    base_name: str | None = None
