"""Prompts that PEFT learns in front of torso's models: losses, gradients and rows as on the reference's own."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import torso
from lazy import LazyModule

transformers = LazyModule("transformers")
peft = LazyModule("peft")

pytestmark = pytest.mark.filterwarnings("ignore")
MODELS = {
    "bloom": ("Bloom", dict(vocab_size=50, hidden_size=16, n_layer=2, n_head=2)),
    "llama": ("Llama", dict(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2)),
    "gpt2": ("GPT2", dict(vocab_size=50, n_embd=16, n_layer=2, n_head=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)),
}
WAYS = {
    "prompt": ("PromptTuningConfig", {}),
    "encoder": ("PromptEncoderConfig", {"encoder_hidden_size": 8}),
}


def saved(root: Path, name: str) -> Path:
    kind, sizes = MODELS[name]
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, f"{kind}Config")(**sizes))
    for each in model.parameters():
        each.data.mul_(4)  # scores far enough apart for a difference to show
    model.save_pretrained(root / name)
    return root / name


def texts(side: str) -> dict[str, Tensor]:
    """Three texts of 5, 7 and 9 tokens; the first two tokens of each teach nothing."""
    ids = torch.randint(5, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    mask, labels = torch.ones_like(ids), ids.clone()
    for row, padding in enumerate((4, 2, 0)):
        mask[row, :padding] = 0
        labels[row, : padding + 2] = -100
    if side == "right":
        mask = mask.flip(1)
        labels = ids.masked_fill(mask == 0, -100)
        labels[:, :2] = -100
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def learned(library: Any, folder: Path, settings: Any, side: str) -> tuple[float, Tensor, Tensor]:
    """The loss, the gradient of the prompt, and the scores at the texts' tokens."""
    model = peft.get_peft_model(library.AutoModelForCausalLM.from_pretrained(folder), deepcopy(settings)).train()
    learns = [each for _, each in sorted(model.named_parameters()) if each.requires_grad]
    for number, each in enumerate(learns):
        each.data.copy_(0.5 * torch.randn(each.shape, generator=torch.Generator().manual_seed(number)))
    batch = texts(side)
    out = model(**batch)
    out.loss.backward()
    scores = out.logits[:, -9:][batch["attention_mask"] != 0]
    return out.loss.item(), torch.cat([each.grad.flatten() for each in learns]), scores.detach()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_prompts_learn_as_on_the_models_of_transformers(name, way, side, tmp_path) -> None:
    kind, more = WAYS[way]
    settings = getattr(peft, kind)(task_type="CAUSAL_LM", num_virtual_tokens=4, **more)
    folder = saved(tmp_path, name)
    theirs, ours = (learned(library, folder, settings, side) for library in (transformers, torso))
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    assert theirs[1].abs().max() > 1e-3
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-4, atol=1e-5 * float(theirs[1].abs().max()))
    torch.testing.assert_close(ours[2], theirs[2], rtol=1e-4, atol=1e-5)


def test_a_gap_between_tokens_is_no_distance_to_slopes(tmp_path) -> None:
    """BLOOM's attention falls off over tokens: what stands between two of them as padding changes nothing."""
    model = torso.AutoModelForCausalLM.from_pretrained(saved(tmp_path, "bloom"))
    ids = texts("right")["input_ids"]
    wide = torch.cat([ids[:, :4], torch.full((3, 3), 3), ids[:, 4:]], 1)
    mask = torch.ones_like(wide)
    mask[:, 4:7] = 0
    with torch.no_grad():
        alone, gapped = model(input_ids=ids).logits, model(input_ids=wide, attention_mask=mask).logits
    torch.testing.assert_close(gapped[:, 7:], alone[:, 4:], rtol=0, atol=1e-6)
