"""Which modules of a model an adapter means: matched as PEFT matches them. Loads no torch."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from torso import blocks
from torso.adapters.adapter_names import (
    Described,
    HubModule,
    ModelNames,
    ends_in,
    excluded_by_saved,
    hub_modules,
    is_tied,
    output_matrix,
    within_saved,
)
from torso.adapters.lora_settings import Lora
from torso.architecture import Task
from torso.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from torso.model import Model

TASK_TYPES: dict[Task[Any], str] = {
    Task.FEATURES: "FEATURE_EXTRACTION",
    Task.SEQUENCE_CLASSIFICATION: "SEQ_CLS",
    Task.TOKEN_CLASSIFICATION: "TOKEN_CLS",
    Task.QUESTION_ANSWERING: "QUESTION_ANS",
    Task.CAUSAL_LM: "CAUSAL_LM",
    Task.SEQ2SEQ_LM: "SEQ_2_SEQ_LM",
}
"""PEFT's names of the tasks that it has."""
_MORE = {"mobilebert": ("query", "value"), "phi": ("fc1", "fc2")}
"""What is adapted in a family beside what is fused of queries and values; as in PEFT, where it knows the family."""
_CLASSIFIER = ("classifier", "score")
_SAVED = {"SEQ_CLS": _CLASSIFIER, "TOKEN_CLS": _CLASSIFIER, "QUESTION_ANS": ("qa_outputs",)}


def saved_modules(model: Model[Any], lora: Lora, names: ModelNames, task_type: str | None) -> tuple[str, ...]:
    """Return the names of modules that learn whole: those asked for, PEFT's of the task, and new parts of a head."""
    new = () if model.report is None else model.report.new
    made = [key.rpartition(".")[0] for name in new for key in names.keys(name)]
    usual = _SAVED.get(task_type or "", ())
    known = [*lora.modules_to_save, *usual]
    made = [each for each in made if not any(each.endswith(name) or name in each.split(".") for name in known)]
    return tuple(dict.fromkeys((*known, *made)))


def default_targets(model: Described, names: ModelNames) -> list[str]:
    """Return the last parts of the names of a family's query and value projections, or of the ones they are fused in.

    They are PEFT's defaults wherever it has some.
    """
    found: dict[str, None] = {}
    for module in hub_modules(model, names).values():
        place, _, own = module.place.rpartition(".")
        several, part = len(module.rows) > 1, module.part
        if own.isdecimal():  # a projection of its own, beside those that it might be fused with
            several, part, own = True, int(own), place.rpartition(".")[2]
        if (
            (own == "qkv" and (not several or part in (0, 2)))
            or (own == "kv" and (not several or part == 1))
            or (own == "q" and module.place.endswith("cross.q"))
        ):
            found[module.name.rpartition(".")[2]] = None
    return [*found, *_MORE.get(model.config.model_type, ())]


def chosen_modules(model: Model[Any], lora: Lora, names: ModelNames, saved: Collection[str]) -> dict[str, HubModule]:
    """Return the modules that an adapter of these settings adapts, by name, in the model's order.

    Raises:
        InputError: ``E_LORA``, for targets that no module has, with near ones; for layers that do not exist.
        UnsupportedError: ``E_TIED``, for a matrix that is tied to another; ``E_LORA``, for a module that is no linear
            layer and no table of tokens.
    """
    linear = hub_modules(model, names)
    tables = hub_modules(model, names, blocks.Embedding)
    last = output_matrix(model, names)
    if lora.every_linear:
        leave = {last} if last is not None else {"score", "classifier"} if model.task is Task.SEQUENCE else set[str]()
        there = {name: module for name, module in linear.items() if name not in leave}
        wanted: str | Sequence[str] | None = None
    else:
        there = {**linear, **tables}
        wanted = lora.targets if lora.targets is not None else default_targets(model, names)
    found = {
        name: module
        for name, module in there.items()
        if (wanted is None or _matches(name, wanted))
        and not (lora.exclude and _matches(name, lora.exclude))
        and not excluded_by_saved(name, saved)
        and not within_saved(name, saved)  # PEFT refuses an adapter in what is saved whole
        and (isinstance(lora.targets, str) or _in_layers(name, lora))
    }
    _refuse_unmatched(model, names, lora, wanted, found, saved)
    for name, module in found.items():
        if name in tables and not module.place.endswith("embed.tokens"):
            raise UnsupportedError(
                "E_LORA",
                "{name} is a table of positions or segments; torso adapts linear layers and the table of tokens.",
                cure="Leave it out of targets, or let it learn whole: modules_to_save=[{name!r}].",
                values=dict(name=name),
            )
        if name in tables and is_tied(model):
            raise tied(name)
    return found


def tied(name: str) -> UnsupportedError:
    """Build the error for an adapter on one side of a tie: merged, it would change the other side too."""
    return UnsupportedError(
        "E_TIED",
        "{name} is the output matrix and the table of tokens at once; an adapter would change one side of the tie.",
        cure="Leave it out; for new tokens: trainable_token_indices=[...], which both sides follow.",
        values=dict(name=name),
    )


def no_bias_to_merge_into(name: str) -> UnsupportedError:
    """Build the error for an update with a bias of a layer that has none: only beside the layer can it be computed."""
    return UnsupportedError(
        "E_LORA",
        "The update of {name} has a bias, and the layer has none to merge it into.",
        cure="Use the adapter unmerged.",
        values=dict(name=name),
    )


def _matches(name: str, wanted: str | Sequence[str]) -> bool:
    if isinstance(wanted, str):
        return re.fullmatch(wanted, name) is not None
    return any(ends_in(name, each) for each in wanted)


def _in_layers(name: str, lora: Lora) -> bool:
    if lora.layers is None or (not isinstance(lora.layers, int) and not lora.layers):
        return True
    layers = (lora.layers,) if isinstance(lora.layers, int) else tuple(lora.layers)
    pattern = lora.layers_pattern
    lists = (pattern,) if isinstance(pattern, str) and pattern else tuple(pattern)
    places = [rf"(?:^|.*?\.){each}\.(\d+)\." for each in lists] or [r".*?\.[^.]*\.(\d+)\."]
    found = next((match for each in places if (match := re.match(each, name))), None)
    return found is not None and int(found[1]) in layers


def _refuse_unmatched(
    model: Model[Any],
    names: ModelNames,
    lora: Lora,
    wanted: str | Sequence[str] | None,
    found: Collection[str],
    saved: Collection[str],
) -> None:
    last = output_matrix(model, names)
    asked = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if is_tied(model) and last is not None and wanted and not isinstance(wanted, str) and _matches(last, wanted):
        raise tied(last)
    if found and (isinstance(wanted, str) or wanted is None):
        return
    everything = {**hub_modules(model, names), **hub_modules(model, names, blocks.Embedding)}
    lacking = [each for each in asked if isinstance(wanted, str) or not any(ends_in(name, each) for name in everything)]
    if found and not lacking:
        return
    leaves = sorted({name.rpartition(".")[2] for name in hub_modules(model, names)})
    near = [match for each in lacking for match in get_close_matches(each.rpartition(".")[2], leaves, 2)]
    raise InputError(
        "E_LORA",
        "No module of this {family} model is meant by {asked}.",
        cure="Its projections end in: {leaves}.",
        values=dict(
            family=model.architecture.family,
            asked=", ".join(map(repr, lacking or asked)) or "these settings",
            leaves=", ".join(dict.fromkeys((*near, *leaves))),
        ),
    )
