"""How large the cache of a model is."""

from __future__ import annotations

from torso.engines.compiled_decoder import CompiledDecoder
from torso.generation.generative_model import GenerativeModel
from torso.generation.slab import row_bytes


def cache_row_bytes(model: GenerativeModel) -> int:
    """Return the bytes of keys and values that one token takes in all layers."""
    return model.decoder.row_bytes if isinstance(model, CompiledDecoder) else row_bytes(model)
