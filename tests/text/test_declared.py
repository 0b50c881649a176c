"""What the class of a family adds to a tokenizer.json: special tokens, and the switches of tokenizer_config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import torso
from lazy import LazyModule, LazyName
from torso.loading.load import load_tokenizer
from torso.text import Tokenizer
from torso.text.tokenizer_class import declared
from torso.text.tokenizer_settings import Settings

from .test_families import HARD
from .vocabularies import KINDS, folder_of

transformers = LazyModule("transformers")
AutoTokenizer = LazyName("transformers", "AutoTokenizer")

# A family's vocabulary, and each model_type that reads such a one.
MODEL_TYPES = [
    *[("bert", each) for each in ("bert", "distilbert", "electra", "ernie", "megatron-bert", "nomic_bert")],
    *[(each, each) for each in ("albert", "camembert", "deberta", "deberta-v2", "gpt2", "mbart", "mpnet", "pegasus")],
    *[("roberta", each) for each in ("roberta", "bart")],
    *[("xlm-roberta", each) for each in ("xlm-roberta", "gte")],
    *[("qwen2", each) for each in ("qwen2", "qwen3")],
    *[("t5", each) for each in ("t5", "mt5")],
    *[("llama", each) for each in ("llama", "mistral", "phi3", "glm", "glm4")],
    *[("gpt2", each) for each in ("opt", "bloom", "modernbert")],
    ("gpt-neox", "gpt_neox"),
    ("gpt", "openai-gpt"),
]
# Classes that leave out the character map in the file, or put other separators between two texts: torso follows it.
REBUILT = ("deberta", "deberta-v2", "mbart")


def saved(kind: str, folder: Path, config: dict[str, Any], model_type: str | None = None) -> Path:
    """A tokenizer.json as the class of the reference writes it, beside files that say nothing but ``config``."""
    source = folder_of(kind, folder / "source")
    reference = transformers.BertTokenizer.from_pretrained(source) if kind == "bert" else KINDS[kind].reference(source)
    reference.save_pretrained(folder)
    (folder / "special_tokens_map.json").unlink(missing_ok=True)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type} if model_type else {}))
    return folder


@pytest.mark.parametrize(("kind", "model_type"), MODEL_TYPES)
def test_special_tokens_that_no_file_names(tmp_path: Path, kind: str, model_type: str):
    folder = saved(kind, tmp_path, {"model_max_length": 512}, model_type)
    ours, theirs = Tokenizer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    there = {name: token for name, token in theirs.special_tokens_map.items() if token in ours.get_vocab()}
    assert ours.special_tokens_map == there
    assert ours.notes == ()
    if kind not in REBUILT:
        assert ours(HARD).input_ids == theirs(HARD).input_ids


def test_a_folder_with_tokenizer_json_alone(tmp_path: Path):
    folder = saved("roberta", tmp_path, {}, "roberta")
    (folder / "tokenizer_config.json").unlink()
    tokenizer = Tokenizer.from_folder(folder)
    assert (tokenizer.mask_token, tokenizer.pad_token, tokenizer.eos_token) == ("<mask>", "<pad>", "</s>")
    (folder / "config.json").unlink()
    assert Tokenizer.from_folder(folder).mask_token is None


def test_what_the_files_name_or_deny_counts_before_the_class(tmp_path: Path):
    config = {"tokenizer_class": "GPT2Tokenizer", "pad_token": "<|endoftext|>", "bos_token": None}
    tokenizer = Tokenizer.from_folder(saved("gpt2", tmp_path, config))
    assert (tokenizer.pad_token, tokenizer.bos_token, tokenizer.eos_token) == ("<|endoftext|>", None, "<|endoftext|>")


@pytest.mark.parametrize(
    ("said", "model_type", "expected"),
    [
        ("", "bart", "RobertaTokenizer"),
        ("BartTokenizerFast", "bart", "RobertaTokenizer"),
        ("PreTrainedTokenizerFast", "roberta", ""),
        ("RobertaTokenizer", "longformer", "RobertaTokenizer"),
        ("LlamaTokenizer", "llama", "LlamaTokenizer"),
        ("LlamaTokenizer", "mistral", ""),
        ("LlamaTokenizer", "qwen2", "Qwen2Tokenizer"),
        ("BertTokenizer", "gpt2", "BertTokenizer"),
        ("DistilBertTokenizer", "distilbert", "DistilBertTokenizer"),
        ("SomebodysTokenizer", "bert", ""),
        ("", "nothing", ""),
    ],
)
def test_the_class_is_chosen_as_the_reference_chooses_it(said: str, model_type: str, expected: str):
    settings = Settings({"tokenizer_class": said} if said else {}, {}, (), {})
    assert declared(settings, {"model_type": model_type}).name == expected


def test_fill_works_where_only_the_length_is_said(tmp_path: Path):
    folder = saved("roberta", tmp_path, {"model_max_length": 64})
    rows = len(Tokenizer.from_folder(folder))
    torch.manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=rows, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64
    )
    transformers.RobertaForMaskedLM(config).save_pretrained(folder)
    tokenizer = torso.AutoTokenizer.from_pretrained(str(folder))
    best = torso.fill("hello <mask>", model=str(folder)).masks[0][0]
    theirs = transformers.pipeline("fill-mask", model=str(folder), device="cpu")("hello <mask>")
    assert best.token == tokenizer.convert_ids_to_tokens(theirs[0]["token"])
    assert tokenizer(["a", "a b"], padding=True).attention_mask[0][-1] == 0


SWITCHES: list[tuple[str, dict[str, Any]]] = [
    ("bert", dict(do_lower_case=False)),
    ("bert", dict(strip_accents=False)),
    ("bert", dict(do_lower_case=False, strip_accents=True)),
    ("bert", dict(tokenize_chinese_chars=False)),
    ("mpnet", dict(do_lower_case=False)),
    *[(each, dict(add_prefix_space=True)) for each in ("gpt2", "roberta", "bart", "qwen2", "deberta", "gpt-neox")],
    *[(each, dict(add_prefix_space=False)) for each in ("gpt2-prefix", "xlm-roberta", "camembert", "albert")],
    ("roberta", dict(trim_offsets=False)),
    ("roberta-prefix", dict(trim_offsets=True, add_prefix_space=False)),
    ("albert", dict(do_lower_case=False)),
    ("albert", dict(keep_accents=True)),
    ("deberta-v2-plain", dict(do_lower_case=False, split_by_punct=False)),
    ("deberta-v2-plain", dict(add_prefix_space=False, do_lower_case=True, split_by_punct=True)),
    ("llama", dict(add_prefix_space=False)),
    ("llama-no-prefix", dict(add_prefix_space=True)),
    ("gpt2", dict(split_special_tokens=True)),
]


@pytest.mark.parametrize(("kind", "config"), SWITCHES, ids=str)
def test_switches_say_otherwise_than_tokenizer_json(tmp_path: Path, kind: str, config: dict[str, Any]):
    name = "BertTokenizer" if kind == "bert" else KINDS[kind].name
    folder = saved(kind, tmp_path, {"tokenizer_class": name} | config)
    ours, theirs = Tokenizer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    if kind == "deberta":
        KINDS[kind].mend(theirs, folder)
    for text in HARD:
        mine, other = ours(text, return_offsets_mapping=True), theirs(text, return_offsets_mapping=True)
        assert mine.input_ids == other.input_ids, text
        assert mine["offset_mapping"] == other["offset_mapping"], text
        assert ours.decode(mine.input_ids) == theirs.decode(mine.input_ids), text
    assert ours.notes == ()
    ours.save(tmp_path / "again")
    assert Tokenizer.from_folder(tmp_path / "again")(HARD).input_ids == ours(HARD).input_ids


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("gpt2", dict(add_prefix_space=True)),
        ("bert", dict(do_lower_case=False)),
        ("roberta", dict(trim_offsets=False)),
        ("llama", dict(add_eos_token=True)),
    ],
)
def test_what_the_generic_class_does_not_follow_is_noted(
    tmp_path: Path, kind: str, config: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    folder = saved(kind, tmp_path, {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"} | config)
    (folder / "config.json").unlink()
    tokenizer = load_tokenizer(folder)
    said = capsys.readouterr().err
    assert [next(iter(config)) in note for note in tokenizer.notes] == [True]
    assert said.count("\n") == 1
    assert tokenizer.notes[0] in said
    load_tokenizer(folder)
    assert capsys.readouterr().err == ""
    theirs = AutoTokenizer.from_pretrained(folder)
    assert tokenizer(HARD).input_ids == theirs(HARD).input_ids


def test_a_mask_that_only_the_class_calls_special(tmp_path: Path):
    """Gemma 3's tokenizer.json says that its <mask> is none; its class in the reference says that it is."""
    folder = saved("gpt2", tmp_path, {"tokenizer_class": "GemmaTokenizer"})
    document = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    number = len(document["model"]["vocab"])
    document["model"]["vocab"]["<mask>"] = number
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
    document["added_tokens"].append(dict(id=number, content="<mask>", **flags))
    (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    tokenizer = Tokenizer.from_folder(folder)
    assert tokenizer.mask_token == "<mask>"
    assert tokenizer.decode([number], skip_special_tokens=True) == ""
    (folder / "tokenizer_config.json").write_text("{}")
    assert Tokenizer.from_folder(folder).decode([number], skip_special_tokens=True) == "<mask>"
