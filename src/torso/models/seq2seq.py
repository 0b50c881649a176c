"""What BART and its kin have in common: the keys of their configs, and the two sides of their trunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.errors import ConfigError


class Seq2SeqConfig(HubConfig):
    """The keys that all of them have; the defaults are BART's."""

    aliases: ClassVar[Mapping[str, str]] = {
        **HubConfig.aliases,
        "init_std": "initializer_range",
        "hidden_size": "d_model",
        "num_hidden_layers": "encoder_layers",
        "num_attention_heads": "encoder_attention_heads",
    }

    vocab_size: int = size(50265, "entries of the vocabulary", Axis("shared", 0))
    d_model: int = size(1024, "width of every hidden state", Axis("shared", 1))
    encoder_layers: int = size(12, "blocks of the encoder", Count("encoder.layers"))
    decoder_layers: int = size(12, "blocks of the decoder", Count("decoder.layers"))
    encoder_attention_heads: int = option(16, "heads that share the width, in the encoder", acts="run", least=1)
    decoder_attention_heads: int = option(16, "heads that share the width, in the decoder", acts="run", least=1)
    encoder_ffn_dim: int = size(
        4096, "width inside the feed-forward of the encoder", Axis("encoder.layers.0.ffn.up", 0)
    )
    decoder_ffn_dim: int = size(
        4096, "width inside the feed-forward of the decoder", Axis("decoder.layers.0.ffn.up", 0)
    )
    activation_function: str = option("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    max_position_embeddings: int = option(1024, "longest text, in tokens", acts="shape", least=1)
    scale_embedding: bool = option(False, "whether token embeddings are scaled by the root of the width", acts="run")
    dropout: float = probability(0.1, "dropout on embeddings and block outputs")
    attention_dropout: float = probability(0.0, "dropout on attention weights")
    activation_dropout: float = probability(0.0, "dropout inside the feed-forward")
    encoder_layerdrop: float = probability(0.0, "probability of leaving out a block of the encoder")
    decoder_layerdrop: float = probability(0.0, "probability of leaving out a block of the decoder")
    decoder_start_token_id: int | None = option(2, "id of the token that a target begins with", acts="run", least=0)
    pad_token_id: int | None = option(
        1, "id of the padding token, whose embedding does not learn", acts="train", least=0
    )
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")
    is_encoder_decoder: bool = option(True, "whether the file holds a decoder too; the weights tell", acts="none")

    def check(self) -> None:
        """Check that the heads of both sides share the width, and both tables have a row for each token named."""
        for heads in ("encoder_attention_heads", "decoder_attention_heads"):
            check_divides(self.d_model, "d_model", getattr(self, heads), heads)
        rows = min(self.vocab_size, self.targets)
        defaults = {each.name: each.default for each in self.declared()}
        for name in ("pad_token_id", "decoder_start_token_id"):
            # A default may lie beyond a smaller vocabulary: a file that leaves it unsaid may say it of generation.
            if (getattr(self, name) or 0) >= rows and getattr(self, name) != defaults[name]:
                raise ConfigError(
                    "E_CONFIG",
                    "{name} is {value}; the table of tokens ends at {last}.",
                    cure="Use the id that the tokenizer of this model gives.",
                    values=dict(name=name, value=getattr(self, name), last=rows - 1),
                )

    @property
    def max_tokens(self) -> int:
        """The longest text that either side takes, in tokens."""
        return self.max_position_embeddings

    @property
    def targets(self) -> int:
        """Entries of the decoder's vocabulary."""
        return self.vocab_size

    @property
    def one_table(self) -> bool:
        """Whether both sides read the same table of tokens."""
        return self.tie_word_embeddings


def sides(
    c: Seq2SeqConfig,
    block: Callable[..., blocks.Part],
    cross_block: Callable[..., blocks.Part],
    *,
    positions: Callable[[], blocks.Part],
    embed_norm: Callable[[], blocks.Part] | None = None,
    norm: Callable[[], blocks.Part] | None = None,
) -> tuple[blocks.Trunk, blocks.Trunk, blocks.Embedding | None]:
    """Build encoder and decoder, and return the table of tokens if they share it.

    Args:
        c: the config.
        block: makes a block of the encoder.
        cross_block: makes a block of the decoder.
        positions: makes what gives rows of positions.
        embed_norm: makes a norm of the embeddings.
        norm: makes a norm of the last rows.
    """
    table = partial(blocks.Embedding, embedding_dim=c.d_model, padding_idx=c.pad_token_id)
    shared = table(c.vocab_size) if c.one_table else None
    rule = blocks.Rule(dropout=c.attention_dropout)

    def embed(entries: int) -> blocks.Embeddings:
        return blocks.Embeddings(
            entries,
            c.d_model,
            positions=positions(),
            norm=embed_norm and embed_norm(),
            dropout=c.dropout,
            scale=c.d_model**0.5 if c.scale_embedding else 1.0,
            tokens=shared or table(entries),
        )

    def common(inner: int, norms: int) -> tuple[blocks.Part, ...]:
        feed = blocks.FeedForward(c.d_model, inner, c.activation_function, dropout=c.activation_dropout)
        return feed, *(blocks.LayerNorm(c.d_model) for _ in range(norms))

    def encoder_block() -> blocks.Part:
        attn = blocks.Attention(c.d_model, c.encoder_attention_heads, rule=rule)
        return block(attn, *common(c.encoder_ffn_dim, norms=2), dropout=c.dropout)

    def decoder_block() -> blocks.Part:
        attn = blocks.Attention(c.d_model, c.decoder_attention_heads, rule=replace(rule, right=0))
        cross = blocks.CrossAttention(c.d_model, c.decoder_attention_heads, rule=rule)
        return cross_block(attn, cross, *common(c.decoder_ffn_dim, norms=3), dropout=c.dropout)

    def side(entries: int, layers: list[blocks.Part], chance: float) -> blocks.Trunk:
        return blocks.Trunk(embed(entries), layers, norm=norm and norm(), layer_dropout=chance)

    return (
        side(c.vocab_size, [encoder_block() for _ in range(c.encoder_layers)], c.encoder_layerdrop),
        side(c.targets, [decoder_block() for _ in range(c.decoder_layers)], c.decoder_layerdrop),
        shared,
    )
