"""Rotary position (RoPE) parameters, in the three forms that config files use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NoReturn, cast

from torso.config.fields import check_value, fixed, option
from torso.config.hub_config import HubConfig
from torso.errors import ConfigError, UnsupportedError

NEEDED: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    "longrope": ("short_factor", "long_factor", "original_max_position_embeddings"),
    "yarn": ("original_max_position_embeddings",),
}
"""The types there are, and what each needs beside a base."""

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "longrope": ("factor", "attention_factor"),
    "yarn": ("factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim"),
}
"""What a type reads where it is stated."""

_TRAINED = "original_max_position_embeddings"
_LISTS = ("short_factor", "long_factor")
_AS_GOOD_AS_ABSENT_AT_ZERO = ("beta_fast", "beta_slow", "mscale", "mscale_all_dim")
_LEAST, _MOST = 1e-6, 1e30
"""Beyond these, angles in float32 are no numbers any more."""


class RotaryConfig(HubConfig):
    """Config base of families with rotary positions: ``rope_parameters`` is current, the other two are older."""

    rope_kinds: ClassVar[tuple[str | None, ...]] = (None,)
    """The kinds of layer that turn by angles of their own; None alone where all turn alike."""

    rope_theta: float = option(10000.0, "base of the rotary angles", acts="run", least=1)
    rope_scaling: dict[str, Any] | None = option(None, "how rotary angles are stretched to longer texts", acts="run")
    rope_parameters: dict[str, Any] | None = option(
        None, "base and stretching of rotary angles, in one table", acts="run"
    )
    partial_rotary_factor: float = fixed(1.0, "share of a head's units that turn")
    max_position_embeddings: int = option(2048, "longest text the model was made for, in tokens", acts="run", least=1)
    original_max_position_embeddings: int | None = option(
        None, "longest text before RoPE scaling, in tokens; null: stated in the RoPE table", acts="run", least=2
    )

    @property
    def max_tokens(self) -> int | None:
        """Maximum text length the model was made for, in tokens; None if its RoPE scaling is dynamic."""
        dynamic = any(table["rope_type"] == "dynamic" for table in self._tables)
        return None if dynamic else self.max_position_embeddings

    def reads_on(self, before: int, after: int) -> bool:
        """Return whether cached keys stay valid: dynamic scaling changes the angles of the first tokens too."""
        for table in self._tables:
            name, trained = table["rope_type"], table[_TRAINED]
            if name == "dynamic" and after > max(before, self.max_position_embeddings):
                return False
            if name == "longrope" and before <= trained < after:
                return False
        return True

    @cached_property
    def _tables(self) -> tuple[dict[str, Any], ...]:
        return tuple(self.rope(kind) for kind in self.rope_kinds)

    @property
    def head_size(self) -> int | None:
        """Width of a head, if the family states it."""
        return None

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Return the rotary parameters in the file for a layer type."""
        return own_table(self.rope_scaling or self.rope_parameters or {}, kind)

    def rope(self, kind: str | None = None) -> dict[str, Any]:
        """Return the table of ``rope_type``, ``rope_theta`` and the type's own keys; per layer type if they differ.

        Raises:
            ConfigError: ``E_CONFIG``, for a type without what it needs, or with what is no number.
            UnsupportedError: ``E_UNSUPPORTED``, for a type that torso does not have.
        """
        given = {key: value for key, value in self.stated(kind).items() if value is not None}
        name = given.get("rope_type", given.get("type", "default"))
        table = {
            "rope_theta": self.rope_theta,
            "partial_rotary_factor": self.partial_rotary_factor,
            "original_max_position_embeddings": self.max_position_embeddings,
            **given,
            # Phi-3's first files for long texts call the type after its authors' search, "su".
            "rope_type": "longrope" if name == "su" else name,
            "max_position_embeddings": self.max_position_embeddings,
        }
        if self.original_max_position_embeddings is not None:
            table["original_max_position_embeddings"] = self.original_max_position_embeddings
        self._check_type(table)
        self._check_numbers(table)
        self._check_size(table)
        return table

    def check(self) -> None:
        """Check that the rotary parameters state what their type needs."""
        for kind in self.rope_kinds:
            self.rope(kind)

    def _check_type(self, table: Mapping[str, Any]) -> None:
        name = table["rope_type"]
        if not isinstance(name, str) or name not in NEEDED:
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "rope_type is {value!r}, which torso does not have.",
                cure="It has: {known}.",
                values=dict(value=name, known=", ".join(NEEDED)),
            )
        for kind, value in table.items():
            if isinstance(value, dict):
                raise UnsupportedError(
                    "E_UNSUPPORTED",
                    "The rotary positions differ by kind of layer ({kind}); in this family all layers turn alike.",
                    cure="State one table for all layers.",
                    values=dict(kind=kind),
                )

    def _check_numbers(self, table: Mapping[str, Any]) -> None:
        name: str = table["rope_type"]
        optional = OPTIONAL.get(name, ())
        for key in ("rope_theta", *NEEDED[name], *optional):
            value = table.get(key)
            absent = value is None or (value == 0 and key in _AS_GOOD_AS_ABSENT_AT_ZERO)
            if not (absent and key in optional) and not (_is_list(value) if key in _LISTS else _is_positive(value)):
                _refuse(name, key, value)
        wrong = {
            "rope_theta": name == "yarn" and table["rope_theta"] <= 1,
            _TRAINED: _TRAINED in NEEDED[name] and table[_TRAINED] < 2,
            "high_freq_factor": name == "llama3" and table["high_freq_factor"] <= table["low_freq_factor"],
            "truncate": name == "yarn" and not isinstance(table.get("truncate", True), bool),
        }
        for key, is_wrong in wrong.items():
            if is_wrong:
                _refuse(name, key, table[key])

    def _check_size(self, table: Mapping[str, Any]) -> None:
        share = next(each for each in self.declared() if each.name == "partial_rotary_factor")
        check_value(type(self), share, table["partial_rotary_factor"])
        if self.head_size is None:
            return
        name, size = table["rope_type"], int(self.head_size * table["partial_rotary_factor"])
        # The base of the dynamic type grows with an exponent that has size - 2 below it.
        least = 4 if name == "dynamic" else 2
        if size % 2 or size < least:
            raise ConfigError(
                "E_CONFIG",
                "{size} units of each head turn; rotary positions of type {name} turn an even number from {least} on.",
                cure="Change the width of a head or partial_rotary_factor.",
                values=dict(size=size, name=name, least=least),
            )
        for key in _LISTS if name == "longrope" else ():
            if len(table[key]) != size // 2:
                raise ConfigError(
                    "E_CONFIG",
                    "{key} has {count} numbers for the {planes} planes in which a head turns.",
                    cure="Give {key} as in the original config.json.",
                    values=dict(key=key, count=len(table[key]), planes=size // 2),
                )


def own_table(given: Mapping[str, Any], kind: str | None) -> Mapping[str, Any]:
    """Return the table of one layer type: the entry of ``given`` under its name if there is one, else ``given``.

    Raises:
        ConfigError: ``E_CONFIG``, for something else than a table.
    """
    own = given[kind] if kind is not None and kind in given else given
    if own is not None and not isinstance(own, dict):
        _refuse("default", str(kind), own)
    return cast("Mapping[str, Any]", own or {})


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _LEAST <= value <= _MOST


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_positive(each) for each in cast("list[object]", value))


def _refuse(name: str, key: str, value: object) -> NoReturn:
    raise ConfigError(
        "E_CONFIG",
        "The rotary positions of type {name} have {key} = {value!r}.",
        cure="Give {key} as in the original config.json: a positive number, or a list of them.",
        values=dict(name=name, key=key, value=value),
    )
