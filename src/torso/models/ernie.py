"""ERNIE 1.0 to 3.0 (https://arxiv.org/abs/2107.02137): BERT, with an embedding of the kind of task from 2.0 on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from torso import nn
from torso.architecture import Architecture, register
from torso.config.fields import Axis, option, size
from torso.models import bert
from torso.models.encoders import BERT_HEADS

if TYPE_CHECKING:
    from torch import Tensor


class ErnieConfig(bert.BertConfig):
    """The keys of an ERNIE ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "ernie"

    task_type_vocab_size: int = size(3, "kinds of task that embeddings tell apart", Axis("embed.positions.task", 0))
    use_task_id: bool = option(False, "whether the embedding of the first kind of task is added", acts="shape")

    def positions(self) -> nn.LearnedPositions:
        """Build the table of positions, with what is the same for every token added."""
        return task_positions(self) if self.use_task_id else super().positions()


def task_positions(c: ErnieConfig) -> nn.LearnedPositions:
    """Build positions with the embedding of the first task type, the one in use after pretraining."""

    class TaskPositions(nn.LearnedPositions):
        def __init__(self) -> None:
            super().__init__(c.max_position_embeddings, c.hidden_size)
            self.task = nn.Embedding(c.task_type_vocab_size, c.hidden_size)

        def forward(self, positions: Tensor) -> Tensor:
            """Map positions [T] to [T, D]."""
            return super().forward(positions) + self.task.weight[0]

    return TaskPositions()


TRUNK = replace(
    bert.TRUNK,
    prefix=("ernie.", ""),
    rows={**bert.TRUNK.rows, "embed.positions.task": "embeddings.task_type_embeddings"},
)

register(Architecture(("ernie",), "Ernie", ErnieConfig, bert.trunk, TRUNK, BERT_HEADS))
