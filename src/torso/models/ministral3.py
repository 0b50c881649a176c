"""Ministral 3 (https://mistral.ai/news/mistral-3): Mistral's block, whose queries grow with their positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, Count, option, size
from torso.errors import ConfigError
from torso.models.decoders import DECODER_HEADS
from torso.models.llama import TRUNK, MistralConfig, trunk

GROWTH, TRAINED = "llama_4_scaling_beta", "original_max_position_embeddings"
ROPE: Mapping[str, Any] = {
    "rope_type": "yarn",
    "rope_theta": 1000000.0,
    "factor": 16.0,
    TRAINED: 16384,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "mscale_all_dim": 1.0,
    "mscale": 1.0,
    GROWTH: 0.1,
}
"""Rotary positions where a file says nothing of them."""


class Ministral3Config(MistralConfig):
    """The keys of a Ministral 3 ``config.json`` of text alone, under the names the Hub gives them."""

    model_type: ClassVar[str] = "ministral3"

    vocab_size: int = size(131072, "entries of the vocabulary", Axis("embed.tokens", 0))
    num_hidden_layers: int = size(34, "blocks of the trunk", Count("layers"))
    head_dim: int | None = option(
        128, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    max_position_embeddings: int = option(262144, "longest text the model was made for, in tokens", acts="run", least=1)
    sliding_window: int | None = option(
        None, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    pad_token_id: int | None = option(11, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the rotary parameters say how queries grow.

        Raises:
            ConfigError: ``E_CONFIG``, if they do not.
        """
        super().check()
        table = self.rope()
        growth = table.get(GROWTH)
        if not isinstance(growth, int | float) or isinstance(growth, bool) or not 0 <= growth < 1e6:
            raise ConfigError(
                "E_CONFIG",
                "The rotary positions of type {name} have {key} = {value!r}.",
                cure="Give {key} as in the original config.json: a positive number, or a list of them.",
                values=dict(name=table["rope_type"], key=GROWTH, value=growth),
            )

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Return the rotary parameters in the file, or those of the first of these models."""
        return super().stated(kind) or ROPE

    @property
    def attention(self) -> Callable[..., blocks.Attention]:
        """What describes the attention of a layer."""
        table = self.rope()
        return partial(blocks.TemperedAttention, growth=float(table[GROWTH]), trained=int(table[TRAINED]))


register(Architecture(("ministral3",), "Ministral3", Ministral3Config, trunk, TRUNK, DECODER_HEADS))
