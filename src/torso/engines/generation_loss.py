"""What fewer bits cost a decoder: perplexity and agreement with float32 on texts. Loads no torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from torso.architecture import Task
from torso.engines.compiled_decoder import CompiledDecoder, DecoderMode, compiled_decoder, unsupported_for_generation
from torso.errors import InputError
from torso.host_batch import HostBatch, Wanted
from torso.kernels.causal_decoder import KINDS
from torso.loading.load import read_config

SAMPLE = (
    "The sea was calm that morning, and the fishermen who had waited three days in the harbour put out before sunrise. "
    "By noon the wind had turned, and those who knew the coast came back early.",
    "Water boils at a lower temperature on a high mountain, because the air presses on it less. That is why it takes "
    "longer to cook rice there than it does in a city by the sea.",
    "def mean(numbers):\n    if not numbers:\n        raise ValueError('nothing to average')\n"
    "    return sum(numbers) / len(numbers)\n",
    "春天来了，公园里的花都开了。孩子们在草地上放风筝，老人们坐在树下聊天。远处的湖面上，几只小船慢慢地划着。",
    "水在高山上沸腾的温度比较低，因为那里的气压较小，所以在高原上煮饭要花更长的时间。",
)
"""Texts that are scored where none are given."""
_LONGEST = 128
"""Tokens of a text that are scored together: a row of scores is as long as the vocabulary."""


@dataclass(frozen=True, slots=True)
class GenerationLoss:
    """What one mode of a decoder costs.

    Attributes:
        mode: ``exact``, ``bf16``, ``int8`` or ``int4``.
        perplexity: over all tokens behind the first of each text.
        ratio: of the perplexity to that of ``exact``.
        agreement: share of the places where the likeliest next token is that of ``exact``.
        megabytes: of the weights in memory, 10^6 bytes.
        tokens: how many were scored.
    """

    mode: str
    perplexity: float
    ratio: float
    agreement: float
    megabytes: float
    tokens: int


def generates(folder: Path) -> bool:
    """Return whether the kernels generate with the model of a folder, and it is a decoder alone.

    Raises:
        TorsoError: as `read_config`.
    """
    architecture, config = read_config(folder)
    if Task.CAUSAL_LM not in architecture.tasks or Task.SEQ2SEQ_LM in architecture.tasks:
        return False
    named = config.architectures
    if named and architecture.class_name(Task.CAUSAL_LM) not in named:
        return False
    return unsupported_for_generation(architecture.describe(config, Task.CAUSAL_LM)) is None


def measure_generation(
    folder: Path,
    texts: Sequence[Sequence[int]],
    modes: Sequence[str] = tuple(KINDS),
    *,
    report: Callable[[str], None] = lambda line: None,
) -> tuple[GenerationLoss, ...]:
    """Score texts in every mode, each token behind those before it.

    Args:
        folder: of a decoder, see `writes`.
        texts: token ids of each; what is longer than 128 tokens is scored in portions.
        modes: names of modes; ``exact`` is always measured first.
        report: called with the name of each mode before it is measured.

    Raises:
        InputError: ``E_SAMPLE``, for texts without a token to score; ``E_IDS``.
        TorsoError: as `compiled_decoder`.
    """
    portions = [text[i : i + _LONGEST] for text in texts for i in range(0, len(text), _LONGEST)]
    portions = [portion for portion in portions if len(portion) > 1]
    if not portions:
        raise InputError(
            "E_SAMPLE", "The sample holds no text of two tokens or more.", cure="Give longer texts, or none."
        )
    found: list[GenerationLoss] = []
    base, chosen = 0.0, np.empty(0, np.int64)
    for mode in ("exact", *(each for each in modes if each != "exact")):
        report(mode)
        model = compiled_decoder(folder, cast("DecoderMode", mode))
        scored = list(_scored(model, portions))
        loss = float(np.mean(np.concatenate([each for each, _ in scored])))
        best = np.concatenate([each for _, each in scored])
        if mode == "exact":
            base, chosen = loss, best
        same = float(np.mean(np.equal(best, chosen)))
        found.append(GenerationLoss(mode, _exp(loss), _exp(loss - base), same, model.bytes / 1e6, len(best)))
    return tuple(found)


def _scored(
    model: CompiledDecoder, texts: Sequence[Sequence[int]]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Yield of each text the negative log-probability of every token but the first, and the likeliest in its place."""
    for text in texts:
        ids = np.array(text, np.int64)
        scores: NDArray[np.float32] = np.asarray(model.run(HostBatch.of([_Text(text)]), Wanted()).logits)[:-1]
        most = scores.max(1)
        sums: NDArray[np.float64] = np.exp(scores - most[:, None]).sum(1, dtype=np.float64)
        total = most + np.log(sums)
        yield total - scores[np.arange(len(scores)), ids[1:]], scores.argmax(1)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


@dataclass(frozen=True, slots=True)
class _Text:
    ids: Sequence[int]

    @property
    def segments(self) -> Sequence[int]:
        return [0] * len(self.ids)
