"""Streamers, stopping criteria, logits processors and settings of ``generate``, as notebooks pass them."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from threading import Thread

import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import InputError, InputTypeError, TorsoError

transformers = LazyModule("transformers")

IDS = torch.tensor([[2, 7, 9, 3, 4]])
SMALL = dict(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=16)


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**SMALL, eos_token_id=39, pad_token_id=0, initializer_range=0.5)
    theirs = transformers.LlamaForCausalLM(config).eval()
    ours = torso.LlamaForCausalLM(config).eval()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


class Letters:
    """A tokenizer of 40 letters."""

    def decode(self, ids, skip_special_tokens: bool = False, **options) -> str:
        return "".join(chr(0x4E00 + each) for each in ids if not (skip_special_tokens and each == 39))


def forbid(*ids: int):
    def process(input_ids, scores):
        scores[:, list(ids)] = -torch.inf
        return scores

    return process


@pytest.mark.parametrize(
    "options",
    [
        {"logits_processor": [forbid(5, 6, 7), forbid(11)]},
        {"logits_processor": [forbid(*range(10, 40))], "num_beams": 3},
        {"stopping_criteria": [lambda ids, scores: torch.tensor([ids.shape[1] >= 9])]},
        {"stopping_criteria": [lambda ids, scores: torch.tensor([int(ids[0, -1]) % 3 == 0])]},
        {"use_cache": False},
        {"renormalize_logits": False, "guidance_scale": None, "num_beam_groups": 1},
        {"generation_config": dict(max_new_tokens=4, repetition_penalty=1.3)},
        {"generation_config": dict(max_length=9, num_beams=2)},
    ],
)
def test_ids_are_those_of_the_reference(pair, options) -> None:
    ours, theirs = pair
    if "generation_config" in options:
        options = {"generation_config": transformers.GenerationConfig(**options["generation_config"])}
    asked = {} if "generation_config" in options else {"max_new_tokens": 8}
    named = {name: value for name, value in options.items() if name != "num_beam_groups"}
    for name, kind in (
        ("logits_processor", transformers.LogitsProcessorList),
        ("stopping_criteria", transformers.StoppingCriteriaList),
    ):
        if name in named:
            named[name] = kind(named[name])
    wanted = theirs.generate(IDS, attention_mask=torch.ones_like(IDS), do_sample=False, **asked, **named)
    assert ours.generate(IDS, do_sample=False, **asked, **options).equal(wanted)
    given = {name: value for name, value in named.items() if name != "generation_config"}
    assert ours.generate(IDS, do_sample=False, **asked, **{**options, **given}).equal(wanted)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("eos_token_id", list(range(5, 40))),
        ("forced_eos_token_id", 39),
        ("suppress_tokens", [30, 16]),
        ("begin_suppress_tokens", [30]),
        ("bad_words_ids", [[each] for each in range(3, 30)]),
    ],
)
def test_none_leaves_off_what_the_files_state(pair, monkeypatch, name, stated) -> None:
    ours, theirs = pair
    both = {"max_new_tokens": 8, "pad_token_id": 0, "eos_token_id": 39, name: stated}
    monkeypatch.setattr(theirs, "generation_config", transformers.GenerationConfig(**both))
    monkeypatch.setattr(ours, "generation_config", torso.GenerationConfig(**both))
    asked = {"do_sample": False, "attention_mask": torch.ones_like(IDS)}
    as_stated, off = theirs.generate(IDS, **asked), theirs.generate(IDS, **asked, **{name: None})
    assert not as_stated.equal(off)
    assert ours.generate(IDS, **asked).equal(as_stated)
    assert ours.generate(IDS, **asked, **{name: None}).equal(off)


@pytest.mark.parametrize("skip", [True, False])
def test_a_streamer_shows_what_is_written(pair, skip, capsys) -> None:
    ours, _ = pair
    ids = ours.generate(IDS, max_new_tokens=6, streamer=torso.TextStreamer(Letters(), skip_prompt=skip))
    shown = capsys.readouterr().out
    assert shown == Letters().decode(ids[0, 5 if skip else 0 :].tolist()) + "\n"
    theirs = io.StringIO()
    with redirect_stdout(theirs):
        ours.generate(IDS, max_new_tokens=6, streamer=transformers.TextStreamer(Letters(), skip_prompt=skip))
    assert theirs.getvalue() == shown


def test_another_thread_reads_the_pieces(pair) -> None:
    ours, _ = pair
    streamer = torso.TextIteratorStreamer(Letters(), skip_prompt=True, timeout=60)
    thread = Thread(target=ours.generate, args=(IDS,), kwargs=dict(max_new_tokens=6, streamer=streamer))
    thread.start()
    pieces = list(streamer)
    thread.join()
    assert "".join(pieces) == Letters().decode(ours.generate(IDS, max_new_tokens=6)[0, 5:].tolist())
    assert len(pieces) > 3


def test_the_end_token_reaches_the_streamer(pair) -> None:
    ours, _ = pair
    seen: list[int] = []

    class Kept:
        def put(self, value) -> None:
            seen.extend(value.flatten().tolist())

        def end(self) -> None:
            seen.append(-1)

    ids = ours.generate(
        IDS, max_new_tokens=6, streamer=Kept(), logits_processor=lambda ids, scores: scores * 0 - forced()
    )
    assert seen == [*ids[0].tolist(), -1]
    assert seen[-2] == 39
    with pytest.raises(InputError, match="2 texts"):
        ours.generate(IDS.repeat(2, 1), streamer=Kept())


def forced() -> torch.Tensor:
    return torch.tensor([[0.0 if each == 39 else 9.0 for each in range(40)]])


def test_settings_can_be_assigned_and_are_followed(pair, tmp_path) -> None:
    ours = torso.LlamaForCausalLM(pair[0].config).eval()
    ours.generation_config.max_new_tokens = 3
    ours.generation_config.pad_token_id = 5
    assert ours.generate(IDS).shape == (1, 8)
    with pytest.raises(TorsoError, match="max_new_tokens"):
        ours.generation_config.max_new_token = 3
    ours.generation_config = torso.GenerationConfig(max_new_tokens=2, do_sample=True, temperature=0.5)
    assert ours.generate(IDS).shape == (1, 7)
    ours.generation_config.save_pretrained(tmp_path)
    assert transformers.GenerationConfig.from_pretrained(tmp_path).temperature == 0.5


def test_the_result_can_be_named(pair) -> None:
    ours, _ = pair
    out = ours.generate(IDS, max_new_tokens=3, return_dict_in_generate=True)
    assert out.sequences.equal(ours.generate(IDS, max_new_tokens=3))
    assert out[0].equal(out["sequences"])


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"output_scores": True}, InputError, "log_probabilities"),
        ({"penalty_alpha": 0.6}, InputError, "penalty_alpha"),
        ({"max_time": 3.0}, InputError, "stopping_criteria="),
        ({"max_new_token": 3}, InputTypeError, "Did you mean max_new_tokens"),
        ({"stream": True}, InputTypeError, "generate"),
        ({"generation_config": 3}, InputTypeError, r"GenerationConfig\("),
        ({"logits_processor": [lambda ids, scores: None]}, InputTypeError, "NoneType"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(pair, options, kind, says) -> None:
    with pytest.raises(kind, match=says) as caught:
        pair[0].generate(IDS, **options)
    assert caught.value.code == "E_ARGUMENT"
