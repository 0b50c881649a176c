"""Repairing a model on this machine: what is broken or missing is fetched again, and nothing else."""

from __future__ import annotations

import glob
import os
import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from torso.errors import IntegrityError, LimitError, NetworkError, NotFoundError, OfflineError
from torso.hub.checking import Report, check_folder, locate
from torso.hub.destination import Destination, InCache, InFolder
from torso.hub.download_many import open_web, run_jobs
from torso.hub.existing_folder import readable
from torso.hub.file_selection import choose
from torso.hub.git import fetched, get_by_git, places_of
from torso.hub.local.arriving import arriving_in, tidied
from torso.hub.local.git_clone import git_folder, lfs_object
from torso.hub.local.git_objects import files_of, write_blob
from torso.hub.local.hub_cache import Repository
from torso.hub.local.manifest import Evidence, evidence_of
from torso.hub.planning import GetOptions, Places
from torso.hub.remote.servers import find_listing
from torso.hub.remote_file import RemoteFile
from torso.hub.settings import Settings, read_settings
from torso.hub.source import Source, parse_source
from torso.hub.transfer.download import is_right, write_errors
from torso.hub.transfer.http import Web
from torso.hub.transfer.progress import Notices
from torso.io.rooted import Root

_LEAVE = ("E_MISPLACED",)  # a person's files: reported, never moved


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done: the files that were put right, and the report afterwards."""

    fixed: tuple[str, ...]
    report: Report


@readable()
def repair(source: str | os.PathLike[str], *, origin: str | None = None, token: str | bool | None = None) -> Repair:
    """Fetch again what `check` finds broken or missing, each file verified, and check again.

    An object of Git LFS that the clone itself holds is taken from there, without a network.

    Args:
        source: a folder, or the name of a model in a cache.
        origin: the name of the model on a hub, for a folder that does not say what it is.
        token: of the Hub, see `torso.hub.resolve`.

    Raises:
        NotFoundError: E_NO_FOLDER, E_NOT_HERE; E_NO_ORIGIN, nothing says which model the folder holds.
        OfflineError: E_OFFLINE. Others: as `torso.hub.resolve`.
    """
    parsed = parse_source(source)
    folder = locate(parsed)
    report = check_folder(folder, str(parsed))
    evidence = evidence_of(folder)
    broken = {finding.path for finding in report.findings if not (finding.harmless or finding.error.code in _LEAVE)}
    if not broken:
        return Repair((), report)
    known, listed = evidence.files or {}, ()
    fixed = {path for path in sorted(broken) if path in known and _from_clone(folder, known[path])}
    if broken - fixed:
        settings = read_settings()
        name = origin or evidence.source or (str(parsed) if parsed.kind in ("hub", "modelscope", "git") else None)
        if name is None:
            raise NotFoundError(
                "E_NO_ORIGIN",
                "{count} files of {folder} are broken or missing, and nothing in it says which model it is.",
                where="{names}",
                cure="Name the model: torso repair {folder} --from org/name",
                values=dict(count=len(broken), folder=folder, names=", ".join(sorted(broken))),
            )
        if settings.offline:
            raise OfflineError(
                "E_OFFLINE",
                "{count} files of {folder} must be fetched, and no network may be used.",
                where="{names}",
                cure="Unset HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE and TORSO_OFFLINE.",
                values=dict(count=len(broken - fixed), folder=folder, names=", ".join(sorted(broken - fixed))),
            )
        with open_web(settings, token) as web:
            listed = _from_network(folder, parse_source(name), evidence, broken - fixed, settings, web)
    after = check_folder(folder, str(parsed), listed)
    still = {finding.path for finding in after.findings if not finding.harmless}
    return Repair(tuple(sorted(broken - still)), after)


def _from_clone(folder: Path, file: RemoteFile) -> bool:
    """Take a file from the clone itself, where git or Git LFS holds it intact."""
    if git_folder(folder) is None:
        return False
    destination = InFolder(folder)
    with write_errors(folder), destination.locked(threading.Event(), _no_word):
        lfs_copy = lfs_object(folder, file.etag) if file.is_large else None
        if not file.is_large:
            job = destination.job(file, ())
            try:
                write_blob(folder, file, job.target, job.root)
            except (IntegrityError, LimitError, NetworkError):  # the clone has lost this object
                return False
            destination.put([file])
        elif lfs_copy is not None and is_right(lfs_copy, file):
            destination.copy(lfs_copy, file)
        else:
            return False
        destination.clear()
    return True


def _no_word() -> None:
    """Say nothing of waiting for another process."""


def _from_network(
    folder: Path, source: Source, evidence: Evidence, broken: set[str], settings: Settings, web: Web
) -> Collection[str]:
    """Fetch the broken files of a folder from the model's source; return a hub's listing, if one was asked."""
    if source.kind == "git" and folder.parent.name == "snapshots":
        options = GetOptions(include=tuple(glob.escape(path) for path in sorted(broken)), force=True)
        get_by_git(replace(source, revision=evidence.revision), options, settings, web, None)
        return ()
    if source.kind == "git":
        _from_git(folder, replace(source, revision=evidence.revision or source.revision), broken, settings, web)
        return ()
    pinned = evidence.revision if source.kind == "hub" else None
    asked = replace(source, revision=pinned or source.revision)
    listing, places_in = find_listing(asked, settings, web, Notices(quiet=settings.quiet))
    choice = choose(listing.files)
    wanted = broken if evidence.files else {path for path in choice.take if not (folder / path).is_file()} | broken
    files = [listing.files[path] for path in sorted(wanted) if path in listing.files]
    destination: Destination = InFolder(folder, str(asked))
    if folder.parent.name == "snapshots":
        home = folder.parent.parent
        destination = InCache(Repository(home.parent, home.name), folder.name, force=True)
    _fetch(destination, source, files, places_in, settings, web)
    if isinstance(destination, InFolder) and not evidence.files:
        destination.finish(
            listing, [listing.files[path] for path in choice.take if is_right(folder / path, listing.files[path])]
        )
    return listing.files


def _from_git(folder: Path, source: Source, broken: set[str], settings: Settings, web: Web) -> None:
    """Fetch the broken files of a clone from its remote: its commit again, and the objects of Git LFS."""
    destination = InFolder(folder)
    with (
        tidied(folder),
        fetched(source, settings, web, Root(folder), arriving_in(folder)) as (bare, ref, commit),
        write_errors(folder),
        destination.locked(web.cancelled, _no_word),
    ):
        files = [file for file in files_of(bare, commit, source.name).files if file.path in broken]
        for file in files:
            if not file.is_large:
                job = destination.job(file, ())
                write_blob(bare, file, job.target, job.root)
                destination.put([file])
    large = [file for file in files if file.is_large]
    places = places_of(web, source.name, ref, commit, large)
    _fetch(destination, source, large, lambda file: places[file.etag], settings, web)


def _fetch(
    destination: Destination, source: Source, files: list[RemoteFile], places: Places, settings: Settings, web: Web
) -> None:
    same: dict[str, list[RemoteFile]] = {}
    for file in files:
        same.setdefault(file.etag, []).append(file)
    jobs = [destination.job(group[0], places(group[0])) for group in same.values()]
    with write_errors(destination.folder), destination.locked(web.cancelled, _no_word):
        run_jobs(source, jobs, lambda job: destination.put(same[job.file.etag]), settings, web)
        if isinstance(destination, InFolder):
            destination.clear()
