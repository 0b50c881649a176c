"""Decoders as rerankers, beside the code of their model cards and sentence-transformers, on both engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import torso
from torso.errors import InputError, TooLongError
from torso.tasks import make_ready, rerank

from . import late_folders
from .late_folders import TEMPLATE, decoder

pytestmark = pytest.mark.filterwarnings("ignore")
QUERY = "capital of France?"
TEXTS = ["Paris is large.", "Berlin is large, and it is the capital of another country.", "北京", "no"]


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3 with a byte-level tokenizer that has the tokens of chats, "yes" and "no"."""
    return decoder(tmp_path_factory.mktemp("qwen"), "Qwen3")


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decoder(tmp_path_factory.mktemp("gemma"), "Gemma")


def qwen_card(folder: Path, query: str, texts: list[str], task: str | None = None, limit: int = 400) -> np.ndarray:
    """The code of https://huggingface.co/Qwen/Qwen3-Reranker-0.6B, with its names."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    token_false_id = tokenizer.convert_tokens_to_ids("no")
    token_true_id = tokenizer.convert_tokens_to_ids("yes")
    prefix = (
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
        'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
    )
    suffix = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    prefix_tokens = tokenizer.encode(prefix, add_special_tokens=False)
    suffix_tokens = tokenizer.encode(suffix, add_special_tokens=False)
    instruction = task or "Given a web search query, retrieve relevant passages that answer the query"
    pairs = [f"<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {doc}" for doc in texts]
    inputs = tokenizer(
        pairs,
        padding=False,
        truncation="longest_first",
        return_attention_mask=False,
        max_length=limit - len(prefix_tokens) - len(suffix_tokens),
        add_special_tokens=False,
    )
    scores = []
    for ele in inputs["input_ids"]:
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([prefix_tokens + ele + suffix_tokens])).logits[:, -1, :]
        batch_scores = torch.stack([logits[:, token_false_id], logits[:, token_true_id]], dim=1)
        scores.append(torch.nn.functional.log_softmax(batch_scores, dim=1)[:, 1].exp().item())
    return np.array(scores)


def ranked_scores(ranked: Any) -> list[float]:
    return [match.score for match in sorted(ranked, key=lambda match: match.index)]


@pytest.mark.parametrize("task", [None, "Find the city"])
def test_qwen3_reranker(qwen: Path, task: str | None) -> None:
    wanted = qwen_card(qwen, QUERY, TEXTS, task)
    for model in (qwen, torso.load(qwen, torso.Task.CAUSAL_LM), make_ready(qwen, torso.Task.CAUSAL_LM)):
        ranked = rerank(QUERY, TEXTS, model=model, template="qwen3-reranker", prompt=task)
        np.testing.assert_allclose(ranked_scores(ranked), wanted, atol=1e-5)
        assert [match.index for match in ranked] == list(np.argsort(-wanted, kind="stable"))
        assert (ranked.query, ranked.measure) == (QUERY, "sigmoid")
    assert len(rerank([QUERY, "a"], TEXTS, model=qwen, template="qwen3-reranker", top=2)[1]) == 2


def test_a_long_text_is_refused_or_cut(qwen: Path) -> None:
    texts = [TEXTS[0], TEXTS[1] * 30]
    with pytest.raises(TooLongError, match="Text 1"):
        rerank(QUERY, texts, model=qwen, template="qwen3-reranker")
    wanted = qwen_card(qwen, QUERY, texts)
    ranked = rerank(QUERY, texts, model=qwen, template="qwen3-reranker", long="truncate")
    np.testing.assert_allclose(ranked_scores(ranked), wanted, atol=1e-5)
    with pytest.raises(InputError, match="not in windows"):
        rerank(QUERY, texts, model=qwen, template="qwen3-reranker", long="window")


@pytest.mark.parametrize("long", ["error", "truncate"])
@pytest.mark.parametrize(
    ("template", "own"), [("qwen3-reranker", QUERY), ("bge-reranker", QUERY), ("qwen3-reranker", None)]
)
def test_no_score_of_a_text_of_which_nothing_is_read(
    qwen: Path, gemma: Path, template: str, own: str | None, long: Any
) -> None:
    folder, far = gemma if template == "bge-reranker" else qwen, "the capital " * 300
    with pytest.raises(TooLongError, match=r"Text 0: .*nothing of the text fits"):
        rerank(own or far, TEXTS, model=folder, template=template, prompt=far if own else None, long=long)


@pytest.mark.parametrize("long", [False, True])
def test_bge_reranker(gemma: Path, long: bool) -> None:
    """FlagEmbedding's FlagLLMReranker: its ids, and the logit of "Yes"."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gemma)
    model = AutoModelForCausalLM.from_pretrained(gemma).eval()
    prompt = (
        "Given a query A and a passage B, determine whether the passage contains an answer to the query by providing "
        "a prediction of either 'Yes' or 'No'."
    )
    texts = [TEXTS[0], TEXTS[1] * (30 if long else 1)]
    prompt_inputs, sep_inputs = (tokenizer(each, add_special_tokens=False)["input_ids"] for each in (prompt, "\n"))
    yes = tokenizer("Yes", add_special_tokens=False)["input_ids"][0]
    wanted = []
    for text in texts:
        query = tokenizer(f"A: {QUERY}", add_special_tokens=False, max_length=300, truncation=True)["input_ids"]
        passage = tokenizer(f"B: {text}", add_special_tokens=False)["input_ids"]
        capacity = 400 - len(prompt_inputs) - len(sep_inputs) - 1 - len(query) - len(sep_inputs)
        ids = [tokenizer.bos_token_id, *query, *sep_inputs, *passage[:capacity], *sep_inputs, *prompt_inputs]
        with torch.inference_mode():
            wanted.append(torch.sigmoid(model(input_ids=torch.tensor([ids])).logits[0, -1, yes]).item())
    ranked = rerank(QUERY, texts, model=gemma, template="bge-reranker", long="truncate")
    np.testing.assert_allclose(ranked_scores(ranked), wanted, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"activation_fn": "torch.nn.modules.linear.Identity"}, {"no": None}])
