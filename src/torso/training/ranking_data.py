"""Data of rankings: a query with a text and a score, with a fitting text and others, or with lists of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from torso.architecture import Task
from torso.errors import InputError
from torso.language import say
from torso.text import Tokenizer
from torso.training.data_checks import unusable_row
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.metrics import regression_scores
from torso.training.objective import Objective
from torso.training.pair_columns import PairColumns
from torso.training.ranking_objective import LOSSES, RankingObjective
from torso.training.retrieval_metrics import ranking_scores
from torso.training.task_data import TaskData
from torso.training.text_reader import TextReader, require_text
from torso.training.train_settings import TrainSettings


class RankingData(TaskData):
    """Queries with texts that are read together with them, by a model with one score (a cross-encoder).

    A row is a query, a text and a score from 0 to 1; a query, a text that fits and others that do not; or a query, a
    list of texts and a list of scores. The loss, where none is named, is ``binary`` for rows with one score, else
    ``list``.

    Args:
        table: rows.
        text: columns of the query and of the texts; None finds them.
        label: column of the score; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for scores that do not fit the texts.
    """

    task = Task.SEQUENCE_CLASSIFICATION
    uses = frozenset({"loss"})
    grouped = True

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        self.columns = PairColumns.of(table, text, label)
        self.labels = ["score"]
        self.rows = [self._row(row) for row in range(len(table.rows))]
        self.alone = all(len(texts) == 1 for _, texts, _ in self.rows)
        self.metric = "mrr@10"
        if self.alone and len({query for query, _, _ in self.rows}) == len(self.rows):
            self.metric = "spearman"

    def _row(self, row: int) -> tuple[str, list[str], list[float]]:
        """Return query, texts and scores."""
        table, (query, *names) = self.table, self.columns.texts
        cells = [table.rows[row].get(name) for name in names]
        several = isinstance(cells[0], (list, tuple))
        found = list(cast("Sequence[object]", cells[0])) if several else cells
        texts = [require_text(each, table.lines[row], names[0], table.name) for each in found]
        if several and self.columns.label is not None:
            scores = table.rows[row].get(self.columns.label)
            if not isinstance(scores, (list, tuple)) or len(cast("Sequence[object]", scores)) != len(texts):
                raise unusable_row(table, row, f"{len(texts)} texts have no list of as many scores")
            labels = [float(each) for each in cast("Sequence[float]", scores)]
        else:
            given = self.columns.score(table, row)
            labels = [1.0, *[0.0] * (len(texts) - 1)] if given is None else [given]
        if len(labels) != len(texts) or (len(texts) == 1 and self.columns.label is None):
            raise unusable_row(table, row, "there is neither a score nor a text that does not fit")
        return require_text(table.rows[row].get(query), table.lines[row], query, table.name), texts, labels

    def of_model(self, config: Any) -> RankingData:
        """Return the data itself: a score has no name."""
        return self

    def order_labels(self, labels: Sequence[str]) -> None:
        """Keep the one label: a score has no order."""

    def with_table(self, table: Table) -> RankingData:
        """Return the data of another table, with the same columns."""
        return RankingData(table, self.columns.texts, self.columns.label)

    def keys(self) -> list[str]:
        """Return the query of each row."""
        return [query for query, _, _ in self.rows]

    def answers(self) -> list[Any]:
        """Return texts and scores of each row."""
        return [(texts, scores) for _, texts, scores in self.rows]

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return the texts of each query, each with the query; where one of them is dropped, the row is."""
        found: list[Example] = []
        for row in rows:
            (query, texts, scores), line = self.rows[row], self.table.lines[row]
            read = reader.read([(query, text) for text in texts], [line] * len(texts))
            kept = [Tokens.of(each) for each in read if each is not None]
            if len(kept) == len(texts):
                found.append(Example(tuple(kept), scores, line, (query, texts)))
        return found

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective.

        Raises:
            InputError: ``E_ARGUMENT``, for a loss that the columns do not fit.
        """
        usual = "binary" if self.alone else "list"
        known = LOSSES[:1] if self.alone else LOSSES
        if any(not 0 <= score <= 1 for _, _, scores in self.rows for score in scores):
            known = [each for each in known if each != "binary"]
        loss = settings.loss or usual
        if loss not in known:
            raise InputError(
                "E_ARGUMENT",
                "{name} is {value!r}; it must be one of: {known}.",
                cure="Leave it out for {first}.",
                values=dict(name="loss", value=loss, known=", ".join(known) or "-", first=usual),
            )
        return RankingObjective(loss)

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Say the columns."""
        label = "" if self.columns.label is None else f" → {self.columns.label}"
        return [(say("pairs"), ", ".join(self.columns.texts) + label)]

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return scores of the ranking of each query's texts; correlations where each query has one text."""
        flat = [score for each in predictions for score in each], [label for each in examples for label in each.label]
        if self.metric == "spearman":
            found = regression_scores(*flat)
            return {name: found[name] for name in ("spearman", "pearson")}
        rankings: dict[str, tuple[list[float], list[float]]] = {}
        for scores, example in zip(predictions, examples, strict=True):
            own = rankings.setdefault(example.extra[0], ([], []))
            own[0].extend(scores)
            own[1].extend(example.label)
        return ranking_scores(*zip(*rankings.values(), strict=True))

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return query and texts with the score of each."""
        query, texts = example.extra
        row = {"row": example.row, "query": query, "texts": texts, "labels": example.label, "scores": prediction}
        return {**row, "right": max(zip(prediction, example.label, strict=True))[1] == max(example.label)}
