"""Print what models give on this machine, as JSON: ``python results.py``. Needs torso alone, without PyTorch.

Run on the platform under test and on this one, and compared there (`tests.platforms.arm64`).
"""

from __future__ import annotations

import json
import sys

import numpy as np

import torso
from torso.kernels import library
from torso.kernels.host_functions import linear
from torso.kernels.packed_weight import PackedWeight
from torso.tasks.ready import make_ready

TEXTS = ["服务员态度很差，菜也不新鲜", "弱小的我也有大梦想！", "a short one", "等了两个小时还没上菜。" * 12]
SENTENCE = "小明昨天在北京大学的图书馆看书。"


def numbers() -> dict[str, list[float]]:
    """Vectors and scores of the bundled models, in every mode that this processor has."""
    found: dict[str, list[float]] = {}
    for mode in library.about().modes:
        model = torso.compiled("torso:sentiment", torso.Task.FEATURES, mode=mode)
        vectors = torso.embed(TEXTS, model=model, pooling="mean", normalize=True)
        found[f"vectors {mode}"] = [float(number) for each in vectors for number in each.vector]
    for kind in (library.FLOAT32, library.BFLOAT16, library.EIGHT_BIT_GROUPS, library.FOUR_BIT_GROUPS):
        found[f"products {kind}"] = products(kind)
    found["labels"] = [each.score for each in torso.classify(TEXTS)]
    found["spans"] = [each.score for each in torso.tag(SENTENCE).spans]
    return found


def products(kind: int) -> list[float]:
    """Rows times a packed weight, in shapes that fill panels and that do not."""
    here, dice = library.library(), np.random.default_rng(3)
    assert here is not None
    found: list[float] = []
    for count, inputs, outputs in ((1, 64, 64), (9, 96, 130), (33, 34, 5)):
        rows = dice.standard_normal((count, inputs), dtype=np.float32)
        weight = dice.standard_normal((outputs, inputs), dtype=np.float32) / np.float32(inputs**0.5)
        found += linear(here, rows, PackedWeight(here, weight, None, kind)).ravel().tolist()
    return found


def words() -> list[str]:
    """What is said of the texts."""
    labels = [each.label for each in torso.classify(TEXTS)]
    return [*labels, *(f"{each.text}/{each.label}" for each in torso.tag(SENTENCE).spans)]


def threads() -> list[float]:
    """The same vectors, computed for one text after another."""
    ready = make_ready("torso:sentiment", torso.Task.FEATURES)
    return [float(n) for text in TEXTS for n in torso.embed(text, model=ready, pooling="mean", normalize=True).vector]


if __name__ == "__main__":
    json.dump(
        {"set": library.about().instruction_set, "numbers": numbers(), "alone": threads(), "words": words()}, sys.stdout
    )
