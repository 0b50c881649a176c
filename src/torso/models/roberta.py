"""RoBERTa (https://arxiv.org/abs/1907.11692), XLM-R (https://arxiv.org/abs/1911.02116) and CamemBERT: BERT's block."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, option, size
from torso.errors import ConfigError
from torso.models import bert
from torso.models.encoders import CHOICE, FIRST_TOKEN, LM_HEAD, POOLED_FEATURES, SPAN, TOKEN, first_token


class RobertaConfig(bert.BertConfig):
    """The keys of a RoBERTa ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "roberta"

    vocab_size: int = size(50265, "entries of the vocabulary", Axis("embed.tokens", 0))
    max_position_embeddings: int = size(
        512,
        "rows of the table of positions; those up to pad_token_id are no position",
        Axis("embed.positions.table", 0),
    )
    pad_token_id: int = option(1, "id of the padding token; positions count from behind it", acts="run", least=0)
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that positions remain after the padding token's."""
        super().check()
        if self.max_tokens < 1:
            raise ConfigError(
                "E_CONFIG",
                "Positions count from behind pad_token_id {pad}, and the table ends before: it has {rows} rows.",
                cure="Change pad_token_id to the padding token's id; RoBERTa's is 1.",
                values=dict(pad=self.pad_token_id, rows=self.max_position_embeddings),
            )

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings - self.pad_token_id - 1

    def positions(self) -> blocks.LearnedPositions:
        """Build the table of positions, which count no padding token and begin behind its id."""
        return blocks.UnpaddedPositions(self.max_position_embeddings, self.hidden_size, padding=self.pad_token_id)


class XLMRobertaConfig(RobertaConfig):
    """The keys of an XLM-R ``config.json``."""

    model_type: ClassVar[str] = "xlm-roberta"

    vocab_size: int = size(30522, "entries of the vocabulary", Axis("embed.tokens", 0))


class CamembertConfig(XLMRobertaConfig):
    """The keys of a CamemBERT ``config.json`` (https://arxiv.org/abs/1911.03894)."""

    model_type: ClassVar[str] = "camembert"


TRUNK = replace(bert.TRUNK, prefix=("roberta.", ""))
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: POOLED_FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(lambda c: first_token(c, "tanh"), FIRST_TOKEN),
    Task.MULTIPLE_CHOICE: CHOICE,
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: LM_HEAD,
}

for family, kind in {"Roberta": RobertaConfig, "XLMRoberta": XLMRobertaConfig, "Camembert": CamembertConfig}.items():
    register(Architecture((kind.model_type,), family, kind, bert.trunk, TRUNK, HEADS))
