"""How a model's rows become one vector per text: as its folder says, or as a call says, and never assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from torso.errors import InputError
from torso.language import say

MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""sentence-transformers' names, in the order in which it puts several side by side."""

ACTIVATIONS = ("Identity", "Tanh", "GELU", "ReLU", "Sigmoid", "SiLU")
"""Classes of torch that a Dense module may name."""

SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")


@dataclass(frozen=True, slots=True)
class Dense:
    """A layer after the pooling.

    Attributes:
        folder: where its weights are.
        width: numbers it reads.
        out: numbers it gives.
        bias: whether it adds a vector.
        activation: of `ACTIVATIONS`.
    """

    folder: Path
    width: int
    out: int
    bias: bool
    activation: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that stands between a trunk's rows and a vector.

    Attributes:
        modes: of `MODES`; several stand side by side.
        normalize: whether vectors are brought to length 1 in the end.
        max_tokens: what the recipe cuts texts to; None for the model's own limit.
        lowercase: whether texts are lowercased before they are tokenized.
        prompt: what is put before every text.
        dense: layers that vectors go through after the pooling.
        prompts: what else can be put before texts, by name.
        similarity: how vectors are compared, of `SIMILARITIES`.
    """

    modes: tuple[str, ...]
    normalize: bool
    max_tokens: int | None = None
    lowercase: bool = False
    prompt: str = ""
    dense: tuple[Dense, ...] = ()
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    similarity: str = "cosine"

    @property
    def name(self) -> str:
        """The modes, joined by ``+``."""
        return "+".join(self.modes)

    def change(self, text: str) -> str:
        """What is tokenized in place of ``text``."""
        text = self.prompt + text
        return text.lower() if self.lowercase else text


def settle(recipe: Recipe | None, pooling: str | None, normalize: bool | None, name: str) -> Recipe:
    """The recipe to follow: what the caller says, else what the folder says.

    Raises:
        InputError: E_POOLING where neither says how to pool, or for an unknown mode.
    """
    if pooling is not None:
        modes = tuple(pooling.split("+"))
        if any(mode not in MODES for mode in modes):
            raise InputError(
                "E_POOLING",
                "There is no pooling {pooling}.",
                cure="Use one of: {known}.",
                values=dict(pooling=repr(pooling), known=", ".join(MODES)),
            )
        # Who names the pooling leaves the folder's recipe aside as a whole, not half of it.
        return Recipe(modes, bool(normalize))
    if recipe is None:
        raise InputError(
            "E_POOLING",
            "{name} does not say how to make one vector of a text, and nothing is assumed.",
            cure='Choose: pooling="mean" or pooling="cls" (--pooling mean).',
            values=dict(name=name),
        )
    return recipe if normalize is None else replace(recipe, normalize=normalize)


def prompted(recipe: Recipe, prompt: str | None, prompt_name: str | None) -> Recipe:
    """The recipe with another prompt: its text, or its name in the folder.

    Raises:
        InputError: E_PROMPT for both, or for a name that the folder does not have.
    """
    if prompt is None and prompt_name is None:
        return recipe
    if prompt is not None and prompt_name is not None:
        raise InputError(
            "E_PROMPT",
            "A prompt is given twice: as text, and by the name {name}.",
            cure="Leave one of them out.",
            values=dict(name=repr(prompt_name)),
        )
    if prompt_name is not None and prompt_name not in recipe.prompts:
        raise InputError(
            "E_PROMPT",
            "The model has no prompt named {name}.",
            cure="It has: {known}. Any other can be written out: prompt=... (--prompt).",
            values=dict(name=repr(prompt_name), known=", ".join(recipe.prompts) or say("none")),
        )
    return replace(recipe, prompt=recipe.prompts[prompt_name] if prompt_name is not None else prompt or "")
