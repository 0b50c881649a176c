"""The heads that DeBERTa's versions have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torso import nn
from torso.architecture import HeadPlan, Task
from torso.checkpoint.names import Names
from torso.models.encoders import FEATURES, PREDICTIONS, SPAN, TOKEN, masked_lm, masked_lm_names

if TYPE_CHECKING:
    from torso.batch import Batch
    from torso.models.deberta import DebertaConfig
    from torso.outputs import Hidden, VocabLogits


def pooled(c: DebertaConfig, labels: int) -> nn.SequenceHead:
    """Logits from the first token, through a pooler."""
    mlp = nn.Sequential(nn.Dropout(c.pooler_dropout), nn.Transform(c.hidden_size, c.pooler_hidden_act))
    dropout = c.hidden_dropout_prob if c.cls_dropout is None else c.cls_dropout
    return nn.SequenceHead(c.hidden_size, labels, pick="first", mlp=mlp, dropout=dropout)


def vocabulary(c: DebertaConfig) -> nn.VocabHead:
    """Logits over the vocabulary; what is not ``legacy`` goes by other names and is always tied."""
    if c.legacy:
        return masked_lm(c, c.hidden_act)

    class LaterVocabHead(nn.VocabHead):
        def __init__(self) -> None:
            norm = nn.LayerNorm(c.hidden_size, c.layer_norm_eps)
            mlp = nn.Sequential(nn.Transform(c.hidden_size, c.hidden_act, norm=norm))
            super().__init__(c.hidden_size, c.vocab_size, mlp=mlp)
            self.shift = nn.Shift(c.vocab_size)

        def forward(self, hidden: Hidden, batch: Batch) -> VocabLogits:
            """Scores [R, V]."""
            out = super().forward(hidden, batch)
            return replace(out, logits=self.shift(out.logits))

    return LaterVocabHead()


EARLIER = masked_lm_names(
    {"mlp.dense": f"{PREDICTIONS}.transform.dense", "mlp.norm": f"{PREDICTIONS}.transform.LayerNorm"},
    bias=f"{PREDICTIONS}.bias",
    decoder=f"{PREDICTIONS}.decoder",
)
LATER = "lm_predictions.lm_head"
# The published files hold the later names beside a config that says nothing and so means the earlier ones. Both are
# the same head.
INSTEAD = {
    f"{PREDICTIONS}.{earlier}": f"{LATER}.{later}"
    for earlier, later in {
        "transform.dense.weight": "dense.weight",
        "transform.dense.bias": "dense.bias",
        "transform.LayerNorm.weight": "LayerNorm.weight",
        "transform.LayerNorm.bias": "LayerNorm.bias",
        "bias": "bias",
    }.items()
}
POOLER = "pooler.dense"

HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE: HeadPlan(lambda c: pooled(c, c.labels), Names({"mlp.1.dense": POOLER, "out": "classifier"})),
    Task.TOKEN: TOKEN,
    Task.SPAN: SPAN,
    Task.MASKED_LM: HeadPlan(
        vocabulary,
        replace(
            EARLIER,
            rows={
                **EARLIER.rows,
                "mlp.0.dense": f"{LATER}.dense",
                "mlp.0.norm": f"{LATER}.LayerNorm",
                "shift.bias": f"{LATER}.bias",
            },
            instead={**EARLIER.instead, **INSTEAD},
        ),
    ),
}
CHOICE: HeadPlan[Any] = HeadPlan(
    lambda c: nn.ChoiceHead(pooled(c, 1)), Names({"scorer.mlp.1.dense": POOLER, "scorer.out": "classifier"})
)
