"""Base class that turns declared parameters into a config: frozen, keyword-only, refusing unknown names."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, cast, dataclass_transform

from torso.config.config_file import ConfigFile
from torso.config.ecosystem_names import assign, documented, refuse_to_delete
from torso.io.arguments import checked_calls
from torso.weights.tensor_entry import Note

if TYPE_CHECKING:
    from torso.config.hub_config import HubConfig


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Declared:
    """Base class: every subclass becomes a frozen dataclass that refuses unknown names with the nearest known one."""

    _origin: Mapping[str, str]
    _file: ConfigFile | None
    _notes: tuple[Note, ...]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(frozen=True, kw_only=True, repr=False, eq=False)(cls)
        made: Any = cls.__init__

        @functools.wraps(made)
        def strict(self: HubConfig, **given: object) -> None:
            type(self).refuse_unknown(given)
            made(self, **given)
            object.__setattr__(self, "_origin", dict.fromkeys(given, "you"))

        # The dataclass's own refusal of assignments is replaced by one that names the call which works.
        setattr(cls, "__setattr__", assign)  # noqa: B010
        setattr(cls, "__delattr__", refuse_to_delete)  # noqa: B010
        own = get_annotations(cls)
        every = fields(cast("Any", cls))
        cls.__doc__ = documented(cls.__doc__, sorted(every, key=lambda each: each.name not in own))
        setattr(cls, "__init__", strict)  # noqa: B010  so assigned, a checker keeps the fields' own signature
        checked_calls(cls)
