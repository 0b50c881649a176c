"""Tool schemas: Python functions as the JSON schemas that chat templates show."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from torso.errors import InputError, InputTypeError

Tool = Mapping[str, Any] | Callable[..., Any]
"""A JSON schema, or a function with type hints and a docstring."""
_SCALARS = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}
_SECTION = re.compile(r"Args:|Returns:|Raises:")
_ENTRY = re.compile(r"([ \t]*)(\w+):[ \t]*")
_CHOICES = re.compile(r"\(choices:\s*([^)]*(?:\)[^)]*)*)\)\s*\Z", re.IGNORECASE)


def schemas(tools: Sequence[Tool]) -> list[Mapping[str, Any]]:
    """Return the tools as JSON schemas.

    Raises:
        InputTypeError: E_TOOL for what is neither a dict nor a function.
        InputError: E_TOOL for a function that lacks a docstring, a type hint or a description of an argument.
    """
    made: list[Mapping[str, Any]] = []
    for index, tool in enumerate(tools):
        if isinstance(tool, Mapping):
            made.append(cast("Mapping[str, Any]", tool))
        elif inspect.isfunction(tool) or inspect.ismethod(tool):
            made.append(schema(tool))
        else:
            raise InputTypeError(
                "E_TOOL",
                "Tool {index} is {kind}, neither a dict nor a function.",
                cure="Pass a JSON schema, or a function with type hints and a docstring.",
                values=dict(index=index, kind=type(tool).__name__),
            )
    return made


def schema(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the JSON schema of a function, from its type hints and Google-style docstring; as transformers builds it.

    Raises:
        InputError: E_TOOL as `schemas`.
    """
    name = getattr(function, "__name__", "operation")
    documentation = (inspect.getdoc(function) or "").strip()
    if not documentation:
        raise InputError(
            "E_TOOL",
            "The tool {name} has no docstring, so the model cannot know what it does.",
            cure="Add a docstring with a section Args: that describes each argument.",
            values=dict(name=name),
        )
    description, described, returned = _parsed(documentation)
    parameters, result = _parameters(function, name)
    for argument, form in cast("dict[str, dict[str, Any]]", parameters["properties"]).items():
        if argument not in described:
            raise InputError(
                "E_TOOL",
                "The docstring of the tool {name} does not describe the argument {argument}.",
                cure="Add a line to its section Args: such as {argument}: what it is",
                values=dict(name=name, argument=argument),
            )
        text = described[argument]
        choices = _CHOICES.search(text)
        if choices:
            form["enum"] = _choices(choices[1], name, argument)
            text = text[: choices.start()].strip()
        form["description"] = text
    made: dict[str, Any] = {"name": name, "description": description, "parameters": parameters}
    if result is not None:
        made["return"] = result | ({} if returned is None else {"description": returned})
    return {"type": "function", "function": made}


def _choices(text: str, name: str, argument: str) -> list[Any]:
    try:
        return [value.strip() if isinstance(value, str) else value for value in json.loads(text)]
    except (ValueError, TypeError):
        raise InputError(
            "E_TOOL",
            "The choices of the argument {argument} of the tool {name} are not a list in JSON.",
            cure='Write them as (choices: ["one", "two"]).',
            values=dict(name=name, argument=argument),
        ) from None


# -- types -------------------------------------------------------------------------------------------------------------


