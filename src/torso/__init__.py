"""torso: pretrained transformer models, got, inspected, loaded and run.

Names load when they are first used: ``import torso`` loads neither torch nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torso.architecture import Task
    from torso.batch import Batch, Layout, pack, unpack
    from torso.compat.auto import (
        AutoConfig,
        AutoModel,
        AutoModelForCausalLM,
        AutoModelForMaskedLM,
        AutoModelForMultipleChoice,
        AutoModelForNextSentencePrediction,
        AutoModelForQuestionAnswering,
        AutoModelForSeq2SeqLM,
        AutoModelForSequenceClassification,
        AutoModelForTokenClassification,
        AutoTokenizer,
        BertForMaskedLM,
        BertForMultipleChoice,
        BertForNextSentencePrediction,
        BertForQuestionAnswering,
        BertForSequenceClassification,
        BertForTokenClassification,
        BertModel,
    )
    from torso.engines.optimise import optimise
    from torso.errors import TorsoError
    from torso.generation.generation_settings import GenerationSettings
    from torso.loading.load import load, load_tokenizer
    from torso.model import Model, new_model
    from torso.models.bert import BertConfig
    from torso.tasks import (
        answer,
        chat,
        chat_stream,
        choose,
        classify,
        embed,
        encode,
        fill,
        generate,
        rerank,
        search,
        similar,
        stream,
        summarise,
        tag,
        translate,
        zero_shot,
    )
    from torso.text import Encoding, Tokenizer

__version__ = "0.1.0"

__all__ = [
    "AutoConfig",
    "AutoModel",
    "AutoModelForCausalLM",
    "AutoModelForMaskedLM",
    "AutoModelForMultipleChoice",
    "AutoModelForNextSentencePrediction",
    "AutoModelForQuestionAnswering",
    "AutoModelForSeq2SeqLM",
    "AutoModelForSequenceClassification",
    "AutoModelForTokenClassification",
    "AutoTokenizer",
    "Batch",
    "BertConfig",
    "BertForMaskedLM",
    "BertForMultipleChoice",
    "BertForNextSentencePrediction",
    "BertForQuestionAnswering",
    "BertForSequenceClassification",
    "BertForTokenClassification",
    "BertModel",
    "Encoding",
    "GenerationSettings",
    "Layout",
    "Model",
    "Task",
    "Tokenizer",
    "TorsoError",
    "answer",
    "chat",
    "chat_stream",
    "choose",
    "classify",
    "embed",
    "encode",
    "fill",
    "generate",
    "load",
    "load_tokenizer",
    "new_model",
    "optimise",
    "pack",
    "rerank",
    "search",
    "similar",
    "stream",
    "summarise",
    "tag",
    "translate",
    "unpack",
    "zero_shot",
]

_HOME = {
    "BertConfig": "torso.models.bert",
    "optimise": "torso.engines.optimise",
    "Task": "torso.architecture",
    "TorsoError": "torso.errors",
    "GenerationSettings": "torso.generation.generation_settings",
    **dict.fromkeys(("Batch", "Layout", "pack", "unpack"), "torso.batch"),
    **dict.fromkeys(("Encoding", "Tokenizer"), "torso.text"),
    **dict.fromkeys(("Model", "new_model"), "torso.model"),
    **dict.fromkeys(("load", "load_tokenizer"), "torso.loading.load"),
    **dict.fromkeys(("answer", "choose", "classify", "embed", "encode", "fill"), "torso.tasks"),
    **dict.fromkeys(("chat", "chat_stream", "generate", "stream", "summarise", "translate"), "torso.tasks"),
    **dict.fromkeys(("rerank", "search", "similar", "tag", "zero_shot"), "torso.tasks"),
}


def __getattr__(name: str) -> object:
    # The imports above, not this table, are what a type checker sees; tests hold the two equal.
    if name == "kernels":
        return import_module("torso.kernels")  # of which messages name `torso.kernels.about`
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME.get(name, "torso.compat.auto")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
