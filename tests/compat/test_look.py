"""What a notebook shows: small tensors with their numbers, tables without scripts, bounded and escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import torso
from torso.io.html_table import LIMIT, html_table

IDS = torch.tensor([[2, 7, 9, 3], [2, 8, 3, 0]])
SMALL = dict(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=16)


def classifier(**changes):
    return torso.BertForSequenceClassification(torso.BertConfig(**SMALL, **changes)).eval()


def plain(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", html)


def test_small_tensors_show_their_numbers_and_large_ones_their_shape() -> None:
    model = classifier(num_labels=2)
    with torch.no_grad():
        out = model(IDS, labels=torch.tensor([0, 1]), output_hidden_states=True)
    number = f"{out.logits[1, 0].item():.4f}"
    for shown in (repr(out), plain(out._repr_html_())):
        assert number in shown
        assert f"{out.loss.item():.6f}" in shown
        assert "[2, 2] float32" in shown
        assert "3 x [2, 4, 12] float32" in shown
    assert len(repr(out).splitlines()) <= 6
    assert len(out._repr_html_()) < 2000


def test_a_model_shows_what_it_is() -> None:
    model = classifier(id2label={0: "<script>alert(1)</script>", 1: "好"})
    html = model._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    for part in ("BertForSequenceClassification", "sequence-classification", f"{model.num_parameters():,}", "好"):
        assert part in plain(html)


def test_an_encoding_shows_its_tokens(rbt3: Path) -> None:
    tokenizer = torso.AutoTokenizer.from_pretrained(rbt3)
    for given in ({}, {"return_tensors": "pt", "padding": True}):
        html = tokenizer(["弱小的我", "也有"], **given)._repr_html_()
        for token in ("[CLS]", "弱", "2483", "有"):
            assert token in plain(html)
    assert "弱" in plain(tokenizer("弱小")._repr_html_())


@pytest.mark.parametrize("rows", [3, 20_000])
def test_a_table_is_bounded_and_escaped(rows) -> None:
    html = html_table("<b>", ["a&b"], [(f"<i>{number}", "\ud800", "x" * 1000) for number in range(rows)], ["<u>"])
    assert len(html.encode()) <= 64 * 1024
    assert not re.search("<(script|style|i|u)>", html)
    assert ("first" in html) == (rows > 3)
    assert "id=" not in html
    assert len(html) < LIMIT + 2000
