"""What runs, and what is said, where PyTorch is not installed."""

from __future__ import annotations

import json
import operator
import os
import subprocess
import sys
from pathlib import Path

import pytest

import torso
from torso.kernels import about
from torso.models.opt import OPTConfig

from . import small

WITHOUT = "import sys; sys.modules['torch'] = None\n"  # every import of it, or of a part of it, fails
CURE = 'pip install "torso[torch]"'

IMPORTED = """
import importlib, pkgutil
for package in ("tasks", "cli", "config", "text", "hub", "weights"):
    home = importlib.import_module(f"torso.{package}")
    for module in pkgutil.walk_packages(home.__path__, f"torso.{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from torso.tasks import *
assert sys.modules["torch"] is None
"""

PLANNED = """
import numpy as np
from dataclasses import dataclass
from pathlib import Path
from torso.architecture import Task
from torso.loading.load import load_tokenizer, read_config
from torso.outputs import Hidden, SequenceLogits
from torso.tasks import classify
from torso.tasks._classify import ClassifyPlan
from torso.tasks.ready import make_ready

folder = Path(sys.argv[1])

class Counting:
    # Gives each text the number of its tokens as its second logit.

    task, max_tokens, pool, trained, vocabulary, device, precision = (
        Task.SEQUENCE_CLASSIFICATION, 64, "first", True, None, "cpu", "float32")
    config = read_config(folder)[1]

    def fingerprint(self):
        return ""

    def run(self, batch, wanted):
        assert wanted.pool == "first"
        logits = np.array([[0.0, size] for size in batch.sizes], np.float32)
        return SequenceLogits(logits, Hidden(logits, None))

ready = make_ready(Counting(), Task.SEQUENCE_CLASSIFICATION, tokenizer=load_tokenizer(folder))
plan = ClassifyPlan(ready)
reads = list(plan.read(["\u597d", "\u4e0d\u597d"]))
items = plan.split(plan.runner.run(plan.prepare(reads), plan.wanted), reads)
made = list(plan.finish(zip(reads, items)))
assert made == classify(["\u597d", "\u4e0d\u597d"], model=ready), made
assert [round(each.score, 3) for each in made] == [0.953, 0.982], made
assert sys.modules["torch"] is None
"""

REFUSED = """
import torso
from torso.errors import MissingPackageError

def model():
    from torso import Model

calls = (
    model,
    lambda: torso.load("torso:sentiment"),
    lambda: torso.AutoModel.from_pretrained("torso:sentiment"),
    lambda: torso.BertModel.from_config(torso.BertConfig()),
    lambda: torso.generate("a", model=sys.argv[1]),
    lambda: torso.embed("a", model=sys.argv[1], pooling="mean", device="cuda"),
)
for call in calls:
    try:
        call()
    except MissingPackageError as error:
        assert isinstance(error, ImportError) and error.code == "E_NO_TORCH"
        assert error.cure.endswith('pip install "torso[torch]"')
    else:
        raise AssertionError(call)
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"TORSO_LANG": "en"},
        check=False,
    )


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a model that PyTorch alone runs."""
    folder = tmp_path_factory.mktemp("writer")
    sizes = dict(hidden_size=32, word_embed_proj_dim=16, num_hidden_layers=1, num_attention_heads=4, ffn_dim=32)
    config = OPTConfig(vocab_size=44, max_position_embeddings=64, do_layer_norm_before=False, **sizes)
    torso.new_model(config, torso.Task.CAUSAL_LM, seed=1).save(folder)
    (folder / "vocab.txt").write_text("\n".join([*small.SPECIAL, *small.CHARACTERS, *small.LATIN]) + "\n", "utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}', "utf-8")
    return folder


@pytest.mark.parametrize("code", [IMPORTED, REFUSED], ids=["imported", "refused"])
def test_what_needs_torch_says_the_one_command(code: str, writer: Path) -> None:
    done = run(code, str(writer))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A folder with a model for every task that reads, and passages to search."""
    home = tmp_path_factory.mktemp("every")
    for name in ("sequence", "token", "masked"):
        (home / name).symlink_to(models / name)
    small.save(home / "span", torso.Task.QUESTION_ANSWERING)
    small.save(home / "choice", torso.Task.MULTIPLE_CHOICE)
    small.save(home / "one", torso.Task.SEQUENCE_CLASSIFICATION, labels=["fits"])
    small.save(home / "nli", torso.Task.SEQUENCE_CLASSIFICATION, labels=["contradiction", "neutral", "entailment"])
    (home / "notes").mkdir()
    (home / "notes" / "a.txt").write_text("今天天气很好。\n\n这本书不好看。\n", "utf-8")
    return home


READING = {
    "classify": ["classify", "这本书很好看", "不好", "--model", "./sequence"],
    "windows": ["classify", "好" * 90, "--long", "window", "--model", "./sequence"],
    "bundled": ["classify", "这本书很好看"],
    "tag": ["tag", "我在北京读书", "--model", "./token"],
    "fill": ["fill", "今天[MASK]气很好", "--model", "./masked"],
    "answer": ["answer", "天气?", "今天天气很好", "--model", "./span"],
    "choose": ["choose", "天气?", "好", "不好", "--model", "./choice"],
    "embed": ["embed", "今天", "天气", "--pooling", "mean+cls", "--model", "./masked"],
    "similar": ["similar", "今天", "天气", "不", "--pooling", "mean", "--model", "./masked"],
    "search": ["search", "天气", "./notes", "--pooling", "mean", "--model", "./masked"],
    "rerank": ["rerank", "天气", "今天天气", "不", "--model", "./one"],
    "zero-shot": ["zero-shot", "今天天气很好", "--label", "天气", "--label", "书", "--model", "./nli"],
}


@pytest.mark.skipif(about().instruction_set is None, reason="these run on the kernels alone")
@pytest.mark.parametrize("name", READING)
def test_reading_needs_none_and_gives_the_same(name: str, every: Path) -> None:
    arguments = [*READING[name], *(() if name == "embed" else ("--json",))]
    done = [
        subprocess.run(
            [sys.executable, "-c", before + COMMAND.format(arguments=arguments)],
            capture_output=True,
            text=True,
            cwd=every,
            env=os.environ | {"TORSO_LANG": "en"},
            check=False,
        )
        for before in (WITHOUT, "import torch\n")
    ]
    assert [each.returncode for each in done] == [0, 0], done[0].stderr + done[1].stderr
    assert done[0].stdout
    assert done[0].stdout == done[1].stdout


def test_tasks_are_planned_and_finished_without_torch(models: Path) -> None:
    done = run(PLANNED, str(models / "sequence"))
    assert done.returncode == 0, done.stderr


NAME = operator.itemgetter(0)
COMMAND = "import sys; from torso.cli import main; sys.exit(main({arguments}))"


@pytest.mark.parametrize("arguments", [["bench"]], ids=NAME)
def test_commands_that_need_torch_end_with_the_cure(arguments: list[str]) -> None:
    done = run(COMMAND.format(arguments=arguments))
    assert done.returncode == 3
    assert CURE in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["config", "torso:sentiment"], ["tokenize", "a"], ["models"]], ids=NAME)
def test_commands_that_need_none_run(arguments: list[str]) -> None:
    done = run(COMMAND.format(arguments=arguments))
    assert done.returncode == 0, done.stderr


def test_the_error_is_json_for_programs() -> None:
    done = run(COMMAND.format(arguments=["bench", "--json"]))
    assert json.loads(done.stdout)["error"]["code"] == "E_NO_TORCH"
