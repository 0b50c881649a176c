"""A first batch of each model, so that a server that says it is ready answers the first request as fast as any."""

from __future__ import annotations

import time

from torso.architecture import Task
from torso.host_batch import HostBatch, Wanted
from torso.serve.served_model import ServedModel
from torso.serve.works import WholeWork

_TEXT = "warm up"
_SECONDS = 600.0


async def warm(model: ServedModel) -> None:
    """Run a short text in the model's own thread.

    Raises:
        TorsoError: the model cannot run.
    """
    if model.task in (Task.MULTIPLE_CHOICE, Task.CAUSAL_LM, Task.SEQ2SEQ_LM):
        return  # a decoder was run when its cache was measured

    def run() -> None:
        runner, tokenizer = model.ready.runner, model.ready.tokenizer
        encoding = tokenizer.encoding(_TEXT)
        if len(encoding):
            runner.run(HostBatch.of([encoding] * 4), Wanted(runner.pool))

    await model.engine.answer(WholeWork(run), [1], "warm-up", time.monotonic() + _SECONDS)
