"""The compiled library: found, loaded, and spoken to through its C interface (native/torso_kernels.h)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from torso.errors import ConfigError, InputError
from torso.io.forking import compute_after_forks, forked
from torso.kernels.abi import AttentionCall, Call, Embeddings, Matrix, Norm, Trunk
from torso.language import say

compute_after_forks()

VERSION = 3
"""Of the interface: what torso_kernels.h says."""
FLOAT32, BFLOAT16, EIGHT_BITS = range(3)
KINDS = {"exact": FLOAT32, "bf16": BFLOAT16, "int8": EIGHT_BITS}
"""How weights are kept in each mode."""
NO_NORM, LAYER_NORM, RMS_NORM = range(3)


class Status(IntEnum):
    """What a function of the library answers."""

    OK = 0
    NO_MEMORY = 1
    OUT_OF_RANGE = 2
    NO_SUCH_KIND = 3


_SIGNATURES: dict[str, tuple[Sequence[Any], Any]] = {
    "torso_version": ((), c_int32),
    "torso_instruction_sets": ((), c_int32),
    "torso_instruction_set_name": ((c_int32,), c_char_p),
    "torso_choose": ((c_int32,), None),
    "torso_has": ((c_int32,), c_int32),
    "torso_panel": ((), c_int64),
    "torso_packed_bytes": ((c_int32, c_int64, c_int64), c_int64),
    "torso_pack": (
        (c_int32, c_void_p, c_int64, c_int64, c_int64, c_void_p, c_void_p, c_void_p, c_int32),
        c_int32,
    ),
    "torso_linear": ((POINTER(Matrix), c_void_p, c_int64, c_int32, c_void_p, c_int32), c_int32),
    "torso_product": (
        (c_void_p, c_int64, c_void_p, c_int64, c_int64, c_void_p, c_void_p, c_int32),
        None,
    ),
    "torso_set_parallel": ((c_void_p,), None),
    "torso_add_norm": ((POINTER(Norm), c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_int32), None),
    "torso_embed": (
        (POINTER(Embeddings), c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_int32),
        c_int32,
    ),
    "torso_quantise": ((c_void_p, c_int64, c_int64, c_int64, c_void_p, c_void_p), c_int32),
    "torso_attention": ((POINTER(AttentionCall),), c_int32),
    "torso_encode": ((POINTER(Trunk), POINTER(Call)), c_int32),
}


class Library:
    """The kernels, on the instruction set that was chosen.

    Attributes:
        call: the functions of the C interface, by their names. They let other threads of Python run.
        path: of the file.
        sets: names of the instruction sets that both the file and this processor have, best first.
        set: the one in use.
    """

    def __init__(self, path: Path, chosen: str | None = None) -> None:
        self.path = path
        self.call: Any = ctypes.CDLL(str(path))
        for name, (arguments, result) in _SIGNATURES.items():
            function = getattr(self.call, name)
            function.argtypes, function.restype = list(arguments), result
        if self.call.torso_version() != VERSION:
            values = dict(path=path, version=self.call.torso_version(), wanted=VERSION)
            raise OSError(say("{path} is of version {version}, not {wanted}", values))
        count: int = self.call.torso_instruction_sets()
        self.sets = tuple(self.call.torso_instruction_set_name(i).decode() for i in range(count))
        self.set = chosen if chosen in self.sets else self.sets[0]
        self.call.torso_choose(self.sets.index(self.set))
        self.call.torso_set_parallel(_parallel())

    def has(self, kind: int) -> bool:
        """Whether there are products of `FLOAT32`, `BFLOAT16` or `EIGHT_BITS`."""
        return bool(self.call.torso_has(kind))

    @property
    def panel(self) -> int:
        """Columns of one panel of a packed weight."""
        return int(self.call.torso_panel())


def _parallel() -> int | None:
    """Where the function is that runs PyTorch's own parallel loops; None where it has none that could be found."""
    if forked():  # it would wait for threads of the parent
        return None
    try:
        host: Any = ctypes.CDLL(str(Path(torch.__file__).with_name("lib") / "libtorch_cpu.so"))
        return ctypes.cast(host.GOMP_parallel, c_void_p).value
    except (OSError, AttributeError):
        return None


SETTING = "TORSO_KERNELS"
"""The environment variable that turns kernels off (``0``), or names an instruction set; read at the first use."""
SETS = ("avx512_bf16", "avx512_vnni", "avx512", "avx2", "baseline")
"""Every instruction set that the library may hold, best first."""


def file() -> Path:
    """Where the compiled library is, if it was compiled."""
    return Path(__file__).with_name("_native.so")


