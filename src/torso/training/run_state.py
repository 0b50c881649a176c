"""State of a run to resume from: one safetensors file with weights, moments and the number of the last step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.errors import FileFormatError
from torso.io.files import make_folder, shown
from torso.io.strict_json import decode_json
from torso.training.parameter_groups import learning
from torso.training.ranks import rank
from torso.training.sharded_state import POINTER, read_sharded_facts, remove_sharded, restore_sharded, save_sharded
from torso.training.sharding import is_sharded, share_like
from torso.weights import safetensors
from torso.weights.tensor_bits import bits_of

FILE = "state.safetensors"
_MOMENTS = ("exp_avg", "exp_avg_sq", "step", "momentum_buffer")


def save_state(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, facts: dict[str, Any]) -> None:
    """Write the state atomically: a process killed at any moment leaves the one before.

    Only parameters that learn are written: the others are as they were loaded. All processes of a run call it: the
    first writes, and of a sharded model each its own share.

    Args:
        folder: made if missing.
        model: whose parameters with ``requires_grad`` are saved under torso's own names.
        optimiser: AdamW or Muon, over those parameters.
        facts: JSON values, such as the number of the step.

    Raises:
        AccessError, DiskError: if it cannot be written; the state before is whole.
    """
    if is_sharded(model):
        save_sharded(folder, model, optimiser, facts)
        if rank() == 0:
            (folder / FILE).unlink(missing_ok=True)
        return
    if rank() > 0:
        return
    make_folder(folder)
    tensors: dict[str, Tensor] = {}
    for name, parameter in learning(model).items():
        tensors[f"weight.{name}"] = parameter
        for kind, value in cast("dict[str, Tensor]", optimiser.state.get(parameter, {})).items():
            tensors[f"{kind}.{name}"] = value
    safetensors.write(folder / FILE, tensors, {"format": "pt", "run": json.dumps(facts)})
    remove_sharded(folder)


def holds_state(folder: Path) -> bool:
    """Return whether a folder holds the state of a run, whole or in shares."""
    return (folder / FILE).exists() or (folder / POINTER).exists()


def _in_shares(folder: Path) -> bool:
    """Return whether the state is in shares; of two, where a process was killed between, the later one counts."""
    if not ((folder / FILE).exists() and (folder / POINTER).exists()):
        return (folder / POINTER).exists()
    own, other = (facts.get("time", 0.0) for facts in (read_facts(folder), read_sharded_facts(folder)))
    return other > own


@torch.no_grad()
def restore_state(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Read a state into model and optimiser, sharded or not, whoever wrote it; return its facts.

    Raises:
        FileFormatError: ``E_RUN_STATE``, if the file is of another model or other learning parameters.
        NotFoundError: ``E_MISSING_FILE``.
    """
    if _in_shares(folder):
        return restore_sharded(folder, model, optimiser)
    file = safetensors.SafetensorsFile(folder / FILE)
    parameters = learning(model)
    saved = {name.removeprefix("weight.") for name in file.entries if name.startswith("weight.")}
    if saved != parameters.keys() or "run" not in file.metadata:
        raise FileFormatError(
            "E_RUN_STATE",
            "{path} is of another run: it has {there} learning parameters, this one {here}.",
            cure="Use the model and the settings of that run, or begin again with --replace.",
            values=dict(path=shown(file.path), there=len(saved), here=len(parameters)),
        )
    for name, parameter in parameters.items():
        if is_sharded(model):
            parameter.copy_(share_like(_read(file, f"weight.{name}", torch.empty(parameter.shape)), parameter))
        else:
            _read(file, f"weight.{name}", parameter.data)
        state = {
            kind: _read(file, f"{kind}.{name}", torch.empty(file.entries[f"{kind}.{name}"].shape))
            for kind in _MOMENTS
            if f"{kind}.{name}" in file.entries
        }
        if state:
            optimiser.state[parameter] = {
                kind: value.to(parameter.device)
                if kind == "step"
                else share_like(value.to(parameter.device), parameter)
                for kind, value in state.items()
            }
    return _facts(file)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Return the weights of a state by their parameters' names: those that learnt, as they were after its last step.

    Raises:
        NotFoundError: ``E_MISSING_FILE``.
    """
    file = safetensors.SafetensorsFile(folder / FILE)
    names = [name for name in file.entries if name.startswith("weight.")]
    return {name.removeprefix("weight."): _read(file, name, torch.empty(file.entries[name].shape)) for name in names}


def read_facts(folder: Path) -> dict[str, Any]:
    """Return the facts of a state without reading a tensor.

    Raises:
        FileFormatError: ``E_RUN_STATE``, for a file that holds none.
    """
    return _facts(safetensors.SafetensorsFile(folder / FILE))


def _facts(file: safetensors.SafetensorsFile) -> dict[str, Any]:
    try:
        facts = decode_json(file.metadata.get("run", "{}"))
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise FileFormatError(
            "E_RUN_STATE",
            "{path} does not say where its run was: it was changed or damaged.",
            cure="Begin again with --replace.",
            values=dict(path=shown(file.path)),
        )
    return cast("dict[str, Any]", facts)


def _read(file: safetensors.SafetensorsFile, name: str, out: Tensor) -> Tensor:
    if out.device.type != "cpu":
        host = torch.empty(out.shape, dtype=out.dtype)
        file.read_into(name, bits_of(host))
        out.copy_(host)
    else:
        file.read_into(name, bits_of(out))
    return out
