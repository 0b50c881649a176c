"""Which errors say that memory ran out: by type and number, or by whole sentences of who has neither."""

from __future__ import annotations

import errno

import pytest

from torso.io.memory_errors import is_out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("HIP out of memory."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: not enough memory: you tried 9 bytes"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        RuntimeError("std::bad_alloc"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        ImportError("libtorch_cpu.so: cannot open shared object file: Cannot allocate memory"),
    ],
    ids=str,
)
def test_memory_that_ran_out(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes cannot be multiplied"),
        ValueError("out of memory"),
        ImportError("libgomp.so.1: cannot allocate memory in static TLS block"),
        ImportError("cannot import name x from y (/data/out of memory/y.py)"),
        RuntimeError("no file /data/not enough memory/weights.bin"),
        FileNotFoundError(errno.ENOENT, "No such file", "/out of memory"),
    ],
    ids=str,
)
def test_other_errors(error: Exception) -> None:
    assert not is_out_of_memory(error)