def refusal() -> str | None:
    """Why there are no kernels here, in the language in force; None where there are.

    Raises:
        ConfigError: ``E_SETTINGS``, where `SETTING` holds what is neither ``0`` nor an instruction set that is here.
    """
    asked = os.environ.get(SETTING, "").strip()
    if asked == "0":
        return say("{setting}=0 turns them off", dict(setting=SETTING))
    there = file().exists()
    loaded, reason = _loaded() if there else (None, say("they were not compiled when torso was installed"))
    known = SETS if loaded is None else loaded.sets
    if asked and asked not in known:
        raise ConfigError(
            "E_SETTINGS",
            "{variable} is {text}; here it may be one of: {known}.",
            cure="Set it to one of them, or unset it.",
            values=dict(variable=SETTING, text=repr(asked), known=", ".join(("0", *known))),
        )
    return reason


def library() -> Library | None:
    """The kernels; None where there are none. Raises as `refusal`."""
    return None if refusal() is not None else _loaded()[0]


@dataclass(frozen=True, slots=True)
class About:
    """What kernels are in use.

    Attributes:
        instruction_set: the one in use: ``avx512_bf16``, ``avx512_vnni``, ``avx512``, ``avx2`` or ``baseline``; None
            where PyTorch computes everything.
        modes: of `torso.optimise`, those that the kernels compute.
        threads: that a call of them uses, as many as torch.
        reason: why there are none, in the language in force.
        forked: whether this process was forked from one that had loaded torso: PyTorch, and with it torso, then runs on
            one thread, since PyTorch's threads stay behind. What is computed is the same.
    """

    instruction_set: str | None
    modes: tuple[str, ...]
    threads: int
    reason: str | None
    forked: bool = False


def about() -> About:
    """What kernels are in use here, or why there are none.

    Raises:
        ConfigError: ``E_SETTINGS``, where the variable ``TORSO_KERNELS`` holds what cannot be.
    """
    here = library()
    if here is None:
        return About(None, (), threads(), refusal(), forked())
    return About(here.set, tuple(mode for mode, kind in KINDS.items() if here.has(kind)), threads(), None, forked())


@cache
def _loaded() -> tuple[Library | None, str | None]:
    try:
        return Library(file(), os.environ.get(SETTING, "").strip()), None
    except (OSError, AttributeError) as error:
        return None, str(error)


def address(tensor: Tensor | None) -> int | None:
    """Where a contiguous tensor's numbers are; None for none."""
    return None if tensor is None else tensor.data_ptr()


def room(*shape: int) -> Tensor:
    """Where the kernels write: float32 on the CPU, whatever torch's defaults are."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def threads() -> int:
    """How many threads a call may use: as many as torch's."""
    return torch.get_num_threads()


def held(tensor: Tensor) -> Tensor:
    """A parameter's numbers as the kernels read them: float32, contiguous."""
    return tensor.detach().float().contiguous()


Tensors = tuple[Tensor, Tensor | None, Tensor, Tensor]
"""Of a packed weight: its numbers, and padded to whole panels its bias, in eight bits its scales and weight sums."""

MOST_INPUTS = (2**31 - 1) // (255 * 127) // 4 * 4
"""Inputs of one group in eight bits whose products, up to 255 x 127 each, a sum of 32 bits still holds."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a layer's weight is kept, from which the sizes of all of a `PackedWeight` follow.

    Attributes:
        kind: `FLOAT32`, `BFLOAT16` or `EIGHT_BITS`.
        outputs: rows of the weight, 1 or more.
        inputs: columns of the weight, 1 or more.
        group: inputs that share a scale in eight bits, a multiple of 4.
        biased: whether there is a bias.
    """

    kind: int
    outputs: int
    inputs: int
    group: int
    biased: bool

    @classmethod
    def of(cls, kind: int, outputs: int, inputs: int, group: int = 0, *, biased: bool = False) -> Form:
        """The form of a layer; a ``group`` of 0, or of more than all inputs, is all of them.

        Raises:
            InputError: ``E_SHAPE``, for a group in eight bits whose sums could overflow.
        """
        whole = -(-inputs // 4) * 4
        group = min(group or whole, whole)
        if kind == EIGHT_BITS and group > MOST_INPUTS:
            raise InputError(
                "E_SHAPE",
                "{group} inputs that share a scale are too many: in eight bits their sum may overflow.",
                cure="Use a group of at most {most}.",
                values=dict(group=group, most=MOST_INPUTS),
            )
        return cls(kind, outputs, inputs, group, biased)

    def sizes(self, library: Library) -> tuple[int, int, int, int]:
        """How many elements each of the `Tensors` has on an instruction set: bytes first, float32 after."""
        columns = -(-self.outputs // library.panel) * library.panel
        grouped = columns * -(-self.inputs // self.group) if self.kind == EIGHT_BITS else 0
        packed: int = library.call.torso_packed_bytes(self.kind, self.outputs, self.inputs)
        return packed, columns if self.biased else 0, grouped, grouped


def pointer(structure: Structure) -> Any:
    """A structure as an argument."""
    return byref(structure)
