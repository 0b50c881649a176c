"""Description of a config as a table: each parameter's value, default, source, effect and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from torso.config.config_file import NEUTRAL
from torso.config.fields import field_info
from torso.language import say

if TYPE_CHECKING:
    from torso.config.hub_config import HubConfig

ACTS = {
    "shape": "shape",
    "run": "run",
    "train": "train",
    "none": "-",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    Attributes:
        name: the Hub's key.
        value: the value in force.
        default: the default value; None where the key belongs to no parameter.
        source: ``file``, ``you`` or ``default``.
        acts: ``shape``, ``run``, ``train`` or ``none``.
        meaning: one line of help, in the language in force.
        used: whether this family reads it.
    """

    name: str
    value: Any
    default: Any
    source: str
    acts: str
    meaning: str
    used: bool


@dataclass(frozen=True)
class Description:
    """All parameters of a config, and notes on how its file was read. Prints as a table, in a notebook too."""

    title: str
    rows: tuple[Parameter, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Parameter:
        return next(row for row in self.rows if row.name == name)

    def __len__(self) -> int:
        return len(self.rows)

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as plain data, for ``--json``."""
        return [
            {
                "name": row.name,
                "value": row.value,
                "default": row.default,
                "source": row.source,
                "acts": row.acts,
                "meaning": row.meaning,
                "used": row.used,
            }
            for row in self.rows
        ]

    def __repr__(self) -> str:
        from torso.config.text_table import text_table

        table = text_table(headings(), [cells(row) for row in self.rows])
        return "\n".join([self.title, table, *(f"* {note}" for note in self.notes)])

    def html(self) -> str:
        """Return the table as HTML, for a notebook."""
        head = "".join(_cell("th", each) for each in headings())
        body = "".join("<tr>" + "".join(_cell("td", each) for each in cells(row)) + "</tr>" for row in self.rows)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<b>{escape(self.title)}</b><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    _repr_html_ = html


def _cell(kind: str, text: str) -> str:
    """A cell; a short one on one line, which a narrow column of Chinese would break behind each character."""
    line = ";white-space:nowrap" if len(text) <= 8 else ""
    return f"<{kind} style='text-align:left{line}'>{escape(text)}</{kind}>"


def describe(config: HubConfig) -> Description:
    """Describe every parameter of a config, and every other key of its file."""
    rows = [
        Parameter(
            declared.name,
            getattr(config, declared.name),
            declared.default,
            config.source(declared.name),
            field_info(declared).acts,
            _meaning(field_info(declared).meaning, field_info(declared).fixed),
            True,
        )
        for declared in config.declared()
    ]
    for key, value in config.unused.items():
        meaning = say(NEUTRAL.get(key, "not used by this model; kept, and written back as it is"))
        rows.append(Parameter(key, value, None, "file", "none", meaning, False))
    return Description(f"{type(config).__name__} ({config.model_type})", tuple(rows), tuple(map(str, config.notes)))


def _meaning(meaning: str, only: tuple[object, ...] | None) -> str:
    text = say(meaning)
    return text if only is None else f"{text} ({say('only {value} is implemented', dict(value=shown(only[0])))})"


def headings() -> list[str]:
    """Return the column names, in the language in force."""
    return [say("parameter"), say("value"), say("default"), say("source"), say("acts on"), say("meaning")]


def cells(row: Parameter) -> list[str]:
    """Return one row as text."""
    default = shown(row.default) if row.used else ""
    return [row.name, shown(row.value), default, say(row.source), say(ACTS[row.acts]), row.meaning]


def shown(value: object) -> str:
    """Return a value as config.json would write it, shortened if long."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 28 else f"{text[:25]}..."
