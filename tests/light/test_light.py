"""Tasks, command line and config by the kernels alone: the same answers as PyTorch's, and a cure for all else."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import torso
from torso.errors import TorsoError

CURE = 'pip install "torso[torch]"'


def test_classify(expected) -> None:
    found = torso.classify(expected["texts"])
    assert [each.label for each in found] == [label for label, _ in expected["classify"]]
    wanted = [score for _, score in expected["classify"]]
    np.testing.assert_allclose([each.score for each in found], wanted, rtol=0, atol=1e-5)


def test_embed(expected) -> None:
    vectors = np.stack([each.vector for each in torso.embed(expected["texts"])])
    np.testing.assert_allclose(vectors[:, :16], expected["embed"], rtol=0, atol=1e-5)


def test_tag(expected) -> None:
    found = torso.tag(expected["texts"])
    assert [[[each.label, each.text] for each in text] for text in found] == expected["tag"]


def test_fill(expected) -> None:
    first = torso.fill("今天天气[MASK]好")[0][:3]
    assert [each.token for each in first] == [token for token, _ in expected["fill"]]
    np.testing.assert_allclose([each.score for each in first], [score for _, score in expected["fill"]], atol=1e-5)


def test_the_expected_answers_are_pytorch_s(has_torch, expected) -> None:
    """A model that is given runs by PyTorch, as it is."""
    if not has_torch:
        pytest.skip("PyTorch is not installed here")
    model = torso.load("torso:sentiment", torso.Task.SEQUENCE_CLASSIFICATION)
    found = [each.score for each in torso.classify(expected["texts"], model=model)]
    np.testing.assert_allclose(found, [score for _, score in expected["classify"]], rtol=0, atol=1e-5)


def test_commands_answer_as_functions(command, expected) -> None:
    done = command("classify", "--json", *expected["texts"])
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = torso.classify(expected["texts"])
    assert [(row["label"], row["score"]) for row in rows] == [(each.label, pytest.approx(each.score)) for each in found]


@pytest.mark.parametrize(
    "arguments",
    [
        ("config", "torso:sentiment"),
        ("config", "torso:sentiment", "--set", "hidden_dropout_prob=0"),
        ("tokenize", "好吃"),
        ("embed", "--json", "好吃"),
        ("tag", "张三去北京"),
        ("fill", "今天天气[MASK]好"),
        ("models",),
        ("tour",),
        ("tour", "--json", "好吃"),
        ("list",),
        ("check", "torso:sentiment"),
        ("--version",),
        ("train", "--help"),
    ],
    ids=" ".join,
)
def test_commands_that_need_no_torch(command, arguments) -> None:
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout


CALLS = {
    "AutoModel": lambda: torso.AutoModel.from_pretrained("torso:sentiment"),
    "BertModel": lambda: torso.BertModel.from_pretrained("torso:sentiment"),
    "load": lambda: torso.load("torso:sentiment"),
    "Trainer": lambda: torso.Trainer,
    "train": lambda: torso.train("torso:sentiment", "nothing.csv"),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_needs_torch_is_an_import_error_that_says_the_one_command(has_torch, name) -> None:
    if has_torch:
        pytest.skip("PyTorch is installed here")
    with pytest.raises(ImportError) as caught:
        CALLS[name]()
    assert isinstance(caught.value, TorsoError)
    assert caught.value.code == "E_NO_TORCH"
    assert CURE in str(caught.value)


@pytest.mark.parametrize("arguments", [("bench",), ("merge", "a", "--out", "b")], ids=" ".join)
def test_commands_that_need_torch_end_with_the_cure(has_torch, command, arguments) -> None:
    if has_torch:
        pytest.skip("PyTorch is installed here")
    done = command(*arguments)
    assert done.returncode != 0
    assert CURE in done.stderr
    assert "Traceback" not in done.stderr


def test_a_task_loads_neither_torch_nor_what_only_others_need() -> None:
    code = "import sys, torso; torso.classify('好'); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "jinja2", "rich", "urllib3", "click", "asyncio", "ssl", "multiprocessing"}
