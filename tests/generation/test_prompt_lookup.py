"""Prompt look-up reads ahead in the kernels: fewer steps, and not one bit of a text or of its scores changes."""

from __future__ import annotations

from typing import Any

import pytest

import torso
from torso.architecture import Task
from torso.engines.compiled_decoder import compiled_decoder
from torso.errors import ConfigError, UnsupportedError
from torso.generation.prompt_lookup import TokenLookup
from torso.kernels import library as native
from torso.kernels.causal_decoder import KINDS, CausalDecoder
from torso.kernels.repeated_step import RepeatedStep

from . import small

pytestmark = pytest.mark.skipif(native.library() is None, reason="torso was installed without its compiled kernels")
PROMPTS = ["the cat sat. the cat", "a b a b a b", "one two three one two three four", "hello"]
WAYS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "drawn": {"do_sample": True, "seed": 3, "temperature": 0.4, "num_return_sequences": 2},
    "processed": {"settings": {"repetition_penalty": 1.2, "no_repeat_ngram_size": 4}},
    "stopped": {"stop_strings": ["e"]},
    "three tokens": {"settings": {"max_matching_ngram_size": 3}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small.llama(tmp_path_factory.mktemp("llama"))


def written(model: Any, prompts: Any, **options: Any) -> list[Any]:
    options = {**options, "settings": dict(options.get("settings", {}))}
    if "prompt_lookup_num_tokens" not in options:
        options["settings"].pop("max_matching_ngram_size", None)
    made = torso.generate(prompts, model=model, **options)
    return [[(each.ids, each.text, each.log_probabilities, each.why) for each in one] for one in made]


@pytest.mark.parametrize("mode", list(KINDS))
@pytest.mark.parametrize("way", WAYS)
def test_nothing_changes_to_the_last_bit(folder, way, mode) -> None:
    model = compiled_decoder(folder, mode)
    plain = written(model, PROMPTS, max_new_tokens=35, **WAYS[way])
    for drafted in (1, 4, 60):
        assert written(model, PROMPTS, max_new_tokens=35, prompt_lookup_num_tokens=drafted, **WAYS[way]) == plain


def test_sources_are_looked_up_too(tmp_path) -> None:
    model = compiled_decoder(small.t5(tmp_path))
    plain = written(model, PROMPTS, max_new_tokens=30)
    assert written(model, PROMPTS, max_new_tokens=30, prompt_lookup_num_tokens=5) == plain


def test_a_text_is_written_to_the_end_of_the_positions(folder) -> None:
    model = compiled_decoder(folder)
    assert model.max_tokens == 64
    plain = written(model, ["a b a b"], settings={"max_length": 64, "eos_token_id": 499})
    assert (
        written(model, ["a b a b"], settings={"max_length": 64, "eos_token_id": 499}, prompt_lookup_num_tokens=30)
        == plain
    )


def test_what_repeats_takes_fewer_steps(folder, monkeypatch) -> None:
    steps: list[int] = []

    def counted(kind: type, name: str) -> None:
        run = getattr(kind, name)

        def call(self: object, *given: Any) -> Any:
            steps.append(1)
            return run(self, *given)

        monkeypatch.setattr(kind, name, call)

    counted(CausalDecoder, "_run")
    counted(RepeatedStep, "__call__")
    model = compiled_decoder(folder)
    bias = {"sequence_bias": [[[5], 1000.0]], "eos_token_id": 499}
    (((ids, *_),),) = written(model, ["hello"], max_new_tokens=40, settings=bias)
    before, steps[:] = len(steps), []
    assert written(model, ["hello"], max_new_tokens=40, settings=bias, prompt_lookup_num_tokens=10)[0][0][0] == ids
    assert before == len(ids) == 40
    assert len(steps) <= 12


def test_what_has_no_effect_is_refused(folder) -> None:
    model = compiled_decoder(folder)
    with pytest.raises(ConfigError, match="E_NO_EFFECT"):
        torso.generate("a", model=model, prompt_lookup_num_tokens=5, num_beams=2)
    with pytest.raises(ConfigError, match="E_NO_EFFECT"):
        torso.generate("a", model=model, settings={"max_matching_ngram_size": 3})
    with pytest.raises(UnsupportedError, match="E_NO_EFFECT"):
        torso.generate("a", model=torso.load(folder, Task.CAUSAL_LM), prompt_lookup_num_tokens=5)
    with pytest.raises(ConfigError, match="between 1 and 256"):
        torso.generate("a", model=model, prompt_lookup_num_tokens=0)


def test_a_file_that_asks_for_it_changes_nothing_elsewhere(tmp_path) -> None:
    folder = small.llama(tmp_path, eos_token_id=500, bos_token_id=500, prompt_lookup_num_tokens=4, max_new_tokens=9)
    mine = torso.generate(PROMPTS, model=folder)
    its = torso.generate(PROMPTS, model=torso.load(folder, Task.CAUSAL_LM))
    assert [each[0].ids for each in mine] == [each[0].ids for each in its]
    assert torso.generate("a b a b", model=folder, num_beams=2).text


def test_what_is_looked_up_is_bounded_whatever_a_folder_asks_for() -> None:
    """Of a prompt every run of last tokens is kept: without a bound, 4,000 tokens would take 64 GB."""
    import tracemalloc

    tracemalloc.start()
    looked = TokenLookup(256, 10**9)
    prompt = [number * 7919 % 1009 for number in range(4000)]
    looked.add([*prompt, *prompt[:20]])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 << 20
    assert looked.draft(3) == prompt[20:23]
