"""The tasks that write: texts in, texts out, as transformers writes them from the same folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import ConfigError, InputError, TooLongError, TorsoError, UnknownParameterError
from torso.generation.generation_settings import GenerationSettings
from torso.tasks import make_ready

from . import small

transformers = LazyModule("transformers")

PROMPTS = ["hello world", "弱小的我也有大梦想！", "a  b   c", "x"]


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    return small.llama(tmp_path_factory.mktemp("m") / "llama")


@pytest.fixture(scope="module")
def t5(tmp_path_factory) -> Path:
    return small.t5(tmp_path_factory.mktemp("m") / "t5")


@pytest.fixture(scope="module")
def mbart(tmp_path_factory) -> Path:
    return small.mbart_like(tmp_path_factory.mktemp("m") / "mbart")


def test_greedy_as_the_reference_writes(llama) -> None:
    theirs = transformers.AutoModelForCausalLM.from_pretrained(llama)
    tokenizer = torso.Tokenizer.from_folder(llama)
    written = torso.generate(PROMPTS, model=llama)
    for prompt, mine in zip(PROMPTS, written, strict=True):
        ids = tokenizer.encoding(prompt).ids
        row = theirs.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), pad_token_id=500)[0].tolist()
        [completion] = mine
        assert mine.prompt == prompt
        assert list(completion.ids) == row[len(ids) :][: len(completion.ids)]
        whole = tokenizer.decode(row, skip_special_tokens=True)
        assert completion.text == mine.text == whole[len(tokenizer.decode(ids)) :]
        assert len(completion.ids) == len(completion.log_probabilities) == 12 or completion.why == "end"


def test_beams_of_an_encoder_decoder(t5) -> None:
    theirs = transformers.AutoModelForSeq2SeqLM.from_pretrained(t5)
    tokenizer = torso.Tokenizer.from_folder(t5)
    [mine] = torso.generate(["hello world"], model=t5, num_beams=3, num_return_sequences=2)
    ids = torch.tensor([tokenizer.encoding("hello world").ids])
    rows = theirs.generate(
        ids, attention_mask=torch.ones_like(ids), num_beams=3, num_return_sequences=2, use_cache=False
    )[:, 1:].tolist()
    assert [list(each.ids) for each in mine] == [row[: len(each.ids)] for each, row in zip(mine, rows, strict=True)]
    assert mine[0].score >= mine[1].score
    assert len(mine) == 2


def test_one_a_list_and_an_iterator(llama) -> None:
    ready = make_ready(llama, torso.Task.CAUSAL_LM)
    many = torso.generate(PROMPTS, model=ready)
    assert torso.generate(PROMPTS[0], model=ready).text == many[0].text
    lazy = torso.generate(iter(PROMPTS), model=ready, batch=1)
    assert next(lazy).text == many[0].text
    assert [each.text for each in lazy] == [each.text for each in many[1:]]
    # A model that the caller loaded runs as it is; a folder's is packed, and sums in another order.
    for mine, other in zip(many, torso.generate(PROMPTS, model=torso.load(llama, torso.Task.CAUSAL_LM)), strict=True):
        assert (mine.prompt, mine.extent) == (other.prompt, other.extent)
        assert [each.ids for each in mine] == [each.ids for each in other]
        for one, two in zip(mine, other, strict=True):
            assert one.log_probabilities == pytest.approx(two.log_probabilities, abs=1e-5, rel=1e-5)


def test_a_stream_is_the_text(llama) -> None:
    ready = make_ready(llama, torso.Task.CAUSAL_LM)
    for prompt in PROMPTS:
        pieces = list(torso.stream(prompt, model=ready))
        [whole] = torso.generate(prompt, model=ready)
        assert "".join(piece.text for piece in pieces) == whole.text
        assert tuple(piece.id for piece in pieces) == whole.ids
        assert [piece.why for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
        assert pieces[-1].why == whole.why


def test_a_stream_may_be_left(llama) -> None:
    running = torso.stream("hello", model=llama)
    next(running)
    running.close()
    assert not torch.is_inference_mode_enabled()


def test_the_modes_do_not_leak_into_who_reads_the_stream(llama) -> None:
    for _ in torso.stream("hello", model=llama, max_new_tokens=2):
        assert not torch.is_inference_mode_enabled()


def test_stop_strings_end_a_text_and_are_cut_off(llama) -> None:
    whole = torso.generate("hello world", model=llama, max_new_tokens=30)
    stop = whole.text[4:7]
    for stops in ([stop], stop):  # not a stop for each letter of it
        [completion] = torso.generate("hello world", model=llama, max_new_tokens=30, stop_strings=stops)
        assert completion.why == "stop"
        assert completion.text == whole.text[: whole.text.index(stop)]
        assert completion.ids == whole[0].ids[: len(completion.ids)]
    pieces = torso.stream("hello world", model=llama, max_new_tokens=30, stop_strings=[stop])
    assert "".join(piece.text for piece in pieces) == completion.text
    pieces = torso.stream("hello world", model=llama, max_new_tokens=30, stop_strings=stop)
    assert "".join(piece.text for piece in pieces) == completion.text


@pytest.mark.parametrize("stop", ["", "\ud83d"])
def test_a_stop_string_that_ends_no_text_is_refused(stop, llama) -> None:
    with pytest.raises(InputError) as caught:
        torso.generate("hello world", model=llama, stop_strings=["x", stop])
    assert caught.value.code == "E_ARGUMENT"


def test_settings_of_the_checkpoint_of_mine_and_changed(llama) -> None:
    assert len(torso.generate("x", model=llama)[0].ids) <= 12
    assert len(torso.generate("x", model=llama, settings={"max_new_tokens": 3})[0].ids) <= 3
    own = GenerationSettings(max_new_tokens=4, suppress_tokens=list(range(400)))
    assert min(torso.generate("x", model=llama, settings=own)[0].ids) >= 400
    with pytest.raises(UnknownParameterError, match="num_beams"):
        torso.generate("x", model=llama, settings={"beams": 3})
    with pytest.raises(ConfigError, match="do_sample=True"):
        torso.generate("x", model=llama, temperature=0.5)


def test_a_prompt_that_is_too_long_is_named_before_anything_runs(llama) -> None:
    with pytest.raises(TooLongError) as caught:
        torso.generate(["x", "x " * 100], model=llama)
    assert caught.value.values["index"] == 1


def test_an_empty_prompt_begins_with_the_model_s_own_token(llama) -> None:
    assert torso.generate("", model=llama)[0].ids == torso.generate("<|endoftext|>", model=llama)[0].ids


def test_a_chat_is_read_as_its_template_says(llama, t5) -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    written = torso.chat(messages, model=llama)
    assert written.prompt == "<system>Be kind.\n<user>Hello\n<assistant>"
    assert written.text == torso.generate(written.prompt, model=llama).text
    assert torso.chat("Hello", model=llama).prompt == "<user>Hello\n<assistant>"
    pieces = torso.chat_stream(messages, model=llama)
    assert "".join(piece.text for piece in pieces) == written.text
    with pytest.raises(TorsoError, match="E_CHAT_TEMPLATE"):
        torso.chat("Hello", model=t5)


def test_a_summary_has_the_task_s_prefix_and_settings(t5) -> None:
    written = torso.summarise("hello world", model=t5)
    same = torso.generate(
        "summarize: hello world", model=t5, num_beams=2, settings={"max_length": 9, "early_stopping": True}
    )
    assert written[0].ids == same[0].ids
    assert written.prompt == "hello world"
    assert len(torso.summarise(["hello", "world"], model=t5, max_new_tokens=2)) == 2


def test_a_translation_by_prefix(t5) -> None:
    written = torso.translate("hello world", model=t5, source="en", target="de")
    same = torso.generate("translate English to German: hello world", model=t5, settings={"max_length": 7})
    assert written[0].ids == same[0].ids
    assert torso.translate("hello world", model=t5, source="英语", target="German")[0].ids == same[0].ids
    with pytest.raises(InputError) as caught:
        torso.translate("hello", model=t5, source="en", target="fr")
    assert (caught.value.code, caught.value.values["language"]) == ("E_LANGUAGE", "fr"), "en is there"
    assert caught.value.values["known"] == "en → de", "and not the task summarization"
    for source, target in (("xx", "de"), ("xx", "yy")):
        with pytest.raises(InputError) as caught:
            torso.translate("hello", model=t5, source=source, target=target)
        assert caught.value.values["language"] == "xx"
    with pytest.raises(InputError, match="en → de") as caught:
        torso.translate("hello", model=t5, source="en")
    assert "--from, --to" in str(caught.value)


@pytest.mark.parametrize("name", ["translate", "summarise"])
def test_a_decoder_does_not_go_on_with_what_it_should_translate(llama, name) -> None:
    loaded = torso.load(llama, torso.Task.CAUSAL_LM)
    for model in (llama, loaded):
        with pytest.raises(InputError, match=rf"{name} needs an encoder-decoder.*torso generate.*E_TASK"):
            getattr(torso, name)("hello", model=model)


def test_a_translation_by_marks(mbart) -> None:
    written = torso.translate("hello world", model=mbart, source="en_XX", target="de_DE")
    tokenizer = torso.Tokenizer.from_folder(mbart, src_lang="en_XX", tgt_lang="de_DE")
    german = tokenizer.convert_tokens_to_ids("de_DE")
    assert written[0].ids[0] == german
    same = torso.generate("hello world", model=mbart, tokenizer=tokenizer, settings={"forced_bos_token_id": german})
    assert written[0].ids == same[0].ids
    other = torso.translate("hello world", model=mbart, source="fr_XX", target="de_DE")
    assert other[0].log_probabilities != written[0].log_probabilities
    with pytest.raises(InputError, match="E_LANGUAGE"):
        torso.translate("hello", model=mbart, source="en_XX", target="Klingon")
    for source, target in (("en", "de"), ("English", "德语"), ("eng_Latn", "deu_Latn"), ("英语", "german")):
        named = torso.translate("hello world", model=mbart, source=source, target=target)
        assert named[0].ids == written[0].ids, (source, target)


def test_the_languages_of_a_tokenizer_that_is_given(mbart) -> None:
    written = torso.translate("hello world", model=mbart, source="en_XX", target="de_DE")
    tokenizer = torso.load_tokenizer(mbart, src_lang="en_XX", tgt_lang="de_DE")
    for languages in ({}, {"target": "de_DE"}, {"source": "en_XX", "target": "de_DE"}, {"target": "German"}):
        made = torso.translate("hello world", model=mbart, tokenizer=tokenizer, **languages)
        assert made[0].ids == written[0].ids, languages
    for languages in ({"source": "fr_XX"}, {"target": "fr_XX"}, {"source": "en_XX", "target": "en_XX"}):
        with pytest.raises(InputError, match=r"the tokenizer that was given .*E_LANGUAGE"):
            torso.translate("hello world", model=mbart, tokenizer=tokenizer, **languages)


def test_what_writes_nothing_is_refused(llama) -> None:
    with pytest.raises(InputError, match="E_TASK"):
        torso.generate("x", model=torso.load(llama, torso.Task.FEATURES))
    with pytest.raises(TorsoError, match="causal-lm"):
        torso.generate("x", model="torso:sentiment")


def test_what_a_checkpoint_asks_for_and_is_not_known_is_refused(tmp_path) -> None:
    folder = small.llama(tmp_path, guidance_scale=3.0, eos_token_id=500)
    with pytest.raises(TorsoError, match="guidance_scale"):
        torso.generate("x", model=folder)
    assert torso.generate("x", model=folder, settings=GenerationSettings(max_new_tokens=2)).text is not None
    assert json.loads((folder / "generation_config.json").read_text())["guidance_scale"] == 3.0


def test_a_saved_model_writes_as_before(llama, tmp_path) -> None:
    tokenizer = torso.load_tokenizer(llama)
    torso.load(llama, torso.Task.CAUSAL_LM).save(tmp_path / "saved", tokenizer=tokenizer)
    told = [(folder / "generation_config.json").read_bytes() for folder in (llama, tmp_path / "saved")]
    assert told[0] == told[1]
    assert torso.generate("x", model=tmp_path / "saved") == torso.generate("x", model=llama)
