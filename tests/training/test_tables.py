"""Rows of every form of data, the columns found in them, and the parts they are divided into."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.errors import TorsoError
from torso.training.columns import text_and_label
from torso.training.data_files import read_table
from torso.training.sequence_data import SequenceData
from torso.training.splitting import folded, split

ROWS = [{"text": '他说，"好"', "label": "1"}, {"text": "two\nlines", "label": "0"}]


def written(folder, name: str, data: bytes | str):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


CSV = 'text,label\n"他说，""好""",1\n"two\nlines",0\n'


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", CSV),
        ("a.csv", "\ufeff" + CSV),
        ("a.csv", CSV.replace(",1", ";1").replace(",0", ";0").replace("text,label", "text;label")),
        ("a.csv", "sep=;\n" + CSV.replace(",1", ";1").replace(",0", ";0").replace("text,label", "text;label")),
        ("a.csv", CSV.encode("utf-16")),
        ("a.tsv", '"text"\t"label"\n"他说，""好"""\t"1"\n"two\nlines"\t"0"\n'),
        ("a.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n"),
        ("a.json", json.dumps(ROWS)),
        ("a.json", json.dumps({"version": 1, "data": ROWS})),
        ("a.json", json.dumps({"data": ROWS}, indent=1)),
        ("a.json", "\ufeff" + "\n".join(json.dumps(row) for row in ROWS)),
    ],
)
def test_files_of_every_form_hold_the_same_rows(name, data, tmp_path) -> None:
    table = read_table(written(tmp_path, name, data))
    assert [dict(row) for row in table.rows] == ROWS
    assert table.columns == ("text", "label")


def test_parquet_datasets_frames_and_lists_hold_the_same_rows(tmp_path) -> None:
    import datasets
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    frame = SimpleNamespace(columns=["text", "label"], to_dict=lambda form: ROWS)
    for data in (tmp_path / "a.parquet", datasets.Dataset.from_list(ROWS), frame, ROWS, iter(ROWS)):
        assert [dict(row) for row in read_table(data).rows] == ROWS


def test_a_folder_with_a_folder_per_class_is_data(tmp_path) -> None:
    for name, text in (("bad/1.txt", "差"), ("good/1.txt", " 好\n"), ("good/2.txt", "很好")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path, name, text)
    (tmp_path / ".cache").mkdir()
    table = read_table(tmp_path)
    assert [(row["text"], row["label"]) for row in table.rows] == [("差", "bad"), ("好", "good"), ("很好", "good")]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", "text,label\nx\n", "Line 2 of .* 1 fields; the first line names 2"),
        ("a.csv", "text,label\nx,1\n\ny,1,2\n", "Line 4 of .* 3 fields"),
        ("a.csv", "text,text\nx,1\n", "Line 1 of .* names the column 'text' twice"),
        ("a.csv", 'text,label\n"x,1\n', "cannot be read as a table, after line 2"),
        ("a.csv", ",,text\n1,2,x\n", "Line 1 of .* names the column '' twice"),
        ("a.jsonl", '{"text": "x", "text": "y"}\n', "Line 1 of .* names the column 'text' twice"),
        ("a.json", '[{"text": "x"}, 3]', "row 2 is no JSON object"),
        ("a.csv", "text,label\n", "There is no row"),
        ("a.csv", "文本,标签\n好,1\n".encode("gb18030"), "--encoding gb18030"),
        ("a.csv", b"text,label\n\xff\xff,1\n", "Line 2 of .* is not UTF-8: byte 0xff"),
        ("a.jsonl", '{"text": "x"}\n[1]\n', "Line 2 of .* no JSON object"),
        ("a.json", '[{"text": ' + "[" * 70 + "]" * 70 + "}]", "nested deeper than 64"),
        ("a.jsonl", '{"text": ' + "[" * 70 + "]" * 70 + "}", "nested deeper than 64"),
        ("a.jsonl", '{"text": ' + '{"a": ' * 70 + "1" + "}" * 70 + "}", "nested deeper than 64"),
        ("a.jsonl", '{"text": "x"}\n{\n', "Line 2 of .* is no JSON: line 1 column 2"),
        ("a.json", "3", "no list of objects"),
        ("a.parquet", b"PAR1 or so", "no Parquet file"),
        ("a.xlsx", b"PK", "is a workbook"),
        ("a.csv", b"PK\x03\x04\x14", "is a zip archive"),
        ("a.foo", b"x", "ends in .foo"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_by_its_line(name, data, said, tmp_path) -> None:
    with pytest.raises(TorsoError, match=said) as caught:
        read_table(written(tmp_path, name, data))
    assert caught.value.cure


@pytest.mark.parametrize("data", [3, "no such file.csv", {"text": "x"}, [1, 2], None, b"x"])
def test_what_is_no_data_is_refused(data) -> None:
    with pytest.raises(TorsoError):
        read_table(data)


def test_an_index_that_pandas_wrote_is_no_column(tmp_path) -> None:
    read = read_table(written(tmp_path, "a.csv", ",text,label\n0,好,1\n1,差,0\n"))
    assert read.columns == ("text", "label")
    assert text_and_label(read, None, None) == (("text",), "label")


def test_quotation_marks_of_tab_separated_texts_join_no_rows(tmp_path) -> None:
    data = '\ufefftext\tlabel\r\n"Hello there\t1\r\nworld"\t0\r\n"say ""hi"" now"\t0\r\n'
    read = read_table(written(tmp_path, "a.tsv", data))
    assert [row["text"] for row in read.rows] == ['"Hello there', 'world"', 'say "hi" now']
    assert read.lines == [2, 3, 4]


def test_gb18030_is_read_when_it_is_named(tmp_path) -> None:
    path = written(tmp_path, "a.csv", "文本,标签\n好,1\n".encode("gb18030"))
    assert dict(read_table(path, encoding="gb18030").rows[0]) == {"文本": "好", "标签": "1"}


def table(*names: str, rows: int = 20):
    return read_table([{name: f"{name} {i if name != 'few' else i % 2}" for name in names} for i in range(rows)])


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("text", "label"), (("text",), "label")),
        (("id", "review", "sentiment"), (("review",), "sentiment")),
        (("评论", "标签"), (("评论",), "标签")),
        (("anything", "label"), (("anything",), "label")),
        (("anything", "few"), (("anything",), "few")),
        (("premise", "hypothesis", "label"), (("premise", "hypothesis"), "label")),
        (("Text", "Label"), (("Text",), "Label")),
    ],
)
def test_columns_are_found_where_they_are_unambiguous(names, found) -> None:
    assert text_and_label(table(*names), None, None) == found


