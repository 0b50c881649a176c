"""Writing behind what PEFT has learned: keys and values before a text's own, or embeddings before its tokens'."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from torso.batch import Batch, Layout
from torso.compat.past_keys import prefix_of
from torso.errors import UnsupportedError
from torso.nn.key_value_prefix import KeyValuePrefix, behind

if TYPE_CHECKING:
    from torso.model import Model
    from torso.nn.key_value_cache import KeyValueCache
    from torso.outputs import Hidden, VocabLogits


def steered(step: object, model: Model[Any]) -> Model[VocabLogits]:
    """Return what writes: a model, behind what PEFT has put before its texts, if anything.

    Args:
        step: the method that prepares each step of the reference's loop; PEFT's own while one of its models writes.
        model: the model itself.

    Raises:
        UnsupportedError: ``E_PART``, for prompts of several tasks.
    """
    owner: Any = getattr(step, "__self__", None)
    settings = getattr(owner, "active_peft_config", None)
    if settings is None or not settings.is_prompt_learning:
        return model
    kind = str(getattr(settings.peft_type, "value", settings.peft_type))
    if kind not in ("PREFIX_TUNING", "CARTRIDGE", "PROMPT_TUNING", "P_TUNING"):
        raise UnsupportedError(
            "E_PART",
            "Here no text is written behind what PEFT learns by {kind}.",
            cure="Learn a prefix, a prompt or P-tuning; torso.lora learns what can write too.",
            values=dict(kind=kind),
        )
    with torch.no_grad():
        learned = owner.get_prompt(1)
    before = learned[0].to(model.dtype) if isinstance(learned, Tensor) else prefix_of(model, learned, 1)
    return cast("Model[VocabLogits]", SteeredModel(model, before))


class SteeredModel:
    """A model whose texts all begin behind the same rows; in all else the model itself.

    Args:
        model: writes.
        before: embeddings [P, W]; or keys and values of one sequence.
    """

    def __init__(self, model: Model[VocabLogits], before: Tensor | KeyValuePrefix) -> None:
        self._model, self._before = model, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    @property
    def max_tokens(self) -> int | None:
        """Maximum length of a text in tokens, with what stands before it taken off."""
        size = self._before.shape[0] if isinstance(self._before, Tensor) else self._before.sizes[0]
        return None if self._model.max_tokens is None else self._model.max_tokens - size

    def __call__(self, batch: Batch, *, cache: KeyValueCache, memory: Hidden | None = None) -> VocabLogits:
        """Run the model on new tokens; at the first of them behind what stands before."""
        if not any(cache.sizes):
            if isinstance(self._before, KeyValuePrefix):
                cache.begin([(key[0], value[0]) for key, value in self._before.pairs])
            else:
                batch = self._behind(self._before, batch)
        return self._model(batch, cache=cache, memory=memory)

    def _behind(self, rows: Tensor, batch: Batch) -> Batch:
        size, count = rows.shape[0], len(batch.layout.sizes)
        layout = Layout.of([size + each for each in batch.layout.sizes], device=batch.tokens.device)
        order = behind(size, batch.layout)
        embeddings = torch.cat([rows.repeat(count, 1), self._model.trunk.embed.token_rows(batch)])[order]
        tokens = torch.cat([batch.tokens.new_zeros(count * size), batch.tokens])[order]
        return replace(batch, tokens=tokens, layout=layout, embeddings=embeddings, rows=layout.last())
