"""Family classes behave as classes: isinstance, construction from a config, subclasses, parts, names on the Hub."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import torso
from lazy import LazyModule
from torso.architecture import Task
from torso.errors import InputTypeError, NotAvailableError, TorsoError, UnsupportedError, WeightsError

transformers = LazyModule("transformers")

IDS = torch.tensor([[2, 7, 9, 3, 4], [2, 8, 3, 0, 0]])
MASK = (IDS != 0).long()
SMALL = dict(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=16)


def config(**changes) -> torso.BertConfig:
    return torso.BertConfig(**SMALL, **changes)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A BERT without a head, and others of the reference's classes, as the reference saves them."""
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("classes")
    transformers.BertModel(transformers.BertConfig(**SMALL)).save_pretrained(folder)
    return folder


class Dual(torso.BertPreTrainedModel):  # pyright: ignore[reportUntypedBaseClass]
    """The dual encoder of the course, with a layer of its own."""

    def __init__(self, config: torso.PretrainedConfig, *inputs, width: int = 4, **kwargs) -> None:
        super().__init__(config, *inputs, **kwargs)
        self.bert = torso.BertModel(config)
        self.project = nn.Linear(config.hidden_size, width)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, return_dict=None):
        return_dict = return_dict if return_dict is not None else self.config.use_return_dict
        out = self.bert(input_ids, attention_mask=attention_mask, head_mask=None, return_dict=return_dict)
        return self.project(out[1])


class Own(torso.BertForSequenceClassification):
    def forward(self, *inputs, **named):
        return super().forward(*inputs, **named).logits * 2


class WithHead(torso.BertForSequenceClassification):
    def __init__(self, config) -> None:
        super().__init__(config)
        self.extra = nn.Linear(config.hidden_size, 2)

    def forward(self, input_ids, attention_mask=None):
        return self.extra(self.bert(input_ids, attention_mask=attention_mask).pooler_output)


@pytest.mark.parametrize("name", ["BertModel", "BertForMaskedLM", "BertForSequenceClassification"])
def test_a_loaded_model_is_an_instance_of_its_class(saved, name, capfd) -> None:
    kind = getattr(torso, name)
    auto = {
        "BertModel": torso.AutoModel,
        "BertForMaskedLM": torso.AutoModelForMaskedLM,
        "BertForSequenceClassification": torso.AutoModelForSequenceClassification,
    }[name]
    for model in (auto.from_pretrained(saved), kind.from_pretrained(saved), kind(config())):
        assert type(model) is kind
        assert isinstance(model, torso.PreTrainedModel)
        assert isinstance(model, torso.BertPreTrainedModel)
        assert not isinstance(model, torso.RobertaModel)
        assert isinstance(model, nn.Module)
        assert type(pickle.loads(pickle.dumps(model))) is kind
    assert kind is getattr(torso, name)
    assert (kind.__module__, kind.__qualname__) == ("torso", name)
    capfd.readouterr()


def test_a_model_of_a_config_has_random_weights_and_the_labels_of_the_config() -> None:
    first, second = torso.BertForTokenClassification(config(num_labels=5)), torso.BertForTokenClassification(config())
    assert first(IDS).logits.shape[-1] == 5
    assert second(IDS).logits.shape[-1] == 2
    assert first.training
    without = torso.BertModel(config(), add_pooling_layer=False)
    assert not hasattr(without(IDS), "pooler_output")
    with pytest.raises(UnsupportedError, match="AutoModelForMaskedLM"):
        torso.RobertaForMaskedLM(config())
    theirs = transformers.BertConfig(**SMALL)
    assert torso.BertModel(theirs).config.hidden_size == 12


@pytest.mark.parametrize("wrong", [None, "folder", {"hidden_size": 3}])
def test_what_is_no_config_is_refused(wrong) -> None:
    with pytest.raises(InputTypeError) as caught:
        torso.BertModel(wrong)
    assert caught.value.code == "E_CONFIG"


