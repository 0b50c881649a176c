"""What a browser, a broken download or a clone without git-lfs makes of a repository, and its description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.config.misnamed import misnamed_config
from torso.errors import FileFormatError, NotFoundError, TorsoError
from torso.hub.transfer.progress import size_text
from torso.io.files import HEAD, inside, lfs_pointer, read_json, shown, sniff

_LEFTOVERS = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".incomplete", ".aria2", ".tmp")
_COPY = re.compile(r"(.+?) ?\((\d+)\)(\.[\w.]+)")
_KNOWN = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_SMALL = 16 << 20
_PAGES = (".html", ".htm", ".xml", ".svg")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file of a model: which one, and what, as the error it would be.

    Attributes:
        path: the file.
        error: what is wrong with it.
        harmless: the model works all the same, such as with what a browser left beside a whole file.
    """

    path: str
    error: TorsoError
    harmless: bool = False


def look_at(folder: Path, path: str) -> Finding | None:
    """Return what is wrong with a file by its first bytes alone: empty, a pointer of Git LFS, a web page, not JSON."""
    try:
        place = inside(folder, path)
        with place.open("rb") as file:
            head = file.read(HEAD + 1)
    except TorsoError as error:
        return Finding(path, error)
    except OSError as error:
        return Finding(
            path, _error(folder, path, "E_ACCESS", "{path} cannot be read: {reason}.", reason=error.strerror)
        )
    kind = sniff(head[:HEAD])
    if kind == "lfs-pointer":
        pointer = lfs_pointer(head)
        return Finding(
            path,
            _error(
                folder,
                path,
                "E_LFS_POINTER",
                "{path} is a Git LFS pointer ({here} bytes); the file itself ({size}) was never downloaded.",
                here=place.stat().st_size,
                size=size_text(pointer.size) if pointer else "?",
            ),
        )
    if kind == "html" and not path.endswith(_PAGES):
        return Finding(path, _error(folder, path, "E_WEB_PAGE", "{path} is a web page that was saved under this name."))
    if path.endswith(".json") and place.stat().st_size <= _SMALL:
        try:
            read_json(place, limit=_SMALL, code="E_JSON")
        except TorsoError as error:
            return Finding(path, error)
    return None


def misplaced(folder: Path, names: set[str]) -> Iterator[Finding]:
    """Yield misplaced or misnamed files: unfinished downloads, second copies, changed endings and capitals."""
    lower = {known.lower(): known for known in _KNOWN}
    config = misnamed_config(folder)
    if config is not None and config.lower().removesuffix(".txt") != "config.json" and not _COPY.fullmatch(config):
        what = "{path} has another name than the model's file {meant}."
        yield Finding(config, _rename(folder, config, "config.json", what))
    for name in sorted(names):
        base = name.rpartition("/")[2]
        ending = next((end for end in _LEFTOVERS if base.lower().endswith(end)), None)
        if ending:
            what = "{path} is what a browser or tool left of an unfinished download."
            yield _clutter(folder, name, "E_PARTIAL_DOWNLOAD", what)
            continue
        copy = _COPY.fullmatch(base)
        if copy:
            yield _second_copy(folder, name, copy[1] + copy[3], names)
            continue
        plain = base.removesuffix(".txt") if base != "vocab.txt" else base
        meant = lower.get(plain.lower()) or lower.get(base.lower())
        if meant and base != meant and meant not in names and "/" not in name:
            yield Finding(
                name,
                _rename(folder, name, meant, "{path} has another name than the model's file {meant}."),
            )


def _second_copy(folder: Path, name: str, meant: str, names: set[str]) -> Finding:
    """Judge a browser's ``config (1).json``: of another folder of the repository, or the same file twice."""
    if meant == "config.json" and _is_pooling(folder / name):
        target = "1_Pooling/config.json"
        if target not in names:
            return Finding(
                name,
                _rename(folder, name, target, "{path} is the pooling of a sentence model, and belongs into {meant}."),
            )
    if meant not in names:
        return Finding(name, _rename(folder, name, meant, "{path} has another name than the model's file {meant}."))
    return _clutter(folder, name, "E_MISPLACED", "{path} was downloaded when {meant} was already there.", meant=meant)


def _clutter(folder: Path, name: str, code: str, what: str, **values: object) -> Finding:
    cure = "No loader reads it. Delete it when you like: {file}"
    error = FileFormatError(code, what, cure=cure, values=dict(path=shown(name), file=shown(folder / name)) | values)
    return Finding(name, error, harmless=True)


def overwritten(folder: Path, names: set[str]) -> Iterator[Finding]:
    """Yield a config.json of another folder that was saved over the model's."""
    if "config.json" in names and _is_pooling(folder / "config.json"):
        yield Finding(
            "config.json",
            _rename(
                folder,
                "config.json",
                "1_Pooling/config.json",
                "{path} is the pooling of a sentence model, and belongs into {meant}; the model's own is missing.",
            ),
        )


def _is_pooling(path: Path) -> bool:
    try:
        value = read_json(path, limit=_SMALL, code="E_JSON")
    except TorsoError:
        return False
    keys = set(cast("dict[str, object]", value)) if isinstance(value, dict) else set[str]()
    return "word_embedding_dimension" in keys or any(key.startswith("pooling_mode") for key in keys)


def missing_file(folder: Path, path: str) -> Finding:
    """Return the finding for a file that is not there."""
    error = NotFoundError(
        "E_MISSING_FILE",
        "{path} is missing.",
        cure="Run: torso repair {folder}",
        values=dict(path=shown(path), folder=shown(folder)),
    )
    return Finding(path, error)


def _rename(folder: Path, name: str, meant: str, what: str) -> TorsoError:
    return FileFormatError(
        "E_MISPLACED",
        what,
        cure="Rename it: {source} to {target}",
        values=dict(
            path=shown(name),
            meant=meant,
            source=shown(folder / name),
            target=shown(folder / meant),
            folder=shown(folder),
        ),
    )


def _error(folder: Path, path: str, code: str, what: str, **values: object) -> TorsoError:
    return FileFormatError(
        code,
        what,
        cure="Run: torso repair {folder}",
        values=dict(path=shown(path), folder=shown(folder)) | values,
    )
