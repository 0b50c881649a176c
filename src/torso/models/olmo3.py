"""OLMo 3 (https://allenai.org/papers/olmo3): OLMo 2 with a window in three of four layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torso.architecture import Architecture, register
from torso.config.fields import option
from torso.config.rope import own_table
from torso.models.decoders import FULL, SLIDING, check_kinds
from torso.models.olmo2 import HEADS, TRUNK, Olmo2Config, trunk

PERIOD = 4
"""Of so many layers the last has no window, unless layer_types say otherwise."""


class Olmo3Config(Olmo2Config):
    """The keys of an OLMo 3 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "olmo3"
    rope_kinds: ClassVar[tuple[str | None, ...]] = (FULL, SLIDING)

    rope_theta: float = option(500000.0, "base of the rotary angles", acts="run", least=1)
    sliding_window: int | None = option(
        4096, "tokens that a token sees in most layers, itself included; null for all", acts="run", least=1
    )
    layer_types: list[str] | None = option(None, "which layers have a window; null: all but every fourth", acts="run")

    def check(self) -> None:
        """Check that every layer has a kind."""
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)

    def kind(self, layer: int) -> str:
        """Return what a layer's tokens see: a window, or all before them."""
        if self.layer_types is not None:
            return self.layer_types[layer]
        return FULL if (layer + 1) % PERIOD == 0 else SLIDING

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer's token sees, itself included; None for all."""
        return self.sliding_window if self.kind(layer) == SLIDING else None

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Return the rotary parameters in the file for a layer type: only layers without a window are stretched."""
        own = own_table(self.rope_parameters or {}, kind)
        return {**own, **(self.rope_scaling or {})} if kind == FULL else own


register(Architecture(("olmo3",), "Olmo3", Olmo3Config, trunk, TRUNK, HEADS))
