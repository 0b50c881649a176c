"""Prefix tuning by PEFT on torso's models: losses, gradients, scores and attention as on the reference's own."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import torso
from lazy import LazyModule
from torso.errors import InputError, TorsoError

transformers = LazyModule("transformers")
peft = LazyModule("peft")

pytestmark = pytest.mark.filterwarnings("ignore")
SIZES = dict(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2)
ENCODER = {**SIZES, "intermediate_size": 32, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
DECODERS: dict[str, dict[str, Any]] = {
    "Bloom": dict(vocab_size=50, hidden_size=16, n_layer=2, n_head=2),
    "Llama": {**SIZES, "num_key_value_heads": 1, "intermediate_size": 32},
    "GPT2": dict(vocab_size=50, n_embd=16, n_layer=2, n_head=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0),
    "Qwen2": {**SIZES, "num_key_value_heads": 2, "intermediate_size": 32},
    "Mistral": {**SIZES, "num_key_value_heads": 2, "intermediate_size": 32, "sliding_window": 6},
}
TOKEN_HEADS = {"SEQ_CLS": "SequenceClassification", "TOKEN_CLS": "TokenClassification"}
P = 4


def saved(root: Path, family: str, head: str, values: dict[str, Any]) -> Path:
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**values)
    model = getattr(transformers, f"AutoModelFor{head}").from_config(config)
    for each in model.parameters():
        each.data.mul_(4)  # scores far enough apart for a difference to show
    model.save_pretrained(root / family)
    return root / family


def texts(side: str) -> dict[str, Tensor]:
    """Three texts of 5, 7 and 9 tokens."""
    ids = torch.randint(5, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    for row, padding in enumerate((4, 2, 0)):
        mask[row, :padding] = 0
    mask = mask.flip(1) if side == "right" else mask
    return {"input_ids": ids, "attention_mask": mask}


def tuned(library: Any, folder: Path, head: str, settings: Any, spread: float = 0.5) -> Any:
    """A model with a prefix whose numbers are the same for each library."""
    base = getattr(library, f"AutoModelFor{head}").from_pretrained(folder)
    model = peft.get_peft_model(base, deepcopy(settings)).train()
    learns = [(name, each) for name, each in sorted(model.named_parameters()) if "prompt_encoder" in name]
    for number, (_, each) in enumerate(learns):
        each.data.copy_(spread * torch.randn(each.shape, generator=torch.Generator().manual_seed(number)))
    return model


def learned(model: Any, batch: dict[str, Tensor]) -> tuple[float, Tensor, Tensor]:
    """The loss, the gradient of the prefix, and the scores."""
    out = model(**batch)
    loss, scores = (out.loss, out.logits) if hasattr(out, "loss") else out[:2]
    loss.backward()
    learns = [each for name, each in sorted(model.named_parameters()) if "prompt_encoder" in name]
    return float(loss.detach()), torch.cat([each.grad.flatten() for each in learns]), scores.detach()


def the_same(ours: tuple[float, Tensor, Tensor], theirs: tuple[float, Tensor, Tensor], here: Tensor | None) -> None:
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    assert theirs[1].abs().max() > 1e-4
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-4, atol=1e-5 * float(theirs[1].abs().max()))
    mine, its = (each[2] if here is None else each[2][here] for each in (ours, theirs))
    torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-5 * max(1.0, float(its.abs().max())))


# A window of the reference counts the padding behind the prefix, so that a text depends on it.
CASES = [(family, side) for family in DECODERS for side in ("left", "right") if (family, side) != ("Mistral", "left")]


@pytest.mark.parametrize(("family", "side"), CASES)
@pytest.mark.parametrize("projection", [True, False])
def test_prefixes_of_decoders_learn_as_on_the_models_of_transformers(family, projection, side, tmp_path) -> None:
    more = {"prefix_projection": True, "encoder_hidden_size": 8} if projection else {}
    settings = peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P, **more)
    folder, batch = saved(tmp_path, family, "CausalLM", DECODERS[family]), texts(side)
    batch["labels"] = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    first = batch["attention_mask"].argmax(1)
    batch["labels"][torch.arange(3), first] = -100  # foretold by padding, or by nothing
    theirs, ours = (learned(tuned(library, folder, "CausalLM", settings), batch) for library in (transformers, torso))
    the_same(ours, theirs, batch["attention_mask"] != 0)


# PEFT wraps what it calls a classifier, and torso's of these families is several modules.
ENCODERS = [("Bert", "SEQ_CLS"), *((family, "TOKEN_CLS") for family in ("Bert", "Roberta", "Electra", "XLMRoberta"))]


@pytest.mark.parametrize(("family", "task"), ENCODERS)
def test_prefixes_of_encoders_learn_as_on_the_models_of_transformers(family, task, tmp_path) -> None:
    settings = peft.PrefixTuningConfig(task_type=task, num_virtual_tokens=P)
    values = {**ENCODER, "pad_token_id": 1} if "oberta" in family.lower() else ENCODER
    folder, batch = saved(tmp_path, family, TOKEN_HEADS[task], {**values, "num_labels": 3}), texts("right")
    labels = torch.tensor([0, 2, 1])
    if task == "TOKEN_CLS":
        labels = (batch["input_ids"] % 3).masked_fill(batch["attention_mask"] == 0, -100)
    theirs = reference(family, folder, task, settings, {**batch, "labels": labels})
    model = tuned(torso, folder, TOKEN_HEADS[task], settings)
    ours = learned(model, {**batch, "labels": labels})
    the_same(ours, theirs, batch["attention_mask"] != 0 if task == "TOKEN_CLS" else None)


def reference(
    family: str, folder: Path, task: str, settings: Any, batch: dict[str, Tensor]
) -> tuple[float, Tensor, Tensor]:
    """What the reference's trunk gives with the prefix, behind its head: PEFT's own way stops for most heads."""
    model = tuned(transformers, folder, TOKEN_HEADS[task], settings)
    base = model.get_base_model()
    trunk = getattr(base, base.base_model_prefix)
    mask = torch.cat([torch.ones(3, P), batch["attention_mask"]], 1)
    out = trunk(batch["input_ids"], attention_mask=mask, past_key_values=model.get_prompt(3))
    logits = base.classifier(out[1] if task == "SEQ_CLS" else out[0])
    loss = torch.nn.functional.cross_entropy(logits.view(-1, 3), batch["labels"].view(-1))
    loss.backward()
    learns = [each for name, each in sorted(model.named_parameters()) if "prompt_encoder" in name]
    return float(loss.detach()), torch.cat([each.grad.flatten() for each in learns]), logits.detach()


@pytest.mark.parametrize("family", ["T5", "Bart"])
def test_prefixes_behind_an_encoder_learn_as_on_the_models_of_transformers(family, tmp_path) -> None:
    sizes = {
        "T5": dict(vocab_size=50, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, dropout_rate=0.0),
        "Bart": dict(
            vocab_size=50, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, dropout=0.0, attention_dropout=0.0,
        ),
    }  # fmt: skip
    values = {**sizes[family], "decoder_start_token_id": 0, "pad_token_id": 0}
    folder, batch = saved(tmp_path, family, "Seq2SeqLM", values), texts("right")
    batch["labels"] = batch["input_ids"].flip(0)[:, :6].clone()
    batch["labels"][2, 4:] = -100
    settings = peft.PrefixTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=P)
    theirs, ours = (learned(tuned(library, folder, "Seq2SeqLM", settings), batch) for library in (transformers, torso))
    the_same(ours, theirs, batch["labels"] != -100)


def test_attention_reaches_the_prefix(tmp_path) -> None:
    settings = peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P)
    folder, batch = saved(tmp_path, "GPT2", "CausalLM", DECODERS["GPT2"]), texts("left")
    found = []
    for library in (transformers, torso):
        model = tuned(library, folder, "CausalLM", settings).eval()
        if library is transformers:
            model.get_base_model().set_attn_implementation("eager")
        with torch.no_grad():
            found.append(model(**batch, output_attentions=True, output_hidden_states=True))
    here = batch["attention_mask"] != 0
    for theirs, ours in zip(found[0].attentions, found[1].attentions, strict=True):
        assert ours.shape == theirs.shape == (3, 2, 9, P + 9)
        for row in range(3):
            torch.testing.assert_close(ours[row][:, here[row]], theirs[row][:, here[row]], rtol=1e-4, atol=1e-5)
        assert ours[..., :P].sum() > 1
    for theirs, ours in zip(found[0].hidden_states, found[1].hidden_states, strict=True):
        torch.testing.assert_close(ours[here], theirs[here], rtol=1e-4, atol=1e-4)


def pairs(layers: int = 2, texts_: int = 3, heads: int = 2, size: int = 8) -> tuple[tuple[Tensor, Tensor], ...]:
    return tuple((torch.randn(texts_, heads, P, size), torch.randn(texts_, heads, P, size)) for _ in range(layers))


def test_a_tuple_of_keys_and_values_is_the_same_as_a_cache(tmp_path) -> None:
    model = torso.AutoModelForCausalLM.from_pretrained(saved(tmp_path, "GPT2", "CausalLM", DECODERS["GPT2"]))
    given, batch = pairs(), texts("left")
    batch["attention_mask"] = torch.cat([torch.ones(3, P, dtype=torch.int64), batch["attention_mask"]], 1)
    with torch.no_grad():
        as_tuple = model(**batch, past_key_values=given).logits
        as_cache = model(**batch, past_key_values=transformers.DynamicCache(given)).logits
    assert as_tuple.equal(as_cache)


def test_a_prefix_that_does_not_fit_is_refused(tmp_path) -> None:
    folder = saved(tmp_path, "GPT2", "CausalLM", {**DECODERS["GPT2"], "n_positions": 12})
    model, ids = torso.AutoModelForCausalLM.from_pretrained(folder), texts("left")["input_ids"]
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "layers": (dict(past_key_values=pairs(3)), "E_ARGUMENT"),
        "texts": (dict(past_key_values=pairs(texts_=2)), "E_ARGUMENT"),
        "heads": (dict(past_key_values=pairs(heads=1)), "E_PREFIX"),
        "empty cache": (dict(past_key_values=transformers.DynamicCache()), "E_ARGUMENT"),
        "nonsense": (dict(past_key_values="keys"), "E_ARGUMENT"),
        "mask": (dict(past_key_values=pairs(), attention_mask=torch.ones(3, 9)), "E_MASK"),
        "hidden": (dict(past_key_values=pairs(), attention_mask=torch.zeros(3, 13)), "E_MASK"),
        "length": (dict(past_key_values=pairs()), "E_TOO_LONG"),
    }
    for name, (given, code) in wrong.items():
        with pytest.raises(TorsoError) as caught:
            model(ids[:, :5] if name != "length" and "attention_mask" not in given else ids, **given)
        assert caught.value.code == code, name
    with torch.no_grad():
        assert model(ids[:, :8], past_key_values=pairs()).logits.shape == (3, 8, 50)


def test_attention_that_counts_distances_within_a_text_has_no_prefix(tmp_path) -> None:
    values = {**ENCODER, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "num_labels": 2}
    folder = saved(tmp_path, "DebertaV2", "SequenceClassification", values)
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder)
    with pytest.raises(TorsoError, match="counts distances within the text alone"):
        model(texts("left")["input_ids"], past_key_values=pairs())


WAYS = {
    "prefix": lambda: peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P),
    "prompt": lambda: peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=P),
    "encoder": lambda: peft.PromptEncoderConfig(task_type="CAUSAL_LM", num_virtual_tokens=P, encoder_hidden_size=8),
}


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("family", ["Bloom", "Llama", "GPT2"])
def test_what_was_learned_steers_what_is_written(family, way, beams, tmp_path) -> None:
    folder, ids = saved(tmp_path, family, "CausalLM", DECODERS[family]), texts("left")["input_ids"][:1]
    asked: dict[str, Any] = dict(max_new_tokens=8, do_sample=False, num_beams=beams, eos_token_id=None, pad_token_id=0)
    written = []
    for library in (transformers, torso):
        model = tuned(library, folder, "CausalLM", WAYS[way](), spread=5.0).eval()
        given = dict(input_ids=ids, attention_mask=torch.ones_like(ids))
        written.append(model.generate(**given, **asked).tolist())
        if library is torso:
            plain = model.get_base_model().generate(**given, **asked).tolist()
    assert written[1] == written[0]
    if family != "Bloom":  # which, so small, repeats a token whatever stands before
        assert written[1] != plain


def test_a_prefix_steers_what_a_decoder_behind_an_encoder_writes(tmp_path) -> None:
    values = dict(vocab_size=50, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0)
    folder, ids = saved(tmp_path, "T5", "Seq2SeqLM", values), texts("left")["input_ids"][:1]
    settings = peft.PrefixTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=P)
    written = [
        tuned(library, folder, "Seq2SeqLM", settings)
        .eval()
        .generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
        .tolist()
        for library in (transformers, torso)
    ]
    assert written[1] == written[0]


def test_prompts_of_an_encoder_write_nothing_and_say_so(tmp_path) -> None:
    values = dict(vocab_size=50, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0)
    folder, ids = saved(tmp_path, "T5", "Seq2SeqLM", values), texts("left")["input_ids"][:1]
    settings = peft.PromptTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=P)
    model = tuned(torso, folder, "Seq2SeqLM", settings).eval()
    with pytest.raises(TorsoError, match=r"E_ARGUMENT"):
        model.generate(input_ids=ids, attention_mask=torch.ones_like(ids))


def test_past_key_values_that_hold_no_keys_for_this_model(tmp_path) -> None:
    model = torso.AutoModelForCausalLM.from_pretrained(saved(tmp_path, "Llama", "CausalLM", DECODERS["Llama"]))
    ids, pair = torch.randint(5, 50, (2, 4)), torch.zeros(2, 1, 3, 8)
    for past, words in {
        "a number": (torch.tensor(1.0), "holds no keys"),
        "numbers": (torch.ones(2), "holds no keys"),
        "sparse": ([(pair.to_sparse(), pair.to_sparse())] * 2, "holds no keys"),
        "whole numbers": ([(pair.long(), pair.long())] * 2, "holds no keys"),
        "elsewhere": ([(pair.to("meta"), pair.to("meta"))] * 2, "is on meta; the model is on cpu"),
        "short": ([(pair[:, :, :0], pair[:, :, :0])] * 2, "tokens, units"),
    }.values():
        with pytest.raises(InputError, match=f"{words}.*E_ARGUMENT"):
            model(ids, past_key_values=past)
