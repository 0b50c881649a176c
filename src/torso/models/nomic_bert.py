"""NomicBERT (https://arxiv.org/abs/2402.01613) and its tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import ACTIVATIONS, Axis, fixed, option, probability, size
from torso.config.rope import RotaryConfig
from torso.models.encoders import BERT_HEADS, FEATURES, PREDICTIONS, EncoderConfig, masked_lm, masked_lm_names
from torso.weights.names import Names, cat


class RotaryEncoderConfig(RotaryConfig, EncoderConfig):
    """The keys of BERT's block with rotary positions and a gated feed-forward."""

    intermediate_size: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    type_vocab_size: int = option(
        2, "number of segment types; 0 for none", acts="shape", least=0, measures=Axis("embed.segments", 0)
    )
    classifier_dropout: float | None = probability(None, "dropout before a head; null takes hidden_dropout_prob")
    head_dim: int | None = option(
        None, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )

    def check(self) -> None:
        """Check that the heads share the width, and turn."""
        EncoderConfig.check(self)
        super().check()

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout


class NomicBertConfig(RotaryEncoderConfig):
    """The keys of a NomicBERT ``config.json``, and those of its first files, which were GPT-2's."""

    model_type: ClassVar[str] = "nomic_bert"
    aliases: ClassVar[Mapping[str, str]] = {
        **ALIASES,
        "n_embd": "hidden_size",
        "n_layer": "num_hidden_layers",
        "n_head": "num_attention_heads",
        "n_inner": "intermediate_size",
        "n_positions": "max_position_embeddings",
        "attn_pdrop": "attention_probs_dropout_prob",
        "layer_norm_epsilon": "layer_norm_eps",
        "rotary_emb_base": "rope_theta",
    }

    vocab_size: int = size(30528, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    hidden_dropout_prob: float = probability(0.0, "dropout on embeddings and block outputs")
    attention_probs_dropout_prob: float = probability(0.0, "dropout on attention weights")
    rope_theta: float = option(1000.0, "base of the rotary angles", acts="run", least=1)
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    activation_function: str = fixed("swiglu", "the feed-forward of the first files")
    prenorm: bool = fixed(False, "whether blocks normalise before each branch")
    parallel_block: bool = fixed(False, "whether both branches read the block's input")
    causal: bool = fixed(False, "whether the blocks see earlier tokens only")
    rotary_emb_fraction: float = fixed(1.0, "share of a head's units that turn")
    rotary_emb_interleaved: bool = fixed(False, "whether neighbouring units turn together")


def stack(c: RotaryEncoderConfig, feed: Callable[[], blocks.Part], *, bias: bool) -> blocks.Trunk:
    """Build token and segment embeddings, then blocks that normalise after each residual sum."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    attention = partial(
        blocks.Attention,
        c.hidden_size,
        c.num_attention_heads,
        head_size=c.head_size,
        bias=bias,
        out_bias=bias,
        rotary=blocks.Rotary(c.head_size, c.rope()),
        rule=blocks.Rule(dropout=c.attention_probs_dropout_prob),
    )
    block = partial(blocks.PostNormBlock, dropout=c.hidden_dropout_prob)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size, c.hidden_size, segments=c.type_vocab_size, norm=norm(), dropout=c.hidden_dropout_prob
        ),
        layers=[block(attention(), feed(), norm(), norm()) for _ in range(c.num_hidden_layers)],
    )


def trunk(c: NomicBertConfig) -> blocks.Trunk:
    """Build blocks in which no projection has a bias."""
    feed = partial(blocks.GatedFeedForward, c.hidden_size, c.intermediate_size, c.hidden_act, bias=False)
    return stack(c, feed, bias=False)


LAYER = "encoder.layers.{i}"
TRUNK = Names(
    prefix=("nomic_bert.", "bert.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "embed.norm": "emb_ln",
        "layers.{i}.attn.qkv": f"{LAYER}.attn.Wqkv",
        "layers.{i}.attn.out": f"{LAYER}.attn.out_proj",
        "layers.{i}.attn_norm": f"{LAYER}.norm1",
        "layers.{i}.ffn.gate_up": cat(f"{LAYER}.mlp", "fc12", "fc11"),
        "layers.{i}.ffn.down": f"{LAYER}.mlp.fc2",
        "layers.{i}.ffn_norm": f"{LAYER}.norm2",
    },
    unused=("pooler.dense", f"{LAYER}.attn.rotary_emb.inv_freq"),
)
VOCABULARY = masked_lm_names(
    {"mlp.dense": f"{PREDICTIONS}.transform.dense", "mlp.norm": f"{PREDICTIONS}.transform.layer_norm"},
    bias=f"{PREDICTIONS}.bias",
    decoder=f"{PREDICTIONS}.decoder",
)
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE_CLASSIFICATION: BERT_HEADS[Task.SEQUENCE_CLASSIFICATION],
    Task.TOKEN_CLASSIFICATION: BERT_HEADS[Task.TOKEN_CLASSIFICATION],
    Task.MASKED_LM: HeadPlan(lambda c: masked_lm(c, c.hidden_act), VOCABULARY),
}

register(Architecture(("nomic_bert",), "NomicBert", NomicBertConfig, trunk, TRUNK, HEADS))
