"""What notebooks written for transformers ask of a config: tables, files, and assignment where it has an effect."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.config.config_file import NEUTRAL
from torso.config.fields import field_info
from torso.errors import FrozenConfigError
from torso.io.files import make_folder, write_atomically
from torso.language import say

if TYPE_CHECKING:
    from torso.config.hub_config import HubConfig

LABELS = ("id2label", "label2id")
LIVE = frozenset(("id2label", "label2id", "problem_type", "output_attentions", "output_hidden_states"))
"""Parameters that act when a model is called, and not when it is built: assigning them has its effect."""
_METHODS = (
    "describe",
    "labels",
    "max_tokens",
    "model_type",
    "notes",
    "replace",
    "save_pretrained",
    "source",
    "text",
    "to_dict",
    "to_json_string",
    "unused",
    "update",
)


class EcosystemNames:
    """Methods of a config under their names in transformers."""

    use_return_dict = True
    """Always True: outputs are typed, and unpack like tuples."""

    def to_dict(self: HubConfig) -> dict[str, Any]:  # type: ignore[misc]
        """Return every parameter by name, with the other keys of the file."""
        own = {each.name: getattr(self, each.name) for each in self.declared()}
        return {"model_type": self.model_type, **self.unused, **own}

    def to_json_string(self: HubConfig) -> str:  # type: ignore[misc]
        """Return the config as ``config.json``; the name of `text` in transformers."""
        return self.text()

    def save_pretrained(self: HubConfig, save_directory: str | os.PathLike[str]) -> None:  # type: ignore[misc]
        """Write ``config.json`` into a folder.

        Raises:
            AccessError, DiskError: the folder cannot be written; no half file is left.
        """
        folder = Path(save_directory)
        make_folder(folder)
        with write_atomically(folder / "config.json") as file:
            file.write(self.text().encode())

    def update(self, config_dict: Mapping[str, Any]) -> None:
        """Assign several parameters; see the class of a config for which can be.

        Raises:
            FrozenConfigError, UnknownParameterError, ConfigError: as an assignment.
        """
        for name, value in config_dict.items():
            setattr(self, name, value)

    def __dir__(self: HubConfig) -> list[str]:  # type: ignore[misc]
        return sorted({each.name for each in self.declared()} | set(self.unused) | set(_METHODS))


def assign(config: HubConfig, name: str, value: Any) -> None:
    """Assign a parameter that acts when a model is called, or nowhere; refuse any other with the call that works.

    Raises:
        UnknownParameterError: ``E_UNKNOWN_PARAMETER``.
        FrozenConfigError: ``E_FROZEN``, for a parameter that a model is built from, or another number of labels.
        ConfigError, UnsupportedError: for a value that cannot be.
    """
    if name in NEUTRAL or name in config.unused:
        object.__setattr__(config, name, value)
        return
    name = config.aliases.get(name, name)
    config.refuse_unknown([name])
    declared = next(each for each in config.declared() if each.name == name)
    if name not in LIVE and field_info(declared).acts != "none":
        raise _frozen(name)
    changes: dict[str, Any] = {name: value}
    if name == "label2id" and isinstance(value, Mapping):
        changes = {"id2label": {number: label for label, number in cast("Mapping[str, int]", value).items()}}
    if config.num_labels == 1 and len(cast("Mapping[Any, Any]", value or {}) if name in LABELS else ()) > 1:
        changes = {"id2label": {0: _first_of_one(config, cast("Mapping[Any, Any]", value), name)}}
    changed = config.replace(changes)
    if changed.num_labels != config.num_labels and config.num_labels is not None:
        raise FrozenConfigError(
            "E_FROZEN",
            "{name} names {given} labels, and there are {there}: the number of labels gives a head its shape.",
            cure="For a new head: AutoModelForSequenceClassification.from_pretrained(..., num_labels={given}).",
            values=dict(name=name, given=changed.num_labels, there=config.num_labels),
        )
    for each in ("num_labels", "id2label", "label2id", name):
        object.__setattr__(config, each, getattr(changed, each))
    object.__setattr__(config, "_origin", {**config._origin, name: "you"})  # pyright: ignore[reportPrivateUsage]


def _first_of_one(config: HubConfig, value: Mapping[Any, Any], name: str) -> str:
    """The name of the only score of a head, where a name for each side of it was given; one line says so."""
    first = next(iter(value)) if name == "label2id" else value[min(value, key=int)]
    template = "torso: the head gives one score, which is called {first}; {name} names {count} labels."
    print(say(template, dict(first=first, name=name, count=len(value))), file=sys.stderr)
    return cast("str", first)


def refuse_to_delete(config: HubConfig, name: str) -> None:
    """Refuse the deletion of a parameter.

    Raises:
        UnknownParameterError: ``E_UNKNOWN_PARAMETER``.
        FrozenConfigError: ``E_FROZEN``.
    """
    config.refuse_unknown([name])
    raise _frozen(name)


def _frozen(name: str) -> FrozenConfigError:
    return FrozenConfigError(
        "E_FROZEN",
        "Setting config.{name} would change nothing: a config is frozen, and a model is built once.",
        cure="For a built model: model.set({{'{name}': ...}}). For a new one: config.replace({{'{name}': ...}}).",
        values=dict(name=name),
    )


def documented(doc: str | None, declared: Sequence[Field[Any]]) -> str:
    """Return a config class's docstring with every parameter: its type, meaning, default and when it acts."""
    lines = [doc or "", "", "Args:"]
    lines += [f"    {each.name} ({each.type}): {explained(each)}" for each in declared]
    return "\n".join(lines)


def explained(declared: Field[Any]) -> str:
    """Return a parameter's meaning, its default and when it acts, in one line."""
    acts = {"shape": "gives the weights their shape", "run": "changes results", "train": "acts in training", "none": ""}
    about = field_info(declared)
    effect = acts[about.acts] or "without effect here"
    only = f"; only {about.fixed[0]!r} is implemented" if about.fixed is not None else ""
    return f"{about.meaning}. Default {declared.default!r}; {effect}{only}."
