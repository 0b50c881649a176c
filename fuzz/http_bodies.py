"""Fuzzes the bodies of requests: every route of a server of small models, in this process."""

from __future__ import annotations

import json
import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from children import Target, main

# isort: split
from mutations import json_bytes
from starlette.testclient import TestClient

import torso.serve
from generation import small as writing
from tasks import small
from torso.architecture import Task
from torso.errors import TorsoError

BODIES: dict[str, dict[str, Any]] = {
    "/v1/embeddings": {"model": "embed", "input": ["好", "how"], "encoding_format": "float", "dimensions": 8},
    "/v1/completions": {"model": "llama", "prompt": "a", "max_tokens": 2, "temperature": 0, "stop": ["x"], "n": 1},
    "/v1/chat/completions": {
        "model": "llama", "messages": [{"role": "user", "content": "a"}], "max_tokens": 2, "seed": 1, "top_p": 0.5,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    },
    "/embed": {"inputs": ["好"], "normalize": True, "truncate": False},
    "/predict": {"inputs": "好", "raw_scores": False},
    "/similarity": {"inputs": {"source_sentence": "好", "sentences": ["how", "你"]}},
    "/tokenize": {"inputs": "好", "add_special_tokens": True},
    "/decode": {"ids": [5, 6], "skip_special_tokens": True},
    "/rerank": {"query": "好", "texts": ["how", "你"], "return_text": True},
    "/v1/rerank": {"model": "rank", "query": "好", "documents": ["how", {"text": "你"}], "top_n": 1},
    "/v1/classify": {"model": "sentiment", "input": ["好"]},
    "/v1/tag": {"model": "tags", "input": "今天天气", "aggregation": "simple"},
    "/v1/answer": {"model": "spans", "question": "好", "context": "今天天气很好", "top": 2},
    "/v1/fill": {"model": "masked", "input": "今天[MASK]气", "top": 2, "targets": ["天"]},
    "/v1/zero_shot": {"model": "nli", "input": "好", "labels": ["天气", "书"], "template": "{}", "several": True},
    "/v1/choose": {"model": "choices", "input": "好", "choices": ["天", "气"]},
    "/v1/summarise": {"model": "t5", "input": "a b"},
    "/v1/translate": {"model": "t5", "input": "a b", "source": "en", "target": "de"},
}  # fmt: skip


@cache
def folders() -> dict[str, str]:
    """A small model for each task."""
    home = Path(tempfile.mkdtemp())
    small.save(home / "embed", Task.FEATURES)
    small.save(home / "sentiment", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    small.save(home / "rank", Task.SEQUENCE_CLASSIFICATION, labels=["score"])
    small.save(home / "nli", Task.SEQUENCE_CLASSIFICATION, labels=["entailment", "neutral", "contradiction"])
    small.save(home / "tags", Task.TOKEN_CLASSIFICATION, labels=small.TAGS)
    small.save(home / "masked", Task.MASKED_LM)
    small.save(home / "spans", Task.QUESTION_ANSWERING)
    small.save(home / "choices", Task.MULTIPLE_CHOICE)
    for name, make in (("llama", writing.llama), ("t5", writing.t5)):
        (home / name).mkdir()
        make(home / name)
    return {path.name: str(path) for path in home.iterdir()}


@cache
def client() -> TestClient:
    """A client of a server in this process: of the child, which calls it first."""
    app = torso.serve.app(folders(), torso.serve.ServeSettings(log=False, deadline=30))
    made = TestClient(app, base_url="http://localhost", raise_server_exceptions=True)
    made.__enter__()
    return made


def build(some: random.Random, folder: Path) -> Path:
    """Writes a route and a mutated body for it."""
    client()  # its models are not charged to the first body
    path, body = some.choice(list(BODIES.items()))
    if some.random() < 0.2:
        body = some.choice(list(BODIES.values()))
    (folder / "route").write_text(path)
    (folder / "body").write_bytes(json_bytes(some, body))
    return folder


def call(folder: Path) -> None:
    """Sends it; the answer is JSON, and where it refuses, it says why by a code."""
    data = (folder / "body").read_bytes()
    headers = {"content-type": "application/json"}
    answer = client().post((folder / "route").read_text(), content=data, headers=headers)
    if answer.status_code >= 500:
        raise AssertionError(f"status {answer.status_code}: {answer.text[:200]}")
    if answer.status_code >= 400:
        assert "code" in json.dumps(answer.json()), answer.text
        raise TorsoError("E_REFUSED", answer.text.replace("{", "{{").replace("}", "}}"))
    if not answer.headers["content-type"].startswith("text/event-stream"):
        answer.json()


if __name__ == "__main__":
    folders()
    main(Target("http_bodies", build, call))
