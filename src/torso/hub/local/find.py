"""Where a model's files are: an explicit folder, the Hub's cache, ModelScope's caches, and last the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torso.errors import OfflineError, TorsoError
from torso.hub.file_selection import has_weights
from torso.hub.local.git_clone import git_slug, head_commit
from torso.hub.local.hub_cache import Repository, files_in, repository
from torso.hub.local.lockfile import read_lock
from torso.hub.local.modelscope_cache import find_in_modelscope, modelscope_folders
from torso.hub.remote_file import COMMIT
from torso.hub.settings import Settings
from torso.hub.source import Source
from torso.hub.unread_weights import no_readable_weights


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


def find_local(source: Source, settings: Settings, hub: str, *, config_only: bool = False) -> Snapshot | None:
    """Return the whole model of a hub on this machine, without a request; None where it is not, or not whole."""
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
    """Remove what an unfinished download of ours left, where another tool has brought the content since."""
    if any(home.folder.glob(".git-*.lock")):
        from torso.hub.local.bare_repository import discard_bare

        discard_bare(home.root, home.folder)
    if any((home.folder / "blobs").glob("*.torso-part*")):
        from torso.hub.local.leftovers import all_wanted, discard_stale

        discard_stale(home, all_wanted)


def _may_be_modelscope(source: Source, hub: str) -> bool:
    """Return whether ModelScope's own caches may hold a source: they know no commits, and no other server."""
    if source.kind == "modelscope" or hub.startswith("modelscope"):
        return True
    is_commit = source.revision is not None and COMMIT.fullmatch(source.revision) is not None
    return source.kind == "hub" and hub == "auto" and source.endpoint is None and not is_commit


def homes(source: Source, settings: Settings, hub: str) -> list[Repository]:
    """Return the folders of the Hub's cache in which a source may be: those of the Hub, then of ModelScope."""
    if source.kind == "git":
        return [repository(settings.hub_cache, git_slug(source.name), hub="git")]
    ours = repository(settings.hub_cache, source.name)
    theirs = repository(settings.hub_cache, source.name, hub="ms")
    if source.kind == "modelscope" or hub.startswith("modelscope"):
        return [theirs]
    return [ours] if hub != "auto" or source.endpoint else [ours, theirs]


def revisions(source: Source) -> Sequence[str]:
    """Return the names under which the revision of a source may be kept."""
    if source.revision:
        return [source.revision]
    return ["HEAD"] if source.kind == "git" else ["main", "master"]


def folder_commit(folder: Path) -> str | None:
    """Return the commit of a folder, if it is a snapshot of a cache, a plain copy of ours, or a clone."""
    if folder.parent.name == "snapshots" and COMMIT.fullmatch(folder.name):
        return folder.name
    lock = read_lock(folder)
    return lock.commit if lock else head_commit(folder)


def not_here(
    source: Source, settings: Settings, hub: str, *, config_only: bool = False, missing: Sequence[str] = ()
) -> TorsoError:
    """Return the error for a model that is not here, or not whole, while no network may be used.

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
