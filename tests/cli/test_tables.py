"""Texts from columns, predictions as comma-separated values, and every task as a command."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from torso.tasks import answer, choose, classify, encode, fill, rerank, search, similar, tag, zero_shot

from .conftest import Result, start

ROWS = [
    {"text": "我有大梦想", "other": "今天, 天气\n很好", "n": 1},
    {"text": "今天天气很好", "other": 'a "quoted" word', "n": 2},
    {"text": "", "other": "我", "n": 3},
]
TEXTS = [str(row["text"]) for row in ROWS]


def table(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.out)))


def written(folder: Path, ending: str) -> Path:
    path = folder / f"rows{ending}"
    if ending == ".tsv":  # a field is its text as it stands
        lines = ["text\tother\tn", *(f"{row['text']}\t{row['other']}\t{row['n']}" for row in ROWS[1:])]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
    if ending == ".jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n", encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["text", "other", "n"])
        writer.writeheader()
        writer.writerows(ROWS)
    return path


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".tsv"])
def test_columns(call: Callable[..., Result], models: Path, tmp_path: Path, ending: str) -> None:
    path, model = written(tmp_path, ending), ["--model", models / "sequence"]
    own = ROWS[1:] if ending == ".tsv" else ROWS
    texts = [str(row["text"]) for row in own]
    rows = call("classify", "--file", path, "--column", "text", *model, "--json").rows
    assert [row["text"] for row in rows] == texts
    made = classify(texts, model=models / "sequence")
    assert [row["score"] for row in rows] == pytest.approx([each.score for each in made], abs=1e-6)
    pairs = [(str(row["text"]), str(row["other"])) for row in own]
    rows = call("classify", "--file", path, "--column", "text", "--column", "other", *model, "--json").rows
    assert [tuple(row["text"]) for row in rows] == pairs
    made = classify(pairs, model=models / "sequence")
    assert [row["score"] for row in rows] == pytest.approx([each.score for each in made], abs=1e-6)
    piped = call("classify", "--column", "text", *model, "--json", input=written(tmp_path, ".jsonl").read_bytes())
    assert [row["text"] for row in piped.rows] == TEXTS


@pytest.mark.parametrize(
    ("name", "content", "arguments", "code"),
    [
        ("a.csv", "text\nx\n", [], "E_COLUMN"),
        ("a.csv", "text\nx\n", ["--column", "txt"], "E_COLUMN"),
        ("a.csv", 'text\n"x\n', ["--column", "text"], "E_TEXT"),
        ("a.csv", "text\n菜很好吃,但是服务太慢\n", ["--column", "text"], "E_TEXT"),
        ("a.tsv", "text\tlabel\nx\ty\tz\n", ["--column", "text"], "E_TEXT"),
        ("a.csv", b"text\n\xff\n", ["--column", "text"], "E_TEXT"),
        ("a.jsonl", '{"text": "x"}\n[1]\n', ["--column", "text"], "E_TEXT"),
        ("a.jsonl", '{"text": "x"\n', ["--column", "text"], "E_TEXT"),
        ("a.jsonl", '{"text": null}\n', ["--column", "text"], "E_TEXT"),
        ("a.txt", "x\n", ["--column", "text"], "E_ARGUMENT"),
        ("a.csv", "text,text\na,b\n", ["--column", "text"], "E_COLUMN"),
        ("a.tsv", "text\tn\ttext\na\t1\tb\n", ["--column", "text"], "E_COLUMN"),
        ("a.jsonl", '{"text": "a", "text": "b"}\n', ["--column", "text"], "E_COLUMN"),
        ("a.csv", "id,text\n1\n", ["--column", "text"], "E_TEXT"),
        ("a.csv", "text,label\n1\n", ["--column", "text"], "E_TEXT"),
        ("a.tsv", "text\tlabel\na b\n", ["--column", "text"], "E_TEXT"),
        ("a.tsv", "text\tlabel\n", ["--column", "txt"], "E_COLUMN"),
        ("a.jsonl", '{"text": ' + "[" * 100_000, ["--column", "text"], "E_TEXT"),
        ("a.jsonl", '{"text": ' + '{"a": ' * 100_000 + "1" + "}" * 100_001, ["--column", "text"], "E_TEXT"),
        ("a.csv", "a,b,c\nx,y,z\n", ["--column", "a", "--column", "b", "--column", "c"], "E_ARGUMENT"),
        ("a.csv", "text\nx\n", ["--column", "text", "--encoding", "klingon"], "E_ARGUMENT"),
        ("a.csv", "text\nx\n", ["--column", "text", "--encoding", "base64"], "E_ARGUMENT"),
        ("a.json", '[{"text": "x"}]', ["--column", "text"], "E_TEXT"),
        ("a.json", '[{"text": "x"}]', [], "E_COLUMN"),
        ("a.xlsx", b"PK\x03\x04", ["--column", "text"], "E_FORM"),
        ("a.xlsx", b"PK\x03\x04", [], "E_FORM"),
        ("A.PARQUET", b"PAR1\x15", ["--column", "text"], "E_FORM"),
        ("a.txt.gz", b"\x1f\x8b\x08", [], "E_FORM"),
        ("a.pdf", b"%PDF-1.7", [], "E_FORM"),
        # renamed, which makes no text of it
        ("a.csv", b"PK\x03\x04\x14\x00", ["--column", "text"], "E_FORM"),
        ("a.tsv", b"\xd0\xcf\x11\xe0\xa1\xb1", ["--column", "text"], "E_FORM"),
        ("a.jsonl", b"PAR1\x15\x04", ["--column", "text"], "E_FORM"),
        ("a.txt", b"\x1f\x8b\x08\x00", [], "E_FORM"),
    ],
)
def test_tables_that_cannot_be_read(
    call: Callable[..., Result], models: Path, tmp_path: Path, name: str, content: str | bytes, arguments: list[str],
    code: str,
) -> None:  # fmt: skip
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = call("classify", "--file", tmp_path / name, *arguments, "--model", models / "sequence", "--json")
    assert done.status == 3
    assert json.loads(done.out.splitlines()[-1])["error"]["code"] == code


def texts_in(call: Callable[..., Result], path: Path, content: str | bytes, *arguments: object) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = call("tokenize", "--file", path, *arguments, "--json")
    assert done.status == 0, done.err
    return [row["text"] for row in done.rows]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (
            'id\ttext\n1\t"Hello there\n2\tbad food\n3\tworld"\n4\tlast\n',
            ['"Hello there', "bad food", 'world"', "last"],
        ),
        ('id\ttext\n1\t"quoted" start\n2\t"whole"\n', ['"quoted" start', '"whole"']),
        ('id\ttext\n1\t"say ""hi"" now"\n2\t""\n', ['say "hi" now', '""']),
        ('id\ttext\n1\t" "" \n2\t5" disk\n', ['" "" ', '5" disk']),
        ('"id"\t"text"\n"1"\t"a\tb"\n"2"\t"say ""hi"""\n', ["a\tb", 'say "hi"']),
        ("\ufeffid\ttext\r\n1\tx\ry\r\n", ["x\ry"]),
    ],
)
def test_quotation_marks_in_tab_separated_values(
    call: Callable[..., Result], tmp_path: Path, content: str, wanted: list[str]
) -> None:
    assert texts_in(call, tmp_path / "a.tsv", content, "--column", "text") == wanted


