"""Getting a model: what of it is not here is fetched, verified and put in its place."""

from __future__ import annotations

import os
from collections.abc import Callable

from torso.hub.announcement import announce
from torso.hub.download_many import fetch, open_web
from torso.hub.existing_folder import readable
from torso.hub.local.find import Snapshot, find_local
from torso.hub.local.named_folder import on_this_machine
from torso.hub.planning import GetOptions, Plan, make_plan
from torso.hub.settings import Settings, read_settings
from torso.hub.source import Source, parse_source
from torso.hub.transfer.http import Web
from torso.hub.transfer.progress import Notices


@readable()
def get(
    source: str | os.PathLike[str] | Source,
    options: GetOptions | None = None,
    *,
    settings: Settings | None = None,
    token: str | bool | None = None,
    tell: Callable[[Plan], None] | None = None,
) -> Snapshot:
    """Get a model of a hub: return its folder, each file verified by the hash that the hub's listing names.

    Args:
        source: an id or address, see `torso.hub.source.parse_source`.
        options: what to take and where to put it; None for what makes the model, in the Hub's cache.
        settings: instead of those in force.
        token: see `torso.hub.resolve`.
        tell: called with the plan before the first byte is fetched.

    Raises:
        TorsoError: see `torso.hub.resolve`.
        KeyboardInterrupt: the user stopped it; what has arrived is kept, and a note says how to go on.
    """
    options, settings = options or GetOptions(), settings or read_settings()
    if tell is None and not settings.quiet:
        tell = announce
    parsed = source if isinstance(source, Source) else parse_source(source)
    if parsed.kind in ("folder", "bundled"):
        return on_this_machine(parsed)
    if options.is_plain:
        local = find_local(parsed, settings, settings.source, config_only=options.config_only)
        if local is not None:
            return local
    with open_web(settings, token) as web:
        if parsed.kind == "git":
            from torso.hub.git import get_by_git

            return get_by_git(parsed, options, settings, web, tell)
        plan = plan_of(parsed, options, settings, web)
        if tell is not None:
            tell(plan)
        fetch(plan, settings, web)
    return Snapshot(plan.destination.folder, parsed.name, plan.listing.origin, plan.listing.commit)


@readable()
def plan_of(source: Source, options: GetOptions, settings: Settings, web: Web) -> Plan:
    """Plan getting ``source``; see `make_plan`. For a git repository, what git itself keeps is fetched."""
    if source.kind == "git":
        from torso.hub.git import plan_by_git

        return plan_by_git(source, options, settings, web)
    return make_plan(source, options, settings, web, Notices(quiet=settings.quiet))
