"""One adapter in both libraries: given by one, read by the other, compared by outputs, keys and bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from contract.reference import EAGER, IGNORED, Padded, Reference, batch, close, make
from lazy import LazyName
from torso import Lora, Model, blocks, load, lora, merge
from torso.adapters.adapted_job import match_model
from torso.adapters.adapter_names import ModelNames
from torso.adapters.adapter_targets import TASK_TYPES, default_targets
from torso.compat.padded_model import PaddedModel
from torso.loading.load import read_config
from torso.weights.number_bits import NumberBits

LoraConfig = LazyName("peft", "LoraConfig")
PeftModel = LazyName("peft", "PeftModel")
get_peft_model = LazyName("peft", "get_peft_model")

WEIGHTS = "adapter_model.safetensors"
PEFT_NAMES = {
    "rank": "r",
    "alpha": "lora_alpha",
    "rank_stabilised": "use_rslora",
    "layers": "layers_to_transform",
    "exclude": "exclude_modules",
}


def base(made: Reference) -> Any:
    """The reference's base model, read again."""
    return type(made.model).from_pretrained(made.folder, **EAGER).eval()


@torch.no_grad()
def train(model: torch.nn.Module) -> None:
    """Moves everything that learns."""
    dice = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=dice))


def same(made: Reference, ours: Model[Any], theirs: Any, given: Padded) -> None:
    with torch.no_grad():
        mine, (out, _) = PaddedModel(ours)(**given.shared), replace(made, model=theirs)(given)
    shared = [name for name in mine.keys() if name in out]  # noqa: SIM118  an output iterates over its tensors
    assert shared
    masks = [given.here]
    if "decoder_attention_mask" in given.shared:
        masks.append(given.shared["decoder_attention_mask"].bool())
    elif made.case.labels == "targets":
        masks.append(given.shared["labels"] != IGNORED)
    if made.case.labels == "span":  # the reference's softmax is over the padding too
        shared = [name for name in shared if name != "loss"]
    for name in shared:
        where = next((each for each in masks if mine[name].shape[:2] == each.shape), ...)
        close(mine[name][where], out[name][where], name)


def merged_alike(folder: Path, task: Any, whole: Model[Any]) -> None:
    """What the kernels pack of an adapter folder is what merging in PyTorch makes of it."""
    job = match_model(folder, *read_config(folder), task)
    weights = {name: NumberBits.empty(tuple(each.shape), "F32") for name, each in whole.named_parameters()}
    assert weights.keys() == {name for name, _ in blocks.named_weights(job.description)}
    for name, out in weights.items():
        job.read_into(name, out)
        np.testing.assert_allclose(
            out.data, whole.get_parameter(name).detach().numpy(), rtol=0, atol=2e-6, err_msg=name
        )
    job.check_copies({name: weights[name] for name in job.copied})
    assert job.head_trained == whole.head_trained


def ours_in_theirs(model_type: str, case: str, folder: Path, **settings: Any) -> None:
    """torso's adapter gives PEFT the same outputs, PEFT writes the same keys and bits, torso reads it back."""
    made = make(model_type, "plain", case, folder / "base")
    given = batch(made, "right", with_labels=made.two_sided)
    model = lora(load(made.folder, made.case.task), Lora(**{"rank": 3, "alpha": 5, **settings}), seed=1)
    train(model)
    model.save(folder / "ours")
    theirs = PeftModel.from_pretrained(base(made), str(folder / "ours")).eval()
    same(made, model, theirs.base_model.model, given)
    theirs.save_pretrained(str(folder / "theirs"))
    again = load(folder / "ours", made.case.task)
    again.save(folder / "again")
    mine = load_file(folder / "ours" / WEIGHTS)
    for other in (load_file(folder / "theirs" / WEIGHTS), load_file(folder / "again" / WEIGHTS)):
        assert mine.keys() <= other.keys()
        # PEFT also writes the copy of what is tied.
        assert all(other[key].equal(mine[key]) for key in mine)
    same(made, again, theirs.base_model.model, given)
    merged_alike(folder / "theirs", made.case.task, merge(again))


def theirs_in_ours(model_type: str, case: str, folder: Path, **settings: Any) -> None:
    """PEFT's adapter gives torso the same outputs, before and after merging; transformers reads what was merged."""
    made = make(model_type, "plain", case, folder / "base")
    given = batch(made, "right", with_labels=made.two_sided)
    plain = load(made.folder, made.case.task)
    targets = settings.pop("targets", None) or default_targets(plain, ModelNames.of(plain))
    named = {PEFT_NAMES.get(name, name): value for name, value in {"rank": 4, "alpha": 6, **settings}.items()}
    config = LoraConfig(
        target_modules=targets, init_lora_weights=False, task_type=TASK_TYPES.get(made.case.task), **named
    )
    theirs = get_peft_model(base(made), config)
    train(theirs)
    theirs.eval()
    theirs.save_pretrained(str(folder / "theirs"))
    ours = load(folder / "theirs", made.case.task)
    same(made, ours, theirs.base_model.model, given)
    whole = merge(ours)
    merged_alike(folder / "theirs", made.case.task, whole)
    same(made, whole, theirs.merge_and_unload(), given)
    whole.save(folder / "whole")
    same(made, whole, type(made.model).from_pretrained(folder / "whole", **EAGER).eval(), given)
