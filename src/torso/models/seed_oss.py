"""Seed-OSS (https://huggingface.co/ByteDance-Seed/Seed-OSS-36B-Instruct): Llama's block, with biases into attention."""

from __future__ import annotations

from typing import ClassVar

from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, Count, option, probability, size
from torso.models.decoders import DECODER_HEADS, OLDER_SPAN
from torso.models.llama import TRUNK, LlamaConfig, trunk


class SeedOssConfig(LlamaConfig):
    """The keys of a Seed-OSS ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "seed_oss"

    vocab_size: int = size(155136, "entries of the vocabulary", Axis("embed.tokens", 0))
    intermediate_size: int = size(27648, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(64, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(80, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        8, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    head_dim: int | None = option(
        128, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )
    max_position_embeddings: int = option(524288, "longest text the model was made for, in tokens", acts="run", least=1)
    attention_bias: bool = option(True, "whether the projections into attention have a bias", acts="shape")
    attention_out_bias: bool = option(False, "whether the projection out of attention has one", acts="shape")
    attention_dropout: float = probability(0.1, "dropout on attention weights")
    residual_dropout: float = probability(0.1, "dropout on what attention and feed-forward add")
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    @property
    def biases(self) -> tuple[bool, bool]:
        """Whether the projections into attention have a bias, and the one out of it."""
        return self.attention_bias, self.attention_out_bias

    @property
    def branch_dropout(self) -> float:
        """Dropout on what attention and feed-forward add."""
        return self.residual_dropout


HEADS = {**DECODER_HEADS, Task.QUESTION_ANSWERING: OLDER_SPAN}

register(Architecture(("seed_oss",), "SeedOss", SeedOssConfig, trunk, TRUNK, HEADS))
