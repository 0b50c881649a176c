"""A tokenizer.json as checkpoints come with it: what the reference saved, and what families without a class have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lazy import LazyName
from torso.text import Tokenizer, load_tokenizer, tokenizer_cache

from .test_families import HARD
from .vocabularies import KINDS, byte_level

AutoTokenizer = LazyName("transformers", "AutoTokenizer")

Document = dict[str, Any]

GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"
LEVEL = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)


def same(folder: Path, *, segments: bool = False) -> Tokenizer:
    ours, theirs = Tokenizer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    options: dict[str, Any] = dict(return_offsets_mapping=True, return_special_tokens_mask=True)
    for text in HARD:
        mine, other = ours(text, **options), theirs(text, **options)
        assert mine.input_ids == other.input_ids, text
        assert mine["offset_mapping"] == other["offset_mapping"], text
        assert mine["special_tokens_mask"] == other["special_tokens_mask"], text
        assert ours.decode(mine.input_ids) == theirs.decode(mine.input_ids), text
        assert ours.decode(mine.input_ids, True) == theirs.decode(mine.input_ids, skip_special_tokens=True), text
    assert ours(HARD, HARD[::-1]).input_ids == theirs(HARD, HARD[::-1]).input_ids
    assert ("token_type_ids" in ours("a")) is segments
    assert ours.special_tokens_map == theirs.special_tokens_map
    assert ours.all_special_tokens == theirs.all_special_tokens
    assert ours.get_vocab() == theirs.get_vocab()
    assert ours.padding_side == theirs.padding_side
    return ours


# Classes that build something else than what they saved: torso follows the file.
REBUILT = ("mbart", "deberta", "deberta-v2", "llama-legacy")


@pytest.mark.parametrize("name", [name for name in KINDS if name not in REBUILT])
def test_what_the_reference_saved(tmp_path: Path, name: str):
    KINDS[name].reference(KINDS[name].write(tmp_path / "in")).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    ours = Tokenizer.from_folder(tmp_path)
    same(tmp_path, segments="token_type_ids" in ours("a"))
    made = Tokenizer.from_folder(tmp_path / "in")
    assert ours(HARD, HARD[::-1]).input_ids == made(HARD, HARD[::-1]).input_ids
    assert ours.largest_id == made.largest_id


def added(*contents: str, first: int) -> list[Document]:
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return [dict(id=first + number, content=content, **flags) for number, content in enumerate(contents)]


def bytes_document(regex: str, *contents: str, **changes: Any) -> Document:
    vocabulary, merges = byte_level(())
    vocabulary = json.loads(vocabulary)
    split = dict(type="Split", pattern=dict(Regex=regex), behavior="Isolated", invert=False)
    model = dict(
        type="BPE",
        dropout=None,
        unk_token=None,
        continuing_subword_prefix=None,
        end_of_word_suffix=None,
        fuse_unk=False,
        byte_fallback=False,
        ignore_merges=False,
        vocab=vocabulary,
        merges=merges.split("\n")[1:-1],
    )
    document = dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=added(*contents, first=len(vocabulary)),
        normalizer=None,
        pre_tokenizer=dict(type="Sequence", pretokenizers=[split, LEVEL]),
        post_processor=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True),
        decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
        model=model | changes.pop("model", {}),
    )
    return document | changes


def around(*tokens: Document, ids: dict[str, int]) -> Document:
    text = dict(Sequence=dict(id="A", type_id=0))
    second = dict(Sequence=dict(id="B", type_id=1))
    special = {name: dict(id=name, ids=[number], tokens=[name]) for name, number in ids.items()}
    single = [*tokens, text]
    return dict(type="TemplateProcessing", single=single, pair=[*single, second], special_tokens=special)


def special(name: str) -> Document:
    return dict(SpecialToken=dict(id=name, type_id=0))


def llama_3() -> tuple[Document, Document]:
    template = around(special("<|begin_of_text|>"), ids={"<|begin_of_text|>": 500})
    level = dict(type="ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True)
    document = bytes_document(
        GPT4,
        "<|begin_of_text|>",
        "<|end_of_text|>",
        "<|eot_id|>",
        post_processor=dict(type="Sequence", processors=[level, template]),
        model=dict(ignore_merges=True),
    )
    config = dict(
        bos_token="<|begin_of_text|>", eos_token="<|eot_id|>", model_input_names=["input_ids", "attention_mask"]
    )
    return document, config | dict(tokenizer_class="PreTrainedTokenizerFast")


def bloom() -> tuple[Document, Document]:
    document = bytes_document(BLOOM, "<unk>", "<s>", "</s>", "<pad>")
    tokens = dict(unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>", padding_side="left")
    return document, tokens | dict(tokenizer_class="BloomTokenizerFast", add_prefix_space=False)


def modernbert() -> tuple[Document, Document]:
    names = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")
    text, pair = dict(Sequence=dict(id="A", type_id=0)), dict(Sequence=dict(id="B", type_id=0))
    cls, sep = special("[CLS]"), special("[SEP]")
    ids = {
        "[CLS]": dict(id="[CLS]", ids=[501], tokens=["[CLS]"]),
        "[SEP]": dict(id="[SEP]", ids=[502], tokens=["[SEP]"]),
    }
    document = bytes_document(
        GPT4,
        *names,
        normalizer=dict(type="NFC"),
        pre_tokenizer=LEVEL | dict(use_regex=True),
        post_processor=dict(
            type="TemplateProcessing", single=[cls, text, sep], pair=[cls, text, sep, pair, sep], special_tokens=ids
        ),
    )
    document["added_tokens"][4]["lstrip"] = True
    tokens = dict(zip(("unk_token", "cls_token", "sep_token", "pad_token", "mask_token"), names, strict=True))
    return document, tokens | dict(
        tokenizer_class="PreTrainedTokenizerFast", model_input_names=["input_ids", "attention_mask"]
    )


def glm_4() -> tuple[Document, Document]:
    ids = {"[gMASK]": 501, "<sop>": 502}
    document = bytes_document(
        GPT4,
        "<|endoftext|>",
        "[gMASK]",
        "<sop>",
        "<|user|>",
        post_processor=around(special("[gMASK]"), special("<sop>"), ids=ids),
    )
    tokens = dict(
        eos_token="<|endoftext|>", pad_token="<|endoftext|>", extra_special_tokens=["[gMASK]", "<sop>", "<|user|>"]
    )
    return document, tokens | dict(tokenizer_class="PreTrainedTokenizerFast", padding_side="left")


def phi_4() -> tuple[Document, Document]:
    document = bytes_document(GPT4, "<|endoftext|>", "<|im_start|>", "<|im_end|>")
    tokens = dict(bos_token="<|endoftext|>", eos_token="<|im_end|>", pad_token="<|endoftext|>")
    return document, tokens | dict(tokenizer_class="TokenizersBackend")


STYLES = {"llama-3": llama_3, "bloom": bloom, "modernbert": modernbert, "glm-4": glm_4, "phi-4": phi_4}


@pytest.mark.parametrize("name", list(STYLES))
def test_families_that_come_with_a_tokenizer_json(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    document, config = STYLES[name]()
    (tmp_path / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    (tmp_path / "config.json").write_text("{}")
    ours = same(tmp_path)
    monkeypatch.setattr(tokenizer_cache, "WORTHWHILE", 0)
    for _ in range(2):  # made, then from the cache
        load_tokenizer._backends.clear()
        assert Tokenizer.from_folder(tmp_path).encodings(HARD) == ours.encodings(HARD)
    ours.save(tmp_path / "out")
    (tmp_path / "out" / "config.json").write_text("{}")
    assert same(tmp_path / "out").encodings(HARD) == ours.encodings(HARD)


def test_a_llama_of_the_old_kind_is_followed_as_its_file_says(tmp_path: Path):
    """Where the reference builds its class anew, other spaces come out; the file is what was published."""
    folder = KINDS["llama"].write(tmp_path / "in")
    Tokenizer.from_folder(folder).save(tmp_path)
    document = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    prepend = [dict(type="Prepend", prepend="▁"), dict(type="Replace", pattern=dict(String=" "), content="▁")]
    document |= dict(normalizer=dict(type="Sequence", normalizers=prepend), pre_tokenizer=None)
    (tmp_path / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    ours = Tokenizer.from_folder(tmp_path)
    assert "".join(ours.tokenize(" hello")) == "▁▁hello"
    assert "".join(Tokenizer.from_folder(folder).tokenize(" hello")) == "▁hello"
