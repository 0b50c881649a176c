"""ERNIE 4.5 with mixtures of experts (https://yiyan.baidu.com/blog/publication): chosen with a correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import Axis, Count, fixed, option, size
from torso.models.decoders import DECODER_HEADS, OUTPUT
from torso.models.llama import TRUNK as LLAMA
from torso.models.llama import LlamaConfig, trunk
from torso.models.mixtures import ExpertsConfig, expert_rows, mixture_beside
from torso.weights.names import cat


class Ernie4_5_MoeConfig(ExpertsConfig, LlamaConfig):  # noqa: N801 - the Hub's class names begin so
    """The keys of an ERNIE 4.5 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "ernie4_5_moe"
    stating: ClassVar[str] = "moe_k"
    aliases: ClassVar[Mapping[str, str]] = {
        **ALIASES,
        "num_experts": "moe_num_experts",
        "num_experts_per_tok": "moe_k",
    }

    vocab_size: int = size(103424, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2560, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = option(
        12288, "width inside the feed-forward of a layer without a mixture", acts="shape", least=1
    )
    num_hidden_layers: int = size(28, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(20, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        4, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    max_position_embeddings: int = option(131072, "longest text the model was made for, in tokens", acts="run", least=1)
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    rope_theta: float = option(500000.0, "base of the rotary angles", acts="run", least=1)
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    attention_dropout: float = fixed(0.0, "dropout on attention weights")
    attention_bias: bool = fixed(False, "repeats use_bias")
    mlp_bias: bool = fixed(False, "repeats use_bias")
    use_bias: bool = option(
        False, "whether attention, feed-forwards, shared experts and scores of tokens have a bias", acts="shape"
    )
    moe_intermediate_size: int = option(1536, "width inside an expert", acts="shape", least=1)
    moe_k: int = option(6, "experts of a token", acts="run", least=1)
    moe_num_experts: int = option(64, "experts of a layer with a mixture", acts="shape", least=1)
    moe_num_shared_experts: int = option(2, "experts that all tokens share", acts="shape", least=0)
    moe_layer_start_index: int = option(1, "the first layer that may have a mixture, counted from 0", acts="shape")
    moe_layer_end_index: int = option(-1, "the last one; -1: the last of all", acts="shape", least=-1)
    moe_layer_interval: int = option(1, "of so many layers the last has a mixture", acts="shape", least=1)
    moe_norm_min: float = option(
        1e-12, "what the sum of a token's shares of experts is raised to", acts="run", least=0, most=1
    )
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    @property
    def experts(self) -> int:
        """Number of experts."""
        return self.moe_num_experts

    @property
    def biases(self) -> tuple[bool, bool]:
        """As ``use_bias`` says."""
        return self.use_bias, self.use_bias

    def rotary(self) -> blocks.PairedRotary:
        """Build the rotary position embedding: neighbouring units turn together."""
        return blocks.PairedRotary(self.head_size, self.rope())

    def mixes(self, layer: int) -> bool:
        """Return whether a layer has a mixture."""
        last = self.num_hidden_layers - 1 if self.moe_layer_end_index == -1 else self.moe_layer_end_index
        return self.moe_layer_start_index <= layer <= last and (layer + 1) % self.moe_layer_interval == 0

    def feed(self, layer: int) -> blocks.GatedFeedForward | blocks.Mixture:
        """Build the mixture of a layer, beside experts that all tokens share; in some layers a plain feed-forward."""
        width, act, bias = self.hidden_size, self.hidden_act, self.use_bias
        if not self.mixes(layer):
            return blocks.GatedFeedForward(width, self.intermediate_size, act, bias=bias)
        router = blocks.CorrectedRouter(width, self.experts, self.moe_k, least=self.moe_norm_min)
        return mixture_beside(router, self.moe_intermediate_size, self.moe_num_shared_experts, act, bias=bias)


def next_token(c: Ernie4_5_MoeConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary: what comes next."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, bias=c.use_bias, tied=c.tie_word_embeddings)


FFN, MLP = "layers.{i}.ffn", "layers.{i}.mlp"
TRUNK = replace(
    LLAMA,
    rows={
        **LLAMA.rows,
        **expert_rows(FFN, MLP, "gate_proj", "up_proj", "down_proj"),
        f"{FFN}.router.correction": f"{MLP}.moe_statics.e_score_correction_bias",
        f"{FFN}.shared.gate_up": cat(f"{MLP}.shared_experts", "gate_proj", "up_proj"),
        f"{FFN}.shared.down": f"{MLP}.shared_experts.down_proj",
    },
    # What predicts tokens further ahead.
    unused=(*LLAMA.unused, "mtp_block", "mtp_emb_norm", "mtp_hidden_norm", "mtp_linear_proj"),
)
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: DECODER_HEADS[Task.FEATURES],
    Task.CAUSAL_LM: HeadPlan(next_token, replace(OUTPUT, rows={**OUTPUT.rows, "bias": "lm_head.bias"})),
}

register(Architecture(("ernie4_5_moe",), "Ernie4_5_Moe", Ernie4_5_MoeConfig, trunk, TRUNK, HEADS))
