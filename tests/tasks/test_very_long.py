"""Texts from one token to five thousand, emoji and mixed scripts among them, as the reference library has them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from torso.tasks import classify, encode, fill, tag

from .reference import save, text_of

pytestmark = pytest.mark.filterwarnings("ignore")
MIXED = " 大模型 🙂🇨🇳 naïve Straße عربى 日本語 ½ "
TOKENS = 5_000


@pytest.fixture(scope="module")
def texts() -> list[str]:
    long = (text_of(300) + MIXED) * 40
    return ["a", "弱小的我也有大梦想！", MIXED, text_of(40) + MIXED, long]


def reference(task: str, folder: Path, **options: object):
    import transformers

    return transformers.pipeline(task, model=str(folder), tokenizer=str(folder), device="cpu", **options)


def cut(folder: Path, texts: list[str]) -> list[str]:
    """The texts, the last cut where it has about five thousand tokens."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    long = texts[-1]
    spans = tokenizer(long, return_offsets_mapping=True, truncation=True, max_length=TOKENS)["offset_mapping"]
    assert len(spans) == TOKENS
    return [*texts[:-1], long[: spans[-2][1]]]


def test_labels(tmp_path: Path, texts: list[str]) -> None:
    folder = save(tmp_path, "ForSequenceClassification", limit=TOKENS + 8, num_labels=3)
    given = cut(folder, texts)
    wanted = reference("text-classification", folder)(given, top_k=None)
    for made, scores in zip(classify(given, model=folder), wanted, strict=True):
        assert dict(made.scores) == pytest.approx({each["label"]: each["score"] for each in scores}, abs=1e-5)


def test_spans(tmp_path: Path, texts: list[str]) -> None:
    folder = save(tmp_path, "ForTokenClassification", limit=TOKENS + 8, num_labels=4)
    given = cut(folder, texts)
    wanted = reference("token-classification", folder, aggregation_strategy="simple")(given)
    for made, entities in zip(tag(given, model=folder, aggregation="simple"), wanted, strict=True):
        assert [(each.start, each.end) for each in made] == [(each["start"], each["end"]) for each in entities]
        assert [each.score for each in made] == pytest.approx([each["score"] for each in entities], abs=1e-5)


def test_masks(tmp_path: Path, texts: list[str]) -> None:
    folder = save(tmp_path, "ForMaskedLM", limit=TOKENS + 8)
    given = [f"[MASK] {each}" for each in cut(folder, texts)[:-1]]
    given.append("[MASK] " + cut(folder, texts)[-1][:-200])
    wanted = reference("fill-mask", folder)(given, top_k=3)
    for made, best in zip(fill(given, model=folder, top=3), wanted, strict=True):
        (proposals,) = made
        assert [each.token for each in proposals] == [each["token_str"] for each in best]
        assert [each.score for each in proposals] == pytest.approx([each["score"] for each in best], abs=1e-5)


def test_vectors(tmp_path: Path, texts: list[str]) -> None:
    import transformers

    folder = save(tmp_path, "Model", limit=TOKENS + 8)
    given = cut(folder, texts)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    for made, text in zip(encode(given, model=folder, pooling="mean", normalize=True), given, strict=True):
        with torch.no_grad():
            rows = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        wanted = torch.nn.functional.normalize(rows.mean(0), dim=0)
        torch.testing.assert_close(torch.from_numpy(made.vector), wanted, rtol=1e-5, atol=1e-5)
