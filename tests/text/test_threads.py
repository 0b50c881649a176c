"""One tokenizer, many threads and forked children: no error, equal results, nothing printed."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest

from .conftest import MINILM, Both
from .corpus import TEXTS

OPTIONS = [
    dict(),
    dict(padding=True),
    dict(truncation=True, max_length=8),
    dict(truncation=True, max_length=12, stride=2, return_overflowing_tokens=True),
    dict(padding="max_length", max_length=30, truncation=True, padding_side="left"),
    dict(add_special_tokens=False, return_offsets_mapping=True),
    dict(padding=True, pad_to_multiple_of=8),
]


def test_sixteen_threads_four_thousand_calls(minilm: Both):
    def call(number: int) -> dict[str, object]:
        texts = TEXTS[number % 29 : number % 29 + 3]
        return dict(minilm.ours(texts, **OPTIONS[number % len(OPTIONS)]))

    expected = [call(number) for number in range(29 * len(OPTIONS))]
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(call, range(4_000)))
    assert results == list(islice(cycle(expected), 4_000))


CHILD = f"""
import os, sys, warnings
from pathlib import Path
from torso.text import Tokenizer
tokenizer = Tokenizer.from_folder(Path({str(MINILM)!r}))
many = ["hello world " * 20] * 200
expected = tokenizer.encodings(many)
for _ in range(2):
    child = os.fork()
    if child == 0:
        quiet = os.environ.get("TOKENIZERS_PARALLELISM") == "false"
        os._exit(0 if quiet and tokenizer.encodings(many) == expected else 3)
    assert os.waitpid(child, 0)[1] == 0
assert tokenizer.encodings(many) == expected
print(os.environ.get("TOKENIZERS_PARALLELISM"))
"""


@pytest.mark.parametrize("setting", [None, "false"])
def test_fork_prints_nothing_and_leaves_the_environment(setting):
    environment = {name: value for name, value in os.environ.items() if name != "TOKENIZERS_PARALLELISM"}
    if setting:
        environment["TOKENIZERS_PARALLELISM"] = setting
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{setting}\n", "")
