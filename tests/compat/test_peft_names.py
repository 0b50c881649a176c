"""PEFT's names: a notebook of LoRA with its import line changed."""

from __future__ import annotations

import json

import pytest
import torch

import torso
from contract.reference import make
from torso import LoraConfig, PeftModel, TaskType, get_peft_model
from torso.errors import TorsoError

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_model_learns_an_adapter_is_saved_loaded_and_merged(tmp_path, capsys) -> None:
    made = make("llama", "plain", "causal-lm", tmp_path / "base")
    model = torso.AutoModelForCausalLM.from_pretrained(str(tmp_path / "base"))
    whole = sum(each.numel() for each in model.parameters())
    config = LoraConfig(task_type=TaskType.CAUSAL_LM, r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    learning, every = model.get_nb_trainable_parameters()
    assert every == whole + learning
    assert f"{learning:,}" in capsys.readouterr().out
    rows = [{"input_ids": [5, 6, 7, 8], "labels": [5, 6, 7, 8]} for _ in range(8)]
    arguments = torso.TrainingArguments(
        str(tmp_path / "run"), num_train_epochs=2, learning_rate=0.05, save_steps=2, disable_tqdm=True, use_cpu=True
    )
    trainer = torso.Trainer(model, arguments, train_dataset=rows)
    assert trainer.train().global_step == 2
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        after = model.eval()(ids).logits
    stated = json.loads((tmp_path / "run" / "checkpoint-2" / "adapter_config.json").read_text())
    assert stated["base_model_name_or_path"] == str(tmp_path / "base")
    base = torso.AutoModelForCausalLM.from_pretrained(str(tmp_path / "base"))
    again = PeftModel.from_pretrained(base, tmp_path / "run" / "checkpoint-2")
    with torch.no_grad():
        assert again(ids).logits.equal(after)
        merged = again.merge_and_unload()
        torch.testing.assert_close(merged(ids).logits, after, rtol=1e-5, atol=1e-5)
    merged.save_pretrained(tmp_path / "merged")
    theirs = type(made.model).from_pretrained(tmp_path / "merged", attn_implementation="eager").eval()
    with torch.no_grad():
        torch.testing.assert_close(theirs(ids).logits, after, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("refused", [{"use_dora": True}, {"init_lora_weights": "pissa"}, {"r": 0}])
def test_what_is_not_implemented_is_refused_by_name(refused) -> None:
    name = next(iter(refused))
    with pytest.raises(TorsoError, match={"r": "rank"}.get(name, name)):
        LoraConfig(**refused).settings()


def test_models_and_settings_of_another_library_are_refused(tmp_path) -> None:
    with pytest.raises(TorsoError, match="Linear"):
        get_peft_model(torch.nn.Linear(2, 2), LoraConfig())
    make("bert", "plain", "features", tmp_path / "base")
    model = torso.AutoModel.from_pretrained(str(tmp_path / "base"))
    with pytest.raises(TorsoError, match="LoraConfig"):
        get_peft_model(model, {"r": 8})
    with pytest.raises(TorsoError, match="E_NO_ADAPTER"):
        PeftModel.from_pretrained(model, tmp_path / "base")


PEFTS_OWN = {
    "bert": ("sequence-two", ["query", "value"]),
    "llama": ("causal-lm", ["q_proj", "v_proj"]),
    "t5": ("seq2seq-lm", ["q", "v"]),
}


@pytest.mark.parametrize("family", PEFTS_OWN)
def test_peft_s_own_tuner_learns_on_a_model_of_torso_what_it_learns_on_the_reference(family, tmp_path) -> None:
    import peft

    case, targets = PEFTS_OWN[family]
    made = make(family, "plain", case, tmp_path / "base")
    auto = {"bert": torso.AutoModelForSequenceClassification, "llama": torso.AutoModelForCausalLM}
    ours = auto.get(family, torso.AutoModelForSeq2SeqLM).from_pretrained(str(tmp_path / "base"))
    settings = peft.LoraConfig(r=4, target_modules=targets, init_lora_weights=True)
    tuned = []
    for model in (ours, made.model):
        torch.manual_seed(7)
        tuned.append(peft.get_peft_model(model, settings))
    given = {"input_ids": torch.tensor([[5, 6, 7, 8]])}
    given["labels"] = torch.tensor([1]) if family == "bert" else given["input_ids"]
    for model in tuned:
        optimiser = torch.optim.SGD([each for each in model.parameters() if each.requires_grad], lr=0.5)
        for _ in range(3):
            optimiser.zero_grad()
            model(**given).loss.backward()
            optimiser.step()
    mine, theirs = ({name: each for name, each in model.named_parameters() if each.requires_grad} for model in tuned)
    assert mine.keys() == theirs.keys()
    for name, each in mine.items():
        torch.testing.assert_close(each, theirs[name], rtol=1e-4, atol=1e-5)
    tuned[0].save_pretrained(tmp_path / "adapter")
    again = PeftModel.from_pretrained(type(ours).from_pretrained(str(tmp_path / "base")), tmp_path / "adapter")
    with torch.no_grad():
        before, after = (model.eval()(**given).logits for model in (tuned[1], again))
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(tuned[0].merge_and_unload()(**given).logits, before, rtol=1e-4, atol=1e-4)


def test_freezing_by_the_name_of_a_projection_freezes_it_alone() -> None:
    config = torso.BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2)
    model = torso.BertForSequenceClassification(config.replace({"intermediate_size": 32, "num_labels": 2})).train()
    for name, parameter in model.named_parameters():
        parameter.requires_grad = "query" in name
    model(torch.tensor([[5, 6, 7]]), labels=torch.tensor([1])).loss.backward()
    learned = [name for name, each in model.named_parameters() if each.grad is not None]
    assert len(learned) == 4
    assert all(".attention.self.query." in name for name in learned)
