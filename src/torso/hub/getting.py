"""Getting a model: what of it is not here is fetched, verified and put in its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files as package_files
from pathlib import Path

from torso.errors import NotFoundError
from torso.hub.announcement import announce
from torso.hub.download_many import fetch, open_web
from torso.hub.existing_folder import readable
from torso.hub.local.find import Snapshot, find_local, folder_commit, not_here
from torso.hub.planning import Order, Plan, make_plan
from torso.hub.settings import Settings, read_settings
from torso.hub.source import Source, parse_source
from torso.hub.transfer.http import Web
from torso.hub.transfer.progress import Notices
from torso.io.files import shown


@readable()
def get(
    source: str | os.PathLike[str] | Source,
    order: Order | None = None,
    *,
    settings: Settings | None = None,
    token: str | bool | None = None,
    tell: Callable[[Plan], None] | None = None,
) -> Snapshot:
    """The folder of a model of a hub, each of its files verified by the hash that the hub's listing names.

    Args:
        source: an id or address, see `torso.hub.source.parse_source`.
        order: what to take and where to put it; None for what makes the model, in the Hub's cache.
        settings: instead of those in force.
        token: see `torso.hub.resolve`.
        tell: called with the plan before the first byte is fetched.

    Raises:
        TorsoError: see `torso.hub.resolve`.
        KeyboardInterrupt: the user stopped it; what has arrived is kept, and a note says how to go on.
    """
    order, settings = order or Order(), settings or read_settings()
    if tell is None and not settings.quiet:
        tell = announce
    parsed = source if isinstance(source, Source) else parse_source(source)
    if parsed.kind in ("folder", "bundled"):
        return resolve(str(parsed) if parsed.kind == "bundled" else Path(parsed.name))
    if order.is_plain:
        local = find_local(parsed, settings, settings.source, config_only=order.config_only)
        if local is not None:
            return local
    with open_web(settings, token) as web:
        if parsed.kind == "git":
            from torso.hub.git import get_by_git

            return get_by_git(parsed, order, settings, web, tell)
        plan = plan_of(parsed, order, settings, web)
        if tell is not None:
            tell(plan)
        fetch(plan, settings, web)
    return Snapshot(plan.destination.folder, parsed.name, plan.listing.origin, plan.listing.commit)


@readable()
def plan_of(source: Source, order: Order, settings: Settings, web: Web) -> Plan:
    """What getting ``source`` would do; see `make_plan`. For a git repository, what git itself keeps is fetched."""
    if source.kind == "git":
        from torso.hub.git import plan_by_git

        return plan_by_git(source, order, settings, web)
    return make_plan(source, order, settings, web, Notices(quiet=settings.quiet))


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
