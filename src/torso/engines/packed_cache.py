"""Keeping the packed weights of models that are compiled from their files, and mapping them at the next start.

Loads no torch. See `torso.weights.mapped_cache` for the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from torso import __version__, blocks
from torso.engines.compiling import Source, from_files
from torso.host_batch import Rows
from torso.kernels.host_memory import empty
from torso.kernels.key_value_rows import Numbers
from torso.kernels.library import VERSION, Form, Library, library
from torso.kernels.packed_store import PackedStore
from torso.kernels.packed_weight import PackedWeight
from torso.loading.loading_job import LoadingJob
from torso.weights import mapped_cache

Out = TypeVar("Out")
Made = TypeVar("Made")

WORTHWHILE = 0.1
"""Seconds of compiling from which on packed weights are kept; what is packed faster is not worth its room."""
_TICK = 100_000_000
"""Nanoseconds for which a file's time may not show a change that follows another one."""
_SAMPLE = 1 << 16
_PARTS = ("packed", "bias", "scales", "totals")


def with_cache(job: LoadingJob[Out], mode: str, compile_model: Callable[[Source[Out]], Made]) -> Made:
    """Compile a model of files, of packed weights that were kept where there are such, and keep them where not.

    Args:
        job: the model.
        mode: of all its weights.
        compile_model: compiles a source in this mode.

    Raises:
        ConfigError: ``E_SETTINGS``, where `mapped_cache.SETTING` has an invalid value.
        TorsoError: as ``compile_model``.
    """
    source = from_files(job)
    key = _key(job, mode) if mapped_cache.most_bytes() else None
    if key is None:
        return compile_model(source)
    kept = mapped_cache.recall(key)
    if kept is not None:
        restored = _Restored(kept, job.description)
        try:
            return compile_model(replace(source, read=restored.read, store=restored, close=_nothing))
        except (KeyError, ValueError):
            pass  # not what this model consists of: it is written again
    start, recorded = time.perf_counter(), _Recorded(source.read)
    made = compile_model(replace(source, read=recorded.read, store=recorded))
    if time.perf_counter() - start >= WORTHWHILE and key == _key(job, mode):
        mapped_cache.keep(key, recorded.arrays())
    return made


def _nothing() -> None:
    """Close nothing: no weight was read of the model's files."""


def _key(job: LoadingJob[Any], mode: str) -> str | None:
    """Return what packed weights depend on, as JSON; None where they are not to be kept."""
    here = library()
    if here is None or job.plan.new:  # a new head is drawn
        return None
    try:
        files = [_identity(path) for path in job.files]
        kernels = _status(here.path)
    except OSError:
        return None
    if None in files:
        return None
    described = [(name, weight.shape) for name, weight in blocks.named_weights(job.description)]
    tensors = [(name, entry.dtype, entry.shape) for name, entry in job.contents.weights.entries.items()]
    adapter = job.contents.weights.adapter
    stated = [job.architecture.family, job.config.text(), described, tensors, job.nonfinite, adapter]
    return json.dumps(
        {
            "torso": __version__,
            "kernels": [VERSION, here.set, *kernels],
            "mode": mode,
            "task": job.task.name,
            "files": files,
            "model": hashlib.sha256(json.dumps(stated).encode()).hexdigest(),
        }
    )


def _identity(path: Path) -> list[str | int] | None:
    """Return what tells a file of weights from any other; None for one that was changed only now.

    Its inode is none of it, which containers change; the time of its last change is, which no program can set.
    """
    real = os.path.realpath(path)
    status = os.stat(real)
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _TICK:
        return None
    with open(real, "rb") as file:
        sample = file.read(_SAMPLE)
        file.seek(max(status.st_size - _SAMPLE, 0))
        sample += file.read(_SAMPLE)
    return [real, *_status(Path(real)), hashlib.sha256(sample).hexdigest()]


def _status(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


class _Recorded(PackedStore):
    """Packs weights, and records them and all others that are read beside."""

    def __init__(self, read: Callable[[str], Rows]) -> None:
        self._read, self._packing = read, False
        self._packed: dict[str, PackedWeight] = {}
        self._beside: dict[str, Numbers] = {}

    def read(self, name: str) -> Rows:
        found = self._read(name)
        if not self._packing:
            self._beside[name] = found
        return found

    def packed(self, name: str, library: Library, form: Form, make: Callable[[], PackedWeight]) -> PackedWeight:
        self._packing = True
        try:
            self._packed[name] = made = make()
        finally:
            self._packing = False
        return made

    def replace(self, old: Numbers, new: Numbers) -> None:
        self._beside = {name: new if each is old else each for name, each in self._beside.items()}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of them, by the names under which they are restored."""
        found = {f"beside {name}": np.ascontiguousarray(each).reshape(-1) for name, each in self._beside.items()}
        for name, weight in self._packed.items():
            parts = zip(_PARTS, weight.arrays, strict=True)
            found |= {f"{part} {name}": each for part, each in parts if each is not None and each.size}
        return found


class _Restored(PackedStore):
    """Gives weights that were packed before.

    Everything in it raises KeyError for what is not there, and ValueError for what has another size.
    """

    def __init__(self, kept: Mapping[str, NDArray[Any]], description: blocks.Whole) -> None:
        self._kept = kept
        self._shapes = {name: weight.shape for name, weight in blocks.named_weights(description)}

    def read(self, name: str) -> Rows:
        shape = self._shapes[name]
        return self._part(f"beside {name}", int(np.prod(shape, dtype=np.int64))).reshape(shape)

    def packed(self, name: str, library: Library, form: Form, make: Callable[[], PackedWeight]) -> PackedWeight:
        sizes = zip(_PARTS, form.sizes(library), strict=True)
        found = {part: self._part(f"{part} {name}", size) if size else None for part, size in sizes}
        scales, totals = (empty(0) if found[part] is None else found[part] for part in ("scales", "totals"))
        arrays: Any = (found["packed"], found["bias"], scales, totals)
        return PackedWeight.again(library, form, arrays)

    def _part(self, name: str, size: int) -> NDArray[Any]:
        found = self._kept[name]
        if not 0 <= len(found) * found.itemsize - size * found.itemsize < 64:
            raise ValueError(f"{name}: {len(found)} numbers in place of {size}")
        return found[:size]
