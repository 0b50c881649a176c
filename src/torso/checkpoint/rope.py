"""The parameters of rotary positions, in the three ways that config files state them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torso.checkpoint.config import HubConfig
from torso.checkpoint.parameters import knob
from torso.errors import ConfigError, UnsupportedError

NEEDED: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
    "longrope": ("short_factor", "long_factor"),
    "yarn": (),
}
"""The types there are, and what each needs beside a base."""

_RENAMED = {"su": "longrope", "ntk": "dynamic"}
_LISTS = ("short_factor", "long_factor")
_NOT_NUMBERS = ("rope_type", "type", "truncate", "mrope_section", *_LISTS)


class RotaryConfig(HubConfig):
    """A family whose positions are rotary. ``rope_parameters`` is the present form, the other two are older ones."""

    rope_theta: float = knob(10000.0, "base of the rotary angles", acts="run", least=1)
    rope_scaling: dict[str, Any] | None = knob(None, "how rotary angles are stretched to longer texts", acts="run")
    rope_parameters: dict[str, Any] | None = knob(
        None, "base and stretching of rotary angles, in one table", acts="run"
    )
    max_position_embeddings: int = knob(2048, "longest text the model was made for, in tokens", acts="run", least=1)

    @property
    def max_tokens(self) -> int | None:
        """The longest text the model was made for, in tokens; None where its angles stretch with the text."""
        return None if self.rope()["rope_type"] == "dynamic" else self.max_position_embeddings

    def rope(self, kind: str | None = None) -> dict[str, Any]:
        """One table of ``rope_type``, ``rope_theta`` and what the type needs; of one kind of layer where they differ.

        Raises:
            ConfigError: ``E_CONFIG``, for a type without what it needs, or with what is no number.
            UnsupportedError: ``E_UNSUPPORTED``, for a type that torso does not have.
        """
        given: Mapping[str, Any] = self.rope_scaling or self.rope_parameters or {}
        if kind is not None and kind in given:
            given = cast("Mapping[str, Any]", given[kind] or {})
        name = given.get("rope_type") or given.get("type") or "default"
        name = _RENAMED.get(name, name)
        own = getattr(self, "original_max_position_embeddings", None)
        trained = own or given.get("original_max_position_embeddings") or self.max_position_embeddings
        stated = {
            **given,
            "rope_type": name,
            "rope_theta": given.get("rope_theta") or self.rope_theta,
            "max_position_embeddings": self.max_position_embeddings,
            "original_max_position_embeddings": trained,
        }
        _check(stated)
        return stated

    def check(self) -> None:
        """The rotary parameters say what their type needs."""
        self.rope()


def _check(stated: Mapping[str, Any]) -> None:
    name = stated["rope_type"]
    if not isinstance(name, str) or name not in NEEDED:
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "rope_type is {value!r}, which torso does not have.",
            cure="It has: {known}.",
            values=dict(value=name, known=", ".join(NEEDED)),
        )
    for key in (*NEEDED[name], *(key for key in stated if key not in _NOT_NUMBERS)):
        value = stated.get(key)
        if key not in NEEDED[name] and value is None:
            continue
        fits = _is_list(value) if key in _LISTS else _is_positive(value)
        if not fits:
            raise ConfigError(
                "E_CONFIG",
                "The rotary positions of type {name} have {key} = {value!r}.",
                cure="Give {key} as in the original config.json: a positive number, or a list of them.",
                values=dict(name=name, key=key, value=value),
            )


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_positive(each) for each in cast("list[object]", value))