@pytest.mark.parametrize(
    "content",
    [
        "id;text\n1;今天, 天气\n2;好\n",
        'id,text\n1,"今天, 天气"\n2,好\n',
        "sep=;\r\nid;text\r\n1;今天, 天气\r\n2;好\r\n",
        "sep=|\nid|text\n1|今天, 天气\n2|好\n",
        "id\ttext\n1\t今天, 天气\n2\t好\n",
        '"id, no";text\n1;今天, 天气\n2;好\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_what_excel_writes(call: Callable[..., Result], tmp_path: Path, content: str, encoding: str) -> None:
    named = ["--encoding", encoding] if encoding == "gb18030" else []
    found = texts_in(call, tmp_path / "a.csv", content.encode(encoding), "--column", "text", *named)
    assert found == ["今天, 天气", "好"]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".txt"])
def test_an_encoding_that_is_not_utf_8_is_named_with_a_cure_that_works(
    call: Callable[..., Result], tmp_path: Path, ending: str
) -> None:
    row = '{"text": "今天天气很好"}\n' if ending == ".jsonl" else "今天天气很好\n"
    content = (row if ending in (".jsonl", ".txt") else "text\nabc\n" + row).encode("gbk")
    column = [] if ending == ".txt" else ["--column", "text"]
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    error = json.loads(call("tokenize", "--file", path, *column, "--json").out.splitlines()[-1])["error"]
    assert error["code"] == "E_TEXT"
    assert f"Line {1 if ending in ('.jsonl', '.txt') else 3} of" in error["what"]
    assert error["cure"].endswith("--encoding gb18030")
    assert texts_in(call, path, content, *column, "--encoding", "gb18030")[-1] == "今天天气很好"


