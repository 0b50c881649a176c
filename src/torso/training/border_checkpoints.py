"""Checkpoint folders of `Trainer`: written, counted, removed and read again."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from torso.compat.padded_model import PaddedModel
from torso.errors import NotFoundError
from torso.io.atomic_write import write_atomically
from torso.io.files import read_json
from torso.io.paths import shown
from torso.training.border_callbacks import TrainerState
from torso.training.run_state import restore_state, save_state

STATE = "trainer_state.json"
_LIMIT = 1 << 26
_NAME = re.compile(r"checkpoint-(\d+)")


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a run, in the order of their steps, without unfinished ones."""
    found = [each for each in folder.glob("checkpoint-*") if _NAME.fullmatch(each.name) and (each / STATE).is_file()]
    return sorted(found, key=_step)


def _step(folder: Path) -> int:
    found = _NAME.fullmatch(folder.name)
    assert found is not None
    return int(found[1])


def write(
    folder: Path, model: nn.Module, learner: nn.Module, optimiser: torch.optim.Optimizer, state: TrainerState
) -> None:
    """Write a checkpoint: the model, what is needed to resume, and last the state, without which it does not count."""
    if isinstance(model, PaddedModel):
        model.packed.save(folder)
    elif hasattr(model, "save_pretrained"):  # a class of one's own, or an adapter of PEFT
        cast("Any", model).save_pretrained(str(folder))
    save_state(folder, learner, optimiser, {"step": state.global_step})
    with write_atomically(folder / STATE) as file:
        file.write((json.dumps(asdict(state), ensure_ascii=False, indent=2) + "\n").encode())


def read(folder: Path, learner: nn.Module, optimiser: torch.optim.Optimizer) -> TrainerState:
    """Read a checkpoint into model and optimiser; return where the run was.

    Raises:
        NotFoundError: ``E_NO_CHECKPOINT``.
        TorsoError: as `restore_state`.
    """
    if not (folder / STATE).is_file():
        raise no_checkpoint(folder)
    restore_state(folder, learner, optimiser)
    values: Any = read_json(folder / STATE, limit=_LIMIT, code="E_JSON")
    known = {each.name for each in fields(TrainerState)}
    return TrainerState(**{name: value for name, value in values.items() if name in known})


def no_checkpoint(folder: Path) -> NotFoundError:
    """Build the error for a folder that holds no checkpoint."""
    return NotFoundError(
        "E_NO_CHECKPOINT",
        "There is no checkpoint in {folder}.",
        cure="Leave resume_from_checkpoint out, or name a folder such as output_dir/checkpoint-500.",
        values=dict(folder=shown(folder)),
    )


def remove_old(folder: Path, limit: int | None, best: str | None) -> None:
    """Remove the oldest checkpoints beyond a number; the best is kept, and so is the last."""
    if limit is None:
        return
    there = checkpoints(folder)
    spare = [each for each in there[:-1] if best is None or each != Path(best)]
    for each in spare[: max(0, len(there) - max(limit, 1 + (len(spare) < len(there) - 1)))]:
        shutil.rmtree(each)
