"""The stages of a model, each a run of `torso.training.loop.fit`: rates, losses, batches, checkpoints to go on from."""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from torso.architecture import Task
from torso.model import Model
from torso.training.examples import Example
from torso.training.loop import Row, fit
from torso.training.optimiser_step import StepResult
from torso.training.run_state import read_weights
from torso.training.step_order import Step
from torso.training.train_settings import TrainSettings

from .examples import cut_by_length
from .masking import Masking
from .network import Network
from .objective import Item, SeveralLosses

SAVE_EVERY = 100
"""Steps between checkpoints."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One run over a corpus with a learning rate that rises and falls once.

    Attributes:
        name: what logs and checkpoints call it.
        epochs: runs over the corpus; the last may be a part of one.
        rate: highest learning rate of AdamW: embeddings, heads, vectors.
        block_rate: highest learning rate of Muon: the matrices of the blocks.
        weights: weight of each head's loss; heads that are not named are not computed.
        masked: share of words hidden in the input.
        dropout: in blocks and before heads.
        decay: whether the rate falls to nothing; otherwise it stays, for a stage to follow.
        averaged: whether its last weights count in the mean that is the model.
        tokens: most tokens of a batch.
    """

    name: str
    epochs: float
    rate: float
    block_rate: float
    weights: Mapping[Task[Any], float]
    masked: float = 0.0
    dropout: float = 0.0
    decay: bool = True
    averaged: bool = True
    tokens: int = 2048

    def settings(self, steps: int, epoch: int, seed: int) -> TrainSettings:
        """The settings of its run of ``steps``, ``epoch`` of which are one run over the corpus."""
        return TrainSettings(
            steps=steps,
            tokens=2 * self.tokens,  # a step is one batch, a little longer or shorter by its spellings
            rate=self.rate,
            optimiser="muon",
            matrix_rate=self.block_rate,
            weight_decay=0.05,
            betas=(0.9, 0.98),
            schedule="linear" if self.decay else "constant",
            precision="bf16",
            evaluate_every=epoch,
            save_every=SAVE_EVERY,
            seed=seed,
        )


class Log:
    """Lines for people on standard output, records for machines in a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.began = time.monotonic()

    def __call__(self, event: str, **record: Any) -> None:
        """Writes one event."""
        words = "  ".join(f"{key} {_short(value)}" for key, value in record.items())
        print(f"[{time.monotonic() - self.began:6.0f} s] {event:<12} {words}", flush=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **record}, ensure_ascii=False) + "\n")

    def events(self) -> list[dict[str, Any]]:
        """Every event of the file, those of earlier runs too."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        table = cast("Mapping[object, object]", value)
        return " ".join(f"{key}={_short(each)}" for key, each in table.items())
    return f"{value:.4f}" if isinstance(value, float) else str(value)


class StageLog:
    """Watches a stage: a line every hundred steps, and one for each epoch."""

    def __init__(self, log: Log, stage: Stage, length: int, seed: int) -> None:
        self.log, self.stage, self.length, self.seed = log, stage, length, seed
        self.losses: list[float] = []

    def started(self, total: int, step: int) -> None:
        """Says what the stage is."""
        self.total = total
        if step < total:
            self.log("stage", name=self.stage.name, step=step, of=total, **_plain(self.stage))

    def stepped(self, step: Step, result: StepResult) -> None:
        """Says how the loss goes."""
        self.losses.append(result.loss)
        if step.number % 100 == 0:
            mean = sum(self.losses) / len(self.losses)
            self.log("step", name=self.stage.name, step=step.number, of=self.total, loss=mean)
            self.losses = []

    def evaluated(self, row: Row) -> None:
        """Says the dev scores."""
        self.log("epoch", name=self.stage.name, epoch=-(-row.step // self.length), **row.scores)

    def saved(self, folder: Path, step: int) -> None:
        """Says nothing."""

    def finished(self, step: int) -> None:
        """Says nothing."""


def train(
    network: Network,
    corpus: Sequence[Item],
    stage: Stage,
    masking: Masking,
    *,
    seed: int,
    work: Path,
    log: Log,
    measure: Callable[[], dict[str, float]],
    most: int | None = None,
) -> None:
    """Trains in place, at most ``most`` steps. Goes on from this stage's checkpoint in ``work`` if there is one, and
    leaves one when done.

    Order of texts, spellings and masks follow from ``seed``, stage and step alone, so that a run that was interrupted
    sees what it would have seen.
    """
    network.learn(stage.weights)
    _set_dropout(network, stage.dropout)
    lengths = [len(item) for item in corpus]

    @lru_cache(2)
    def epoch_order(epoch: int) -> list[list[int]]:
        return cut_by_length(lengths, stage.tokens, random.Random(f"{seed} {stage.name} {epoch}"))

    length = len(epoch_order(0))
    total = min(round(length * stage.epochs), most or 2**60)
    name = f"{seed} {stage.name}"
    examples = [Example((), item, row) for row, item in enumerate(corpus, 1)]  # their tokens are drawn by the step
    # The explicit softmax is the faster one here: the fused CPU kernel's gradient is slow in bfloat16.
    with sdpa_kernel(SDPBackend.MATH):
        fit(
            # Of a model `fit` asks what a network has: parameters, a device, and an output of a batch.
            cast("Model[Any]", network),
            SeveralLosses(stage.weights, masking, stage.masked, name),
            examples,
            stage.settings(total, length, seed),
            rate=stage.rate,
            evaluate=measure,
            better=lambda scores: 0.0,
            folder=work / stage.name,
            identity=f"{name} {total} {_plain(stage)}",
            watch=[StageLog(log, stage, length, seed)],
            resume=True,
            order=lambda step: epoch_order((step - 1) // length)[(step - 1) % length],
        )


def average(network: Network, stages: Sequence[Stage], work: Path) -> None:
    """Fills the network with the mean of what the averaged stages ended with (arXiv 2203.05482).

    A head that a stage did not learn keeps what the stages that did have made of it.
    """
    states = [read_weights(work / stage.name) for stage in stages if stage.averaged]
    means: dict[str, Tensor] = {}
    for name in dict.fromkeys(name for state in states for name in state):
        means[name] = torch.stack([state[name] for state in states if name in state]).mean(0)
    network.load_state_dict(means, strict=False)


def _set_dropout(network: Network, share: float) -> None:
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def _plain(stage: Stage) -> dict[str, Any]:
    weights = {task.name: weight for task, weight in stage.weights.items()}
    names = ("epochs", "rate", "block_rate", "masked", "dropout", "decay", "averaged", "tokens")
    return {"weights": weights, **{name: getattr(stage, name) for name in names}}
