"""EXAONE 4 (https://arxiv.org/abs/2507.11407): norms behind each branch, and a window with positions in most layers."""

from __future__ import annotations

from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, fixed, option, size
from torso.errors import ConfigError
from torso.models.decoders import DECODER_HEADS, OLDER_SPAN, SLIDING, check_kinds
from torso.models.olmo2 import TRUNK, Olmo2Config, trunk


class Exaone4Config(Olmo2Config):
    """The keys of an EXAONE 4 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "exaone4"

    vocab_size: int = size(102400, "entries of the vocabulary", Axis("embed.tokens", 0))
    intermediate_size: int = size(16384, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_key_value_heads: int | None = option(
        32, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    sliding_window: int | None = option(
        4096,
        "tokens that a token sees in most layers, itself included; null for all, and then every layer has positions",
        acts="run",
        least=1,
    )
    sliding_window_pattern: str | int | None = option(
        4, "layers with (L) and without (G) a window, or every how many has none; layer_types go before", acts="run"
    )
    layer_types: list[str] | None = option(None, "which layers have a window; null: as the pattern says", acts="run")
    attention_bias: bool = fixed(False, "whether the projections of attention have a bias")
    pad_token_id: int | None = option(None, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that every layer has a kind.

        Raises:
            ConfigError: ``E_CONFIG``, for a pattern that is none.
        """
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)
        pattern = self.sliding_window_pattern
        letters = isinstance(pattern, str)
        if (letters and (not pattern or set(pattern) - set("LG"))) or (isinstance(pattern, int) and pattern < 0):
            raise ConfigError(
                "E_CONFIG",
                "sliding_window_pattern is {pattern!r}; it must be letters L and G, a number, or null.",
                cure='Give one as in the original config.json, such as "LLLG".',
                values=dict(pattern=pattern),
            )

    def slides(self, layer: int) -> bool:
        """Return whether a layer has a window."""
        pattern = self.sliding_window_pattern
        if self.layer_types is not None:
            return self.layer_types[layer] == SLIDING
        if self.sliding_window is None or not pattern:
            return False
        if isinstance(pattern, int):
            return (layer + 1) % pattern != 0
        return layer + 1 < self.num_hidden_layers and pattern[layer % len(pattern)] == "L"

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer's token sees, itself included; None for all."""
        return self.sliding_window if self.slides(layer) else None

    def uses_rope(self, layer: int) -> bool:
        """Return whether a layer's queries and keys turn: beside layers with a window, others have no positions."""
        return self.sliding_window is None or self.slides(layer)

    def head_norm(self, heads: int) -> blocks.RMSNorm:
        """Build the norm of each head's units."""
        return blocks.RMSNorm(self.head_size, self.rms_norm_eps)


HEADS = {**DECODER_HEADS, Task.QUESTION_ANSWERING: OLDER_SPAN}

register(Architecture(("exaone4",), "Exaone4", Exaone4Config, trunk, TRUNK, HEADS))
