"""Optimisation for inference on a CPU: compiled kernels or prepacked layers, in one of three modes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, TypeVar

import torch

from torso.batch import Batch
from torso.config.arguments import known_arguments
from torso.engines.calibration import Calibration, Optimised
from torso.engines.linear_swap import LinearSwap
from torso.engines.model_state import State
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.language import say
from torso.model import Model

Out = TypeVar("Out")
Mode = Literal["exact", "bf16", "int8", "auto"]
MODES: tuple[str, ...] = ("exact", "bf16", "int8")
FIDELITY = {"exact": 0.999999, "bf16": 0.9999, "int8": 0.99, "auto": 0.9999}
"""Default required cosine to float32 of the mean of a text's last rows, by mode."""
MEAN_FIDELITY = {"int8": 0.999}
"""Required mean of that cosine over the sample's texts; not checked if a call gives its own fidelity."""


@known_arguments
def optimise(
    model: Model[Out],
    mode: Mode = "auto",
    *,
    fidelity: float | None = None,
    sample: Batch | None = None,
    file: str | os.PathLike[str] | None = None,
) -> Model[Out]:
    """Optimise a model in place for inference on a CPU and return it; it can no longer be trained or saved.

    An encoder whose blocks the compiled kernels support runs as one call of them (`torso.kernels.about`); any other
    model runs on PyTorch with prepacked linear layers.

    ``exact`` computes in true float32, equal to the reference to 1e-5. ``bf16`` multiplies in bfloat16, accumulates and
    normalises in float32. ``int8`` multiplies in eight bits, except in the layers whose error on the sample is largest.
    ``auto`` times the three and takes the fastest that meets the fidelity, and prints which.

    Args:
        model: on the CPU.
        mode: see above.
        fidelity: least cosine to float32 of the mean of a text's last rows; None: `FIDELITY` of the mode.
        sample: calibration texts for fidelity and time; random tokens by default.
        file: cache of the packed weights and the chosen mode: read, without measuring again, if it was written with the
            same model, sample, mode, fidelity, processor and version of the kernels; otherwise written. Its SHA-256 and
            the sizes of all weights are checked. Trust it as you trust the model's own files: whoever can write it can
            choose the numbers.

    Raises:
        InputTypeError: ``E_MODEL`` and ``E_SAMPLE``, for anything but a `Model`, and a `Batch`.
        InputError: ``E_MODE`` for an unknown mode; ``E_ARGUMENT`` for a fidelity outside [-1, 1]; ``E_KEPT``, if
            ``file`` is not such a file or has changed; ``E_SAMPLE`` for an empty sample, ``E_IDS`` for one
            with ids outside the embedding tables.
        TooLongError: ``E_TOO_LONG``, for a sample with a text that is longer than the model takes.
        UnsupportedError: ``E_MODE``, where machine or model do not support a mode, or ``file`` for a model that the
            compiled kernels do not run; ``E_LORA`` for one with an adapter; ``E_OPTIMISED`` for an optimised model;
            ``E_FIDELITY``, if a mode misses it.
        AccessError, DiskError: if ``file`` cannot be written; the model is optimised all the same.

    After any other error the model is restored: its dtype, training modes and ``requires_grad``.
    """
    if not isinstance(model, Model):  # pyright: ignore[reportUnnecessaryIsInstance]  for callers without a type checker
        raise InputTypeError(
            "E_MODEL",
            "optimise expects a torso.Model, got {kind}.",
            cure="Give the result of torso.load, or the .model of a padded model.",
            values=dict(kind=type(model).__name__),
        )
    if mode not in (*MODES, "auto"):
        raise InputError(
            "E_MODE",
            "There is no mode {mode!r}.",
            cure="Use exact, bf16, int8 or auto.",
            values=dict(mode=mode),
        )
    model.refuse_optimised()
    if model.adapter is not None:
        raise UnsupportedError(
            "E_LORA",
            "The model has an adapter, which packed layers would leave out.",
            cure="Merge it first: torso.optimise(torso.merge(model)).",
        )
    if model.device.type != "cpu":
        raise UnsupportedError(
            "E_MODE",
            "The model is on {device}; these modes are for the CPU.",
            cure='Load it with device="cpu", or load it with dtype=torch.bfloat16 for an accelerator.',
            values=dict(device=model.device),
        )
    if fidelity is not None and not -1 <= fidelity <= 1:
        raise InputError(
            "E_ARGUMENT",
            "The fidelity is {value}; it is a cosine, from -1 to 1.",
            cure="Leave it out, or give a number such as 0.999.",
            values=dict(value=fidelity),
        )
    state, calibration = State(model), None
    try:
        calibration = Calibration(model.float().eval().requires_grad_(False), sample)
        done, key = _apply_mode(calibration, mode, fidelity, None if file is None else Path(file))
    except BaseException:
        if calibration is not None:
            calibration.swap.restore()
        state.restore()
        raise
    try:
        if file is not None and key is not None:
            calibration.keep(Path(file), key, done)
    finally:
        calibration.swap.settle(done)
    return model


def _apply_mode(
    calibration: Calibration, mode: Mode, fidelity: float | None, file: Path | None
) -> tuple[Optimised, str | None]:
    """Apply the mode; return the result and the key to write the file with, None if it need not be written."""
    wanted = [each for each in (MODES if mode == "auto" else (mode,)) if calibration.swap.can(each)]
    if not wanted:
        raise UnsupportedError(
            "E_MODE",
            "This processor, or this build of PyTorch, has no kernels for the mode {mode}.",
            cure="Use the model as it is, or another mode.",
            values=dict(mode=mode),
        )
    least = FIDELITY[mode] if fidelity is None else fidelity
    if fidelity is None:
        calibration.mean = MEAN_FIDELITY.get(mode, calibration.mean)
    key = None if file is None else calibration.key(mode, least)
    if file is not None and key is not None:
        stored = calibration.restore_from_file(file, key, wanted, least)
        if stored is not None:
            return stored, None
    done = calibration.choose(wanted, least) if mode == "auto" else calibration.apply(wanted[0], least)
    if mode == "auto":
        message = "torso: {mode} is the fastest here with a cosine of at least {least} to float32 (met: {met:.6f})."
        print(say(message, dict(mode=done.mode, least=least, met=done.fidelity)), file=sys.stderr)
    return done, key


def prepacked(model: Model[Out]) -> Model[Out]:
    """Put a model into the mode ``exact`` in place, for tasks that loaded it; return it unchanged if unsupported.

    Nothing is measured: the arithmetic is float32.
    """
    if model.device.type != "cpu" or model.dtype != torch.float32 or model.adapter is not None:
        return model
    swap = LinearSwap(model)
    if not swap.can("exact"):
        return model
    model.eval().requires_grad_(False)
    swap.put(dict.fromkeys(swap.linears, "exact"))
    swap.settle(Optimised("exact", 1.0, kernels=swap.kernels))
    return model
