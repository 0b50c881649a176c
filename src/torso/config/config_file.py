"""Lossless ``config.json`` reader: keys in their order, each with the exact characters of its value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torso.config.misnamed import is_of_a_stopped_run, is_of_a_trainer, misnamed_config
from torso.errors import ConfigError, NotFoundError
from torso.io.files import read_text
from torso.io.paths import shown
from torso.io.strict_json import parse_json
from torso.weights.foreign_formats import foreign_weights
from torso.weights.tensor_entry import Note

NEUTRAL: Mapping[str, str] = {
    "_name_or_path": "where the file was once loaded from",
    "transformers_version": "the version of transformers that wrote the file",
    "use_cache": "whether transformers keeps keys and values while generating; torso decides per call",
    "return_dict": "form of transformers' outputs; torso's are always typed",
    "torchscript": "an export mode of transformers",
    "gradient_checkpointing": "a training mode of transformers",
    "chunk_size_feed_forward": "a memory mode of transformers that does not change results",
    "auto_map": "code that comes with the checkpoint: never run by torso",
}
"""Keys that change nothing here and are kept for exact rewriting."""

ALIASES: Mapping[str, str] = {"torch_dtype": "dtype"}
"""Other spellings of a key, kept as the file has them; a family's own are in its config's ``aliases``."""

UNSAID = {0: "LABEL_0", 1: "LABEL_1"}
"""The labels that the Hub's files leave unsaid: two without names; a family's own are in its config's ``unsaid``."""

NEVER_WRITTEN = frozenset({"num_labels"})
"""Fields that the Hub's files say in another way: labels by ``id2label``."""


LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Top level of a config file.

    Attributes:
        path: where it was read.
        values: what each key holds, in the file's order.
        written: the characters of each value, as the file has them.
        repeated: duplicate keys; the last value counts, as in Python's json.
        notes: findings about the file beside those.
    """

    path: Path
    values: dict[str, Any]
    written: dict[str, str]
    repeated: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @classmethod
    def read(cls, path: Path) -> ConfigFile:
        """Read a config file.

        Raises:
            NotFoundError, AccessError, FileFormatError, LimitError: as `torso.io.files.read_text`.
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
            if error.code == "E_MISSING_FILE" and path.name == "config.json" and is_of_a_trainer(path.parent):
                raise NotFoundError(
                    "E_MISSING_FILE",
                    "{path} is not there. Beside these weights transformers' Trainer writes the config of its own "
                    "models alone.",
                    cure="Write all while the trainer is there: trainer.model.save_pretrained({folder}). Later, copy "
                    "config.json from the model that was trained.",
                    values=dict(path=shown(path), folder=repr(shown(path.parent))),
                ) from None
            if error.code == "E_MISSING_FILE" and path.name == "config.json" and is_of_a_stopped_run(path.parent):
                raise NotFoundError(
                    "E_MISSING_FILE",
                    "{folder} holds no model yet: its training was stopped before the first evaluation.",
                    cure="Go on with it: the same torso train, with --resume.",
                    values=dict(folder=shown(path.parent)),
                ) from None
            if error.code == "E_MISSING_FILE" and (foreign := foreign_weights(path.parent)):
                raise foreign from None
            raise

    @classmethod
    def parse(cls, text: str, path: Path) -> ConfigFile:
        """Parse the text of a config file that is already read."""
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
        """Return the file's text with some values changed or added: other keys keep their order and characters."""
        written = {**self.written, **{key: dumped(value) for key, value in changes.items()}}
        body = ",\n".join(f"  {json.dumps(key, ensure_ascii=False)}: {value}" for key, value in written.items())
        return f"{{\n{body}\n}}\n"


def dumped(value: object) -> str:
    """Return the JSON of a value as config files write it, indented for the top level."""
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
