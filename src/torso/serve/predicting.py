"""Requests as plans: read, run with other requests, finish."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar, cast

from torso.serve.body_decoding import decoded
from torso.serve.call import SHORT, Call, in_thread
from torso.serve.request_errors import RequestError
from torso.serve.served_model import ServedModel
from torso.serve.works import PlanWork, WholeWork
from torso.tasks.extents import Extent
from torso.tasks.task_plan import Plan
from torso.tasks.windows import EncodedText

T = TypeVar("T")
Value = TypeVar("Value")

_FEW = 64  # results that are finished on the event loop
_EXTENT = ("tokens", "read", "windows", "truncated")


def take(
    call: Call,
    kind: type[T],
    *,
    silent: Collection[str] = (),
    extensions: Collection[str] = (),
    unsupported: Collection[str] = (),
) -> T:
    """Decode the body of a request; name in the answer which fields had no effect."""
    unknown = call.state.settings.unknown_fields == "take"
    made = decoded(
        call.values, kind, silent=silent, extensions=extensions, unsupported=unsupported, take_unknown=unknown
    )
    if made.ignored:
        call.headers["x-torso-ignored"] = ", ".join(made.ignored)
    return made.value


async def gathered(
    call: Call,
    model: ServedModel,
    make: Callable[[], Plan[Any, Any, Any, Any]],
    asked: Sequence[Any],
    check: Callable[[ServedModel, Sequence[EncodedText]], None] = lambda model, encoded: None,
) -> tuple[Plan[Any, Any, Any, Any], list[EncodedText], list[Any]]:
    """Return a plan, what it read and was checked, and what the model gave for each encoding.

    Under overload most requests are refused, so that they are before anything is tokenized.
    """
    characters = sum(map(_length, asked))
    if len(call.state.models.models) > 1:  # what one model alone refuses was refused before it was parsed
        model.engine.admit(call.client)

    def read() -> tuple[Plan[Any, Any, Any, Any], list[EncodedText]]:
        plan = make()
        return plan, list(plan.read(asked))

    plan, encoded = await call.prepare(read, characters)
    check(model, encoded)
    call.note(encoded)
    items = await call.run(model, PlanWork(plan, encoded), [len(each) for each in encoded])
    return plan, encoded, items


async def predict(
    call: Call,
    model: ServedModel,
    make: Callable[[], Plan[Any, Any, Any, Value]],
    asked: Sequence[Any],
    check: Callable[[Sequence[Value]], None] = lambda found: None,
) -> list[Value]:
    """Return one result for each thing asked; equal, to the bit, to what the library's function gives.

    Raises:
        TorsoError: as the plan and its ``read``.
        RequestError: as `Call.run`.
        Exception: what ``check`` raises of the results.
    """
    plan, encoded, items = await gathered(call, model, make, asked)

    def finish() -> list[Any]:
        found = list(plan.finish(zip(encoded, items, strict=True)))
        check(found)
        return found

    return await in_thread(call, finish, len(items) > _FEW)


async def whole(call: Call, model: ServedModel, work: Callable[[], Value], tokens: int) -> Value:
    """Run a call of the library by itself in the model's thread."""
    return (await call.run(model, WholeWork(work), [max(tokens, 1)]))[0]


def strings(value: str | Iterable[object], name: str = "input") -> list[str]:
    """Return the texts of a field that holds one or several.

    Raises:
        RequestError: E_TOKEN_IDS, for ids: they may be those of any tokenizer.
    """
    if isinstance(value, str):
        return [value]
    listed = list(value)
    for number, each in enumerate(listed):
        if not isinstance(each, str):
            raise RequestError(
                400,
                "E_TOKEN_IDS",
                "{name} holds token ids, which may be of another tokenizer than this model's.",
                cure="Send the text itself: check_embedding_ctx_length=False in langchain.",
                values=dict(name=f"{name}[{number}]"),
                param=f"{name}[{number}]",
            )
    return cast("list[str]", listed)


def pairs(value: str | Iterable[str | list[str]], name: str = "input") -> list[str | tuple[str, str]]:
    """Return texts and pairs of texts.

    Raises:
        RequestError: E_FIELD, for a list that is neither one text nor two.
    """
    found: list[str | tuple[str, str]] = []
    for number, each in enumerate([value] if isinstance(value, str) else value):
        if isinstance(each, str):
            found.append(each)
        elif 1 <= len(each) <= 2:
            found.append(each[0] if len(each) == 1 else (each[0], each[1]))
        else:
            raise RequestError(
                400,
                "E_FIELD",
                "{field} holds {count} texts; a text or a pair of texts is read.",
                cure="Send [first, second].",
                values=dict(field=f"{name}[{number}]", count=len(each)),
                param=f"{name}[{number}]",
            )
    return found


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a request states."""
    return {name: value for name, value in options.items() if value is not None}


def row_of(prediction: Any) -> dict[str, Any]:
    """Return a prediction as plain data, without the text that was sent."""
    row: dict[str, Any] = {}
    for each in fields(prediction):
        value = getattr(prediction, each.name)
        if isinstance(value, Extent):
            row |= {name: getattr(value, name) for name in _EXTENT}
        else:
            row[each.name] = plain(value)
    return row


def plain(value: Any) -> Any:
    """Return tuples and dataclasses as lists and dicts."""
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in cast("Sequence[Any]", value)]
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    return value


def _length(asked: Any) -> int:
    if isinstance(asked, str):
        return len(asked)
    return sum(map(_length, cast("Sequence[Any]", asked))) if isinstance(asked, (list, tuple)) else 0


def characters(*values: Any) -> int:
    """Return the characters of texts, however they are nested."""
    return sum(map(_length, values)) if values else SHORT
