"""Settings of a low-rank adapter. Loads no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from torso.errors import InputError
from torso.io.arguments import checked_calls

Bias = Literal["none", "all", "lora_only"]
ALL_LINEAR = "all-linear"


@checked_calls
@dataclass(frozen=True, kw_only=True)
class Lora:
    """Settings of a low-rank adapter (LoRA, arXiv 2106.09685), named after PEFT's where the field knows them by those.

    Names of modules are the Hub's, such as ``query`` or ``bert.encoder.layer.0.attention.self.query``; a name means
    every module that ends in it.

    Attributes:
        rank: r of the update B A.
        alpha: the update is scaled by ``alpha / rank``.
        targets: names of the adapted projections, a regular expression that their whole names match, or
            ``"all-linear"`` for every linear layer but the head's last; None for the family's queries and values.
        exclude: names among them, or a regular expression, that stay as they are.
        dropout: probability of dropping a unit of an update's input, in training.
        rank_pattern: other ranks, by name or regular expression.
        alpha_pattern: other alphas, likewise.
        rank_stabilised: whether the scale is ``alpha / sqrt(rank)`` (rsLoRA, arXiv 2312.03732).
        bias: which biases of the model learn: none, all, or those of adapted projections.
        lora_bias: whether B has a bias.
        modules_to_save: names of modules that learn whole and are saved with the adapter. The heads that PEFT adds by
            task, and every part of a head that was made new, are always among them.
        trainable_token_indices: ids of tokens whose rows of the embedding table learn; a tied head follows.
        layers: the blocks that are adapted; None for all.
        layers_pattern: name of the list of blocks, where it is not the first that a name passes through.
        initial: how A begins: ``"kaiming"``, as a linear layer, or ``"gaussian"``, with standard deviation 1 / r; B is
            zero. ``"random"``: B is not, so that the model changes at once, for tests.
    """

    rank: int = 8
    alpha: float = 16
    targets: str | Sequence[str] | None = None
    exclude: str | Sequence[str] = ()
    dropout: float = 0.0
    rank_pattern: Mapping[str, int] = field(default_factory=dict[str, int])
    alpha_pattern: Mapping[str, float] = field(default_factory=dict[str, float])
    rank_stabilised: bool = False
    bias: Bias = "none"
    lora_bias: bool = False
    modules_to_save: Sequence[str] = ()
    trainable_token_indices: Sequence[int] = ()
    layers: int | Sequence[int] | None = None
    layers_pattern: str | Sequence[str] = ()
    initial: Literal["kaiming", "gaussian", "random"] = "kaiming"

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            InputError: ``E_LORA``, naming the setting, its value and what it must be.
        """
        ranks = {"rank": self.rank, **{f"rank_pattern[{key!r}]": each for key, each in self.rank_pattern.items()}}
        for name, rank in ranks.items():
            self._require(name, rank, _is_whole(rank) and rank >= 1, "int >= 1")
        alphas = {"alpha": self.alpha, **{f"alpha_pattern[{key!r}]": each for key, each in self.alpha_pattern.items()}}
        for name, alpha in alphas.items():
            self._require(name, alpha, _is_number(alpha), "float")
        dropout = self.dropout
        self._require("dropout", dropout, _is_number(dropout) and 0 <= dropout < 1, "0 <= p < 1")
        self._require("bias", self.bias, self.bias in ("none", "all", "lora_only"), "none | all | lora_only")
        self._require("initial", self.initial, self.initial in ("kaiming", "gaussian", "random"), "kaiming | gaussian")
        layers = () if self.layers is None else (self.layers,) if _is_whole(self.layers) else self.layers
        layers = cast("Sequence[Any]", layers)
        self._require("layers", self.layers, all(_is_whole(each) and each >= 0 for each in layers), "int >= 0")
        ids = self.trainable_token_indices
        whole = all(_is_whole(each) and each >= 0 for each in ids) and len(set(ids)) == len(ids)
        self._require("trainable_token_indices", ids, whole, "list[int]")
        for name in ("targets", "exclude", "modules_to_save", "layers_pattern"):
            value: object = getattr(self, name)
            if not isinstance(value, str):
                names = cast("Sequence[object]", value or ())
                self._require(name, value, all(isinstance(each, str) for each in names), "list[str]")
            elif name in ("targets", "exclude") and value.lower() != ALL_LINEAR:
                self._require(name, value, _is_pattern(value), "list[str] | regex")
        for pattern in (*self.rank_pattern, *self.alpha_pattern):
            self._require("rank_pattern, alpha_pattern", pattern, _is_pattern(pattern), "str | regex")

    def _require(self, name: str, value: object, holds: bool, wanted: str) -> None:
        if not holds:
            raise InputError(
                "E_LORA",
                "{name} is {value!r}; it must be {wanted}.",
                cure="Correct it in Lora({name}=...).",
                values=dict(name=name, value=value, wanted=wanted),
            )

    @property
    def every_linear(self) -> bool:
        """Whether every linear layer but the last is adapted."""
        return isinstance(self.targets, str) and self.targets.lower() == ALL_LINEAR

    def scale(self, name: str) -> float:
        """Return the factor on the update of a module, by its Hub name."""
        alpha, rank = _by_pattern(self.alpha_pattern, name, self.alpha), self.rank_of(name)
        return alpha / math.sqrt(rank) if self.rank_stabilised else alpha / rank

    def rank_of(self, name: str) -> int:
        """Return the rank of a module's update, by its Hub name."""
        return int(_by_pattern(self.rank_pattern, name, self.rank))


def _by_pattern(table: Mapping[str, float], name: str, otherwise: float) -> float:
    """Return the value of the first name or pattern in a table that the end of a module's name matches."""
    for pattern, value in table.items():
        if name == pattern or name.endswith(f".{pattern}") or re.match(rf"(.*\.)?({pattern})$", name):
            return value
    return otherwise


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that fits no float
        return False


def _is_pattern(value: object) -> bool:
    try:
        re.compile(cast("str", value))
    except (re.error, TypeError, RecursionError, OverflowError):
        return False
    return True
