"""One text in one model: the model is opened, the text is read, and what can be seen of both is a `Look`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from torso.architecture import Task
from torso.inspection.look import Look, ready_with_head
from torso.inspection.trained_heads import trained_heads
from torso.io.arguments import known_arguments
from torso.nn.trunk import EncoderDecoder
from torso.tasks.reading import read
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.windows import length_policy
from torso.text import Tokenizer

if TYPE_CHECKING:
    import torch

MOST_TOKENS = 512
"""Tokens of a text by default: attention weights grow with their square."""


@known_arguments
def look(
    model: Usable[Any],
    text: str,
    pair: str | None = None,
    *,
    tokenizer: Tokenizer | None = None,
    device: str | torch.device | None = None,
    long: Literal["error", "truncate"] = "error",
    max_tokens: int = MOST_TOKENS,
) -> Look:
    """Look at one text in a model: its tokens, attention, hidden states, logit lens, and what the heads say.

    Of a name or folder, the model is loaded with the head that its config names, if the checkpoint holds it.

    Args:
        model: a folder, a name, a bundled model, a loaded model, or one made `Ready`.
        text: the text.
        pair: a second text, read with the first; of an encoder-decoder that writes, what its decoder reads.
        tokenizer: instead of the one in the model's folder.
        device: where to load the weights; the CPU if None.
        long: ``error`` refuses a text that is too long; ``truncate`` reads its beginning, see `Look.extent`.
        max_tokens: tokens of the text at most, if the model takes more: attention weights grow with their square.

    Raises:
        TooLongError: ``E_TOO_LONG``. InputTypeError, InputError: the text or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    ready, heads, name = opened_model(model, tokenizer, device)
    return look_at(name, ready, heads, text, pair, long=long, max_tokens=max_tokens)


def look_at(
    name: str,
    ready: Ready[Any],
    heads: Sequence[Task[Any]],
    text: str,
    pair: str | None,
    *,
    long: Literal["error", "truncate"],
    max_tokens: int,
) -> Look:
    """Return the look of a model that is ready; arguments as those of `Look` and `look`."""
    limit = min(max_tokens, ready.tokenizer.max_tokens or max_tokens)
    writes = isinstance(ready.model.trunk, EncoderDecoder) and ready.model.task in (Task.SEQ2SEQ_LM, Task.FEATURES)
    given: list[Any] = [text] if pair is None else [text, pair] if writes else [(text, pair)]
    return Look(name, ready, heads, list(read(given, ready.tokenizer, length_policy(limit, long))))


def opened_model(
    model: Usable[Any], tokenizer: Tokenizer | None = None, device: str | torch.device | None = None
) -> tuple[Ready[Any], tuple[Task[Any], ...], str]:
    """Return a model made ready, the tasks whose heads its checkpoint holds, and what it is called.

    Raises:
        TorsoError: as `torso.load`.
    """
    if not isinstance(model, (str, os.PathLike)):
        task = model.runner.task if isinstance(model, Ready) else model.task
        ready = _with_module(make_ready(model, task, tokenizer=tokenizer, untrained=True))
        return ready, (task,), ready.name
    from torso.hub import resolve

    folder = resolve(model).folder
    heads = trained_heads(folder) or (Task.FEATURES,)
    loaded = ready_with_head(folder, heads[0], device, tokenizer)
    return make_ready(loaded, heads[0]), heads, os.fspath(model)


def _with_module(ready: Ready[Any]) -> Ready[Any]:
    """Return a model of which every layer can be seen: one that runs by torso's kernels alone is loaded once more."""
    if hasattr(ready.runner, "model") or ready.folder is None:
        return ready
    loaded = ready_with_head(ready.folder, ready.runner.task, None, ready.tokenizer)
    return make_ready(loaded, ready.runner.task, untrained=True)
