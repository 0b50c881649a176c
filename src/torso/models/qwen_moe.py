"""Qwen2-MoE (https://arxiv.org/abs/2407.10671) and Qwen3-MoE (https://arxiv.org/abs/2505.09388): mixtures in Qwen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import Axis, Count, option, size
from torso.models.decoders import DECODER_HEADS, OLDER_SPAN, SLIDING
from torso.models.llama import TRUNK as LLAMA
from torso.models.llama import trunk
from torso.models.mixtures import MixtureConfig, expert_rows, make_experts
from torso.models.qwen import Qwen2Config, Qwen3Config
from torso.weights.names import cat

FEED = Axis("layers.0.ffn.down", 1)


class _QwenMixtureConfig(MixtureConfig):
    """The keys of both mixtures."""

    num_experts: int = option(128, "experts of a layer with a mixture", acts="shape", least=1)
    num_experts_per_tok: int = option(8, "experts of a token", acts="run", least=1)
    moe_intermediate_size: int = option(768, "width inside an expert", acts="shape", least=1)
    decoder_sparse_step: int = option(1, "of so many layers the last has a mixture", acts="shape", least=1)
    mlp_only_layers: list[int] | None = option(None, "layers without a mixture, counted from 0", acts="shape")
    norm_topk_prob: bool = option(
        False, "whether the weights of a token's experts are divided by their sum", acts="run"
    )

    @property
    def experts(self) -> int:
        """Number of experts."""
        return self.num_experts

    def mixes(self, layer: int) -> bool:
        """Return whether a layer has a mixture."""
        return layer not in (self.mlp_only_layers or ()) and (layer + 1) % self.decoder_sparse_step == 0


class Qwen2MoeConfig(_QwenMixtureConfig, Qwen2Config):
    """The keys of a Qwen2-MoE ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "qwen2_moe"

    hidden_size: int = size(2048, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(5632, "width inside the feed-forward of a layer without a mixture", FEED)
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(16, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        16, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    num_experts: int = option(60, "experts of a layer with a mixture", acts="shape", least=1)
    num_experts_per_tok: int = option(4, "experts of a token", acts="run", least=1)
    moe_intermediate_size: int = option(1408, "width inside an expert", acts="shape", least=1)
    shared_expert_intermediate_size: int = option(
        5632, "width inside the expert that all tokens share", acts="shape", least=1
    )
    sliding_window: int | None = option(
        4096, "tokens that a token sees, itself included; null or 0 for all", acts="run", least=0
    )
    qkv_bias: bool = option(True, "whether the projections into attention have a bias", acts="shape")
    max_window_layers: int = option(28, "the first layer without a window, counted from 0", acts="run", least=0)
    layer_types: list[str] | None = option(
        None, "which layers have a window; null: every other one below max_window_layers", acts="run"
    )

    @property
    def biases(self) -> tuple[bool, bool]:
        """As ``qkv_bias`` says, and none out of attention."""
        return self.qkv_bias, False

    def window(self, layer: int) -> int | None:
        """Return the window as of ``layer_types``, or of every other layer below ``max_window_layers``."""
        slides = layer % 2 == 0 and layer < self.max_window_layers
        if self.layer_types is not None:
            slides = self.layer_types[layer] == SLIDING
        return (self.sliding_window or None) if self.use_sliding_window and slides else None

    def feed(self, layer: int) -> blocks.GatedFeedForward | blocks.Mixture:
        """Build the mixture of a layer, beside an expert that all tokens share; in some layers a plain feed-forward."""
        if not self.mixes(layer):
            return super().feed(layer)
        width, inner = self.hidden_size, self.shared_expert_intermediate_size
        return blocks.Mixture(
            blocks.Router(width, self.experts, self.num_experts_per_tok, normalised=self.norm_topk_prob),
            make_experts(self.experts, width, self.moe_intermediate_size, self.hidden_act),
            shared=blocks.GatedBranch(width, blocks.GatedFeedForward(width, inner, self.hidden_act, bias=False)),
        )


class Qwen3MoeConfig(_QwenMixtureConfig, Qwen3Config):
    """The keys of a Qwen3-MoE ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "qwen3_moe"
    # The name under which later versions of transformers write it.
    aliases: ClassVar[Mapping[str, str]] = {**ALIASES, "num_local_experts": "num_experts"}

    hidden_size: int = size(2048, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(6144, "width inside the feed-forward of a layer without a mixture", FEED)
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_key_value_heads: int | None = option(
        4, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    head_dim: int | None = option(
        None, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )
    max_window_layers: int = option(28, "a layer that this family's windows never read", acts="none", least=0)
    layer_types: list[str] | None = option(None, "kinds of layers that this family never reads", acts="none")

    def window(self, layer: int) -> int | None:
        """Return the window, the same in every layer."""
        return self.sliding_window if self.use_sliding_window else None

    def feed(self, layer: int) -> blocks.GatedFeedForward | blocks.Mixture:
        """Build the mixture of a layer; in some layers a plain feed-forward."""
        if not self.mixes(layer):
            return super().feed(layer)
        return blocks.Mixture(
            blocks.Router(self.hidden_size, self.experts, self.num_experts_per_tok, normalised=self.norm_topk_prob),
            make_experts(self.experts, self.hidden_size, self.moe_intermediate_size, self.hidden_act),
        )


FFN = "layers.{i}.ffn"
TRUNK = replace(
    LLAMA,
    rows={
        **LLAMA.rows,
        **expert_rows(FFN, "layers.{i}.mlp", "gate_proj", "up_proj", "down_proj"),
        f"{FFN}.shared.gate": "layers.{i}.mlp.shared_expert_gate",
        f"{FFN}.shared.branch.gate_up": cat("layers.{i}.mlp.shared_expert", "gate_proj", "up_proj"),
        f"{FFN}.shared.branch.down": "layers.{i}.mlp.shared_expert.down_proj",
    },
)

register(Architecture(("qwen2_moe",), "Qwen2Moe", Qwen2MoeConfig, trunk, TRUNK, DECODER_HEADS))
register(
    Architecture(
        ("qwen3_moe",),
        "Qwen3Moe",
        Qwen3MoeConfig,
        trunk,
        TRUNK,
        {**DECODER_HEADS, Task.QUESTION_ANSWERING: OLDER_SPAN},
    )
)
