"""A GGUF file as the folder of a model: the files that it holds, made of its metadata when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from torso.io.embedded_files import register
from torso.weights.gguf import GgufFile
from torso.weights.gguf_metadata import GgufMetadata

ENDING = ".gguf"
_OF_VOCABULARY = ("tokenizer.json", "tokenizer.model", "vocab.txt", "tokenizer_config.json")
_OF_CONFIG = ("config.json", "generation_config.json", "modules.json", "1_Pooling/config.json")


class GgufModel:
    """The model of an open GGUF file.

    Args:
        path: the file.

    Attributes:
        metadata: what the file says; lists of tokens only until the tokenizer's files are made.

    Raises:
        TorsoError: as `GgufFile` and `GgufMetadata`.
    """

    def __init__(self, path: Path) -> None:
        self.metadata = GgufMetadata(GgufFile(path))
        self._of_config: Mapping[str, bytes] | None = None
        self._of_vocabulary: Mapping[str, bytes] | None = None

    def embedded(self, name: str) -> bytes | None:
        """Return a file of the model, as the Hub has it; None where there is none of this name.

        Raises:
            UnsupportedError, FileFormatError: the metadata describes no model, or none that torso has.
        """
        if name in _OF_CONFIG:
            return self._configs().get(name)
        return self._vocabulary().get(name) if name in _OF_VOCABULARY else None

    def _configs(self) -> Mapping[str, bytes]:
        if self._of_config is None:
            from torso.config.gguf_config import config_of, generation_of, pooling_of

            said = self.metadata
            made: dict[str, object] = {"config.json": config_of(said), **pooling_of(said)}
            if (generation := generation_of(said)) is not None:
                made["generation_config.json"] = generation
            self._of_config = {name: json.dumps(value, indent=2).encode() for name, value in made.items()}
        return self._of_config

    def _vocabulary(self) -> Mapping[str, bytes]:
        said = self.metadata  # another thread may replace it, once the files are there
        if self._of_vocabulary is None:
            from torso.text.gguf_vocabulary import tokenizer_files

            self._configs()  # which asks for ids of tokens
            self._of_vocabulary = tokenizer_files(said)
            self.metadata = said.without_lists()
            said.file.metadata = dict(self.metadata.values)
        return self._of_vocabulary


def open_gguf(path: Path) -> GgufModel:
    """Return the model of a GGUF file; the file that was opened last is not read again while it is unchanged.

    Raises:
        TorsoError: as `GgufModel`.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        return GgufModel(path)  # which says what is wrong with it
    return _opened(path.absolute(), (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=1)
def _opened(path: Path, identity: tuple[int, ...]) -> GgufModel:
    return GgufModel(path)


register(ENDING, lambda path, name: open_gguf(path).embedded(name))
