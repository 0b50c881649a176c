"""ModernBERT (https://arxiv.org/abs/2412.13663) and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import check_divides
from torso.config.rope import RotaryConfig, own_table
from torso.models.decoders import FULL, SLIDING, check_kinds
from torso.models.encoders import FEATURES
from torso.weights.names import Names

if TYPE_CHECKING:
    from torso.models.modernbert import ModernBertConfig


class ModernBertConfig(RotaryConfig):
    """The keys of a ModernBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "modernbert"
    rope_kinds: ClassVar[tuple[str | None, ...]] = (FULL, SLIDING)

    vocab_size: int = size(50368, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(1152, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(22, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(12, "heads that share the width", acts="run", least=1)
    hidden_activation: str = option("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    norm_eps: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    norm_bias: bool = option(False, "whether norms have a bias", acts="shape")
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    attention_dropout: float = probability(0.0, "dropout on attention weights and on what attention adds")
    embedding_dropout: float = probability(0.0, "dropout on embeddings")
    mlp_bias: bool = option(False, "whether the feed-forward has a bias", acts="shape")
    mlp_dropout: float = probability(0.0, "dropout inside the feed-forward")
    local_attention: int = option(128, "tokens that a token sees in layers with a window", acts="run", least=0)
    global_attn_every_n_layers: int = option(
        3, "of so many layers the first has no window; layer_types go before", acts="run", least=1
    )
    layer_types: list[str] | None = option(None, "which layers have a window; null: as the family has them", acts="run")
    rope_theta: float = option(10000.0, "a base that this family never reads", acts="none")
    global_rope_theta: float = option(
        160000.0, "base of the rotary angles of layers without a window", acts="run", least=1
    )
    local_rope_theta: float = option(10000.0, "base of the rotary angles of layers with a window", acts="run", least=1)
    decoder_bias: bool = option(True, "whether the scores of the vocabulary have a bias", acts="shape")
    classifier_pooling: str = option("cls", "which row stands for a text", acts="run", choices=("cls", "mean"))
    classifier_dropout: float = probability(0.0, "dropout before a head of labels")
    classifier_bias: bool = option(False, "whether the layer before the scores has a bias", acts="shape")
    classifier_activation: str = option("gelu", "activation of that layer", acts="run", choices=ACTIVATIONS)
    pad_token_id: int | None = option(50283, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(50281, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(50282, "id of the token that ends a text", acts="none")
    cls_token_id: int | None = option(50281, "id of the classification token", acts="none")
    sep_token_id: int | None = option(50282, "id of the token between two texts", acts="none")

    def check(self) -> None:
        """Check that the heads share the width, and every layer has a kind."""
        check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")
        check_kinds(self.layer_types, self.num_hidden_layers)
        super().check()

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.hidden_size // self.num_attention_heads

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Give each kind of layer its own RoPE base; ``rope_scaling`` applies to both."""
        base = self.local_rope_theta if kind == SLIDING else self.global_rope_theta
        own = own_table({FULL: {}, SLIDING: {}, **(self.rope_parameters or {})}, kind)
        return {"rope_theta": base, **own, **(self.rope_scaling or {})}

    def kind(self, layer: int) -> str:
        """Return whether a layer has a window."""
        if self.layer_types is not None:
            return self.layer_types[layer]
        return SLIDING if layer % self.global_attn_every_n_layers else FULL

    def norm(self) -> blocks.LayerNorm:
        """Build a norm, as all of them are."""
        return blocks.LayerNorm(self.hidden_size, self.norm_eps, bias=self.norm_bias)


def trunk(c: ModernBertConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks that normalise before each branch; most have local attention."""
    half = c.local_attention // 2
    rules = {
        FULL: blocks.Rule(dropout=c.attention_dropout),
        SLIDING: blocks.Rule(half, half, dropout=c.attention_dropout),
    }
    rotary = {kind: blocks.Rotary(c.head_size, c.rope(kind)) for kind in rules}
    attention = partial(
        blocks.Attention, c.hidden_size, c.num_attention_heads, bias=c.attention_bias, out_bias=c.attention_bias
    )
    feed = partial(
        blocks.GatedFeedForward,
        c.hidden_size,
        c.intermediate_size,
        c.hidden_activation,
        bias=c.mlp_bias,
        dropout=c.mlp_dropout,
    )
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, norm=c.norm(), dropout=c.embedding_dropout),
        layers=[
            blocks.PreNormBlock(
                attn=attention(rotary=rotary[c.kind(i)], rule=rules[c.kind(i)]),
                ffn=feed(),
                attn_norm=c.norm() if i else blocks.Identity(),
                ffn_norm=c.norm(),
                dropout=c.attention_dropout,  # of what attention adds
                ffn_dropout=0.0,
            )
            for i in range(c.num_hidden_layers)
        ],
        norm=c.norm(),
    )


TRUNK = Names(
    prefix=("model.", ""),
    rows={
        "embed.tokens": "embeddings.tok_embeddings",
        "embed.norm": "embeddings.norm",
        "layers.{i}.attn_norm": "layers.{i}.attn_norm",
        "layers.{i}.attn.qkv": "layers.{i}.attn.Wqkv",
        "layers.{i}.attn.out": "layers.{i}.attn.Wo",
        "layers.{i}.ffn_norm": "layers.{i}.mlp_norm",
        "layers.{i}.ffn.gate_up": "layers.{i}.mlp.Wi",
        "layers.{i}.ffn.down": "layers.{i}.mlp.Wo",
        "norm": "final_norm",
    },
)


def mlp(c: ModernBertConfig) -> blocks.Transform:
    """Build the layer before the scores of every task."""
    return blocks.Transform(c.hidden_size, c.classifier_activation, norm=c.norm(), bias=c.classifier_bias)


def pooled(c: ModernBertConfig, labels: int) -> blocks.SequenceHead:
    """Build a head: logits from the first token, or from the mean of all."""
    pool = "mean" if c.classifier_pooling == "mean" else "first"
    return blocks.SequenceHead(c.hidden_size, labels, pool=pool, mlp=mlp(c), dropout=c.classifier_dropout)


def vocabulary(c: ModernBertConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, tied to the token embeddings unless the config unties them."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, mlp=mlp(c), bias=c.decoder_bias, tied=c.tie_word_embeddings)


MLP = {"mlp.dense": "head.dense", "mlp.norm": "head.norm"}
LABELS = Names({**MLP, "out": "classifier"})
VOCABULARY = Names(
    {**MLP, "bias": "decoder.bias", "out": "decoder"}, copies={"decoder.weight": "trunk.embed.tokens.weight"}
)

HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(lambda c: pooled(c, c.labels), LABELS),
    Task.MULTIPLE_CHOICE: HeadPlan(
        lambda c: blocks.ChoiceHead(pooled(c, 1)),
        Names({f"scorer.{ours}": theirs for ours, theirs in LABELS.rows.items()}),
    ),
    Task.TOKEN_CLASSIFICATION: HeadPlan(
        lambda c: blocks.TokenHead(c.hidden_size, c.labels, mlp=mlp(c), dropout=c.classifier_dropout), LABELS
    ),
    Task.QUESTION_ANSWERING: HeadPlan(
        lambda c: blocks.SpanHead(c.hidden_size, mlp=mlp(c), dropout=c.classifier_dropout), LABELS
    ),
    Task.MASKED_LM: HeadPlan(vocabulary, VOCABULARY),
}


register(Architecture(("modernbert",), "ModernBert", ModernBertConfig, trunk, TRUNK, HEADS))
