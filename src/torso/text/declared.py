"""Which class of transformers reads a tokenizer.json, and what that class adds to what the files say.

The class decides which special tokens a tokenizer has where no file names them, and which switches of
tokenizer_config.json count. It is chosen as transformers chooses it: by ``tokenizer_class`` in tokenizer_config.json,
else in config.json, else by ``model_type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torso.text import usual
from torso.text.following import FOLLOWED, Switches, has_bytes
from torso.text.guard import Table
from torso.text.settings import AddedToken, Settings

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
    "gpt_neox": "GPTNeoXTokenizer",
    "gte": "XLMRobertaTokenizer",
    "mbart": "MBartTokenizer",
    "megatron-bert": "BertTokenizer",
    "mistral": _GENERIC,
    "modernbert": _GENERIC,
    "mpnet": "MPNetTokenizer",
    "mt5": "T5Tokenizer",
    "nomic_bert": "BertTokenizer",
    "openai-gpt": "OpenAIGPTTokenizer",
    "opt": "GPT2Tokenizer",
    "pegasus": "PegasusTokenizer",
    "phi": "GPT2Tokenizer",
    "phi3": _GENERIC,
    "qwen2": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
    "roberta": "RobertaTokenizer",
    "t5": "T5Tokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
}
# Those whose files on the Hub often name another class, which is therefore passed over.
_MISNAMED = frozenset(["qwen2"])
_SAME: Mapping[str, str] = {
    "BartTokenizer": "RobertaTokenizer",
    "ElectraTokenizer": "BertTokenizer",
    "LEDTokenizer": "RobertaTokenizer",
    "LongformerTokenizer": "RobertaTokenizer",
    "MT5Tokenizer": "T5Tokenizer",
}
_TOKENS: Mapping[str, Mapping[str, AddedToken]] = {
    "AlbertTokenizer": usual.ALBERT,
    "BertTokenizer": usual.BERT,
    "CamembertTokenizer": usual.FAIRSEQ,
    "CodeLlamaTokenizer": usual.LLAMA,
    "DebertaTokenizer": usual.DEBERTA,
    "DebertaV2Tokenizer": usual.DEBERTA_V2,
    "DistilBertTokenizer": usual.BERT,
    "GPT2Tokenizer": usual.GPT2,
    "GPTNeoXTokenizer": usual.GPT_NEOX,
    "GemmaTokenizer": usual.GEMMA,
    "LlamaTokenizer": usual.LLAMA,
    "MBart50Tokenizer": usual.MBART_50,
    "MBartTokenizer": usual.FAIRSEQ,
    "MPNetTokenizer": usual.MPNET,
    "OpenAIGPTTokenizer": usual.GPT,
    "PegasusTokenizer": usual.PEGASUS,
    "Qwen2Tokenizer": usual.QWEN2,
    "RobertaTokenizer": usual.FAIRSEQ,
    "T5Tokenizer": usual.T5,
    "XLMRobertaTokenizer": usual.FAIRSEQ,
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A class of transformers, and what it adds to the files.

    Attributes:
        name: the class; empty for the one that takes a tokenizer.json as it is.
    """

    name: str = _GENERIC

    @property
    def usual(self) -> Mapping[str, AddedToken]:
        """Its special tokens, by name, where the files do not name them."""
        return _TOKENS.get(self.name, {})

    @property
    def switches(self) -> Switches:
        """What of tokenizer_config.json it follows, whatever the tokenizer.json says."""
        return FOLLOWED.get(self.name, {})

    def of(self, document: Table) -> Declared:
        """Give this class for ``document``: not Llama's where the file cuts text as bytes and not as pieces."""
        is_of_bytes = self.name == "LlamaTokenizer" and has_bytes(document)
        return Declared() if is_of_bytes else self


def declared(settings: Settings, config: Table) -> Declared:
    """The class that the files declare.

    Args:
        settings: the files beside the vocabulary.
        config: config.json; empty where there is none.
    """
    said = settings.tokenizer_class or str(config.get("tokenizer_class") or "").removesuffix("Fast")
    model_type = str(config.get("model_type"))
    own = _CLASS_OF.get(model_type)
    name = said
    if own is not None and (not said or own == _GENERIC or model_type in _MISNAMED):
        name = own
    name = _SAME.get(name, name)
    return Declared(name if name in _TOKENS else _GENERIC)
