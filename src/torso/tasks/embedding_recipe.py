"""How a model's rows become one vector per text: as its folder says, or as a call says, and never assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from torso.errors import InputError
from torso.language import say

MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""sentence-transformers' names, in the order in which it puts several side by side."""

SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")


@dataclass(frozen=True, slots=True)
class Dense:
    """A linear layer.

    Attributes:
        folder: where its weights are.
        width: numbers it reads.
        out: numbers it gives.
        bias: whether it adds a vector.
        activation: of `torso.tasks.dense_activations.ACTIVATIONS`.
        residual: whether what it reads is added to what it gives, through a matrix where the sizes differ.
    """

    folder: Path
    width: int
    out: int
    bias: bool
    activation: str
    residual: bool = False


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """A layer normalization.

    Attributes:
        folder: where its weights are.
        width: numbers it reads and gives.
    """

    folder: Path
    width: int


@dataclass(frozen=True, slots=True)
class Projection:
    """A linear layer whose sizes its weights say.

    Attributes:
        path: a file of PyTorch's, or a folder with weights.
        weight: name of its matrix there.
        bias: name of its vector; None without one.
    """

    path: Path
    weight: str = "weight"
    bias: str | None = "bias"


@dataclass(frozen=True, slots=True)
class Unit:
    """What brings each row or vector to length 1."""


Layer = Dense | LayerNorm | Projection | Unit


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that stands between a trunk's rows and a vector.

    Attributes:
        modes: of `MODES`; several stand side by side.
        normalize: whether vectors are brought to length 1 in the end.
        max_tokens: what the recipe cuts texts to; None for the model's own limit.
        lowercase: whether texts are lowercased before they are tokenized.
        prompt: what is put before every text.
        layers: what vectors go through after the pooling.
        prompts: what else can be put before texts, by name.
        similarity: how vectors are compared, of `SIMILARITIES`.
        row_layers: what rows go through before the pooling.
        dimensions: how many of the first numbers of a vector are kept; None for all.
        pools_prompt: whether the rows of the prompt are pooled, too.
    """

    modes: tuple[str, ...]
    normalize: bool
    max_tokens: int | None = None
    lowercase: bool = False
    prompt: str = ""
    layers: tuple[Layer, ...] = ()
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    similarity: str = "cosine"
    row_layers: tuple[Layer, ...] = ()
    dimensions: int | None = None
    pools_prompt: bool = True

    @property
    def name(self) -> str:
        """The modes, joined by ``+``."""
        return "+".join(self.modes)

    def change(self, text: str) -> str:
        """Return what is tokenized in place of ``text``."""
        text = self.prompt + text
        return lowered(text) if self.lowercase else text


def lowered(text: str) -> str:
    """Return a text in lower case, each character by itself, as the tokenizers' own step does it."""
    return "".join(mark.lower() for mark in text)


def resolve_recipe(
    recipe: Recipe | None, pooling: str | None, normalize: bool | None, name: str, dimensions: int | None = None
) -> Recipe:
    """Return the recipe to follow: what the caller says, else what the folder says.

    Vectors that a call cuts are brought to length 1 after the cut; where the folder asks for both, the cut comes last,
    as in sentence-transformers.

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
        return Recipe(modes, bool(normalize), dimensions=dimensions)
    if recipe is None:
        raise InputError(
            "E_POOLING",
            "{name} does not say how to make one vector of a text, and nothing is assumed.",
            cure='Choose: pooling="mean" or pooling="cls" (--pooling mean).',
            values=dict(name=name),
        )
    if normalize is None and dimensions is None and recipe.normalize and recipe.dimensions is not None:
        return replace(recipe, normalize=False, layers=(*recipe.layers, Unit()))
    return replace(
        recipe,
        normalize=recipe.normalize if normalize is None else normalize,
        dimensions=recipe.dimensions if dimensions is None else dimensions,
    )


def prompted(recipe: Recipe, prompt: str | None, prompt_name: str | None) -> Recipe:
    """Return the recipe with another prompt: its text, or its name in the folder.

    Raises:
        InputError: E_PROMPT for both, or for a name that the folder does not have.
    """
    return replace(recipe, prompt=chosen_prompt(recipe.prompts, recipe.prompt, prompt, prompt_name))


def chosen_prompt(prompts: Mapping[str, str], usual: str, prompt: str | None, prompt_name: str | None) -> str:
    """Return what is put before texts: the prompt of a call, that of this name in the folder, or the usual one.

    Raises:
        InputError: E_PROMPT for both, or for a name that the folder does not have.
    """
    if prompt is None and prompt_name is None:
        return usual
    if prompt is not None and prompt_name is not None:
        raise InputError(
            "E_PROMPT",
            "A prompt is given twice: as text, and by the name {name}.",
            cure="Leave one of them out.",
            values=dict(name=repr(prompt_name)),
        )
    if prompt_name is not None and prompt_name not in prompts:
        raise InputError(
            "E_PROMPT",
            "The model has no prompt named {name}.",
            cure="It has: {known}. Any other can be written out: prompt=... (--prompt).",
            values=dict(name=repr(prompt_name), known=", ".join(prompts) or say("none")),
        )
    return prompts[prompt_name] if prompt_name is not None else prompt or ""
