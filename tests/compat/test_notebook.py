"""The course notebook: run with transformers, and again with only the import line changed; numbers are equal."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch

from torso import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from .checkpoint import FOREIGN, IDS, TEXT, cached, make

CELLS = (
    "from transformers import AutoConfig, AutoModel, AutoTokenizer",
    "model = AutoModel.from_pretrained(NAME)",
    "model.config",
    "config = AutoConfig.from_pretrained(CONFIG)\nconfig",
    "config.output_attentions",
    "from transformers import BertConfig",
    f'sen = "{TEXT}"\ntokenizer = AutoTokenizer.from_pretrained(NAME)',
    'inputs = tokenizer(sen, return_tensors="pt")\ninputs',
    "model = AutoModel.from_pretrained(NAME, output_attentions=True)",
    "output = model(**inputs)\noutput",
    "output.last_hidden_state",
    "output.pooler_output",
    "output.attentions[2]",
    "output.last_hidden_state.size()",
    'len(inputs["input_ids"][0])',
    "from transformers import AutoModelForSequenceClassification, BertForSequenceClassification",
    "clz_model = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=10)",
    "clz_model(**inputs).logits.size()",
    "clz_model.config.num_labels",
    "clz_model = BertForSequenceClassification.from_pretrained(NAME, num_labels=10)",
    "clz_model.config.num_labels",
)


def run(library: str, name: str, config: str) -> list[Any]:
    """Every cell in order; gives what each cell's last line is worth, None where it is worth nothing."""
    space: dict[str, Any] = {"NAME": name, "CONFIG": config}
    worth: list[Any] = []
    for number, cell in enumerate(CELLS):
        tree = ast.parse(cell.replace("from transformers import", f"from {library} import"))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        with torch.no_grad():
            exec(compile(tree, f"cell {number}", "exec"), space)
            worth.append(
                None if last is None else eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), space)
            )
    return worth


def values(found: Any) -> dict[str, torch.Tensor]:
    return {name: value for name, value in dict(found).items() if isinstance(value, torch.Tensor)}


def compare(theirs: list[Any], ours: list[Any]) -> None:
    for cell, other, mine in zip(CELLS, theirs, ours, strict=True):
        if isinstance(other, torch.Tensor):
            torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5, msg=lambda text, c=cell: f"{c}: {text}")
        elif isinstance(other, (int, bool, torch.Size)):
            assert mine == other, cell
        elif hasattr(other, "to_dict"):
            stated = {
                name: value for name, value in other.to_dict().items() if name not in ("transformers_version", "dtype")
            }
            for name in [
                *FOREIGN,
                "hidden_size",
                "num_hidden_layers",
                "vocab_size",
                "layer_norm_eps",
                "output_attentions",
            ]:
                assert getattr(mine, name) == getattr(other, name), name
            assert {name for name in stated if name in FOREIGN} == set(FOREIGN)
        elif other is None:
            assert mine is None, cell
        else:
            assert list(mine.keys()) == [name for name in other.keys() if name != "cross_attentions"], cell  # noqa: SIM118
            for name, value in values(other).items():
                torch.testing.assert_close(mine[name], value, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def theirs(rbt3: Path) -> list[Any]:
    return run("transformers", str(rbt3), str(rbt3))


@pytest.mark.parametrize(("name", "config"), [("rbt3", "./rbt3/"), ("./rbt3/", "./rbt3/"), ("./rbt3", "rbt3")])
def test_the_cells_give_the_same_numbers_of_a_folder(name, config, beside, theirs) -> None:
    compare(theirs, run("torso", name, config))


def test_the_cells_give_the_same_numbers_of_a_cached_name(rbt3, theirs, tmp_path, monkeypatch, offline) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(cached(tmp_path / "hub", "hfl/rbt3", rbt3)))
    monkeypatch.chdir(tmp_path)
    ours = run("torso", "hfl/rbt3", "hfl/rbt3")
    compare(theirs, ours)


def test_the_ids_are_those_of_the_notebook(theirs, beside) -> None:
    ours = run("torso", "rbt3", "rbt3")
    inputs = ours[CELLS.index('inputs = tokenizer(sen, return_tensors="pt")\ninputs')]
    assert tuple(inputs["input_ids"][0].tolist()) == IDS
    assert list(inputs) == ["input_ids", "token_type_ids", "attention_mask"]
    assert ours[CELLS.index("output.last_hidden_state.size()")] == torch.Size([1, 12, 48])
    assert ours[CELLS.index('len(inputs["input_ids"][0])')] == 12


def test_printing_is_short_and_names_what_is_there(beside) -> None:
    ours = run("torso", "rbt3", "rbt3")
    shown = repr(ours[CELLS.index("output = model(**inputs)\noutput")])
    assert len(shown) < 400
    assert "last_hidden_state: [1, 12, 48] float32" in shown
    assert "attentions: 3 x [1, 12, 12, 12] float32" in shown
    table = repr(ours[CELLS.index("model.config")])
    assert all(name in table for name in [*FOREIGN, "output_attentions", "hidden_dropout_prob"])


def test_loading_without_a_head_says_nothing_and_with_a_new_head_one_line(beside, capfd) -> None:
    AutoModel.from_pretrained("rbt3")
    AutoTokenizer.from_pretrained("rbt3")
    AutoConfig.from_pretrained("rbt3")
    assert capfd.readouterr() == ("", "")
    AutoModelForSequenceClassification.from_pretrained("rbt3", num_labels=10)
    out, told = capfd.readouterr()
    assert out == ""
    (line,) = told.splitlines()
    assert line.startswith("torso: rbt3 has no sequence-classification head. Made a new one, untrained, with 10 labels")


def test_of_the_real_shape(tmp_path, offline) -> None:
    """768 wide, three blocks, as the course's own model."""
    folder = str(make(tmp_path / "rbt3", width=768, inner=3072))
    compare(run("transformers", folder, folder), run("torso", folder, folder))
