"""Faults in tokenizer files: raised where they are found, reported where the file's name is known."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torso.errors import LimitError, TokenizerError
from torso.io.paths import shown
from torso.language import say


class Fault(Exception):  # noqa: N818 - it never leaves this package: `blaming` turns it into a TokenizerError
    """A fault in a tokenizer's file; the template is a literal with its translation in ``torso.locale``."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template)
        self.template = template
        self.values: Mapping[str, object] = {key: _short(value) for key, value in values.items()}


class TooMuch(Fault):
    """Fault of a tokenizer's file that exceeds a stated limit."""


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return shown(text if len(text) <= 80 else text[:77] + "...")


class BadSetting(Fault):
    """Fault of a value in tokenizer_config.json, found while another file is converted by it."""

    def __init__(self, template: str, *, name: str, **values: object) -> None:
        super().__init__(template, name=name, **values)
        self.name = name


class Misfit(Fault):
    """Fault of an intact file whose class differs from the one its companion files declare."""

    def __init__(self, template: str, *, tokenizer_class: str) -> None:
        super().__init__(template)
        self.tokenizer_class = tokenizer_class


@contextmanager
def blaming(path: Path) -> Generator[None]:
    """Convert a `Fault` inside to the TokenizerError E_TOKENIZER, or LimitError E_LIMIT, that names ``path``."""
    try:
        yield
    except TooMuch as fault:
        raise LimitError(
            "E_LIMIT",
            "{path} goes past a limit: {fault}.",
            cure="Check that this is the file you mean.",
            values=dict(path=shown(path), fault=say(fault.template, fault.values)),
        ) from None
    except Misfit as fault:
        raise TokenizerError(
            "E_TOKENIZER",
            "{path} does not make a tokenizer: {fault}.",
            cure='Name its own class in {config}: "tokenizer_class": "{name}".',
            values=dict(
                path=shown(path),
                fault=say(fault.template, fault.values),
                config=shown(path.parent / "tokenizer_config.json"),
                name=fault.tokenizer_class,
            ),
        ) from None
    except BadSetting as fault:
        config = shown(path.parent / "tokenizer_config.json")
        raise TokenizerError(
            "E_TOKENIZER",
            "{path} does not make a tokenizer: {fault}.",
            cure="Correct {name} in {path}, or remove the key.",
            values=dict(path=config, fault=say(fault.template, fault.values), name=fault.name),
        ) from None
    except Fault as fault:
        raise TokenizerError(
            "E_TOKENIZER",
            "{path} does not make a tokenizer: {fault}.",
            cure="Download it again: torso repair {folder}",
            values=dict(path=shown(path), folder=shown(path.parent), fault=say(fault.template, fault.values)),
        ) from None