def test_a_file_without_texts_is_said(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    for name, content in (("a.txt", ""), ("a.csv", "text\n"), ("a.jsonl", "\n\n"), ("a.tsv", "text\tn\n")):
        (tmp_path / name).write_text(content)
        column = [] if name == "a.txt" else ["--column", "text"]
        done = call("classify", "--file", tmp_path / name, *column, "--model", models / "sequence")
        assert (done.status, done.out) == (0, "")
        assert "There is no text in" in done.err


def test_options_without_effect(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    for arguments in (
        ["classify", "x", "--column", "text"],
        ["tokenize", "x", "--encoding", "gb18030"],
        ["bench", "--column", "text"],
        ["bench", "--encoding", "gb18030"],
    ):
        done = call(*arguments, "--json")
        assert (done.status, done.json["error"]["code"]) == (3, "E_ARGUMENT"), arguments
        assert "--file" in done.json["error"]["cure"]
    (tmp_path / "a.csv").write_text("a,b\nx,y\n")
    both = ["--column", "a", "--column", "b"]
    output = ["--output", tmp_path / "v.npy"]
    for arguments in (
        ["embed", "x", "--csv", *output],
        ["tokenize", "--file", tmp_path / "a.csv", *both, "--pair", "z"],
        ["generate", "--file", tmp_path / "a.csv", "--stream", "-m", models / "masked"],
    ):
        assert call(*arguments).status == 2, arguments
    assert not (tmp_path / "v.npy").exists()


@pytest.mark.parametrize(
    "arguments",
    [["search", "q", "."], ["similar", "q", "t"], ["rerank", "q", "t"], ["generate", "t"], ["chat", "t"],
     ["translate", "t"], ["summarise", "t"], ["answer", "q", "t"], ["zero-shot", "t", "--label", "a"]],
)  # fmt: skip
def test_a_model_that_is_not_named(call: Callable[..., Result], arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.status == 2
    assert "--model" in done.err
    assert "missing" in done.err


@pytest.mark.parametrize("command", [["classify"], ["embed", "--pooling", "mean"], ["search", "q"], ["similar", "q"]])
def test_an_error_before_the_first_row_leaves_nothing_that_looks_like_a_table(
    call: Callable[..., Result], models: Path, tmp_path: Path, command: list[str]
) -> None:
    end = [tmp_path / "none"] if command[0] == "search" else ["我" * 600]
    done = call(*command, *end, "--model", models / "sequence", "--csv")
    assert (done.status, done.out) == (3, "")


def test_comma_separated_values(call: Callable[..., Result], models: Path) -> None:
    texts = ["今天,天气 很好", "我\n有"]
    rows = table(call("classify", *texts, "--model", models / "sequence", "--csv"))
    assert [row["text"] for row in rows] == texts
    made = classify(texts, model=models / "sequence")
    assert [float(row["score"]) for row in rows] == [pytest.approx(each.score, abs=1e-6) for each in made]
    rows = table(call("tag", *texts, "--model", models / "token", "--csv"))
    spans = [(number, span) for number, each in enumerate(tag(texts, model=models / "token")) for span in each]
    assert [(int(row["number"]), row["text"], row["label"], int(row["start"])) for row in rows] == [
        (number, span.text, span.label, span.start) for number, span in spans
    ]
    rows = table(call("fill", "我[MASK]", "--top", 2, "--model", models / "masked", "--csv"))
    assert [row["token"] for row in rows] == [
        each.token for each in fill("我[MASK]", top=2, model=models / "masked")[0]
    ]
    rows = table(call("embed", "我", "--model", models / "masked", "--pooling", "mean", "--csv"))
    vector = encode("我", model=models / "masked", pooling="mean").vector
    numpy.testing.assert_allclose([float(each) for each in rows[0]["vector"].split()], vector, atol=1e-6)
    assert call("classify", "我", "--csv", "--json", "--model", models / "sequence").status == 2
    assert call("tag", "--csv", "--model", models / "token", input=b"").out == "number,text,label,start,end,score\n"


def test_long_texts(call: Callable[..., Result], models: Path) -> None:
    text, model = "今天天气很好" * 30, ["--model", models / "sequence", "--json"]
    row = call("classify", text, "--long", "window", "--stride", 5, "--merge", "max", *model).json
    made = classify(text, model=models / "sequence", long="window", stride=5, merge="max")
    assert row["scores"] == pytest.approx(made.scores, abs=1e-6)
    assert (row["windows"], row["tokens"], row["read"], row["truncated"]) == (made.extent.windows, 182, 182, False)
    cut = call("classify", text, "--long", "truncate", *model).json
    assert (cut["windows"], cut["read"], cut["truncated"]) == (1, 64, True)
    assert "long=" in call("classify", text, "--stride", 5, *model).json["error"]["cure"]
    windows = call("tag", text, "--long", "window", "--aggregation", "simple", "--model", models / "token", "--json")
    assert windows.json["windows"] > 2


def test_answering(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    model = ["--model", models / "span"]
    made = answer("我有?", "今天天气很好", model=models / "span", top=2, longest=3)
    row = call("answer", "我有?", "今天天气很好", "--top", 2, "--longest", 3, *model, "--json").json
    assert [each["text"] for each in row["answers"]] == [each.text for each in made]
    assert [each["score"] for each in row["answers"]] == pytest.approx([each.score for each in made], abs=1e-6)
    assert made[0].text in call("answer", "我有?", "今天天气很好", "--longest", 3, *model).out
    lines = call("answer", "我有?", *model, input="今天天气\n这本书\n".encode()).out.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["我有?"] * 2
    path = written(tmp_path, ".jsonl")
    rows = call("answer", "--file", path, "--column", "text", "--column", "other", *model, "--csv")
    assert [row["question"] for row in table(rows)] == [str(row["text"]) for row in ROWS]
    assert "not there" in call("answer", "我?", " ", "--impossible", *model).out
    assert "Nothing in this text" in call("answer", "我?", " ", *model).out
    assert call("answer", "--file", path, "--column", "text", *model).status == 2
    assert call("answer", "我?", "--file", path, "--column", "text", "--column", "other", *model).status == 2


def test_choosing(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    model = ["--model", models / "choice"]
    made = choose("今天", ["很好", "不好", "书"], model=models / "choice")
    row = call("choose", "今天", "很好", "不好", "书", *model, "--json").json
    assert (row["choice"], row["scores"]) == (made.choice, pytest.approx(list(made.scores), abs=1e-6))
    assert call("choose", "今天", "很好", "不好", *model).out.count("\n") == 2
    path = tmp_path / "q.jsonl"
    path.write_text('{"q": "今天", "c": ["很好", "不好"]}\n{"q": "我", "c": ["书"]}\n', encoding="utf-8")
    rows = table(call("choose", "--file", path, "--column", "q", "--column", "c", *model, "--csv"))
    assert [row["question"] for row in rows] == ["今天", "我"]
    assert call("choose", "今天", *model).status == 2
    assert call("choose", *model, input=b"x\n").status == 2


def test_labels_never_trained_for(call: Callable[..., Result], models: Path) -> None:
    arguments = ["--label", "天气", "--label", "书", "--template", "这是{}。", "--model", models / "nli"]
    made = zero_shot("今天天气很好", ["天气", "书"], template="这是{}。", model=models / "nli")
    row = call("zero-shot", "今天天气很好", *arguments, "--json").json
    assert row["scores"] == pytest.approx(made.scores, abs=1e-6)
    rows = table(call("zero-shot", "今天天气很好", "书", *arguments, "--several", "--csv"))
    assert len(rows) == 2
    assert call("zero-shot", "书", "--model", models / "nli").status == 2


def test_ranking(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    texts = ["今天天气很好", "这本书不好看", "我有大梦想"]
    made = similar("天气", texts, model=models / "masked", pooling="mean", top=2)
    found = call("similar", "天气", *texts, "--pooling", "mean", "--top", 2, "--model", models / "masked", "--json")
    assert [(row["text"], row["number"], row["measure"]) for row in found.rows] == [
        (match.text, match.index, "cosine") for match in made
    ]
    (tmp_path / "t.txt").write_text("\n".join(texts), encoding="utf-8")
    ranked = rerank("天气", texts, model=models / "rank")
    found = call("rerank", "天气", "--file", tmp_path / "t.txt", "--model", models / "rank", "--csv")
    assert [(int(row["number"]), float(row["score"])) for row in table(found)] == [
        (match.index, pytest.approx(match.score, abs=1e-6)) for match in ranked
    ]
    assert call("rerank", "天气", *texts, "--model", models / "rank").out.splitlines()[0].endswith(ranked[0].text)


def test_searching(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("今天天气很好\n", encoding="utf-8")
    (folder / "b.md").write_text("这本书不好看\n", encoding="utf-8")
    arguments = ["search", "天气", folder, "--pooling", "mean", "--model", models / "masked"]
    hits = search("天气", folder, model=models / "masked", pooling="mean", keep=False)
    assert [row["file"] for row in call(*arguments, "--no-keep", "--json").rows] == [hit.file for hit in hits]
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.md"]
    assert [row["text"] for row in table(call(*arguments, "--csv"))] == [hit.text for hit in hits]
    assert (folder / ".torso-search.safetensors").exists()
    assert f"{hits[0].file}:0-6" in call(*arguments, "--top", 1).out


def test_encode_is_embed(call: Callable[..., Result], models: Path) -> None:
    arguments = [
        "我",
        "--model",
        models / "masked",
        "--pooling",
        "mean",
        "--prompt",
        "今天",
        "--dimensions",
        8,
        "--json",
    ]
    assert call("encode", *arguments).rows == call("embed", *arguments).rows
    row = call("embed", *arguments).json
    assert (len(row["vector"]), row["prompt"], row["max_tokens"], row["tokens"]) == (8, "今天", 64, 5)
    assert "torso embed" in call("encode", "--help").out


def test_ctrl_c_leaves_no_half_file(models: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "texts")
    output = tmp_path / "vectors.npy"
    process = start("embed", "--model", models / "masked", "--pooling", "mean", "--file", tmp_path / "texts",
                    "--output", output)  # fmt: skip
    with (tmp_path / "texts").open("wb") as pipe:
        pipe.write("我有大梦想\n".encode() * 50_000)
        pipe.flush()
        assert list(tmp_path.glob(".vectors.npy.*")), "it has begun to write"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.decode() == "\ntorso: stopped.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["texts"]


def test_config_shows_every_key_of_sentence_transformers(
    call: Callable[..., Result], models: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(models / "masked", tmp_path / "model")
    listed = [
        {"type": "sentence_transformers.models.Transformer", "path": ""},
        {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
    ]
    (folder / "1_Pooling").mkdir()
    for name, value in (
        ("modules.json", listed),
        ("sentence_roberta_config.json", {"max_seq_length": 7}),
        ("config_sentence_transformers.json", {"truncate_dim": 8}),
        ("1_Pooling/config.json", {"pooling_mode": "mean", "sharpen": 2}),
    ):
        (folder / name).write_text(json.dumps(value))
    told = call("config", folder, "--json").json["sentence_transformers"]
    shown = {(row["file"], row["key"], row["value"]) for row in told}
    assert shown == {
        ("sentence_roberta_config.json", "max_seq_length", 7),
        ("config_sentence_transformers.json", "truncate_dim", 8),
        ("1_Pooling/config.json", "pooling_mode", "mean"),
        ("1_Pooling/config.json", "sharpen", 2),
    }
    assert "sharpen" in call("config", folder).out
    assert "sentence_transformers" not in call("config", models / "masked", "--json").json