@pytest.mark.parametrize("kind", [torso.AutoModel, torso.AutoModelForCausalLM, torso.AutoModelForSeq2SeqLM])
def test_an_auto_class_makes_nothing_by_itself(kind) -> None:
    with pytest.raises(InputTypeError, match="from_config"):
        kind(config())


def test_a_class_of_one_s_own_is_built_and_filled_by_name(saved, tmp_path, capfd) -> None:
    model = Dual.from_pretrained(saved, width=3)
    said = capfd.readouterr().err
    assert "2 tensors of Dual: project.weight, project.bias" in said
    assert type(model) is Dual
    assert not model.training
    theirs = transformers.BertModel.from_pretrained(saved)
    wanted = model.project(theirs.eval()(IDS, MASK).pooler_output)
    torch.testing.assert_close(model(IDS, MASK), wanted, rtol=0, atol=1e-5)
    assert [name for name, _ in model.named_parameters()][-3:] == [
        "bert.pooler.dense.bias",
        "project.weight",
        "project.bias",
    ]
    model.save_pretrained(tmp_path / "dual")
    again = Dual.from_pretrained(tmp_path / "dual", width=3)
    assert capfd.readouterr().err == ""
    assert again(IDS, MASK).equal(model(IDS, MASK))
    # the reference reads its part of it
    part = transformers.BertModel.from_pretrained(tmp_path / "dual").eval()
    torch.testing.assert_close(part(IDS, MASK)[1], model.bert(IDS, MASK)[1], rtol=0, atol=1e-5)
    with pytest.raises(WeightsError, match=r"project.weight is \[3, 12\] in the file, and \[4, 12\] in Dual"):
        Dual.from_pretrained(tmp_path / "dual")


def test_a_class_without_a_name_of_the_checkpoint_is_refused(saved) -> None:
    class Foreign(torso.PreTrainedModel):
        def __init__(self, config) -> None:
            super().__init__(config)
            self.layer = nn.Linear(2, 2)

    with pytest.raises(WeightsError, match=r"self.bert = BertModel\(config\)") as caught:
        Foreign.from_pretrained(saved)
    assert caught.value.code == "E_MISSING"
    with pytest.raises(InputTypeError, match="no modules of its own"):
        torso.BertPreTrainedModel.from_pretrained(saved)


def test_one_s_own_forward_is_called(saved, capfd) -> None:
    torch.manual_seed(1)
    model = Own.from_pretrained(saved, num_labels=3)
    assert type(model) is Own
    wanted = torso.BertForSequenceClassification.forward(model, IDS, MASK).logits * 2
    assert model(IDS, MASK).equal(wanted)
    assert isinstance(model, torso.BertForSequenceClassification)
    capfd.readouterr()


def test_a_subclass_with_a_layer_of_its_own_is_saved_and_loaded_whole(saved, tmp_path, capfd) -> None:
    model = WithHead.from_pretrained(saved)
    assert "extra.weight" in capfd.readouterr().err
    model.save_pretrained(tmp_path)
    again = WithHead.from_pretrained(tmp_path)
    assert capfd.readouterr().err == ""
    assert again(IDS, MASK).equal(model(IDS, MASK))
    assert model.double().extra.weight.dtype == torch.float64
    assert model(IDS, MASK).dtype == torch.float64


# -- parts and names ---------------------------------------------------------------------------------------------------


def reference_config(name: str, **values: object) -> Callable[[], Any]:
    """A config of the reference, made when it is asked for."""
    return lambda: getattr(transformers, name)(**values)