def test_a_folder_of_sentence_transformers(qwen: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    import shutil

    from sentence_transformers import CrossEncoder

    folder = tmp_path / "model"
    shutil.copytree(qwen, folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    CrossEncoder(str(folder), device="cpu").save(str(tmp_path / "saved"))
    saved = tmp_path / "saved"
    if "no" in settings:
        modules = json.loads((saved / "modules.json").read_text("utf-8"))
        late_folders.edited(saved / modules[1]["path"] / "config.json", false_token_id=None)
    elif settings:
        late_folders.edited(saved / "config_sentence_transformers.json", **settings)
    judge = CrossEncoder(str(saved), device="cpu", local_files_only=True)
    wanted = judge.predict([(QUERY, text) for text in TEXTS])
    ranked = rerank(QUERY, TEXTS, model=saved)
    np.testing.assert_allclose(ranked_scores(ranked), wanted, atol=1e-5)
    assert ranked.measure == ("logit" if "activation_fn" in settings else "sigmoid")
    wanted = judge.predict([(QUERY, text) for text in TEXTS], prompt="Find a city")
    ranked = rerank(QUERY, TEXTS, model=saved, prompt="Find a city")
    np.testing.assert_allclose(ranked_scores(ranked), wanted, atol=1e-5)
    long = [TEXTS[0], TEXTS[1] * 30]
    wanted = judge.predict([(QUERY, text) for text in long])
    np.testing.assert_allclose(ranked_scores(rerank(QUERY, long, model=saved, long="truncate")), wanted, atol=1e-5)


def test_a_decoder_without_a_template_for_reranking(qwen: Path, tmp_path: Path) -> None:
    import shutil

    with pytest.raises(InputError, match="hold no template for reranking"):
        rerank(QUERY, TEXTS, model=qwen)
    folder = tmp_path / "chat"
    shutil.copytree(qwen, folder)
    template = "{% for m in messages %}{{ m.content if m.role == 'user' }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(template, "utf-8")
    with pytest.raises(InputError, match="hold no template for reranking"):
        rerank(QUERY, TEXTS, model=folder)
    with pytest.raises(InputError, match="no template 'gpt' for reranking"):
        rerank(QUERY, TEXTS, model=qwen, template="gpt")
