"""Metadata of a GGUF file by key, checked when it is asked for."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, cast

from torso.errors import FileFormatError, UnsupportedError
from torso.io.paths import shown
from torso.weights.gguf import GgufFile
from torso.weights.gguf_names import MIXTURES, NAMINGS, Naming

_MOST_EXPERTS = 1024
"""Twice as many as llama.cpp reads."""


class GgufMetadata:
    """What a GGUF file says of its model.

    Keys that begin with a dot are those of the architecture: ``.block_count`` is ``llama.block_count``.

    Args:
        file: the open file.
        values: its metadata; None for all of it.

    Attributes:
        file: the open file.
        values: its metadata by key.
        architecture: llama.cpp's name of the model's family.

    Raises:
        FileFormatError: E_HEADER, where no architecture is named.
    """

    def __init__(self, file: GgufFile, values: Mapping[str, object] | None = None) -> None:
        self.file = file
        self.values = file.metadata if values is None else values
        self.architecture = ""
        self.architecture = self.text("general.architecture")

    def get(self, key: str) -> object:
        """Return a value as the file has it; None where it has none."""
        return self.values.get(f"{self.architecture}{key}" if key.startswith(".") else key)

    @property
    def experts(self) -> int:
        """How many experts a layer has; 0 where it has none.

        Raises:
            FileFormatError: E_HEADER, for more than any model has.
        """
        if self.get(".expert_count") in (None, 0):
            return 0
        count = self.whole(".expert_count")
        if count > _MOST_EXPERTS:
            raise self.unusable(".expert_count")
        return count

    def naming(self) -> Naming:
        """Return the names of the architecture.

        Raises:
            UnsupportedError: E_UNSUPPORTED, for one that torso does not have.
            FileFormatError: E_HEADER, for a number of experts that no model has.
        """
        known = MIXTURES if self.experts else NAMINGS
        if self.architecture in known:
            return known[self.architecture]
        if self.architecture in NAMINGS:
            raise self.unsupported(".expert_count", self.experts, "0")
        raise self.unsupported("general.architecture", self.architecture, ", ".join({**NAMINGS, **MIXTURES}))

    def without_lists(self) -> GgufMetadata:
        """Return the same without long lists: those of tokens and merges, once a tokenizer is made of them."""
        short = {key: value for key, value in self.values.items() if not _is_long(value)}
        return GgufMetadata(self.file, short)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text.

        Raises:
            FileFormatError: E_HEADER.
        """
        value = self.get(key)
        value = default if value is None else value
        if not isinstance(value, str):
            raise self.unusable(key)
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return a truth value.

        Raises:
            FileFormatError: E_HEADER.
        """
        value = self.get(key)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise self.unusable(key)
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a positive whole number.

        Raises:
            FileFormatError: E_HEADER.
        """
        value = self.get(key)
        value = default if value is None else value
        listed = cast("list[object]", value) if isinstance(value, list) else []
        if listed and listed == listed[:1] * len(listed):  # one for each layer; ours are alike
            value = listed[0]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 31:
            raise self.unusable(key)
        return value

    def real(self, key: str, default: float | None = None) -> float:
        """Return a positive number, the shortest that is stored in the same bits: 1e-5, not 9.999999747378752e-06.

        Raises:
            FileFormatError: E_HEADER.
        """
        value = self.get(key)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e30:
            raise self.unusable(key)
        value = float(value)
        shortest = (float(f"{value:.{digits}g}") for digits in range(1, 10))
        return next((each for each in shortest if struct.pack("<f", each) == struct.pack("<f", value)), value)

    def token(self, key: str) -> int | None:
        """Return the id of a token; None where the file names none.

        Raises:
            FileFormatError: E_HEADER, for an id that is not in the vocabulary.
        """
        value = self.get(key)
        if value is None:
            return None
        tokens = self.get("tokenizer.ggml.tokens")
        count = len(cast("list[object]", tokens)) if isinstance(tokens, list) else 1 << 31
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
            raise self.unusable(key)
        return value

    def items(self, key: str, kind: type) -> list[Any]:
        """Return a list that is not empty, of items of one type.

        Raises:
            FileFormatError: E_HEADER.
        """
        value = self.get(key)
        items = cast("list[object]", value) if isinstance(value, list) else []
        if not items or not all(type(item) is kind for item in items):
            raise self.unusable(key)
        return items

    def rows(self, tensor: str) -> int:
        """Return the first size of a tensor.

        Raises:
            FileFormatError: E_HEADER, where it is not there.
        """
        found = self.file.tensors.get(tensor)
        if found is None or not found.shape or not 0 < found.shape[0] < 1 << 31:
            raise self.unusable(tensor)
        return found.shape[0]

    def unusable(self, key: str) -> FileFormatError:
        """Build the error for a value that is missing or cannot be."""
        return FileFormatError(
            "E_HEADER",
            "{path} does not describe a model: {key} is missing or cannot be.",
            cure="Download it again.",
            values=dict(
                path=shown(self.file.path), key=shown(f"{self.architecture}{key}" if key.startswith(".") else key)
            ),
        )

    def unsupported(self, key: str, value: object, known: str) -> UnsupportedError:
        """Build the error for a value that torso does not read.

        Args:
            key: of the metadata.
            value: what the file has there.
            known: what torso reads.
        """
        return UnsupportedError(
            "E_UNSUPPORTED",
            "{path} says {key} = {value}, which torso does not read. It reads: {known}.",
            cure="Use the model's safetensors, from the repository that the GGUF file was made of.",
            values=dict(
                path=shown(self.file.path),
                key=shown(f"{self.architecture}{key}" if key.startswith(".") else key),
                value=shown(str(value)[:80]),
                known=known,
            ),
        )


def _is_long(value: object) -> bool:
    return isinstance(value, list) and len(cast("list[object]", value)) > 1 << 10
