"""``classify`` and ``zero_shot`` give what the reference pipelines give."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import torso
from torso.architecture import Task
from torso.errors import InputError, TooLongError
from torso.tasks import classify, make_ready, zero_shot

from . import small
from .reference import save, text_of, texts_of

pytestmark = pytest.mark.filterwarnings("ignore")
LABELS = ["contradiction", "neutral", "entailment"]


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(
        tmp_path_factory.mktemp("nli"), "ForSequenceClassification", id2label=dict(enumerate(LABELS)),
        label2id={name: number for number, name in enumerate(LABELS)},
    )  # fmt: skip


def pipeline(task: str, folder: Path):
    import transformers

    return transformers.pipeline(task, model=str(folder), tokenizer=str(folder), device="cpu")


KINDS = [
    ({"num_labels": 3}, "softmax"),
    ({"num_labels": 1}, "sigmoid"),
    ({"num_labels": 4, "problem_type": "multi_label_classification"}, "sigmoid"),
    ({"num_labels": 1, "problem_type": "regression"}, "none"),
    ({"num_labels": 2, "problem_type": "regression"}, "none"),
]


@pytest.mark.parametrize(("settings", "applied"), KINDS)
def test_scores_labels_and_order(tmp_path: Path, settings: dict[str, object], applied: str) -> None:
    folder = save(tmp_path, "ForSequenceClassification", **settings)
    texts = [*texts_of(), text_of(2000)]
    wanted = pipeline("text-classification", folder)(texts, top_k=None, truncation=True)
    for made, rows in zip(classify(texts, model=folder, top=2, long="truncate"), wanted, strict=True):
        assert list(made.scores) == [row["label"] for row in rows[:2]]
        assert list(made.scores.values()) == pytest.approx([row["score"] for row in rows[:2]], abs=1e-5)
        assert (made.label, made.score) == (rows[0]["label"], pytest.approx(rows[0]["score"], abs=1e-5))


def test_pairs(nli: Path) -> None:
    pairs = [(text_of(5), text_of(9, 1)), (text_of(1), "x"), (text_of(100), text_of(400))]
    asked = [{"text": one, "text_pair": other} for one, other in pairs]
    wanted = pipeline("text-classification", nli)(asked, top_k=None, truncation=True)
    for made, rows in zip(classify(pairs, model=nli, long="truncate"), wanted, strict=True):
        assert made.scores == pytest.approx({row["label"]: row["score"] for row in rows}, abs=1e-5)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("labels", [["sport", "politics", "体育 🎉"], ["sport"]])
def test_labels_never_trained_for(nli: Path, several: bool, labels: list[str]) -> None:
    texts = [*texts_of(), text_of(1500)]
    template = "It is about {}!"
    asked = dict(candidate_labels=labels, multi_label=several, hypothesis_template=template)
    wanted = pipeline("zero-shot-classification", nli)(texts, **asked)
    made = zero_shot(texts, labels, model=nli, several=several, template=template, long="truncate")
    for own, row in zip(made, wanted, strict=True):
        assert own.scores == pytest.approx(dict(zip(row["labels"], row["scores"], strict=True)), abs=1e-5)
        assert own.label == row["labels"][0]
    assert [each.truncated for each in made] == [False] * len(texts_of()) + [True]
    stream = zero_shot(iter(texts[:2]), labels, model=nli, several=several, template=template)
    assert [each.scores for each in stream] == [pytest.approx(each.scores, abs=1e-6) for each in made[:2]]


@pytest.mark.parametrize("several", [False, True])
def test_windows_of_a_text_are_merged_before_labels_meet(nli: Path, several: bool) -> None:
    text, labels = text_of(600), ["sport", "politics"]
    mean = zero_shot(text, labels, model=nli, long="window", several=several)
    most = zero_shot(text, labels, model=nli, long="window", merge="max", several=several)
    assert (mean.extent.windows, mean.extent.merge, most.extent.merge) == (mean.extent.windows, "mean", "max")
    assert mean.extent.windows > 2
    assert mean.scores != most.scores
    assert several or sum(mean.scores.values()) == pytest.approx(1, abs=1e-6)


def test_windows_of_classify(nli: Path) -> None:
    ready = make_ready(torso.load(nli, Task.SEQUENCE_CLASSIFICATION), Task.SEQUENCE_CLASSIFICATION)
    text = text_of(900)
    windows = ready.tokenizer(text, truncation=True, max_length=512, stride=100, return_overflowing_tokens=True)
    rows = [_scores(ready, ids) for ids in windows["input_ids"]]
    mean = classify(text, model=ready, long="window", stride=100)
    most = classify(text, model=ready, long="window", stride=100, merge="max")
    assert list(mean.scores.values()) == pytest.approx(torch.stack(rows).mean(0).tolist(), abs=1e-5)
    assert list(most.scores.values()) == pytest.approx(torch.stack(rows).amax(0).tolist(), abs=1e-5)
    assert mean.extent.windows == len(rows)
    assert not mean.truncated


def _scores(ready, ids: list[int]) -> torch.Tensor:
    from torso.batch import pack
    from torso.text import Encoding

    size = len(ids)
    encoding = Encoding(ids, [0] * size, [(0, 0)] * size, [""] * size, [False] * size, [0] * size, [0] * size)
    with torch.no_grad():
        return ready.model(pack([encoding])).logits[0].softmax(-1)


def test_labels_that_cannot_be(nli: Path, models: Path) -> None:
    for labels in ([], ["a", "a"], "a", ["a", ""]):
        with pytest.raises(InputError, match="E_LABELS"):
            zero_shot("x", labels, model=nli)
    with pytest.raises(InputError, match="E_ARGUMENT"):
        zero_shot("x", ["a"], model=nli, template="no place")
    with pytest.raises(InputError, match="natural language inference"):
        zero_shot("我", ["a"], model=models / "sequence")
    with pytest.raises(InputError, match="top is 0"):
        classify("我", model=models / "sequence", top=0)


def test_a_text_that_is_too_long_with_a_label_is_named_by_its_own_place(nli: Path) -> None:
    with pytest.raises(TooLongError, match=r"Text 1 .*E_TOO_LONG"):
        zero_shot(["x", text_of(900), "y"], ["a", "b", "c"], model=nli)
    with pytest.raises(TooLongError, match="must be read whole"):
        zero_shot("x", ["word " * 600], model=nli, long="truncate")


def test_the_head_of_a_list_and_of_a_stream_agree(models: Path) -> None:
    texts = [char * (1 + place % 50) for place, char in enumerate(small.CHARACTERS * 3)]
    made = classify(texts, model=models / "sequence")
    assert [each.scores for each in classify(iter(texts), model=models / "sequence")] == [
        pytest.approx(each.scores, abs=1e-6) for each in made
    ]


@pytest.mark.parametrize(
    ("names", "options", "order"),
    [
        (["neutral", "entailment", "contradiction"], {}, (1, 2)),
        (["Contradiction", "Entailment", "Neutral"], {}, (1, 0)),
        (["蕴含", "中立", "矛盾"], {}, (0, 2)),
        (["矛盾", "蘊涵", "中性"], {}, (1, 0)),
        (["entailment", "not_entailment"], {}, (0, 1)),
        (["no", "neutral", "entailed"], {}, (2, 0)),
        (["LABEL_0", "LABEL_1", "LABEL_2"], {"entailment": "LABEL_2", "contradiction": "LABEL_1"}, (2, 1)),
    ],
)
def test_labels_of_inference_by_their_names(
    tmp_path: Path, names: list[str], options: dict[str, str], order: tuple[int, int]
) -> None:
    folder = save(tmp_path, "ForSequenceClassification", id2label=dict(enumerate(names)))
    task = torso.Task.SEQUENCE_CLASSIFICATION
    ready = make_ready(torso.load(folder, task), task)
    entails, contradicts = order
    for text, label in (("the cat", "login"), ("北京", "city")):
        encoding = ready.tokenizer.encoding(text, f"This example is {label}.")
        with torch.no_grad():
            logits = ready.model(torso.pack([encoding])).logits[0]
        wanted = float(logits[[contradicts, entails]].softmax(-1)[1])
        assert zero_shot(text, [label], model=ready, **options).score == pytest.approx(wanted, abs=1e-5)
        made = zero_shot(text, [label, "b"], model=ready, several=True, **options)
        assert made.scores[label] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["LABEL_0", "LABEL_1", "LABEL_2"], {}, "which label .* is entailment"),
        (["LABEL_0", "LABEL_1", "LABEL_2"], {"entailment": "LABEL_1"}, "which label .* is contradiction"),
        (["a", "b", "entailment"], {}, "which label .* is contradiction"),
        (["a", "b", "entailment"], {"contradiction": "c"}, "no label 'c'"),
    ],
)
def test_labels_of_inference_that_are_not_known(
    tmp_path: Path, names: list[str], options: dict[str, str], words: str
) -> None:
    folder = save(tmp_path, "ForSequenceClassification", id2label=dict(enumerate(names)))
    with pytest.raises(InputError, match=rf"{words}.*E_LABELS"):
        zero_shot("x", ["a", "b"], model=folder, several=True, **options)
    # Between labels, entailment alone is compared.
    if "entailment" in names:
        zero_shot("x", ["a", "b"], model=folder)
