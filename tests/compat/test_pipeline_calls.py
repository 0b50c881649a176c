"""Pipelines as model cards and frameworks call them: by place, with arguments of loading and of ``generate``."""

from __future__ import annotations

import pytest
import torch

import torso
from lazy import LazyModule
from torso.compat.pipeline_base import GENERATING, WRITING
from torso.errors import InputError, InputTypeError

from .snippets.models import make
from .test_pipelines import same

transformers = LazyModule("transformers")
LABELS = ["d", "e f"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return make(tmp_path_factory.mktemp("calls"))


def test_candidate_labels_are_given_by_place(folders) -> None:
    pipe = torso.pipeline("zero-shot-classification", model=folders["nli"])
    found = pipe("a b c", LABELS, multi_label=True)
    assert found == pipe("a b c", candidate_labels=LABELS, multi_label=True)
    assert sorted(found["labels"]) == LABELS
    with pytest.raises(InputTypeError, match="candidate_labels is given twice"):
        pipe("a b c", LABELS, candidate_labels=LABELS)


def test_a_question_and_its_context_are_given_by_place(folders) -> None:
    pipe = torso.pipeline("question-answering", model=folders["reader"])
    assert pipe("a b?", "c d e f") == pipe(question="a b?", context="c d e f")
    assert pipe(["a", "b"], "c d e f") == pipe(question=["a", "b"], context="c d e f")
    with pytest.raises(InputTypeError, match="context is given twice"):
        pipe("a b?", "c d", context="c d")


def test_model_kwargs_load_the_model(folders) -> None:
    for named in ("dtype", "torch_dtype"):
        pipe = torso.pipeline("text-generation", model=folders["chatter"], model_kwargs={named: torch.bfloat16})
        assert pipe.model.dtype is torch.bfloat16
    with pytest.raises(InputError, match="dtype is given twice"):
        torso.pipeline(
            "text-generation", model=folders["chatter"], dtype="float32", model_kwargs={"torch_dtype": "bfloat16"}
        )
    with pytest.raises(InputTypeError, match="no argument 'nonsense'"):
        torso.pipeline("text-generation", model=folders["chatter"], model_kwargs={"nonsense": 1})
    with pytest.raises(InputError, match="model_kwargs are how a model is loaded"):
        torso.pipeline("text-generation", model=pipe.model, model_kwargs={"dtype": "float32"})


def test_a_loaded_model_is_moved_where_the_call_says(folders) -> None:
    model = torso.AutoModelForCausalLM.from_pretrained(folders["chatter"])
    tokenizer = torso.AutoTokenizer.from_pretrained(folders["chatter"])
    moved = torso.pipeline("text-generation", model=model, tokenizer=tokenizer, device="meta")
    assert moved.model.device.type == "meta"
    with pytest.raises(InputError, match="There is no device"):
        torso.pipeline("text-generation", model=model, tokenizer=tokenizer, device="nonsense")


@pytest.mark.parametrize(
    "options",
    [
        {"min_p": 0.1, "do_sample": True, "seed": 3},
        {"typical_p": 0.7, "do_sample": True, "seed": 3},
        {"eos_token_id": [23, 3]},
        {"min_new_tokens": 5, "eos_token_id": [23, 3]},
        {"stop_strings": ["s"]},
        {"bad_words_ids": [[23]]},
        {"suppress_tokens": [23]},
        {"num_beams": 3, "length_penalty": 0.2, "early_stopping": True},
        {"logits_processor": [lambda ids, scores: scores.index_fill(1, torch.tensor([23]), -1e9)]},
        {"stopping_criteria": [lambda ids, _: ids.shape[1] > 6]},
        {"use_cache": True, "pad_token_id": 0},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_of_generate_reach_it(folders, options) -> None:
    pipe = torso.pipeline("text-generation", model=folders["chatter"], max_new_tokens=8)
    inputs = pipe.tokenizer("a b", return_tensors="pt", return_token_type_ids=False)
    more = {"tokenizer": pipe.tokenizer} if "stop_strings" in options else {}
    ids = pipe.model.generate(**inputs, **{"do_sample": False, "max_new_tokens": 8, **options, **more})
    new = pipe.tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :].tolist(), skip_special_tokens=True)
    assert pipe("a b", return_full_text=False, **options) == [{"generated_text": new}]
    if not options.keys() & {"num_beams", "use_cache"}:  # each changes what is written
        assert [{"generated_text": new}] != pipe("a b", return_full_text=False)


def test_settings_and_a_streamer_are_given_to_a_pipeline(folders, capsys) -> None:
    pipe = torso.pipeline("text-generation", model=folders["chatter"])
    settings = torso.GenerationConfig(max_new_tokens=3, do_sample=False)
    streamer = torso.TextStreamer(pipe.tokenizer, skip_prompt=True)
    (found,) = pipe("a b", generation_config=settings, streamer=streamer, return_full_text=False)
    assert capsys.readouterr().out.strip() == found["generated_text"].strip() != ""
    ids = pipe.tokenizer(found["generated_text"], add_special_tokens=False)["input_ids"]
    assert len(ids) == 3


def test_every_option_of_writing_is_one_of_generate() -> None:
    from torso.compat.generation_arguments import GenerateArguments
    from torso.compat.padded_generation import Writes
    from torso.io.arguments import own_arguments

    known = {*own_arguments(Writes.generate), *GenerateArguments.__annotations__}
    assert known >= GENERATING > WRITING


def test_an_answer_that_was_begun_is_gone_on_with(folders) -> None:
    messages = [{"role": "user", "content": "a b"}, {"role": "assistant", "content": "c d"}]
    ours = torso.pipeline("text-generation", model=folders["chatter"], max_new_tokens=5)
    theirs = transformers.pipeline("text-generation", model=folders["chatter"])
    assert ours(messages) == theirs(messages, max_new_tokens=5, do_sample=False)
    assert ours(messages)[0]["generated_text"][-1]["content"].startswith("c d")


@pytest.mark.parametrize("more", [{}, {"function_to_apply": "sigmoid"}], ids=["default", "sigmoid"])
def test_a_text_is_cut_to_max_length(folders, more) -> None:
    asked = {"truncation": True, "max_length": 5, **more}
    ours, theirs = (
        each.pipeline("text-classification", model=folders["classifier"], **asked) for each in (torso, transformers)
    )
    same(ours("a b c d e f g"), theirs("a b c d e f g"))
    assert ours("a b c d e f g") == ours("a b c x y z", **asked) != ours("a b c d e f g", max_length=8)


def test_masks_and_features_are_cut_to_max_length(folders) -> None:
    filler = torso.pipeline("fill-mask", model=folders["filler"], truncation=True, max_length=6)
    assert filler("a [MASK] c d e f")[0]["score"] == filler("a [MASK] c d x y")[0]["score"]
    features = torso.pipeline("feature-extraction", model=folders["encoder"], truncation=True)
    assert len(features("a b c d e f", max_length=4)[0]) == 4
