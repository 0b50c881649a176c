"""generation_config.json as the reference reads it: biases, time, start ids by text, and what acts on nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as some

import torso
from lazy import LazyModule
from torso.errors import ConfigError
from torso.generation import decode_loop
from torso.generation.completion import complete
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import UNCHANGING, require_known, settings_of

from .small import llama, t5

transformers = LazyModule("transformers")

PROMPT = [5, 9, 11]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return llama(tmp_path_factory.mktemp("decoder"))


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize(
    "bias",
    [
        [[[7], 100.0]],
        [[[11, 8], 50.0], [[8, 8], -3.5], [[5, 9, 11, 8], -100.0]],
        [[[7], 4.0], [[7], 3.0], [[3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 7], 1e9]],
    ],
)
def test_biases_are_the_reference_s(decoder: Path, bias: list[Any], beams: int) -> None:
    reference = transformers.AutoModelForCausalLM.from_pretrained(decoder)
    values: dict[str, Any] = dict(max_new_tokens=6, num_beams=beams, sequence_bias=bias)
    theirs = reference.generate(torch.tensor([PROMPT]), pad_token_id=0, use_cache=False, **values)[0, 3:].tolist()
    model = torso.load(str(decoder), torso.Task.CAUSAL_LM)
    settings = settings_of(decoder, model.config).replace(values)
    [[written]] = complete(model, prompts_of(model, [PROMPT], settings), settings)
    assert list(written.ids) == theirs[: len(written.ids)]


@pytest.mark.parametrize("bias", [[[7]], [[[], 1.0]], [[3, 1.0]], [[[7], [1]]], {"7": 1.0}, [[["7"], 1.0]]])
def test_what_is_no_bias_is_refused(bias: object) -> None:
    with pytest.raises(ConfigError, match="sequence_bias"):
        GenerationSettings(sequence_bias=bias)


@pytest.mark.parametrize("beams", [1, 2])
@pytest.mark.parametrize("steps", [1, 4])
def test_the_time_that_is_up_ends_every_text(
    decoder: Path, monkeypatch: pytest.MonkeyPatch, beams: int, steps: int
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(decode_loop, "monotonic", lambda: next(clock))
    model = torso.load(str(decoder), torso.Task.CAUSAL_LM)
    settings = settings_of(decoder, model.config).replace(
        {"max_time": steps - 0.5, "num_beams": beams, "eos_token_id": None, "max_new_tokens": 20}
    )
    for [written] in complete(model, prompts_of(model, [PROMPT, [4]], settings), settings):
        assert (len(written.ids), written.why) == (steps, "time")


def test_a_start_id_for_each_text(tmp_path: Path) -> None:
    folder = t5(tmp_path, decoder_start_token_id=[3, 5], max_new_tokens=4, eos_token_id=1)
    model = torso.load(str(folder), torso.Task.SEQ2SEQ_LM)
    settings = settings_of(folder, model.config)
    assert [prompt.ids for prompt in prompts_of(model, [[8, 1], [9, 1]], settings)] == [(3,), (5,)]
    with pytest.raises(ConfigError, match="text 2 has none"):
        list(prompts_of(model, [[8, 1], [9, 1], [7, 1]], settings))
    reference = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder)
    theirs = reference.generate(torch.tensor([[8, 1], [9, 1]]), pad_token_id=0, do_sample=False).tolist()
    made = complete(model, prompts_of(model, [[8, 1], [9, 1]], settings), settings)
    for [written], row in zip(made, theirs, strict=True):
        assert list(written.ids) == row[1 : 1 + len(written.ids)]


ODD = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.floats() | some.sampled_from(["", "x", "true"]),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
IDLE = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "length_penalty",
    "early_stopping",
    "foreign",
    "use_cache",
)
PAIRS = some.lists(some.tuples(some.sampled_from([*IDLE, *UNCHANGING, "transformers_version"]), ODD), max_size=6)


@examples(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS)
def test_nothing_is_refused_for_what_acts_on_nothing(tmp_path: Path, pairs: list[tuple[str, Any]]) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_embd": 8, "n_head": 2}))
    config = torso.AutoConfig.from_pretrained(tmp_path)
    harmless = [(name, value if name not in UNCHANGING else None) for name, value in pairs]
    members = [("max_new_tokens", 5), ("do_sample", None), *harmless, ("max_new_tokens", 7)]
    text = "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members) + "}"
    (tmp_path / "generation_config.json").write_text(text)
    settings = settings_of(tmp_path, config)
    require_known(settings)
    assert (settings.max_new_tokens, settings.do_sample, settings.num_beams) == (7, False, 1)
    assert repr(settings.describe())


@pytest.mark.parametrize(
    ("name", "value", "change"),
    [
        ("top_p", 2.0, {"do_sample": True}),
        ("temperature", "warm", {"do_sample": True}),
        ("early_stopping", "soon", {"num_beams": 2}),
        ("length_penalty", [1], {"num_beams": 2}),
    ],
)
def test_a_wrong_value_is_an_error_once_it_has_an_effect(
    tmp_path: Path, name: str, value: object, change: dict[str, Any]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_embd": 8, "n_head": 2}))
    (tmp_path / "generation_config.json").write_text(json.dumps({name: value}))
    settings = settings_of(tmp_path, torso.AutoConfig.from_pretrained(tmp_path))
    require_known(settings)
    with pytest.raises(ConfigError, match=name) as caught:
        require_known(settings.replace(change))
    assert caught.value.code == "E_CONFIG"
    require_known(settings.replace({**change, name: GenerationSettings.default(name)}))
