"""Small checkpoints that write, saved by torso itself: random weights, real files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import torso
from text.vocabularies import KINDS, folder_of
from torso.architecture import Task
from torso.models.llama import LlamaConfig
from torso.models.t5 import T5Config

TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def same(made: Iterable[Any], wanted: Iterable[Any]) -> None:
    """The same texts, written in batches of other sizes: equal tokens, and scores as near as float32 adds up."""
    for mine, its in zip(made, wanted, strict=True):
        assert mine.prompt == its.prompt
        assert mine.extent == its.extent
        for own, other in zip(mine, its, strict=True):
            assert (own.text, own.ids, own.why) == (other.text, other.ids, other.why)
            assert own.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-5)
            assert own.score == (None if other.score is None else pytest.approx(other.score, abs=1e-5))


def llama(folder: Path, **generation: Any) -> Path:
    """A decoder with byte-level tokens and a chat template."""
    folder_of("gpt2", folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    config = LlamaConfig(
        vocab_size=501,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        initializer_range=0.4,
        eos_token_id=500,
        bos_token_id=500,
    )
    torso.new_model(config, Task.CAUSAL_LM, seed=3).save(folder)
    return _told(folder, generation or {"eos_token_id": 500, "bos_token_id": 500, "max_new_tokens": 12})


def t5(folder: Path, **generation: Any) -> Path:
    """An encoder-decoder whose config has two tasks."""
    folder_of("t5", folder)
    tasks = {
        "summarization": {"prefix": "summarize: ", "num_beams": 2, "max_length": 9, "early_stopping": True},
        "translation_en_to_de": {"prefix": "translate English to German: ", "max_length": 7},
    }
    return _encoder_decoder(folder, {"task_specific_params": tasks}, generation)


def mbart_like(folder: Path, **generation: Any) -> Path:
    """An encoder-decoder whose tokenizer marks languages."""
    KINDS["mbart"].write(folder)
    return _encoder_decoder(folder, {}, generation)


def _encoder_decoder(folder: Path, more: dict[str, Any], generation: dict[str, Any]) -> Path:
    size = len(torso.Tokenizer.from_folder(folder))
    config = T5Config(
        vocab_size=size + 3, d_model=24, d_kv=8, d_ff=40, num_layers=1, num_heads=4, initializer_range=0.4
    )
    torso.new_model(config, Task.SEQ2SEQ_LM, seed=4).save(folder)
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **more}))
    return _told(
        folder, generation or {"eos_token_id": 1, "pad_token_id": 0, "decoder_start_token_id": 0, "max_new_tokens": 6}
    )


def _told(folder: Path, generation: dict[str, Any]) -> Path:
    (folder / "generation_config.json").write_text(json.dumps(generation))
    return folder
