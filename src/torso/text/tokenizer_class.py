"""Tokenizer classes of transformers: which one reads a tokenizer.json, and what it adds to the files' settings.

The class decides which special tokens a tokenizer has where no file names them, and which switches of
tokenizer_config.json count. It is chosen as transformers chooses it: by ``tokenizer_class`` in tokenizer_config.json,
else in config.json, else by ``model_type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torso.text import special_tokens
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.tokenizer_switches import FOLLOWED, Switches, has_bytes

_GENERIC = ""  # the class that takes a tokenizer.json as it is
# The class of each model_type that transformers has one for.
_CLASS_OF: Mapping[str, str] = {
    "albert": "AlbertTokenizer",
    "bart": "RobertaTokenizer",
    "bert": "BertTokenizer",
    "camembert": "CamembertTokenizer",
    "deberta": "DebertaTokenizer",
    "deberta-v2": "DebertaV2Tokenizer",
    "distilbert": "BertTokenizer",
    "electra": "BertTokenizer",
    "ernie": "BertTokenizer",
    "gemma": "GemmaTokenizer",
    "gemma2": "GemmaTokenizer",
    "gemma3": "GemmaTokenizer",
    "gemma3_text": "GemmaTokenizer",
    "glm": _GENERIC,
    "glm4": _GENERIC,
    "gpt2": "GPT2Tokenizer",
    "gpt_neo": "GPT2Tokenizer",
    "gpt_neox": "GPTNeoXTokenizer",
    "gptj": "GPT2Tokenizer",
    "granite": _GENERIC,
    "gte": "XLMRobertaTokenizer",
    "jina_bert": "BertTokenizer",
    "jina_embeddings_v3": "XLMRobertaTokenizer",
    "mbart": "MBartTokenizer",
    "megatron-bert": "BertTokenizer",
    "ministral3": _GENERIC,
    "mistral": _GENERIC,
    "mixtral": _GENERIC,
    "mobilebert": "BertTokenizer",
    "modernbert": _GENERIC,
    "mpnet": "MPNetTokenizer",
    "mt5": "T5Tokenizer",
    "nomic_bert": "BertTokenizer",
    "olmo": "GPTNeoXTokenizer",
    "olmo2": _GENERIC,
    "olmo3": _GENERIC,
    "openai-gpt": "OpenAIGPTTokenizer",
    "opt": "GPT2Tokenizer",
    "pegasus": "PegasusTokenizer",
    "phi": "GPT2Tokenizer",
    "phi3": _GENERIC,
    "qwen2": "Qwen2Tokenizer",
    "qwen2_moe": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
    "qwen3_moe": "Qwen2Tokenizer",
    "rembert": "RemBertTokenizer",
    "roberta": "RobertaTokenizer",
    "starcoder2": "GPT2Tokenizer",
    "t5": "T5Tokenizer",
    "umt5": _GENERIC,
    "xlm-roberta": "XLMRobertaTokenizer",
    "xlm-roberta-xl": _GENERIC,
}
# Those whose files on the Hub often name another class, which is therefore passed over.
_MISNAMED = frozenset(["qwen2"])
_SAME: Mapping[str, str] = {
    "BartTokenizer": "RobertaTokenizer",
    "ElectraTokenizer": "BertTokenizer",
    "LEDTokenizer": "RobertaTokenizer",
    "LongformerTokenizer": "RobertaTokenizer",
    "MT5Tokenizer": "T5Tokenizer",
    "MobileBertTokenizer": "BertTokenizer",
}
_TOKENS: Mapping[str, Mapping[str, AddedToken]] = {
    "AlbertTokenizer": special_tokens.ALBERT,
    "BertTokenizer": special_tokens.BERT,
    "CamembertTokenizer": special_tokens.FAIRSEQ,
    "CodeLlamaTokenizer": special_tokens.LLAMA,
    "DebertaTokenizer": special_tokens.DEBERTA,
    "DebertaV2Tokenizer": special_tokens.DEBERTA_V2,
    "DistilBertTokenizer": special_tokens.BERT,
    "GPT2Tokenizer": special_tokens.GPT2,
    "GPTNeoXTokenizer": special_tokens.GPT_NEOX,
    "GemmaTokenizer": special_tokens.GEMMA,
    "LlamaTokenizer": special_tokens.LLAMA,
    "MBart50Tokenizer": special_tokens.MBART_50,
    "MBartTokenizer": special_tokens.FAIRSEQ,
    "MPNetTokenizer": special_tokens.MPNET,
    "OpenAIGPTTokenizer": special_tokens.GPT,
    "PegasusTokenizer": special_tokens.PEGASUS,
    "Qwen2Tokenizer": special_tokens.QWEN2,
    "RemBertTokenizer": special_tokens.ALBERT,
    "RobertaTokenizer": special_tokens.FAIRSEQ,
    "T5Tokenizer": special_tokens.T5,
    "XLMRobertaTokenizer": special_tokens.FAIRSEQ,
}


@dataclass(frozen=True, slots=True)
class Declared:
    """Class of transformers, and what it adds to the files.

    Attributes:
        name: the class; empty for the one that takes a tokenizer.json as it is.
    """

    name: str = _GENERIC

    @property
    def usual(self) -> Mapping[str, AddedToken]:
        """Default special tokens of the class, by name."""
        return _TOKENS.get(self.name, {})

    @property
    def switches(self) -> Switches:
        """Settings of tokenizer_config.json that it applies over the tokenizer.json."""
        return FOLLOWED.get(self.name, {})

    def of(self, document: Table) -> Declared:
        """Return this class for ``document``: not Llama's if the file splits text to bytes and not to pieces."""
        is_of_bytes = self.name == "LlamaTokenizer" and has_bytes(document)
        return Declared() if is_of_bytes else self


def declared(settings: Settings, config: Table) -> Declared:
    """Return the class that the files declare.

    Args:
        settings: the files beside the vocabulary.
        config: config.json; empty without one.
    """
    said = settings.tokenizer_class or str(config.get("tokenizer_class") or "").removesuffix("Fast")
    model_type = str(config.get("model_type"))
    own = _CLASS_OF.get(model_type)
    name = said
    if own is not None and (not said or own == _GENERIC or model_type in _MISNAMED):
        name = own
    name = _SAME.get(name, name)
    return Declared(name if name in _TOKENS else _GENERIC)
