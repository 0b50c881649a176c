"""Names, arguments and attributes that scripts for the newest transformers write: each works, or is refused by name."""

from __future__ import annotations

import random

import numpy
import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import ConfigError, InputError, NotAvailableError, TorsoError, UnsupportedError

from .snippets.models import make

transformers = LazyModule("transformers")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return make(tmp_path_factory.mktemp("newest"))


@pytest.fixture(scope="module")
def chatter(folders):
    """Tokenizer, model, and a prompt as tensors."""
    tokenizer = torso.AutoTokenizer.from_pretrained(folders["chatter"])
    model = torso.AutoModelForCausalLM.from_pretrained(folders["chatter"])
    return tokenizer, model, tokenizer("a b", return_tensors="pt")


def test_decode_takes_several_texts(folders) -> None:
    ours, theirs = (each.AutoTokenizer.from_pretrained(folders["chatter"]) for each in (torso, transformers))
    rows = [[5, 6, 7, 3], [8, 9, 3, 3]]
    for given in (rows, torch.tensor(rows), numpy.array(rows)):
        assert ours.decode(given, skip_special_tokens=True) == theirs.decode(given, skip_special_tokens=True)
    assert ours.decode(torch.tensor(5)) == ours.decode(5) == ours.decode([5])
    assert ours.decode([]) == ""
    with pytest.raises(InputError, match="batch_decode"):
        ours.decode([5, [6]])


def test_set_seed_makes_everything_drawn_repeatable(chatter) -> None:
    _, model, inputs = chatter

    def drawn() -> tuple[object, ...]:
        torso.set_seed(42)
        ids = model.generate(**inputs, do_sample=True, max_new_tokens=8).tolist()
        return ids, random.random(), numpy.random.rand(), float(torch.rand(()))

    assert drawn() == drawn()
    torso.set_seed(43)
    assert model.generate(**inputs, do_sample=True, max_new_tokens=8).tolist() != drawn()[0]


def test_the_folder_is_told(folders, chatter) -> None:
    tokenizer, model, _ = chatter
    assert tokenizer.name_or_path == model.name_or_path == folders["chatter"]
    assert torso.AutoModel.from_config(model.config).name_or_path == ""


def test_weights_are_counted_in_bytes(folders) -> None:
    ours, theirs = (each.AutoModel.from_pretrained(folders["encoder"]) for each in (torso, transformers))
    counted = sum(each.numel() * 4 for each in theirs.parameters())
    assert ours.get_memory_footprint(return_buffers=False) == counted
    assert ours.half().get_memory_footprint(return_buffers=False) == counted // 2


@pytest.mark.parametrize("kind", ["static", "dynamic", "hybrid"])
def test_a_kind_of_cache_changes_no_token(chatter, kind) -> None:
    _, model, inputs = chatter
    ids = model.generate(**inputs, max_new_tokens=6, cache_implementation=kind, disable_compile=True)
    assert ids.tolist() == model.generate(**inputs, max_new_tokens=6).tolist()


def test_a_cache_that_changes_numbers_or_is_brought_along_is_refused(chatter) -> None:
    _, model, inputs = chatter
    with pytest.raises(InputError, match="cache_implementation is an option"):
        model.generate(**inputs, cache_implementation="quantized")
    with pytest.raises(InputError, match="generate keeps a cache of its own"):
        model.generate(**inputs, past_key_values=[])
    output = model(**inputs, use_cache=True)
    with pytest.raises(NotAvailableError, match=r"Call model\.generate"):
        _ = output.past_key_values
    with pytest.raises(NotAvailableError, match="It has: "):
        _ = output.logit
    assert not hasattr(output, "last_hidden_state")
    assert "past_key_values" not in output.keys()  # noqa: SIM118


def test_none_sets_a_setting_to_its_default(chatter) -> None:
    _, model, inputs = chatter
    wanted = model.generate(**inputs, max_new_tokens=5).tolist()
    settings = torso.GenerationConfig(temperature=None, top_p=None, max_new_tokens=5)
    assert (settings.temperature, settings.top_p) == (1.0, 1.0)
    settings.temperature = 0.5
    settings.temperature = None
    assert settings.temperature == 1.0
    assert model.generate(**inputs, generation_config=settings).tolist() == wanted
    with pytest.raises(ConfigError):
        settings.temperature = "warm"


def test_weights_are_written_as_safetensors_alone(folders, tmp_path) -> None:
    model = torso.AutoModel.from_pretrained(folders["encoder"])
    model.save_pretrained(tmp_path / "new", safe_serialization=True)
    assert (tmp_path / "new" / "model.safetensors").is_file()

    class Own(torso.PreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.layer = torch.nn.Linear(2, 2)

    for each in (model, Own(model.config)):
        with pytest.raises(UnsupportedError, match="writes safetensors alone"):
            each.save_pretrained(tmp_path / "old", safe_serialization=False)
    assert not (tmp_path / "old").exists()


def test_attention_can_be_named_behind_loading(chatter) -> None:
    _, model, inputs = chatter
    wanted = model(**inputs).logits
    for name in ("sdpa", "eager", "flash_attention_2"):
        model.set_attn_implementation(name)
        assert torch.equal(model(**inputs).logits, wanted)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("AutoModelForMultimodalLM", "use AutoModelForCausalLM"),
        ("AutoModelForImageTextToText", "use AutoModelForCausalLM"),
        ("AutoModelForImageClassification", "not images, video or sound"),
        ("AutoModelForSpeechSeq2Seq", "not images, video or sound"),
        ("AutoModelForVision2Seq", "not images, video or sound"),
        ("AutoImageProcessor", "not images, video or sound"),
        ("AutoVideoProcessor", "not images, video or sound"),
        ("CLIPModel", "not images, video or sound"),
        ("WhisperForConditionalGeneration", "not images, video or sound"),
        ("Qwen2_5_VLForConditionalGeneration", "not images, video or sound"),
        ("DynamicCache", "cache of its own"),
        ("StaticCache", "cache of its own"),
        ("BitsAndBytesConfig", "torso.optimise"),
        ("logging", "Leave it out"),
        ("AutoModelForSeqeunceClassification", "Did you mean AutoModelForSequenceClassification"),
    ],
)
def test_a_name_that_is_not_there_says_what_to_do(name, says) -> None:
    with pytest.raises(TorsoError, match=says):
        getattr(torso, name)


@pytest.mark.parametrize("task", ["image-classification", "zero-shot-image-classification", "audio-classification"])
def test_a_pipeline_of_pictures_or_sounds_is_not_taken_for_one_of_texts(task) -> None:
    with pytest.raises(InputError, match="read text, not images"):
        torso.pipeline(task)
