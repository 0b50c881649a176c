"""Index of sharded weights, ``*.index.json``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.errors import FileFormatError, LimitError, NotFoundError
from torso.io.files import read_json
from torso.io.paths import inside, shown

_LARGEST_INDEX = 16 << 20
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """Index of sharded weights: the file of each tensor, the files, and the total bytes if stated."""

    path: Path
    weight_map: dict[str, str]
    shards: dict[str, Path]
    total_size: int | None


def read_index(path: Path) -> ShardIndex:
    """Read the index at ``path``; every file it names must exist inside its folder.

    Raises:
        TorsoError: as `torso.io.files.read_text`.
        FileFormatError: E_INDEX.
        UnsafeFileError: E_UNSAFE_PATH, before anything outside the folder is touched.
        NotFoundError: E_SHARD_MISSING, with all that are missing.
    """
    try:
        index = read_json(path, limit=_LARGEST_INDEX, code="E_INDEX", strict=True)
    except LimitError as error:
        raise FileFormatError(
            "E_INDEX",
            "{path} is too large for an index: {size} bytes, where {limit} hold any model.",
            cure="Download it again: torso repair {folder}",
            values={**error.values, "folder": shown(path.parent)},
        ) from None
    table = cast("dict[str, object]", index) if isinstance(index, dict) else {}
    listed = table.get("weight_map")
    weight_map = cast("dict[str, object]", listed) if isinstance(listed, dict) else {}
    names = {name: file for name, file in weight_map.items() if isinstance(file, str)}
    if not names or len(names) != len(weight_map):
        raise FileFormatError(
            "E_INDEX",
            "{path} is no index of weights: it needs a weight_map from names of tensors to names of files.",
            cure="Download it again: torso repair {folder}",
            values=dict(path=shown(path), folder=shown(path.parent)),
        )
    shards = {file: inside(path.parent, file) for file in sorted(set(names.values()))}
    missing = [shown(file) for file, place in shards.items() if not place.exists()]
    if missing:
        raise NotFoundError(
            "E_SHARD_MISSING",
            "{missing} of {count} weight files named in {path} are missing: {names}.",
            cure="Download them: torso repair {folder}",
            values=dict(
                missing=len(missing),
                count=len(shards),
                path=shown(path),
                names=", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else ""),
                folder=shown(path.parent),
            ),
        )
    return ShardIndex(path, names, shards, _total_size(table.get("metadata")))


def _total_size(metadata: object) -> int | None:
    size = cast("dict[str, object]", metadata).get("total_size") if isinstance(metadata, dict) else None
    return int(size) if isinstance(size, int | float) else None
