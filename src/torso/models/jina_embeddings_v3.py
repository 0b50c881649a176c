"""Jina Embeddings v3 (https://arxiv.org/abs/2409.10173): XLM-R with rotary positions, for texts of 8192 tokens."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, Count, option, probability, size
from torso.models.encoders import FIRST_TOKEN, LM_HEAD, POOLED_FEATURES, SPAN, TOKEN, first_token
from torso.models.nomic_bert import RotaryEncoderConfig, stack
from torso.weights.names import Names


class JinaEmbeddingsV3Config(RotaryEncoderConfig):
    """The keys of a Jina Embeddings v3 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "jina_embeddings_v3"

    vocab_size: int = size(250002, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(1024, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(16, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(4096, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    type_vocab_size: int = size(1, "segments: first and second text", Axis("embed.segments", 0))
    max_position_embeddings: int = option(8194, "longest text the model was made for, in tokens", acts="run", least=1)
    hidden_dropout_prob: float = probability(0.1, "dropout on embeddings and block outputs")
    layer_norm_eps: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    rope_theta: float = option(20000.0, "base of the rotary angles", acts="run", least=1)
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")


def trunk(c: JinaEmbeddingsV3Config) -> blocks.Trunk:
    """Build token and segment embeddings, then BERT's blocks with rotary positions."""
    return stack(c, partial(blocks.FeedForward, c.hidden_size, c.intermediate_size, c.hidden_act), bias=True)


LAYER = "encoder.layers.{i}"
TRUNK = Names(
    prefix=("roberta.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "embed.norm": "emb_ln",
        "layers.{i}.attn.qkv": f"{LAYER}.mixer.Wqkv",
        "layers.{i}.attn.out": f"{LAYER}.mixer.out_proj",
        "layers.{i}.attn_norm": f"{LAYER}.norm1",
        "layers.{i}.ffn.up": f"{LAYER}.mlp.fc1",
        "layers.{i}.ffn.down": f"{LAYER}.mlp.fc2",
        "layers.{i}.ffn_norm": f"{LAYER}.norm2",
    },
    unused=("pooler.dense", "embeddings.position_ids"),
)
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: POOLED_FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(lambda c: first_token(c, "tanh"), FIRST_TOKEN),
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: LM_HEAD,
}

register(Architecture(("jina_embeddings_v3",), "JinaEmbeddingsV3", JinaEmbeddingsV3Config, trunk, TRUNK, HEADS))