@pytest.mark.parametrize(
    "names", [("a", "b", "c"), ("text", "review", "label"), ("text", "label", "class"), ("a", "b")]
)
def test_ambiguous_columns_are_to_be_named(names) -> None:
    with pytest.raises(TorsoError, match="does not say which column") as caught:
        text_and_label(table(*names), None, None)
    assert ", ".join(names) in caught.value.what
    with pytest.raises(TorsoError, match="has no column 'nothing'"):
        text_and_label(table(*names), ("nothing",), names[-1])


TEXTS = st.lists(st.text("ab ＡＢｃ", min_size=1, max_size=4), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 3), st.data())
def test_no_text_is_on_two_sides_and_every_row_is_accounted_for(texts, seed, data) -> None:
    labels = [data.draw(st.sampled_from("xy")) for _ in texts]
    parts = split(texts, labels, seed=seed)
    rows = [*parts.train, *parts.dev, *parts.test, *parts.repeats]
    assert sorted(rows) == list(range(len(texts)))
    sides = [{folded(texts[row]) for row in side} for side in (parts.train, parts.dev, parts.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    more = split([*texts, "another"], [*labels, "x"], seed=seed)
    if folded("another") not in {folded(text) for text in texts}:
        assert [row for row in more.test if row < len(texts)] == parts.test
    for row in parts.contradictions:
        assert row in parts.train


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [
        (["10", "9", "1"], ["1", "9", "10"]),
        ([3, 1, 2], ["1", "2", "3"]),
        ([1.0, 2.0], ["1", "2"]),
        ([True, False], ["false", "true"]),
        (["好", "坏", "中"], ["中", "坏", "好"]),
    ],
)
def test_labels_are_names_in_order(labels, ordered) -> None:
    data = SequenceData(read_table([{"text": str(i), "label": each} for i, each in enumerate(labels)]), None, None)
    assert data.labels == ordered


@pytest.mark.parametrize("label", [None, "", "  ", {"a": 1}])
def test_a_row_without_a_label_is_named(label) -> None:
    rows = [{"text": "a", "label": "x"}, {"text": "b", "label": label}, {"text": "c", "label": "y"}]
    with pytest.raises(TorsoError, match="Row 2 of"):
        SequenceData(read_table(rows), None, None)
