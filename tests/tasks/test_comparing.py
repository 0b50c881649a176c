"""``similar``, ``rerank`` and ``search`` against sentence-transformers, and against themselves done by hand."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from torso.architecture import Task
from torso.errors import InputError, NotFoundError, UnsupportedError
from torso.tasks import encode, make_ready, rerank, search, similar
from torso.tasks._search import INDEX
from torso.tasks.comparing import Dense
from torso.tasks.passages import passages

from .reference import MINILM, save, text_of, texts_of

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["How do I reset my password?", "Opening hours", "弱小的我也有大梦想", *texts_of(30)]


def with_settings(folder: Path, **settings: object) -> Path:
    shutil.copytree(MINILM, folder)
    path = folder / "config_sentence_transformers.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | settings))
    return folder


@pytest.mark.parametrize("measure", ["cosine", "dot", "euclidean", "manhattan"])
def test_scores_are_sentence_transformers(tmp_path: Path, measure: str) -> None:
    from sentence_transformers import SentenceTransformer

    prompts = {"query": "query: ", "document": "passage: "}
    folder = with_settings(tmp_path / "model", similarity_fn_name=measure, prompts=prompts)
    reference = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    queries = ["forgot my login", "梦想"]
    wanted = reference.similarity(
        reference.encode_query(queries, convert_to_tensor=True),
        reference.encode_document(TEXTS, convert_to_tensor=True),
    )
    for query, made, row in zip(queries, similar(queries, TEXTS, model=folder), wanted, strict=True):
        assert (made.query, made.measure) == (query, measure)
        assert [match.index for match in made] == row.argsort(descending=True).tolist()
        for match in made:
            assert match.text == TEXTS[match.index]
            assert match.score == pytest.approx(float(row[match.index]), abs=1e-5)
    assert [match.index for match in similar(queries[0], TEXTS, model=folder, top=2)] == [
        match.index for match in similar(queries[0], TEXTS, model=folder)
    ][:2]
    assert len(similar("x", [], model=folder)) == 0
    assert similar([], TEXTS, model=folder) == []
    [alone] = similar("x", TEXTS[0], model=folder)  # one text, not its characters
    assert (alone.text, alone.index) == (TEXTS[0], 0)


@pytest.mark.parametrize("stated", [None, "torch.nn.modules.linear.Identity"])
def test_a_cross_encoder(tmp_path: Path, stated: str | None) -> None:
    from sentence_transformers import CrossEncoder

    folder = save(tmp_path, "ForSequenceClassification", num_labels=1)
    if stated:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        config["sentence_transformers"] = {"activation_fn": stated}
        (folder / "config.json").write_text(json.dumps(config))
    texts = [*TEXTS, text_of(900)]
    wanted = CrossEncoder(str(folder), device="cpu", local_files_only=True).predict(
        [("a query", each) for each in texts]
    )
    made = rerank("a query", texts, model=folder, long="truncate")
    assert made.measure == ("logit" if stated else "sigmoid")
    assert [match.score for match in sorted(made, key=lambda each: each.index)] == pytest.approx(list(wanted), abs=1e-5)
    assert [match.score for match in made] == sorted((match.score for match in made), reverse=True)
    assert len(rerank(["a", "b"], texts[:3], model=folder, top=2)[1]) == 2
    assert [match.text for match in rerank("a", texts[0], model=folder)] == [texts[0]]


def test_a_model_that_cannot_rank(tmp_path: Path) -> None:
    several = save(tmp_path / "several", "ForSequenceClassification", num_labels=2)
    with pytest.raises(InputError, match="E_LABELS"):
        rerank("q", ["t"], model=several)
    odd = save(tmp_path / "odd", "ForSequenceClassification", num_labels=1)
    config = json.loads((odd / "config.json").read_text("utf-8"))
    (odd / "config.json").write_text(json.dumps(config | {"sbert_ce_default_activation_function": "mine.Softplus"}))
    with pytest.raises(UnsupportedError, match="E_ACTIVATION"):
        rerank("q", ["t"], model=odd)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("Vectors are kept in a file.\n\nThe cat sat on the mat.\n" + "\n" + text_of(200))
    (folder / "deep" / "b.md").write_text("# 标题\n\n弱小的我也有大梦想！\n", encoding="utf-8")
    (folder / "empty.txt").write_text("")
    (folder / "other.json").write_text("{}")
    (folder / ".hidden.txt").write_text("hidden")
    return folder


def test_every_passage_is_compared(notes: Path) -> None:
    hits = search("where are vectors kept?", notes, model=MINILM, top=100)
    everything: list[tuple[str, str]] = []
    for name in ("a.txt", "deep/b.md"):
        text = (notes / name).read_text("utf-8")
        everything += [(name, text[start:end]) for start, end in passages(text)]
        assert all(text[hit.start : hit.end] == hit.text for hit in hits if hit.file == name)
    assert sorted((hit.file, hit.text) for hit in hits) == sorted(everything)
    asked = encode("where are vectors kept?", model=MINILM).vector
    for hit in hits:
        own = encode(hit.text, model=MINILM, long="window").vector
        assert hit.score == pytest.approx(float(asked @ own), abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_vectors_are_made_anew_only_for_what_changed(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(own, texts, *rest, **options):
        made.append(len(texts))
        return whole(own, texts, *rest, **options)

    whole = Dense.made
    monkeypatch.setattr(Dense, "made", counted)
    first = search("cat", notes, model=MINILM)
    count = made[1]
    assert made == [1, count]
    made.clear()
    again = search("cat", notes, model=MINILM)
    assert made == [1]
    assert [(hit.file, hit.start) for hit in again] == [(hit.file, hit.start) for hit in first]
    assert [hit.score for hit in again] == pytest.approx([hit.score for hit in first], abs=1e-6)
    made.clear()
    (notes / "deep" / "b.md").write_text("梦想很大。\n", encoding="utf-8")
    (notes / "deep" / "b.md").rename(notes / "c.md")
    search("cat", notes, model=MINILM)
    assert made == [1, 1]
    made.clear()
    search("cat", notes, model=MINILM, pooling="cls")
    assert made[1] > 1
    made.clear()
    (notes / INDEX).write_bytes(b"damaged")
    search("cat", notes, model=MINILM)
    assert made[1] > 1
    with safe_open(notes / INDEX, "pt") as file:
        assert len(list(file.keys())) == 2


def test_nothing_is_kept_where_nothing_shall_be(notes: Path) -> None:
    search("cat", notes, model=MINILM, keep=False)
    assert not (notes / INDEX).exists()
    search("cat", notes, model=make_ready(MINILM, Task.FEATURES))
    assert (notes / INDEX).exists()


def test_folders_without_texts(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="E_NO_FOLDER"):
        search("x", tmp_path / "none", model=MINILM)
    with pytest.raises(NotFoundError, match="E_NO_TEXTS"):
        search("x", tmp_path, model=MINILM)
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(NotFoundError, match="E_NO_TEXTS"):
        search("x", tmp_path, model=MINILM)
    (tmp_path / "a.txt").write_text(" \n\n \n")
    assert search("x", tmp_path, model=MINILM) == []


@pytest.mark.parametrize(
    "text", ["", "\n\n", "a", " a \n\n b\n", "x" * 3000, "\n\n".join(["p" * 400] * 9), "a\r\n\r\nb"]
)
def test_passages_hold_every_word_once(text: str) -> None:
    spans = list(passages(text))
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert all(end - start <= 1000 for start, end in spans) or "x" in text
    assert torch.tensor(spans).numel() == 2 * len(spans)
