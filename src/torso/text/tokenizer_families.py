"""Tokenizer families, and how each is built from its vocabulary's own files.

A family is identified by ``tokenizer_class`` in tokenizer_config.json, else by config.json, else by the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import cast

from torso.io.files import inside, is_there, read_json
from torso.text.convert_byte_level import deberta, gpt, gpt2, gpt_neox, qwen2, roberta
from torso.text.convert_llama import gemma, llama
from torso.text.convert_m2m_100 import m2m_100
from torso.text.convert_sentencepiece import albert, camembert, deberta_v2, rembert, xlm_roberta
from torso.text.convert_seq2seq import marian, mbart, mbart_50, pegasus, t5
from torso.text.convert_wordpiece import bert, mpnet
from torso.text.faults import Fault
from torso.text.sentencepiece import BPE, SentencePieceModel
from torso.text.tokenizer_json import Draft
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import Settings
from torso.text.vocabulary_models import ID_LIMIT

CONFIG = "config.json"
_CONFIG_LIMIT = 16 * 2**20


class Form(Enum):
    """File format of a vocabulary, beside or instead of tokenizer.json."""

    WORDS = "vocab.txt"
    MERGES = "vocab.json and merges.txt"
    PIECES = "a SentencePiece model"
    PAIR = "source.spm, target.spm and vocab.json"
    NUMBERED = "a SentencePiece model and vocab.json"

    @property
    def renumbers(self) -> bool:
        """Whether ids are looked up in vocab.json, behind what a SentencePiece file cuts."""
        return self in (Form.PAIR, Form.NUMBERED)


@dataclass(frozen=True, slots=True)
class Family:
    """Tokenizers that are built alike.

    Attributes:
        form: the files of their vocabulary.
        convert: what makes a draft of the files' contents and the settings.
        segments: whether their models have segment ids.
        left: whether rows are filled up on the left, as models that write on need it.
    """

    form: Form
    convert: Callable[..., Draft]
    segments: bool = False
    left: bool = False


_BERT = Family(Form.WORDS, bert, segments=True)
_GPT2 = Family(Form.MERGES, gpt2)
_ROBERTA = Family(Form.MERGES, roberta)
_QWEN2 = Family(Form.MERGES, qwen2)
_NEOX = Family(Form.MERGES, gpt_neox)
_DEBERTA = Family(Form.MERGES, deberta, segments=True)
_GPT = Family(Form.MERGES, gpt)
_T5 = Family(Form.PIECES, t5)
_XLM_ROBERTA = Family(Form.PIECES, xlm_roberta)
_ALBERT = Family(Form.PIECES, albert, segments=True)
_DEBERTA_V2 = Family(Form.PIECES, deberta_v2, segments=True)
_LLAMA = Family(Form.PIECES, llama, left=True)
_GEMMA = Family(Form.PIECES, gemma, left=True)

_BY_CLASS: Mapping[str, Family] = {
    "BertTokenizer": _BERT,
    "ElectraTokenizer": _BERT,
    "MobileBertTokenizer": _BERT,
    "MPNetTokenizer": Family(Form.WORDS, mpnet),
    "GPT2Tokenizer": _GPT2,
    "RobertaTokenizer": _ROBERTA,
    "BartTokenizer": _ROBERTA,
    "LongformerTokenizer": _ROBERTA,
    "LEDTokenizer": _ROBERTA,
    "Qwen2Tokenizer": _QWEN2,
    "GPTNeoXTokenizer": _NEOX,
    "DebertaTokenizer": _DEBERTA,
    "OpenAIGPTTokenizer": _GPT,
    "T5Tokenizer": _T5,
    "MT5Tokenizer": _T5,
    "XLMRobertaTokenizer": _XLM_ROBERTA,
    "CamembertTokenizer": Family(Form.PIECES, camembert),
    "AlbertTokenizer": _ALBERT,
    "DebertaV2Tokenizer": _DEBERTA_V2,
    "RemBertTokenizer": Family(Form.PIECES, rembert, segments=True),
    "MBartTokenizer": Family(Form.PIECES, mbart),
    "MBart50Tokenizer": Family(Form.PIECES, mbart_50),
    "PegasusTokenizer": Family(Form.PIECES, pegasus),
    "LlamaTokenizer": _LLAMA,
    "CodeLlamaTokenizer": _LLAMA,
    "GemmaTokenizer": _GEMMA,
    "MarianTokenizer": Family(Form.PAIR, marian),
    "M2M100Tokenizer": Family(Form.NUMBERED, m2m_100),
}
_CLASS_OF: Mapping[str, str] = {
    "albert": "AlbertTokenizer",
    "bart": "BartTokenizer",
    "bert": "BertTokenizer",
    "camembert": "CamembertTokenizer",
    "deberta": "DebertaTokenizer",
    "deberta-v2": "DebertaV2Tokenizer",
    "distilbert": "BertTokenizer",
    "electra": "ElectraTokenizer",
    "ernie": "BertTokenizer",
    "gemma": "GemmaTokenizer",
    "gemma2": "GemmaTokenizer",
    "gemma3": "GemmaTokenizer",
    "gemma3_text": "GemmaTokenizer",
    "gpt2": "GPT2Tokenizer",
    "gpt_neo": "GPT2Tokenizer",
    "gpt_neox": "GPTNeoXTokenizer",
    "gptj": "GPT2Tokenizer",
    "gte": "XLMRobertaTokenizer",
    "jina_bert": "BertTokenizer",
    "jina_embeddings_v3": "XLMRobertaTokenizer",
    "llama": "LlamaTokenizer",
    "m2m_100": "M2M100Tokenizer",
    "marian": "MarianTokenizer",
    "mbart": "MBartTokenizer",
    "megatron-bert": "BertTokenizer",
    "mistral": "LlamaTokenizer",
    "mobilebert": "BertTokenizer",
    "mpnet": "MPNetTokenizer",
    "mt5": "T5Tokenizer",
    "nomic_bert": "BertTokenizer",
    "olmo": "GPTNeoXTokenizer",
    "openai-gpt": "OpenAIGPTTokenizer",
    "opt": "GPT2Tokenizer",
    "pegasus": "PegasusTokenizer",
    "phi": "GPT2Tokenizer",
    "phi3": "LlamaTokenizer",
    "qwen2": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
    "rembert": "RemBertTokenizer",
    "roberta": "RobertaTokenizer",
    "starcoder2": "GPT2Tokenizer",
    "t5": "T5Tokenizer",
    "umt5": "T5Tokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
    "xlm-roberta-xl": "XLMRobertaTokenizer",
}


def read_model(folder: Path) -> Table:
    """Read the config.json of ``folder``; empty if it does not exist.

    Raises:
        TorsoError: as `torso.io.files.read_json`.
    """
    if not is_there(folder / CONFIG):
        return {}
    value = read_json(inside(folder, CONFIG), limit=_CONFIG_LIMIT, code="E_CONFIG")
    return cast("Table", value) if isinstance(value, dict) else {}


def table_rows(config: Table) -> int:
    """Return the rows of a model's embedding table by its config.json; 0 if it does not state them."""
    inner = config.get("text_config")
    for table in (config, cast("Table", inner) if isinstance(inner, dict) else {}):
        rows = table.get("vocab_size")
        if isinstance(rows, int) and not isinstance(rows, bool) and 0 < rows <= ID_LIMIT:
            return rows
    return 0


