"""Releases: versions, changelog, and two builds of one commit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools import build_twice, links, pins, release
from tools.site import assemble

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
    assert any("Source" in fault for fault in release.check("v0.1.0", tree))
    with (tree / "pyproject.toml").open("a") as project:
        project.write('urls = { Source = "https://forge.example/torso" }\n')
    (tree / "dist").mkdir()
    for name in ("torso-0.1.0.tar.gz", "torso-0.1.0-py3-none-any.whl", "torso-0.1.0.cdx.json", "SHA256SUMS"):
        (tree / "dist" / name).touch()
    assert release.check("v0.1.0", tree) == []
    (tree / "dist" / "torso-0.0.9.tar.gz").touch()
    assert release.check("v0.1.0", tree) == ["dist/torso-0.0.9.tar.gz is of another version"]


LEAKING = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "torso"
version = "0.1.0"
[tool.hatch.metadata.hooks.custom]
"""


def test_builds_that_differ_are_refused(tree: Path) -> None:
    """A description that names the folder it was built in is another one in another folder."""
    (tree / "pyproject.toml").write_text(LEAKING.replace('"0.1.0"', '"0.1.0"\ndynamic = ["description"]'))
    hook = """
from hatchling.metadata.plugin.interface import MetadataHookInterface
class Hook(MetadataHookInterface):
    def update(self, metadata):
        metadata["description"] = self.root
"""
    (tree / "hatch_build.py").write_text(hook)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(tree)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], check=True)
    with pytest.raises(build_twice.BuildError, match=r"two builds differ: torso-0\.1\.0\.tar\.gz"):
        release.build(tree)
    (tree / "hatch_build.py").write_text(hook.replace("self.root", "'the same everywhere'"))
    assert build_twice.build_twice("sdist", tree / "out", root=tree).name == "torso-0.1.0.tar.gz"
    with pytest.raises(release.ReleaseError, match="not committed"):
        release.build(tree)


def test_readme_on_pypi_links_the_repository_or_nothing() -> None:
    readme = "[a](docs/a.md#b) ![c](./d.svg) [e](https://e.org) [f](#g) [h](i.md)\n```python\nx[0](y)\n```\n[j](k)"
    there = links.described(readme, "https://forge.example/torso", "v0.1.0")
    assert there == (
        "[a](https://forge.example/torso/blob/v0.1.0/docs/a.md#b) ![c](https://forge.example/torso/raw/v0.1.0/d.svg) "
        "[e](https://e.org) [f](#g) [h](https://forge.example/torso/blob/v0.1.0/i.md)\n```python\nx[0](y)\n```\n"
        "[j](https://forge.example/torso/blob/v0.1.0/k)"
    )
    assert links.described(readme, None, "v0.1.0") == "a  [e](https://e.org) [f](#g) h\n```python\nx[0](y)\n```\nj"


def test_a_page_links_pages_pictures_and_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = HOME / "docs" / "howto" / "page.md"
    text = "[a](../formats.md#b) [c](../../CHANGELOG.md) [d](../../examples) ![e](../pictures/speed.svg) [f](#g)"
    monkeypatch.setattr(assemble, "source", lambda: None)
    shown = "[a](../formats.md#b) [c](../changelog.md) d ![e](../pictures/speed.svg) [f](#g)"
    assert assemble.relinked(text, page, tmp_path) == shown
    monkeypatch.setattr(assemble, "source", lambda: "https://forge.example/torso")
    at = "[d](https://forge.example/torso/blob/main/examples)"
    assert assemble.relinked(text, page, tmp_path) == shown.replace(" d ", f" {at} ")
    with pytest.raises(FileNotFoundError, match="leads nowhere"):
        assemble.relinked("[a](../../nothing.md)", page, tmp_path)


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
