"""File type detection for weight files, before any parser runs."""

from __future__ import annotations

from torso.errors import FileFormatError
from torso.io.files import HEAD, refuse_placeholder, sniff
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile

_NAMES = {"safetensors": "model.safetensors", "zip": "pytorch_model.bin", "pickle": "pytorch_model.bin"}
_ARCHIVES = ("gzip", "zstd", "xz", "7z", "tar", "hdf5")


def require_kind(file: ByteFile, *wanted: str) -> str:
    """Return the kind of a weight file by its first bytes: one of those wanted, or ``binary`` if undetermined.

    Raises:
        FileFormatError: E_EMPTY, E_LFS_POINTER, E_NOT_WEIGHTS for a page or a text, E_WRONG_FORMAT for another format.
    """
    head = file.read(0, min(HEAD + 1, file.size))
    kind = sniff(head[:HEAD])
    if kind in wanted or kind == "binary":
        return kind
    refuse_placeholder(file.path, kind, head, "E_NOT_WEIGHTS")
    values = dict(path=shown(file.path), folder=shown(file.path.parent), kind=kind)
    if name := _NAMES.get(kind):
        raise FileFormatError(
            "E_WRONG_FORMAT",
            "{path} is really of the format {kind}.",
            cure="Rename it to {name}, if that is what you want to load.",
            values=values | {"name": name},
        )
    if kind in _ARCHIVES:
        raise FileFormatError(
            "E_WRONG_FORMAT",
            "{path} is really of the format {kind}, which torso does not read.",
            cure="Unpack it if it is an archive, or download the weights again: torso repair {folder}",
            values=values,
        )
    raise FileFormatError(
        "E_NOT_WEIGHTS",
        "{path} holds text, not weights; perhaps an error message was saved in place of the file.",
        cure="Download it again: torso repair {folder}",
        values=values,
    )
