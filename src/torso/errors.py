"""Errors that torso raises.

Each kind is a `TorsoError` and also the builtin that fits, so ``except FileNotFoundError`` works without knowing torso.
Each carries a stable ``code`` (``E_TRUNCATED``), what happened, where, and the one command or change that cures it, in
English or Chinese (see `torso.language`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from torso.language import say, sentences

_BUNDLED = os.path.join(os.path.dirname(__file__), "bundled", "")
_PACKAGES = frozenset(("site-packages", "dist-packages"))
_TYPED = ("<stdin>", "<ipython-input-", "<python-input-")
_EMPTY: Mapping[str, object] = {}
_LEFT = "style='text-align:left'"


class TorsoError(Exception):
    """An error with a stable code and a message of three parts.

    Args:
        code: stable name of the cause, ``E_`` and capitals; programs may rely on it.
        what: template of what happened, with its path, name or number.
        where: template of the place inside the file, text or call, where ``what`` does not say it.
        cure: template of the one command or change that cures it.
        values: values of the templates' ``{placeholders}``.
    """

    def __init__(
        self, code: str, what: str, *, where: str = "", cure: str = "", values: Mapping[str, object] = _EMPTY
    ) -> None:
        super().__init__(code, what)
        self.code = code
        self.templates = (what, where, cure)
        self.values = dict(values)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by value, so that an error crosses a process boundary unchanged."""
        what, where, cure = self.templates
        return (_rebuild, (type(self), self.code, what, where, cure, self.values))

    def part(self, index: int) -> str:
        """Return one part of the message, in the current language: 0 what, 1 where, 2 cure."""
        template = self.templates[index]
        return say(template, {name: _named(value) for name, value in self.values.items()}) if template else ""

    @property
    def what(self) -> str:
        """What happened."""
        return self.part(0)

    @property
    def where(self) -> str:
        """The place, or an empty string where ``what`` names it."""
        return self.part(1)

    @property
    def cure(self) -> str:
        """The command or change that cures it."""
        return self.part(2)

    def as_dict(self) -> dict[str, str]:
        """Return code and parts by name, for ``--json`` and for servers."""
        return {"code": self.code, "what": self.what, "where": self.where, "cure": self.cure}

    def __str__(self) -> str:
        return sentences((self.what, self.where, self.cure, f"[{self.code}]"))

    def _repr_html_(self) -> str:
        named = (
            (say("what happened"), self.what),
            (say("where"), self.where),
            (say("cure"), self.cure),
            (say("code"), self.code),
        )
        rows = ((_safe(name), _safe(text)) for name, text in named if text)
        cells = "".join(f"<tr><th {_LEFT}>{name}</th><td {_LEFT}>{text}</td></tr>" for name, text in rows)
        return f"<b>{type(self).__name__}</b><table><tbody>{cells}</tbody></table>"

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows: the caller's frames and the message, without torso's own frames."""
        from traceback import extract_tb, format_list

        own = [each for each in extract_tb(self.__traceback__) if _is_callers(each.filename)]
        lines = [f"{type(self).__name__}  {say('Traceback (most recent call last)')}"]
        lines += [line.rstrip("\n") for line in format_list(own)]
        return [*lines, "", f"{type(self).__name__}: {self}"]


def _is_callers(file: str) -> bool:
    """Return whether a frame of this file is the caller's: not torso's, nor Python's, nor an installed package's."""
    if file.startswith("<"):  # generated, but for what is typed
        return file.startswith(_TYPED)
    others = (os.path.join(os.path.dirname(each), "") for each in (__file__, os.__file__))
    return not file.startswith(tuple(others)) and _PACKAGES.isdisjoint(os.path.normpath(file).split(os.sep))


def _named(value: object) -> object:
    """Return a value of a message; the folder of a model that torso brings by the model's name."""
    text = str(value) if isinstance(value, str) or hasattr(value, "__fspath__") else ""
    return f"torso:{text.removeprefix(_BUNDLED)}" if text.startswith(_BUNDLED) else value


def _safe(text: str) -> str:
    """Return text for HTML; a lone surrogate cannot be written to a notebook's file."""
    from html import escape

    return escape(text[:4000].encode("utf-8", "backslashreplace").decode())


def _rebuild(
    kind: type[TorsoError], code: str, what: str, where: str, cure: str, values: Mapping[str, object]
) -> TorsoError:
    return kind(code, what, where=where, cure=cure, values=values)


class NotFoundError(TorsoError, FileNotFoundError):
    """A model, folder or file is not there."""


class AccessError(TorsoError, PermissionError):
    """A file may not be read or written."""


class UnsafeFileError(TorsoError, PermissionError):
    """A file requests something that torso never does: run code, or reach outside its folder."""


class FileFormatError(TorsoError, ValueError):
    """A file violates its format."""


class LimitError(TorsoError, ValueError):
    """A file or request goes past a stated limit."""


class ConfigError(TorsoError, ValueError):
    """A config holds an invalid value, or one that does not fit its weights."""


class UnknownParameterError(TorsoError, TypeError):
    """A call names a parameter that does not exist."""


class NoParameterError(TorsoError, AttributeError):
    """A parameter was read that does not exist."""


class FrozenConfigError(TorsoError, AttributeError):
    """A config was assigned to: it is frozen, and the message names the call that works."""


class WeightsError(TorsoError, ValueError):
    """The weights of a checkpoint do not fill the model that its config describes."""


class UnsupportedError(TorsoError, NotImplementedError):
    """A file or call requests something valid that torso does not implement."""


class InputError(TorsoError, ValueError):
    """A value given to a call is wrong."""


class InputTypeError(TorsoError, TypeError):
    """A value given to a call is of the wrong type."""


class TooLongError(TorsoError, ValueError):
    """A text is longer than the model takes. Nothing was run."""


class NotAvailableError(TorsoError, AttributeError, KeyError):
    """An output field was not requested, or the checkpoint cannot provide it."""

    __str__ = TorsoError.__str__  # KeyError's own shows the repr of its argument


class MissingPackageError(TorsoError, ImportError):
    """An optional package that this needs is not installed."""


class MissingNameError(TorsoError, ImportError):
    """A name that torso does not have was to be imported from it."""


class UntrainedError(TorsoError, RuntimeError):
    """Labels were requested of a head that was never trained."""


class TokenizerError(TorsoError, ValueError):
    """A tokenizer's files do not make a tokenizer, or not the one this model needs."""


class OfflineError(TorsoError, ConnectionError):
    """Something is not on this machine and the network may not be used."""


class NetworkError(TorsoError, ConnectionError):
    """No server could provide the requested file."""


class ServerAnswerError(TorsoError, ConnectionError):
    """A server's answer is malformed, hostile or not a hub's."""


class IntegrityError(TorsoError, OSError):
    """Bytes that arrived do not have the size or hash they should have."""


class DiskError(TorsoError, OSError):
    """The disk cannot hold the requested data."""


class DivergedError(TorsoError, ArithmeticError):
    """A loss or a gradient is not finite. The step was not taken."""


class TrainingError(TorsoError, RuntimeError):
    """A training run cannot go on."""
