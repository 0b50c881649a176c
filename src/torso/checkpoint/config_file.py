"""A ``config.json`` kept as it was written: its keys in order, each with the very characters of its value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torso.checkpoint.misnamed import misnamed_config
from torso.errors import ConfigError, NotFoundError
from torso.files import read_text
from torso.paths import shown
from torso.strict_json import parse_json

LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The top level of a config file.

    Attributes:
        path: where it was read.
        values: what each key holds, in the file's order.
        written: the characters of each value, as the file has them.
        repeated: keys that stand more than once; the last value counts, as in Python's json.
    """

    path: Path
    values: dict[str, Any]
    written: dict[str, str]
    repeated: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> ConfigFile:
        """Reads a config file.

        Raises:
            NotFoundError, AccessError, FileFormatError, LimitError: as `torso.files.read_text` tells.
            FileFormatError: ``E_CONFIG``, for text that is not JSON, with line and column.
            ConfigError: ``E_CONFIG``, for JSON that is not a table.
        """
        try:
            return cls.parse(read_text(path, limit=LIMIT, code="E_CONFIG"), path)
        except NotFoundError as error:
            if (
                error.code == "E_MISSING_FILE"
                and path.name == "config.json"
                and (named := misnamed_config(path.parent))
            ):
                raise NotFoundError(
                    "E_MISSING_FILE",
                    "{path} is not there, but {found} holds such a config under another name.",
                    cure="Rename it: {found} to config.json",
                    values=dict(path=shown(path), found=shown(named)),
                ) from None
            raise

    @classmethod
    def parse(cls, text: str, path: Path) -> ConfigFile:
        """The same of text already read."""
        value = parse_json(text, path=path, code="E_CONFIG", strict=False)
        if not isinstance(value, dict):
            raise ConfigError(
                "E_CONFIG",
                "{path} holds {kind}, not a table of parameters.",
                cure="Download config.json again: it begins with {{.",
                values=dict(path=path, kind=type(value).__name__),
            )
        return cls(path, cast("dict[str, Any]", value), *_slices(text))

    def text(self, changes: dict[str, Any]) -> str:
        """The file with some values changed or added: untouched keys keep place and characters."""
        written = {**self.written, **{key: dumped(value) for key, value in changes.items()}}
        body = ",\n".join(f"  {json.dumps(key, ensure_ascii=False)}: {value}" for key, value in written.items())
        return f"{{\n{body}\n}}\n"


def dumped(value: object) -> str:
    """A value as config files write it, indented to stand at the top level."""
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n  ")


def _slices(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    # The text is known to be one valid table; this walk only finds where each value begins and ends.
    decoder, slices, repeated = json.JSONDecoder(), dict[str, str](), dict[str, None]()
    at = text.index("{") + 1
    while True:
        at = _skip(text, at)
        if text[at] == "}":
            return slices, tuple(repeated)
        key, at = cast("tuple[str, int]", decoder.raw_decode(text, at))
        start = _skip(text, text.index(":", at) + 1)
        _, at = decoder.raw_decode(text, start)
        if key in slices:
            repeated[key] = None
        slices[key] = text[start:at]
        at = _skip(text, at)
        at += text[at] == ","


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
