"""Qwen2 (https://arxiv.org/abs/2407.10671) and Qwen3 (https://arxiv.org/abs/2505.09388): Llama's block."""

from __future__ import annotations

from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, option, size
from torso.models.decoders import DECODER_HEADS, OLDER_SPAN, SLIDING, check_kinds
from torso.models.llama import TRUNK, LlamaConfig, trunk


class Qwen2Config(LlamaConfig):
    """The keys of a Qwen2 ``config.json`` (https://arxiv.org/abs/2407.10671)."""

    model_type: ClassVar[str] = "qwen2"

    vocab_size: int = size(151936, "entries of the vocabulary", Axis("embed.tokens", 0))
    intermediate_size: int = size(22016, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    max_position_embeddings: int = option(32768, "longest text the model was made for, in tokens", acts="run", least=1)
    use_sliding_window: bool = option(False, "whether some layers see a window only", acts="run")
    sliding_window: int | None = option(
        4096, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    max_window_layers: int = option(28, "the first layer with a window, counted from 0", acts="run", least=0)
    layer_types: list[str] | None = option(
        None, "which layers have a window; null: from max_window_layers on", acts="run"
    )

    def check(self) -> None:
        """Check that every layer has a kind."""
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)

    @property
    def biases(self) -> tuple[bool, bool]:
        """Only the projections into attention have one."""
        return True, False

    def window(self, layer: int) -> int | None:
        """Return the window as of ``layer_types``, or from ``max_window_layers`` on."""
        slides = layer >= self.max_window_layers if self.layer_types is None else self.layer_types[layer] == SLIDING
        return self.sliding_window if self.use_sliding_window and slides else None


class Qwen3Config(Qwen2Config):
    """The keys of a Qwen3 ``config.json`` (https://arxiv.org/abs/2505.09388)."""

    model_type: ClassVar[str] = "qwen3"

    head_dim: int | None = option(
        128, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )

    @property
    def biases(self) -> tuple[bool, bool]:
        """As ``attention_bias`` says."""
        return self.attention_bias, self.attention_bias

    def head_norm(self) -> blocks.RMSNorm | blocks.Identity:
        """Build the norm of each head's queries and keys."""
        return blocks.RMSNorm(self.head_size, self.rms_norm_eps)


for family, kind in {"Qwen2": Qwen2Config, "Qwen3": Qwen3Config}.items():
    register(
        Architecture(
            (kind.model_type,), family, kind, trunk, TRUNK, {**DECODER_HEADS, Task.QUESTION_ANSWERING: OLDER_SPAN}
        )
    )
