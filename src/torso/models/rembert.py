"""RemBERT (https://arxiv.org/abs/2010.12821): narrow embeddings in, wide ones out, which are never the same matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, Count, option, probability, size
from torso.models import bert
from torso.models.encoders import BERT_HEADS, PREDICTIONS
from torso.weights.names import Names


class RemBertConfig(bert.SegmentedConfig):
    """The keys of a RemBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "rembert"

    vocab_size: int = size(250300, "entries of the vocabulary", Axis("embed.tokens", 0))
    input_embedding_size: int = size(256, "width of the embeddings, before they are projected", Axis("embed.tokens", 1))
    output_embedding_size: int = option(1664, "width of the output matrix", acts="shape", least=1)
    hidden_size: int = size(1152, "width of every hidden state", Axis("layers.0.attn.out", 0))
    num_hidden_layers: int = size(32, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(18, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(4608, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    hidden_dropout_prob: float = probability(0.0, "dropout on embeddings and block outputs")
    attention_probs_dropout_prob: float = probability(0.0, "dropout on attention weights")
    classifier_dropout_prob: float = probability(0.1, "dropout before a head of labels")
    tie_word_embeddings: bool = option(False, "the output matrix is always one of its own", acts="none")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(312, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(313, "id of the token that ends a text", acts="none")

    @property
    def table_width(self) -> int:
        """Width of the embeddings."""
        return self.input_embedding_size

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.classifier_dropout_prob


def masked_lm(c: RemBertConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, by a matrix wider than the rows."""
    width = c.output_embedding_size
    mlp = blocks.Transform(c.hidden_size, c.hidden_act, out=width, norm=blocks.LayerNorm(width, c.layer_norm_eps))
    return blocks.VocabHead(width, c.vocab_size, mlp=mlp, bias=True, tied=False)


TRUNK = replace(
    bert.TRUNK,
    prefix=("rembert.", ""),
    rows={**bert.TRUNK.rows, "embed.project": "encoder.embedding_hidden_mapping_in"},
)
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    **{task: plan for task, plan in BERT_HEADS.items() if task is not Task.NEXT_SENTENCE},
    Task.MASKED_LM: HeadPlan(
        masked_lm,
        Names(
            {
                "mlp.dense": f"{PREDICTIONS}.dense",
                "mlp.norm": f"{PREDICTIONS}.LayerNorm",
                "out": f"{PREDICTIONS}.decoder",
            }
        ),
    ),
}

register(Architecture(("rembert",), "RemBert", RemBertConfig, bert.trunk, TRUNK, HEADS))
