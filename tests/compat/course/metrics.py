"""Metrics under the names that the course loads, by scikit-learn: its own copies stop at newer versions of it."""

from __future__ import annotations

from pathlib import Path

NAMES = ("accuracy", "f1", "recall", "precision")
MODULE = """import datasets
import evaluate
from sklearn.metrics import {name}_score


class {kind}(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description="{name}",
            citation="",
            features=datasets.Features(
                {{"predictions": datasets.Value("int32"), "references": datasets.Value("int32")}}
            ),
        )

    def _compute(self, predictions, references):
        return {{"{name}": float({name}_score(references, predictions))}}
"""


def write_metrics(folder: Path) -> None:
    """Write them beside a notebook, as the Hub names them and as the course's files are called."""
    for name in NAMES:
        text = MODULE.format(name=name, kind=name.capitalize())
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{name}.py").write_text(text)
        (folder / f"metric_{name}.py").write_text(text)
