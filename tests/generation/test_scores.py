"""What changes scores: each step equal to transformers' own on random scores."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
import torch

from conftest import seed
from lazy import LazyModule
from torso.generation import logits_processors, samplers
from torso.generation.generation_settings import GenerationSettings
from torso.generation.logits_processors import GenerationState
from torso.generation.scores import operations

theirs = LazyModule("transformers.generation.logits_process")

V, ROWS, LENGTH = 40, 5, 14


@pytest.fixture
def dice() -> torch.Generator:
    return torch.Generator().manual_seed(seed())


KINDS = {"torch": torch.Tensor, "numpy": np.ndarray}


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    """Whose arrays are processed."""
    return request.param


def run(steps: Any, kind: str, given: torch.Tensor, *further: Any) -> torch.Tensor:
    """Run steps on scores of one kind; the given ones are never changed."""
    before = given.clone()
    changed: Any = given if kind == "torch" else given.numpy()
    for step in steps:
        changed = step(changed, *further)
        assert isinstance(changed, KINDS[kind])
    assert given.equal(before)
    return torch.as_tensor(changed)


def scores(dice: torch.Generator) -> torch.Tensor:
    return 4 * torch.randn(ROWS, V, generator=dice)


def texts(dice: torch.Generator, most: int = 6, length: int = LENGTH) -> torch.Tensor:
    """Few ids, so that they repeat."""
    return torch.randint(0, most, (ROWS, length), generator=dice)


def written(ids: torch.Tensor, prompt: int = 4, most: int = 20) -> list[GenerationState]:
    return [GenerationState(row, prompt, most) for row in ids.tolist()]


def test_repetition_penalty(dice, kind) -> None:
    ids, given = texts(dice), scores(dice)
    for penalty in (1.3, 0.7):
        mine = run([logits_processors.RepetitionPenalty(penalty)], kind, given, written(ids))
        assert mine.equal(theirs.RepetitionPenaltyLogitsProcessor(penalty)(ids, given))


def test_repetition_penalty_of_texts_of_different_lengths(dice, kind) -> None:
    ids, given = texts(dice), scores(dice)
    rows = written(ids)
    for n, row in enumerate(rows):
        row.ids = row.ids[: n + 1]
    mine = run([logits_processors.RepetitionPenalty(1.3)], kind, given, rows)
    for n in range(ROWS):
        wanted = theirs.RepetitionPenaltyLogitsProcessor(1.3)(ids[n : n + 1, : n + 1], given[n : n + 1])
        assert mine[n : n + 1].equal(wanted)


@pytest.mark.parametrize("size", [1, 2, 3, LENGTH, LENGTH + 1])
def test_no_repeat(size, dice, kind) -> None:
    ids, given = texts(dice, 3), scores(dice)
    wanted = theirs.NoRepeatNGramLogitsProcessor(size)(ids, given)
    assert run([logits_processors.NoRepeat(size)], kind, given, written(ids)).equal(wanted)
    assert not wanted.equal(given) or size >= 3


def test_bad_words(dice, kind) -> None:
    ids, given = texts(dice, 3), scores(dice)
    words = [[7], [0, 8], [1, 8], [2, 2, 9], [*ids[0, -3:].tolist(), 9], [5], list(range(V))]
    settings = GenerationSettings(bad_words_ids=words, eos_token_id=[5, 6])
    [step] = logits_processors.processors(settings)
    wanted = theirs.NoBadWordsLogitsProcessor(words, [5, 6])(ids, given)
    assert run([step], kind, given, written(ids)).equal(wanted)
    assert wanted[0, 9] == -torch.inf
    assert wanted[0, 5] > -torch.inf


NARROWED = {
    "top_k": [1, 3, V, V + 5],
    "top_p": [0.0, 0.3, 0.9, 0.999],
    "min_p": [0.0, 0.1, 1.0],
    "typical_p": [0.01, 0.3, 0.9],
    "temperature": [0.3, 1.7],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, some in NARROWED.items() for value in some])
@pytest.mark.parametrize("beams", [1, 3])
def test_narrowing(name, value, beams, dice, kind) -> None:
    settings = GenerationSettings(**{"do_sample": True, "top_k": 0, name: value}, num_beams=beams, eos_token_id=[3, 4])
    given = scores(dice)
    mine = run(samplers.sampling_filters(settings), kind, given)
    wanted = reference({name: value}, beams)(texts(dice), given)
    assert mine.equal(wanted)
    assert name == "temperature" or (mine > -torch.inf).sum(1).min() >= (3 if beams > 1 else 1)


def reference(values: dict[str, object], beams: int, prompt: int = 4) -> Any:
    """What transformers makes of a config, in its own order."""
    from transformers import GenerationConfig
    from transformers.generation.utils import GenerationMixin

    config = GenerationConfig(**{"do_sample": True, "top_k": 0, "num_beams": beams, "eos_token_id": [3, 4], **values})
    config._eos_token_tensor = torch.tensor([3, 4])
    config.max_length = 20
    if config.min_new_tokens is not None:
        config.min_length = prompt + config.min_new_tokens

    class Model(GenerationMixin):
        class config:  # noqa: N801
            is_encoder_decoder = False

    return Model()._get_logits_processor(config, input_ids_seq_length=prompt, device="cpu")


@pytest.mark.parametrize("width", [3, 40, 1000, 4096, 32128, 128513])
@pytest.mark.parametrize("count", [1, 8, 11])
def test_the_largest_of_many(dice, width, count) -> None:
    """Also of rows so long that their strips' maxima are looked at first; of equal scores any are the largest."""
    given = torch.randn(3, width, generator=dice).numpy()
    given[0, -1], given[1, :], given[1, width // 2] = 9, -math.inf, 0
    values, places = operations(given).top(given, count)
    wanted = -np.sort(-given, -1)[:, :count]
    assert np.array_equal(values, wanted)
    assert np.array_equal(np.take_along_axis(given, places, -1), wanted)
    assert all(len(set(row)) == min(count, width) for row in places.tolist())
    assert places[0, 0] == width - 1
    assert places[1, 0] == width // 2


def test_a_score_that_is_no_number_is_the_largest(dice) -> None:
    given = torch.randn(2, 5000, generator=dice).numpy()
    given[1, 777] = math.nan
    for rows in (given, given[:, :900]):
        _, places = operations(rows).top(rows, 2)
        assert 777 in places[1]


def test_log_softmax(dice, kind) -> None:
    given = 30 * torch.randn(4, 2000, generator=dice)
    given[2, 5:] = -math.inf
    rows = given.numpy() if kind == "numpy" else given
    mine = torch.as_tensor(operations(rows).log_softmax(rows))
    wanted = given.double().log_softmax(-1)
    assert torch.allclose(mine.double(), wanted, rtol=1e-6, atol=1e-5)


def test_all_of_them_in_order(kind) -> None:
    """Any mixture of options, at any length of the text."""
    dice = random.Random(seed())
    for _ in range(200):
        chance = torch.Generator().manual_seed(dice.randrange(1 << 30))
        prompt = dice.choice([1, 4])
        pool = {
            "repetition_penalty": dice.uniform(0.5, 2),
            "no_repeat_ngram_size": dice.randint(1, 4),
            "bad_words_ids": [[dice.randrange(8) for _ in range(dice.randint(1, 3))] for _ in range(4)],
            "min_length": dice.randint(1, 12),
            "min_new_tokens": dice.randint(1, 9),
            "forced_bos_token_id": 6,
            "forced_eos_token_id": dice.choice([3, [3, 4]]),
            "suppress_tokens": [1, 9],
            "begin_suppress_tokens": [2, 11],
            "temperature": dice.uniform(0.2, 2),
            "top_k": dice.randint(1, 12),
            "top_p": dice.uniform(0.1, 1),
            "min_p": dice.uniform(0, 0.5),
            "typical_p": dice.uniform(0.1, 0.99),
        }
        values = dict(dice.sample(sorted(pool.items()), dice.randint(1, 6)))
        beams = dice.choice([1, 2])
        settings = GenerationSettings(
            **{"do_sample": True, "top_k": 0, "num_beams": beams, "eos_token_id": [3, 4], **values}
        )
        ids = texts(chance, 8, dice.choice([prompt, prompt + 1, 9, 19]))
        given = scores(chance)
        mine = run(logits_processors.processors(settings), kind, given, written(ids, prompt))
        with np.errstate(all="ignore"):
            mine = run(samplers.sampling_filters(settings), kind, mine)
        wanted = reference(values, beams, prompt)(ids, given)
        # NumPy divides and exponentiates by one unit in the last place otherwise, here and there.
        assert torch.allclose(mine, wanted, rtol=0 if kind == "torch" else 3e-7, atol=0), (values, ids.shape)
