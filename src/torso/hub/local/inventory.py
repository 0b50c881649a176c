"""Every model on this machine, across the caches: size, source, revision, what it lacks, last use; and removal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torso.errors import InputError, NotFoundError
from torso.hub.existing_folder import readable
from torso.hub.local.bare_repository import discard_bare
from torso.hub.local.git_clone import git_slug
from torso.hub.local.hub_cache import Repository, absent_in, files_in
from torso.hub.local.leftovers import discard_stale
from torso.hub.local.removing import discard_removed, remove_folder, remove_repository, remove_revision, removing
from torso.hub.remote_file import COMMIT
from torso.hub.settings import Settings, read_settings
from torso.hub.source import Source, parse_source
from torso.hub.transfer.locking import locked_if_free
from torso.io.rooted import Root


@dataclass(frozen=True, slots=True)
class Model:
    """One revision of a model on this machine.

    Attributes:
        name: what to call it in other commands.
        cache: ``hub`` or ``modelscope``: whose cache it is in.
        folder: its files.
        commit: None where the cache does not say.
        refs: branches and tags that mean it.
        size: bytes of its files; files shared with another revision count in both.
        missing: files it lacks.
        used: when a file of it was last read, in seconds since 1970; where the system keeps that, else when it came.
    """

    name: str
    cache: str
    folder: Path
    commit: str | None
    refs: tuple[str, ...]
    size: int
    missing: tuple[str, ...]
    used: float

    def as_dict(self) -> dict[str, object]:
        """Return the model in plain values, for JSON."""
        return {
            "name": self.name,
            "cache": self.cache,
            "folder": str(self.folder),
            "commit": self.commit,
            "refs": list(self.refs),
            "size": self.size,
            "missing": list(self.missing),
            "used": self.used,
        }


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing would delete, or has deleted: the models, and the bytes that no other revision needs."""

    models: tuple[Model, ...]
    files: tuple[Path, ...]
    freed: int


@readable()
def models(settings: Settings | None = None) -> list[Model]:
    """Return every model on this machine, by name; no request is made."""
    settings = settings or read_settings()
    found = [*_in_hub_cache(settings.hub_cache), *_in_modelscope_cache(settings.modelscope_cache)]
    return sorted(found, key=lambda model: (model.name, model.cache, model.refs, model.commit or ""))


@readable()
def remove(name: str, *, revision: str | None = None, dry_run: bool = False) -> Removal:
    """Delete a model from the Hub's cache: its snapshots, and the contents that no other revision shares.

    Args:
        name: as `models` gives it.
        revision: only this branch, tag or commit.
        dry_run: delete nothing.

    Raises:
        NotFoundError: E_NOT_HERE. InputError: E_IN_USE, a process is fetching it; E_SOURCE.
        AccessError: E_ACCESS.
    """
    source = parse_source(name, revision)
    if source.kind in ("folder", "bundled"):
        raise InputError(
            "E_SOURCE",
            "{name} is a folder of yours; only models in a cache are removed.",
            cure="Delete the folder yourself. What is in the caches: torso list",
            values=dict(name=name),
        )
    settings = read_settings()
    there = [model for model in models(settings) if _means(source, model)]
    chosen = [model for model in there if source.revision in (None, model.commit, *model.refs)]
    if not chosen:
        raise NotFoundError(
            "E_NOT_HERE",
            "{name} is not on this machine.",
            where="Looked in: {looked}.",
            cure="Get it: torso get {name}   (torso list shows what is here)",
            values=dict(name=source, looked=f"{settings.hub_cache}, {settings.modelscope_cache}"),
        )
    kept = [model for model in there if model not in chosen]
    removal = _removal(chosen, kept)
    if not dry_run:
        _delete(chosen, kept, removal, settings)
    return removal


def _means(source: Source, model: Model) -> bool:
    if source.kind == "git":  # with or without .git at its end, an address is the same
        return model.folder.parent.parent.name == f"models--git--{git_slug(source.name)}"
    return model.name in (str(source).partition("@")[0], source.name)


def _in_hub_cache(cache: Path) -> Iterator[Model]:
    for folder in [cache / name for name in Root(cache).names(cache) if name.startswith("models--")]:
        home = Repository(cache, folder.name)
        refs = _refs(home)
        for snapshot in sorted(folder.glob("snapshots/*")):
            if COMMIT.fullmatch(snapshot.name) and snapshot.is_dir():
                names = tuple(sorted(ref for ref, commit in refs.items() if commit == snapshot.name))
                yield _model(_name(home), "hub", snapshot, snapshot.name, names, home.missing(snapshot.name))


