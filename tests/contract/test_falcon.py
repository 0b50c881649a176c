"""Falcon with slopes: asked for attention weights, or computing step by step, its reference adds them twice."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from conftest import seed
from lazy import LazyModule
from torso import Task, load
from torso.compat.padded_model import PaddedModel

from .families import FAMILIES
from .reference import batch, close, make, shake
from .test_cache import cut, read
from .test_packing import packed, texts

transformers = LazyModule("transformers")


@pytest.fixture(params=["one-key", "all-keys", "drawn"])
def both(request, tmp_path) -> tuple[Any, Path]:
    """A reference that computes attention at once, and its folder."""
    kinds: dict[str, dict[str, Any]] = {
        "one-key": {"multi_query": True, "parallel_attn": True, "num_attention_heads": 6, "hidden_size": 36},
        "all-keys": {"multi_query": False, "parallel_attn": False, "bias": True, "num_attention_heads": 3},
        "drawn": dict(FAMILIES["falcon"].drawn(random.Random(seed()))),
    }
    made = make("falcon", "plain", "causal-lm", tmp_path, **kinds[request.param], alibi=True)
    settings = transformers.AutoConfig.from_pretrained(tmp_path)
    torch.manual_seed(seed())
    model = transformers.FalconForCausalLM._from_config(settings, attn_implementation="sdpa").eval()
    shake(model)
    model.save_pretrained(tmp_path)
    return made, model


@pytest.mark.parametrize("side", ["right", "left", "none"])
def test_slopes_are_added_once(side, both) -> None:
    made, model = both
    given = batch(made, side)
    with torch.no_grad():
        theirs = model(**given.shared, output_hidden_states=True)
        ours = PaddedModel(load(made.folder, Task.CAUSAL_LM))(**given.shared, output_hidden_states=True)
    close(ours.loss, theirs.loss)
    close(ours.logits[given.here], theirs.logits[given.here])
    for mine, other in zip(ours.hidden_states, theirs.hidden_states, strict=True):
        close(mine[given.here], other[given.here])


def test_with_a_cache_and_with_weights(both) -> None:
    made, _ = both
    model = load(made.folder, Task.CAUSAL_LM)
    whole = packed(texts(made))
    with torch.no_grad():
        out, looked = model(whole), model(whole, attentions=[0])
    close(looked.logits, out.logits)
    sizes = list(whole.layout.sizes)
    tokens = list(whole.tokens.split(sizes))
    pieces = read(model, cut(tokens, [list(range(1, max(sizes))) for _ in tokens]), None, 2)
    close(torch.cat(pieces), out.logits)
