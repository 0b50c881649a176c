"""Where a model's files are: an explicit folder, the Hub's cache, ModelScope's caches, and last the network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files as package_files
from pathlib import Path

from torso.errors import NotFoundError, OfflineError, TorsoError
from torso.files import shown
from torso.hub.cache import COMMIT, Repository, files_in, repository
from torso.hub.choice import has_weights
from torso.hub.clone import git_slug, head_commit
from torso.hub.folders import readable
from torso.hub.lockfile import read_lock
from torso.hub.modelscope_cache import find_in_modelscope, modelscope_folders
from torso.hub.settings import Settings, read_settings
from torso.hub.source import Source, parse_source
from torso.hub.unread import no_readable_weights


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a model on this machine.

    Attributes:
        folder: where they are.
        name: the model's id; for a folder, its path.
        origin: where they were found or came from, in words: ``folder``, ``bundled``, ``hub cache``,
            ``modelscope cache``, or the address of the server that gave them.
        revision: the commit, where it is known.
    """

    folder: Path
    name: str
    origin: str
    revision: str | None


@readable()
def resolve(
    source: str | os.PathLike[str],
    *,
    revision: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
    token: str | bool | None = None,
    force_download: bool = False,
    hub: str = "auto",
    update: bool = False,
    config_only: bool = False,
) -> Snapshot:
    """The folder with a model's files, fetched and verified first where this machine lacks them.

    A complete local copy means no request at all: a branch stays at the commit it was when it was first fetched, until
    ``update``.

    Args:
        source: see `parse_source`.
        revision: branch, tag or commit; None for the repository's default branch.
        cache_dir: a cache in the Hub's layout, instead of the one that the environment names.
        local_files_only: never use a network, as ``HF_HUB_OFFLINE=1``.
        token: of the Hub; True requires one, False sends none, None uses the one this machine is logged in with.
        force_download: fetch every file again.
        hub: ``auto``, ``hf``, ``hf-mirror``, ``modelscope``, or the address of a server in the Hub's form.
        update: look whether the branch has moved, and fetch what changed.
        config_only: everything but the weights.

    Raises:
        NotFoundError: E_NO_FOLDER, E_NO_BUNDLED, E_NOT_A_MODEL; E_REPO_NOT_FOUND and others of its kind from a hub.
        OfflineError: E_OFFLINE, the model is not here and no network may be used.
        NetworkError, ServerAnswerError, IntegrityError, DiskError, AccessError: the model could not be fetched.
    """
    found = parse_source(source, revision)
    if found.kind == "folder":
        return _folder(found)
    if found.kind == "bundled":
        return _bundled(found.name)
    settings = read_settings()
    if cache_dir is not None:
        settings = replace(settings, hub_cache=Path(os.fspath(cache_dir)).expanduser())
    chosen = settings.source if hub == "auto" else hub
    offline = local_files_only or settings.offline
    if offline or not (update or force_download):
        local = find_local(found, settings, chosen, config_only=config_only)
        if local is not None:
            return local
    if offline:
        raise not_here(found, settings, chosen, config_only=config_only)
    from torso.hub.getting import get
    from torso.hub.planning import Order

    order = Order(config_only=config_only, force=force_download, update=update)
    return get(found, order, settings=replace(settings, source=chosen), token=token)


def find_local(source: Source, settings: Settings, hub: str, *, config_only: bool = False) -> Snapshot | None:
    """The whole model of a hub on this machine, without a request; None where it is not, or not whole."""
    for home in homes(source, settings, hub):
        for revision in revisions(source):
            commit = home.commit(revision)
            if commit and not home.missing(commit, config_only=config_only):
                _tidy(home)
                return Snapshot(home.snapshot(commit), source.name, "hub cache", commit)
    if not _may_be_modelscope(source, hub):
        return None
    folder = find_in_modelscope(settings.modelscope_cache, source.name, source.revision, config_only=config_only)
    return Snapshot(folder, source.name, "modelscope cache", None) if folder else None


def _tidy(home: Repository) -> None:
    """Removes what an unfinished download of ours left, where another tool has brought the content since."""
    if any(home.folder.glob(".git-*.lock")):
        from torso.hub.bare import discard_bare

        discard_bare(home.root, home.folder)
    if any((home.folder / "blobs").glob("*.torso-part*")):
        from torso.hub.leftovers import discard_stale, everybody

        discard_stale(home, everybody)


