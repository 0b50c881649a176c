"""Weight file candidates of a folder, and the error for a folder without one."""

from __future__ import annotations

import os
import re
from pathlib import Path

from torso.errors import AccessError, FileFormatError, NotFoundError, TorsoError
from torso.io.paths import inside, shown
from torso.weights.foreign_formats import foreign_weights

INDEX_ENDING = ".index.json"
CANDIDATES = (
    "model.safetensors",
    "model.safetensors" + INDEX_ENDING,
    "pytorch_model.bin",
    "pytorch_model.bin" + INDEX_ENDING,
)
_SHOWN = 20
_UNFINISHED = re.compile(r".+\.(crdownload|part|partial|download|incomplete|opdownload|aria2|tmp|!ut)", re.IGNORECASE)
_SECOND_COPY = re.compile(r".+\(\d+\)\.(safetensors|bin|json)", re.IGNORECASE)


def find_candidates(folder: Path) -> list[Path]:
    """Return the files of `CANDIDATES` that exist, in the order in which they are tried.

    Raises:
        NotFoundError: E_MISSING_FOLDER.
        AccessError: E_ACCESS: no folder, or one that may not be read.
        UnsafeFileError: E_UNSAFE_PATH: a link out of the folder, a FIFO, a device.
    """
    present = _names(folder)
    return [inside(folder, name) for name in CANDIDATES if name in present]


def no_weights(folder: Path) -> TorsoError:
    """Build the error for a folder with none of `CANDIDATES`: an interrupted download, a wrong name, or nothing."""
    present = sorted(_names(folder))
    values = dict(folder=shown(folder), found=_listed(present), wanted=" / ".join(CANDIDATES))
    leftovers = [name for name in present if _UNFINISHED.fullmatch(name) or _SECOND_COPY.fullmatch(name)]
    if leftovers:
        return FileFormatError(
            "E_PARTIAL_DOWNLOAD",
            "No weights in {folder}, but leftovers of a download that stopped or was repeated: {leftovers}.",
            cure="Finish it: torso repair {folder}   (a whole file needs only its right name: model.safetensors)",
            values=values | {"leftovers": _listed(leftovers)},
        )
    for name in present:
        meant = name.lower().removesuffix(".txt")
        if meant in CANDIDATES:
            return NotFoundError(
                "E_MISSING_WEIGHTS",
                "No weights in {folder}, but a file named {name}.",
                cure="Rename it to {meant}.",
                values=values | {"name": shown(name), "meant": meant},
            )
    foreign = foreign_weights(folder)
    if foreign is not None:
        return foreign
    return NotFoundError(
        "E_MISSING_WEIGHTS",
        "No weights in {folder}. Wanted: {wanted}. There: {found}.",
        cure="Download them: torso repair {folder}",
        values=values,
    )


def _names(folder: Path) -> set[str]:
    values = dict(folder=shown(folder))
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        raise NotFoundError(
            "E_MISSING_FOLDER",
            "The folder {folder} is not there.",
            cure="Check the path.",
            values=values,
        ) from None
    except NotADirectoryError:
        raise AccessError(
            "E_ACCESS",
            "{folder} is a file; a model is a folder with a config, a tokenizer and weights.",
            cure="Name the folder that the file is in.",
            values=values,
        ) from None
    except (OSError, ValueError) as error:
        raise AccessError(
            "E_ACCESS",
            "The folder {folder} cannot be read: {reason}.",
            cure="Check its permissions.",
            values=values | {"reason": str(getattr(error, "strerror", None) or error)},
        ) from None


def _listed(names: list[str]) -> str:
    if not names:
        return "-"
    return ", ".join(shown(name) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
