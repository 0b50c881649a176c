"""ERNIE 1.0 to 3.0 (https://arxiv.org/abs/2107.02137): BERT, with an embedding of the kind of task from 2.0 on."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, option, size
from torso.models import bert
from torso.models.encoders import BERT_HEADS


class ErnieConfig(bert.BertConfig):
    """The keys of an ERNIE ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "ernie"

    task_type_vocab_size: int = size(3, "kinds of task that embeddings tell apart", Axis("embed.positions.task", 0))
    use_task_id: bool = option(False, "whether the embedding of the first kind of task is added", acts="shape")

    def positions(self) -> blocks.LearnedPositions:
        """Build the table of positions, with what is the same for every token added."""
        if not self.use_task_id:
            return super().positions()
        return blocks.TaskPositions(self.max_position_embeddings, self.hidden_size, kinds=self.task_type_vocab_size)


TRUNK = replace(
    bert.TRUNK,
    prefix=("ernie.", ""),
    rows={**bert.TRUNK.rows, "embed.positions.task": "embeddings.task_type_embeddings"},
)

register(Architecture(("ernie",), "Ernie", ErnieConfig, bert.trunk, TRUNK, BERT_HEADS))
