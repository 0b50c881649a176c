"""PEFT's own tuners where the head that they save is of several modules: as on the models of transformers."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import torso
from lazy import LazyModule
from torso.errors import UnsupportedError

transformers = LazyModule("transformers")
peft = LazyModule("peft")

pytestmark = pytest.mark.filterwarnings("ignore")
SIZES: dict[str, Any] = dict(
    vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_labels=3,
    max_position_embeddings=40, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)  # fmt: skip
BART: dict[str, Any] = dict(
    vocab_size=50, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
    encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=40, dropout=0.0, num_labels=3,
)  # fmt: skip
FAMILIES = {
    "Roberta": SIZES,
    "Electra": {**SIZES, "embedding_size": 8},
    "XLMRoberta": SIZES,
    "Camembert": SIZES,
    "Bart": BART,
}
TARGETS = {"Bart": ["q_proj", "v_proj"]}
HEADS = {"Bart": ["classification_head"]}
INPUTS = {
    "input_ids": torch.tensor([[0, 5, 6, 7, 8, 2], [0, 9, 10, 11, 2, 1], [0, 12, 13, 2, 1, 1]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]]),
}
LABELS = torch.tensor([0, 2, 1])


def saved(root: Path, family: str) -> Path:
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**FAMILIES[family])
    model = getattr(transformers, f"{family}ForSequenceClassification")(config)
    for each in model.parameters():
        each.data.mul_(3)  # scores far enough apart for a difference to show
    model.save_pretrained(root / family)
    return root / family


def base(library: Any, folder: Path) -> Any:
    return library.AutoModelForSequenceClassification.from_pretrained(folder)


def lora(family: str, *more: str) -> Any:
    targets = [*TARGETS.get(family, ["query", "value"]), *more]
    return peft.LoraConfig(task_type="SEQ_CLS", r=4, target_modules=targets, modules_to_save=HEADS.get(family))


WAYS = {
    "lora": lora,
    "lora within the head": lambda family: lora(family, "dense"),
    "lora with weights' lengths": lambda family: peft.LoraConfig(task_type="SEQ_CLS", use_dora=True, **_plain(family)),
    "ia3": lambda family: peft.IA3Config(task_type="SEQ_CLS", feedforward_modules=[], **_plain(family)),
    "adalora": lambda family: peft.AdaLoraConfig(task_type="SEQ_CLS", total_step=10, **_plain(family)),
    "prompt": lambda family: peft.PromptTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=3),
    "prefix": lambda family: peft.PrefixTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=3),
}


def _plain(family: str) -> dict[str, Any]:
    return {"target_modules": TARGETS.get(family, ["query", "value"]), "modules_to_save": HEADS.get(family)}


CASES = [(family, "lora") for family in FAMILIES] + [("Roberta", way) for way in WAYS if way != "lora"]


def tuned(library: Any, folder: Path, settings: Any) -> Any:
    """A model with an adapter and a head that have numbers of their own, alike in both libraries."""
    model = peft.get_peft_model(base(library, folder), deepcopy(settings))
    for number, (_, each) in enumerate(sorted(model.named_parameters())):
        if each.requires_grad:
            generator = torch.Generator().manual_seed(number)
            each.data.copy_(0.3 * torch.randn(each.shape, generator=generator))
    return model.train()


def learned(model: Any) -> tuple[float, dict[str, Tensor]]:
    loss = model(**INPUTS, labels=LABELS).loss
    loss.backward()
    return loss.item(), {name: each.grad for name, each in model.named_parameters() if each.requires_grad}


def scores(model: Any) -> Tensor:
    with torch.no_grad():
        return model.eval()(**INPUTS).logits


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("family", "way"), CASES)
def test_losses_gradients_and_files_are_those_on_transformers_own_model(family, way, tmp_path) -> None:
    folder = saved(tmp_path, family)
    theirs, ours = (tuned(library, folder, WAYS[way](family)) for library in (transformers, torso))
    (loss, gradients), (own, found) = learned(theirs), learned(ours)
    assert own == pytest.approx(loss, rel=1e-5)
    assert found.keys() == gradients.keys()
    head = HEADS.get(family, ["classifier"])[0]
    assert sum(f"{head}.modules_to_save.default" in name for name in found) >= 4
    for name, each in gradients.items():
        close(found[name], each)
    files = []
    for model, name in (theirs, "theirs"), (ours, "ours"):
        model.save_pretrained(tmp_path / name)
        files.append(load_file(tmp_path / name / "adapter_model.safetensors"))
    assert files[1].keys() == files[0].keys()
    for name, each in files[0].items():
        close(files[1][name], each)
    expected = scores(theirs)
    close(scores(ours), expected)
    for library, name in (transformers, "ours"), (torso, "theirs"):
        close(scores(peft.PeftModel.from_pretrained(base(library, folder), tmp_path / name)), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_and_its_head_are_switched_off_merged_and_saved(family, tmp_path) -> None:
    folder = saved(tmp_path, family)
    theirs, ours = (tuned(library, folder, lora(family)) for library in (transformers, torso))
    plain, expected = scores(base(transformers, folder)), scores(theirs)
    assert (plain - expected).abs().max() > 1e-3
    with ours.disable_adapter():
        close(scores(ours), plain)
    merged = ours.merge_and_unload()
    close(scores(merged), expected)
    assert merged.state_dict().keys() == base(transformers, folder).state_dict().keys()
    merged.save_pretrained(tmp_path / "merged")
    for library in (transformers, torso):
        close(scores(base(library, tmp_path / "merged")), expected)


def test_of_two_adapters_the_one_that_is_set_answers_with_its_own_head(tmp_path) -> None:
    folder = saved(tmp_path, "Roberta")
    found = []
    for library in (transformers, torso):
        model = tuned(library, folder, lora("Roberta"))
        model.add_adapter("second", lora("Roberta"))
        for name, each in model.named_parameters():
            if "modules_to_save.second" in name:
                each.data.mul_(0.5)
        model.set_adapter("second")
        second = scores(model)
        model.set_adapter("default")
        found.append((second, scores(model)))
    assert (found[0][0] - found[0][1]).abs().max() > 1e-3
    for theirs, ours in zip(*found, strict=True):
        close(ours, theirs)


def test_torso_s_own_adapter_is_read_by_peft_and_learns_the_same_there(tmp_path) -> None:
    folder = saved(tmp_path, "Electra")
    settings = torso.LoraConfig(task_type="SEQ_CLS", r=4, init_lora_weights=False)
    ours = torso.get_peft_model(base(torso, folder), settings).train()
    ours.save_pretrained(tmp_path / "start")
    theirs = peft.PeftModel.from_pretrained(base(transformers, folder), tmp_path / "start", is_trainable=True).train()
    for model in (ours, theirs):
        optimiser = torch.optim.SGD([each for each in model.parameters() if each.requires_grad], lr=0.1)
        for _ in range(3):
            optimiser.zero_grad()
            model(**INPUTS, labels=LABELS).loss.backward()
            optimiser.step()
    close(scores(ours), scores(theirs))


def test_a_copy_of_the_whole_is_whole_and_another_head_is_refused(tmp_path) -> None:
    model = tuned(torso, saved(tmp_path, "Roberta"), lora("Roberta"))
    before, copied = scores(model), deepcopy(model)
    for name, each in copied.named_parameters():
        if "modules_to_save.default.out_proj" in name:
            each.data.zero_()
    assert scores(copied).abs().max() == 0
    close(scores(model), before)
    plain = base(torso, tmp_path / "Roberta")
    twin = deepcopy(plain)
    twin.classifier.out_proj = nn.Linear(16, 3)
    assert (scores(twin) - scores(plain)).abs().max() > 1e-3
    for other in (nn.Linear(16, 3), nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 3))):
        with pytest.raises(UnsupportedError, match="cannot be replaced as a whole"):
            plain.classifier = other
