"""Data of embeddings: texts with texts that fit them, pairs with scores, triplets. The columns choose the loss."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from torso.architecture import Task
from torso.errors import InputError
from torso.language import say
from torso.model import Model
from torso.tasks.embedding_recipe import Recipe
from torso.tasks.sentence_files import read_recipe
from torso.text import Tokenizer
from torso.training.data_files import Table
from torso.training.embedding_losses import LOSSES, SCORED
from torso.training.embedding_objective import EmbeddingObjective
from torso.training.examples import Example, Tokens
from torso.training.metrics import regression_scores
from torso.training.objective import Objective, evaluated
from torso.training.pair_columns import PairColumns
from torso.training.retrieval_metrics import ranking_scores
from torso.training.sentence_folder import write_sentence_files
from torso.training.task_data import TaskData
from torso.training.text_reader import TextReader, require_text
from torso.training.train_settings import TrainSettings

_LOSS_ROWS = 32  # rows that are compared with each other for the loss of development texts


class EmbeddingData(TaskData):
    """Rows of a text, a text that fits it and, maybe, others that do not; or pairs with a score, or with 0 and 1.

    The loss, where none is named: `multiple-negatives` without a score, `cosent` with one, `online-contrastive` for 0
    and 1.

    Args:
        table: rows.
        text: columns of the texts; None finds them.
        label: column of the score; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for a score that is no number.
    """

    task = Task.FEATURES
    uses = frozenset({"loss", "dimensions"})
    grouped = True

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        self.columns = PairColumns.of(table, text, label)
        self.values = [self.columns.score(table, row) for row in range(len(table.rows))]
        self.binary = self.columns.label is not None and set(self.values) <= {0.0, 1.0}
        self.metric = "spearman" if self.columns.label is not None else "mrr@10"
        self.recipe = Recipe(("mean",), False)
        self.loss = ""

    def with_table(self, table: Table) -> EmbeddingData:
        """Return the data of another table, with the same columns."""
        other = EmbeddingData(table, self.columns.texts, self.columns.label)
        other.recipe, other.loss = self.recipe, self.loss
        return other

    def _texts(self, row: int) -> list[str]:
        table = self.table
        cells = ((table.rows[row].get(name), name) for name in self.columns.texts)
        return [require_text(cell, table.lines[row], name, table.name) for cell, name in cells]

    def keys(self) -> list[str]:
        """Return the first text of each row."""
        return [self._texts(row)[0] for row in range(len(self.table.rows))]

    def answers(self) -> list[Any]:
        """Return the other texts of each row, and its score."""
        return [(self._texts(row)[1:], value) for row, value in enumerate(self.values)]

    def adapt(self, model: Model[Any]) -> None:
        """Follow the pooling that the model's folder says; its pooler of other tasks learns nothing.

        Raises:
            InputError: ``E_POOLING``, for a folder whose vectors go through further layers.
        """
        for parameter in model.head.parameters():
            parameter.requires_grad_(False)
        found = None if model.report is None else read_recipe(Path(model.report.source))
        if found is not None and (found.layers or found.row_layers or not found.pools_prompt):
            raise InputError(
                "E_POOLING",
                "The vectors of {name} go through layers beside the pooling, which torso does not train.",
                cure="Take a model that pools alone, such as BAAI/bge-small-zh-v1.5.",
                values=dict(name=model.report.source if model.report is not None else "-"),
            )
        self.recipe = found or self.recipe

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return the texts of each row with its score; where one of them is dropped, the row is."""
        found: list[Example] = []
        for row in rows:
            texts, line = self._texts(row), self.table.lines[row]
            read = reader.read([self.recipe.change(text) for text in texts], [line] * len(texts))
            kept = [Tokens.of(each) for each in read if each is not None]
            if len(kept) == len(texts):
                found.append(Example(tuple(kept), self.values[row], line, texts))
        return found

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective.

        Raises:
            InputError: ``E_ARGUMENT``, for a loss that the columns do not fit.
        """
        usual = "multiple-negatives"
        if self.columns.label is not None:
            usual = "online-contrastive" if self.binary else "cosent"
        self.loss = settings.loss or usual
        scored, many = self.loss in SCORED, len(self.columns.texts)
        known = [name for name in LOSSES if (name in SCORED) == (self.columns.label is not None)]
        if many < 3:
            known = [name for name in known if name != "triplet"]
        if not self.binary:
            known = [name for name in known if name not in ("contrastive", "online-contrastive")]
        if self.loss not in known or (scored and many != 2):
            raise InputError(
                "E_ARGUMENT",
                "{name} is {value!r}; it must be one of: {known}.",
                cure="Leave it out for {first}.",
                values=dict(name="loss", value=self.loss, known=", ".join(known), first=usual),
            )
        return EmbeddingObjective(self.loss, self.recipe.modes, settings.dimensions)

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Say the columns, the pooling and the loss."""
        values = dict(
            texts=", ".join(self.columns.texts),
            label=f" → {self.columns.label}" if self.columns.label is not None else "",
            pooling=self.recipe.name,
            loss=self.loss,
        )
        return [(say("pairs"), say("{texts}{label}; pooling {pooling}; loss {loss}", values))]

    def evaluated(
        self,
        model: Model[Any],
        tokenizer: Tokenizer,
        objective: Objective[Any],
        examples: Sequence[Example],
        tokens: int,
    ) -> tuple[list[Any], float]:
        """Return the vectors of each row [K, D], and the mean loss of groups of 32 rows."""
        import torch

        vectors, _ = evaluated(model, objective, examples, tokens=tokens)
        embedding = cast("EmbeddingObjective", objective)
        total = count = 0.0
        for start in range(0, len(examples), _LOSS_ROWS):
            some = examples[start : start + _LOSS_ROWS]
            total += float(embedding.joint_total(torch.tensor(vectors[start : start + _LOSS_ROWS]), some))
            count += embedding.count(some)
        return vectors, total / count

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return correlations of cosines with scores; or how well second texts are found among all of the part."""
        vectors = np.asarray(predictions, dtype=np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
        if self.columns.label is not None:
            cosines = (vectors[:, 0] * vectors[:, 1]).sum(-1)
            found = regression_scores(cosines.tolist(), [each.label for each in examples])
            return {name: found[name] for name in ("spearman", "pearson")}
        texts: dict[str, int] = {}
        places: list[tuple[int, int]] = []
        for row, example in enumerate(examples):
            for place, text in enumerate(example.extra[1:], 1):
                if text not in texts:
                    texts[text] = len(texts)
                    places.append((row, place))
        fits: dict[str, set[int]] = {}
        for example in examples:
            fits.setdefault(example.extra[0], set()).add(texts[example.extra[1]])
        queries = {example.extra[0]: row for row, example in enumerate(examples)}
        candidates = np.stack([vectors[row, place] for row, place in places])
        ranked = vectors[list(queries.values()), 0] @ candidates.T
        wanted = [[float(number in fits[query]) for number in range(len(texts))] for query in queries]
        scores = ranking_scores(ranked.tolist(), wanted)
        if vectors.shape[1] > 2:
            nearer = (vectors[:, 0] * vectors[:, 1]).sum(-1) > (vectors[:, 0] * vectors[:, 2]).sum(-1)
            scores["triplets"] = float(nearer.mean())
        return scores

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return the texts with the cosine of each to the first."""
        vectors = np.asarray(prediction, dtype=np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
        cosines = (vectors[1:] @ vectors[0]).tolist()
        row: dict[str, Any] = {"row": example.row, "texts": example.extra, "cosines": cosines}
        return row if example.label is None else {**row, "label": example.label}

    def complete(self, folder: Path, tokenizer: Tokenizer, model: Model[Any]) -> None:
        """Write the files of sentence-transformers."""
        write_sentence_files(folder, self.recipe, tokenizer.max_tokens, json.loads(model.config.text()))
