"""Every message has a Chinese form with the same placeholders, and no Chinese form has lost its message."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tools import messages as catalogue
from tools.message_sources import ROOT, messages
from torso.errors import TorsoError
from torso.language import language, say, sentences
from torso.locale import po_file, translation, translations

HAN = re.compile(r"[\u4e00-\u9fff]")
ENTRIES = po_file.read_entries(catalogue.CATALOGUE.read_text(encoding="utf-8"))


@cache
def gathered() -> dict[str, catalogue.Known]:
    """The messages of the sources: gathered once, and not at collection."""
    return catalogue.gathered()


def entries_of(text: str) -> dict[str, po_file.Entry]:
    return {each.message: each for each in po_file.read_entries(text) if each.message}


def test_the_catalogue_lacks_nothing_and_has_nothing_stale() -> None:
    """As ``python -m tools.messages --check``; ``--update`` and a translation mend it."""
    assert len(gathered()) > 1000
    found = catalogue.problems(ENTRIES, gathered())
    assert not found, f"{len(found)}:\n" + "\n".join(found)


def test_the_catalogue_is_in_the_order_and_form_of_the_tool() -> None:
    assert catalogue.CATALOGUE.read_text(encoding="utf-8") == catalogue.updated(ENTRIES, gathered())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda entries: entries[:-1], "missing"),
        (lambda entries: [*entries[:-1], entries[-1]._replace(translation="")], "not translated"),
        (lambda entries: [*entries[:-1], entries[-1]._replace(comments="#, fuzzy, c-format\n")], "fuzzy"),
        (lambda entries: [*entries, po_file.Entry("It is nowhere in the sources.", "哪里都没有。")], "stale"),
        (lambda entries: [*entries, entries[-1]], "twice"),
        (lambda entries: [*entries[:-1], entries[-1]._replace(translation="{other} 不对。")], "filled with other"),
    ],
)
def test_each_fault_of_a_catalogue_is_found(change, problem) -> None:
    entries = [each for each in ENTRIES if each.message in gathered()]
    (found,) = catalogue.problems(change(entries), gathered())
    assert found.startswith(problem)


def test_an_update_keeps_the_translation_of_a_message_whose_english_changed() -> None:
    old, new = "The file {path} is too large to read.", "{path} is too large to be read."
    untouched = catalogue.Known(("src/a.py", 3), {"src/a.py"}, {"E_BIG"})
    sources = {new: untouched, "A message that is wholly new.": untouched}
    before = [
        po_file.Entry(old, "文件 {path} 过大。", "# of a translator\n#: src/b.py"),
        po_file.Entry("Gone.", "没了。"),
    ]
    text = catalogue.updated(before, sources)
    after = entries_of(text)
    assert after.keys() == sources.keys()
    assert after["A message that is wholly new."].translation == ""
    assert after[new].translation == "文件 {path} 过大。"
    assert not after[new].is_finished
    assert after[new].comments.splitlines() == [
        "# of a translator",
        "#. E_BIG",
        "#: src/a.py",
        "#, fuzzy, python-brace-format",
        f'#| msgid "{old}"',
    ]
    assert catalogue.updated(po_file.read_entries(text), sources) == text

    # Changed again before anyone revised it: the earlier English is still the one that was translated.
    again = catalogue.updated(po_file.read_entries(text), {"{path} is too large to be read here.": untouched})
    (entry,) = entries_of(again).values()
    assert entry.translation == "文件 {path} 过大。"
    assert f'#| msgid "{old}"' in entry.comments


@pytest.mark.parametrize(
    "text",
    ["plain", 'a "quoted" \\ text', "two\nlines\n", "\ttab\b\r", "", "\n", "\\n is two", "中文\u2028分行"],
)
def test_what_is_written_is_read_again(text) -> None:
    place = catalogue.Known(("src/a.py", 1), {"src/a.py"})
    written = catalogue.updated([po_file.Entry(f"x{text}", text)], {f"x{text}": place})
    assert entries_of(written)[f"x{text}"].translation == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('msgid "a"\nmsgstr "b"\n\nmsgid "c"\n', 4),
        ('msgid "a"\nmsgstr "b"\nmsgid_plural "c"\n', 3),
        ('msgctxt "x"\nmsgid "a"\nmsgstr "b"\n', 1),
        ('msgid "a\nmsgstr "b"\n', 1),
        ("hello", 1),
    ],
)
def test_a_malformed_catalogue_is_refused_with_its_line(text, line) -> None:
    with pytest.raises(ValueError, match=f"line {line} "):
        po_file.read_entries(text)


def test_what_is_unfinished_is_said_in_english(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    monkeypatch.setattr("torso.locale.__file__", str(tmp_path / "__init__.py"))
    (folder / "torso.po").write_text(
        'msgid ""\nmsgstr "Language: xx\\n"\n\n#, fuzzy\nmsgid "one"\nmsgstr "eins"\n\nmsgid "two"\nmsgstr ""\n\n'
        '# not fuzzy\nmsgid "three"\nmsgstr ""\n"dr"\n"ei"\n',
        encoding="utf-8",
    )
    read = translations.__wrapped__
    assert read("xx") == {"three": "drei"}
    assert read("yy") == {}
    (folder / "torso.po").write_text('msgid "three"\nmsgstr', encoding="utf-8")
    assert read("xx") == {}


def test_a_message_without_translation_stays_english() -> None:
    assert translation("It is nowhere in the sources.", "zh") == "It is nowhere in the sources."


def test_the_tool_says_whether_something_is_left_to_do(tmp_path, monkeypatch, capsys) -> None:
    assert catalogue.main(["--check"]) == 0
    assert capsys.readouterr().out == f"{len(gathered())} messages, each translated\n"
    other = tmp_path / "torso.po"
    other.write_text(catalogue.updated(ENTRIES[:-1], gathered()), encoding="utf-8")
    monkeypatch.setattr(catalogue, "CATALOGUE", other)
    before = other.read_bytes()
    assert catalogue.main(["--check"]) == 1
    assert other.read_bytes() == before
    assert capsys.readouterr().out.startswith("not translated: ")
    other.write_text(other.read_text(encoding="utf-8").replace("\n\n", "\n\n\n"), encoding="utf-8")
    assert catalogue.main(["--update"]) == 1
    assert other.read_bytes() == before


def test_chinese_forms_are_chinese() -> None:
    texts = translations("zh")
    assert [english for english, chinese in texts.items() if not HAN.search(chinese) and len(english) > 12] == []


CODE = re.compile(r"`[^`]*`|\"[^\"\n]*\"|\w+://\S+|\{\{.*?\}\}|^  .*$", re.MULTILINE)
BESIDE_CHINESE = r"[\u4e00-\u9fff（）「」“”、。，；？！《》]"
HALF_WIDTH = re.compile(rf"{BESIDE_CHINESE}:|: {BESIDE_CHINESE}|[\w}}]: {{")


def test_chinese_forms_have_chinese_colons_and_one_address() -> None:
    """Outside code, addresses and examples; ``torso:名字`` is the name of a model."""
    prose = {english: CODE.sub("`", chinese) for english, chinese in translations("zh").items()}
    assert [text for text in prose.values() if HALF_WIDTH.search(text)] == []
    assert [text for text in prose.values() if "你" in text] == []


def test_the_chinese_readme_has_chinese_colons_and_one_address() -> None:
    text = re.sub(
        r"^```.*?^```", "", (ROOT / "README.zh.md").read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    prose = CODE.sub("", text)
    assert [line for line in prose.splitlines() if HALF_WIDTH.search(line)] == []
    assert re.findall(".*你.*", prose) == []


PARENTHESIS = re.compile(r"[\u4e00-\u9fff，。；]\(|(?<![\w.])\([^()]*[\u4e00-\u9fff][^()]*\)")
"""Half-width ones after Chinese, or around it; those of a call stand behind its name."""


def test_chinese_forms_have_chinese_parentheses() -> None:
    prose = (CODE.sub("`", chinese) for chinese in translations("zh").values())
    assert [text for text in prose if PARENTHESIS.search(text)] == []


@pytest.mark.parametrize(
    "page", [ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.zh.md"))], ids=lambda page: page.name
)
def test_chinese_pages_have_chinese_parentheses(page) -> None:
    text = re.sub(r"^```.*?^```|<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "`", text))
    assert [line for line in prose.splitlines() if PARENTHESIS.search(line)] == []


def test_every_placeholder_is_given_a_value() -> None:
    """Where a call writes out its values."""
    checked = [each for each in messages() if each.given is not None]
    assert len(checked) > 50
    for each in checked:
        assert each.placeholders <= each.given, f"{each.path}:{each.line}: {each.text}"


def test_codes_are_of_one_form() -> None:
    codes = {each.code for each in messages() if each.code}
    assert len(codes) > 30
    assert [code for code in codes if not re.fullmatch(r"[EN]_[A-Z0-9_]+", code)] == []


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"TORSO_LANG": "zh"}, "zh"),
        ({"TORSO_LANG": "zh_CN.UTF-8"}, "zh"),
        ({"TORSO_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_environment_at_once(variables, wanted, monkeypatch) -> None:
    for name in ("TORSO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == wanted


def test_an_error_is_told_in_the_language_in_force_when_it_is_shown(monkeypatch) -> None:
    from torso import BertConfig

    with pytest.raises(TorsoError) as caught:
        BertConfig(hiden_size=1)
    english = str(caught.value)
    monkeypatch.setenv("TORSO_LANG", "zh")
    chinese = str(caught.value)
    assert "Did you mean hidden_size?" in english
    assert HAN.search(chinese)
    assert "hidden_size" in chinese
    assert english[-21:] == chinese[-21:] == "[E_UNKNOWN_PARAMETER]"


def test_an_unknown_template_is_said_as_it_is(monkeypatch) -> None:
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert say("no such {thing}", {"thing": 3}) == "no such 3"
    assert say("{braces} stay without values") == "{braces} stay without values"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (("One.", "", "Two."), "One. Two."),
        (("第一句。", "请看 a.txt", "[E_X]"), "第一句。请看 a.txt [E_X]"),
        (("第一句：", "Second."), "第一句：Second."),
        (("", ""), ""),
    ],
)
def test_sentences_are_joined_as_their_language_does(said, line) -> None:
    assert sentences(said) == line
