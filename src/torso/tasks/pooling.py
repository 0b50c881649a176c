"""How a model's rows become one vector per text: read from its folder in sentence-transformers' form, never assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.errors import ConfigError, InputError, UnsupportedError
from torso.files import inside, read_json, shown
from torso.language import say

if TYPE_CHECKING:
    from torch import Tensor

    from torso.outputs import Hidden

MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""sentence-transformers' names, in the order in which it puts several side by side."""

_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that stands between a trunk's rows and a vector.

    Attributes:
        modes: of `MODES`; several stand side by side.
        normalize: whether vectors are brought to length 1.
        max_tokens: what the recipe cuts texts to; None for the model's own limit.
        lowercase: whether texts are lowercased before they are tokenized.
        prompt: what is put before every text.
    """

    modes: tuple[str, ...]
    normalize: bool
    max_tokens: int | None = None
    lowercase: bool = False
    prompt: str = ""

    @property
    def name(self) -> str:
        """The modes, joined by ``+``."""
        return "+".join(self.modes)

    def change(self, text: str) -> str:
        """What is tokenized in place of ``text``."""
        text = self.prompt + text
        return text.lower() if self.lowercase else text


def read_recipe(folder: Path) -> Recipe | None:
    """The recipe in a model folder: ``modules.json`` and what it names; None where there is no such file.

    Raises:
        UnsupportedError: E_POOLING for a module or a mode that torso does not have: leaving it out would change every
            number.
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    path = folder / "modules.json"
    if not path.exists():
        return None
    modes: tuple[str, ...] = ()
    normalize = False
    for kind, place in _modules(path):
        if kind == "Pooling":
            modes = _modes(inside(folder, f"{place}/config.json" if place else "config.json"))
        elif kind == "Normalize":
            normalize = True
        elif kind != "Transformer":
            raise UnsupportedError(
                "E_POOLING",
                "{path} asks for the module {kind}, which torso does not have.",
                cure="It has Transformer, Pooling and Normalize. Say pooling=... to leave the file aside.",
                values=dict(path=shown(path), kind=repr(kind[:60])),
            )
    if not modes:
        raise _unusable(path, "no Pooling module")
    settings = _table(folder / "sentence_bert_config.json")
    limit = settings.get("max_seq_length")
    return Recipe(
        modes,
        normalize,
        limit if isinstance(limit, int) and limit > 0 else None,
        settings.get("do_lower_case") is True,
        _prompt(folder / "config_sentence_transformers.json"),
    )


def _modules(path: Path) -> list[tuple[str, str]]:
    modules = read_json(path, limit=_LIMIT, code="E_POOLING")
    found: list[tuple[str, str]] = []
    for each in cast("list[Any]", modules if isinstance(modules, list) else [modules]):
        if not isinstance(each, Mapping):
            raise _unusable(path, "no list of modules")
        entry = cast("Mapping[str, Any]", each)
        kind, place = entry.get("type"), entry.get("path")
        if not isinstance(kind, str) or not isinstance(place, str):
            raise _unusable(path, "a module without type or path")
        # Older and newer versions name the same module by other packages; its last word is the same.
        found.append((kind.rpartition(".")[2], place))
    return found


def _modes(path: Path) -> tuple[str, ...]:
    table = _table(path)
    stated = table.get("pooling_mode")
    if stated is None:
        # With every flag off sentence-transformers falls back to the mean; a file that says nothing is refused here.
        named: list[Any] = [mode for flag, mode in _FLAGS.items() if table.get(flag) is True]
    else:
        named = cast("list[Any]", stated) if isinstance(stated, list) else [stated]
    if table.get("include_prompt") is False:
        raise UnsupportedError(
            "E_POOLING",
            "{path} leaves prompts out of the pooling, which torso does not do.",
            cure="Say pooling=... to leave the file aside.",
            values=dict(path=shown(path)),
        )
    if not named or any(mode not in MODES for mode in named):
        raise _unusable(path, "no known pooling mode")
    return tuple(cast("list[str]", named))


def _prompt(path: Path) -> str:
    table = _table(path)
    name, prompts = table.get("default_prompt_name"), table.get("prompts")
    if name is None or not isinstance(prompts, Mapping):
        return ""
    prompt = cast("Mapping[Any, Any]", prompts).get(name)
    if not isinstance(prompt, str):
        raise _unusable(path, "a default prompt without text")
    return prompt


def _table(path: Path) -> Mapping[str, Any]:
    value: object = read_json(path, limit=_LIMIT, code="E_POOLING") if path.exists() else dict[str, Any]()
    if not isinstance(value, Mapping):
        raise _unusable(path, "no table")
    return cast("Mapping[str, Any]", value)


def _unusable(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "E_POOLING",
        "{path} does not say how to pool: {found}.",
        cure="Download it again, or say pooling=... to leave the file aside.",
        values=dict(path=shown(path), found=say(found)),
    )


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
    if normalize is None:
        return recipe
    return Recipe(recipe.modes, normalize, recipe.max_tokens, recipe.lowercase, recipe.prompt)


def pool(hidden: Hidden, recipe: Recipe) -> Tensor:
    """One vector per text: rows [T, D] -> [N, D times modes] float32."""
    import torch
    from torch.nn.functional import normalize

    vectors = torch.cat([_pooled(hidden, mode) for mode in recipe.modes], -1)
    return normalize(vectors, dim=-1) if recipe.normalize else vectors


def _pooled(hidden: Hidden, mode: str) -> Tensor:
    import torch

    rows, layout = hidden.rows.float(), hidden.layout
    lengths = layout.lengths.long()
    if mode == "cls":
        return rows[layout.first()]
    if mode == "lasttoken":
        return rows[layout.last()]
    if mode == "max":
        return torch.segment_reduce(rows, "max", lengths=lengths, axis=0)
    if mode == "weightedmean":
        weights = (layout.positions + 1).float()[:, None]
        whole = torch.segment_reduce(weights, "sum", lengths=lengths, axis=0)
        return torch.segment_reduce(rows * weights, "sum", lengths=lengths, axis=0) / whole
    whole = lengths.float()[:, None]
    return torch.segment_reduce(rows, "sum", lengths=lengths, axis=0) / (whole if mode == "mean" else whole.sqrt())
