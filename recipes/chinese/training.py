"""The training loop: stages of batches, losses of several heads, checkpoints to go on from."""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from torso.architecture import Task

from .examples import NONE, Example, Variants, batches, packed
from .masking import Masking
from .network import Network

Item = Example | Variants
SAVE_EVERY = 60.0
"""Seconds between checkpoints."""


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
) -> None:
    """Trains in place. Goes on from this stage's checkpoint in ``work`` if there is one, and leaves one when done.

    Order of texts, spellings and masks follow from ``seed``, stage, epoch and step alone, so that a run that was
    interrupted sees what it would have seen.
    """
    path = work / f"{stage.name}.pt"
    _set_dropout(network, stage.dropout)
    optimisers = _optimisers(network, stage)
    step, seconds = _resume(path, network, optimisers)
    length = len(_epoch(corpus, stage, seed, 0))
    total = round(length * stage.epochs)
    if step >= total:
        return
    log("stage", name=stage.name, step=step, of=total, **_plain(stage))
    network.train()
    losses = Averages()
    began = saved = time.monotonic()
    for epoch in range(ceil(stage.epochs)):
        if step >= (epoch + 1) * length:
            continue
        # Spellings differ in length now and then, so an epoch may be a batch longer or shorter than the first.
        for examples in _epoch(corpus, stage, seed, epoch)[: min(length, total - epoch * length)][
            step - epoch * length :
        ]:
            _set_rates(optimisers, step / total, decay=stage.decay)
            losses.add(_step(network, examples, stage, masking, optimisers, _generator(seed, stage.name, step)))
            step += 1
            now = time.monotonic()
            if step % 100 == 0:
                log("step", name=stage.name, step=step, of=total, seconds=round(seconds + now - began), **losses.take())
            if now - saved > SAVE_EVERY:
                _save(path, network, optimisers, step, seconds + now - began)
                saved = now
        step = min(total, (epoch + 1) * length)
        log("epoch", name=stage.name, epoch=epoch + 1, seconds=round(seconds + time.monotonic() - began), **measure())
        network.train()
        _save(path, network, optimisers, step, seconds + time.monotonic() - began)


def average(network: Network, stages: Sequence[Stage], work: Path) -> None:
    """Fills the network with the mean of what the averaged stages ended with (arXiv 2203.05482)."""
    paths = [work / f"{stage.name}.pt" for stage in stages if stage.averaged]
    states: list[dict[str, Tensor]] = [torch.load(path, weights_only=True)["network"] for path in paths]
    network.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})


class Averages:
    """Means of named numbers since they were last taken."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def add(self, values: Mapping[str, float]) -> None:
        """Counts one value of each name."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means, and starts anew."""
        means = {name: self.sums[name] / self.counts[name] for name in self.sums}
        self.sums, self.counts = {}, {}
        return means


def _step(
    network: Network,
    examples: Sequence[Example],
    stage: Stage,
    masking: Masking,
    optimisers: Sequence[torch.optim.Optimizer],
    generator: torch.Generator,
) -> dict[str, float]:
    masked = masking(examples, stage.masked, generator)
    batch = packed(examples, ids=masked.ids, rows=masked.rows)
    targets = {
        Task.MASKED_LM: masked.targets,
        Task.TOKEN_CLASSIFICATION: torch.cat([example.labels for example in examples]),
        Task.SEQUENCE_CLASSIFICATION: torch.tensor([example.positive for example in examples]),
    }
    losses: dict[str, Tensor] = {}
    # The explicit softmax is the faster one here: the fused CPU kernel's gradient is slow in bfloat16.
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        hidden = network(batch)
        for task, weight in stage.weights.items():
            if bool((targets[task] != NONE).any()):
                logits = network.logits(task, hidden, batch)
                losses[task.name] = weight * F.cross_entropy(logits.float(), targets[task], ignore_index=NONE)
    for optimiser in optimisers:
        optimiser.zero_grad()
    torch.stack(list(losses.values())).sum().backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
    return {name: loss.item() for name, loss in losses.items()}


def _optimisers(network: Network, stage: Stage) -> list[torch.optim.Optimizer]:
    """Muon (https://kellerjordan.github.io/posts/muon/) for the matrices of the blocks, AdamW for everything else."""
    matrices = [parameter for parameter in network.trunk.layers.parameters() if parameter.ndim == 2]
    chosen = {id(parameter) for parameter in matrices}
    others = [parameter for parameter in network.parameters() if id(parameter) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=stage.block_rate, weight_decay=0.05),
        torch.optim.AdamW(others, lr=stage.rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True),
    ]


def _set_rates(optimisers: Sequence[torch.optim.Optimizer], progress: float, *, decay: bool) -> None:
    factor = min(1.0, (progress + 0.001) / 0.06) * (max(0.01, 1 - progress) if decay else 1.0)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group.setdefault("highest", group["lr"])
            group["lr"] = group["highest"] * factor


def _set_dropout(network: Network, share: float) -> None:
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def _epoch(corpus: Sequence[Item], stage: Stage, seed: int, epoch: int) -> list[list[Example]]:
    generator = random.Random(f"{seed} {stage.name} {epoch}")
    drawn = [item.draw(generator) if isinstance(item, Variants) else item for item in corpus]
    return batches(drawn, stage.tokens, generator)


def _generator(seed: int, stage: str, step: int) -> torch.Generator:
    number = random.Random(f"{seed} {stage} {step}").getrandbits(60)
    torch.manual_seed(number)  # for dropout
    return torch.Generator().manual_seed(number)


def _plain(stage: Stage) -> dict[str, Any]:
    weights = {task.name: weight for task, weight in stage.weights.items()}
    names = ("epochs", "rate", "block_rate", "masked", "dropout", "decay", "averaged", "tokens")
    return {"weights": weights, **{name: getattr(stage, name) for name in names}}


def _save(path: Path, network: Network, optimisers: Sequence[torch.optim.Optimizer], step: int, seconds: float) -> None:
    part = path.with_suffix(".part")
    states = [optimiser.state_dict() for optimiser in optimisers]
    torch.save({"network": network.state_dict(), "optimisers": states, "step": step, "seconds": seconds}, part)
    part.replace(path)


def _resume(path: Path, network: Network, optimisers: Sequence[torch.optim.Optimizer]) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    saved: dict[str, Any] = torch.load(path, weights_only=True)
    network.load_state_dict(saved["network"])
    for optimiser, state in zip(optimisers, saved["optimisers"], strict=True):
        optimiser.load_state_dict(state)
    return saved["step"], saved["seconds"]
