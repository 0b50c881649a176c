"""Sparse vectors, vectors of tokens and decoders that rank, by command: what the functions give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import torso
from tasks import late_folders

from .conftest import Result

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["The cat sits outside.", "How to reset a LOGIN?"]


@pytest.fixture(scope="module")
def m3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return late_folders.bge_m3(tmp_path_factory.mktemp("m3") / "model")


def test_sparse_vectors(call: Callable[..., Result], m3: Path, tmp_path: Path) -> None:
    wanted = torso.embed_sparse(TEXTS, model=str(m3))
    rows = call("embed", *TEXTS, "--model", m3, "--sparse", "--json").rows
    for row, text, own in zip(rows, TEXTS, wanted, strict=True):
        assert (row["text"], row["indices"], row["entries"]) == (text, own.indices.tolist(), list(own.tokens))
        assert np.array(row["values"], np.float32).tobytes() == own.values.tobytes()
    line = call("embed", TEXTS[0], "--model", m3, "--sparse").out
    heaviest, value = next(iter(wanted[0].weights.items()))
    assert line.startswith(f"{heaviest}:{value:.2f} ")
    assert f"{len(wanted[0])} of {wanted[0].size} entries" in line
    written = call("embed", *TEXTS, "--model", m3, "--sparse", "--output", tmp_path / "it.jsonl")
    assert "2 texts" in written.out
    kept = [json.loads(each) for each in (tmp_path / "it.jsonl").read_text("utf-8").splitlines()]
    assert kept == rows


def test_vectors_of_tokens(call: Callable[..., Result], m3: Path) -> None:
    (own,) = torso.embed_multi_vector(TEXTS[:1], model=str(m3), query=True)
    row = call("embed", TEXTS[0], "--model", m3, "--multi-vector", "--query", "--json").json
    assert np.array(row["vectors"], np.float32).tobytes() == own.vectors.tobytes()
    assert (row["query"], row["normalized"], row["entries"]) == (True, True, list(own.tokens))
    out = call("embed", TEXTS[0], "--model", m3, "--multi-vector").out
    assert f"{len(own)} vectors of 32 numbers" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sparse", "--multi-vector"], "cannot be used together"),
        (["--query"], "--query is of --multi-vector"),
        (["--sparse", "--dimensions", "3"], "--dimensions is of dense vectors alone"),
        (["--multi-vector", "--prompt", "x"], "--prompt is of dense vectors alone"),
        (["--sparse", "--output", "it.npy"], ".jsonl"),
    ],
)
def test_options_that_do_not_go_together(
    call: Callable[..., Result], m3: Path, arguments: list[str], said: str
) -> None:
    result = call("embed", "a", "--model", m3, *arguments)
    assert result.status != 0
    assert said in result.err


@pytest.mark.parametrize("vectors", ["dense", "sparse", "multi-vector"])
def test_similar_by_each_kind(call: Callable[..., Result], m3: Path, vectors: str) -> None:
    pooling = {"pooling": "cls"} if vectors == "dense" else {}
    wanted = torso.similar(TEXTS[0], TEXTS, model=str(m3), vectors=vectors, **pooling)
    more = ["--pooling", "cls"] if pooling else []
    rows = call("similar", TEXTS[0], *TEXTS, "--model", m3, "--vectors", vectors, *more, "--json").rows
    assert [(row["number"], row["score"], row["measure"]) for row in rows] == [
        (each.index, each.score, wanted.measure) for each in wanted
    ]


def test_rerank_by_a_decoder(call: Callable[..., Result], tmp_path: Path) -> None:
    folder = late_folders.decoder(tmp_path / "qwen", "Qwen3")
    options = dict(template="qwen3-reranker", prompt="Find it")
    wanted = torso.rerank("cat", TEXTS, model=str(folder), **options)
    rows = call(
        "rerank", "cat", *TEXTS, "-m", folder, "--template", "qwen3-reranker", "--prompt", "Find it", "--json"
    ).rows
    assert [(row["number"], row["score"]) for row in rows] == [(each.index, each.score) for each in wanted]
    refused = call("rerank", "cat", *TEXTS, "-m", folder)
    assert refused.status != 0
    assert "E_RERANK_TEMPLATE" in refused.err
