"""The Hub's class names of every family, made from the registry when they are first used. Loads no torch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from torso.architecture import architectures
from torso.compat.absent_names import missing_name
from torso.compat.auto import AutoTokenizer
from torso.errors import NotAvailableError


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
    offered: list[str] = import_module("torso").__all__
    return missing_name(name, [*offered, *(each.class_name(task) for each in architectures() for task in each.tasks)])
