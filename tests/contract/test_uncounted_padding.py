"""The padding token inside texts of M2M-100: it counts no position, wherever it stands and however a text is read.

The reference without its cache is the judge. With its cache it counts the padding tokens before a new one, and so
contradicts itself; torso writes the same with a cache and without.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from torso import Batch, Layout
from torso.engines.compiled_decoder import CompiledDecoder, compile_decoder, unsupported_for_generation
from torso.engines.model_source import source_of
from torso.generation.compiled_texts import CompiledTexts
from torso.generation.completion import complete
from torso.generation.decoder import Decoder
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompts import prompts_of
from torso.model import Model
from torso.nn import KeyValueCache

from .reference import Reference, close

PADS = (0, 1, 5)


def sources(pad: int) -> list[list[int]]:
    return [[7, pad, 9, pad, pad, 3], [pad, 8, 8, pad], [4, 6, 11, 12, 13]]


def targets(pad: int) -> list[list[int]]:
    return [[2, pad, 8, pad, 4], [2, 9, 10], [pad, pad, 7, pad, pad, 3]]


@pytest.fixture(params=PADS)
def made(request, reference) -> Reference:
    return reference("m2m_100", "plain", "seq2seq-lm", pad_token_id=request.param)


def theirs(made: Reference, source: list[int], target: list[int]) -> torch.Tensor:
    """The reference's logits [length, V] of one text, all of whose tokens are seen."""
    ids = torch.tensor([source])
    given = dict(input_ids=ids, attention_mask=torch.ones_like(ids), decoder_input_ids=torch.tensor([target]))
    with torch.no_grad():
        return made.model(**given, use_cache=False).logits[0]


def test_the_reference_gives_the_same(made) -> None:
    pad = made.config.pad_token_id
    wanted = [theirs(made, *both) for both in zip(sources(pad), targets(pad), strict=True)]
    source, target = sources(pad), targets(pad)
    layouts = [Layout.of([len(each) for each in ids]) for ids in (source, target)]
    flat = [torch.tensor([number for each in ids for number in each]) for ids in (source, target)]
    batch = Batch(flat[1], layouts[1], source=Batch(flat[0], layouts[0]))
    with torch.no_grad():
        close(made.shared.packed(batch).logits, torch.cat(wanted))


def test_padded_calls_give_the_same(made) -> None:
    pad = made.config.pad_token_id
    ids, decoded = torch.tensor(sources(pad)[:1]), torch.tensor(targets(pad)[:1])
    with torch.no_grad():
        ours = made.shared(input_ids=ids, decoder_input_ids=decoded).logits[0]
    close(ours, theirs(made, sources(pad)[0], targets(pad)[0]))


def test_a_text_is_read_the_same_in_pieces_and_as_beams(made) -> None:
    """By both engines: token by token, in stretches, repeated and reordered, beyond the first room."""
    pad = made.config.pad_token_id
    model = made.shared.packed
    read, target = sources(pad), targets(pad)
    wanted = [theirs(made, *both)[-1] for both in zip(read, target, strict=True)]
    compiled = compile_decoder(source_of(model))
    assert unsupported_for_generation(model.description) is None
    for cuts in ([1, 1, 1], [2, 2, 3], [4, 1, 5]):
        first = [each[:cut] for each, cut in zip(target, cuts, strict=True)]
        rest = [each[cut:] for each, cut in zip(target, cuts, strict=True)]
        order = [2, 0, 2, 1]
        for texts in (
            Decoder(model, 3, sources=read, capacity=2),
            CompiledTexts(compiled, 3, capacity=2, sources=read),
        ):
            texts.read(first)
            texts.select(order)
            scores: Any = None
            longest = max(len(rest[n]) for n in order)
            left = [list(rest[n]) for n in order]
            met: dict[int, np.ndarray] = {}
            for _ in range(longest):
                # A text that is at its end goes on with a word that nothing asks for.
                scores = np.asarray(texts.read_one([each.pop(0) if each else 3 for each in left]))
                for place, each in enumerate(left):
                    if not each and place not in met:
                        met[place] = scores[place]
            for place, n in enumerate(order):
                close(torch.tensor(met[place]), wanted[n])


def test_what_was_read_ahead_and_taken_back_counts_nothing(made) -> None:
    pad = made.config.pad_token_id
    compiled: CompiledDecoder = compile_decoder(source_of(made.shared.packed))
    texts = CompiledTexts(compiled, 1, capacity=4, sources=sources(pad)[:1])
    texts.read([[2, pad]])
    texts.verify({0: [pad, pad, 8]})
    texts.roll_back(0, 3)
    close(torch.tensor(np.asarray(texts.read([[8]]))[0]), theirs(made, sources(pad)[0], [2, pad, 8])[-1])


@pytest.mark.parametrize("values", [dict(), dict(num_beams=3, num_return_sequences=3)])
def test_padding_that_is_written(made, values) -> None:
    """The padding token is made likely, so that texts hold it."""
    pad = made.config.pad_token_id
    model: Model[Any] = made.shared.packed
    given = dict(max_new_tokens=9, eos_token_id=4, sequence_bias=[[[pad], 6.0], [[8], 5.0]], **values)
    settings = GenerationSettings().replace({**given, "decoder_start_token_id": 2})
    written: set[int] = set()
    for source in sources(pad):
        ids = torch.tensor([source])
        # The mark of what is no text any more is another token than the one that counts no position.
        rows = made.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            pad_token_id=52,
            use_cache=False,
            decoder_start_token_id=2,
            **given,
        )[:, 1:].tolist()
        for engine in (model, compile_decoder(source_of(model))):
            [mine] = complete(engine, prompts_of(engine, [source], settings), settings)
            assert [list(each.ids) for each in mine] == [
                row[: len(each.ids)] for each, row in zip(mine, rows, strict=True)
            ]
            written |= {number for each in mine for number in each.ids}
    assert pad in written


def test_a_cache_counts_by_sequence() -> None:
    """Rows of a cache that are empty, and other sequences' padding, count for none."""
    cache = KeyValueCache(2, 2)
    step = cache.advance(Layout.of([2, 1]))
    marks = cache.mark(step.rows, torch.tensor([True, False, True]))
    assert marks.tolist() == [True, False, True, False]
    step = cache.advance(Layout.of([1, 2]))
    marks = cache.mark(step.rows, torch.tensor([False, True, True]))
    assert marks.tolist() == [True, False, False, False, True, True, True, False]
    cache.select([1, 1, 0])
    step = cache.advance(Layout.of([0, 1, 1]))
    marks = cache.mark(step.rows, torch.tensor([False, True]))
    assert marks.view(3, -1).tolist() == [[True] * 3 + [False], [True] * 3 + [False], [True, False, False, True]]