CLASSES = {
    "BertForSequenceClassification": reference_config("BertConfig", **SMALL, num_labels=3),
    "BertForMaskedLM": reference_config("BertConfig", **SMALL),
    "BertForMultipleChoice": reference_config("BertConfig", **SMALL),
    "BertForQuestionAnswering": reference_config("BertConfig", **SMALL),
    "BertModel": reference_config("BertConfig", **SMALL),
    "RobertaForTokenClassification": reference_config("RobertaConfig", **SMALL, num_labels=4),
    "RobertaForMaskedLM": reference_config("RobertaConfig", **SMALL),
    "DistilBertForSequenceClassification": reference_config(
        "DistilBertConfig", vocab_size=40, dim=12, n_layers=2, n_heads=3, hidden_dim=16, num_labels=2
    ),
    "GPT2LMHeadModel": reference_config("GPT2Config", vocab_size=40, n_embd=12, n_layer=2, n_head=3, n_positions=20),
    "BloomForCausalLM": reference_config("BloomConfig", vocab_size=40, hidden_size=12, n_layer=2, n_head=3),
    "LlamaForCausalLM": reference_config("LlamaConfig", **SMALL, num_key_value_heads=1),
    "Qwen3ForCausalLM": reference_config("Qwen3Config", **SMALL, num_key_value_heads=1, head_dim=4),
    "T5ForConditionalGeneration": reference_config(
        "T5Config", vocab_size=40, d_model=12, d_kv=4, d_ff=16, num_layers=2, num_heads=3
    ),
    "BartForConditionalGeneration": reference_config(
        "BartConfig",
        vocab_size=40,
        d_model=12,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=3,
        decoder_attention_heads=3,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=30,
    ),
    "DebertaV2ForSequenceClassification": reference_config("DebertaV2Config", **SMALL, num_labels=2),
}


def pair(name: str):
    torch.manual_seed(5)
    theirs = getattr(transformers, name)(CLASSES[name]()).eval()
    return theirs, getattr(torso, name)(CLASSES[name]()).eval()


def given_to(name: str) -> dict[str, torch.Tensor]:
    if "ConditionalGeneration" in name:
        return {"input_ids": IDS, "decoder_input_ids": IDS[:, :3]}
    return {"input_ids": IDS[None] if "MultipleChoice" in name else IDS}


@pytest.mark.parametrize("name", CLASSES)
def test_state_dicts_go_both_ways_with_the_reference(name) -> None:
    theirs, ours = pair(name)
    assert ours.load_state_dict(theirs.state_dict()).missing_keys == []
    with torch.no_grad():
        given = given_to(name)
        wanted, found = theirs(**given)[0], ours(**given)[0]
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
        for parameter in ours.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        found = ours(**given)[0]
        missing, unexpected = theirs.load_state_dict(ours.state_dict(), strict=False)
        assert (missing, unexpected) == ([], [])
        torch.testing.assert_close(theirs(**given)[0], found, rtol=0, atol=1e-5)
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_have_the_hub_s_names_but_for_fused_ones(name) -> None:
    theirs, ours = pair(name)
    wanted, found = dict(theirs.named_parameters()), dict(ours.named_parameters())
    for key, parameter in found.items():
        if key in wanted:
            # GPT-2's matrices lie the other way round on the Hub.
            assert parameter.shape in (wanted[key].shape, wanted[key].shape[::-1])
    rest = {key.rpartition(".")[0].rpartition(".")[2] for key in found.keys() - wanted.keys()}
    assert all("_" in each or each in ("final_logits_bias",) for each in rest - {""}), rest
    assert sum(each.numel() for each in ours.parameters()) == ours.num_parameters()
    assert ours.num_parameters() - theirs.num_parameters() in (0, 40)  # BART's final_logits_bias is a buffer there


@pytest.mark.parametrize("name", CLASSES)
def test_copies_keep_one_set_of_weights(name) -> None:
    ours, given = pair(name)[1], given_to(name)
    for again in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert again(**given)[0].equal(ours(**given)[0])
        for parameter in again.parameters():
            parameter.data.zero_()
        assert not again.packed.trunk.embed.tokens.weight.any()
    double = copy.deepcopy(ours).double()
    assert double(**given)[0].dtype == torch.float64
    assert {each.dtype for each in double.parameters()} == {torch.float64}


