"""Files whose fault shows when their values are read."""

from __future__ import annotations

import torch

from malformed import Case

from .builders import DATA, STATE, entry, floats, patched, safetensors, torch_bytes, write


def stored(row: int, name: str, code: str, call: str, *, st: bytes | None = None, bin: bytes | None = None) -> Case:
    """A case of which the values are read."""
    files = {"st": st} if st is not None else {"bin": bin or b""}
    return Case(row, name, lambda folder: write(folder, **files), code, f"weights.calls:{call}")


NOT_A_NUMBER, ENDLESS = float("nan"), float("inf")
VALUE_CASES = [
    stored(24, "safetensors cut after opening", "E_TRUNCATED", "truncate_then_read", st=floats(*range(1000))),
    stored(24, "old form cut after opening", "E_TRUNCATED", "truncate_then_read", bin=torch_bytes(STATE, zipped=False)),
    *(
        stored(25, f"{value}", "E_NONFINITE", "read_all", st=floats(1, 2, value))
        for value in (NOT_A_NUMBER, ENDLESS, -ENDLESS)
    ),
    stored(25, "NaN in a zip", "E_NONFINITE", "read_all", bin=torch_bytes({"w": torch.tensor([1, NOT_A_NUMBER])})),
    stored(
        25,
        "NaN, transposed",
        "E_NONFINITE",
        "read_all",
        bin=torch_bytes({"w": torch.tensor([[1, 2], [3, NOT_A_NUMBER]]).T}),
    ),
    stored(30, "whole numbers", "E_DTYPE", "read_as_float", st=safetensors({"w": entry("I32", [2], 0, 8)}, DATA)),
    stored(30, "truth values", "E_DTYPE", "read_as_float", st=safetensors({"w": entry("BOOL", [8], 0, 8)}, DATA)),
    stored(31, "1e38 in half", "E_OVERFLOW", "read_as_half", st=floats(1, 1e38)),
    stored(
        31,
        "65520 in half",
        "E_OVERFLOW",
        "read_as_half",
        bin=torch_bytes({"w": torch.tensor([[1.0, 2], [3, 65520]]).T}),
    ),
    stored(
        53,
        "checksum of numbers",
        "E_ZIP",
        "read_all",
        bin=patched(torch_bytes({"w": torch.full((9,), 7.0)}), b"\0\0\xe0\x40", 0, b"\1"),
    ),
    stored(
        53,
        "checksum of a part",
        "E_ZIP",
        "read_all",
        bin=patched(torch_bytes({"w": torch.full((9,), 7.0)[2:4]}), b"\0\0\xe0\x40", 0, b"\1"),
    ),
]
