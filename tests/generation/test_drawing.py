"""What is drawn: its distribution, its seeds, and the texts of a whole call."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from torso import new_model
from torso.architecture import Task
from torso.errors import ConfigError, InputError, TooLongError
from torso.generation.completion import complete, pieces
from torso.generation.decode_loop import draw
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompts import prompts_of
from torso.generation.random_source import RandomSource, random_sources
from torso.generation.samplers import sampling_filters
from torso.model import Model
from torso.models.llama import LlamaConfig

V = 12


@pytest.fixture(scope="module")
def model() -> Model:
    config = LlamaConfig(
        vocab_size=V,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
        initializer_range=0.5,
    )
    return new_model(config, Task.CAUSAL_LM, seed=5).eval()


def written(model: Model, prompts: list[list[int]], settings: GenerationSettings, batch: int = 64):
    return list(complete(model, prompts_of(model, prompts, settings), settings, batch=batch))


def distance(counts: list[int], wanted: list[float]) -> float:
    """Chi-square of what was counted, as standard deviations of its own distribution above the mean."""
    drawn, freedom = sum(counts), sum(chance > 0 for chance in wanted) - 1
    assert all(count == 0 for count, chance in zip(counts, wanted, strict=True) if chance == 0)
    square = sum((c - drawn * p) ** 2 / (drawn * p) for c, p in zip(counts, wanted, strict=True) if p > 0)
    return (square - freedom) / math.sqrt(2 * max(freedom, 1))


@pytest.mark.parametrize("values", [{}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.7}, {"min_p": 0.2}])
def test_the_distribution_is_the_one_asked_for(values, model) -> None:
    """The first two tokens of 4,000 texts of one prompt, against what the model says of them."""
    settings = GenerationSettings(
        **{"top_k": 0, **values}, do_sample=True, max_new_tokens=2, num_return_sequences=4000, seed=11
    )
    [texts] = written(model, [[3, 1, 4]], settings, batch=4000)
    [known] = written(model, [[3, 1, 4]], GenerationSettings(max_new_tokens=1))

    def chances(prompt: list[int]) -> list[float]:
        from torso.generation.decoder import Decoder

        scores = Decoder(model, 1, sources=None, capacity=9).read([prompt])
        for step in sampling_filters(settings):
            scores = step(scores)
        return scores.softmax(-1)[0].tolist()

    first = [text.ids[0] for text in texts]
    assert distance([first.count(n) for n in range(V)], chances([3, 1, 4])) < 5
    likely = max(range(V), key=first.count)
    assert likely == known[0].ids[0]
    second = [text.ids[1] for text in texts if text.ids[0] == likely]
    assert distance([second.count(n) for n in range(V)], chances([3, 1, 4, likely])) < 5


@pytest.mark.parametrize("kind", [torch.from_numpy, np.asarray])
def test_drawing_meets_every_place_and_no_impossible_one(kind) -> None:
    scores = np.tile(np.array([-math.inf, 0.0, -math.inf, 0.0, -math.inf], np.float32), (2000, 1))
    drawn = draw(kind(scores), [RandomSource(n) for n in range(2000)]).tolist()
    assert set(drawn) == {1, 3}
    assert 850 < drawn.count(1) < 1150


def test_a_seed_repeats_in_any_company(model) -> None:
    settings = GenerationSettings(do_sample=True, max_new_tokens=8, num_return_sequences=3, seed=4, temperature=3.0)
    alone = written(model, [[2, 3]], settings)[0]
    together = written(model, [[5], [2, 3], [2, 3], [7, 1, 1, 1]], settings)
    assert [each.ids for each in alone] == [each.ids for each in together[1]] == [each.ids for each in together[2]]
    assert len({each.ids for each in alone}) == 3
    other = GenerationSettings(do_sample=True, max_new_tokens=8, num_return_sequences=3, seed=5, temperature=3.0)
    assert [each.ids for each in written(model, [[2, 3]], other)[0]] != [each.ids for each in alone]


def test_the_first_text_of_a_seed_does_not_depend_on_how_many_follow(model) -> None:
    one, many = (
        GenerationSettings(do_sample=True, max_new_tokens=8, num_return_sequences=count, seed=4) for count in (1, 3)
    )
    assert written(model, [[2, 3]], one)[0][0].ids == written(model, [[2, 3]], many)[0][0].ids


def test_without_a_seed_torch_s_own_state_decides(model) -> None:
    settings = GenerationSettings(do_sample=True, max_new_tokens=12, temperature=3.0)

    def once() -> tuple[int, ...]:
        return written(model, [[2, 3]], settings)[0][0].ids

    torch.manual_seed(1)
    first, then = once(), once()
    torch.manual_seed(1)
    assert once() == first != then


def test_seeds_of_several_texts_differ() -> None:
    made = [each.seed for each in random_sources(0, 50)]
    assert len(set(made)) == 50


def test_beams_that_are_drawn_repeat_and_differ(model) -> None:
    def run(seed: int) -> list[tuple[int, ...]]:
        settings = GenerationSettings(
            do_sample=True, num_beams=3, num_return_sequences=2, max_new_tokens=6, seed=seed, temperature=2.0
        )
        return [each.ids for each in written(model, [[2, 3]], settings)[0]]

    assert run(1) == run(1)
    assert len({tuple(run(seed)) for seed in range(5)}) > 1


def test_drawn_beams_are_the_reference_s(model, tmp_path) -> None:
    """With one prompt both take their numbers in the same order from the same source."""
    import transformers

    model.save(tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    values = dict(do_sample=True, num_beams=3, num_return_sequences=2, max_new_tokens=6, temperature=1.5, top_k=6)
    for seed in range(5):
        mine = written(model, [[2, 3]], GenerationSettings(**values, seed=seed, eos_token_id=4))[0]
        torch.manual_seed(seed)
        rows = theirs.generate(torch.tensor([[2, 3]]), **values, eos_token_id=4, pad_token_id=0)
        for one, row in zip(mine, rows[:, 2:].tolist(), strict=True):
            assert list(one.ids) == row[: len(one.ids)]


def test_a_model_in_training_writes_as_in_evaluation_and_stays_as_it_was(model) -> None:
    settings = GenerationSettings(max_new_tokens=6)
    wanted = written(model, [[2, 3]], settings)[0][0].ids
    model.train()
    try:
        assert written(model, [[2, 3]], settings)[0][0].ids == wanted
        assert model.training
    finally:
        model.eval()


def test_the_model_s_length_ends_a_text(model) -> None:
    [[text]] = written(model, [[1] * 30], GenerationSettings(max_new_tokens=20))
    assert (len(text.ids), text.why) == (2, "length")
    with pytest.raises(TooLongError) as caught:
        written(model, [[1], [1] * 32], GenerationSettings(max_new_tokens=20))
    assert caught.value.values["index"] == 1


def test_what_cannot_be_written_is_refused_before_anything_runs(model) -> None:
    with pytest.raises(ConfigError, match="max_new_tokens"):
        written(model, [[1, 2, 3]], GenerationSettings(max_length=3))
    with pytest.raises(InputError, match="E_EMPTY_TEXT"):
        written(model, [[]], GenerationSettings())
    assert written(model, [[]], GenerationSettings(bos_token_id=1, max_new_tokens=3)) == written(
        model, [[1]], GenerationSettings(max_new_tokens=3)
    )
    with pytest.raises(InputError, match="E_ARGUMENT"):
        written(model, [[1]], GenerationSettings(), batch=0)
    with pytest.raises(InputError, match="E_NO_TOKENIZER"):
        written(model, [[1]], GenerationSettings(stop_strings=["x"]))


def test_many_prompts_come_in_their_order(model) -> None:
    prompts = [[n % V] * (1 + 5 * n % 7) for n in range(40)]
    settings = GenerationSettings(max_new_tokens=3)
    together = written(model, prompts, settings, batch=3)
    assert [each[0].ids for each in together] == [written(model, [each], settings)[0][0].ids for each in prompts]


def test_prompts_are_read_a_bounded_number_ahead(model) -> None:
    taken: list[int] = []

    def endless():
        for number in range(10_000):
            taken.append(number)
            yield [number % V]

    settings = GenerationSettings(max_new_tokens=1)
    given = complete(model, prompts_of(model, endless(), settings), settings, batch=2)
    for _ in range(3):
        next(given)
    assert len(taken) <= 32


def test_a_search_cannot_be_streamed(model) -> None:
    settings = GenerationSettings(num_beams=2)
    with pytest.raises(ConfigError, match="E_NO_STREAM"):
        pieces(model, [], settings, None)  # pyright: ignore[reportArgumentType]
