"""Sources that are on this machine by what they are: a folder, and a model that torso brings."""

from __future__ import annotations

from pathlib import Path

from torso.errors import NotFoundError
from torso.hub.local.find import Snapshot, folder_commit
from torso.hub.source import Source
from torso.io.files import shown
from torso.weights.folder import CANDIDATES
from torso.weights.gguf_files import ENDING

_BUNDLED = Path(__file__).parents[2] / "bundled"


def on_this_machine(source: Source) -> Snapshot:
    """Return the folder of a source of kind ``folder`` or ``bundled``.

    Raises:
        NotFoundError: E_NOT_A_MODEL, E_NO_BUNDLED.
    """
    return _bundled(source.name) if source.kind == "bundled" else _folder(source)


def _folder(source: Source) -> Snapshot:
    folder = only_gguf(Path(source.name))
    if source.ambiguous and folder.is_dir() and not _looks_like_model(folder):
        raise NotFoundError(
            "E_NOT_A_MODEL",
            "{name} is a folder here, and holds no model; so the name could mean it, or a model of the Hub.",
            cure="For the model of the Hub: hf:{name}   For the folder: ./{name}",
            values=dict(name=shown(source.name)),
        )
    return Snapshot(folder, source.name, "folder", folder_commit(folder))


def only_gguf(folder: Path) -> Path:
    """Return the GGUF file in a folder that holds one, and no other form of a model; else the folder itself."""
    if not folder.is_dir() or any((folder / name).exists() for name in ("config.json", *CANDIDATES)):
        return folder
    found = [path for path in folder.glob("*") if path.suffix.lower() == ENDING]
    return found[0] if len(found) == 1 and found[0].is_file() and not found[0].is_symlink() else folder


def _looks_like_model(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir() if path.is_file()}
    return any(name in names for name in ("config.json", "tokenizer.json", "vocab.txt", "modules.json")) or any(
        name.endswith((".safetensors", ".bin")) for name in names
    )


def _bundled(name: str) -> Snapshot:
    home = _BUNDLED
    known = sorted(path.name for path in home.iterdir() if path.is_dir() and not path.name.startswith("_"))
    if name not in known:
        raise NotFoundError(
            "E_NO_BUNDLED",
            "torso brings no model called {name}.",
            cure="It brings: {known}. For a model of the Hub, leave out torso:",
            values=dict(name=repr(name[:100]), known=", ".join(known) or "-"),
        )
    return Snapshot(home / name, f"torso:{name}", "bundled", None)
