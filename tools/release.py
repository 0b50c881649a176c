"""Prepares, builds and checks a release; RELEASE.md has the steps.

python -m tools.release --prepare 0.2.0      # the version and the changelog's heading, to be reviewed and committed
python -m tools.release                      # dist/: source built twice and compared, materials, hashes
python -m tools.release --tag v0.2.0 --check # whether what is here is what the tag says
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
import venv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.build_twice import ROOT, BuildError, build_twice, run
from tools.links import source

PLACES = {
    "pyproject.toml": re.compile(r'^version = "([^"]+)"$', re.MULTILINE),
    "src/torso/__init__.py": re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE),
}
"""Where the version stands."""
HEADING = re.compile(r"^## (\S+)(?: \((\d{4}-\d\d-\d\d)\))?$", re.MULTILINE)
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


class ReleaseError(Exception):
    """What is here cannot be released; the message says why."""


def version(root: Path = ROOT) -> str:
    """Return the version.

    Raises:
        ReleaseError: two places differ.
    """
    found = {name: pattern.findall((root / name).read_text("utf-8")) for name, pattern in PLACES.items()}
    said = {each for values in found.values() for each in values}
    if len(said) != 1:
        raise ReleaseError(f"the version differs between places: {found}")
    return said.pop()


def prepare(wanted: str, day: str, root: Path = ROOT) -> None:
    """Set the version, and give the changelog's unreleased part its number and day; an empty new part goes before it.

    Raises:
        ReleaseError: not a version, one that is not newer, or nothing in the changelog to release.
    """
    if not VERSION.fullmatch(wanted):
        raise ReleaseError(f"{wanted!r} is no version such as 1.2.0 or 1.2.0rc1")
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    headings = HEADING.findall(changelog)
    if wanted in [name for name, _ in headings]:
        raise ReleaseError(f"CHANGELOG.md has {wanted} already")
    if not headings or headings[0][0] != "Unreleased" or not _part(changelog, "Unreleased").strip():
        raise ReleaseError("CHANGELOG.md has nothing under ## Unreleased")
    text = changelog.replace("## Unreleased\n", f"## Unreleased\n\n## {wanted} ({day})\n", 1)
    (root / "CHANGELOG.md").write_text(text, encoding="utf-8", newline="\n")
    for name, pattern in PLACES.items():
        before = (root / name).read_text("utf-8")
        found = pattern.search(before)
        assert found is not None
        after = before[: found.start(1)] + wanted + before[found.end(1) :]
        (root / name).write_text(after, encoding="utf-8", newline="\n")


def _part(changelog: str, name: str) -> str:
    """Return what stands below a heading of the changelog."""
    found = re.search(rf"^## {re.escape(name)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def check(tag: str, root: Path = ROOT) -> list[str]:
    """List what keeps the tree, and dist/, from being the release that ``tag`` names."""
    wanted = tag.removeprefix("v")
    faults = [] if version(root) == wanted else [f"the version is {version(root)}, and the tag {tag}"]
    headings = dict(HEADING.findall((root / "CHANGELOG.md").read_text("utf-8")))
    if not headings.get(wanted):
        faults.append(f"CHANGELOG.md has no '## {wanted} (YYYY-MM-DD)'")
    if source(root) is None:
        faults.append("pyproject.toml has no Source in [project.urls]: README's links would be text on PyPI")
    names = [path.name for path in (root / "dist").glob("*")] if (root / "dist").is_dir() else []
    for kind in (f"torso-{wanted}.tar.gz", f"torso-{wanted}-py3-none-", f"torso-{wanted}.cdx.json", "SHA256SUMS"):
        if not any(name.startswith(kind) for name in names):
            faults.append(f"dist/ has no {kind}")
    faults += [
        f"dist/{name} is of another version" for name in names if name != "SHA256SUMS" and f"-{wanted}" not in name
    ]
    return faults


def build(root: Path = ROOT) -> dict[str, str]:
    """Put the source of the commit into dist/, beside the wheels of ``make wheels``, and describe all that is there.

    Returns:
        The files with their SHA-256.

    Raises:
        ReleaseError: there are changes that are not committed.
        BuildError: two builds of one commit differ, or the source cannot be installed.
    """
    if run(["git", "status", "--porcelain"], root).strip():
        raise ReleaseError("there are changes that are not committed")
    made = build_twice("sdist", root / "dist", root=root)
    materials(made, root / "dist" / f"torso-{version(root)}.cdx.json", root)
    return _sums(root / "dist")


def materials(made: Path, out: Path, root: Path = ROOT) -> None:
    """Write the bill of materials (CycloneDX) of an installation of ``made`` alone, after it has labelled a text."""
    with tempfile.TemporaryDirectory() as work:
        venv.create(work, with_pip=True, clear=True)
        python, home = next(Path(work).glob("[bS]*/python*")), Path(work)
        options = ["--quiet", "--disable-pip-version-check", "-c", str(root / "constraints.txt")]
        run([str(python), "-m", "pip", "install", *options, str(made)], home)
        for said in ("torso.kernels.about().instruction_set", "torso.classify('很好').label == 'positive'"):
            run([str(python), "-X", "utf8", "-c", f"import torso; assert {said}"], home)
        run([str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools"], home)
        described = ["--pyproject", str(root / "pyproject.toml"), "--mc-type", "library", "--output-reproducible"]
        command = [sys.executable, "-m", "cyclonedx_py", "environment", *described, "--output-file", str(out)]
        run([*command, str(python)], home)


def _sums(dist: Path) -> dict[str, str]:
    found = {path.name: _sha256(path) for path in sorted(dist.iterdir()) if path.name != "SHA256SUMS"}
    text = "".join(f"{digest}  {name}\n" for name, digest in found.items())
    (dist / "SHA256SUMS").write_text(text, encoding="utf-8", newline="\n")
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare, build or check; 1 where something is in the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepare", metavar="VERSION", help="set the version and the changelog's heading")
    parser.add_argument("--tag", metavar="TAG", help="with --check: the tag of the release")
    parser.add_argument("--check", action="store_true", help="check what is here, and build nothing")
    given = parser.parse_args(arguments)
    try:
        if given.prepare:
            prepare(given.prepare, datetime.now(UTC).date().isoformat())
        elif given.check:
            faults = check(given.tag or f"v{version()}")
            print("\n".join(faults) or "as it should be")
            return 1 if faults else 0
        else:
            for name, digest in build().items():
                print(digest, name)
    except (ReleaseError, BuildError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
