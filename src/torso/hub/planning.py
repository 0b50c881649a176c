"""What getting a model would do: its files, those that are here, and those to fetch."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from torso.errors import DiskError, NotFoundError
from torso.hub.destination import Destination, InCache, InFolder
from torso.hub.file_selection import choose, has_weights
from torso.hub.local.find import homes, not_here, revisions
from torso.hub.local.hub_cache import Repository, files_in
from torso.hub.local.leftovers import arrived
from torso.hub.remote.listing import Listing, require_distinct
from torso.hub.remote.servers import find_listing
from torso.hub.remote_file import RemoteFile
from torso.hub.settings import Settings
from torso.hub.source import Source
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Web
from torso.hub.transfer.progress import Watcher, size_text
from torso.hub.unread_weights import no_readable_weights

Places = Callable[[RemoteFile], tuple[FileUrl, ...]]


@dataclass(frozen=True, slots=True)
class GetOptions:
    """What to get of a model, and where to put it.

    Attributes:
        to: a plain folder to make, instead of the Hub's cache.
        include: patterns of files to take, instead of the choice that makes a model.
        exclude: patterns of files to leave.
        config_only: everything but the weights.
        everything: all files.
        pytorch: weights in PyTorch's own form rather than safetensors.
        force: fetch again what is here; in a plain folder, replace files that differ.
        update: look whether the branch has moved.
    """

    to: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    config_only: bool = False
    everything: bool = False
    pytorch: bool = False
    force: bool = False
    update: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether a whole model in the cache is all that is asked for."""
        return self in (GetOptions(), GetOptions(config_only=True))


@dataclass(frozen=True, slots=True)
class Plan:
    """What getting a model would do.

    Attributes:
        source: what was asked for.
        listing: what a server says it is.
        destination: where its files go.
        take: the files that make it.
        leave: the names of the rest.
        need: those of ``take`` that are not here yet.
        places: for each file, the servers that may have it.
    """

    source: Source
    listing: Listing
    destination: Destination
    take: tuple[RemoteFile, ...]
    leave: tuple[str, ...]
    need: tuple[RemoteFile, ...]
    places: Places

    @property
    def bytes_needed(self) -> int:
        """Bytes to fetch, less what earlier attempts left; a content that has several names counts once."""
        jobs = {file.etag: self.destination.job(file, ()) for file in self.need}
        return sum(max(0, job.file.size - arrived(job.part)) for job in jobs.values())


def make_plan(source: Source, options: GetOptions, settings: Settings, web: Web, watcher: Watcher) -> Plan:
    """Plan getting ``source``; nothing but the listing is fetched.

    Raises:
        TorsoError: no server gives a listing, or what it lists is refused; E_NOTHING, no file is asked for.
    """
    repository = homes(source, settings, settings.source)[0]
    listing, places = _listing(source, options, settings, web, watcher, repository)
    if listing.origin.startswith("modelscope:") and source.kind == "hub":
        repository = homes(replace(source, kind="modelscope"), settings, "modelscope")[0]
    plan = plan_from(source, listing, options, repository, places)
    if settings.offline and plan.need:
        missing = tuple(file.path for file in plan.need)
        raise not_here(source, settings, settings.source, config_only=options.config_only, missing=missing)
    return plan


def plan_from(source: Source, listing: Listing, options: GetOptions, repository: Repository, places: Places) -> Plan:
    """Plan getting the files of a listing.

    Raises:
        TorsoError: E_NOTHING; E_MISSING_WEIGHTS, the repository has none that torso reads; E_UNSAFE_PATH; E_EXISTS, a
            plain folder holds other files under their names.
    """
    choice = choose(
        listing.files,
        config_only=options.config_only,
        everything=options.everything,
        pytorch=options.pytorch,
        include=options.include,
        exclude=options.exclude,
    )
    if not listing.files:
        raise NotFoundError(
            "E_NOTHING",
            "{name} is there, and holds no files.",
            where="{origin}",
            cure="Check the name, or ask for another revision: {name}@REVISION",
            values=dict(name=source.name, origin=listing.origin),
        )
    if not choice.take:
        raise NotFoundError(
            "E_NOTHING",
            "{name} has no file that is asked for. It has: {files}.",
            cure="Name them: --include PATTERN, or --all",
            values=dict(name=source.name, files=", ".join(sorted(listing.files)[:12]) or "-"),
        )
    if not (options.config_only or options.everything or options.include or has_weights(listing.files)):
        raise no_readable_weights(str(source), listing.files, listing.left)
    require_distinct(choice.take, listing.origin)
    take = tuple(listing.files[name] for name in choice.take)
    destination: Destination = (
        InFolder(options.to, str(source), repository, options.force)
        if options.to
        else InCache(repository, listing.commit, options.force, listing.revision)
    )
    need = tuple(file for file in take if destination.needs(file))
    return Plan(source, listing, destination, take, choice.leave, need, places)


def require_space(plan: Plan) -> None:
    """Raise if the disk cannot hold what is to be fetched.

    Raises:
        DiskError: E_DISK_FULL.
    """
    folder = plan.destination.folder
    while not folder.exists():
        folder = folder.parent
    free, need = shutil.disk_usage(folder).free, plan.bytes_needed
    if need > free:
        raise DiskError(
            "E_DISK_FULL",
            "{name} needs {need} more, and the disk of {folder} has {free}. Nothing was fetched.",
            cure="Free some space (see: torso list), or choose another disk: HF_HUB_CACHE, or --to FOLDER",
            values=dict(name=plan.source.name, need=size_text(need), free=size_text(free), folder=folder),
        )


def _listing(
    source: Source, options: GetOptions, settings: Settings, web: Web, watcher: Watcher, repository: Repository
) -> tuple[Listing, Places]:
    """Return the listing to use: the kept one where nothing needs to be asked, else a server's."""
    pinned = None
    if not options.update:
        pinned = next(filter(None, map(repository.commit, revisions(source))), None)
    named = bool(options.include or options.everything or options.pytorch)
    if pinned and not options.force and (settings.offline or not named):
        kept = _kept(repository, pinned, source, whole=named)
        if kept.files and (named or not repository.missing(pinned, config_only=options.config_only)):
            return kept, _no_places
    if settings.offline:
        raise not_here(source, settings, settings.source, config_only=options.config_only)
    is_commit_known = pinned is not None and source.kind == "hub" and "--ms--" not in repository.folder_name
    asked = replace(source, revision=pinned) if is_commit_known and not options.force else source
    listing, places = find_listing(asked, settings, web, watcher)
    return (replace(listing, revision=source.revision or "main") if asked is not source else listing), places


def _kept(repository: Repository, commit: str, source: Source, *, whole: bool) -> Listing:
    """Return the listing of a snapshot that is here: as it was kept, else what is in it, by the names of its blobs.

    Unless the ``whole`` is asked for, without the files that are not here: what makes the model is, and that is enough.
    """
    folder = repository.snapshot(commit)
    present = files_in(folder)
    files = repository.tree(commit) or {name: _blob_of(folder, name) for name in present}
    if not whole:
        files = {name: files[name] for name in files if name in present and repository.blob(files[name].etag).is_file()}
    return Listing("cache", "hub cache", commit, revisions(source)[0], files, True, _no_place)


def _blob_of(folder: Path, name: str) -> RemoteFile:
    path = (folder / name).resolve()
    return RemoteFile(name, path.stat().st_size, path.name, path.name[:40])


def _no_places(_file: RemoteFile) -> tuple[FileUrl, ...]:
    return ()


def _no_place(file: RemoteFile) -> FileUrl:
    raise AssertionError(file.path)