def family_of(settings: Settings, config: Table) -> Family | None:
    """Return the family in tokenizer_config.json, or else in config.json; None if torso knows neither."""
    if settings.tokenizer_class in _BY_CLASS:
        return _BY_CLASS[settings.tokenizer_class]
    name = str(config.get("tokenizer_class") or "").removesuffix("Fast")
    if name not in _BY_CLASS:
        name = _CLASS_OF.get(str(config.get("model_type")), "")
    return _BY_CLASS.get(name)


def family_of_words() -> Family:
    """Return the family of a vocab.txt."""
    return _BERT


def family_of_merges(vocabulary: Mapping[str, int]) -> Family:
    """Return the family of a vocab.json, by its special tokens."""
    if "<s>" in vocabulary and "</s>" in vocabulary and "<mask>" in vocabulary:
        return _ROBERTA
    if "[CLS]" in vocabulary and "[MASK]" in vocabulary:
        return _DEBERTA
    return _GPT if "the</w>" in vocabulary else _GPT2


def family_of_pieces(model: SentencePieceModel, name: str) -> Family:
    """Return the family of a SentencePiece file, by its first pieces, and by its name if several begin alike.

    Raises:
        Fault: they match no family.
    """
    first = [piece.text for piece in model.pieces[:4]]
    if model.algorithm == BPE:
        return _GEMMA if first[:3] == ["<pad>", "<eos>", "<bos>"] else _LLAMA
    if first[:3] == ["<pad>", "</s>", "<unk>"]:
        return _T5
    if "[CLS]" in first and "[UNK]" in first:
        return _DEBERTA_V2
    if first[:3] == ["<pad>", "<unk>", "[CLS]"]:
        return _ALBERT
    if name == "sentencepiece.bpe.model":
        return _XLM_ROBERTA
    raise Fault("neither its first pieces {first} nor the files beside it say what family it is of", first=first)
