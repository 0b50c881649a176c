"""Small vocabularies of every family, trained on the texts of `corpus`, as folders that both libraries read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from lazy import LazyModule

from .corpus import TEXTS, small_vocabulary, write_vocabulary

transformers = LazyModule("transformers")

SENTENCES = [text for text in TEXTS if text.strip() and "\0" not in text and len(text) < 200]
MASK = AddedToken("<mask>", lstrip=True, special=True)


@cache
def pieces(algorithm: str = "unigram", **options: Any) -> bytes:
    """A SentencePiece file of about 400 pieces."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 8),
        model_writer=model,
        model_type=algorithm,
        vocab_size=options.pop("vocab_size", 700 if options.get("byte_fallback") else 430),
        hard_vocab_limit=False,
        character_coverage=0.98,
        minloglevel=2,
        num_threads=1,
        **options,
    )
    return model.getvalue()


@cache
def byte_level(added: tuple[str, ...]) -> tuple[str, str]:
    """vocab.json and merges.txt of 500 entries of byte-level BPE, with ``added`` after them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES * 2, trainer)
    return _files(tokenizer, added)


@cache
def whole_words() -> tuple[str, str]:
    """vocab.json and merges.txt of the first GPT's kind, with ``</w>`` at the ends of words."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=300, show_progress=False
    )
    tokenizer.train_from_iterator([*SENTENCES, "the the"] * 2, trainer)
    return _files(tokenizer, ())


def _files(tokenizer: Tokenizer, added: tuple[str, ...]) -> tuple[str, str]:
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = model["vocab"]
    for token in added:
        vocabulary.setdefault(token, len(vocabulary))
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    return json.dumps(vocabulary, ensure_ascii=False), f"#version: 0.2\n{merges}\n"


