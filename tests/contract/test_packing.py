"""Packing: a text's result is the same alone, in any company and in any order, to 1e-6."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from conftest import seed
from torso import Batch, Layout, Task, unpack
from torso.errors import InputError
from torso.model import Model
from torso.outputs import ChoiceLogits, Features, SpanLogits

from .reference import SIZES, Deviations, Reference

BOUND = {torch.float32: 1e-6, torch.float64: 1e-13}
Text = tuple[Tensor, Tensor]


def texts(made: Reference) -> list[Text]:
    dice = torch.Generator().manual_seed(3)
    kinds = getattr(made.config, "type_vocab_size", 1) or 1
    return [
        (
            torch.randint(0, made.config.vocab_size, (size,), generator=dice),
            torch.randint(0, kinds, (size,), generator=dice),
        )
        for size in SIZES
    ]


def packed(chosen: list[Text]) -> Batch:
    tokens, segments = (torch.cat([text[i] for text in chosen]) for i in (0, 1))
    return Batch(tokens, Layout.of([len(text[0]) for text in chosen]), segments)


def with_source(chosen: list[Text]) -> Batch:
    """Each text as its own source, and the first half of it as target."""
    halves = [text[0][: (len(text[0]) + 1) // 2] for text in chosen]
    return Batch(torch.cat(halves), Layout.of([len(half) for half in halves]), source=packed(chosen))


@torch.no_grad()
def results(model: Model, chosen: list[Text]) -> list[dict[str, Tensor]]:
    """What the model gives of each text: its rows in every layer, and its scores."""
    batch = with_source(chosen) if model.task is Task.SEQ2SEQ_LM else packed(chosen)
    depth = model.trunk.depth
    out = model(batch, hidden_states=range(depth + 1))
    per_text = [{f"layer {i}": rows for i, rows in enumerate(row)} for row in layers(out.hidden)]
    if isinstance(out, Features):
        scores = out.hidden.rows.new_zeros(len(chosen)) if out.pooled_or_none is None else out.pooled.unbind()
    elif isinstance(out, SpanLogits):
        scores = [
            torch.stack(pair)
            for pair in zip(*(unpack(each, batch.layout) for each in (out.start, out.end)), strict=True)
        ]
    elif out.logits.shape[0] == len(chosen):
        scores = out.logits.unbind()
    else:
        scores = unpack(out.logits, batch.layout)
    for row, score in zip(per_text, scores, strict=True):
        row["scores"] = score
    return per_text


def layers(hidden) -> list[list[Tensor]]:
    by_layer = [unpack(rows, hidden.layout) for _, rows in sorted(hidden.hidden_states.items())]
    return [list(each) for each in zip(*by_layer, strict=True)]


def compare(
    model: Model, chosen: list[Text], order: list[int], alone: list[dict[str, Tensor]], notes: Deviations
) -> None:
    together = results(model, [chosen[i] for i in order])
    for place, n in enumerate(order):
        for name, value in alone[n].items():
            apart = float((together[place][name] - value).abs().max())
            what = f"packing: {model.task.name} {model.dtype}"
            notes.largest[what] = max(notes.largest.get(what, 0.0), apart)
            assert apart <= BOUND[model.dtype] * max(1.0, float(value.abs().max())), f"text {n}, {name}: {apart}"


@torch.no_grad()
def of_usual_size(model: Model) -> Model:
    """The model with matrices as large as trained ones: those of these tests are made large to show every mistake."""
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter *= 0.25
    return model


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_alone_in_company_and_in_any_order(model_type, case, dtype, reference, deviations) -> None:
    """In float64 to the last digits even of large weights: what is left in float32 is rounding and no leak."""
    made: Reference = reference(model_type, "plain", case)
    model, chosen = made.torso(dtype=dtype).packed, texts(made)
    model = of_usual_size(model) if dtype == torch.float32 else model
    alone = [results(model, [text])[0] for text in chosen]
    dice = random.Random(seed())
    numbers = list(range(len(chosen)))
    orders = [numbers, numbers[::-1], [2, 3], [3, 0, 2], [1, 1, 5, 1]]
    orders += [dice.sample(numbers, dice.randint(2, len(numbers))) for _ in range(3)]
    for order in orders:
        compare(model, chosen, order, alone, deviations)


@pytest.mark.needs("choice")
def test_choices_of_different_numbers_stay_apart(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "choice")
    model, chosen = made.shared.packed, texts(made)
    with torch.no_grad():
        out = model(replace(packed(chosen), choices=(2, 1, 3)))
        bare = model(packed(chosen))
    assert isinstance(out, ChoiceLogits)
    assert (out.sizes, bare.sizes) == ((2, 1, 3), (6,))
    assert out.logits.equal(bare.logits)


@pytest.mark.configs("plain")
@pytest.mark.labels("words", "next", "targets")
def test_vocabulary_logits_of_the_rows_asked_for(model_type, config, case, reference) -> None:
    made: Reference = reference(model_type, config, case)
    model, chosen = made.shared.packed, texts(made)
    given, rows = with_source(chosen) if made.two_sided else packed(chosen), torch.tensor([20, 0, 7])
    with torch.no_grad():
        whole = model(given)
        some = model(replace(given, rows=rows))
    assert whole.rows is None
    assert some.rows is rows
    assert some.logits.shape == (3, made.config.vocab_size)
    torch.testing.assert_close(some.logits, whole.logits[rows], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_is_no_company(model_type, side, reference) -> None:
    """At the border too: the same texts give the same numbers however much padding lies around them."""
    made: Reference = reference(model_type, "plain", "features")
    model, chosen = made.shared, texts(made)
    for ids, segments in chosen:
        size = len(ids)
        capacity = 40  # more than the model's positions: padding takes none of them
        place = slice(0, size) if side == "right" else slice(capacity - size, capacity)
        wide_ids, wide_segments, mask = (torch.zeros(1, capacity, dtype=torch.int64) for _ in range(3))
        wide_ids.fill_(made.config.pad_token_id or 0)  # RoBERTa's positions count every other id
        wide_ids[0, place], wide_segments[0, place], mask[0, place] = ids, segments, 1
        with torch.no_grad():
            wide = model(wide_ids, mask, wide_segments)
            narrow = model(ids[None], None, segments[None])
        assert wide.last_hidden_state[:, place].equal(narrow.last_hidden_state)
        assert "pooler_output" not in wide or wide.pooler_output.equal(narrow.pooler_output)


def test_ids_without_a_row_are_named(model_type, reference) -> None:
    """A tokenizer of another model is said to be one, not an index."""
    made: Reference = reference(model_type, "plain", "features")
    model, vocabulary = made.shared.packed, made.config.vocab_size
    layout, known = Layout.of([3]), torch.tensor([1, 2, 3])
    unknown = torch.tensor([1, vocabulary, 2])
    given = [Batch(unknown, layout)]
    if made.two_sided:
        given = [
            Batch(known, layout, source=Batch(unknown, layout)),
            Batch(unknown, layout, source=Batch(known, layout)),
        ]
    for each in given:
        with pytest.raises(InputError, match=f"tokens holds {vocabulary}; this model's table ends at {vocabulary - 1}"):
            model(each)
