"""One path: a function gives what its plan gives step by step, in any company, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from torso.architecture import Task
from torso.host_batch import HostBatch, Wanted
from torso.tasks import answer, choose, classify, embed, fill, make_ready, rerank, tag, zero_shot
from torso.tasks._answer import AnswerPlan
from torso.tasks._choose import ChoosePlan
from torso.tasks._classify import ClassifyPlan
from torso.tasks._embed import EmbedPlan
from torso.tasks._fill import FillPlan
from torso.tasks._rerank import RerankPlan
from torso.tasks._tag import TagPlan
from torso.tasks._zero_shot import ZeroShotPlan
from torso.tasks.plan import Plan

from . import small

TEXTS = ["我有大梦想", "好", "今天天气很好，我们去公园。" * 4]
MASKED = ["我有[MASK]梦想", "[MASK]天[MASK]气", "今天天气很[MASK]" * 3]


@pytest.fixture(scope="module")
def heads(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``span``, ``choice`` and ``one`` (a cross-encoder) models."""
    home = tmp_path_factory.mktemp("heads")
    small.save(home / "span", Task.QUESTION_ANSWERING)
    small.save(home / "choice", Task.MULTIPLE_CHOICE)
    small.save(home / "one", Task.SEQUENCE_CLASSIFICATION, labels=["fits"])
    return home


def plain(result: Any) -> Any:
    """A result that ``==`` compares to the bit."""
    return (result.vector.tobytes(), result.extent) if hasattr(result, "vector") else result


def stepwise(plans: list[Plan[Any, Any, Any, Any]], asked: list[list[Any]]) -> list[list[Any]]:
    """The results of plans of one key, all their encodings in one batch."""
    assert len({plan.key for plan in plans}) == 1
    first = plans[0]
    reads = [list(plan.read(each)) for plan, each in zip(plans, asked, strict=True)]
    every = [each for own in reads for each in own]
    items = iter(first.split(first.runner.run(first.prepare(every), first.wanted), every))
    return [list(plan.finish([(each, next(items)) for each in own])) for plan, own in zip(plans, reads, strict=True)]


def cases(models: Path, heads: Path) -> dict[str, Any]:
    sequence = make_ready(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    features = make_ready(models / "masked", Task.FEATURES)
    token = make_ready(models / "token", Task.TOKEN_CLASSIFICATION)
    masked = make_ready(models / "masked", Task.MASKED_LM)
    span = make_ready(heads / "span", Task.QUESTION_ANSWERING)
    choice = make_ready(heads / "choice", Task.MULTIPLE_CHOICE)
    pairs = [("谁?", text) for text in TEXTS]
    questions = [("我", ["有", "没有"]), ("今天", ["好", "不好", "很好"])]
    return {
        "embed": (EmbedPlan(features, pooling="mean+cls+max"), TEXTS,
                  embed(TEXTS, model=features, pooling="mean+cls+max")),
        "classify": (ClassifyPlan(sequence, top=2), TEXTS, classify(TEXTS, model=sequence, top=2)),
        "windows": (ClassifyPlan(sequence, long="window", merge="max"), [TEXTS[2] * 3],
                    classify([TEXTS[2] * 3], model=sequence, long="window", merge="max")),
        "tag": (TagPlan(token), TEXTS, tag(TEXTS, model=token)),
        "fill": (FillPlan(masked, top=3), MASKED, fill(MASKED, model=masked, top=3)),
        "answer": (AnswerPlan(span, top=2, impossible=True), pairs,
                   answer(pairs, model=span, top=2, impossible=True)),
        "choose": (ChoosePlan(choice), questions, choose(questions, model=choice)),
        "zero_shot": (ZeroShotPlan(sequence, ["a", "b"], entailment="负面", contradiction="正面"), TEXTS,
                      zero_shot(TEXTS, ["a", "b"], model=sequence, entailment="负面", contradiction="正面")),
    }  # fmt: skip


NAMES = ["embed", "classify", "windows", "tag", "fill", "answer", "choose", "zero_shot"]


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_gives_what_the_function_gives_in_any_company(models: Path, heads: Path, name: str) -> None:
    plan, asked, wanted = cases(models, heads)[name]
    wanted = [plain(each) for each in wanted]
    assert [plain(each) for each in plan.results(asked, 4096)] == wanted
    assert [plain(each) for each in plan.results(iter(asked), 7)] == wanted
    together = stepwise([plan, plan], [asked, asked[::-1]])
    assert [[plain(each) for each in own] for own in together] == [wanted, wanted[::-1]]


def test_rerank_by_its_plan(heads: Path) -> None:
    ready = make_ready(heads / "one", Task.SEQUENCE_CLASSIFICATION)
    plan = RerankPlan(ready, top=2)
    asked = [("好", TEXTS), ("天气", TEXTS[:2])]
    wanted = [rerank(query, texts, model=ready, top=2) for query, texts in asked]
    assert list(plan.results(asked, 4096)) == wanted
    assert stepwise([plan], [asked]) == [wanted]


def test_plans_that_split_otherwise_have_other_keys(models: Path) -> None:
    ready = make_ready(models / "masked", Task.FEATURES)
    other = make_ready(models / "masked", Task.FEATURES)
    keys = [
        EmbedPlan(ready, pooling="mean").key,
        EmbedPlan(ready, pooling="max").key,
        EmbedPlan(ready, pooling="cls").key,
        EmbedPlan(ready, pooling="mean", dimensions=8).key,
        EmbedPlan(other, pooling="mean").key,
    ]
    assert len(set(keys)) == len(keys)
    assert EmbedPlan(ready, pooling="mean", long="truncate").key == keys[0]


def test_embeddings_are_a_matrix(models: Path) -> None:
    made = embed(TEXTS, model=models / "masked", pooling="mean")
    matrix = np.array(made)
    assert matrix.shape == (3, len(made[0].vector))
    assert matrix.dtype == np.float32
    assert np.array(made[0], dtype=np.float64).dtype == np.float64
    assert np.asarray(made[1]) is made[1].vector


def test_a_host_batch_has_the_rows_of_all_texts(models: Path) -> None:
    ready = make_ready(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    reads = list(ClassifyPlan(ready).read([("好", "不好"), "天"]))
    batch = HostBatch.of(reads)
    assert batch.tokens.tolist() == reads[0].ids + reads[1].ids
    assert batch.segments.tolist() == reads[0].segments + reads[1].segments
    assert batch.positions.tolist() == [*range(len(reads[0])), *range(len(reads[1]))]
    assert batch.starts.tolist() == [0, len(reads[0]), len(reads[0]) + len(reads[1])]
    out = ready.runner.run(batch, Wanted())
    assert len(out.logits) == 2
