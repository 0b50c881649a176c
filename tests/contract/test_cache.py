"""A decoder with a cache: token by token, in pieces and in mixtures, it gives what it gives all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from torso import Batch, Layout, Task, load
from torso.errors import UnsupportedError
from torso.model import Model
from torso.nn import KeyValueCache

from .reference import Reference
from .reference import close as near
from .test_packing import packed, texts, with_source

pytestmark = [pytest.mark.configs("plain", "drawn"), pytest.mark.labels("next", "targets")]


def piece(tokens: list[Tensor]) -> Batch:
    """A batch of stretches, some of them perhaps empty."""
    return Batch(torch.cat(tokens), Layout.of([len(each) for each in tokens]))


@pytest.fixture
def whole(model_type, config, case, reference) -> tuple[Model, list[Tensor], list[Tensor], object]:
    """A model, its targets, the logits [length, V] that it gives of each at once, and the encoder's rows."""
    made: Reference = reference(model_type, config, case)
    model = made.shared.packed
    chosen = texts(made)
    batch = with_source(chosen) if made.two_sided else packed(chosen)
    with torch.no_grad():
        out = model(batch)
    sizes = list(batch.layout.sizes)
    return model, list(batch.tokens.split(sizes)), list(out.logits.split(sizes)), out.hidden.memory


def read(model: Model, steps: list[list[Tensor]], memory: object, capacity: int) -> list[Tensor]:
    """The logits of each sequence, read stretch by stretch."""
    cache = KeyValueCache(len(steps[0]), capacity)
    given: list[list[Tensor]] = [[] for _ in steps[0]]
    with torch.no_grad():
        for step in steps:
            out = model(piece(step), cache=cache, memory=memory)
            for mine, rows in zip(given, out.logits.split([len(each) for each in step]), strict=True):
                mine.append(rows)
    return [torch.cat(rows) for rows in given]


def cut(tokens: list[Tensor], bounds: list[list[int]]) -> list[list[Tensor]]:
    """Each sequence cut at its own bounds, as steps over all sequences."""
    stretches = [
        [each[start:stop] for start, stop in zip([0, *own], [*own, len(each)], strict=True)]
        for each, own in zip(tokens, bounds, strict=True)
    ]
    return [list(step) for step in zip(*stretches, strict=True)]


def close(ours: list[Tensor], wanted: list[Tensor]) -> None:
    for mine, other in zip(ours, wanted, strict=True):
        near(mine, other)


def test_token_by_token(whole) -> None:
    model, tokens, logits, memory = whole
    longest = max(map(len, tokens))
    close(read(model, cut(tokens, [list(range(1, longest)) for _ in tokens]), memory, 2), logits)


def test_a_prompt_and_then_token_by_token(whole) -> None:
    model, tokens, logits, memory = whole
    longest = max(map(len, tokens))
    prompts = [[(len(each) + 1) // 2 + step for step in range(longest)] for each in tokens]
    close(read(model, cut(tokens, prompts), memory, 64), logits)


def test_some_read_their_prompt_while_others_go_on(whole) -> None:
    model, tokens, logits, memory = whole
    bounds = [[min(n, 2), min(2 * n, 5), min(3 * n, 6)] for n, _ in enumerate(tokens)]
    close(read(model, cut(tokens, bounds), memory, 3), logits)


def test_sequences_are_chosen_and_repeated_as_beams_are(whole) -> None:
    model, tokens, logits, memory = whole
    cache, order = KeyValueCache(len(tokens), 1), [3, 0, 3, 2]
    first = [(len(each) + 1) // 2 for each in tokens]
    with torch.no_grad():
        model(piece([each[:size] for each, size in zip(tokens, first, strict=True)]), cache=cache, memory=memory)
        cache.select(order)
        if memory is not None:
            layout = cache.select_memory(memory.layout, order)
            memory = replace(memory, layout=layout)
        rest = [tokens[n][first[n] :] for n in order]
        out = model(piece(rest), cache=cache, memory=memory)
    assert cache.sizes == tuple(len(tokens[n]) for n in order)
    close(list(out.logits.split([len(each) for each in rest])), [logits[n][first[n] :] for n in order])


def test_the_encoder_is_read_once(whole) -> None:
    """Cross-attention keeps its keys: what the memory holds afterwards is not looked at again."""
    model, tokens, logits, memory = whole
    if memory is None:
        return
    cache = KeyValueCache(len(tokens))
    with torch.no_grad():
        model(piece([each[:1] for each in tokens]), cache=cache, memory=memory)
        forgotten = replace(memory, rows=torch.full_like(memory.rows, torch.nan))
        out = model(piece([each[1:] for each in tokens]), cache=cache, memory=forgotten)
    close(list(out.logits.split([len(each) - 1 for each in tokens])), [each[1:] for each in logits])


def test_a_model_that_reads_a_text_as_a_whole_takes_no_cache(reference) -> None:
    made: Reference = reference("bert", "plain", "masked-lm")
    model = load(made.folder, Task.MASKED_LM)
    with pytest.raises(UnsupportedError) as caught:
        model(packed(texts(made)), cache=KeyValueCache(6))
    assert caught.value.code == "E_NO_CACHE"