def _parameters(function: Callable[..., Any], name: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the schema of the arguments, and that of the result if it has one."""
    parameters = dict(inspect.signature(function).parameters)
    first = next(iter(parameters), None)
    if first in ("self", "cls") and parameters[first].annotation is inspect.Parameter.empty:
        del parameters[first]
    for argument, parameter in parameters.items():
        if parameter.annotation is inspect.Parameter.empty:
            raise InputError(
                "E_TOOL",
                "The argument {argument} of the tool {name} has no type hint.",
                cure="Add one, such as {argument}: str",
                values=dict(name=name, argument=argument),
            )
    try:
        hints = get_type_hints(function)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise _no_form(name, str(error)) from None
    properties = {argument: _form(hint, name) for argument, hint in hints.items() if argument in parameters}
    made: dict[str, Any] = {"type": "object", "properties": properties}
    required = [each for each, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    if required:
        made["required"] = required
    try:
        return made, _form(hints["return"], name) if "return" in hints else None
    except InputError:
        return made, None  # no model writes a result


def _form(hint: Any, name: str) -> dict[str, Any]:
    """Return the schema of one type."""
    origin, parts = get_origin(hint), list(get_args(hint))
    if origin is None:
        return _bare(hint, name)
    if origin in (Union, UnionType):
        return _union(parts, name)
    if origin is Literal and all(type(part) in _SCALARS for part in parts):
        return _one_of(parts)
    if origin is list:
        return {"type": "array", "items": _form(parts[0], name)}
    if origin is tuple and len(parts) > 1 and ... not in parts:
        return {"type": "array", "prefixItems": [_form(part, name) for part in parts]}
    if origin is dict:
        return {"type": "object", "additionalProperties": _form(parts[1], name)}
    raise _no_form(name, str(hint))


def _bare(hint: Any, name: str) -> dict[str, Any]:
    if hint is Any:
        return {}
    if isinstance(hint, type) and issubclass(hint, Enum):
        values = [member.value for member in hint]
        if values and all(type(value) in _SCALARS for value in values):
            return _one_of(values)
        raise _no_form(name, hint.__name__)
    if isinstance(hint, type):
        if hint in _SCALARS:
            return {"type": _SCALARS[hint]}
        if hint in (list, tuple):
            return {"type": "array"}
        if hint is dict:
            return {"type": "object"}
        # By their usual names, and without importing what nothing has imported yet.
        for module, kind, meant in (("torch", "Tensor", "audio"), ("PIL.Image", "Image", "image")):
            if hint is getattr(sys.modules.get(module), kind, None):
                return {"type": meant}
    raise _no_form(name, getattr(hint, "__name__", str(hint)))


def _union(parts: list[Any], name: str) -> dict[str, Any]:
    forms = [_form(part, name) for part in parts if part is not NoneType]
    if len(forms) == 1:
        made = forms[0]
    elif all(form.keys() == {"type"} and isinstance(form["type"], str) for form in forms):
        kinds = sorted({form["type"] for form in forms})
        made: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds}
    else:
        made = {"anyOf": forms}
    return made | ({"nullable": True} if NoneType in parts else {})


def _one_of(values: list[Any]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(_SCALARS[type(value)] for value in values))
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": values}


def _no_form(name: str, hint: str) -> InputError:
    return InputError(
        "E_TOOL",
        "A type hint of the tool {name} has no form in JSON: {hint}.",
        cure="Use int, float, str, bool, Enum, Literal, list, tuple, dict and unions of them, or pass a JSON schema.",
        values=dict(name=name, hint=hint),
    )


# -- docstrings --------------------------------------------------------------------------------------------------------


def _parsed(documentation: str) -> tuple[str, dict[str, str], str | None]:
    """Parse a docstring to its description, that of each argument, and that of the result."""
    first = _SECTION.search(documentation)
    description = documentation[: first.start()].strip() if first else documentation
    arguments = _section(documentation, "Args:", ("Returns:", "Raises:"))
    return description, _arguments(arguments or ""), _section(documentation, "Returns:", ("Raises:",))


def _section(documentation: str, title: str, others: tuple[str, ...]) -> str | None:
    begin = re.search(rf"\n\s*{title}\n", documentation)
    if begin is None:
        return None
    text = documentation[begin.end() :]
    ends = [place for place in (text.find(other) for other in others) if place >= 0]
    section = text[: min(ends, default=len(text))].rstrip()
    return section if title == "Args:" else section.strip()


def _arguments(section: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    within, indent = None, ""
    for line in section.split("\n"):
        entry = _ENTRY.match(line)
        if entry and not (within is not None and line.startswith((indent + " ", indent + "\t"))):
            indent, within = entry[1], entry[2]
            found[within] = [line[entry.end() :].strip()]
        elif within is not None and line.strip():
            found[within].append(line.strip())
    return {name: " ".join(line for line in lines if line) for name, lines in found.items()}
