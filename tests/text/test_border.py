"""Tokenizers by the ecosystem's names: languages, and models that torso has no architecture of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import torso
from torso import AutoTokenizer
from torso.errors import ConfigError, NotFoundError

from .vocabularies import KINDS


def test_languages_are_parameters(tmp_path: Path):
    folder = KINDS["mbart"].write(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder, src_lang="zh_CN", tgt_lang="fr_XX")
    assert tokenizer.convert_ids_to_tokens(tokenizer("好").input_ids)[-1] == "zh_CN"
    assert tokenizer.convert_ids_to_tokens(tokenizer(text_target="bon").input_ids)[-1] == "fr_XX"


def test_a_model_that_torso_does_not_have(tmp_path: Path):
    folder = KINDS["t5"].write(tmp_path, model_max_length=77)
    (folder / "config.json").write_text(json.dumps({"model_type": "flying-saucer"}))
    assert torso.load_tokenizer(folder).max_tokens == 77


def test_a_config_that_cannot_be_is_still_an_error(tmp_path: Path):
    folder = KINDS["gpt2"].write(tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": "wide"}))
    with pytest.raises(ConfigError):
        torso.load_tokenizer(folder)


def test_a_tokenizer_is_loaded_as_a_model_is() -> None:
    assert torso.load_tokenizer("torso:sentiment").max_tokens == 512
    folder = Path(torso.__file__).parent / "bundled" / "sentiment"
    assert torso.load_tokenizer(str(folder)).get_vocab() == torso.load_tokenizer("torso:sentiment").get_vocab()
    with pytest.raises(NotFoundError, match="nothing"):
        torso.load_tokenizer("torso:nothing")
