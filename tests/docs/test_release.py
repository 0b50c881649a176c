"""Releases: versions, changelog, and two builds of one commit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools import pins, release

from .pages import HOME


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src" / "torso").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "torso"\nversion = "0.1.0"\n')
    (tmp_path / "src" / "torso" / "__init__.py").write_text('__version__ = "0.1.0"\n')
    changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n"
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    return tmp_path


def test_this_tree_has_one_version_and_an_unreleased_part_or_a_day() -> None:
    assert release.VERSION.fullmatch(release.version())
    headings = release.HEADING.findall((HOME / "CHANGELOG.md").read_text("utf-8"))
    assert headings[0] == ("Unreleased", "")
    assert all(day for _, day in headings[1:])


def test_preparing_sets_the_version_everywhere_and_dates_the_changelog(tree: Path) -> None:
    release.prepare("0.2.0", "2026-02-02", tree)
    assert release.version(tree) == "0.2.0"
    text = (tree / "CHANGELOG.md").read_text("utf-8")
    assert text.index("## Unreleased\n") < text.index("## 0.2.0 (2026-02-02)\n") < text.index("- New.")
    assert release._part(text, "Unreleased").strip() == ""
    with pytest.raises(release.ReleaseError, match="nothing under"):
        release.prepare("0.3.0", "2026-03-03", tree)


@pytest.mark.parametrize(("wanted", "why"), [("0.1.0", "already"), ("soon", "no version")])
def test_a_version_that_cannot_be_is_refused_and_nothing_is_written(tree: Path, wanted: str, why: str) -> None:
    before = (tree / "CHANGELOG.md").read_bytes()
    with pytest.raises(release.ReleaseError, match=why):
        release.prepare(wanted, "2026-02-02", tree)
    assert ((tree / "CHANGELOG.md").read_bytes(), release.version(tree)) == (before, "0.1.0")


def test_two_places_that_differ_are_named(tree: Path) -> None:
    (tree / "src" / "torso" / "__init__.py").write_text('__version__ = "0.1.1"\n')
    with pytest.raises(release.ReleaseError, match="differs"):
        release.version(tree)


def test_what_is_missing_of_a_release_is_listed(tree: Path) -> None:
    assert any("CHANGELOG" in fault for fault in release.check("v0.2.0", tree))
    (tree / "dist").mkdir()
    for name in ("torso-0.1.0.tar.gz", "torso-0.1.0-py3-none-any.whl", "torso-0.1.0.cdx.json", "SHA256SUMS"):
        (tree / "dist" / name).touch()
    assert release.check("v0.1.0", tree) == []
    (tree / "dist" / "torso-0.0.9.tar.gz").touch()
    assert release.check("v0.1.0", tree) == ["dist/torso-0.0.9.tar.gz is of another version"]


def test_builds_that_differ_are_refused(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(tree)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], check=True)

    def built(root: Path, folder: Path, moment: str) -> list[Path]:
        assert int(moment) > 0
        folder.mkdir(parents=True)
        (folder / "torso-0.1.0.tar.gz").write_text(str(folder))  # a path that leaks
        return [folder / "torso-0.1.0.tar.gz"]

    monkeypatch.setattr(release, "_built", built)
    with pytest.raises(release.ReleaseError, match=r"two builds differ: torso-0\.1\.0\.tar\.gz"):
        release.build(tree)
    (tree / "pyproject.toml").write_text("changed")
    with pytest.raises(release.ReleaseError, match="not committed"):
        release.build(tree)


def test_pins_of_pytorch() -> None:
    project = (HOME / "pyproject.toml").read_text("utf-8")
    least = re.search(r"torch>=([\d.]+)", project)
    assert least is not None
    assert f"torch=={least[1]}" in pins.pins("least")
    assert "\ntorch==" not in pins.pins("newest")
    assert pins.pins("pinned") == (HOME / "constraints.txt").read_text("utf-8")


def test_workflows_name_files_and_targets_that_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in (HOME / ".github" / "workflows").glob("*.yml"):
        text = path.read_text("utf-8")
        named = set(re.findall(r"run: make ([a-z-]+)", text))
        for each in re.findall(r"target: \[(.*)\]", text):
            named |= {target.strip(' "').split()[0] for target in each.split(",")}
        assert named <= targets, path.name
        extras = {name for each in re.findall(r"\.\[([a-z,-]+)\]", text) for name in each.split(",")}
        assert extras <= set(re.findall(r"^([a-z-]+) = \[", (HOME / "pyproject.toml").read_text("utf-8"), re.MULTILINE))
        for script in re.findall(r"python (tools/\S+\.py)", text) + re.findall(r"\$\(cat (\S+)\)", text):
            assert (HOME / script).is_file(), script
