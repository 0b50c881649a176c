"""Embeddings and rankings: sentence-transformers' losses, curves, scores and folders."""

from __future__ import annotations

import json
import os
import random

import pytest
import torch

import torso
from lazy import LazyModule
from tasks import small
from torso.errors import TorsoError
from torso.training.embedding_losses import LOSSES, SCORED, nested
from torso.training.embedding_objective import EmbeddingObjective, known_fits
from torso.training.examples import Example, Tokens
from torso.training.loop import fit
from torso.training.objective import evaluated
from torso.training.ranking_objective import RankingObjective
from torso.training.step_order import steps
from torso.training.train_settings import TrainSettings

sentence_transformers = LazyModule("sentence_transformers")
ranking = LazyModule("sentence_transformers.cross_encoder.losses")
theirs = LazyModule("sentence_transformers.sentence_transformer.losses")
modules = LazyModule("sentence_transformers.sentence_transformer.modules")

EVERYWHERE = os.environ.get("TORSO_ALL_CURVES")
"""Set, all losses take fifty steps; otherwise two do, and the others ten."""
CHARACTERS = "我今天读书看在北京气很"
CLASSES = {
    "multiple-negatives": "MultipleNegativesRankingLoss",
    "symmetric-negatives": "MultipleNegativesRankingLoss",
    "triplet": "TripletLoss",
    "cosent": "CoSENTLoss",
    "angle": "AnglELoss",
    "cosine": "CosineSimilarityLoss",
    "contrastive": "ContrastiveLoss",
    "online-contrastive": "OnlineContrastiveLoss",
}


class Bare(torch.nn.Module):
    """What their losses ask of a model that they are not given texts for."""

    device = torch.device("cpu")


def reference(name: str):
    if name == "symmetric-negatives":
        directions = ("query_to_doc", "doc_to_query")
        return getattr(theirs, CLASSES[name])(Bare(), directions=directions, partition_mode="per_direction")
    return getattr(theirs, CLASSES[name])(Bare())


def texts(count: int, seed: int = 0, least: int = 3) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices(CHARACTERS, k=dice.randint(least, 12))) for _ in range(count)]


def labels_of(name: str, count: int) -> torch.Tensor | None:
    dice = torch.Generator().manual_seed(2)
    if name not in SCORED:
        return None
    if "contrastive" in name:
        return torch.randint(2, (count,), generator=dice).float()
    return (torch.rand(count, generator=dice) * 5).round() / 5


