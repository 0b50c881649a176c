"""Compiling models for the kernels, from files or from a PyTorch model. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from torso import blocks
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.engines.compiled_base import Optimised
from torso.engines.compiled_model import CompiledModel
from torso.engines.model_files import model_files_hash
from torso.host_batch import Rows
from torso.kernels.encoder import Encoder
from torso.kernels.host_heads import HostHead
from torso.kernels.library import KINDS, Form, library, refusal
from torso.kernels.packed_store import FRESH, PackedStore
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.packing import Key, Packing
from torso.kernels.part_weights import PartWeights, ReadGroupedWeight, ReadWeight, no_groups
from torso.kernels.support import block_parts, products, unsupported_head, unsupported_trunk
from torso.language import say
from torso.loading.loading_job import LoadingJob
from torso.loading.plan import HEAD, TRUNK
from torso.weights.number_bits import NumberBits
from torso.weights.report import LoadReport

Out = TypeVar("Out")


def trunk_of(whole: blocks.Whole) -> tuple[str, blocks.Trunk] | None:
    """Return the encoder that is a model's trunk, with the prefix of its names; None if there is a decoder too."""
    trunk = whole.trunk
    if isinstance(trunk, blocks.EncoderOnly):
        return f"{TRUNK}encoder.", trunk.encoder
    return (TRUNK, trunk) if isinstance(trunk, blocks.Trunk) else None


def unsupported_reason(whole: blocks.Whole, task: Task[Any]) -> str | None:
    """Return why the kernels cannot run a model, in the current language; None if they can."""
    found = trunk_of(whole)
    if found is None or task in (Task.CAUSAL_LM, Task.SEQ2SEQ_LM):
        return say("a decoder, which reads on from a cache")
    return refusal() or unsupported_trunk(found[1]) or unsupported_head(whole.head)


@dataclass(frozen=True, slots=True, eq=False)
class Source(Generic[Out]):
    """A model that is to be compiled.

    Attributes:
        config: its config.
        architecture: its family.
        task: its task.
        description: of a model that the kernels run, see `unsupported_reason`.
        read: reads a weight by its name in the description.
        trained: whether all weights of the head are trained.
        report: what was read of which files; None for a model in memory.
        identity: makes a hash of all that decides its outputs.
        close: called when everything was read.
        store: gives packed weights.
        grouped: returns a matrix as a GGUF file stores it, by its name in the description; see `LoadingJob.grouped`.
    """

    config: HubConfig
    architecture: Architecture[Any]
    task: Task[Out]
    description: blocks.Whole
    read: ReadWeight
    trained: bool
    report: LoadReport | None
    identity: Callable[[], str]
    close: Callable[[], None]
    store: PackedStore = FRESH
    grouped: ReadGroupedWeight = no_groups


class Compiler(Generic[Out]):
    """Packs a model's weights for the kernels, in any mode of any of its layers.

    Args:
        source: the model.

    Attributes:
        source: the model.
        library: the kernels.
        linears: names of the layers that have a mode.
        packed: cache of packed weights, by name in the trunk and kind.
    """

    def __init__(self, source: Source[Out]) -> None:
        here, found = library(), trunk_of(source.description)
        assert here is not None
        assert found is not None
        self.source, self.library = source, here
        self._prefix, self._trunk = found
        self.linears = tuple(f"{self._prefix}{name}" for name in products(self._trunk))
        self.packed: dict[Key, PackedWeight] = {}
        self._arrays: dict[str, Rows] = {}

    @property
    def safe(self) -> str:
        """The mode of layers that ``int8`` leaves in higher precision."""
        return "bf16" if self.can("bf16") else "exact"

    def can(self, mode: str) -> bool:
        """Return whether this processor supports a mode."""
        return self.library.has(KINDS[mode])

    def encoder(self, modes: Mapping[str, str]) -> Encoder:
        """Return the trunk with each of its `linears` in its mode."""
        return Encoder(self.library, self._trunk, self._read, self._kinds(modes), self.packed, self.source.store)

    def forms(self, modes: Mapping[str, str]) -> dict[Key, Form]:
        """Return the forms of the trunk's packed weights in these modes, by name and kind.

        Raises:
            ValueError: for a mode that the instruction set does not support.
        """
        packing = Packing(self.library, PartWeights(self._trunk, self._read), self._kinds(modes), {})
        return {key: form for parts in block_parts(self._trunk) for key, form in packing.forms(*parts).items()}

    def finish(self, encoder: Encoder, done: Optimised) -> CompiledModel[Out]:
        """Return the model with a trunk of `encoder`."""
        given = self.source
        head = HostHead(
            self.library,
            given.description.head,
            lambda name: given.read(f"{HEAD}{name}"),
            encoder.tokens,
            given.store,
        )
        given.close()
        return CompiledModel(
            given.config,
            given.architecture,
            given.task,
            given.description,
            encoder,
            head,
            done,
            given.trained,
            given.report,
        )

    def _read(self, name: str) -> Rows:
        return self.source.read(f"{self._prefix}{name}")

    def _kinds(self, modes: Mapping[str, str]) -> dict[str, int]:
        return {name.removeprefix(self._prefix): KINDS[mode] for name, mode in modes.items()}


def exactly(source: Source[Out]) -> CompiledModel[Out]:
    """Compile a model in the mode ``exact``, which nothing needs to be measured for."""
    compiler = Compiler(source)
    encoder = compiler.encoder(dict.fromkeys(compiler.linears, "exact"))
    return compiler.finish(encoder, Optimised("exact", 1.0, kernels=compiler.library.set))


def from_files(job: LoadingJob[Out]) -> Source[Out]:
    """Return the model of a folder; each weight is read from its file when it is packed, and then freed."""
    weights = _FileWeights(job)
    return Source(
        job.config,
        job.architecture,
        job.task,
        job.description,
        weights.read,
        job.head_trained,
        job.report(),
        lambda: model_files_hash(job.folder),
        weights.check_copies,
        grouped=job.grouped,
    )


class _FileWeights:
    """Weights of a folder as float32."""

    def __init__(self, job: LoadingJob[Any]) -> None:
        self._job = job
        self._weights = dict(blocks.named_weights(job.description))
        self._copied = job.copied
        self._kept: dict[str, NumberBits] = {}
        self._random = np.random.default_rng(0)

    def read(self, name: str) -> Rows:
        """Read a weight by its name in the description; of a new head, initialise it.

        Raises:
            TorsoError: as `torso.weights.weights.Weights.read_into`.
        """
        weight = self._weights[name]
        out = NumberBits.empty(weight.shape, "F32")
        if name in self._job.plan.new:
            if weight.initial == "normal":
                out.data[...] = self._random.normal(0, self._job.config.initializer_range, weight.shape)
            else:
                out.data[...] = 1 if weight.initial == "ones" else 0
        self._job.read_into(name, out)
        if name in self._copied:
            self._kept[name] = out
        return out.data

    def check_copies(self) -> None:
        """Check that tensors stored under a second name equal the weight they repeat, and let go of all.

        Raises:
            WeightsError: ``E_TIED``.
        """
        for name in self._copied & self._weights.keys() - self._kept.keys():
            self.read(name)
        self._job.check_copies(self._kept)
        self._kept.clear()
