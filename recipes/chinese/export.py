"""The model folders: weights, config, vocabulary, model card and log, and the scores of what was written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from torso import load
from torso.architecture import Task
from torso.batch import Batch
from torso.model import Model
from torso.weights import safetensors

from . import evaluate
from .models import Part, Prepared, configs, write_tokenizer
from .network import Network


@dataclass(frozen=True, slots=True)
class Kind:
    """A model folder: its name, the task its config is for, and the heads in its file."""

    name: str
    task: Task[Any]
    heads: tuple[Task[Any], ...]


SENTIMENT = Kind("sentiment", Task.SEQUENCE_CLASSIFICATION, (Task.SEQUENCE_CLASSIFICATION, Task.MASKED_LM))
TAGGER = Kind("tagger", Task.TOKEN_CLASSIFICATION, (Task.TOKEN_CLASSIFICATION,))


def write_model(network: Network, prepared: Prepared, kind: Kind, folder: Path) -> None:
    """Writes weights in half precision, config and tokenizer."""
    write_tokenizer(folder, prepared.vocabulary)
    safetensors.write(folder / "model.safetensors", network.hub_tensors(*kind.heads), {"format": "pt"})
    config = configs(prepared)[kind.task]
    config = config.replace({"architectures": [f"Bert{kind.task.suffix}"], "dtype": "float16"})
    (folder / "config.json").write_text(config.text(), encoding="utf-8")
    if kind is SENTIMENT:
        _write_pooling(folder, config.hidden_size)


def _write_pooling(folder: Path, width: int) -> None:
    """Says, in the form of sentence-transformers, that a text's vector is the mean of its rows."""
    modules = [("Transformer", ""), ("Pooling", "1_Pooling")]
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(modules)
    ]
    ways = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    pooling = {f"pooling_mode_{way}": way == "mean_tokens" for way in ways}
    (folder / "1_Pooling").mkdir(exist_ok=True)
    for path, record in (
        ("modules.json", listed),
        ("1_Pooling/config.json", {"word_embedding_dimension": width, **pooling}),
    ):
        (folder / path).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def score(folder: Path, kind: Kind, prepared: Prepared, part: Part) -> dict[str, float]:
    """Scores of the model in ``folder``, loaded as anybody loads it."""
    models: dict[Task[Any], Model[Any]] = {task: load(folder, task) for task in kind.heads}

    def run(task: Task[Any], batch: Batch) -> Tensor:
        return models[task](batch).logits

    if kind is TAGGER:
        printed = evaluate.tagging(run, part.printed, prepared.labels)
        typed = evaluate.tagging(run, part.half_width, prepared.labels)
        return {**printed, **{f"half_width_{name}": typed[name] for name in ("characters", "words", "segmentation")}}
    masked = evaluate.masked_lm(run, part.reviews, prepared.masking, seed=0)
    printed = evaluate.masked_lm(run, part.printed, prepared.masking, seed=0)
    reviews = evaluate.sentiment(run, part.reviews)
    return {**reviews, "masked_lm_reviews": masked, "masked_lm_newspaper": printed}


def write_log(folder: Path, record: Mapping[str, Any]) -> None:
    """Writes training.json."""
    text = json.dumps(record, ensure_ascii=False, indent=2)
    (folder / "training.json").write_text(text + "\n", encoding="utf-8")


def sizes(prepared: Prepared) -> dict[str, dict[str, int]]:
    """Texts and characters of each part of the split."""
    reviews, paragraphs = prepared.corpora.reviews, prepared.corpora.paragraphs
    return {
        part: {
            "reviews": len(getattr(reviews, part)),
            "review_characters": sum(len(review.text) for review in getattr(reviews, part)),
            "paragraphs": len(getattr(paragraphs, part)),
            "words": sum(len(paragraph.words) for paragraph in getattr(paragraphs, part)),
            "newspaper_characters": sum(len(paragraph.text) for paragraph in getattr(paragraphs, part)),
        }
        for part in ("train", "dev", "test")
    }
