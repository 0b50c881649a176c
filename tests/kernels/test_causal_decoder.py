"""A decoder's step in the kernels: against PyTorch in every family, and to the bit in any company."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from contract.families import FAMILIES, registered
from torso.architecture import Task
from torso.batch import Batch, Layout
from torso.kernels import library as native
from torso.kernels.causal_decoder import KINDS, CausalDecoder
from torso.kernels.decoder_support import unsupported_decoder
from torso.kernels.part_weights import PartWeights
from torso.model import Model, new_model

SENTENCES = ((5, 3, 9, 2, 7, 4, 8), (6,), (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9), (2, 7, 1, 8))
OBSTACLES = {
    ("gemma3_text", "both-ways"): "its queries see later keys",
    ("opt", "projected"): "blocks of unlike sizes",
    ("opt", "projected-before"): "blocks of unlike sizes",
    ("cohere", "head-norms"): "a norm of another kind",
    ("stablelm", "head-norms"): "a norm of another kind",
    **{("ministral3", config): "its attention is a TemperedAttention" for config in FAMILIES["ministral3"].configs},
    ("olmo", "clipped"): "its attention is a ClippedAttention",
}
"""Configs that PyTorch alone writes with."""
NAMES = (
    *("llama", "bloom", "gpt2", "gpt_neox", "gemma2", "glm", "granite", "cohere2"),
    *("qwen2_moe", "qwen3_moe", "gpt_oss", "olmo2", "deepseek_v3"),
)


def decoders() -> Iterator[tuple[str, str]]:
    """Every config of every family that writes without an encoder."""
    for name, family in registered().items():
        if Task.CAUSAL_LM in family.tasks and Task.SEQ2SEQ_LM not in family.tasks:
            yield from ((name, config) for config in FAMILIES[name].configs)


def model_of(name: str, config: str) -> Model[Any]:
    """A small model with random weights; no norm, bias or slope is a constant."""
    family = registered()[name]
    torch.manual_seed(len(name) + len(config))
    model = new_model(family.config(**FAMILIES[name].configs[config]), Task.CAUSAL_LM, seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def compiled(model: Model[Any], kind: int = native.FLOAT32) -> CausalDecoder:
    library = native.library()
    assert library is not None
    weights = dict(model.named_parameters(remove_duplicate=False))
    read = PartWeights(model.description, lambda name: weights[name].detach().numpy())
    return CausalDecoder(library, model.description, read, kind)


def scores(model: Model[Any], text: list[int]) -> np.ndarray:
    """What PyTorch scores behind a whole text."""
    with torch.inference_mode():
        batch = Batch(torch.tensor(text), Layout.of([len(text)]), rows=torch.tensor([len(text) - 1]))
        return model(batch).logits[0].numpy()


@pytest.mark.parametrize(("name", "config"), list(decoders()))
def test_equal_to_pytorch(name, config) -> None:
    model = model_of(name, config)
    reason = unsupported_decoder(model.description)
    assert reason == OBSTACLES.get((name, config))
    if reason is not None:
        return
    decoder, texts = compiled(model), [list(text) for text in SENTENCES]
    cache, regions, past = decoder.new_cache(200), [0, 50, 100, 150], [0] * 4
    steps: list[list[list[int]]] = [texts, [[3], [4], [5], [6]], [[1, 2], [7], [8, 8, 8], [9]]]
    written: list[list[int]] = [[] for _ in texts]
    for new in steps if model.config.reads_on(1, sys.maxsize) else steps[:1]:
        got = decoder.step(cache, regions, past, new, [True] * 4)
        for number, (text, more) in enumerate(zip(written, new, strict=True)):
            text += more
            past[number] += len(more)
            np.testing.assert_allclose(got[number], scores(model, text), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_to_the_bit_in_any_company(kernels, name, kind) -> None:
    decoder, text = compiled(model_of(name, "plain"), KINDS[kind]), list(SENTENCES[2])
    cache = decoder.new_cache(20)
    whole = decoder.step(cache, [0], [0], [text], [True])
    one = decoder.step(cache, [0], [13], [[5]], [True])
    cache = decoder.new_cache(60)
    assert len(decoder.step(cache, [9], [0], [text[:4]], [False])) == 0
    decoder.step(cache, [9, 40], [4, 0], [text[4:9], [3, 4]], [False, True])
    pieces = decoder.step(cache, [40, 9], [2, 9], [[1] * 7, text[9:]], [False, True])
    assert np.array_equal(whole, pieces)
    assert np.array_equal(one, decoder.step(cache, [9], [13], [[5]], [True]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_repeated_step_gives_the_same_bits(kernels, name, kind) -> None:
    decoder, texts = compiled(model_of(name, "plain"), KINDS[kind]), [list(SENTENCES[2]), list(SENTENCES[0])]
    regions, past = [40, 0], [len(text) for text in texts]
    one, other = decoder.new_cache(80), decoder.new_cache(80)
    for cache in (one, other):
        decoder.step(cache, regions, [0, 0], texts, [True, True])
    again, kept = decoder.repeated(one, regions), list[tuple[np.ndarray, np.ndarray]]()
    for tokens in ([3, 9], [4, 4], [7, 5]):
        wanted = decoder.step(other, regions, past, [[number] for number in tokens], [True, True])
        kept.append((again(tokens, past), wanted))
        past = [each + 1 for each in past]
    for got, wanted in kept:  # behind all steps: what was given is not written over
        assert np.array_equal(got, wanted)
    assert np.array_equal(one.numbers, other.numbers)
    with pytest.raises(IndexError):
        again([3, 10_000_000], past)
    with pytest.raises(IndexError):
        again([-1, 3], past)


@pytest.mark.parametrize(("kind", "bound"), [("bf16", 0.02), ("int8", 0.02), ("int4", 0.2)])
def test_fewer_bits_are_near(kernels, kind, bound) -> None:
    model = model_of("llama", "plain")
    got = compiled(model, KINDS[kind]).whole([list(SENTENCES[2])], np.array([12]))[1][0]
    wanted = scores(model, list(SENTENCES[2]))
    assert np.abs(got - wanted).max() <= bound * np.abs(wanted).max()


def test_whole_texts_without_a_cache() -> None:
    model = model_of("qwen3", "plain")
    hidden, logits = compiled(model).whole([list(text) for text in SENTENCES], None)
    flat, layout = [number for text in SENTENCES for number in text], Layout.of([len(text) for text in SENTENCES])
    with torch.inference_mode():
        out = model(Batch(torch.tensor(flat), layout))
    np.testing.assert_allclose(logits, out.logits.numpy(), atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(hidden, out.hidden.rows.numpy(), atol=1e-5, rtol=1e-5)


def test_an_id_without_a_row_is_refused() -> None:
    decoder = compiled(model_of("llama", "plain"))
    with pytest.raises(IndexError):
        decoder.step(decoder.new_cache(4), [0], [0], [[1, 10**6]], [True])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["llama", "gpt_neox", "gemma2", "glm", "cohere2", "qwen2_moe", "gpt_oss", "deepseek_v2"]
)
def test_rows_that_are_not_asked_for_change_none(kernels, name, kind) -> None:
    decoder, texts = compiled(model_of(name, "plain"), KINDS[kind]), [list(text) for text in SENTENCES]
    hidden, logits = decoder.whole(texts, None)
    for rows in ([24], [6, 7, 24], [5, 6, 18, 19, 20, 24], [0, 6, 8], [24, 6], [3, 3], []):
        some, scored = decoder.whole(texts, np.array(rows, np.int64))
        assert np.array_equal(some, hidden[rows])
        assert np.array_equal(scored, logits[rows])


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_prompt_is_that_of_its_pieces(kernels, kind) -> None:
    decoder, text = compiled(model_of("llama", "plain"), KINDS[kind]), [n % 11 for n in range(150)]
    cache = decoder.new_cache(320)
    whole = decoder.step(cache, [0], [0], [text], [True])
    for begin, end in ((0, 1), (1, 9), (9, 18), (18, 100)):
        decoder.step(cache, [160], [begin], [text[begin:end]], [False])
    assert np.array_equal(whole, decoder.step(cache, [160], [100], [text[100:]], [True]))
