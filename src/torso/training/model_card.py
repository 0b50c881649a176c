"""README.md of a trained model, with the metadata that the Hub reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torso.io.files import write_atomically
from torso.training.preparing import PARTS, Prepared

_TAGS = {
    "sequence-classification": "text-classification",
    "token-classification": "token-classification",
    "question-answering": "question-answering",
    "multiple-choice": "multiple-choice",
    "masked-lm": "fill-mask",
    "causal-lm": "text-generation",
    "seq2seq-lm": "text2text-generation",
    "features": "sentence-similarity",
}
_WEAK = 0.7  # F1 of a label below which the card warns of it


def write_card(
    path: Path,
    run: Prepared,
    scores: Mapping[str, Mapping[str, float]],
    labels: Sequence[Mapping[str, Any]],
    version: str,
) -> None:
    """Write the card.

    Args:
        path: README.md of the model's folder.
        run: its data, settings and model.
        scores: by part, and of the baseline.
        labels: precision, recall, F1 and count of each label in the test part.
        version: of torso.
    """
    part = "test" if scores.get("test") else "dev"
    found = dict(scores.get(part, {}))
    pieces = [_header(run, found), _title(run), *_scores(found, scores.get("majority", {}), part)]
    pieces += [*_labels(labels), *_limits(run, labels), *_training(run, version)]
    with write_atomically(path) as file:
        file.write("\n".join(pieces).encode())


def _header(run: Prepared, scores: Mapping[str, float]) -> str:
    task = _TAGS[run.data.task.name]
    name = json.dumps(Path(run.data.table.name).name, ensure_ascii=False)
    metrics = [f"      - type: {key}\n        value: {value:.4f}" for key, value in scores.items() if key != "loss"]
    lines = ["---", "library_name: transformers", f"pipeline_tag: {task}", "tags:", "- torso"]
    if run.base and not run.base.startswith(("/", ".", "torso:")):
        lines.insert(2, f"base_model: {run.base}")
    if metrics:
        lines += ["model-index:", f"- name: {Path(run.data.table.name).stem}", "  results:", "  - task:"]
        lines += [f"      type: {task}", "    dataset:", f"      name: {name}", f"      type: {name}", "    metrics:"]
        lines += metrics
    return "\n".join([*lines, "---", ""])


def _title(run: Prepared) -> str:
    base = Path(run.base).name or run.base
    labels = "" if run.data.labels is None else f" Labels: {', '.join(run.data.labels[:20])}."
    return f"# {run.data.task.name}, fine-tuned from {base}\n\nTrained with torso.{labels}\n"


def _scores(scores: Mapping[str, float], majority: Mapping[str, float], part: str) -> list[str]:
    if not scores:
        return []
    what = "on texts that took no part in training" if part == "test" else "on the texts that chose the model"
    lines = [f"## Scores\n\nPart `{part}`, {what}.\n", "| score | value | most frequent label |", "|---|--:|--:|"]
    for name, value in scores.items():
        lines.append(f"| {name} | {value:.4f} | {f'{majority[name]:.4f}' if name in majority else ''} |")
    return [*lines, ""]


def _labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = ["| label | precision | recall | F1 | texts |", "|---|--:|--:|--:|--:|"]
    for row in rows:
        numbers = " | ".join(f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
        lines.append(f"| {row['label']} | {numbers} | {row['count']} |")
    return [*lines, ""]


def _limits(run: Prepared, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    said: list[str] = []
    weak = sorted((row for row in rows if row["count"] and row["f1"] < _WEAK), key=lambda row: row["f1"])
    if weak:
        said.append("- Weak labels: " + ", ".join(f"{row['label']} (F1 {row['f1']:.2f})" for row in weak[:10]) + ".")
    reader = run.reader
    if reader.long_rows:
        done = "cut to" if reader.long == "truncate" else "dropped for being longer than"
        share = len(reader.long_rows) / max(len(reader.sizes), 1)
        said.append(f"- {share:.1%} of the texts were {done} {reader.limit} tokens.")
    if reader.unknown:
        said.append(f"- {reader.unknown / max(sum(reader.sizes), 1):.2%} of the tokens were unknown to the model.")
    return ["## What it is not good at\n", *said, ""] if said else []


def _training(run: Prepared, version: str) -> list[str]:
    counts = ", ".join(f"{name} {len(run.examples[name]):,}" for name in PARTS)
    settings = {name: value for name, value in run.settings.plain().items() if value not in (None, ())}
    settings["rate"] = run.rate
    table = "\n".join(f"| {name} | {value} |" for name, value in settings.items())
    return [
        "## Training\n",
        f"Texts: {counts}. Digest of data, model and settings: `{run.identity}`. torso {version}.\n",
        "| setting | value |",
        "|---|---|",
        table,
        "",
        "To repeat it: `torso train --config run/run.json --data FILE --out FOLDER`",
        "",
    ]
