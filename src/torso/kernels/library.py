"""The compiled library: finding, loading and calling it through its C interface (native/torso_kernels.h)."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from torso.errors import ConfigError, InputError
from torso.io.forking import compute_after_forks, forked, processors
from torso.kernels.abi import AttentionCall, Call, Embeddings, Matrix, Norm, TrainingAttention, Trunk
from torso.kernels.decoder_abi import DecodeCall, Decoder
from torso.language import say

compute_after_forks()

VERSION = 10
"""Version of the C interface, as in torso_kernels.h."""
FLOAT32, BFLOAT16, EIGHT_BITS, EIGHT_BIT_GROUPS, FOUR_BIT_GROUPS = range(5)
KINDS = {"exact": FLOAT32, "bf16": BFLOAT16, "int8": EIGHT_BITS}
"""Format of weights in each mode."""
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
    "torso_set_parallel": ((c_void_p, c_void_p, c_void_p), None),
    "torso_add_norm": ((POINTER(Norm), c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_int32), None),
    "torso_embed": (
        (POINTER(Embeddings), c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_int32),
        c_int32,
    ),
    "torso_quantise": ((c_void_p, c_int64, c_int64, c_int64, c_void_p, c_void_p), c_int32),
    "torso_attention": ((POINTER(AttentionCall),), c_int32),
    "torso_train_attention": ((POINTER(TrainingAttention),), c_int32),
    "torso_encode": ((POINTER(Trunk), POINTER(Call)), c_int32),
    "torso_decode": ((POINTER(Decoder), POINTER(DecodeCall)), c_int32),
}


class Library:
    """The kernels, on one instruction set.

    Attributes:
        call: the functions of the C interface, by name. They release the GIL.
        path: path of the file.
        sets: names of the instruction sets that both the file and this processor support, best first.
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
        self.set: str = chosen if chosen is not None and chosen in self.sets else self.sets[0]
        self.call.torso_choose(self.sets.index(self.set))
        self.share_threads()

    def share_threads(self) -> None:
        """Run products of PyTorch's layers, and decoders, on its own threads, if it is loaded.

        They spin for a while after each of its loops: others would compete with them.
        """
        self.call.torso_set_parallel(*_parallel())

    def has(self, kind: int) -> bool:
        """Return whether the instruction set supports a kind: `FLOAT32`, `BFLOAT16` or `EIGHT_BITS`."""
        return bool(self.call.torso_has(kind))

    @property
    def panel(self) -> int:
        """Columns of one panel of a packed weight."""
        return int(self.call.torso_panel())


def _parallel() -> Sequence[int | None]:
    """Return the addresses of what runs PyTorch's parallel loops, counts its team and ranks its threads, if there."""
    nowhere = (None, None, None)
    torch = sys.modules.get("torch")
    if torch is None or forked():  # in a fork it would wait for threads of the parent
        return nowhere
    try:
        host: Any = ctypes.CDLL(str(Path(str(torch.__file__)).with_name("lib") / "libtorch_cpu.so"))
        functions = (host.GOMP_parallel, host.omp_get_num_threads, host.omp_get_thread_num)
    except (OSError, AttributeError):
        return nowhere
    return [ctypes.cast(each, c_void_p).value for each in functions]


SETTING = "TORSO_KERNELS"
"""The environment variable that turns kernels off (``0``), or names an instruction set; read at the first use."""
SETS = ("avx512_bf16", "avx512_vnni", "avx512", "avx2", "neon_bf16", "neon_dotprod", "baseline")
"""Every instruction set that the library may hold, best first."""


def file() -> Path:
    """Return the path of the compiled library, which may not exist."""
    return Path(__file__).with_name("_native.dll" if sys.platform == "win32" else "_native.so")


def refusal() -> str | None:
    """Return why there are no kernels here, in the current language; None if there are.

    Raises:
        ConfigError: ``E_SETTINGS``, where `SETTING` is neither ``0`` nor an available instruction set.
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
    """Return the kernels; None if there are none. Raises as `refusal`."""
    return None if refusal() is not None else _loaded()[0]


@dataclass(frozen=True, slots=True)
class About:
    """State of the kernels in this process.

    Attributes:
        instruction_set: the one in use: one of `SETS`; None where PyTorch computes everything.
        modes: of `torso.optimise`, those that the kernels compute.
        threads: threads of a call, as many as torch's.
        reason: why there are none, in the current language.
        forked: whether this process was forked from one that had loaded torso: PyTorch, and with it torso, then runs on
            one thread, since a fork does not copy PyTorch's threads. Results are the same.
    """

    instruction_set: str | None
    modes: tuple[str, ...]
    threads: int
    reason: str | None
    forked: bool = False


def about() -> About:
    """Return which kernels are in use here, or why there are none.

    Raises:
        ConfigError: ``E_SETTINGS``, where the variable ``TORSO_KERNELS`` has an invalid value.
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


def threads() -> int:
    """Return the number of threads of a call: as many as torch's where it is loaded, else `processors`."""
    # Absent too while another thread is importing it.
    count = getattr(sys.modules.get("torch"), "get_num_threads", None)
    return processors() if count is None else int(count())


MOST_INPUTS = (2**31 - 1) // (255 * 127) // 4 * 4
"""Most inputs of an eight-bit group: products of up to 255 x 127 must add up within 32 bits."""


@dataclass(frozen=True, slots=True)
class Form:
    """Format of a layer's packed weight, which determines the sizes of a `PackedWeight`.

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
        """Create the form of a layer; a ``group`` of 0, or of more than all inputs, is all of them.

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
        """Return the size of each of the `host_memory.Arrays` on an instruction set: in bytes, then in float32."""
        columns = -(-self.outputs // library.panel) * library.panel
        grouped = columns * -(-self.inputs // self.group) if self.kind == EIGHT_BITS else 0
        packed: int = library.call.torso_packed_bytes(self.kind, self.outputs, self.inputs)
        return packed, columns if self.biased else 0, grouped, grouped


def check_status(status: int) -> None:
    """Raise the error of a kernel's status, if any.

    Raises:
        MemoryError: if its workspace could not be allocated.
        IndexError: for an id outside its table.
    """
    if status == Status.NO_MEMORY:
        raise MemoryError("not enough memory for the scratch of the kernels")
    if status == Status.OUT_OF_RANGE:
        raise IndexError("an id has no row in its table")


def pointer(structure: Structure) -> Any:
    """Pass a structure by reference."""
    return byref(structure)
