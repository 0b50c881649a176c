"""Models of git repositories: git fetches what it keeps itself, our own engine fetches the objects of Git LFS.

So git-lfs is not needed, an interrupted object resumes, and each is verified by the SHA-256 that its pointer names.
Only the objects of the files that make the model are fetched, each into its place, with no second copy in ``.git``.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from torso.errors import IntegrityError, NotFoundError
from torso.hub.destination import InCache
from torso.hub.download_many import exclusively, run_jobs, start
from torso.hub.local.arriving import arriving_in, tidied
from torso.hub.local.bare_repository import bare_folder
from torso.hub.local.find import Snapshot, not_here
from torso.hub.local.git_clone import git_slug
from torso.hub.local.git_objects import files_of, write_blob
from torso.hub.local.git_process import GitLimits, run_git
from torso.hub.local.hub_cache import Repository, repository
from torso.hub.planning import GetOptions, Plan, plan_from, require_space
from torso.hub.remote import huggingface
from torso.hub.remote.git_lfs import find_objects
from torso.hub.remote.listing import Listing, checked
from torso.hub.remote.servers import with_retries
from torso.hub.remote_file import RemoteFile
from torso.hub.settings import HUB, MIRROR, Patience, Settings
from torso.hub.source import Source
from torso.hub.transfer.download import write_errors
from torso.hub.transfer.failure import Failure, host_of
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Web
from torso.hub.transfer.locking import locked
from torso.hub.transfer.progress import Notices, waiting
from torso.io.files import shown
from torso.io.rooted import Root

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SERVICE = "/info/refs?service=git-upload-pack"
_REFS = 32 << 20  # bytes of a list of refs


def get_by_git(
    source: Source, options: GetOptions, settings: Settings, web: Web, tell: Callable[[Plan], None] | None
) -> Snapshot:
    """Get a model of a git repository; see `torso.hub.getting.get`.

    Raises:
        NetworkError: E_GIT, git could not fetch it. NotFoundError: E_REVISION, E_LFS_MISSING.
        UnsupportedError: E_NO_GIT. OfflineError: E_OFFLINE. Others: as `torso.hub.getting.get`.
    """
    home = repository(settings.hub_cache, git_slug(source.name), hub="git")
    root, parent = (Root(options.to), arriving_in(options.to)) if options.to else (home.root, home.folder)
    with (
        tidied(options.to) if options.to else nullcontext(),
        _planned(source, options, settings, web, home, root, parent) as (plan, bare, ref),
    ):
        if tell is not None:
            tell(plan)
        with exclusively(plan, settings, web) as plan:
            _check_out(plan, bare, ref, settings, web)
    return Snapshot(plan.destination.folder, source.name, f"git+{source.name}", plan.listing.commit)


def plan_by_git(source: Source, options: GetOptions, settings: Settings, web: Web) -> Plan:
    """Plan getting a model of a git repository; git's own part of it is fetched, and discarded.

    Raises:
        TorsoError: as `get_by_git`.
    """
    home = repository(settings.hub_cache, git_slug(source.name), hub="git")
    with (
        tempfile.TemporaryDirectory(prefix="torso-", ignore_cleanup_errors=True) as parent,
        _planned(source, options, settings, web, home, Root(Path(parent)), Path(parent)) as (plan, _, _),
    ):
        return plan


@contextmanager
def _planned(
    source: Source, options: GetOptions, settings: Settings, web: Web, home: Repository, root: Root, parent: Path
) -> Generator[tuple[Plan, Path, str]]:
    """Yield the plan, a bare repository in ``parent`` with what git itself keeps, and the ref it was asked by."""
    if settings.offline:
        raise not_here(source, settings, settings.source, config_only=options.config_only)
    with fetched(source, settings, web, root, parent) as (bare, ref, commit):
        yield plan_from(source, _listing(source, bare, commit), options, home, _no_places), bare, ref


@contextmanager
def fetched(source: Source, settings: Settings, web: Web, root: Root, parent: Path) -> Generator[tuple[Path, str, str]]:
    """Yield a bare repository in ``parent`` with one commit of a source, the ref it was asked by, and the commit.

    The repository is removed when the block ends.

    Args:
        source: the repository to fetch from.
        settings: how long to wait, and whether to say so.
        web: the network, which judges the redirects of its server.
        root: the folder below which no link is followed.
        parent: where to fetch into; ``root`` or a folder below it.

    Raises:
        TorsoError: as `get_by_git`.
    """
    with bare_folder(root, parent) as bare:
        ref, commit = _fetch(bare, source, settings, web)
        yield bare, ref, commit


def places_of(
    web: Web, address: str, ref: str, commit: str, files: list[RemoteFile]
) -> Mapping[str, tuple[FileUrl, ...]]:
    """Return the download addresses of a repository's Git LFS objects, by SHA-256; on the Hub, its own too.

    Raises:
        TorsoError: the host's batch API does not say.
    """
    try:
        found = with_retries(lambda: find_objects(web, address, ref, files), web, Notices(quiet=True))
    except Failure as failure:
        raise failure.error from None
    parts = urlsplit(address)
    endpoint = f"{parts.scheme}://{parts.netloc}"
    if endpoint not in (HUB, MIRROR):
        return {oid: (place,) for oid, place in found.items()}
    name = parts.path.strip("/").removesuffix(".git")
    return {file.etag: (found[file.etag], huggingface.place(endpoint, name, commit, file)) for file in files}


def _fetch(bare: Path, source: Source, settings: Settings, web: Web) -> tuple[str, str]:
    """Fetch one commit into an empty repository; return the ref it was asked by, and the commit."""
    address = _resolved_address(web, source.name)
    protocol = urlsplit(address).scheme
    notices = Notices(quiet=settings.quiet, always=True)
    patience, host = settings.patience, host_of(address)
    run_git(bare, "init", "--bare", "--quiet", "--template=", ".")
    revision = source.revision
    if revision and _COMMIT.fullmatch(revision):
        ref = revision
    else:
        limits = GitLimits(_REFS, seconds=patience.listing, silence=patience.listing)
        with waiting(notices, "waiting for {host} to list its branches and tags", {"host": host}):
            listed = run_git(bare, "ls-remote", "--symref", "--", address, protocol=protocol, limits=limits)
        ref = _choose_ref(listed, source)
    options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules")
    limits = GitLimits(_REFS, seconds=float("inf"), silence=patience.listing)
    with waiting(notices, "waiting for {host} to send what git keeps of the repository", {"host": host}):
        command = ("fetch", *options, "--", address, ref)
        run_git(bare, *command, protocol=protocol, limits=limits, progress=_Growth(bare, patience).steps)
    return ref, run_git(bare, "rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}").decode().strip()


class _Growth:
    """Whether a fetch comes along: one step more for each amount of bytes that counts as progress."""

    def __init__(self, bare: Path, patience: Patience) -> None:
        self._packs = bare / "objects" / "pack"
        self._step = max(1, int(patience.minimum_rate * patience.listing))

    def steps(self) -> int:
        """Whole steps that have arrived."""
        try:
            return sum(entry.stat().st_size for entry in os.scandir(self._packs)) // self._step
        except OSError:  # not made yet, or renamed meanwhile
            return 0


def _resolved_address(web: Web, address: str) -> str:
    """Return the address that a repository has after its server's redirects, each judged as every redirect is.

    git itself follows none. Where no answer comes git is left to say why: it may know certificates and passwords that
    torso does not.

    Raises:
        ServerAnswerError: E_REDIRECT.
    """
    try:
        answer = web.open(address.removesuffix("/") + _SERVICE, {})
    except Failure as failure:
        if failure.error.code == "E_REDIRECT":
            raise failure.error from None
        return address
    answer.close(drain=False)
    return answer.url.removesuffix(_SERVICE) if answer.hops and answer.url.endswith(_SERVICE) else address


def _choose_ref(listed: bytes, source: Source) -> str:
    """Return the ref that a revision means: a branch, else a tag; without one, HEAD's, else main, master or the only.

    Raises:
        NotFoundError: E_REVISION.
    """
    lines = [line.split("\t", 1) for line in listed.decode(errors="replace").split("\n") if "\t" in line]
    kinds = ("refs/heads/", "refs/tags/")
    refs = [name for _, name in lines if name.startswith(kinds) and not name.endswith("^{}")]
    branches = [ref for ref in refs if ref.startswith("refs/heads/")]
    if source.revision:
        wanted = [f"refs/heads/{source.revision}", f"refs/tags/{source.revision}"]
    else:
        wanted = [
            target.removeprefix("ref: ") for target, name in lines if name == "HEAD" and target.startswith("ref: ")
        ]
        wanted += ["refs/heads/main", "refs/heads/master", *(branches if len(branches) == 1 else [])]
    for ref in wanted:
        if ref in refs:
            return ref
    raise NotFoundError(
        "E_REVISION",
        "{name} is on {host}, but has no revision {revision}.",
        where="It has: {known}.",
        cure="Name one of these, or the 40 digits of a commit: {name}@main",
        values=dict(
            name=source.name,
            host=host_of(source.name),
            revision=source.revision or "HEAD",
            known=", ".join(shown(ref.split("/", 2)[2][:100]) for ref in refs[:8]) or "-",
        ),
    )


def _listing(source: Source, bare: Path, commit: str) -> Listing:
    tree = files_of(bare, commit, host_of(source.name))
    for path in tree.lost:
        raise IntegrityError(
            "E_GIT",
            "{host} did not send {path} of {name}, although it is of this commit.",
            cure="Get the model from another place: torso get org/name --source hf",
            values=dict(host=host_of(source.name), path=shown(path[:200]), name=source.name),
        )
    try:
        files = checked(tree.files, source.name)
    except Failure as failure:
        raise failure.error from None
    return Listing(
        server=host_of(source.name),
        origin=f"git+{source.name}",
        commit=commit,
        revision=source.revision or "HEAD",
        files=files,
        private=True,
        place=_no_url,
        left=tree.left,
    )


def _check_out(plan: Plan, bare: Path, ref: str, settings: Settings, web: Web) -> None:
    """Put git's files in place, and fetch the objects of Git LFS."""
    require_space(plan)
    with write_errors(plan.destination.folder):
        start(plan)
        same: dict[str, list[RemoteFile]] = {}
        for file in plan.need:
            same.setdefault(file.etag, []).append(file)
        for files in same.values():
            if not files[0].is_large:
                job = plan.destination.job(files[0], ())
                with locked(job.lock, web.cancelled, lambda: None, job.root):
                    write_blob(bare, files[0], job.target, job.root)
                plan.destination.put(files)
    large = [files[0] for files in same.values() if files[0].is_large]
    places = places_of(web, plan.source.name, ref, plan.listing.commit, large)
    jobs = [plan.destination.job(file, places[file.etag]) for file in large]
    run_jobs(plan.source, jobs, lambda job: plan.destination.put(same[job.file.etag]), settings, web)
    plan.destination.finish(plan.listing, plan.take)
    if isinstance(plan.destination, InCache):
        plan.destination.repository.write_address(plan.source.name)


def _no_places(_file: RemoteFile) -> tuple[FileUrl, ...]:
    return ()


def _no_url(file: RemoteFile) -> FileUrl:
    raise AssertionError(file.path)
