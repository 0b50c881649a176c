"""SmolLM3 (https://huggingface.co/blog/smollm3): Llama's block, of which every fourth has no positions at all."""

from __future__ import annotations

from typing import ClassVar

from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, Count, option, size
from torso.errors import ConfigError
from torso.models.decoders import DECODER_HEADS, OLDER_SPAN, SLIDING, check_kinds
from torso.models.llama import TRUNK, LlamaConfig, trunk


class SmolLM3Config(LlamaConfig):
    """The keys of a SmolLM3 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "smollm3"

    vocab_size: int = size(128256, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2048, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(36, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(16, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        4, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    max_position_embeddings: int = option(32768, "longest text the model was made for, in tokens", acts="run", least=1)
    rope_theta: float = option(2000000.0, "base of the rotary angles", acts="run", least=1)
    no_rope_layers: list[int] | None = option(
        None, "1 for each layer with rotary positions, 0 for one without; null: by no_rope_layer_interval", acts="run"
    )
    no_rope_layer_interval: int = option(4, "of so many layers the last has no positions", acts="run", least=1)
    use_sliding_window: bool = option(False, "whether layers without positions see a window only", acts="run")
    sliding_window: int | None = option(
        None, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    layer_types: list[str] | None = option(
        None, "which layers have a window; null: as use_sliding_window says", acts="run"
    )
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    pad_token_id: int | None = option(128004, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(128000, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(128001, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that every layer has a kind, and that it is said of each whether it turns."""
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)
        if self.no_rope_layers is not None and len(self.no_rope_layers) < self.num_hidden_layers:
            raise ConfigError(
                "E_CONFIG",
                "no_rope_layers names {count} layers; the model has {layers}.",
                cure="Give 1 or 0 for each of num_hidden_layers, or null.",
                values=dict(count=len(self.no_rope_layers), layers=self.num_hidden_layers),
            )

    def uses_rope(self, layer: int) -> bool:
        """Return whether a layer's queries and keys turn with their positions."""
        if self.no_rope_layers is not None:
            return bool(self.no_rope_layers[layer])
        return (layer + 1) % self.no_rope_layer_interval != 0

    def window(self, layer: int) -> int | None:
        """Return the window as of ``layer_types``, or that of layers without positions."""
        if self.layer_types is not None:
            return self.sliding_window if self.layer_types[layer] == SLIDING else None
        return self.sliding_window if self.use_sliding_window and not self.uses_rope(layer) else None


HEADS = {**DECODER_HEADS, Task.QUESTION_ANSWERING: OLDER_SPAN}

register(Architecture(("smollm3",), "SmolLM3", SmolLM3Config, trunk, TRUNK, HEADS))
