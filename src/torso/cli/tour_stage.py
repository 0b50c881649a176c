"""One stage of a tour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    Attributes:
        name: what programs know it by.
        title: its title, to be shown in the current language.
        code: two lines of Python; those of all stages run one after another.
        data: what it found.
    """

    name: str
    title: str
    code: tuple[str, str]
    data: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the stage as plain data, for ``--json``."""
        return {"stage": self.name, **self.data, "python": list(self.code)}
