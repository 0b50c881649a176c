"""From a table to a folder that transformers loads, by function and by command."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

import torso
from cli.conftest import call  # noqa: F401 - a fixture
from lazy import LazyModule
from tasks import small
from torso.errors import NotFoundError, TorsoError
from torso.training.train_settings import TrainSettings

transformers = LazyModule("transformers")

QUICK = TrainSettings(steps=24, batch=8, rate=3e-3, evaluate_every=8, precision="float32")


def reviews(count: int = 90, seed: int = 0) -> list[dict[str, str]]:
    """Texts that are good where they hold 好, and bad otherwise."""
    dice = random.Random(seed)
    marks = list("我今天读书看在北京气很")
    rows = []
    for _ in range(count):
        text = "".join(dice.choices(marks, k=dice.randint(3, 12)))
        good = dice.random() < 0.5
        rows.append(
            {"review": text + ("好" if good else "不") + dice.choice(marks), "label": "good" if good else "bad"}
        )
    return rows


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return small.save(folder, torso.Task.MASKED_LM, initializer_range=0.1)


@pytest.fixture(scope="module")
def run(base, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "model"
    return torso.train(base, reviews(), out=out, settings=QUICK)


def test_it_learns_and_keeps_the_best(run) -> None:
    assert run.scores["test"]["accuracy"] > run.scores["majority"]["accuracy"]
    assert [row.step for row in run.history] == [8, 16, 24]
    best = max(run.history, key=lambda row: row.scores["macro_f1"])
    assert run.scores["dev"]["macro_f1"] == pytest.approx(best.scores["macro_f1"])
    assert run.model.config.id2label == {0: "bad", 1: "good"}
    assert not run.model.training


def test_the_folder_is_complete_and_transformers_loads_it_with_equal_logits(run) -> None:
    theirs, about = transformers.AutoModelForSequenceClassification.from_pretrained(
        run.folder, output_loading_info=True
    )
    assert not about["missing_keys"]
    assert not about["unexpected_keys"]
    assert theirs.config.id2label == {0: "bad", 1: "good"}
    assert theirs.config.problem_type == "single_label_classification"
    tokenizer = transformers.AutoTokenizer.from_pretrained(run.folder)
    texts = [row["review"] for row in reviews(5, seed=9)]
    with torch.no_grad():
        wanted = theirs.eval()(**tokenizer(texts, padding=True, return_tensors="pt")).logits.softmax(-1)
    for text, scores in zip(texts, wanted, strict=True):
        label = torso.classify(text, model=str(run.folder))
        assert list(label.scores.values()) == pytest.approx(scores.tolist(), abs=1e-5)
    names = {path.name for path in (run.folder / "run").iterdir()}
    assert {"run.json", "history.jsonl", "scores.json", "curve.png", "confusion.png"} <= names
    assert {"predictions.test.jsonl", "mistakes.test.jsonl"} <= names
    assert "last" not in names
    assert (run.folder / "run" / "curve.png").read_bytes().startswith(b"\x89PNG")
    card = (run.folder / "README.md").read_text()
    assert "pipeline_tag: text-classification" in card
    assert f"{run.scores['test']['accuracy']:.4f}" in card
    facts = json.loads((run.folder / "run" / "run.json").read_text())
    assert facts["finished"]
    assert TrainSettings.of(facts["settings"]) == QUICK


def test_the_scores_are_those_of_the_saved_model(run) -> None:
    test = [json.loads(line) for line in (run.folder / "run" / "predictions.test.jsonl").read_text().splitlines()]
    rows = [{"text": each["text"], "label": each["label"]} for each in test]
    found = torso.evaluate(run.folder, rows)
    assert torso.evaluate(run.folder, rows[:1]).scores["accuracy"] in (0.0, 1.0)
    for name, value in run.scores["test"].items():
        assert found.scores[name] == pytest.approx(value, abs=1e-5)
    with pytest.raises(TorsoError, match="has the label 'other'"):
        torso.evaluate(run.folder, [*rows, {"text": "x", "label": "other"}])


def test_the_same_run_gives_the_same_bits_and_another_seed_others(base, run, tmp_path) -> None:
    again = torso.train(base, reviews(), out=tmp_path / "again", settings=QUICK)
    ours, theirs = dict(run.model.named_parameters()), dict(again.model.named_parameters())
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_pairs_several_labels_numbers_and_weights(base, tmp_path) -> None:
    dice = random.Random(1)
    rows = [
        {"sentence1": each["review"], "sentence2": each["review"][::-1], "label": each["label"]} for each in reviews(40)
    ]
    settings = TrainSettings(steps=2, batch=8, class_weights="balanced", rate=1e-3)
    pairs = torso.train(base, rows, out=tmp_path / "pairs", settings=settings)
    assert isinstance(
        json.loads((pairs.folder / "run/predictions.test.jsonl").read_text().splitlines()[0])["text"], list
    )
    several = [{"text": each["review"], "label": dice.sample("abc", dice.randint(0, 3))} for each in reviews(40)]
    multi = torso.train(base, several, out=tmp_path / "multi", settings=TrainSettings(steps=2, rate=1e-3))
    assert multi.model.config.problem_type == "multi_label_classification"
    assert set(multi.scores["test"]) == {"loss", "micro_f1", "macro_f1", "exact"}
    numbers = [{"text": each["review"], "label": f"{len(each['review'])}.5"} for each in reviews(40)]
    ranked = torso.train(
        base, numbers, out=tmp_path / "n", problem="regression", settings=TrainSettings(steps=2, rate=1e-3)
    )
    assert set(ranked.scores["test"]) == {"loss", "spearman", "pearson", "mse"}
    assert torso.evaluate(ranked.folder, numbers).scores["mse"] > 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (dict(data=[{"review": "好", "label": "a"}]), "E_LABELS"),
        (dict(label="nothing"), "E_COLUMN"),
        (dict(test=reviews()[:20]), "E_LEAK"),
        (dict(settings=TrainSettings(long="error", steps=1)), "E_TOO_LONG"),
        (dict(settings=TrainSettings(freeze=("nothing",), steps=1)), "E_FREEZE"),
        (dict(settings=TrainSettings(class_weights={"other": 1.0}, steps=1)), "E_LABELS"),
        (dict(task="next-sentence"), "E_TASK"),
        (dict(problem="other"), "E_ARGUMENT"),
    ],
)
def test_what_cannot_be_trained_is_an_error_and_nothing_is_written(base, change, code, tmp_path) -> None:
    long = [{"review": "好我" * 80, "label": "good"}]
    options = {"data": reviews() + (long if code == "E_TOO_LONG" else []), "settings": QUICK, **change}
    with pytest.raises(TorsoError) as caught:
        torso.train(base, options.pop("data"), out=tmp_path / "out", **options)
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_left_alone(run, base, tmp_path) -> None:
    before = (run.folder / "model.safetensors").read_bytes()
    for options in ({}, {"resume": True}, {"resume": True, "replace": True}):
        with pytest.raises(TorsoError):
            torso.train(base, reviews(), out=run.folder, settings=QUICK, **options)
    assert (run.folder / "model.safetensors").read_bytes() == before
    with pytest.raises(TorsoError, match="has ended"):
        torso.train(base, reviews(), out=run.folder, settings=QUICK, resume=True)
    (tmp_path / "photo.png").write_bytes(b"x")
    with pytest.raises(TorsoError, match="something else than a run"):
        torso.train(base, reviews(), out=tmp_path, settings=QUICK, replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_frozen_part_does_not_move_and_layers_learn_at_their_rates(base, tmp_path) -> None:
    settings = TrainSettings(steps=1, batch=8, rate=1e-2, warmup=0, schedule="constant", layer_decay=0.5)
    settings = TrainSettings.of({**settings.plain(), "freeze": ["embed", "layers.0"], "weight_decay": 0.0})
    before = dict(torso.load(base, torso.Task.MASKED_LM).trunk.named_parameters())
    after = dict(torso.train(base, reviews(40), out=tmp_path / "m", settings=settings).model.trunk.named_parameters())
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all(name.startswith("layers.1.") for name in moved)


def test_the_rate_finder_leaves_the_model_alone(base) -> None:
    curve = torso.find_rate(base, reviews(40), steps=20, settings=TrainSettings(batch=8))
    assert curve.rates == sorted(curve.rates)
    assert curve.suggestion in curve.rates
    with pytest.raises(TorsoError):
        torso.find_rate(base, reviews(40), steps=3)


def csv_of(folder, rows):
    path = folder / "reviews.csv"
    path.write_text("review,label\n" + "".join(f"{row['review']},{row['label']}\n" for row in rows))
    return path


def test_the_command_says_what_it_does(call, base, tmp_path) -> None:  # noqa: F811
    data = csv_of(tmp_path, [*reviews(60), *reviews(3), {"review": "好我" * 80, "label": "good"}])
    arguments = ["train", "--data", data, "--out", tmp_path / "m", "-m", base, "--steps", "4", "--batch", "8"]
    dry = call(*arguments, "--dry-run")
    assert dry.status == 0
    assert not (tmp_path / "m").exists()
    assert "3 repeats left out" in dry.out
    assert "longer than 64 and cut: 1 texts" in dry.out
    done = call(*arguments)
    assert done.status == 0, done.err
    assert done.out.startswith(dry.out.rsplit("\n", 2)[0].split("time ")[0])
    assert "dev loss" in done.out
    assert str(tmp_path / "m") in done.out
    again = call(*arguments)
    assert (again.status, "--replace" in again.err) == (3, True)
    config = tmp_path / "m" / "run" / "run.json"
    repeated = call("train", "--data", data, "--out", tmp_path / "n", "-m", base, "--config", config, "--json")
    assert repeated.status == 0, repeated.err
    first, *rows, last = repeated.rows
    assert first["settings"]["steps"] == 4
    assert [row["step"] for row in rows] == [4]
    assert last["scores"]["test"]["accuracy"] >= 0
    scored = call("evaluate", "--model", tmp_path / "n", "--data", data, "--json")
    assert scored.status == 0
    assert scored.json["texts"] == 64
    for extra, status in ((["--rate", "-1"], 3), (["--epochs", "2", "--steps", "2"], 3), (["--no-such"], 2)):
        assert call(*arguments, "--replace", *extra).status == status


def test_a_run_that_was_stopped_before_its_first_evaluation_says_so(base, tmp_path) -> None:
    out, data = tmp_path / "out", csv_of(tmp_path, reviews(60))
    command = [sys.executable, "-m", "torso", "train", "--data", data, "-m", base, "--steps", "100000", "--out", out]
    command += ["--evaluate-every", "100000", "--save-every", "1", "--batch", "4"]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as stopped:
        while stopped.poll() is None and not (out / "run" / "last" / "state.safetensors").exists():
            time.sleep(0.1)
        stopped.send_signal(signal.SIGINT)
        _, err = stopped.communicate(timeout=120)
    assert stopped.returncode == 130
    assert b"holds no model yet" in err
    with pytest.raises(NotFoundError, match="stopped before the first evaluation"):
        torso.classify("x", model=str(out))


def test_ctrl_c_keeps_what_was_learnt_and_resume_ends_with_the_same_bits(base, tmp_path) -> None:
    data = csv_of(tmp_path, reviews(60))
    common = [sys.executable, "-m", "torso", "train", "--data", data, "-m", base, "--steps", "60", "--batch", "4"]
    common += ["--json", "--evaluate-every", "20", "--save-every", "1000", "--rate", "1e-3"]

    def finish(out, *more) -> int:
        return subprocess.run([*map(str, [*common, "--out", out, *more])], capture_output=True, timeout=300).returncode

    assert finish(tmp_path / "whole") == 0
    command = [*map(str, [*common, "--out", tmp_path / "parts"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as stopped:
        lines = [stopped.stdout.readline() for _ in range(2)]
        assert json.loads(lines[1])["step"] == 20
        stopped.send_signal(signal.SIGINT)
        _, err = stopped.communicate(timeout=120)
    assert stopped.returncode == 130
    assert b"--resume" in err
    assert (tmp_path / "parts" / "run" / "last" / "state.safetensors").exists()
    assert torso.classify("好", model=str(tmp_path / "parts")).label in ("good", "bad")
    assert finish(tmp_path / "parts", "--resume") == 0
    one, two = (tmp_path / name for name in ("whole", "parts"))
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()
    assert (one / "run/history.jsonl").read_text() == (two / "run/history.jsonl").read_text()
    names = [sorted(str(path.relative_to(each)) for path in each.rglob("*")) for each in (one, two)]
    assert names[0] == names[1]
