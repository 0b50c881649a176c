"""Changing what can change of a built model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torso.checkpoint.parameters import knob_of
from torso.errors import ConfigError
from torso.model import Model
from torso.weightless import place, weightless


def changed(model: Model[Any], changes: Mapping[str, Any]) -> Model[Any]:
    """A model of the changed config around the very same weights; `Model.set` tells what can change.

    Raises:
        ConfigError: ``E_NEEDS_RELOAD``, for a parameter that the weights follow.
        UnknownParameterError, ConfigError, UnsupportedError: as the config's constructor does.
    """
    model.config.refuse_unknown(changes)
    for declared in model.config.declared():
        if declared.name in changes and knob_of(declared).acts == "shape":
            raise ConfigError(
                "E_NEEDS_RELOAD",
                "{name} gives the weights their shape; a built model cannot change it.",
                cure="Load again: load(source, task, changes={{'{name}': ...}}).",
                values=dict(name=declared.name),
            )
    config = model.config.replace(changes)
    if config.num_labels != model.config.num_labels:
        raise ConfigError(
            "E_NEEDS_RELOAD",
            "The head has {there} labels; {given} names were given.",
            cure="Name as many, or load again with labels=[...] and new_head=True.",
            values=dict(there=model.config.num_labels, given=config.num_labels),
        )
    with weightless():
        anew = Model(config, model.architecture, model.task)
    if model.report is not None:
        anew.drop(model.report.absent)
    own = dict(model.named_parameters())
    for name, _ in anew.named_parameters():
        place(anew, name, own[name])
    return anew.train(model.training)
