"""What a notebook shows: small tensors with their numbers, tables without scripts, bounded and escaped."""

from __future__ import annotations

import io
import os
import re
import traceback
from base64 import b64decode
from html import unescape
from pathlib import Path

import numpy
import pytest
import torch

import torso
from torso.compat.attention_map import AttentionMap
from torso.generation.completed_text import Completion
from torso.io.html_table import LIMIT, html_table
from torso.tasks.embedding import Embedding
from torso.tasks.extents import Extent
from torso.tasks.predictions import (
    Answer,
    Answered,
    Chosen,
    Fill,
    Filled,
    Label,
    Match,
    Ranked,
    Span,
    Tagged,
)
from torso.tasks.text_generator import Generated

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


EXTENT = Extent(9, 9)
PREDICTIONS = {
    "label": Label("<好>", 0.9876, {"<好>": 0.9876, "差": 0.0124}, EXTENT),
    "tagged": Tagged("我在北京", (Span("北京", 2, 4, "LOC", 0.9876),), EXTENT),
    "filled": Filled("[MASK]气", ((Fill("天", 0.9876, "天气", 7), Fill("<b>", 0.01, "b气", 8)),), EXTENT),
    "embedding": Embedding(numpy.linspace(0.9876, 1, 4096, dtype=numpy.float32), "mean", True, "", 512, EXTENT),
    "answered": Answered("哪里", "我在北京", (Answer("北京", 2, 4, 0.9876),), EXTENT),
    "chosen": Chosen("哪个", "好", 1, 0.9876, (0.0124, 0.9876), EXTENT),
    "ranked": Ranked("好", tuple(Match("很好" * 3000, place, 0.9876) for place in range(900)), "cosine"),
    "generated": Generated("p", (Completion("好" * 9000, (1,) * 9000, (0.9876,) * 9000, "end", 0.9876),), EXTENT),
}


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_prediction_is_one_short_line_and_a_table_that_keeps_its_numbers_without_styles(name) -> None:
    prediction = PREDICTIONS[name]
    line, html = repr(prediction), prediction._repr_html_()
    assert line.startswith(type(prediction).__name__ + "(")
    assert len(line) < 700
    assert "\n" not in line
    assert len(html.encode()) <= 64 * 1024
    assert not re.search("<(script|style|b>气|好>)| id=|background|color", html)
    for shown in (line, plain(html)):
        assert "0.9876" in shown


def test_a_cut_text_is_said() -> None:
    html = Label("好", 1.0, {"好": 1.0}, Extent(900, 512))._repr_html_()
    assert "512" in plain(html)
    assert "900" in plain(html)


def test_an_error_is_a_table_and_ipython_shows_the_caller_s_frames_alone() -> None:
    with pytest.raises(torso.TorsoError) as caught:
        torso.load("/no/<script>")
    error = caught.value
    assert "<script" not in error._repr_html_()
    for part in (error.what, error.cure, error.code):
        assert re.sub(r"\W", "", part) in re.sub(r"\W", "", unescape(plain(error._repr_html_())))
    lines = "\n".join(error._render_traceback_())
    assert str(error) in lines
    assert "test_look.py" in lines
    assert "existing_folder.py" not in lines
    assert "existing_folder.py" in "".join(traceback.format_exception(error))
    with pytest.raises(torso.TorsoError) as caught:
        torch.nn.Sequential(classifier())("a text")
    lines = "\n".join(caught.value._render_traceback_())
    assert "test_look.py" in lines
    assert "site-packages" not in lines
    assert "<string>" not in lines


@pytest.mark.parametrize(
    "file",
    [
        f"{os.path.dirname(torso.__file__)}_work/mine.py",
        f"{os.path.dirname(os.__file__)}-work/mine.py",
        "/work/my-packages/mine.py",
        "<ipython-input-1-0123456789ab>",
        "<stdin>",
    ],
)
def test_a_caller_s_frame_is_shown_wherever_it_lies(file: str) -> None:
    with pytest.raises(torso.TorsoError) as caught:
        exec(compile("import torso\ntorso.load('/no/model')", file, "exec"), {})
    assert f'File "{file}", line 2' in "\n".join(caught.value._render_traceback_())


def test_the_attention_of_a_layer_is_a_picture_and_a_table() -> None:
    from PIL import Image

    model = classifier(num_labels=2)
    with torch.no_grad():
        out = model(IDS, torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]), output_attentions=True)
    shown = out.attention(-1, 2, text=1, tokens=["<s>", "好", "的", "pad"])
    assert shown.weights.equal(out.attentions[1][1, 2])
    assert out.attention(0).weights.equal(out.attentions[0][0].mean(0))
    html = shown._repr_html_()
    assert "<s>" not in html
    top = shown.weights[1].max()
    assert f"{top:.2f}" in plain(html)
    picture = Image.open(io.BytesIO(b64decode(re.search("base64,([^']*)", html)[1]))).convert("RGBA")
    cell = picture.width // 4
    alphas = [[picture.getpixel((x * cell + 1, y * cell + 1))[3] / 255 for x in range(4)] for y in range(4)]
    torch.testing.assert_close(torch.tensor(alphas), shown.weights / shown.weights.max(), rtol=0, atol=3e-3)
    with pytest.raises(torso.TorsoError, match="There is no head 3"):
        out.attention(0, 3)
    with pytest.raises(torso.TorsoError, match="output_attentions=True"):
        model(IDS).attention(0)


def test_a_picture_of_a_long_text_stays_small() -> None:
    weights = torch.rand(700, 700).softmax(-1)
    shown = AttentionMap(weights, 0, None, ["词" * 300] * 700, ["<&" * 100] * 700)
    assert len(shown._repr_html_().encode()) <= 64 * 1024
    assert len(repr(shown)) < 100
