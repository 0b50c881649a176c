"""Chat templates: a checkpoint's own format for a chat as text.

Templates are in tokenizer_config.json, in chat_template.jinja, or under names in additional_chat_templates. They are
written in Jinja with the variables and functions that transformers gives them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from torso.errors import InputError, LimitError, UnknownParameterError
from torso.io.files import inside, is_there, read_text
from torso.text.chat_messages import Message, checked, continued, marked, plain, without_none
from torso.text.faults import Fault, TooMuch, blaming
from torso.text.tokenizer_settings import CONFIG, Settings
from torso.text.tool_schema import Tool, schemas

FILE = "chat_template.jinja"
MORE = "additional_chat_templates"
TEMPLATE_LIMIT = 256 * 1024  # characters; the longest in wide use have 20,000
_NAME = re.compile(r"[\w.-]{1,100}")
_DEFAULT, _WITH_TOOLS = "default", "tool_use"


def read_templates(folder: Path, settings: Settings) -> dict[str, str]:
    """Return the chat templates of ``folder`` by name; template files win over tokenizer_config.json.

    Raises:
        TokenizerError: E_TOKENIZER for a template that is not text.
        TorsoError: as `torso.io.files.read_text`.
    """
    found: dict[str, str] = {}
    if is_there(folder / FILE):
        found[_DEFAULT] = read_text(inside(folder, FILE), limit=4 * TEMPLATE_LIMIT, code="E_TOKENIZER")
    if (folder / MORE).is_dir():
        for path in sorted((folder / MORE).glob("*.jinja"))[:100]:
            name = f"{MORE}/{path.name}"
            found[path.stem] = read_text(inside(folder, name), limit=4 * TEMPLATE_LIMIT, code="E_TOKENIZER")
    with blaming(folder / CONFIG):
        templates = found or _named(settings.config.get("chat_template"))
        for name, template in templates.items():
            if not _NAME.fullmatch(name):
                raise Fault("the name of a chat template is {name}", name=name)
            if len(template) > TEMPLATE_LIMIT:
                raise TooMuch("a chat template has {length} characters", length=len(template))
    return templates


def _named(value: object) -> dict[str, str]:
    match value:
        case None:
            return {}
        case str():
            return {_DEFAULT: value}
        case list():
            pairs: list[tuple[object, object]] = []
            for item in cast("list[object]", value):
                table = cast("dict[str, object]", item) if isinstance(item, dict) else {}
                pairs.append((table.get("name"), table.get("template")))
        case dict():
            return {name: text for name, text in cast("dict[str, object]", value).items() if isinstance(text, str)}
        case _:  # a number or a literal, which no chat can be rendered by: a note says so
            return {}
    named = {name: template for name, template in pairs if isinstance(name, str) and isinstance(template, str)}
    if len(named) != len(pairs):
        raise Fault("its chat_template is neither text nor a list of templates with their names")
    return named


def chosen(templates: Mapping[str, str], wanted: str | None, *, with_tools: bool) -> str:
    """Return the template for a call: ``wanted``, a template or its name; else the one for tools, or the default.

    Raises:
        InputError: E_CHAT_TEMPLATE where there is no such template.
    """
    if wanted is not None:
        return templates.get(wanted, wanted)
    if with_tools and _WITH_TOOLS in templates:
        return templates[_WITH_TOOLS]
    if _DEFAULT in templates:
        return templates[_DEFAULT]
    raise InputError(
        "E_CHAT_TEMPLATE",
        "This tokenizer has no chat template; its named ones are: {names}.",
        cure="Pass one, or the name of one: chat_template=... On the command line write the prompt: torso generate",
        values=dict(names=", ".join(templates) or "-"),
    )


def rendered(
    template: str,
    messages: Sequence[Message],
    *,
    tools: Sequence[Tool] | None,
    documents: Sequence[Mapping[str, Any]] | None,
    add_generation_prompt: bool,
    variables: Mapping[str, Any],
    named: Collection[str] = (),
    continued_key: str | None = None,
) -> str:
    """Render a chat as text.

    Args:
        template: in Jinja.
        messages: each with a ``role`` and, mostly, ``content``.
        tools: what the model may call, as JSON schemas or functions.
        documents: what the model may read.
        add_generation_prompt: whether the text ends where the model's answer begins.
        variables: what else the template is given.
        named: those of the variables that have no effect unless the template asks for them.
        continued_key: where the text ends behind the last message, the key of its text; else None.

    Raises:
        InputTypeError, InputError: E_CHAT for invalid messages, or those that the template refuses; E_TOOL;
            E_CHAT_TEMPLATE for a template that is wrong.
        UnknownParameterError: E_ARGUMENT for one of ``named`` that the template does not ask for.
        LimitError: E_LIMIT for a template that loops too often or makes too much text.
    """
    from jinja2 import TemplateSyntaxError

    from torso.text.budget import BudgetError
    from torso.text.sandbox import Sandbox, compiled
    from torso.text.template_values import RefusedError

    chat = checked(messages)
    if continued_key is not None:
        chat = marked(chat, continued_key, template)
    values = cast("dict[str, Any]", plain(variables)) | {
        "tools": None if tools is None else plain(schemas(tools)),
        "documents": plain(documents),
        "add_generation_prompt": add_generation_prompt,
    }
    if len(template) > TEMPLATE_LIMIT:
        raise _too_much()
    try:
        program = compiled(template)
        _require_asked(named, program.names)
        values["messages"] = without_none(chat, program.tested_for_none)
        text = Sandbox().rendered(program, values)
    except UnknownParameterError:
        raise
    except RefusedError as error:
        raise InputError(
            "E_CHAT",
            "The chat template refuses these messages: {reason}",
            cure="Change them as it says.",
            values=dict(reason=str(error.message)[:500]),
        ) from None
    except (BudgetError, MemoryError, RecursionError):
        raise _too_much() from None
    except TemplateSyntaxError as error:
        raise _wrong(f"line {error.lineno}: {error.message}") from None
    except Exception as error:
        raise _wrong(f"{type(error).__name__}: {error}") from None
    return text if continued_key is None else continued(text)


def _require_asked(named: Collection[str], names: Collection[str]) -> None:
    for name in named:
        if name not in names:
            raise UnknownParameterError(
                "E_ARGUMENT",
                "{name} is no parameter here, and this chat template asks for no variable of that name.",
                cure="Correct its name, or leave it out.",
                values=dict(name=name),
            )


def _wrong(reason: str) -> InputError:
    return InputError(
        "E_CHAT_TEMPLATE",
        "The chat template fails: {reason}",
        cure="Check the keys of the messages against it, or pass another: chat_template=... On the command line write "
        "the prompt: torso generate",
        values=dict(reason=reason[:500]),
    )


def _too_much() -> LimitError:
    from torso.text.budget import LENGTH, STEP, WORK

    return LimitError(
        "E_LIMIT",
        "The chat template goes past a limit: {steps} loops and calls, or {length} characters.",
        cure="Shorten the chat, or pass another template: chat_template=...",
        values=dict(steps=WORK // STEP, length=LENGTH),
    )
