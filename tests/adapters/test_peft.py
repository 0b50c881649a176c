"""Adapters of PEFT and torso in each other, for families that fuse, transpose, interleave, share and tie differently.

``TORSO_ADAPTERS=all`` takes every family and more heads.
"""

from __future__ import annotations

import os

import pytest
import torch

from contract.families import cases_of, registered
from torso import Lora, load, lora
from torso.adapters.adapter_names import ModelNames
from torso.adapters.adapter_targets import default_targets

from .pairs import ours_in_theirs, theirs_in_ours

pytestmark = pytest.mark.filterwarnings("ignore")

HEADS = ("sequence-single", "causal-lm", "seq2seq-lm", "features", "token", "masked-lm", "span")
FEW = [
    ("bert", "sequence-single", None),  # three parts to one
    ("gpt2", "causal-lm", None),  # stored input first, tied
    ("bloom", "features", "all-linear"),  # interleaved heads
    ("t5", "seq2seq-lm", "all-linear"),  # two sides, tied
    ("albert", "sequence-single", "all-linear"),  # one block many times
    ("nomic_bert", "masked-lm", "all-linear"),  # modules of other names than the file's
    ("qwen3", "sequence-single", "all-linear"),
]
ALL = [
    (family, head, targets)
    for family in registered()
    for head in HEADS
    if head in cases_of(family)
    for targets in (None, "all-linear")
]
NOT_THEIRS = {("token", "all-linear"), ("span", "all-linear")}
PAIRS = ALL if os.environ.get("TORSO_ADAPTERS") == "all" else FEW


@pytest.mark.parametrize(("family", "head", "targets"), PAIRS)
def test_ours_in_theirs(family, head, targets, tmp_path) -> None:
    ours_in_theirs(family, head, tmp_path, targets=targets)


# PEFT would adapt these heads and save them whole, and refuses both together.
THEIRS = [
    each for each in PAIRS if each[1:] not in NOT_THEIRS and each != ("distilbert", "sequence-single", "all-linear")
]


@pytest.mark.parametrize(("family", "head", "targets"), THEIRS)
def test_theirs_in_ours(family, head, targets, tmp_path) -> None:
    theirs_in_ours(family, head, tmp_path, targets=targets)


OPTIONS = {
    "rslora": ("bert", "features", {"rank_stabilised": True}),
    "patterns": (
        "llama",
        "causal-lm",
        {
            "targets": ["q_proj", "down_proj"],
            "rank_pattern": {"q_proj": 2, r"layers\.0\.mlp\..*": 5},
            "alpha_pattern": {"down_proj": 7},
        },
    ),
    "biases of what is adapted": ("bert", "token", {"bias": "lora_only"}),
    "every bias": ("bert", "sequence-single", {"bias": "all"}),
    "interleaved biases": ("bloom", "features", {"bias": "lora_only"}),
    "a bias of the update": ("roberta", "sequence-single", {"lora_bias": True}),
    "a module whole": ("roberta", "features", {"modules_to_save": ["attention.output.dense", "LayerNorm"]}),
    "names by their ends": ("distilbert", "sequence-single", {}),  # classifier means pre_classifier, as in PEFT
    "rows of tied tokens": ("gpt2", "causal-lm", {"trainable_token_indices": [3, 1, 17]}),
    "rows of shared tokens": ("t5", "seq2seq-lm", {"trainable_token_indices": [2, 5]}),
    "one block": ("llama", "causal-lm", {"targets": ["q_proj", "v_proj"], "layers": [1]}),
    "left out": ("bert", "features", {"targets": ["query", "key"], "exclude": ["0.attention.self.query"]}),
    "table of tokens": ("bert", "features", {"targets": ["word_embeddings", "value"]}),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_options(option, tmp_path) -> None:
    family, head, settings = OPTIONS[option]
    ours_in_theirs(family, head, tmp_path / "a", **settings)
    theirs_in_ours(family, head, tmp_path / "b", **settings)


def test_default_targets_are_those_of_peft(tmp_path) -> None:
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as THEIRS

    from contract.families import FAMILIES
    from torso.model import Model
    from torso.nn.meta_init import weightless

    for family, architecture in registered().items():
        config = architecture.config(**next(iter(FAMILIES[family].configs.values())))
        with weightless():
            model = Model(config, architecture, next(iter(architecture.tasks)))
        ours = default_targets(model, ModelNames.of(model))
        assert ours, family
        assert family not in THEIRS or ours == THEIRS[family], family


def test_only_the_adapter_learns_and_all_that_learns_is_saved(tmp_path) -> None:
    from contract.reference import batch, make
    from torso.compat.padded_model import PaddedModel

    made = make("bert", "plain", "sequence-single", tmp_path / "base")
    model = lora(load(made.folder, made.case.task), Lora(rank=2, bias="all", trainable_token_indices=[4]), seed=0)
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    padded = PaddedModel(model.train())
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1)
    given = batch(made, "right").shared
    for _ in range(2):
        padded(**given).loss.backward()
        optimiser.step()
    changed = {name for name, each in model.named_parameters() if not each.equal(before[name])}
    assert changed == {name for name, each in model.named_parameters() if each.requires_grad}
    assert 0 < len(changed) < len(before)
    model.eval().save(tmp_path / "adapter")
    again = PaddedModel(load(tmp_path / "adapter", made.case.task))
    with torch.no_grad():
        assert again(**given).logits.equal(padded(**given).logits)
