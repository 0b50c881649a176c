"""Optimisation for inference on a CPU: models in the compiled kernels, in one of three modes. Loads no torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from torso.adapters.adapted_job import match_model
from torso.architecture import Task
from torso.engines.calibration import Calibration, keep
from torso.engines.compiled_base import Optimised
from torso.engines.compiled_model import CompiledModel
from torso.engines.compiling import Compiler, Source, exactly, from_files, unsupported_reason
from torso.engines.packed_cache import with_cache
from torso.errors import InputError, UnsupportedError
from torso.host_batch import HostBatch
from torso.io.arguments import known_arguments
from torso.language import say
from torso.loading.load import read_config
from torso.loading.unfusing import fused_copy

if TYPE_CHECKING:
    from torso.batch import Batch
    from torso.kernels.encoder import Encoder
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
    sample: Batch | HostBatch | None = None,
    file: str | os.PathLike[str] | None = None,
) -> CompiledModel[Out]:
    """Compile a model for inference on a CPU; the model itself stays as it is.

    ``exact`` computes in true float32, equal to the reference to 1e-5. ``bf16`` multiplies in bfloat16, accumulates and
    normalises in float32. ``int8`` multiplies in eight bits, except in the layers whose error on the sample is largest.
    ``auto`` times the three and takes the fastest that meets the fidelity, and prints which.

    Args:
        model: one that the kernels run (`torso models` marks the families); its weights are copied.
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
        UnsupportedError: ``E_MODE``, where the kernels do not run this model, or this processor has no such mode;
            ``E_LORA`` for a model with an adapter; ``E_FIDELITY``, if a mode misses it.
        AccessError, DiskError: if ``file`` cannot be written.
    """
    from torso.engines.model_source import replaced, require_model, sample_of, source_of

    require_model(model)
    if model.adapter is not None:
        raise has_adapter()
    _refuse_writing(model.task)
    require_known(replaced(model))
    model = fused_copy(model)
    require_known(unsupported_reason(model.description, model.task))
    return _compile(source_of(model), mode, fidelity, sample_of(sample), None if file is None else Path(file))


@known_arguments
def compiled(
    source: str | os.PathLike[str],
    task: Task[Out] | str = Task.FEATURES,
    mode: Mode = "exact",
    *,
    fidelity: float | None = None,
    sample: HostBatch | None = None,
    file: str | os.PathLike[str] | None = None,
    labels: Sequence[str] | None = None,
    num_labels: int | None = None,
    new_head: bool = False,
    revision: str | None = None,
    allow_nonfinite: bool = False,
    adapter: str | None = None,
) -> CompiledModel[Out]:
    """Compile a model from its files for inference on a CPU, without PyTorch.

    Each weight is read when it is packed and then freed, so that memory holds the compiled model alone.

    Args:
        source: as `torso.load` takes it; an adapter is merged into its base.
        task: what it shall give.
        mode: as of `optimise`; ``exact`` alone measures nothing.
        fidelity: as of `optimise`.
        sample: as of `optimise`.
        file: as of `optimise`.
        labels: as of `torso.load`.
        num_labels: as of `torso.load`.
        new_head: as of `torso.load`.
        revision: as of `torso.load`.
        allow_nonfinite: as of `torso.load`.
        adapter: as of `torso.load`.

    Raises:
        UnsupportedError: ``E_MODE``, where the kernels do not run this model, or this processor has no such mode;
            ``E_FIDELITY``, if a mode misses it.
        TorsoError: as `torso.load` and `optimise`.
    """
    from torso.hub import resolve

    chosen: Task[Any] = Task.named(task) if isinstance(task, str) else task
    folder = resolve(source, revision=revision).folder
    architecture, config = read_config(folder)
    job = match_model(
        folder,
        architecture,
        config,
        chosen,
        labels=labels,
        num_labels=num_labels,
        new_head=new_head,
        allow_nonfinite=allow_nonfinite,
        adapter=adapter,
    )
    _refuse_writing(chosen)
    require_known(unsupported_reason(job.description, chosen))
    if (mode, fidelity, sample, file) == ("exact", None, None, None):
        return with_cache(job, mode, exactly)
    return _compile(from_files(job), mode, fidelity, sample, None if file is None else Path(file))


def has_adapter() -> UnsupportedError:
    """Build the error of a model with an adapter."""
    return UnsupportedError(
        "E_LORA",
        "The model has an adapter, which packed layers would leave out.",
        cure="Merge it first: torso.optimise(torso.merge(model)).",
    )


def _refuse_writing(task: Task[Any]) -> None:
    """Refuse what a compiled model does not do.

    Raises:
        UnsupportedError: ``E_MODE``, for a generative task.
    """
    if task in (Task.CAUSAL_LM, Task.SEQ2SEQ_LM):
        raise UnsupportedError(
            "E_MODE",
            "A CompiledModel reads texts; it does not write any.",
            cure='Compile the folder to write: torso.compiled_decoder(folder, mode="int8").',
        )


def require_known(reason: str | None) -> None:
    """Raise if the kernels do not run a model.

    Raises:
        UnsupportedError: ``E_MODE``, with the reason.
    """
    if reason is not None:
        raise UnsupportedError(
            "E_MODE",
            "torso's kernels do not run this model: {reason}.",
            cure="Use it as it is, with PyTorch: torso.load(source, task); to write with it, "
            "torso.compiled_decoder(source).",
            values=dict(reason=reason),
        )


def _compile(
    source: Source[Out], mode: str, fidelity: float | None, sample: HostBatch | None, file: Path | None
) -> CompiledModel[Out]:
    if mode not in (*MODES, "auto"):
        raise InputError(
            "E_MODE",
            "There is no mode {mode!r}.",
            cure="Use exact, bf16, int8 or auto.",
            values=dict(mode=mode),
        )
    if fidelity is not None and not -1 <= fidelity <= 1:
        raise InputError(
            "E_ARGUMENT",
            "The fidelity is {value}; it is a cosine, from -1 to 1.",
            cure="Leave it out, or give a number such as 0.999.",
            values=dict(value=fidelity),
        )
    if (mode, fidelity, sample, file) == ("exact", None, None, None):
        return exactly(source)
    compiler = Compiler(source)
    calibration = Calibration(compiler, sample)
    encoder, done, key = _apply_mode(calibration, mode, fidelity, file)
    made = compiler.finish(encoder, done)
    if file is not None and key is not None:
        keep(file, key, made)
    return made


def _apply_mode(
    calibration: Calibration, mode: str, fidelity: float | None, file: Path | None
) -> tuple[Encoder, Optimised, str | None]:
    """Compile in the mode; also return the key to write the file with, None if it need not be written."""
    wanted = [each for each in (MODES if mode == "auto" else (mode,)) if calibration.compiler.can(each)]
    if not wanted:
        raise UnsupportedError(
            "E_MODE",
            "This processor has no instructions for the mode {mode}.",
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
            return *stored, None
    encoder, done = calibration.choose(wanted, least) if mode == "auto" else calibration.apply(wanted[0], least)
    if mode == "auto":
        message = "torso: {mode} is the fastest here with a cosine of at least {least} to float32 (met: {met:.6f})."
        print(say(message, dict(mode=done.mode, least=least, met=done.fidelity)), file=sys.stderr)
    return encoder, done, key
