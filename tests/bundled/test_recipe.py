"""The recipe of the bundled models goes its whole road in a few steps, over texts that it never saw in earnest."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from torso.training.run_state import read_facts, read_weights

HERE = Path(__file__).parent


def corpora():
    from recipes.chinese import data

    reviews, paragraphs = [], []
    for line in (HERE / "heldout.jsonl").read_text(encoding="utf-8").splitlines()[1:]:
        row = json.loads(line)
        if "review" in row:
            reviews.append(data.Review(row["review"], row["label"] == "positive"))
        else:
            paragraphs.append(data.Paragraph(tuple(data.Word(*word) for word in row["words"])))
    split = (data.split(reviews, lambda each: each.text), data.split(paragraphs, lambda each: each.text))
    return data.Corpora(*split, {"review_lines": 300, "reviews_with_both_labels": 0, "reviews": 300,
                                 "paragraph_lines": 150, "paragraphs": 150})  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


@pytest.mark.parametrize(("name", "score"), [("sentiment", "sentiment"), ("tagger", "characters")])
def test_it_makes_a_model_folder_with_its_card_and_scores(name, score, tmp_path) -> None:
    from recipes.chinese.__main__ import make
    from torso.loading.load import load

    make(name, corpora(), tmp_path / "work", tmp_path / "out", 7, most=2)
    folder = tmp_path / "out" / name
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert 0 <= record["test"][score] <= 1
    stages = [event for event in record["log"] if event["event"] == "stage"]
    assert [event["of"] for event in stages] == [2, 2, 2]
    assert "# " in (folder / "README.md").read_text(encoding="utf-8")
    assert load(folder, "sequence-classification" if name == "sentiment" else "token-classification").report.new == ()


def trained(work: Path, most: int, *, stops: int | None = None):
    """The network after a stage of the tagger, and the losses of its steps."""
    from recipes.chinese import models, training
    from recipes.chinese.network import Network

    class StopError(Exception):
        pass

    class Seen(training.StageLog):
        def stepped(self, step, result) -> None:
            losses.append(result.loss)
            if step.number == stops:
                raise StopError

    losses: list[float] = []
    torch.set_num_threads(1)
    prepared = models.prepare(corpora(), work)
    network: Network = models.fresh_network(prepared, 7)
    stage, corpus = models.tagger_stages(prepared.train)[0]
    stage = dataclasses.replace(stage, dropout=0.1, tokens=512)
    log, real = training.Log(work / "log.jsonl"), training.StageLog
    training.StageLog = Seen
    try:
        training.train(
            network, corpus[:40], stage, prepared.masking, seed=7, work=work, log=log, measure=dict, most=most
        )
    except StopError:
        pass
    finally:
        training.StageLog = real
    return network, losses


def test_a_stage_learns_and_goes_on_where_it_was_stopped(tmp_path, monkeypatch) -> None:
    from recipes.chinese import training

    monkeypatch.setattr(training, "SAVE_EVERY", 2)
    whole, losses = trained(tmp_path / "whole", 8)
    assert sum(losses[-2:]) < 0.8 * sum(losses[:2])
    trained(tmp_path / "parts", 8, stops=5)
    assert read_facts(tmp_path / "parts" / "tagger")["progress"]["step"] == 4
    resumed, rest = trained(tmp_path / "parts", 8)
    assert rest == losses[4:]
    for (name, one), other in zip(whole.named_parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other), name


def test_the_model_is_the_mean_of_its_stages(tmp_path) -> None:
    from recipes.chinese import models, training

    network, _ = trained(tmp_path / "a", 1)
    trained(tmp_path / "b", 2)
    first, _ = models.tagger_stages(models.Part([], []))[0]
    (tmp_path / "a" / "tagger").rename(tmp_path / "one")
    (tmp_path / "b" / "tagger").rename(tmp_path / "two")
    stages = [dataclasses.replace(first, name=name) for name in ("one", "two")]
    training.average(network, stages, tmp_path)
    one, two = read_weights(tmp_path / "one"), read_weights(tmp_path / "two")
    weights = dict(network.named_parameters())
    assert any(not torch.equal(one[name], two[name]) for name in one)
    for name, value in one.items():
        assert torch.equal(weights[name], torch.stack([value, two[name]]).mean(0)), name
