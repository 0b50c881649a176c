"""Scores of predictions, by scikit-learn, scipy and seqeval. Loads no torch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from torso.training.data_files import optional

_LARGEST_EXPONENT = 700  # of exp in float64
_MOST_CELLS = 1 << 22  # numbers of all draws of a bootstrap


def class_scores(predicted: Sequence[int], labels: Sequence[int], classes: int) -> dict[str, float]:
    """Return accuracy, macro F1 and Matthews' correlation (0 where one side is constant) of single labels."""
    sklearn = optional("sklearn.metrics")
    names = list(range(classes))
    varies = len(set(labels)) > 1 and len(set(predicted)) > 1
    return {
        "accuracy": float(sklearn.accuracy_score(labels, predicted)),
        "macro_f1": float(sklearn.f1_score(labels, predicted, labels=names, average="macro", zero_division=0)),
        "matthews": float(sklearn.matthews_corrcoef(labels, predicted)) if varies else 0.0,
    }


def multi_scores(predicted: Sequence[Sequence[float]], labels: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return micro and macro F1, and the share of texts with exactly their labels, at a threshold of 0.5."""
    sklearn = optional("sklearn.metrics")
    found = [[int(each > 0.5) for each in row] for row in predicted]
    wanted = [[int(each) for each in row] for row in labels]
    return {
        "micro_f1": float(sklearn.f1_score(wanted, found, average="micro", zero_division=0)),
        "macro_f1": float(sklearn.f1_score(wanted, found, average="macro", zero_division=0)),
        "exact": float(sklearn.accuracy_score(wanted, found)),
    }


def regression_scores(predicted: Sequence[float], labels: Sequence[float]) -> dict[str, float]:
    """Return Spearman's and Pearson's correlation (0 where one side is constant) and the mean squared error."""
    scipy, sklearn = optional("scipy.stats"), optional("sklearn.metrics")
    varies = len(set(predicted)) > 1 and len(set(labels)) > 1
    return {
        "spearman": float(scipy.spearmanr(predicted, labels).statistic) if varies else 0.0,
        "pearson": float(scipy.pearsonr(predicted, labels).statistic) if varies else 0.0,
        "mse": float(sklearn.mean_squared_error(labels, predicted)),
    }


def label_rows(predicted: Sequence[int], labels: Sequence[int], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and count of each label."""
    sklearn = optional("sklearn.metrics")
    table = sklearn.precision_recall_fscore_support(labels, predicted, labels=list(range(len(names))), zero_division=0)
    return [
        {"label": name, "precision": float(p), "recall": float(r), "f1": float(f), "count": int(count)}
        for name, p, r, f, count in zip(names, *table, strict=True)
    ]


def confusion(predicted: Sequence[int], labels: Sequence[int], classes: int) -> list[list[int]]:
    """Return how often each label (rows) was predicted as each (columns)."""
    table = [[0] * classes for _ in range(classes)]
    for wanted, found in zip(labels, predicted, strict=True):
        table[wanted][found] += 1
    return table


def entity_scores(predicted: Sequence[Sequence[str]], labels: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return precision, recall and F1 of spans, by seqeval's default mode, and the accuracy of tags."""
    seqeval = optional("seqeval.metrics")
    found, wanted = [list(each) for each in predicted], [list(each) for each in labels]
    with _quiet():
        return {
            "f1": float(seqeval.f1_score(wanted, found, zero_division=0)),
            "precision": float(seqeval.precision_score(wanted, found, zero_division=0)),
            "recall": float(seqeval.recall_score(wanted, found, zero_division=0)),
            "accuracy": float(seqeval.accuracy_score(wanted, found)),
        }


def entity_rows(predicted: Sequence[Sequence[str]], labels: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and count of each kind of span."""
    seqeval = optional("seqeval.metrics")
    found, wanted = [list(each) for each in predicted], [list(each) for each in labels]
    with _quiet():
        if not any(tag != "O" for row in (*found, *wanted) for tag in row):
            return []
        report: dict[str, Any] = seqeval.classification_report(wanted, found, output_dict=True, zero_division=0)
    return [
        {
            "label": name,
            "precision": float(row["precision"]),
            "recall": float(row["recall"]),
            "f1": float(row["f1-score"]),
            "count": int(row["support"]),
        }
        for name, row in report.items()
        if name not in ("micro avg", "macro avg", "weighted avg")
    ]


@contextmanager
def _quiet() -> Generator[None]:
    """Leave out what seqeval says of tags without a mark, which torso does not give it as spans."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def token_scores(predictions: Sequence[tuple[float, int, int]]) -> dict[str, float]:
    """Return perplexity and accuracy over tokens, of the sum of losses, right and all tokens of each text."""
    count = max(sum(each[2] for each in predictions), 1)
    loss = sum(each[0] for each in predictions) / count
    perplexity = math.exp(loss) if loss < _LARGEST_EXPONENT else math.inf
    return {"perplexity": perplexity, "accuracy": sum(each[1] for each in predictions) / count}


def intervals(table: Sequence[Sequence[int]], *, draws: int = 2000, seed: int = 0) -> dict[str, float]:
    """Return half of the 95 % intervals of accuracy and macro F1, by bootstrap of the counts.

    Args:
        table: [C][C] how often each label (rows) was predicted as each (columns).
        draws: of as many texts; fewer for very many labels.
        seed: of the draws.
    """
    counts = np.asarray(table, dtype=np.int64)
    total, cells = int(counts.sum()), counts.size
    if not total:
        return {}
    rng = np.random.default_rng(seed)
    number = max(min(draws, _MOST_CELLS // cells), 100)
    drawn = rng.multinomial(total, counts.ravel() / total, size=number).reshape(number, *counts.shape)
    right = drawn.diagonal(axis1=1, axis2=2)
    either = drawn.sum(1) + drawn.sum(2)
    f1 = np.where(either > 0, 2 * right / np.maximum(either, 1), 0.0)
    found = {"accuracy": right.sum(1) / total, "macro_f1": f1.mean(1)}
    return {name: float(np.diff(np.quantile(each, (0.025, 0.975)))[0]) / 2 for name, each in found.items()}
