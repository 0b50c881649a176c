"""Settings and texts that a writer must refuse before anything runs, and a person's settings above a file's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import torso
from lazy import LazyModule
from torso.errors import InputError, InputTypeError, TooLongError
from torso.tasks.text_generator import make_text_generator

from . import small

transformers = LazyModule("transformers")

PARAMETERS = {"summarization": {"num_beams": 4, "max_length": 40, "length_penalty": 2.0, "prefix": "summarize: "}}


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small.t5(tmp_path_factory.mktemp("m") / "t5")
    for name, values in (
        ("config.json", {"task_specific_params": PARAMETERS}),
        ("tokenizer_config.json", {"model_max_length": 24}),
    ):
        path = folder / name
        told = json.loads(path.read_text("utf-8")) if path.exists() else {}
        path.write_text(json.dumps(told | values), "utf-8")
    return folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.llama(tmp_path_factory.mktemp("m") / "llama")


OF_THE_REFERENCE = object()


@pytest.mark.parametrize("given", [OF_THE_REFERENCE, ["num_beams"], "num_beams=2", 3])
def test_settings_of_another_kind(t5: Path, llama: Path, given: object) -> None:
    given = transformers.GenerationConfig(num_beams=2) if given is OF_THE_REFERENCE else given
    for task, folder in ((torso.generate, llama), (torso.translate, t5), (torso.summarise, t5)):
        with pytest.raises(InputTypeError, match=r"settings is .*E_ARGUMENT"):
            task("x", model=folder, settings=given)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_a_persons_settings_stand_above_those_of_a_task(t5: Path) -> None:
    own = torso.GenerationSettings(max_new_tokens=3, num_beams=1)
    generator = make_text_generator(t5, own, {}, task="summarization")
    assert (generator.settings, generator.prefix) == (own, "summarize: ")
    assert generator.settings.origin == own.origin
    changed = make_text_generator(t5, {"num_beams": 2}, {"max_new_tokens": 5}, task="summarization").settings
    assert (changed.num_beams, changed.max_new_tokens, changed.length_penalty) == (2, 5, 2.0)
    assert make_text_generator(t5, None, {}, task="summarization").settings.num_beams == 4


def test_texts_beyond_the_tokenizers_limit(t5: Path) -> None:
    for task in (torso.translate, torso.summarise):
        with pytest.raises(TooLongError, match=r"Text 1 is .*takes 24.*E_TOO_LONG"):
            task(["x", "hello world " * 40], model=t5, max_new_tokens=2)
        assert task("hello world " * 40, model=t5, max_new_tokens=2, long="truncate").truncated
    for blank in (" \n" * 400, "\u3000" * 400, "\t" * 400):
        ready = torso.tasks.make_ready(t5, torso.Task.SEQ2SEQ_LM)
        if len(ready.tokenizer.encoding(blank).ids) <= 24:
            continue
        with pytest.raises(InputError, match=r"Text 1 holds nothing but white space.*E_EMPTY_TEXT"):
            torso.translate(["x", blank], model=ready, max_new_tokens=2, long="window")


@pytest.mark.parametrize(
    "settings",
    [
        {"forced_bos_token_id": 1_000_000},
        {"forced_eos_token_id": [2, -1]},
        {"bad_words_ids": [[3], [4, 999_999]]},
        {"suppress_tokens": [-5]},
        {"begin_suppress_tokens": [1 << 40]},
    ],
)
def test_ids_that_the_vocabulary_does_not_have(t5: Path, llama: Path, settings: dict[str, object]) -> None:
    name = next(iter(settings))
    for folder in (t5, llama):
        with pytest.raises(InputError, match=rf"{name} holds .*E_IDS"):
            torso.generate("x", model=folder, max_new_tokens=2, settings=settings)
        with pytest.raises(InputError, match=rf"{name} holds .*E_IDS"):
            list(torso.stream("x", model=folder, max_new_tokens=2, settings=settings))


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "cpu:x", "", 3.5])
def test_a_device_that_there_is_not(llama: Path, device: object) -> None:
    for load in (torso.load, torso.AutoModel.from_pretrained):
        with pytest.raises(InputError, match="E_DEVICE"):
            load(llama, device=device)  # pyright: ignore[reportArgumentType, reportCallIssue]