@pytest.mark.parametrize("many", [2, 3, 4])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_are_sentence_transformers(name, many) -> None:
    if (name in SCORED and many != 2) or (name == "triplet" and many != 3) or (name.startswith("sym") and many > 2):
        pytest.skip("not of these columns")
    torch.manual_seed(many)
    vectors = torch.randn(12, many, 33)
    vectors[3:6, 1] = vectors[3:6, 0] + 0.1  # some fit
    labels = labels_of(name, 12)
    mine, other = vectors.clone().requires_grad_(), vectors.clone().requires_grad_()
    count = EmbeddingObjective(name).count([None] * 12)  # pyright: ignore
    loss = LOSSES[name](mine, labels, None) / (1 if name in ("cosent", "angle", "online-contrastive") else count)
    wanted = reference(name).compute_loss_from_embeddings(list(other.unbind(1)), labels)
    loss.backward()
    wanted.backward()
    torch.testing.assert_close(loss, wanted, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(mine.grad, other.grad, rtol=1e-5, atol=1e-5)


def test_nested_vectors_are_the_sum_over_their_sizes() -> None:
    vectors = torch.randn(6, 2, 32)
    wanted = sum(
        reference("multiple-negatives").compute_loss_from_embeddings(list(vectors[..., :size].unbind(1)), None)
        for size in (8, 32)
    )
    found = nested(LOSSES["multiple-negatives"], (8, 32))(vectors, None, None) / 6
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_what_is_known_to_fit_is_no_negative() -> None:
    def row(*ids: int) -> Example:
        return Example(tuple(Tokens.plain([each]) for each in ids), None)

    rows = [row(1, 2, 9), row(1, 3, 9), row(4, 2, 9), row(5, 6, 1)]
    known = known_fits(rows, torch.device("cpu"))
    assert known is not None
    named = [[(place // 4 + 1, place % 4) for place, each in enumerate(own) if each] for own in known.tolist()]
    # Of text 1 both 2 and 3 are positives, wherever they stand, and it is itself no negative.
    assert named[0] == [(1, 1), (1, 2), (2, 3)]
    assert named[1] == [(1, 0), (1, 2), (2, 3)]
    assert named[2] == [(1, 0)]
    assert named[3] == []
    assert known_fits([row(1, 2), row(3, 4)], torch.device("cpu")) is None


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small.save(tmp_path_factory.mktemp("base"), torso.Task.MASKED_LM, initializer_range=0.1)


def drawn(base, name: str, count: int = 24):
    tokenizer = torso.load_tokenizer(base)
    many = 3 if name == "triplet" else 2
    found = labels_of(name, count)
    rows = zip(*(texts(count, seed) for seed in range(many)), strict=True)
    return [
        Example(
            tuple(Tokens.of(tokenizer.encoding(each)) for each in row),
            None if found is None else float(found[place]),
            place + 1,
            list(row),
        )
        for place, row in enumerate(rows)
    ]


class Losses(list):
    def started(self, total, step): ...
    def stepped(self, step, result):
        self.append(result.loss)

    def evaluated(self, row): ...
    def saved(self, folder, step): ...
    def finished(self, step): ...


@pytest.mark.parametrize("name", LOSSES)
def test_fifty_steps_have_the_losses_of_sentence_transformers(name, base, tmp_path) -> None:
    total = 50 if EVERYWHERE or name in ("multiple-negatives", "cosent") else 10
    model = torso.load(base, torso.Task.FEATURES)
    model.set({"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
    for parameter in model.head.parameters():
        parameter.requires_grad_(False)
    examples = drawn(base, name)
    transformer = modules.Transformer(str(base))
    pooling = modules.Pooling(transformer.get_embedding_dimension(), "mean")
    other = sentence_transformers.SentenceTransformer(modules=[transformer, pooling], device="cpu")
    learnt = [each for name, each in other.named_parameters() if "pooler" not in name]
    for module in other.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimiser = torch.optim.AdamW(learnt, lr=1e-3, weight_decay=0.0)
    other.train()
    wanted = []
    for step in steps(24, batch=8, total=total):
        chosen = [examples[index] for index in step.texts]
        vectors = [
            other(other.preprocess([each.extra[place] for each in chosen]))["sentence_embedding"]
            for place in range(len(chosen[0].inputs))
        ]
        labels = None if chosen[0].label is None else torch.tensor([each.label for each in chosen])
        loss = reference(name).compute_loss_from_embeddings(vectors, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        wanted.append(float(loss.detach()))
    found = Losses()
    settings = TrainSettings(
        steps=total, batch=8, tokens=60, schedule="constant", warmup=0, weight_decay=0.0, precision="float32"
    )
    fit(model, EmbeddingObjective(name), examples, settings, rate=1e-3, watch=[found])
    assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("mode", ["mean", "cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"])
def test_vectors_are_those_of_encode(mode, base) -> None:
    model = torso.load(base, torso.Task.FEATURES)
    found, _ = evaluated(model, EmbeddingObjective("multiple-negatives", (mode,)), drawn(base, "multiple-negatives", 6))
    wanted = torso.encode([each.extra[0] for each in drawn(base, "multiple-negatives", 6)], model=model, pooling=mode)
    for row, each in zip(found, wanted, strict=True):
        assert row[0] == pytest.approx(each.vector.tolist(), abs=1e-5)


def pairs(count: int = 60) -> list[dict]:
    return [{"anchor": text, "positive": text[1:] + "好"} for text in texts(count)]


def scored(count: int = 60) -> list[dict]:
    dice = random.Random(5)
    rows = []
    for text in texts(count):
        kept = dice.randint(0, len(text))
        rows.append(
            {"sentence1": text, "sentence2": text[:kept] + "不" * (len(text) - kept), "score": kept / len(text)}
        )
    return rows


@pytest.mark.parametrize(
    ("rows", "metric", "settings"),
    [
        (pairs, "mrr@10", {}),
        (pairs, "mrr@10", {"dimensions": (8, 32), "loss": "symmetric-negatives"}),
        (scored, "spearman", {}),
    ],
)
def test_rows_become_a_folder_of_sentence_transformers(rows, metric, settings, base, tmp_path) -> None:
    chosen = TrainSettings(steps=24, batch=8, rate=2e-3, evaluate_every=8, precision="float32", **settings)
    run = torso.train(base, rows(), task="embedding", out=tmp_path / "m", settings=chosen)
    assert metric in run.scores["test"]
    assert run.history[-1].loss < run.history[0].loss
    other = sentence_transformers.SentenceTransformer(str(run.folder), device="cpu")
    some = texts(5, 9)
    wanted = other.encode(some)
    for text, vector in zip(some, wanted, strict=True):
        assert torso.encode(text, model=str(run.folder)).vector.tolist() == pytest.approx(vector.tolist(), abs=1e-5)
    again = torso.evaluate(run.folder, rows(), task="embedding")
    assert again.scores.keys() == run.scores["test"].keys()
    if metric == "spearman":
        from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

        data = rows()
        judge = EmbeddingSimilarityEvaluator(*([row[name] for row in data] for name in data[0]), write_csv=False)
        # Cosines of equal pairs are ties here and differ in the last bit there.
        assert again.scores["spearman"] == pytest.approx(judge(other)["spearman_cosine"], abs=3e-3)
        assert again.scores["pearson"] == pytest.approx(judge(other)["pearson_cosine"], abs=1e-5)
    else:
        from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

        data = {row["anchor"]: row["positive"] for row in rows()}
        corpus = {text: text for text in data.values()}
        queries = {text: text for text in data}
        judge = InformationRetrievalEvaluator(queries, corpus, {a: {b} for a, b in data.items()}, write_csv=False)
        found = judge(other)
        for mine, name in (
            ("mrr@10", "cosine_mrr@10"),
            ("ndcg@10", "cosine_ndcg@10"),
            ("accuracy@1", "cosine_accuracy@1"),
        ):
            assert again.scores[mine] == pytest.approx(found[name], abs=1e-5)


@pytest.mark.parametrize(
    ("rows", "loss"),
    [(pairs, "cosent"), (scored, "multiple-negatives"), (pairs, "triplet"), (scored, "contrastive"), (pairs, "other")],
)
def test_a_loss_that_the_columns_do_not_fit_is_refused(rows, loss, base, tmp_path) -> None:
    with pytest.raises(TorsoError, match="it must be one of") as caught:
        torso.train(base, rows(), task="embedding", out=tmp_path / "m", settings=TrainSettings(loss=loss))
    assert caught.value.code == "E_ARGUMENT"
    assert not (tmp_path / "m").exists()
    with pytest.raises(TorsoError, match="no effect"):
        torso.train(
            base,
            scored(),
            label="score",
            problem="regression",
            out=tmp_path / "m",
            settings=TrainSettings(loss="cosent"),
        )


def queries(count: int = 60) -> list[dict]:
    found = texts(3 * count, 3)
    return [
        {"query": one, "positive": one[1:] + "好", "negative_1": found[place], "negative_2": found[-place]}
        for place, one in enumerate(texts(count), 1)
    ]


@pytest.mark.parametrize("loss", ["binary", "pairs", "list"])
def test_losses_of_rankings_are_sentence_transformers(loss) -> None:
    dice = random.Random(1)
    sizes = [3, 5, 2, 4]
    labels = [[float(dice.randrange(4)) for _ in range(size)] for size in sizes]
    if loss == "binary":
        labels = [[min(each, 1.0) for each in row] for row in labels]
    logits = torch.randn(sum(sizes), 1)

    class Scorer(torch.nn.Module):
        device, num_labels = torch.device("cpu"), 1

        def preprocess(self, pairs, **_):
            return {"rows": torch.tensor([int(text) for _, text in pairs])}

        def forward(self, features):
            return {"scores": logits[features["rows"]]}

    from types import SimpleNamespace

    texts_ = iter(range(sum(sizes)))
    listed = [[str(next(texts_)) for _ in range(size)] for size in sizes]
    examples = [Example(tuple(Tokens.plain([1]) for _ in row), row) for row in labels]
    objective = RankingObjective(loss)
    found = objective.total(SimpleNamespace(logits=logits), examples) / objective.count(examples)
    queries_ = ["q"] * len(sizes)
    if loss == "binary":
        flat = torch.tensor([each for row in labels for each in row])
        wanted = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], flat)
    else:
        kind = {"pairs": ranking.RankNetLoss, "list": ranking.ListNetLoss}[loss].__new__(
            {"pairs": ranking.RankNetLoss, "list": ranking.ListNetLoss}[loss]
        )
        torch.nn.Module.__init__(kind)
        kind.model, kind.activation_fn, kind.mini_batch_size = Scorer(), torch.nn.Identity(), None
        kind.cross_entropy_loss = torch.nn.CrossEntropyLoss()
        kind.k, kind.sigma, kind.eps, kind.reduction_log = None, 1.0, 1e-10, "binary"
        if loss == "pairs":
            from sentence_transformers.cross_encoder.losses import NoWeightingScheme

            kind.weighting_scheme = NoWeightingScheme()
        wanted = kind([queries_, listed], [torch.tensor(row) for row in labels])
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_rankings_become_a_cross_encoder(base, tmp_path) -> None:
    chosen = TrainSettings(steps=80, batch=8, rate=5e-3, evaluate_every=40, precision="float32")
    run = torso.train(base, queries(), task="reranking", out=tmp_path / "m", settings=chosen)
    assert run.history[-1].loss < run.history[0].loss
    assert "ndcg@10" in run.scores["test"]
    other = sentence_transformers.CrossEncoder(str(run.folder), device="cpu")
    some = texts(4, 9)
    wanted = other.predict([("我在北京", text) for text in some])
    ranked = torso.rerank("我在北京", some, model=str(run.folder))
    for match in ranked.matches:
        assert match.score == pytest.approx(float(wanted[match.index]), abs=1e-5)
    assert torso.evaluate(run.folder, queries(), task="reranking").scores.keys() == run.scores["test"].keys()
    rows = [{"query": row["query"], "text": row["positive"], "score": 0.5} for row in queries(40)]
    alone = torso.train(base, rows, task="reranking", out=tmp_path / "n", settings=TrainSettings(steps=2, batch=8))
    assert "spearman" in alone.scores["test"]
    assert json.loads((alone.folder / "run/predictions.test.jsonl").read_text().splitlines()[0])["scores"]


def test_ranking_scores_are_known_ones() -> None:
    from torso.training.retrieval_metrics import ranking_scores

    found = ranking_scores([[0.1, 0.9, 0.5], [0.9, 0.1, 0.2]], [[1.0, 0.0, 0.0], [1.0, 0.0, 1.0]])
    assert found["mrr@10"] == pytest.approx((1 / 3 + 1) / 2)
    assert found["accuracy@1"] == 0.5
    assert found["ndcg@10"] == pytest.approx((0.5 + 1) / 2)
