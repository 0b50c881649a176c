"""The reference pages hold everything that the sources hold, and the check of the built site finds faults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.links import LINK
from tools.message_sources import trees
from tools.site import api, assemble, built, commands, errors, families, settings, variables
from torso.cli.group import TABLE, torso
from torso.cli.model_catalogue import catalogue
from torso.generation.generation_settings import GenerationSettings

from .pages import HOME

SAID_ELSEWHERE = {"E_JOB", "E_UNCLAIMED", "E_USAGE", "E_WEB_PAGE"}
"""Codes whose cure is composed where they are raised."""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_and_option_is_there(language: str) -> None:
    page = commands.page(language)
    headings = re.findall(r"^## torso ?(.*)$", page, re.MULTILINE)
    assert headings == ["", *TABLE]
    sections = dict(zip(headings[1:], re.split(r"^## .*$", page, flags=re.MULTILINE)[2:], strict=True))
    context = torso.make_context("torso", [], resilient_parsing=True)
    for name, section in sections.items():
        command = torso.get_command(context, name)
        assert command is not None
        missing = {option for each in command.params for option in each.opts if option.startswith("--")}
        assert {option for option in missing if option not in section} == set(), name
    assert ("用法" in page) == (language == "zh")


def test_every_error_code_is_there_with_its_cure() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (HOME / "src").rglob("*.py"))
    wanted = set(re.findall(r'"(E_[A-Z0-9_]+)"', source)) - errors.NEVER_SHOWN
    found = errors.codes()
    assert set(found) == wanted
    assert {code for code, told in found.items() if not any(cure for _, cure in told.pairs)} == SAID_ELSEWHERE
    for language in ("en", "zh"):
        headings = re.findall(r"^## (E_\w+)$", errors.page(language), re.MULTILINE)
        assert headings == sorted(wanted)


def test_an_error_is_told_with_the_cure_of_its_own_call() -> None:
    told = errors.codes()["E_SETTINGS"]
    assert told.kinds >= {"ConfigError"}
    pair = ("{path} has no setting called {key}.", "The settings are: {known}. Nearest: {nearest}.")
    assert pair in told.pairs


def test_every_variable_is_there_and_none_besides() -> None:
    assert set(variables.TABLE) == variables.read_by_torso()
    assert all(english and chinese for english, chinese in variables.TABLE.values())


def test_every_parameter_and_family_is_there() -> None:
    for language in ("en", "zh"):
        page = settings.page(language)
        assert [each.name for each in GenerationSettings().describe() if f"`{each.name}`" not in page] == []
        assert "`hidden_dropout_prob`" in page
        listed = families.page(language)
        assert [card.family for card in catalogue() if f"| {card.family} |" not in listed] == []


def test_every_public_name_is_on_one_page() -> None:
    assert api.unlisted() == set()
    listed = "".join(api.page(name, "en") for name in api.PAGES)
    for home, public in api.homes().items():
        assert listed.count(f"::: {home}\n    options:\n      heading: {public}\n") == 1, public


def test_chinese_pages_lead_to_chinese_ones_on_a_forge_and_on_the_site(tmp_path: Path) -> None:
    docs = HOME / "docs"
    for page in [*docs.rglob("*.zh.md"), HOME / "README.zh.md"]:
        for _, _, target, _ in LINK.findall(page.read_text("utf-8")):
            if not target.endswith(".md") or target.endswith(".zh.md") or target == "README.md":
                continue
            assert not (page.parent / target).with_suffix(".zh.md").exists(), f"{page}: {target}"
    told = assemble.relinked("[a](howto/get.zh.md#b)", docs / "tutorial.zh.md", tmp_path)
    assert told == "[a](howto/get.md#b)"


def test_pages_are_assembled_and_links_out_of_docs_lead_somewhere(tmp_path: Path) -> None:
    folder = assemble.assemble(tmp_path / "pages")
    assert (folder / "results.md").is_file()
    assert (folder / "pictures" / "encoders.png").is_file()
    text = (folder / "background" / "kernels.md").read_text("utf-8")
    assert "](../results.md)" in text
    with pytest.raises(FileNotFoundError, match="nowhere"):
        assemble.relinked("[a](../nothing.py)", HOME / "docs" / "index.md", folder)


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"([\w/-]+\.md)$", (HOME / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    written = {f"reference/{name}.md" for name in assemble.WRITTEN} | {f"reference/api/{name}.md" for name in api.PAGES}
    own = {
        path.relative_to(HOME / "docs").as_posix() for path in (HOME / "docs").rglob("*.md") if ".zh." not in path.name
    }
    assert listed == own | written | set(assemble.ELSEWHERE.values())


def test_faults_of_a_built_site_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<h1 id='here'>x</h1>")
    (tmp_path / "style.css").write_text("a { background: url(https://example.org/a.png) }")
    (tmp_path / "index.html").write_text(
        "<script src='https://example.org/a.js'></script><link rel='stylesheet' href='gone.css'>"
        "<link rel='canonical' href='https://example.org/'><a href='https://example.org/'>out</a>"
        "<a href='other.html#here'>good</a><a href='other.html#gone'>bad</a><a href='no.html'>bad</a>"
    )
    assert sorted(built.faults(tmp_path)) == [
        "index.html links to no.html, which is not there",
        "index.html links to other.html#gone, which has no such anchor",
        "index.html requests gone.css, which is not there",
        "index.html requests https://example.org/a.js",
        "style.css requests https://example.org/a.png",
    ]


def test_no_page_names_this_machine_or_a_registry() -> None:
    for path in [*HOME.glob("*.md"), *(HOME / "docs").rglob("*.md"), HOME / "mkdocs.yml"]:
        assert not re.search(r"/work/|/root/|/home/|/opt/pypi|/tmp/", path.read_text("utf-8")), path
    assert trees()
