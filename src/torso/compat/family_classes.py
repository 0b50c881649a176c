"""The Hub's class names of every family, made from the registry when they are first used. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torso.architecture import Task, architectures
from torso.compat import auto
from torso.compat.auto_model import AutoModelFor
from torso.errors import NotAvailableError

_CURES: Mapping[str, str] = {
    "AdamW": "Use torch.optim.AdamW.",
    "AutoModelWithLMHead": "Use AutoModelForCausalLM, AutoModelForMaskedLM or AutoModelForSeq2SeqLM.",
    "BitsAndBytesConfig": "For weights in fewer bits: torso.optimise(model, ...) after loading.",
    "SentenceTransformer": "Use torso.embed(texts, model=...).",
}


def family_class(name: str) -> type[Any] | None:
    """The class of a name such as ``RobertaModel`` or ``BertTokenizerFast``; None where no family has it.

    A model's class loads as the Auto class of its task does, and refuses the models of other families.
    """
    if (stem := name.removesuffix("Fast")).endswith("Tokenizer"):
        families = {each.family for each in architectures()}
        return type(name, (auto.AutoTokenizer,), {"__doc__": "`AutoTokenizer`."}) if stem[:-9] in families else None
    by_task: dict[Task[Any], type[AutoModelFor[Any]]] = {}
    for each in vars(auto).values():
        if isinstance(each, type) and issubclass(each, AutoModelFor) and each is not AutoModelFor:
            kind: type[AutoModelFor[Any]] = each  # pyright: ignore[reportUnknownVariableType]
            if kind.family is None:
                by_task[kind.task] = kind
    for architecture in architectures():
        for task in architecture.tasks:
            if architecture.class_name(task) == name and task in by_task:
                own = {
                    "family": architecture.family,
                    "__doc__": f"`{by_task[task].__name__}` of {architecture.family}.",
                }
                return type(name, (by_task[task],), own)
    return None


def missing(name: str) -> NotAvailableError:
    """The error of a name that torso does not have, with what to use in its place where that is known."""
    if name in _CURES:
        return NotAvailableError(
            "E_NAME", "torso has no {name}.", cure="In its place: {cure}", values=dict(name=name, cure=_CURES[name])
        )
    return NotAvailableError(
        "E_NAME", "torso has no {name}.", cure="dir(torso) lists what it has.", values=dict(name=name)
    )
