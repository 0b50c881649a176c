"""Whether a model on this machine is whole and right, found out without a network, and what could not be found out."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from torso.errors import IntegrityError, NotFoundError, TorsoError
from torso.hub.existing_folder import readable
from torso.hub.file_selection import choose, has_weights, required, transformer_home, weight_files
from torso.hub.local.find import find_local, homes, revisions
from torso.hub.local.folder_doctor import Finding, look_at, misplaced, missing_file, overwritten
from torso.hub.local.hub_cache import absent_in, files_in
from torso.hub.local.manifest import UNKNOWN, Evidence, evidence_of
from torso.hub.local.named_folder import only_gguf
from torso.hub.remote_file import RemoteFile
from torso.hub.resolution import resolve
from torso.hub.settings import read_settings
from torso.hub.source import Source, parse_source
from torso.hub.transfer.digest import digest_of
from torso.hub.unread_weights import no_readable_weights
from torso.io.files import inside, shown
from torso.weights.gguf_files import ENDING, open_gguf


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        folder: what was checked.
        name: the model's name, as it was asked for.
        revision: its commit, where it is known.
        known_from: what states the expected files, in words; empty without one.
        verified: files whose content has the hash it should have.
        unverified: files of the right form whose hash is not known on this machine.
        findings: what is wrong.
        unused: pointers of Git LFS to files that the model does not need.
    """

    folder: Path
    name: str
    revision: str | None
    known_from: str
    verified: tuple[str, ...]
    unverified: tuple[str, ...]
    findings: tuple[Finding, ...]
    unused: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong that the model is the worse for."""
        return all(finding.harmless for finding in self.findings)

    def as_dict(self) -> dict[str, object]:
        """Return the report in plain values, for JSON."""
        return {
            "folder": str(self.folder),
            "name": self.name,
            "revision": self.revision,
            "whole": self.is_whole,
            "known_from": self.known_from,
            "verified": list(self.verified),
            "unverified": list(self.unverified),
            "unused": list(self.unused),
            "findings": [
                {"path": finding.path, "harmless": finding.harmless, **finding.error.as_dict()}
                for finding in self.findings
            ],
        }


@readable()
def check(source: str | os.PathLike[str], *, revision: str | None = None) -> Report:
    """Return whether a model on this machine is whole and right; no request is made.

    Every file is looked at. Where a lock, the Hub's cache or a clone records the hash, the content is verified by it;
    elsewhere the form of the weights and of the JSON files is.

    Args:
        source: a folder, or the name of a model in a cache.
        revision: branch, tag or commit.

    Raises:
        NotFoundError: E_NO_FOLDER; E_NOT_HERE, no cache on this machine has the model.
        FileFormatError: E_LOCK_FILE.
    """
    parsed = parse_source(source, revision)
    return check_folder(locate(parsed), str(parsed))


def locate(source: Source) -> Path:
    """Return the folder of a model on this machine, even if it is not whole.

    Raises:
        NotFoundError: E_NOT_HERE.
    """
    if source.kind in ("folder", "bundled"):
        return Path(source.name) if source.kind == "folder" else resolve(str(source)).folder
    settings = read_settings()
    local = find_local(source, settings, settings.source)
    if local is not None:
        return local.folder
    for home in homes(source, settings, settings.source):
        for revision in revisions(source):
            commit = home.commit(revision)
            if commit:
                return home.snapshot(commit)
        for snapshot in sorted(home.folder.glob("snapshots/*")) if not source.revision else []:
            return snapshot
    raise NotFoundError(
        "E_NOT_HERE",
        "{name} is not on this machine.",
        where="Looked in: {looked}.",
        cure="Get it: torso get {name}   (torso list shows what is here)",
        values=dict(
            name=source, looked=", ".join(str(home.folder) for home in homes(source, settings, settings.source))
        ),
    )


def check_folder(folder: Path, name: str, listed: Collection[str] = ()) -> Report:
    """See `check`.

    Args:
        folder: what to check.
        name: how messages call the model.
        listed: the files that a hub has of it, where one was asked.
    """
    model = only_gguf(folder)
    if model.suffix.lower() == ENDING and model.is_file():
        return _check_gguf(model, folder, name)
    evidence = evidence_of(folder)
    names = files_in(folder)
    known = evidence.files or {}
    broken: dict[str, Finding] = {
        finding.path: finding for finding in (*misplaced(folder, names), *overwritten(folder, names))
    }
    verified: list[str] = []
    unverified: list[str] = []
    for path in sorted(names - broken.keys()):
        finding = look_at(folder, path) or _compare(folder, path, known)
        if finding:
            broken[path] = finding
        elif path in known:
            verified.append(path)
        else:
            unverified.append(path)
    whole = listed or (evidence.files if evidence.whole else None) or ()
    has_none = bool(whole) and not has_weights({*whole, *names})  # so that nothing can be fetched again
    needed = {*_needed(evidence, folder)} - ({"model.safetensors"} if has_none else set())
    expects_weights = has_weights(names | (needed if evidence.files else set()))
    for path in sorted(needed - names):
        if expects_weights or path != "model.safetensors":  # without any weights, the reader's own error says more
            broken[path] = missing_file(folder, path)
    unused = _unused(broken, needed, names)
    findings = [finding for path, finding in sorted(broken.items()) if path not in unused]
    if has_none:
        findings.append(Finding("model.safetensors", no_readable_weights(evidence.source or name, whole)))
    elif not any(finding.path in weight_files(names | needed) for finding in findings):
        findings += _weights(folder, names)
    for finding in findings:
        _name_model(finding.error, name)
    unverified = [path for path in unverified if path != "torso.lock.json"]
    return Report(
        folder,
        name,
        evidence.revision,
        evidence.known_from,
        tuple(verified),
        tuple(unverified),
        tuple(findings),
        tuple(sorted(unused)),
    )


def _check_gguf(model: Path, folder: Path, name: str) -> Report:
    """Return whether a GGUF file is a whole model: its hash where it is known, its header, config and tokenizer."""
    evidence = evidence_of(folder) if folder.is_dir() else Evidence()
    known = evidence.files or {}
    real = model if folder.is_dir() else model.resolve()  # a link that was named is no link within a folder
    finding = look_at(real.parent, real.name) or _compare(folder, model.name, known)
    try:
        opened = open_gguf(model)
        opened.embedded("config.json")
        opened.embedded("tokenizer.json")
    except TorsoError as error:
        finding = finding or Finding(model.name, error)
    if finding:
        _name_model(finding.error, name)
    right = () if finding else (model.name,)
    verified, unverified = (right, ()) if model.name in known else ((), right)
    return Report(
        folder,
        name,
        evidence.revision,
        evidence.known_from,
        verified,
        unverified,
        () if finding is None else (finding,),
    )


def _needed(evidence: Evidence, folder: Path) -> tuple[str, ...]:
    """Return the files that must be there."""
    if evidence.files is None:
        return absent_in(folder)
    return required(evidence.files) if evidence.whole else (*evidence.files, *absent_in(folder, more=evidence.files))


def _unused(broken: Mapping[str, Finding], needed: set[str], names: set[str]) -> set[str]:
    """Return pointers that are not missed: of formats that are not taken, while the weights themselves are there."""
    pointers = {path for path, finding in broken.items() if finding.error.code == "E_LFS_POINTER"}
    real = names - {path for path in pointers if path.endswith((".bin", ".safetensors"))}
    return pointers - {*choose(real if weight_files(real) else names).take, *(() if weight_files(real) else needed)}


def _compare(folder: Path, path: str, known: Mapping[str, RemoteFile]) -> Finding | None:
    """Return whether a file has the size and hash it should have."""
    file = known.get(path)
    if file is None:
        return None
    try:
        place = inside(folder, path)
        size = place.stat().st_size
        if file.size not in (UNKNOWN, size):
            code, what, found = "E_SIZE", "{path} has {found} bytes; it should have {wanted}.", str(size)
        else:
            found = digest_of(place, file)
            if found == file.etag:
                return None
            code, what = "E_HASH", "{path} has the right size and other content: its hash is {found}, not {wanted}."
    except TorsoError as error:
        return Finding(path, error)
    error = IntegrityError(
        code,
        what,
        cure="Run: torso repair {folder}",
        values=dict(
            path=shown(path),
            folder=shown(folder),
            found=found[:12] if code == "E_HASH" else found,
            wanted=file.etag[:12] if code == "E_HASH" else file.size,
        ),
    )
    return Finding(path, error)


def _name_model(error: TorsoError, name: str) -> None:
    """Let a cure name the model as the person did: readers know the folder only."""
    if "torso repair {folder}" in error.templates[2]:
        error.values["folder"] = name


def _weights(folder: Path, names: set[str]) -> list[Finding]:
    """Return what the weights' own headers show: a file cut short, a shard that is missing, a pickle that runs code."""
    from torso.weights.adapter_weights import FILES, open_adapter
    from torso.weights.weights import open_weights

    try:
        if weight_files(names)[:1] in [(name,) for name in FILES]:
            open_adapter(folder)
        else:
            open_weights(folder / transformer_home(names))
    except TorsoError as error:
        return [Finding((weight_files(names) or ("model.safetensors",))[0], error)]
    return []
