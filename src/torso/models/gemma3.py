"""The text model of Gemma 3 (https://arxiv.org/abs/2503.19786), and EmbeddingGemma (https://arxiv.org/abs/2509.20354).

Of folders of the whole model, type "gemma3", the text model is read (`torso.config.text_part`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, option, size
from torso.config.rope import own_table
from torso.models.decoders import FULL, OUTPUT, SLIDING
from torso.models.gemma import BOTH_WAYS
from torso.models.gemma2 import HEADS, TRUNK, Gemma2Config, trunk


class Gemma3TextConfig(Gemma2Config):
    """The keys of a Gemma 3 ``config.json`` of text alone; EmbeddingGemma's too."""

    model_type: ClassVar[str] = "gemma3_text"
    rope_kinds: ClassVar[tuple[str | None, ...]] = (FULL, SLIDING)

    vocab_size: int = size(262208, "entries of the vocabulary", Axis("embed.tokens", 0))
    attn_logit_softcapping: float | None = option(None, "a cap that this family's attention never reads", acts="none")
    final_logit_softcapping: float | None = option(
        None, "what scores of the vocabulary stay below, by tanh; null for no cap", acts="run", least=1e-6
    )
    sliding_window_pattern: int = option(
        6, "of so many layers the last has no window; layer_types go before", acts="run", least=1
    )
    use_bidirectional_attention: bool | None = option(False, BOTH_WAYS, acts="run")
    rope_theta: float = option(1000000.0, "base of the rotary angles", acts="run", least=1)
    rope_local_base_freq: float = option(
        10000.0, "base of the rotary angles of layers with a window", acts="run", least=1
    )
    max_position_embeddings: int = option(131072, "longest text the model was made for, in tokens", acts="run", least=1)

    @property
    def period(self) -> int:
        """As ``sliding_window_pattern`` says."""
        return self.sliding_window_pattern

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Give layers with a window their own RoPE base, without ``rope_scaling``."""
        own = own_table({FULL: {}, SLIDING: {}, **(self.rope_parameters or {})}, kind)
        if kind == SLIDING:
            return {"rope_theta": self.rope_local_base_freq, **own}
        return {**own, **(self.rope_scaling or {})}

    def reads_on(self, before: int, after: int) -> bool:
        """Return False for bidirectional attention, else as the base class."""
        return not self.use_bidirectional_attention and super().reads_on(before, after)

    def rule(self, layer: int) -> blocks.Rule:
        """Build what a layer's tokens see: half of a window on either side, where they see both ways."""
        rule = replace(super().rule(layer), softcap=None)
        if not self.use_bidirectional_attention:
            return rule
        half = None if rule.left is None else (rule.left + 1) // 2
        return replace(rule, left=half, right=half)

    def head_norm(self) -> blocks.OffsetRMSNorm:
        """Build the norm of each head's queries and keys."""
        return blocks.OffsetRMSNorm(self.head_size, self.rms_norm_eps)


OWN_OUTPUT = replace(
    OUTPUT,
    copies={**OUTPUT.copies, "language_model.lm_head.weight": "trunk.embed.tokens.weight"},
    instead={"lm_head.weight": "language_model.lm_head.weight"},
)
TASKS = {
    Task.FEATURES: replace(HEADS[Task.FEATURES], suffix="TextModel"),
    Task.CAUSAL_LM: replace(HEADS[Task.CAUSAL_LM], names=OWN_OUTPUT),
    Task.SEQUENCE_CLASSIFICATION: replace(HEADS[Task.SEQUENCE_CLASSIFICATION], suffix="TextForSequenceClassification"),
}

# In files of the whole model, with its tower for images: as transformers 4.50, then as 4.52 and later write them.
WITHIN = ("language_model.model.", "model.language_model.", "language_model.")
NAMES = replace(TRUNK, prefix=(TRUNK.prefix[0], *WITHIN, *TRUNK.prefix[1:]), within=WITHIN)

register(Architecture(("gemma3_text", "gemma3"), "Gemma3", Gemma3TextConfig, trunk, NAMES, TASKS))
