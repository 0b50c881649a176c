"""The table of every parameter: complete, truthful about sources, straight in every language."""

from __future__ import annotations

import pytest

from torso import BertConfig
from torso.config.fields import field_info
from torso.config.text_table import text_table, width

from .test_files import FOREIGN, RBT3, parsed


def test_every_parameter_is_there_once_inherited_ones_too() -> None:
    import transformers

    names = [row.name for row in BertConfig().describe()]
    assert len(names) == len(set(names)) == len(BertConfig.declared())
    theirs = set(transformers.BertConfig().to_dict()) - {"model_type", "transformers_version", "use_cache"}
    theirs -= {"return_dict", "chunk_size_feed_forward"}  # kept as keys that change nothing
    theirs -= {"_name_or_path"}
    assert theirs <= set(names), theirs - set(names)


def test_hidden_parameters_of_the_notebook_are_shown() -> None:
    rows = parsed(RBT3).describe()
    assert rows["output_attentions"].value is False
    assert rows["output_attentions"].source == "default"
    assert rows["layer_norm_eps"].source == "file"
    assert rows["layer_norm_eps"].default == 1e-12
    assert len(rows) == len(BertConfig.declared()) + len(FOREIGN)


def test_sources_are_told_apart() -> None:
    rows = parsed(RBT3).replace({"hidden_dropout_prob": 0.2}).describe()
    assert [rows[name].source for name in ("hidden_dropout_prob", "vocab_size", "classifier_dropout")] == [
        "you",
        "file",
        "default",
    ]


def test_every_parameter_has_a_meaning_and_says_when_it_acts() -> None:
    for row in BertConfig().describe():
        assert row.acts in ("shape", "run", "train", "none")
        assert len(row.meaning) > 8, row.name
    for declared in BertConfig.declared():
        assert field_info(declared).meaning[0].islower() or field_info(declared).meaning.startswith("id "), (
            declared.name
        )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("columns", [80, 120, 200])
def test_columns_stand_under_their_headings(language, columns, monkeypatch) -> None:
    monkeypatch.setenv("TORSO_LANG", language)
    monkeypatch.setenv("COLUMNS", str(columns))
    config = parsed(RBT3).replace({"id2label": {0: "负面", 1: "正面", 2: "说不清楚的评价"}})
    lines = repr(config).splitlines()
    heading, rule, *rows = lines[1:]
    starts = [i for i, mark in enumerate(rule) if mark == "-" and (i == 0 or rule[i - 1] == " ")]
    assert len(starts) == 6
    for line in [heading, *rows]:
        for start in starts[1:]:
            assert at_column(line, start - 2) in (" ", ""), line
            assert at_column(line, start - 1) in (" ", ""), line
    assert "负面" in repr(config)


def at_column(line: str, column: int) -> str:
    """The character that covers a column of a terminal; empty behind the line's end."""
    at = 0
    for mark in line:
        at += width(mark)
        if at > column:
            return mark
    return ""


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert [width(text) for text in ("abc", "汉字", "。", "é", "e\u0301", "ＡＢ", "")] == [3, 4, 2, 1, 1, 4, 0]


def test_a_long_meaning_is_wrapped_under_itself() -> None:
    table = text_table(
        ["a", "b"], [["x", "word " * 30], ["汉", "汉字" * 40], ["é", "word " * 15 + "汉字" * 20]], columns=60
    )
    lines = table.splitlines()
    assert len(lines) > 6
    assert all(width(line) <= 60 for line in lines)
    assert lines[3].startswith("    word")


def test_a_notebook_gets_a_table_and_nothing_of_a_file_is_markup() -> None:
    config = parsed('{"model_type": "bert", "<script>": "<b>&"}')
    html = config._repr_html_()
    assert html.count("<tr>") == len(config.describe()) + 1
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_plain_data_for_programs() -> None:
    row = parsed(RBT3).describe().as_dicts()[0]
    assert set(row) == {"name", "value", "default", "source", "acts", "meaning", "used"}


def test_printing_a_config_prints_its_table() -> None:
    config = parsed(RBT3)
    assert repr(config) == repr(config.describe())
    assert repr(config).startswith("BertConfig (bert)\n")
