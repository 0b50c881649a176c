"""The families under contract: small configs that together exercise every option, and their classes in transformers.

A new architecture adds one `Family` here, and every test of this folder holds it too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torso.architecture import Task, architectures
from torso.checkpoint.parameters import ACTIVATIONS

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One head as one config sets it up.

    Attributes:
        task: torso's task.
        values: what the head adds to the config.
        labels: what its labels look like: ``number``, ``numbers``, ``class``, ``classes``, ``tokens``, ``words``,
            ``span``, ``choice`` or ``none``.
    """

    task: Task[Any]
    labels: str
    values: Values = field(default_factory=dict)


CASES: Mapping[str, Case] = {
    "features": Case(Task.FEATURES, "none"),
    "sequence-number": Case(Task.SEQUENCE, "number", {"num_labels": 1}),
    "sequence-numbers": Case(Task.SEQUENCE, "numbers", {"num_labels": 3, "problem_type": "regression"}),
    "sequence-single": Case(Task.SEQUENCE, "class", {"num_labels": 4}),
    "sequence-multi": Case(Task.SEQUENCE, "classes", {"num_labels": 4, "problem_type": "multi_label_classification"}),
    "sequence-inferred": Case(Task.SEQUENCE, "classes", {"num_labels": 3}),
    "sequence-two": Case(Task.SEQUENCE, "class", {"num_labels": 2}),
    "token": Case(Task.TOKEN, "tokens", {"num_labels": 5}),
    "span": Case(Task.SPAN, "span"),
    "choice": Case(Task.CHOICE, "choice"),
    "next-sentence": Case(Task.NEXT_SENTENCE, "class"),
    "masked-lm": Case(Task.MASKED_LM, "words"),
}
"""Every head that any family has. A family is tested on those whose task it has."""


@dataclass(frozen=True)
class Family:
    """How a family is tested.

    Attributes:
        configs: small configs by name; the first is the plain one.
        drawn: one more, drawn anew in every run.
        dropouts: the parameters that are a dropout.
        inert: endings of the Hub's names of weights that mathematically change nothing, and why.
        left: keys that transformers writes although it never reads them; torso reads and writes none of them.
    """

    configs: Mapping[str, Values]
    drawn: Callable[[random.Random], Values]
    dropouts: tuple[str, ...]
    inert: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def _bert(**values: Any) -> Values:
    small = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 20,
    }
    return {**small, **values}


def _drawn_bert(dice: random.Random) -> Values:
    heads = dice.choice([1, 2, 3, 4])
    return _bert(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * dice.randint(3, 8),
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 4),
        max_position_embeddings=dice.randint(16, 40),
        type_vocab_size=dice.randint(1, 4),
        hidden_act=dice.choice(sorted(set(ACTIVATIONS))),
        layer_norm_eps=dice.choice([1e-12, 1e-6, 1e-3]),
    )


FAMILIES: Mapping[str, Family] = {
    "bert": Family(
        configs={
            "plain": _bert(),
            "odd-sizes": _bert(vocab_size=41, hidden_size=21, num_attention_heads=3, intermediate_size=13),
            "one-head": _bert(num_attention_heads=1, num_hidden_layers=1, hidden_size=7, intermediate_size=9),
            "one-segment": _bert(type_vocab_size=1, hidden_act="gelu_new"),
            "three-segments": _bert(type_vocab_size=3, num_hidden_layers=3, hidden_act="relu"),
            "untied": _bert(tie_word_embeddings=False, classifier_dropout=0.3),
            "large-epsilon": _bert(layer_norm_eps=0.1, hidden_act="silu", pad_token_id=5),
            "head-per-unit": _bert(hidden_size=6, num_attention_heads=6, hidden_act="quick_gelu"),
            "short-table": _bert(max_position_embeddings=16, classifier_dropout=0.0, hidden_act="mish"),
        },
        drawn=_drawn_bert,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        inert={"attention.self.key.bias": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
}


def registered() -> dict[str, Any]:
    """The package's own architectures by their first model type; those that tests register are left out."""
    own = (each for each in architectures() if each.config.__module__.startswith("torso.models."))
    return {each.model_types[0]: each for each in own}


def cases_of(model_type: str) -> dict[str, Case]:
    """The cases of a family: those whose task it has."""
    tasks = registered()[model_type].tasks
    return {name: case for name, case in CASES.items() if case.task in tasks}
