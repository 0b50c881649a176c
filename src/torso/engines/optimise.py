"""A model made ready to run and nothing else: by compiled kernels or prepacked products, in one of three modes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, TypeVar

import torch

from torso.batch import Batch
from torso.engines.calibration import Bench, Optimised
from torso.engines.linear_swap import StandIns
from torso.engines.model_state import State
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.language import say
from torso.model import Model

Out = TypeVar("Out")
Mode = Literal["exact", "bf16", "int8", "auto"]
MODES: tuple[str, ...] = ("exact", "bf16", "int8")
FIDELITY = {"exact": 0.999999, "bf16": 0.9999, "int8": 0.99, "auto": 0.9999}
"""Least cosine to float32, of the mean of a text's last rows, that a mode keeps unless a call says otherwise."""
MEAN_FIDELITY = {"int8": 0.999}
"""Mean of the same over the sample's texts, where a mode keeps that too unless a call says its own fidelity."""


def optimise(
    model: Model[Out],
    mode: Mode = "auto",
    *,
    fidelity: float | None = None,
    sample: Batch | None = None,
    file: str | os.PathLike[str] | None = None,
) -> Model[Out]:
    """The model itself, made to run faster on a CPU; afterwards it neither learns nor is saved.

    An encoder whose blocks the compiled kernels know runs as one call of them (`torso.kernels.about`); any other keeps
    PyTorch's path, with its products prepacked.

    ``exact`` computes in true float32, equal to the reference to 1e-5. ``bf16`` multiplies in bfloat16 and adds up and
    normalises in float32. ``int8`` multiplies in eight bits, but for the layers whose error is largest, measured on the
    sample. ``auto`` takes the fastest of the three, timed here and now, that keeps the fidelity, and says so once.

    Args:
        model: on the CPU.
        mode: see above.
        fidelity: least cosine to float32 of the mean of a text's last rows; None: `FIDELITY` of the mode.
        sample: texts to measure fidelity and time on; random tokens by default.
        file: where to keep what was laid out and chosen: it is read at the next call with the same model, sample, mode,
            fidelity, processor and version of the kernels, where nothing is measured again; otherwise it is written.
            Its SHA-256 and the sizes of all weights are checked. Trust it as you trust the model's own files: whoever
            can write it can choose the numbers.

    Raises:
        InputTypeError: ``E_MODEL`` and ``E_SAMPLE``, for anything but a `Model`, and a `Batch`.
        InputError: ``E_MODE`` for an unknown mode; ``E_ARGUMENT`` for a fidelity that is no cosine; ``E_KEPT``, if
            ``file`` is something else or was changed; ``E_SAMPLE`` for a sample of nothing, ``E_IDS`` for one with ids
            that the model has no row for.
        TooLongError: ``E_TOO_LONG``, for a sample with a text that is longer than the model takes.
        UnsupportedError: ``E_MODE``, where machine or model do not allow a mode, or ``file`` for a model that the
            compiled kernels do not run; ``E_OPTIMISED`` for a second time; ``E_FIDELITY``, if a mode does not keep it.
        AccessError, DiskError: if ``file`` cannot be written; the model is optimised all the same.

    After any other error the model is as it was, in its dtype, its modes and what learns of it.
    """
    if not isinstance(model, Model):  # pyright: ignore[reportUnnecessaryIsInstance]  not everybody has a checker
        raise InputTypeError(
            "E_MODEL",
            "optimise takes a torso.Model; {kind} is none.",
            cure="Give what torso.load gives, or the .model of a padded model.",
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
    state, bench = State(model), None
    try:
        bench = Bench(model.float().eval().requires_grad_(False), sample)
        done, key = _in_place(bench, mode, fidelity, None if file is None else Path(file))
    except BaseException:
        if bench is not None:
            bench.stand_ins.restore()
        state.restore()
        raise
    try:
        if file is not None and key is not None:
            bench.keep(Path(file), key, done)
    finally:
        bench.stand_ins.settle(done)
    return model


def _in_place(bench: Bench, mode: Mode, fidelity: float | None, file: Path | None) -> tuple[Optimised, str | None]:
    """What was done, and the key under which it shall be written into the file; None where it need not be."""
    wanted = [each for each in (MODES if mode == "auto" else (mode,)) if bench.stand_ins.can(each)]
    if not wanted:
        raise UnsupportedError(
            "E_MODE",
            "This processor, or this build of PyTorch, has no kernels for the mode {mode}.",
            cure="Use the model as it is, or another mode.",
            values=dict(mode=mode),
        )
    least = FIDELITY[mode] if fidelity is None else fidelity
    if fidelity is None:
        bench.mean = MEAN_FIDELITY.get(mode, bench.mean)
    key = None if file is None else bench.key(mode, least)
    if file is not None and key is not None and (again := bench.put_again(file, key, wanted, least)) is not None:
        return again, None
    done = bench.choose(wanted, least) if mode == "auto" else bench.apply(wanted[0], least)
    if mode == "auto":
        told = "torso: {mode} is the fastest here with a cosine of at least {least} to float32 (met: {met:.6f})."
        print(say(told, dict(mode=done.mode, least=least, met=done.fidelity)), file=sys.stderr)
    return done, key


def prepacked(model: Model[Out]) -> Model[Out]:
    """The model itself in the mode ``exact``, for tasks that loaded it to run it; unchanged where that cannot be.

    Nothing is measured: the products are those of float32.
    """
    if model.device.type != "cpu" or model.dtype != torch.float32:
        return model
    stand_ins = StandIns(model)
    if not stand_ins.can("exact"):
        return model
    model.eval().requires_grad_(False)
    stand_ins.put(dict.fromkeys(stand_ins.linears, "exact"))
    stand_ins.settle(Optimised("exact", 1.0, kernels=stand_ins.kernels))
    return model