@dataclass(frozen=True)
class Kind:
    """A family as a test makes it.

    Attributes:
        name: the class of transformers.
        files: the vocabulary's files: their names and contents.
        config: tokenizer_config.json, the class apart.
        read: what the reference is given beside the folder.
        mend: what has to be set right in the reference, where transformers 5 builds something else than the
            published tokenizer.json of the family holds; each says why.
    """

    name: str
    files: Callable[[], Mapping[str, bytes | str]]
    config: Mapping[str, Any] = field(default_factory=dict)
    read: Mapping[str, Any] = field(default_factory=dict)
    mend: Callable[[Any, Path], None] | None = None

    def write(self, folder: Path, **config: Any) -> Path:
        """A folder with its files."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files().items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        settings = {"tokenizer_class": self.name} | dict(self.config) | config
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
        return folder

    def reference(self, folder: Path) -> Any:
        """The tokenizer that transformers makes of the folder."""
        theirs = getattr(transformers, self.name).from_pretrained(folder, **self.read)
        if self.mend is not None:
            self.mend(theirs, folder)
        return theirs


def bytes_with(*added: str) -> Callable[[], Mapping[str, str]]:
    return lambda: dict(zip(("vocab.json", "merges.txt"), byte_level(added), strict=True))


def piece_file(name: str, algorithm: str = "unigram", **options: Any) -> Callable[[], Mapping[str, bytes]]:
    return lambda: {name: pieces(algorithm, **options)}


def words_of_mpnet() -> Mapping[str, str]:
    lines = [*small_vocabulary(lowercase=True)[6:], "[UNK]"]
    return {"vocab.txt": "\n".join(["<s>", "<pad>", "</s>", "<unk>", *lines, "<mask>"]) + "\n"}


def with_character_map(theirs: Any, folder: Path) -> None:
    """Class and converter disagree: the class leaves out the character map that the model was trained with."""
    model = sentencepiece.sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(next(folder.glob("*.model")).read_bytes())
    character_map = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    before = theirs.backend_tokenizer.normalizer
    whole = [character_map] if before is None else [character_map, *before]
    theirs.backend_tokenizer.normalizer = normalizers.Sequence(whole)


def with_one_separator(theirs: Any, folder: Path) -> None:
    """Class and converter disagree: the class puts two separators between texts, as RoBERTa does, and no segments."""
    theirs.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, theirs.convert_tokens_to_ids(name)) for name in ("[CLS]", "[SEP]")],
    )


def with_a_space_before_every_text(theirs: Any, folder: Path) -> None:
    """Class and converter disagree: the class puts no space before a text that begins with one."""
    theirs.backend_tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    theirs.backend_tokenizer.pre_tokenizer = None


FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
BRACKETS = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]")
LLAMA = dict(byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True)
GEMMA = LLAMA | dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>")
GEMMA |= dict(add_dummy_prefix=False, user_defined_symbols="<mask>,<start_of_turn>,\n,\n\n,\t")
KINDS: Mapping[str, Kind] = {
    "gpt2": Kind("GPT2Tokenizer", bytes_with("<|endoftext|>")),
    "gpt2-prefix": Kind("GPT2Tokenizer", bytes_with("<|endoftext|>"), dict(add_prefix_space=True)),
    "opt": Kind(
        "GPT2Tokenizer",
        bytes_with("<pad>", "</s>"),
        dict(unk_token="</s>", bos_token="</s>", eos_token="</s>", pad_token="<pad>", add_bos_token=True),
    ),
    # the class leaves the mask's flag out, which every published file of these families has
    "roberta": Kind("RobertaTokenizer", bytes_with(*FAIRSEQ), read=dict(mask_token=MASK)),
    "roberta-prefix": Kind(
        "RobertaTokenizer",
        bytes_with(*FAIRSEQ),
        dict(add_prefix_space=True, trim_offsets=False),
        read=dict(mask_token=MASK),
    ),
    "bart": Kind("BartTokenizer", bytes_with(*FAIRSEQ), read=dict(mask_token=MASK)),
    "deberta": Kind(
        "DebertaTokenizer",
        bytes_with("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"),
        read=dict(mask_token=AddedToken("[MASK]", lstrip=True, special=True)),
        mend=with_one_separator,
    ),
    "qwen2": Kind(
        "Qwen2Tokenizer",
        bytes_with(),
        dict(
            bos_token=None,
            unk_token=None,
            pad_token="<|endoftext|>",
            added_tokens_decoder={
                "500": dict(content="<|endoftext|>", special=True),
                "501": dict(content="<|im_start|>", special=True),
                "502": dict(content="<think>", special=False),
            },
        ),
    ),
    "gpt-neox": Kind("GPTNeoXTokenizer", bytes_with("<|endoftext|>", "<|padding|>")),
    "gpt": Kind("OpenAIGPTTokenizer", lambda: dict(zip(("vocab.json", "merges.txt"), whole_words(), strict=True))),
    "mpnet": Kind("MPNetTokenizer", words_of_mpnet),
    "t5": Kind("T5Tokenizer", piece_file("spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)),
    "mt5": Kind("T5Tokenizer", piece_file("spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1), dict(extra_ids=0)),
    "xlm-roberta": Kind("XLMRobertaTokenizer", piece_file("sentencepiece.bpe.model"), read=dict(mask_token=MASK)),
    "camembert": Kind("CamembertTokenizer", piece_file("sentencepiece.bpe.model")),
    "albert": Kind(
        "AlbertTokenizer",
        piece_file(
            "spiece.model",
            pad_id=0,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            control_symbols="[CLS],[SEP],[MASK]",
            split_by_number=True,
        ),
    ),
    "deberta-v2": Kind(
        "DebertaV2Tokenizer", piece_file("spm.model", unk_piece="[UNK]", **BRACKETS), mend=with_character_map
    ),
    "deberta-v2-plain": Kind(
        "DebertaV2Tokenizer",
        piece_file("spm.model", unk_piece="[UNK]", normalization_rule_name="identity", **BRACKETS),
        dict(do_lower_case=True, split_by_punct=True),
    ),
    "mbart": Kind("MBartTokenizer", piece_file("sentencepiece.bpe.model"), mend=with_character_map),
    "mbart-50": Kind("MBart50Tokenizer", piece_file("sentencepiece.bpe.model")),
    "pegasus": Kind("PegasusTokenizer", piece_file("spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)),
    "llama": Kind(
        "LlamaTokenizer", piece_file("tokenizer.model", "bpe", **LLAMA), dict(add_bos_token=True, legacy=False)
    ),
    "llama-legacy": Kind(
        "LlamaTokenizer",
        piece_file("tokenizer.model", "bpe", **LLAMA),
        dict(add_bos_token=True, legacy=True),
        mend=with_a_space_before_every_text,
    ),
    "llama-no-prefix": Kind(
        "LlamaTokenizer",
        piece_file("tokenizer.model", "bpe", **LLAMA),
        dict(add_bos_token=False, add_eos_token=True, add_prefix_space=False),
    ),
}


def folder_of(name: str, folder: Path) -> Path:
    """The folder of the family ``name``; BERT's too."""
    if name == "bert":
        return write_vocabulary(folder, small_vocabulary(lowercase=True), tokenizer_class="BertTokenizer")
    return KINDS[name].write(folder)