def test_parts_are_the_model_s_own() -> None:
    model = torso.BertForSequenceClassification(config(num_labels=3)).eval()
    theirs = transformers.BertForSequenceClassification(CLASSES["BertForSequenceClassification"]()).eval()
    theirs.load_state_dict(model.state_dict())
    assert type(model.bert) is torso.BertModel
    assert model.base_model is model.bert
    assert model.get_input_embeddings() is model.bert.embeddings.word_embeddings
    for part in ("bert.encoder.layer.1.attention.self.key.weight", "classifier.bias", "bert.pooler.dense.weight"):
        wanted, found = theirs, model
        for each in part.split("."):
            wanted, found = getattr(wanted, each), getattr(found, each)
        assert found.equal(wanted)
    torch.testing.assert_close(model.bert(IDS, MASK)[1], theirs.bert(IDS, MASK)[1], rtol=0, atol=1e-5)
    layers = model.bert.encoder.layer
    assert isinstance(layers, nn.ModuleList)
    assert len(layers) == 2
    assert [type(each) for each in layers[:1]] == [type(layers[0])]
    pooled = model.classifier(model.bert(IDS, MASK).pooler_output)
    torch.testing.assert_close(pooled, model(IDS, MASK).logits, rtol=0, atol=1e-5)
    with pytest.raises(UnsupportedError, match="does not run alone"):
        model.bert.encoder(IDS)
    with pytest.raises(NotAvailableError, match="Did you mean attention"):
        _ = layers[0].atention
    layers[0].attention.self.query.requires_grad_(False)
    assert [name for name, each in model.named_parameters() if not each.requires_grad] == [
        f"bert.encoder.layer.0.attention.self.query.{kind}" for kind in ("weight", "bias")
    ]
    with pytest.raises(AttributeError):
        _ = model.no_such_part


@pytest.mark.parametrize("by", ["names", "part", "layers", "base"])
def test_freezing_freezes_what_the_notebook_means(by) -> None:
    model = torso.BertForSequenceClassification(config()).train()
    if by == "names":
        for name, parameter in model.named_parameters():
            parameter.requires_grad = "bert" not in name
    elif by == "part":
        model.bert.requires_grad_(False)
    elif by == "layers":
        for layer in model.bert.encoder.layer:
            for parameter in layer.parameters():
                parameter.requires_grad = False
        model.bert.embeddings.requires_grad_(False)
        model.bert.pooler.requires_grad_(False)
    else:
        for parameter in model.base_model.parameters():
            parameter.requires_grad = False
    model(IDS, MASK, labels=torch.tensor([0, 1])).loss.backward()
    learned = {name for name, each in model.packed.named_parameters() if each.grad is not None}
    assert learned == {"head.out.weight", "head.out.bias"}
    assert model.num_parameters(only_trainable=True) == 2 * 12 + 2


def test_a_module_assigned_takes_its_place_in_the_model() -> None:
    model = torso.BertForSequenceClassification(config(num_labels=3)).eval()
    model.classifier = nn.Linear(12, 5)
    assert model(IDS).logits.shape == (2, 5)
    assert model.config.num_labels == 5
    assert not model(IDS).head_trained
    assert any(each is model.classifier.weight for each in model.parameters())
    model.bert.encoder.layer[1].output.dense = nn.Linear(16, 12)
    assert model.packed.trunk.layers[1].ffn.down is model.bert.encoder.layer[1].output.dense
    with pytest.raises(UnsupportedError, match="num_hidden_layers"):
        model.bert.encoder.layer = model.bert.encoder.layer[:1]