def _may_be_modelscope(source: Source, hub: str) -> bool:
    """Whether ModelScope's own caches may hold what a source means: they know no commits, and no other server."""
    if source.kind == "modelscope" or hub.startswith("modelscope"):
        return True
    is_commit = source.revision is not None and COMMIT.fullmatch(source.revision) is not None
    return source.kind == "hub" and hub == "auto" and source.endpoint is None and not is_commit


def homes(source: Source, settings: Settings, hub: str) -> list[Repository]:
    """The folders of the Hub's cache in which a source may be: what came from the Hub first, then from ModelScope."""
    if source.kind == "git":
        return [repository(settings.hub_cache, git_slug(source.name), hub="git")]
    ours = repository(settings.hub_cache, source.name)
    theirs = repository(settings.hub_cache, source.name, hub="ms")
    if source.kind == "modelscope" or hub.startswith("modelscope"):
        return [theirs]
    return [ours] if hub != "auto" or source.endpoint else [ours, theirs]


def revisions(source: Source) -> Sequence[str]:
    """The names under which the revision of a source may be kept."""
    if source.revision:
        return [source.revision]
    return ["HEAD"] if source.kind == "git" else ["main", "master"]


def _folder(source: Source) -> Snapshot:
    folder = Path(source.name)
    if source.bare and not _looks_like_model(folder):
        raise NotFoundError(
            "E_NOT_A_MODEL",
            "{name} is a folder here, and holds no model; so the name could mean it, or a model of the Hub.",
            cure="For the model of the Hub: hf:{name}   For the folder: ./{name}",
            values=dict(name=shown(source.name)),
        )
    return Snapshot(folder, source.name, "folder", folder_commit(folder))


def _looks_like_model(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir() if path.is_file()}
    return any(name in names for name in ("config.json", "tokenizer.json", "vocab.txt", "modules.json")) or any(
        name.endswith((".safetensors", ".bin")) for name in names
    )


def folder_commit(folder: Path) -> str | None:
    """The commit whose files a folder holds, where it is a snapshot of a cache, a plain copy of ours, or a clone."""
    if folder.parent.name == "snapshots" and COMMIT.fullmatch(folder.name):
        return folder.name
    lock = read_lock(folder)
    return lock.commit if lock else head_commit(folder)


def _bundled(name: str) -> Snapshot:
    home = Path(str(package_files("torso.bundled")))
    known = sorted(path.name for path in home.iterdir() if path.is_dir() and not path.name.startswith("_"))
    if name not in known:
        raise NotFoundError(
            "E_NO_BUNDLED",
            "torso brings no model called {name}.",
            cure="It brings: {known}. For a model of the Hub, leave out torso:",
            values=dict(name=repr(name[:100]), known=", ".join(known) or "-"),
        )
    return Snapshot(home / name, f"torso:{name}", "bundled", None)


def not_here(
    source: Source, settings: Settings, hub: str, *, config_only: bool = False, missing: Sequence[str] = ()
) -> TorsoError:
    """The error for a model that is not here, or not whole, while no network may be used.

    Args:
        source: what was asked for.
        settings: where it was looked for.
        hub: the source that is chosen.
        config_only: whether the weights are not wanted.
        missing: the files that are, where more was asked for than what makes the model.
    """
    last = source.name.rpartition("/")[2]
    for home in homes(source, settings, hub):
        for revision in revisions(source):
            commit = home.commit(revision)
            if commit and files_in(home.snapshot(commit)):
                tree = home.tree(commit)
                if tree and not (config_only or missing or has_weights(tree)):
                    return no_readable_weights(source.name, tree)
                return OfflineError(
                    "E_OFFLINE",
                    "{name} is only partly on this machine, and no network may be used. Missing: {missing}.",
                    where="{folder}",
                    cure="On a connected machine: torso get {name} --to {last}   then copy it here and use ./{last}",
                    values=dict(
                        name=source.name,
                        last=last,
                        missing=", ".join(missing or home.missing(commit, config_only=config_only)),
                        folder=home.snapshot(commit),
                    ),
                )
    looked = [home.folder for home in homes(source, settings, hub)]
    if _may_be_modelscope(source, hub) and "/" in source.name:
        looked += modelscope_folders(settings.modelscope_cache, source.name, source.revision)[:1]
    return OfflineError(
        "E_OFFLINE",
        "{name} is not on this machine, and no network may be used.",
        where="Looked in: {looked}.",
        cure="On a connected machine: torso get {name} --to {last}   then copy it here and use ./{last}",
        values=dict(name=source.name, last=last, looked=", ".join(str(path) for path in looked)),
    )
