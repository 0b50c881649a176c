"""What the name of a model means: its folder, after a download where this machine lacks files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from torso.hub.existing_folder import readable
from torso.hub.local.find import Snapshot, find_local, not_here
from torso.hub.local.named_folder import on_this_machine
from torso.hub.settings import read_settings
from torso.hub.source import parse_source


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
    """Return the folder with a model's files, fetched and verified first where this machine lacks them.

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
    if found.kind in ("folder", "bundled"):
        return on_this_machine(found)
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
    # Here, so that a model on this machine is found without importing what speaks to hubs.
    from torso.hub.getting import get
    from torso.hub.planning import GetOptions

    options = GetOptions(config_only=config_only, force=force_download, update=update)
    return get(found, options, settings=replace(settings, source=chosen), token=token)
