"""What filled a model's parameters."""

from __future__ import annotations

from dataclasses import dataclass

from torso.weights.tensor_entry import Note


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading found. Nothing of it is printed: what matters is an error, the rest is here.

    Attributes:
        source: the folder the weights came from.
        files: the files read.
        filled: how many parameters the file filled.
        new: parameters of a new, untrained head.
        absent: optional modules that the file does not hold, as a pooler.
        unclaimed: keys that belong to no part of this model: other tasks' heads.
        prefix: what stands before the trunk's names in the file.
        saved_dtype: number format of the trunk in the file, as safetensors names it.
        notes: facts about the file that are worth knowing and no reason to stop.
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