def _in_modelscope_cache(cache: Path) -> Iterator[Model]:
    for snapshot in sorted(cache.glob("models/*--*/snapshots/*")):
        owner, _, last = snapshot.parent.parent.name.partition("--")
        yield _in_place(f"{owner}/{last}", snapshot, (snapshot.name,))
    for pattern in ("models/*/*", "hub/models/*/*", "hub/*/*", "*/*"):
        for folder in sorted(cache.glob(pattern)):
            owner = folder.parent.name
            if "--" not in owner and owner not in ("models", "hub") and _is_model(folder):
                yield _in_place(f"{folder.parent.name}/{folder.name.replace('___', '.')}", folder, ())


def _is_model(folder: Path) -> bool:
    """Return whether a folder holds the config of a model or of sentence-transformers."""
    return (folder / "config.json").is_file() or (folder / "modules.json").is_file()


def _in_place(name: str, folder: Path, refs: tuple[str, ...]) -> Model:
    return _model(
        f"modelscope:{name}",
        "modelscope",
        folder,
        None,
        refs,
        absent_in(folder),
    )


def _model(
    name: str, cache: str, folder: Path, commit: str | None, refs: tuple[str, ...], missing: tuple[str, ...]
) -> Model:
    stats = [(folder / path).stat() for path in files_in(folder)]
    used = max((max(stat.st_atime, stat.st_mtime) for stat in stats), default=0.0)
    return Model(name, cache, folder, commit, refs, sum(stat.st_size for stat in stats), missing, used)


def _name(home: Repository) -> str:
    parts = home.folder_name.split("--")[1:]
    if parts[0] == "ms" and len(parts) == 3:
        return f"modelscope:{parts[1]}/{parts[2]}"
    address = home.address()
    return f"git+{address}" if address else "/".join(parts)


def _refs(home: Repository) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (home.folder / "refs").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            name = path.relative_to(home.folder / "refs").as_posix()
            commit = home.commit(name)
            if commit:
                found[name] = commit
    return found


def _removal(chosen: list[Model], kept: list[Model]) -> Removal:
    """Return the files to delete, without those that a revision that stays shares."""
    shared = {path.resolve() for model in kept for path in _paths(model)}
    doomed = {path.resolve() for model in chosen for path in _paths(model)} - shared
    return Removal(tuple(chosen), tuple(sorted(doomed)), sum(path.stat().st_size for path in doomed))


def _paths(model: Model) -> list[Path]:
    return [model.folder / name for name in files_in(model.folder)]


def _delete(chosen: list[Model], kept: list[Model], removal: Removal, settings: Settings) -> None:
    with removing():
        for model in chosen:
            if model.cache == "modelscope":
                remove_folder(Root(settings.modelscope_cache), model.folder)
                continue
            home = Repository(settings.hub_cache, model.folder.parent.parent.name)
            _require_idle(home, model.name)
            if any(other.folder.parent == model.folder.parent for other in kept):
                blobs = [path.name for path in removal.files if path.parent == (home.folder / "blobs").resolve()]
                remove_revision(home, str(model.commit), model.refs, blobs)
            else:
                remove_repository(home)


def _require_idle(home: Repository, name: str) -> None:
    folder = home.lock("x").parent
    for lock in [folder / name for name in home.root.names(folder) if name.endswith(".lock")]:
        with locked_if_free(lock, home.root) as acquired:
            if acquired is False:
                raise InputError(
                    "E_IN_USE",
                    "{name} is being fetched by another process.",
                    cure="Wait for it, or stop it, and run the same command again.",
                    values=dict(name=name),
                )


@readable()
def remove_parts(*, dry_run: bool = False) -> int:
    """Delete what unfinished downloads left in the Hub's cache and no process uses; return the bytes freed."""
    cache = read_settings().hub_cache
    names = [name for name in Root(cache).names(cache) if name.startswith("models--")]
    homes = [Repository(cache, name) for name in names if not (cache / name).is_symlink()]
    return discard_removed(Root(cache), dry_run=dry_run) + sum(
        discard_stale(home, dry_run=dry_run) + discard_bare(home.root, home.folder, dry_run=dry_run) for home in homes
    )
