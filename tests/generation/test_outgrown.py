"""Texts that outgrow what was read of them are read anew: written on as the reference writes without its cache."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lazy import LazyModule
from torso import Task, load
from torso.generation.completion import complete
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import settings_of

transformers = LazyModule("transformers")

TRAINED = 16
LONG = {"short_factor": [1.0, 1.1, 1.3, 2.5], "long_factor": [1, 3, 7, 20]}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "longrope": ("Phi3", {"rope_scaling": {"type": "longrope", **LONG}, "original_max_position_embeddings": TRAINED}),
    "dynamic": ("Llama", {"rope_scaling": {"type": "dynamic", "factor": 3.0}, "max_position_embeddings": TRAINED}),
    "both ways": ("Gemma3", {"use_bidirectional_attention": True, "sliding_window": 6, "head_dim": 8}),
}


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("name", MODELS)
def test_as_the_reference_without_its_cache(name, beams, tmp_path) -> None:
    family, values = MODELS[name]
    torch.manual_seed(7)
    base = dict(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
        initializer_range=0.3,
        # Tied and untrained, a model repeats its last token.
        tie_word_embeddings=False,
    )
    kind = "Gemma3Text" if family == "Gemma3" else family
    settings = getattr(transformers, f"{kind}Config")(**{**base, **values})
    theirs = getattr(transformers, f"{family}ForCausalLM")(settings).eval()
    theirs.save_pretrained(tmp_path)
    model = load(tmp_path, Task.CAUSAL_LM)
    prompts = [torch.randint(1, 50, (size,)).tolist() for size in (TRAINED - 4, 3, TRAINED + 2)]
    way = dict(max_new_tokens=9, num_beams=beams, eos_token_id=[48, 49])
    chosen = settings_of(tmp_path, model.config).replace(way)
    written = list(complete(model, prompts_of(model, prompts, chosen), chosen, batch=3))
    for ids, [mine] in zip(prompts, written, strict=True):
        # A fresh one for each text: the reference remembers the longest that it has seen.
        fresh = type(theirs).from_pretrained(tmp_path).eval()
        whole = fresh.generate(torch.tensor([ids]), use_cache=False, **way)[0].tolist()
        assert list(mine.ids) == whole[len(ids) : len(ids) + len(mine.ids)]
        assert len(mine.ids) == 9 or mine.ids[-1] in (48, 49)
