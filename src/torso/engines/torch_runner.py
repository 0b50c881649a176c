"""The PyTorch engine: a `Model` as a `Runner`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

import torch

from torso.architecture import Task
from torso.batch import from_host
from torso.config.hub_config import HubConfig
from torso.engines.model_identity import fingerprint
from torso.engines.model_state import Modes
from torso.engines.runner import if_memory_holds
from torso.host_batch import HostBatch, Pool, Wanted
from torso.model import Model

Out = TypeVar("Out")


class TorchRunner(Generic[Out]):
    """Runs a model where it is, as it is; its outputs hold tensors of its device.

    Args:
        model: of any task, on any device; its training modes are as before after each run.

    Attributes:
        model: the model.
    """

    def __init__(self, model: Model[Out]) -> None:
        self.model = model

    @property
    def config(self) -> HubConfig:
        """The config that the model was built from."""
        return self.model.config

    @property
    def task(self) -> Task[Out]:
        """The model's task."""
        return self.model.task

    @property
    def max_tokens(self) -> int | None:
        """Maximum length of a text in tokens; None for no limit."""
        return self.model.max_tokens

    @property
    def pool(self) -> Pool | None:
        """The only row of each sequence that the model's head reads; None for all."""
        return self.model.head.pool

    @property
    def trained(self) -> bool:
        """Whether all weights of the head are trained."""
        return self.model.head_trained

    @property
    def vocabulary(self) -> int | None:
        """Number of rows of the token embeddings; None for a model without such a table."""
        return self.model.trunk.embed.tokens.num_embeddings

    @property
    def device(self) -> str:
        """Name of the model's device."""
        return str(self.model.device)

    @property
    def precision(self) -> str:
        """Number format of the weights."""
        return str(self.model.dtype)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the model, as `torso.engines.model_identity.fingerprint` gives it."""
        return fingerprint(self.model)

    def run(self, batch: HostBatch, wanted: Wanted) -> Out:
        """Run a batch, as `torso.engines.runner.Runner.run` says."""

        def work() -> Out:
            return self.model(from_host(batch, wanted, device=self.model.device))

        with torch.inference_mode(), evaluating(self.model):
            made = if_memory_holds(self.model.device, work)
        if made is None:
            raise MemoryError
        return made


@contextmanager
def evaluating(model: Model[Any]) -> Generator[None]:
    """Set evaluation mode within this context; afterwards restore the mode of each module."""
    modes = Modes(model)
    model.eval()
    try:
        yield
    finally:
        modes.restore()


def lists(tensor: torch.Tensor) -> Any:
    """Return a tensor's numbers as nested lists, with one copy from its device."""
    return cast("Any", tensor.tolist())
