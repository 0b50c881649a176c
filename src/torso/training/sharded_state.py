"""State of a sharded run to resume from, in the files of `torch.distributed.checkpoint`.

Any number of processes reads it, one among them: each file says which part of which tensor it holds.
"""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed import checkpoint
from torch.distributed.checkpoint.filesystem import FileSystemReader

from torso.errors import FileFormatError
from torso.io.files import make_folder, read_json, shown, write_atomically
from torso.training.parameter_groups import learning
from torso.training.ranks import from_first, rank, ranks, wait

POINTER = "state.json"
_LIMIT = 64 << 20
_shares = cast("Any", checkpoint)  # whose functions' types are incomplete


def save_sharded(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, facts: dict[str, Any]) -> None:
    """Write the state, each process its own share; killed at any moment, the state before is left.

    Args:
        folder: made if missing; ``state.json`` in it names the folder of the shares, and is written last.
        model: as for `run_state.save_state`.
        optimiser: over its learning parameters.
        facts: JSON values.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in learning(model).items():
        tensors[f"weight.{name}"] = parameter.detach()
        for kind, value in cast("dict[str, Tensor]", optimiser.state.get(parameter, {})).items():
            tensors[f"{kind}.{name}"] = value
    own = from_first(lambda: _free_name(folder))
    _shares.save(tensors, checkpoint_id=folder / own)
    if rank() == 0:
        with write_atomically(folder / POINTER) as file:
            file.write(json.dumps({"shares": own, "facts": facts}).encode())
        for each in folder.glob("shares-*"):
            if each.name != own:
                shutil.rmtree(each)
    wait()


def _free_name(folder: Path) -> str:
    make_folder(folder)
    number = 1
    while (folder / f"shares-{number}").exists():
        number += 1
    return f"shares-{number}"


@torch.no_grad()
def restore_sharded(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Read a state into model and optimiser, sharded or not; return its facts.

    Raises:
        FileFormatError: ``E_RUN_STATE``, for the state of another model, or a damaged one.
    """
    own, facts = _pointed(folder)
    path, parameters = folder / own, learning(model)
    try:
        there = set(FileSystemReader(path).read_metadata().state_dict_metadata)
    except (OSError, EOFError, ValueError) as error:
        raise _damaged(path) from error
    saved = {name.removeprefix("weight.") for name in there if name.startswith("weight.")}
    if saved != parameters.keys():
        raise FileFormatError(
            "E_RUN_STATE",
            "{path} is of another run: it has {there} learning parameters, this one {here}.",
            cure="Use the model and the settings of that run, or begin again with --replace.",
            values=dict(path=shown(path), there=len(saved), here=len(parameters)),
        )
    tensors: dict[str, Tensor] = {}
    states: dict[Tensor, dict[str, Tensor]] = {}
    for key in there:
        kind, _, name = key.partition(".")
        parameter = parameters[name]
        if kind == "weight":
            tensors[key] = parameter.detach()
            continue
        # The number of updates of a parameter is a single number; all else has its parameter's shape.
        tensors[key] = torch.zeros((), device=parameter.device) if kind == "step" else torch.zeros_like(parameter)
        states.setdefault(parameter, {})[kind] = tensors[key]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")  # one process reads all shares
        _shares.load(tensors, checkpoint_id=path, no_dist=ranks() == 1)
    optimiser.state.update(states)
    return facts


def read_sharded_facts(folder: Path) -> dict[str, Any]:
    """Return the facts of a state without reading a tensor.

    Raises:
        FileFormatError: ``E_RUN_STATE``, for a damaged one.
    """
    return _pointed(folder)[1]


def remove_sharded(folder: Path) -> None:
    """Remove the state, if there is one; of several processes the first does."""
    (folder / POINTER).unlink(missing_ok=True)
    for each in folder.glob("shares-*"):
        shutil.rmtree(each)


def _pointed(folder: Path) -> tuple[str, dict[str, Any]]:
    values = read_json(folder / POINTER, limit=_LIMIT, code="E_RUN_STATE")
    table = cast("dict[str, Any]", values) if isinstance(values, dict) else {}
    own, facts = table.get("shares"), table.get("facts")
    if not isinstance(own, str) or Path(own).name != own or not isinstance(facts, dict):
        raise _damaged(folder / POINTER)
    return own, cast("dict[str, Any]", facts)


def _damaged(path: Path) -> FileFormatError:
    return FileFormatError(
        "E_RUN_STATE",
        "{path} does not say where its run was: it was changed or damaged.",
        cure="Begin again with --replace.",
        values=dict(path=shown(path)),
    )
