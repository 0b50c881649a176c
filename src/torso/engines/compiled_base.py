"""What every model in the kernels has in common, whether it encodes or generates. Loads no torch."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig


@dataclass(frozen=True, slots=True)
class Optimised:
    """What `optimise` did to a model.

    Attributes:
        mode: ``exact``, ``bf16`` or ``int8``.
        fidelity: the least cosine to float32 measured on the sample.
        kept: of ``int8``, the linear layers kept in bfloat16 for fidelity.
        kernels: the instruction set of the compiled kernels that run the trunk; None where PyTorch runs it.
    """

    mode: str
    fidelity: float
    kept: tuple[str, ...] = ()
    kernels: str | None = None


class CompiledBase:
    """Limits, size and fingerprint of a compiled model, from its config and the arrays that it computes with."""

    __slots__ = ()

    config: HubConfig
    architecture: Architecture[Any]
    task: Task[Any]
    done: Optimised

    @abstractmethod
    def _arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield everything that the outputs are computed of, with a name."""

    def __repr__(self) -> str:
        """Return one line: the config, which fills a screen, is ``.config``."""
        return f"{type(self).__name__}({self.config.model_type}, {self.task.name}, {self.done.mode})"

    @property
    def max_tokens(self) -> int | None:
        """Maximum length of a text in tokens; None for no limit."""
        return self.config.max_tokens

    @property
    def device(self) -> str:
        """Name of the device, for messages."""
        return "cpu"

    @property
    def precision(self) -> str:
        """Number format and mode of its arithmetic."""
        return f"float32 {self.done.mode}"

    @property
    def bytes(self) -> int:
        """Size of all weights in memory, in bytes."""
        return sum(each.nbytes for _, each in self._arrays())

    def fingerprint(self) -> str:
        """Return the SHA-256, in hexadecimal, of the weights and of all else that decides the outputs."""
        done = self.done
        stated = [self.architecture.family, self.task.name, self.config.text(), done.mode, done.kept, done.kernels]
        digest = hashlib.sha256(json.dumps(stated).encode())
        for place, array in self._arrays():
            digest.update(json.dumps([place, str(array.dtype), list(array.shape)]).encode())
            digest.update(array.data)
        return digest.hexdigest()
