"""GPT-Neo (Black et al., 2021, https://doi.org/10.5281/zenodo.5297715): GPT-2 with a window in every other layer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, cast

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.errors import ConfigError
from torso.models.decoders import DECODER_HEADS, NAMED_CLASSIFIER
from torso.models.gpt2 import MASKS
from torso.weights.names import Names, cat

LOCAL = "local"
KINDS = ("global", LOCAL)


class GPTNeoConfig(HubConfig):
    """The keys of a GPT-Neo ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gpt_neo"
    aliases: ClassVar[Mapping[str, str]] = {
        **ALIASES,
        "num_hidden_layers": "num_layers",
        "num_attention_heads": "num_heads",
    }

    vocab_size: int = size(50257, "entries of the vocabulary", Axis("embed.tokens", 0))
    max_position_embeddings: int = size(2048, "longest text, in tokens", Axis("embed.positions.table", 0))
    hidden_size: int = size(2048, "width of every hidden state", Axis("embed.tokens", 1))
    num_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_heads: int = option(16, "heads that share the width", acts="run", least=1)
    intermediate_size: int | None = option(
        None, "width inside the feed-forward; null: four times hidden_size", acts="shape", least=1
    )
    attention_types: list[Any] | None = option(
        None, "kinds of layers, global or local, and how often they repeat; null: both in turn", acts="run"
    )
    attention_layers: list[str] | None = option(
        None, "repeats attention_types layer by layer, which alone is read", acts="none"
    )
    window_size: int = option(256, "tokens that a token of a local layer sees, itself included", acts="run", least=1)
    activation_function: str = option("gelu_new", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    resid_dropout: float = probability(0.0, "dropout on what attention and feed-forward add")
    embed_dropout: float = probability(0.0, "dropout on embeddings")
    attention_dropout: float = probability(0.0, "dropout on attention weights")
    classifier_dropout: float | None = probability(0.1, "dropout before a head of labels")
    layer_norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    bos_token_id: int | None = option(50256, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(50256, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width, and that every layer has a kind.

        Raises:
            ConfigError: ``E_CONFIG``, if they do not, or have none.
        """
        check_divides(self.hidden_size, "hidden_size", self.num_heads, "num_heads")
        kinds = self.kinds()
        if len(kinds) != self.num_layers or not set(kinds) <= set(KINDS):
            raise ConfigError(
                "E_CONFIG",
                "attention_types is {given}; it must name one of {known} for each of the {layers} layers.",
                cure='Give as many as num_layers, such as [[["global", "local"], 12]] for 24.',
                values=dict(given=self.attention_types, known=", ".join(KINDS), layers=self.num_layers),
            )

    def kinds(self) -> list[str]:
        """Return the kind of each layer; those of a table that is not one of kinds and counts are empty."""
        if self.attention_types is None:
            return [KINDS[layer % 2] for layer in range(self.num_layers)]
        found: list[str] = []
        for each in self.attention_types:
            if not (isinstance(each, list) and len(pair := cast("list[object]", each)) == 2):
                return []
            names, count = pair
            if not (isinstance(names, list) and type(count) is int and 0 <= count <= self.num_layers):
                return []
            found += [str(name) for name in cast("list[object]", names)] * count
        return found

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings


def trunk(c: GPTNeoConfig) -> blocks.Trunk:
    """Build token and position embeddings, then blocks that normalise before each branch; scores are not scaled."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_epsilon)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size,
            c.hidden_size,
            positions=blocks.LearnedPositions(c.max_position_embeddings, c.hidden_size),
            dropout=c.embed_dropout,
            segments_are_tokens=True,
        ),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_heads,
                    bias=False,
                    rule=blocks.Rule.causal(
                        c.window_size if kind == LOCAL else None, scale=1.0, dropout=c.attention_dropout
                    ),
                ),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size or 4 * c.hidden_size, c.activation_function),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.resid_dropout,
            )
            for kind in c.kinds()
        ],
        norm=norm(),
    )


ATTENTION = "h.{i}.attn.attention"
TRUNK = Names(
    prefix=("transformer.", ""),
    rows={
        "embed.tokens": "wte",
        "embed.positions.table": "wpe",
        "layers.{i}.attn_norm": "h.{i}.ln_1",
        "layers.{i}.attn.qkv": cat(ATTENTION, "q_proj", "k_proj", "v_proj"),
        "layers.{i}.attn.out": f"{ATTENTION}.out_proj",
        "layers.{i}.ffn_norm": "h.{i}.ln_2",
        "layers.{i}.ffn.up": "h.{i}.mlp.c_fc",
        "layers.{i}.ffn.down": "h.{i}.mlp.c_proj",
        "norm": "ln_f",
    },
    unused=tuple(each.replace("attn.", "attn.attention.") for each in MASKS),
)
HEADS = {**DECODER_HEADS, Task.TOKEN_CLASSIFICATION: NAMED_CLASSIFIER}

register(Architecture(("gpt_neo",), "GPTNeo", GPTNeoConfig, trunk, TRUNK, HEADS))
