"""The decoder of an encoder-decoder in the kernels: against PyTorch in every family, and to the bit in any company."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from torso.kernels.key_value_rows import SourceRows
from torso.kernels.part_weights import PartWeights
from torso.model import Model, new_model

SOURCES = ((5, 3, 9, 2, 7, 4, 8), (6,), (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9), (2, 7, 1, 8))
TARGETS = ((3, 1), (2,), (7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5), (1, 6, 1, 8))


def families() -> Iterator[tuple[str, str]]:
    """Every config of every family that writes with an encoder."""
    for name, family in registered().items():
        if Task.SEQ2SEQ_LM in family.tasks:
            yield from ((name, config) for config in FAMILIES[name].configs)


def model_of(name: str, config: str) -> Model[Any]:
    """A small model with random weights; no norm, bias or offset is a constant."""
    torch.manual_seed(len(name) + len(config))
    model = new_model(registered()[name].config(**FAMILIES[name].configs[config]), Task.SEQ2SEQ_LM, seed=1)
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor += 0.1 * torch.randn_like(tensor)
    return model.eval()


def compiled(model: Model[Any], kind: int = native.FLOAT32) -> CausalDecoder:
    library = native.library()
    assert library is not None
    weights = {**dict(model.named_parameters(remove_duplicate=False)), **dict(model.named_buffers())}
    read = PartWeights(model.description, lambda name: weights[name].detach().numpy())
    return CausalDecoder(library, model.description, read, kind)


def flat(texts: Sequence[Sequence[int]]) -> Batch:
    return Batch(torch.tensor([number for text in texts for number in text]), Layout.of([len(text) for text in texts]))


def sources_of(model: Model[Any], decoder: CausalDecoder) -> SourceRows:
    """What PyTorch's encoder reads, for the kernels' decoder."""
    with torch.inference_mode():
        rows = model.trunk.encoder(flat(SOURCES)).rows.numpy()  # type: ignore[union-attr]
    return decoder.sources(rows, [len(text) for text in SOURCES])


def scores(model: Model[Any], source: Sequence[int], target: Sequence[int]) -> np.ndarray:
    """What PyTorch scores behind a whole target."""
    with torch.inference_mode():
        batch = Batch(
            torch.tensor(target),
            Layout.of([len(target)]),
            rows=torch.tensor([len(target) - 1]),
            source=flat([source]),
        )
        return model(batch).logits[0].numpy()


@pytest.mark.parametrize(("name", "config"), list(families()))
def test_equal_to_pytorch(name, config) -> None:
    model = model_of(name, config)
    # Each block of umT5 has a bias of distance of its own.
    reason = "blocks of unlike sizes" if name == "umt5" and config != "one-layer" else None
    assert unsupported_decoder(model.description) == reason
    if reason is not None:
        return
    decoder = compiled(model)
    sources, cache = sources_of(model, decoder), decoder.new_cache(200)
    regions, past, written = [0, 50, 100, 150], [0] * 4, [list[int]() for _ in TARGETS]
    for new in (TARGETS, [[3], [4], [5], [6]], [[1, 2], [7], [8, 8, 8], [9]]):
        got = decoder.step(cache, regions, past, new, [True] * 4, sources)
        for number, (text, more) in enumerate(zip(written, new, strict=True)):
            text += more
            past[number] += len(more)
            np.testing.assert_allclose(got[number], scores(model, SOURCES[number], text), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_to_the_bit_in_any_company(kernels, name, kind) -> None:
    model = model_of(name, "plain")
    decoder, text = compiled(model, KINDS[kind]), list(TARGETS[2])
    sources = sources_of(model, decoder)
    whole = decoder.step(decoder.new_cache(20), [0], [0], [text], [True], sources.of([2]))
    cache = decoder.new_cache(100)
    decoder.step(cache, [9, 40], [0, 0], [text[:4], [3, 4]], [False, True], sources.of([2, 2]))
    pieces = decoder.step(
        cache, [40, 9, 60], [2, 4, 0], [[1] * 7, text[4:], [5]], [False, True, False], sources.of([2, 2, 0])
    )
    assert np.array_equal(whole, pieces)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_a_repeated_step_gives_the_same_bits(kernels, name, kind) -> None:
    model = model_of(name, "plain")
    decoder = compiled(model, KINDS[kind])
    sources, regions, past = sources_of(model, decoder).of([2, 0]), [40, 0], [0, 0]
    one, other = decoder.new_cache(80), decoder.new_cache(80)
    again = decoder.repeated(one, regions, sources)
    for tokens in ([0, 0], [3, 9], [4, 4], [7, 5]):
        wanted = decoder.step(other, regions, past, [[number] for number in tokens], [True, True], sources)
        assert np.array_equal(again(tokens, past), wanted)
        past = [each + 1 for each in past]


def test_a_repeated_step_reaches_beyond_the_first_bias() -> None:
    model = model_of("t5", "plain")
    decoder = compiled(model)
    sources, text = sources_of(model, decoder).of([0]), [3 + number % 20 for number in range(300)]
    one, other = decoder.new_cache(320), decoder.new_cache(320)
    again = decoder.repeated(one, [0], sources)
    again(text[:1], [0])
    for cache in (one, other):
        decoder.step(cache, [0], [0], [text], [True], sources)
    assert np.array_equal(again([5], [300]), decoder.step(other, [0], [300], [[5]], [True], sources))


def test_long_targets_have_a_bias_of_every_distance() -> None:
    model = model_of("t5", "plain")
    decoder, text = compiled(model), [3 + number % 20 for number in range(600)]
    got = decoder.step(decoder.new_cache(600), [0], [0], [text], [True], sources_of(model, decoder).of([0]))
    np.testing.assert_allclose(got[0], scores(model, SOURCES[0], text), atol=3e-5, rtol=3e-5)
