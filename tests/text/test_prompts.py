"""Prompts that are gone on with: they never end in the end mark that a tokenizer puts behind texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import torso
from lazy import LazyModule
from torso.text import Tokenizer

from .corpus import small_vocabulary
from .vocabularies import KINDS

transformers = LazyModule("transformers")


def bert(folder: Path) -> Path:
    """The vocabulary of a Chinese GPT-2: BERT's, with its template."""
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(small_vocabulary(lowercase=True)) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    return folder


def with_ends(folder: Path) -> Path:
    return KINDS["llama"].write(folder, add_eos_token=True)


def with_ends_alone(folder: Path) -> Path:
    return KINDS["llama"].write(folder, add_bos_token=False, add_eos_token=True)


def of_opt(folder: Path) -> Path:
    return KINDS["opt"].write(folder)


def written(folder: Path, prompt: str, **settings: Any) -> list[int]:
    """What the model reads for a prompt, by what the reference writes behind the same ids."""
    tokenizer = Tokenizer.from_folder(folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=tokenizer.largest_id + 1, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=1, **settings
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    model.generation_config.eos_token_id = None
    model.save_pretrained(folder)
    return list(torso.generate(prompt, model=str(folder), max_new_tokens=6, do_sample=False)[0].ids)


def behind(folder: Path, ids: list[int]) -> list[int]:
    model = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    given = torch.tensor([ids])
    mask = torch.ones_like(given)
    return model.generate(given, attention_mask=mask, max_new_tokens=6, do_sample=False)[0, len(ids) :].tolist()


@pytest.mark.parametrize("make", [bert, with_ends, with_ends_alone, of_opt])
@pytest.mark.parametrize("prompt", ["hello 我", "我", "hello [SEP]"])
def test_no_end_mark_behind_a_prompt(tmp_path: Path, make: Any, prompt: str):
    folder = make(tmp_path / "model")
    found = written(folder, prompt)
    tokenizer = Tokenizer.from_folder(folder)
    ids = tokenizer.encoding(prompt).ids
    if make is not of_opt:
        assert ids[-1] in (tokenizer.sep_token_id, tokenizer.eos_token_id)
        ids = ids[:-1]
    assert found == behind(folder, ids)


def test_a_mark_in_the_prompt_itself_stays(tmp_path: Path):
    folder = bert(tmp_path / "model")
    found = written(folder, "hello [SEP]")
    assert found == behind(folder, Tokenizer.from_folder(folder).encode("[CLS]hello [SEP]", add_special_tokens=False))


def test_an_empty_prompt_keeps_what_begins_it(tmp_path: Path):
    folder = bert(tmp_path / "model")
    assert written(folder, "") == behind(folder, [3])