def test_a_module_replaced_in_the_model_is_listed() -> None:
    """An adapter of one's own around a layer of torso's model: an optimiser must see it."""
    model = torso.BertForSequenceClassification(config())
    model.packed.trunk.layers[0].ffn.up = nn.Sequential(model.packed.trunk.layers[0].ffn.up, nn.Linear(16, 16))
    names = dict(model.named_parameters())
    assert "bert.encoder.layer.0.intermediate.dense.1.weight" in names
    assert any(each is model.packed.trunk.layers[0].ffn.up[1].weight for each in nn.Sequential(model).parameters())


def test_adversarial_training_by_names_finds_the_embeddings() -> None:
    """FGM: the popular snippet looks for word_embeddings in the names, also of a module around the model."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = torso.BertModel(config())

    net = Net()
    net.encoder(IDS)[1].sum().backward()
    found = [n for n, each in net.named_parameters() if "word_embeddings" in n and each.grad is not None]
    assert found == ["encoder.embeddings.word_embeddings.weight"]
    assert net.state_dict().keys() >= set(found)
    assert Net().load_state_dict(net.state_dict()).missing_keys == []


def test_fused_parts_that_lack_are_named_as_the_hub_does() -> None:
    model = torso.BertModel(config())
    whole = model.state_dict()
    del whole["encoder.layer.0.attention.self.key.weight"]
    missing, unexpected = model.load_state_dict(whole, strict=False)
    assert (missing, unexpected) == (["encoder.layer.0.attention.self.key.weight"], [])
    whole["encoder.layer.0.attention.self.query.weight"] = torch.zeros(3, 3)
    with pytest.raises(RuntimeError, match=r"size mismatch for encoder\.layer\.0\.attention\.self\.query\.weight"):
        model.load_state_dict(whole, strict=False)


@pytest.mark.parametrize("name", ["BertForSequenceClassification", "T5ForConditionalGeneration", "LlamaForCausalLM"])
def test_gradients_with_recomputed_blocks_are_the_same(name) -> None:
    model = getattr(torso, name)(CLASSES[name]()).train()
    wanted = None
    for on in (False, True):
        if on:
            model.gradient_checkpointing_enable({"use_reentrant": False})
            assert model.is_gradient_checkpointing
            model = copy.deepcopy(model)
        model.zero_grad()
        torch.manual_seed(2)  # the same units are dropped both times
        model(IDS)[0].square().sum().backward()
        gradients = [each.grad.clone() for each in model.parameters() if each.grad is not None]
        wanted = wanted or gradients
        for ours, theirs in zip(gradients, wanted, strict=True):
            torch.testing.assert_close(ours, theirs)
    model.gradient_checkpointing_disable()
    assert not model.is_gradient_checkpointing


def test_uploading_is_refused_with_the_command(tmp_path) -> None:
    with pytest.raises(UnsupportedError, match="hf upload me/mine FOLDER") as caught:
        torso.BertModel(config()).push_to_hub("me/mine")
    assert caught.value.code == "E_NO_UPLOAD"


def test_the_stub_of_the_families_is_what_the_registry_says() -> None:
    from tools.family_stubs import CONFIGS, STUB, configs, stub

    assert STUB.read_text(encoding="utf-8") == stub(), "python -m tools.family_stubs"
    assert CONFIGS.read_text(encoding="utf-8") == configs(), "python -m tools.family_stubs"
    assert Task.FEATURES.suffix == "Model"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SentenceTransformer", "torso.embed"),
        ("CrossEncoder", "torso.rerank"),
        ("Trianer", "Did you mean Trainer"),
        ("BertForMaskdLM", "Did you mean BertForMaskedLM"),
        ("StoppingCriteriaList", "stopping_criteria="),
        ("Nothing", r"dir\(torso\)"),
    ],
)
def test_an_import_of_what_is_not_there_says_what_to_use(name, says) -> None:
    with pytest.raises(ImportError, match=says) as caught:
        exec(f"from torso import {name}")
    assert isinstance(caught.value, TorsoError)
    assert not hasattr(torso, name)
    with pytest.raises(AttributeError, match=says):
        getattr(torso, name)
