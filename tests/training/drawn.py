"""Small models of every head, and random examples of them."""

from __future__ import annotations

import random
from typing import Any

from contract.families import FAMILIES, cases_of, registered
from torso.model import Model, new_model
from torso.training.examples import Example, Tokens
from torso.training.objective import Objective
from torso.training.sequence_objective import SequenceObjective
from torso.training.span_objective import ChoiceObjective, SpanObjective
from torso.training.token_objective import TokenObjective
from torso.training.vocabulary_objective import TargetObjective, VocabularyObjective

IGNORED = -100

OBJECTIVES: dict[str, tuple[str, Objective[Any]]] = {
    "sequence-single": ("bert", SequenceObjective("single_label_classification")),
    "sequence-weighted": ("bert", SequenceObjective("single_label_classification", [0.5, 2.0, 1.0, 3.0])),
    "sequence-multi": ("roberta", SequenceObjective("multi_label_classification")),
    "sequence-number": ("bert", SequenceObjective("regression")),
    "token": ("bert", TokenObjective()),
    "span": ("bert", SpanObjective()),
    "choice": ("bert", ChoiceObjective()),
    "masked-lm": ("bert", VocabularyObjective(shifted=False)),
    "causal-lm": ("gpt2", VocabularyObjective(shifted=True)),
    "seq2seq-lm": ("t5", TargetObjective()),
}
"""Every objective, with a family that has its head."""

SPECIAL = 8
"""Ids below are not drawn: padding and other tokens that families treat in their own way."""


def without_dropout(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, **{name: 0.0 for name in values if "dropout" in name or name.endswith("pdrop")}}


def made(name: str, *, dropout: bool = False) -> tuple[Model[Any], Objective[Any]]:
    """A new small model of a head, and its objective."""
    model_type, objective = OBJECTIVES[name]
    case = cases_of(model_type)[name.replace("weighted", "single")]
    family = FAMILIES[model_type]
    config = registered()[model_type].config(**{**next(iter(family.configs.values())), **case.values})
    model = new_model(config, case.task, seed=1)
    if not dropout:
        model.set(dict.fromkeys(family.dropouts, 0.0))
    return model, objective


def examples(name: str, count: int, *, vocabulary: int = 50, classes: int = 4, seed: int = 0) -> list[Example]:
    """Random examples for an objective, of 3 to 15 tokens a text."""
    dice = random.Random(f"{name} {seed}")

    def ids(size: int) -> list[int]:
        return [dice.randrange(SPECIAL, vocabulary) for _ in range(size)]

    def one(row: int) -> Example:
        first = ids(15 if name.startswith("span") else dice.randint(3, 15))
        inputs: tuple[list[int], ...] = (first,)
        label: Any = dice.randrange(classes)
        if name == "choice":
            inputs = tuple(ids(dice.randint(3, 9)) for _ in range(3))
            label = dice.randrange(3)
        elif name == "sequence-multi":
            label = [float(dice.randrange(2)) for _ in range(classes)]
        elif name == "sequence-number":
            label = [dice.gauss(0, 1)]
        elif name == "token":
            label = [dice.choice([IGNORED, *range(5)]) for _ in first]
        elif name == "span":
            start = dice.randrange(len(first))
            label = (start, dice.randrange(start, len(first)))
        elif name in ("masked-lm", "causal-lm"):
            label = [dice.choice([IGNORED, token]) for token in first[:-1]] + [first[-1]]
        elif name == "seq2seq-lm":
            inputs = (first, ids(dice.randint(2, 8)))
            label = list(inputs[1])
        return Example(tuple(Tokens.plain(each) for each in inputs), label, row)

    return [one(row) for row in range(1, count + 1)]
