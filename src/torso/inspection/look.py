"""One text in one model: every number that a page or a notebook shows of it, by one function."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor

from torso.architecture import Task
from torso.batch import pack
from torso.engines.torch_runner import TorchRunner, evaluating
from torso.errors import InputError, NotAvailableError
from torso.inspection.head_answers import HeadAnswer, answer_of
from torso.inspection.head_summary import HeadSummary, joined, summarise_heads
from torso.inspection.layer_rows import LayerRows, layer_rows
from torso.inspection.logit_lens import LogitLens, logit_lens
from torso.inspection.token_rows import TokenRow, token_rows
from torso.loading.load import load, load_tokenizer
from torso.model import Model
from torso.nn.heads import VocabHead
from torso.nn.trunk import EncoderDecoder, Trunk
from torso.outputs import Hidden
from torso.tasks.extents import Extent
from torso.tasks.ready import Ready, make_ready
from torso.tasks.windows import EncodedText, extent
from torso.text import Tokenizer

Part = Literal["self", "encoder", "decoder", "cross"]
_OVER_VOCABULARY: tuple[Task[Any], ...] = (Task.MASKED_LM, Task.CAUSAL_LM, Task.SEQ2SEQ_LM)
_ATTENTION_BYTES = 64 << 20
"""Attention weights of one pass at most, where several layers are summarised."""


class Look:
    """What a model does with one text. Made by `torso.look`; each number is computed when it is first asked for.

    Attributes:
        name: what the model is called.
        source: what Python names it by, where that is another name.
        ready: the model that runs, with its tokenizer.
        text: as it was given.
        pair: the second text, or the target of an encoder-decoder that writes; None without.
        tokens: of the text as the model reads it.
        target_tokens: what the decoder of an encoder-decoder reads; None for any other model.
        extent: how much of the text was read.
        heads: tasks whose heads the checkpoint holds; of a model that was loaded already, its own task.
    """

    def __init__(
        self, name: str, ready: Ready[Any], heads: Sequence[Task[Any]], encoded: Sequence[EncodedText]
    ) -> None:
        self.name = self.source = name
        self.ready, self.heads = ready, tuple(heads)
        self._read = encoded[0]
        given = self._read.text
        first, second = given if isinstance(given, tuple) else (given, None)
        self.text = first
        self.pair = second if len(encoded) == 1 else encoded[1].string
        self.extent: Extent = extent(encoded[:1], "")
        self._source = pack(encoded[:1], device=ready.model.device)
        self._batch = self._source
        self.tokens = token_rows(self._read, first, second)
        self.target_tokens: tuple[TokenRow, ...] | None = None
        trunk = ready.model.trunk
        if isinstance(trunk, EncoderDecoder):
            target = encoded[-1]
            shifted = trunk.shifted(pack([target], device=ready.model.device))
            self._batch = replace(shifted, source=self._source)
            self.target_tokens = _shifted(token_rows(target, target.string), int(shifted.tokens[0]), ready.tokenizer)

    def __repr__(self) -> str:
        heads = ", ".join(task.name for task in self.heads)
        return f"Look({self.name!r}, {self.text!r}, tokens={len(self.tokens)}, layers={self.depth()}, heads=[{heads}])"

    # -- what there is to look at --------------------------------------------------------------------------------------

    @property
    def parts(self) -> tuple[Part, ...]:
        """Stacks of attention: ``self``; of an encoder-decoder ``encoder``, ``decoder`` and ``cross``."""
        return ("self",) if self.target_tokens is None else ("encoder", "decoder", "cross")

    def depth(self, part: Part | None = None) -> int:
        """Return the number of layers of a part."""
        trunk = self.ready.model.trunk
        return trunk.encoder.depth if isinstance(trunk, EncoderDecoder) and part == "encoder" else trunk.depth

    def axes(self, part: Part | None = None) -> tuple[tuple[TokenRow, ...], tuple[TokenRow, ...]]:
        """Return the tokens of the rows and of the columns of a part's attention weights."""
        rows = self.tokens if self._part(part) in ("self", "encoder") else cast("Any", self.target_tokens)
        return rows, self.tokens if self._part(part) != "decoder" else rows

    # -- numbers -------------------------------------------------------------------------------------------------------

    def attention(self, layer: int, *, part: Part | None = None) -> Tensor:
        """Return the attention weights of a layer, [H, rows, columns] float32; each row sums to 1.

        Args:
            layer: from 0.
            part: one of `parts`; None for the first.

        Raises:
            InputError: ``E_LAYER``, ``E_PART``.
        """
        part = self._part(part)
        depth = self.depth(part)
        if not 0 <= layer < depth:
            raise InputError(
                "E_LAYER",
                "There is no layer {layer}; {name} has {depth}.",
                cure="Give one of 0 to {last}.",
                values=dict(layer=layer, name=self.name, depth=depth, last=depth - 1),
            )
        return self._weights([layer], part)[layer]

    def head_summary(self, part: Part | None = None) -> HeadSummary:
        """Return a thumbnail and the summaries of every head of a part."""
        part = self._part(part)
        rows, columns = self.axes(part)
        special = torch.tensor([token.special for token in columns])
        depth = self.depth(part)
        # Several layers in a pass, as far as their weights are small.
        heads = self.attention(0, part=part).shape[0] if depth else 1
        step = max(_ATTENTION_BYTES // (heads * len(rows) * len(columns) * 4), 1)
        found: list[HeadSummary] = []
        for start in range(0, depth, step):
            weights = self._weights(range(start, min(start + step, depth)), part)
            found.append(summarise_heads(list(weights.values()), special, square=part != "cross"))
        return joined(found)

    def layer_rows(self, part: Part | None = None) -> LayerRows:
        """Return lengths, cosines and the projection of the hidden states: of the encoder, or of the decoder."""
        return layer_rows(torch.stack(self._states["encoder" if self._part(part) == "encoder" else "decoder"]))

    def logit_lens(self, top: int = 5) -> LogitLens:
        """Return the likeliest tokens at each place after each layer.

        Raises:
            NotAvailableError: ``E_NO_VOCABULARY_HEAD``, if the model has no head over its vocabulary.
        """
        model = self._vocabulary_model
        if model is None:
            raise NotAvailableError(
                "E_NO_VOCABULARY_HEAD",
                "{name} has no head over its vocabulary, so its layers cannot be read as words.",
                cure="Take a checkpoint with a head for masked-lm, causal-lm or seq2seq-lm.",
                values=dict(name=self.name),
            )
        trunk = model.trunk.decoder if isinstance(model.trunk, EncoderDecoder) else cast("Trunk", model.trunk)
        with torch.inference_mode(), evaluating(model):
            return logit_lens(self._states["decoder"], trunk.norm, model.head, self._batch, top)

    @property
    def has_vocabulary_head(self) -> bool:
        """Whether `logit_lens` can be asked for."""
        return any(task in _OVER_VOCABULARY for task in self.heads)

    @property
    def _vocabulary_model(self) -> Model[Any] | None:
        """The model with a head over its vocabulary: this one, or another head of the same checkpoint, not kept."""
        task = next((task for task in self.heads if task in _OVER_VOCABULARY), None)
        if task is None or task is self.ready.model.task:
            return None if task is None else self.ready.model
        return self._with_head(task).model

    def _with_head(self, task: Task[Any]) -> Ready[Any]:
        return make_ready(ready_with_head(self.ready.folder, task, self.ready.model.device), task)

    def answers(self) -> tuple[HeadAnswer, ...]:
        """Return what each head of the checkpoint says of the text; further heads are loaded for it."""
        found = [answer_of(self.ready, self._read, self.text, self.pair, self.source)]
        for task in self.heads[1:] if self.ready.folder is not None else ():
            found.append(answer_of(self._with_head(task), self._read, self.text, self.pair, self.source))
        return tuple(found)

    def save(self, path: str | os.PathLike[str], *, layers: Sequence[int] | None = None) -> Path:
        """Save a page with all of it in one file, which shows from disk and makes no request.

        Args:
            path: such as ``look.html``.
            layers: whose attention is held; None for all.

        Returns:
            the path.

        Raises:
            LimitError: ``E_TOO_MUCH``, if the attention of the layers takes more than 32 MiB. Nothing was written.
            AccessError, DiskError: the file cannot be written; no half file is left.
        """
        from torso.view.saved_page import save

        return save(self, Path(path), layers)

    # -- how -----------------------------------------------------------------------------------------------------------

    def _part(self, part: Part | None) -> Part:
        if part is None:
            return self.parts[0]
        if part not in self.parts:
            raise InputError(
                "E_PART",
                "{name} has no attention called {part}.",
                cure="It has: {known}.",
                values=dict(name=self.name, part=part, known=", ".join(self.parts)),
            )
        return part

    def _run(self, hidden_states: Sequence[int], attentions: Sequence[int]) -> Hidden:
        model = self.ready.model
        batch = self._batch
        if isinstance(model.head, VocabHead):  # no logits are needed
            batch = replace(batch, rows=torch.empty(0, dtype=torch.int64, device=model.device))
        with torch.inference_mode(), evaluating(model):
            return model(batch, hidden_states=hidden_states, attentions=attentions).hidden

    def _weights(self, layers: Sequence[int], part: Part) -> dict[int, Tensor]:
        hidden = self._run((), layers)
        holder = hidden.memory if part == "encoder" else hidden
        assert holder is not None
        found = holder.cross_attentions if part == "cross" else holder.attentions
        return {layer: found[layer][0].float().cpu() for layer in layers}

    @cached_property
    def _states(self) -> dict[str, list[Tensor]]:
        depth = max(self.depth("encoder"), self.depth())
        hidden = self._run(range(depth + 1), ())
        stacks = {"decoder": hidden} if hidden.memory is None else {"encoder": hidden.memory, "decoder": hidden}
        return {name: [stack.hidden_states[i] for i in sorted(stack.hidden_states)] for name, stack in stacks.items()}


def ready_with_head(
    folder: Path | None, task: Task[Any], device: str | torch.device | None = None, tokenizer: Tokenizer | None = None
) -> Ready[Any]:
    """Return a model of a folder with the head of a task, and its tokenizer."""
    # Not prepacked: compiled kernels would have to be left for every layer that is looked at.
    assert folder is not None
    runner = TorchRunner(load(folder, task, device=device))
    return Ready(runner, tokenizer or load_tokenizer(folder), folder)


def _shifted(tokens: Sequence[TokenRow], beginning: int, tokenizer: Tokenizer) -> tuple[TokenRow, ...]:
    """Return what a decoder reads: the beginning of a target, then its tokens but the last."""
    name = tokenizer.convert_ids_to_tokens(beginning) or str(beginning)
    first = TokenRow(0, name, beginning, 0, 0, "", True, None, 0)
    return (first, *(replace(token, index=token.index + 1) for token in tokens[:-1]))
