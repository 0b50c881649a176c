"""ELECTRA (https://arxiv.org/abs/2003.10555), discriminator and generator: BERT's block behind narrower embeddings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, fixed, option, probability, size
from torso.models import bert
from torso.models.encoders import FEATURES, FIRST_TOKEN, SPAN, TOKEN, first_token, masked_lm, masked_lm_names
from torso.weights.names import Names


class ElectraConfig(bert.BertConfig):
    """The keys of an ELECTRA ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "electra"

    embedding_size: int = size(128, "width of the embeddings, before they are projected", Axis("embed.tokens", 1))
    hidden_size: int = size(256, "width of every hidden state", Axis("layers.0.attn.out", 0))
    num_attention_heads: int = option(4, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(1024, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    summary_type: str = fixed("first", "which token's row scores a choice")
    summary_use_proj: bool = fixed(True, "whether a layer of its own stands before the score of a choice")
    summary_activation: str = option(
        "gelu", "activation of the layer before the score of a choice", acts="run", choices=ACTIVATIONS
    )
    summary_last_dropout: float = probability(0.1, "dropout before the score of a choice")

    @property
    def table_width(self) -> int:
        """Width of the embeddings, and of the output matrix that repeats them."""
        return self.embedding_size


TRUNK = replace(
    bert.TRUNK, prefix=("electra.", ""), rows={**bert.TRUNK.rows, "embed.project": "embeddings_project"}, unused=()
)


def choice(c: ElectraConfig) -> blocks.ChoiceHead:
    """Build one score per alternative, from its first token."""
    mlp = blocks.Transform(c.hidden_size, c.summary_activation)
    scorer = blocks.SequenceHead(c.hidden_size, 1, pool="first", mlp=mlp, dropout=c.summary_last_dropout)
    return blocks.ChoiceHead(scorer)


HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(lambda c: first_token(c, "gelu"), FIRST_TOKEN),
    Task.MULTIPLE_CHOICE: HeadPlan(
        choice, Names({"scorer.mlp.dense": "sequence_summary.summary", "scorer.out": "classifier"})
    ),
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.REPLACED_TOKENS: HeadPlan(
        lambda c: blocks.ReplacedHead(c.hidden_size, mlp=blocks.Transform(c.hidden_size, c.hidden_act)),
        Names({"mlp.dense": "discriminator_predictions.dense", "out": "discriminator_predictions.dense_prediction"}),
    ),
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: HeadPlan(
        lambda c: masked_lm(c, "gelu"),
        masked_lm_names(
            {"mlp.dense": "generator_predictions.dense", "mlp.norm": "generator_predictions.LayerNorm"},
            bias="generator_lm_head.bias",
            decoder="generator_lm_head",
        ),
    ),
}

register(Architecture(("electra",), "Electra", ElectraConfig, bert.trunk, TRUNK, HEADS))
