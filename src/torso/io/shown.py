"""How predictions look: one short line in a terminal, a table in a notebook. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

from torso.io.html_table import html_table
from torso.language import say

Item = TypeVar("Item")

_TEXT, _FEW, _NUMBERS, _ROWS = 60, 3, 6, 1000
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Shown:
    """A dataclass with ``repr=False`` whose long texts, lists and vectors are shown short."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _short(self)

    def _repr_html_(self) -> str:
        return _html(self)


class ShownList(list[Item]):
    """A list of predictions that a notebook shows as one table: a row for each, under its number."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        return _html_of_list(self) if self and isinstance(self[0], Shown) else None


def _own(prediction: object) -> dict[str, Any]:
    """Return the fields of a prediction; how much was read only where it is not the whole text in one piece."""
    found = {each.name: getattr(prediction, each.name) for each in fields(cast("Any", prediction))}
    extent = found.get("extent")
    if extent is not None and not extent.truncated and extent.windows == 1:
        del found["extent"]
    return found


def _short(value: object) -> str:
    if isinstance(value, Shown):
        inner = ", ".join(f"{name}={_short(each)}" for name, each in _own(value).items())
        return f"{type(value).__name__}({inner})"
    if isinstance(value, str):
        return repr(_cut(value))
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Mapping):
        pairs = [f"{_short(key)}: {_short(each)}" for key, each in cast("Mapping[Any, Any]", value).items()]
        return f"{{{_listed(pairs)}}}"
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        inner = _listed([_short(each) for each in items[: _FEW + 1]], len(items))
        return f"({inner},)" if len(items) == 1 else f"({inner})"
    if hasattr(value, "shape") and hasattr(value, "tolist"):
        return _vector(value)
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"


def _listed(shown: Sequence[str], count: int | None = None) -> str:
    count = len(shown) if count is None else count
    if count <= _FEW:
        return ", ".join(shown)
    return f"{', '.join(shown[:_FEW])}, … ({count})"


def _vector(value: Any) -> str:
    if value.ndim != 1:
        return str(list(value.shape))
    first = _numbers(value[:_FEW])
    return f"[{first}, … ({len(value)})]" if len(value) > _FEW else f"[{first}]"


def _numbers(some: Any) -> str:
    """Return a few numbers; whole ones, such as ids, without decimals."""
    return ", ".join(str(each) if isinstance(each, int) else f"{each:.4f}" for each in some.ravel().tolist())


# -- tables ------------------------------------------------------------------------------------------------------------


def _html(prediction: Any) -> str:
    """Return a table: a row for each part of a prediction, or for each of its fields."""
    own = _own(prediction)
    scores = own.get("scores")
    parts = next((each for each in own.values() if _is_parts(each)), None)
    if isinstance(scores, Mapping):
        order = sorted(cast("Mapping[str, float]", scores).items(), key=lambda pair: -pair[1])
        headings: tuple[str, ...] = (say("label"), say("score"), "")
        rows: list[tuple[object, ...]] = [(name, f"{score:.4f}", bar(score)) for name, score in order]
    elif parts is not None:
        headings, rows = _table_of(parts)
    else:
        headings = (say("field"), say("value"))
        rows = [(name, _field(name, each)) for name, each in own.items() if name != "extent"]
    first = next(iter(own.values()))
    about = f" · {_cut(first)}" if isinstance(first, str) else ""
    return html_table(f"{type(prediction).__name__}{about}", headings, rows, _notes(own.get("extent")))


def _html_of_list(predictions: Sequence[Any]) -> str:
    """Return a table with a row for each prediction; what has several parts is shown by the first of them."""
    some = predictions[:_ROWS]
    rows = [_row(each) for each in some]
    names = list(dict.fromkeys(name for row in rows for name in row))
    scored = "score" in names
    names.sort(key="score".__eq__)  # the score last, beside its bar
    notes = ["; ".join(_notes(_own(each).get("extent"))) for each in some]
    cells: list[tuple[object, ...]] = [
        (
            number,
            *(row.get(name, "") for name in names),
            *([bar(each.score)] if scored else []),
            *([note] if any(notes) else []),
        )
        for number, (each, row, note) in enumerate(zip(some, rows, notes, strict=True))
    ]
    title = f"{type(some[0]).__name__} × {len(predictions):,}"
    headings = ("#", *names, *([""] * (scored + any(notes))))
    return html_table(title, headings, cells, count=len(predictions))


def _row(prediction: Any) -> dict[str, str]:
    """Return the cells of a prediction by the names of their columns."""
    own = _own(prediction)
    left_out = {"extent", *(["scores"] if "score" in own else [])}
    cells = {name: _brief(each) if _is_parts(each) else _field(name, each) for name, each in own.items()}
    return {name: "" if cell == "()" else cell for name, cell in cells.items() if name not in left_out}


def _brief(parts: tuple[Any, ...]) -> str:
    """Return the first parts, each with its label or score; of parts of parts the first of each."""
    words: list[str] = []
    for part in parts[:_FEW]:
        own = _own(cast("tuple[Any, ...]", part)[0] if isinstance(part, tuple) else part)
        text = next((_cut(each) for each in own.values() if isinstance(each, str)), "")
        about = own.get("label") or (f"{own['score']:.4f}" if "score" in own else "")
        words.append(f"{text} {about}".strip())
    return _listed(words, len(parts))


def _is_parts(value: object) -> bool:
    items = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else ()
    return bool(items) and (isinstance(items[0], Shown) or _is_parts(items[0]))


def _table_of(parts: tuple[Any, ...]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return headings and rows of parts; of parts of parts, such as the proposals for each mask, with their number."""
    nested = isinstance(parts[0], tuple)
    groups = cast("tuple[tuple[Any, ...], ...]", parts if nested else (parts,))
    names = [each.name for each in fields(next(group[0] for group in groups if group))]
    scored = "score" in names
    names.sort(key="score".__eq__)  # the score last, beside its bar
    headings = (*(["#"] if nested else []), *names, *([""] if scored else []))
    rows: list[tuple[object, ...]] = []
    for number, group in enumerate(groups):
        for part in group:
            cells = [_field(name, getattr(part, name)) for name in names]
            rows.append((*([number] if nested else []), *cells, *([bar(part.score)] if scored else [])))
    return headings, rows


def _field(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if hasattr(value, "shape") and hasattr(value, "tolist"):
        flat = value.ravel()
        return f"{list(value.shape)}: {_numbers(flat[:_NUMBERS])}{', …' if len(flat) > _NUMBERS else ''}"
    return _short(value)


def bar(score: float | None) -> str:
    """Return a bar of text for a score of 0 to 1, ten characters at most; nothing for another score."""
    if score is None or not 0 <= score <= 1:
        return ""
    eighths = round(score * 80)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _notes(extent: Any) -> tuple[str, ...]:
    if extent is None:
        return ()
    if extent.truncated:
        return (say("{read} of {tokens} tokens were read", dict(read=extent.read, tokens=extent.tokens)),)
    return (say("read in {windows} pieces", dict(windows=extent.windows)),)
