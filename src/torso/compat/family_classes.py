"""The Hub's class names of every family, made from the registry when they are first used. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from torso.architecture import architectures
from torso.compat.auto import AutoTokenizer
from torso.errors import NotAvailableError
from torso.io.arguments import is_no_text, nearest

_CURES: Mapping[str, str] = {
    "AdamW": "Use torch.optim.AdamW.",
    "AutoModelWithLMHead": "Use AutoModelForCausalLM, AutoModelForMaskedLM or AutoModelForSeq2SeqLM.",
    "AutoFeatureExtractor": "torso reads texts alone, not sounds or pictures.",
    "AutoImageProcessor": "torso reads texts alone, not sounds or pictures.",
    "AutoProcessor": "torso reads texts alone: use AutoTokenizer.",
    "AutoModelForPreTraining": "Use AutoModelForMaskedLM or AutoModelForCausalLM.",
    "AutoModelForTextEncoding": "Use AutoModel.",
    "BatchEncoding": "Use what the tokenizer gives: a mapping of names to ids.",
    "CrossEncoder": "Use torso.rerank(query, texts, model=...).",
    "DataCollatorForWholeWordMask": "Use torso.train(..., task='masked-lm'), which masks whole words.",
    "GPTQConfig": "For weights in fewer bits: torso.optimise(model, ...) after loading.",
    "LogitsProcessor": "Pass any callable: logits_processor=[lambda ids, scores: scores].",
    "LogitsProcessorList": "Pass a list of callables: logits_processor=[...].",
    "PreTrainedTokenizer": "Use AutoTokenizer.from_pretrained(folder).",
    "PreTrainedTokenizerBase": "Use Tokenizer for annotations, AutoTokenizer to load one.",
    "PreTrainedTokenizerFast": "Use AutoTokenizer.from_pretrained(folder).",
    "StoppingCriteria": "Pass any callable: stopping_criteria=[lambda ids, scores: ...].",
    "StoppingCriteriaList": "Pass a list of callables: stopping_criteria=[...].",
    "logging": "Nothing is logged: what is to be said is an error or one line on stderr.",
    "set_seed": "Use torch.manual_seed(seed), or the seed of a function.",
    "BitsAndBytesConfig": "For weights in fewer bits: torso.optimise(model, ...) after loading.",
    "SentenceTransformer": "Use torso.embed(texts, model=...).",
}


def family_class(name: str) -> type[Any] | None:
    """Return the class of a name such as ``RobertaModel`` or ``BertTokenizerFast``; None where no family has it.

    A model's class loads as the Auto class of its task does, and refuses the models of other families.
    """
    families = {each.family for each in architectures()}
    if (stem := name.removesuffix("Fast")).endswith("Tokenizer"):
        own = {"__doc__": "`AutoTokenizer`.", "__module__": "torso"}
        return type(name, (AutoTokenizer,), own) if stem.removesuffix("Tokenizer") in families else None
    if (family := name.removesuffix("PreTrainedModel")) != name and family in families:
        return import_module("torso.compat.pretrained_model").pretrained_class(family)
    if name.endswith("Config"):
        return next((each.config for each in architectures() if each.config.__name__ == name), None)
    for architecture in architectures():
        for task in architecture.tasks:
            if architecture.class_name(task) == name:
                return import_module("torso.compat.padded_model").class_of(architecture, task)
    return None


def missing(name: str) -> NotAvailableError:
    """Return the error for a name that torso does not have, with its replacement where one is known."""
    if name in _CURES:
        return NotAvailableError("E_NAME", "torso has no {name}.", cure=_CURES[name], values=dict(name=name))
    if is_no_text(name):
        return NotAvailableError(
            "E_NAME",
            "torso has no {name}: its models read text, not images, video or sound.",
            cure="Use transformers for that model.",
            values=dict(name=name),
        )
    offered: list[str] = import_module("torso").__all__
    near = nearest(name, [*offered, *(each.class_name(task) for each in architectures() for task in each.tasks)])
    if near is not None:
        return NotAvailableError(
            "E_NAME", "torso has no {name}.", cure="Did you mean {nearest}?", values=dict(name=name, nearest=near)
        )
    return NotAvailableError(
        "E_NAME", "torso has no {name}.", cure="dir(torso) lists what it has.", values=dict(name=name)
    )
