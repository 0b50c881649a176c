"""What is told of a family under contract, and the heads it is tested with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torso.architecture import Task

Values = Mapping[str, Any]


def head_size(dice: random.Random, heads: int, of: int = 1) -> int:
    """Units of each head, a multiple of ``of``, of which all heads together have 12 to 36.

    A norm over a handful of units may divide by what is nearly zero, and then no two ways to round agree to 1e-5.
    """
    return of * dice.randint(-(-12 // (heads * of)), 36 // (heads * of))


def grouped_heads(dice: random.Random) -> Values:
    """Draw one or two heads of keys, up to three of queries for each, and the width that they share."""
    groups, share = dice.randint(1, 2), dice.randint(1, 3)
    size = head_size(dice, groups * share, of=2)
    return {
        "num_key_value_heads": groups,
        "num_attention_heads": groups * share,
        "hidden_size": groups * share * size,
    }


@dataclass(frozen=True)
class Case:
    """One head as one config sets it up.

    Attributes:
        task: torso's task.
        values: what the head adds to the config.
        labels: what its labels look like: ``number``, ``numbers``, ``class``, ``classes``, ``tokens``, ``words``,
            ``next``, ``targets``, ``replaced``, ``span``, ``choice`` or ``none``.
    """

    task: Task[Any]
    labels: str
    values: Values = field(default_factory=dict)


CASES: Mapping[str, Case] = {
    "features": Case(Task.FEATURES, "none"),
    "sequence-number": Case(Task.SEQUENCE_CLASSIFICATION, "number", {"num_labels": 1}),
    "sequence-numbers": Case(Task.SEQUENCE_CLASSIFICATION, "numbers", {"num_labels": 3, "problem_type": "regression"}),
    "sequence-single": Case(Task.SEQUENCE_CLASSIFICATION, "class", {"num_labels": 4}),
    "sequence-multi": Case(
        Task.SEQUENCE_CLASSIFICATION, "classes", {"num_labels": 4, "problem_type": "multi_label_classification"}
    ),
    "sequence-inferred": Case(Task.SEQUENCE_CLASSIFICATION, "classes", {"num_labels": 3}),
    "sequence-two": Case(Task.SEQUENCE_CLASSIFICATION, "class", {"num_labels": 2}),
    "token": Case(Task.TOKEN_CLASSIFICATION, "tokens", {"num_labels": 5}),
    "replaced": Case(Task.REPLACED_TOKENS, "replaced"),
    "span": Case(Task.QUESTION_ANSWERING, "span"),
    "choice": Case(Task.MULTIPLE_CHOICE, "choice"),
    "next-sentence": Case(Task.NEXT_SENTENCE, "class"),
    "masked-lm": Case(Task.MASKED_LM, "words"),
    "causal-lm": Case(Task.CAUSAL_LM, "next"),
    "seq2seq-lm": Case(Task.SEQ2SEQ_LM, "targets"),
}
"""Every head that any family has. A family is tested on those whose task it has."""


@dataclass(frozen=True)
class Family:
    """How a family is tested.

    Attributes:
        configs: small configs by name; the first is the plain one.
        drawn: one more, drawn anew in every run.
        dropouts: the parameters that are a dropout.
        published: config.json of checkpoints on the Hub, by their names there; what changes no number may be left out.
        inert: endings of our parameters that mathematically change nothing, and why; ``[1]`` is the second part of a
            fused one.
        left: keys that transformers writes although it never reads them; torso reads and writes none of them.
        values: what a case adds to the config in this family, by the case's name.
        pads: whether the reference looks for its padding token: then padding is nothing else, and texts do not hold it.
        positions: whether the reference's forward takes ``position_ids``: asked of it, every reference model would be
            imported at collection.
        built_layers: how many layers of a published config are built, where all its experts would take minutes.
        offset: what the reference adds to positions before its table; of its config, where it depends on it.
    """

    configs: Mapping[str, Values]
    drawn: Callable[[random.Random], Values]
    dropouts: tuple[str, ...]
    published: Mapping[str, Values]
    inert: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    values: Mapping[str, Values] = field(default_factory=dict)
    pads: bool = False
    positions: bool = True
    built_layers: int | None = None
    offset: int | Callable[[Any], int] = 0
