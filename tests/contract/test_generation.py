"""Texts written by greedy and beam search: token for token those of transformers, whatever the company in the batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from torso.engines.compiled_decoder import compile_decoder, unsupported_for_generation
from torso.engines.model_source import source_of
from torso.generation.completion import Completion, complete
from torso.generation.generation_settings import GenerationSettings
from torso.generation.generative_model import GenerativeModel
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import settings_of
from torso.model import Model

from .reference import Reference
from .test_packing import texts

pytestmark = [pytest.mark.configs("plain", "drawn"), pytest.mark.labels("next", "targets")]

ENDS = [5, 9, 10]
PAD = 1
WAYS: dict[str, dict[str, Any]] = {
    "greedy": dict(max_new_tokens=9, eos_token_id=ENDS),
    "never ended": dict(max_new_tokens=9, eos_token_id=ENDS, suppress_tokens=ENDS),
    "penalties": dict(
        max_new_tokens=9,
        eos_token_id=7,
        repetition_penalty=1.4,
        no_repeat_ngram_size=2,
        min_new_tokens=3,
        bad_words_ids=[[3], [4, 6], [7]],
        sequence_bias=[[[6], 0.5], [[2, 8], 5.0], [[4, 2, 3], -1.5]],
    ),
    "forced": dict(
        max_new_tokens=5,
        eos_token_id=5,
        forced_eos_token_id=5,
        forced_bos_token_id=3,
        begin_suppress_tokens=[8, 2],
        min_length=4,
    ),
    "max_length": dict(max_length=18, eos_token_id=7),
    "beams": dict(max_new_tokens=9, eos_token_id=ENDS, num_beams=4, num_return_sequences=3),
    "beams, early": dict(
        max_new_tokens=9,
        eos_token_id=ENDS,
        num_beams=3,
        num_return_sequences=3,
        early_stopping=True,
        length_penalty=0.5,
    ),
    "beams, never early": dict(
        max_new_tokens=8, eos_token_id=[*ENDS, 2, 3], num_beams=3, early_stopping="never", length_penalty=2.0
    ),
    "beams, forced": dict(
        max_new_tokens=5,
        eos_token_id=5,
        num_beams=2,
        num_return_sequences=2,
        forced_eos_token_id=5,
        forced_bos_token_id=3,
        no_repeat_ngram_size=1,
        length_penalty=-1.0,
    ),
}


def prompts(made: Reference, model: Model) -> list[torch.Tensor]:
    """Of four lengths, each leaving room for what is written: the reference writes on beyond its positions.

    Padding is nothing in some families: behind a prompt of nothing else every token is as likely as any other.
    """
    capacity = 100 if made.two_sided or model.max_tokens is None else model.max_tokens - 9
    return [ids.masked_fill(ids == made.config.pad_token_id, 2)[: max(capacity, 1)] for ids, _ in texts(made)[1:5]]


def ours(
    model: GenerativeModel, given: list[torch.Tensor], settings: GenerationSettings, batch: int = 32
) -> list[list[Completion]]:
    return list(complete(model, prompts_of(model, [ids.tolist() for ids in given], settings), settings, batch=batch))


@pytest.mark.parametrize("way", WAYS)
def test_as_the_reference_writes(model_type, config, case, way, reference) -> None:
    """Its texts are made one at a time and without its cache, which not every family of it fills rightly."""
    made: Reference = reference(model_type, config, case)
    model = made.shared.packed
    given = prompts(made, model)
    values = dict(WAYS[way])
    if way == "max_length" and model.max_tokens is not None:
        values["max_length"] = min(values["max_length"], model.max_tokens)
    settings = settings_of(made.folder, model.config).replace(values)
    for ids, written in zip(given, ours(model, given, settings), strict=True):
        theirs = made.model.generate(
            ids[None], attention_mask=torch.ones_like(ids)[None], pad_token_id=PAD, use_cache=False, **values
        )
        begun = 1 if made.two_sided else len(ids)
        for mine, row in zip(written, theirs[:, begun:].tolist(), strict=True):
            assert list(mine.ids) == row[: len(mine.ids)]
            assert set(row[len(mine.ids) :]) <= {PAD}


@pytest.mark.parametrize("way", ["greedy", "penalties", "beams", "beams, never early"])
def test_the_kernels_write_the_same(model_type, config, case, way, reference) -> None:
    made: Reference = reference(model_type, config, case)
    model = made.shared.packed
    if unsupported_for_generation(model.description) is not None:
        pytest.skip("the kernels do not write with it")
    compiled, given = compile_decoder(source_of(model)), prompts(made, model)
    settings = settings_of(made.folder, model.config).replace(WAYS[way])
    mine, other = (ours(each, given, settings) for each in (compiled, model))
    for some, others in zip(mine, other, strict=True):
        for one, wanted in zip(some, others, strict=True):
            assert (one.ids, one.why) == (wanted.ids, wanted.why)
            assert one.log_probabilities == pytest.approx(wanted.log_probabilities, abs=1e-4)


@pytest.mark.parametrize("way", ["greedy", "beams", "drawn", "drawn beams"])
def test_the_same_in_any_company(model_type, config, case, way, reference) -> None:
    made: Reference = reference(model_type, config, case)
    model = made.shared.packed
    given = prompts(made, model)
    more = {
        "drawn": dict(do_sample=True, num_return_sequences=2, seed=3, top_k=5),
        "drawn beams": dict(do_sample=True, num_beams=2, seed=3),
        "beams": WAYS["beams"],
    }
    settings = settings_of(made.folder, model.config).replace({**WAYS["greedy"], **more.get(way, {})})
    together, alone = ours(model, given, settings), ours(model, given, settings, batch=1)
    assert [[each.ids for each in some] for some in together] == [[each.ids for each in some] for some in alone]
    for some, others in zip(together, alone, strict=True):
        for one, other in zip(some, others, strict=True):
            assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
            assert (one.why, one.score) == (other.why, pytest.approx(other.score, abs=1e-4))


def test_log_probabilities_are_the_model_s_own(model_type, config, case, reference) -> None:
    made: Reference = reference(model_type, config, case)
    model = made.shared.packed
    given = prompts(made, model)
    way = WAYS["penalties"]
    settings = settings_of(made.folder, model.config).replace(way)
    for ids, [written] in zip(given, ours(model, given, settings), strict=True):
        theirs = made.model.generate(
            ids[None],
            attention_mask=torch.ones_like(ids)[None],
            pad_token_id=PAD,
            use_cache=False,
            return_dict_in_generate=True,
            output_logits=True,
            **way,
        )
        logs = torch.stack(theirs.logits, 1)[0].log_softmax(-1)
        wanted = logs[torch.arange(len(written.ids)), list(written.ids)]
        torch.testing.assert_close(torch.tensor(written.log_probabilities), wanted, rtol=1e-4, atol=1e-4)
        assert written.why == ("end" if written.ids[-1] == way["eos_token_id"] else "length")
