"""Continuous batching: texts are the same alone and in any company, and every row of the slab is free at the end."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
import torch

import torso
from conftest import seed
from generation import small
from serve.cache_rows import cache_row_bytes
from serve.conftest import serving
from torso.architecture import Task
from torso.generation.compiled_slab import slab_of
from torso.generation.prompts import prompts_of
from torso.generation.random_source import random_sources
from torso.generation.regions import Regions
from torso.generation.slab import Slab
from torso.models.gpt2 import GPT2Config
from torso.models.qwen import Qwen3Config
from torso.serve.token_scheduler import TokenScheduler
from torso.serve.token_sequence import TokenSequence
from torso.tasks.text_generator import make_text_generator

PROMPTS = ["the cat", "a", "one two three four five six seven", "hello there the", "b c d", "weather today is"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small.llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module", params=["kernels", "PyTorch"])
def text_generator(folder, request):
    if request.param == "kernels":
        return make_text_generator(str(folder), None, {})
    return make_text_generator(torso.load(str(folder), Task.CAUSAL_LM), None, {})


def sequence_of(text_generator, text, settings=None, *, random_source=None, client="a", best=0):
    settings = settings or text_generator.settings
    ids = text_generator._ids(text, True)
    (prompt,) = prompts_of(text_generator.ready.generative_model, [ids], settings)
    events, errors = [], []
    made = TokenSequence(
        prompt, settings, text_generator.ready.tokenizer, client, random_source, best, events.append, errors.append
    )
    made.events, made.errors = events, errors
    return made


def written(sequence) -> tuple[str, tuple[int, ...], str | None]:
    return (
        "".join(event.text for event in sequence.events),
        tuple(event.id for event in sequence.events),
        sequence.events[-1].why,
    )


def wanted(text_generator, text, **options):
    done = torso.generate(text, model=text_generator.ready, **options)[0]
    return done.text, done.ids, done.why


def finish(scheduler) -> None:
    for _ in range(2000):
        if scheduler.idle:
            return
        scheduler.step()
    raise AssertionError("the schedule does not end")


@pytest.mark.parametrize("step_rows", [1, 3, 512])
def test_greedy_texts_are_the_library_s_in_random_company(text_generator, step_rows) -> None:
    random = Random(seed())
    slab = slab_of(text_generator.ready.generative_model, 90 * cache_row_bytes(text_generator.ready.generative_model))
    scheduler = TokenScheduler(slab, 4, step_rows)
    expected = {text: wanted(text_generator, text) for text in PROMPTS}
    sequences = []
    for _ in range(30):
        if random.random() < 0.4 and len(sequences) < 10:
            text = random.choice(PROMPTS)
            sequences.append((text, sequence_of(text_generator, text, client=random.choice("abc"))))
            scheduler.submit(sequences[-1][1])
        scheduler.step()
        assert len(scheduler.running) <= 4
    finish(scheduler)
    assert len(sequences) > 2
    for text, sequence in sequences:
        assert not sequence.errors
        assert written(sequence) == expected[text]
    assert slab.free == slab.rows


def test_sampled_texts_follow_their_seeds_in_any_company(text_generator) -> None:
    changes = {"do_sample": True, "temperature": 0.9, "top_p": 0.9, "repetition_penalty": 1.1}
    scheduler = TokenScheduler(slab_of(text_generator.ready.generative_model, 1 << 20), 8)
    sequences = []
    for number, text in enumerate(PROMPTS):
        settings = text_generator.settings.replace({**changes, "seed": number})
        sequences.append(sequence_of(text_generator, text, settings, random_source=random_sources(settings.seed, 1)[0]))
        scheduler.submit(sequences[-1])
        scheduler.step()
    finish(scheduler)
    for number, (text, sequence) in enumerate(zip(PROMPTS, sequences, strict=True)):
        assert written(sequence) == wanted(text_generator, text, settings={**changes, "seed": number})


REPEATS = ["a b a b a b", "one two three one two three", "the cat sat. the cat"]
LOOKED_UP = {
    "greedy": {},
    "drawn": {"do_sample": True, "temperature": 0.4, "repetition_penalty": 1.1},
    "stopped": {"stop_strings": ["e"]},
    "three tokens": {"max_matching_ngram_size": 3},
}


@pytest.mark.parametrize("step_rows", [3, 512])
@pytest.mark.parametrize("way", LOOKED_UP)
def test_texts_that_look_ahead_are_the_library_s_in_random_company(folder, way, step_rows) -> None:
    text_generator = make_text_generator(str(folder), None, {})
    random, plain = Random(seed()), {"max_new_tokens": 40}
    options = {name: value for name, value in LOOKED_UP[way].items() if name != "max_matching_ngram_size"}
    slab = slab_of(text_generator.ready.generative_model, 150 * cache_row_bytes(text_generator.ready.generative_model))
    scheduler = TokenScheduler(slab, 3, step_rows)
    sequences = []
    for number in range(9):
        text = random.choice([*REPEATS, *PROMPTS])
        # Seeds are of each text; those that look ahead and those that do not share their steps.
        own = plain | options | ({"seed": number} if "do_sample" in options else {})
        further = LOOKED_UP[way] | {"prompt_lookup_num_tokens": random.choice([1, 4, 30])} if number % 3 else {}
        settings = text_generator.settings.replace({**further, **own})
        random_source = random_sources(number, 1)[0] if settings.do_sample else None
        sequences.append((text, own, sequence_of(text_generator, text, settings, random_source=random_source)))
        scheduler.submit(sequences[-1][2])
        for _ in range(random.randrange(4)):
            scheduler.step()
    finish(scheduler)
    for text, own, sequence in sequences:
        assert not sequence.errors
        done = torso.generate(text, model=text_generator.ready, settings=own)[0]
        assert written(sequence) == (done.text, done.ids, done.why)
        assert [event.log_probability for event in sequence.events] == pytest.approx(done.log_probabilities, abs=1e-5)
    assert slab.free == slab.rows


def test_what_repeats_takes_fewer_steps(folder) -> None:
    text_generator = make_text_generator(str(folder), None, {})
    steps = {}
    for guessed in (None, 10):
        settings = text_generator.settings.replace(
            {"max_new_tokens": 40, "prompt_lookup_num_tokens": guessed, "eos_token_id": 499}
        )
        slab = slab_of(text_generator.ready.generative_model, 1 << 20)
        scheduler, sequence = TokenScheduler(slab), sequence_of(text_generator, REPEATS[0], settings)
        scheduler.submit(sequence)
        steps[guessed] = 0
        while not scheduler.idle:
            scheduler.step()
            steps[guessed] += 1
        assert not sequence.errors
        assert slab.free == slab.rows
    assert steps[10] < steps[None]


def test_requests_look_ahead_where_the_kernels_write(folder) -> None:
    asked = {"prompt": [*REPEATS, *PROMPTS[:2]], "max_tokens": 30, "temperature": 0, "logprobs": 2}
    ahead = asked | {"prompt_lookup_num_tokens": 6}
    with serving({"llama": str(folder)}) as client:
        plain, looked = (client.post("/v1/completions", json=each).json() for each in (asked, ahead))
        wrong = client.post("/v1/completions", json=asked | {"prompt_lookup_num_tokens": 0})
    assert looked["choices"] == plain["choices"]
    assert looked["usage"] == plain["usage"]
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "prompt_lookup_num_tokens")
    with serving({"llama": torso.load(str(folder), Task.CAUSAL_LM)}) as client:
        refused = client.post("/v1/completions", json=ahead)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "E_NO_EFFECT")


def test_stop_strings_and_log_probabilities_are_the_library_s(text_generator) -> None:
    full = torso.generate(PROMPTS[0], model=text_generator.ready)[0]
    stop = full.text[3:6]
    settings = text_generator.settings.replace({"stop_strings": [stop]})
    sequence = sequence_of(text_generator, PROMPTS[0], settings, best=3)
    scheduler = TokenScheduler(slab_of(text_generator.ready.generative_model, 1 << 20))
    scheduler.submit(sequence)
    finish(scheduler)
    done = torso.generate(PROMPTS[0], model=text_generator.ready, stop_strings=[stop])[0]
    assert written(sequence) == (done.text, done.ids, "stop")
    logs = [event.log_probability for event in sequence.events]
    assert logs == pytest.approx(done.log_probabilities, abs=1e-5)
    for event in sequence.events:
        assert event.best[0] == (event.id, pytest.approx(event.log_probability, abs=1e-6))
        assert [log for _, log in event.best] == sorted((log for _, log in event.best), reverse=True)


def test_cancelling_at_any_step_frees_the_rows_and_disturbs_nobody(text_generator) -> None:
    expected = wanted(text_generator, PROMPTS[2])
    for moment in (0, 1, 2, 5, 9):
        slab = slab_of(
            text_generator.ready.generative_model, 70 * cache_row_bytes(text_generator.ready.generative_model)
        )
        scheduler = TokenScheduler(slab, 3, 4)
        leaves = [sequence_of(text_generator, text) for text in PROMPTS[:4]]
        stays = sequence_of(text_generator, PROMPTS[2])
        for each in (*leaves[:2], stays, *leaves[2:]):
            scheduler.submit(each)
        for _ in range(moment):
            scheduler.step()
        for each in leaves:
            scheduler.cancel(each)
            scheduler.cancel(each)
        counts = [len(each.events) for each in leaves]
        finish(scheduler)
        assert written(stays) == expected
        assert [len(each.events) for each in leaves] == counts
        assert slab.free == slab.rows


@pytest.mark.parametrize("error", [RuntimeError("no"), MemoryError()])
def test_a_sequence_that_fails_fails_alone(text_generator, error) -> None:
    slab = slab_of(text_generator.ready.generative_model, 1 << 20)
    guilty, innocent = sequence_of(text_generator, PROMPTS[0]), sequence_of(text_generator, PROMPTS[1])
    step = slab.step

    def failing(feeds):
        if any(feed.slot is guilty.slot for feed in feeds):
            raise error
        return step(feeds)

    slab.step = failing
    scheduler = TokenScheduler(slab)
    for each in (guilty, innocent):
        scheduler.submit(each)
    finish(scheduler)
    assert guilty.errors == [error]
    assert not innocent.errors
    assert written(innocent) == wanted(text_generator, PROMPTS[1])
    assert slab.free == slab.rows


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_other_families_decode_in_pieces_as_at_once(kind) -> None:
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32, "vocab_size": 50}
    config = (
        GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4, n_positions=64)
        if kind == "gpt2"
        else Qwen3Config(**sizes, num_key_value_heads=2, intermediate_size=48, head_dim=8, max_position_embeddings=64)
    )
    model = torso.new_model(config, Task.CAUSAL_LM, seed=5).eval()
    random = Random(3)
    texts = [[random.randrange(50) for _ in range(length)] for length in (1, 7, 20)]
    alone = []
    for text in texts:
        with torch.inference_mode():
            alone.append(model(torso.batch.Batch(torch.tensor(text), torso.batch.Layout.of([len(text)]))).logits[-1])
    slab = Slab(model, 1 << 20)
    from torso.generation.sequence_decoder import Feed

    slots = [slab.admit(len(text)) for text in texts]
    slab.release(slots.pop(1))
    texts, alone = [texts[0], texts[2]], [alone[0], alone[2]]
    slab.step([Feed(slots[1], texts[1][:9], False)])
    scores = slab.step([Feed(slots[1], texts[1][9:], True), Feed(slots[0], texts[0], True)])
    for made, its in zip(scores, (alone[1], alone[0]), strict=True):
        assert torch.allclose(made, its, atol=1e-5)


def test_regions_are_given_first_fit_and_neighbours_merge() -> None:
    random, cache = Random(seed()), Regions(100)
    held = []
    for _ in range(2000):
        if held and random.random() < 0.5:
            cache.release(held.pop(random.randrange(len(held))))
        else:
            region = cache.admit(random.randint(1, 40))
            if region is not None:
                held.append(region)
        taken = sorted((region.offset, region.offset + region.rows) for region in held)
        assert all(a[1] <= b[0] for a, b in pairwise(taken))
        assert cache.free == 100 - sum(region.rows for region in held)
    for region in held:
        cache.release(region)
    assert cache.free == 100
    assert cache.admit(100) is not None


def test_a_client_with_many_prompts_does_not_hold_up_another(text_generator) -> None:
    scheduler = TokenScheduler(slab_of(text_generator.ready.generative_model, 1 << 20), sequences=1)
    many = [sequence_of(text_generator, PROMPTS[0], client="many") for _ in range(10)]
    for each in many:
        scheduler.submit(each)
    scheduler.step()
    one = sequence_of(text_generator, PROMPTS[1], client="one")
    scheduler.submit(one)
    while not one.events:
        scheduler.step()
    assert sum(bool(each.events) for each in many) <= 2
