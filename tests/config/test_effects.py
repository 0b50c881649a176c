"""Every listed parameter has the effect that its row claims, at the time that it claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from torso import BertConfig, Task, new_model
from torso.architecture import find
from torso.compat.padded_model import PaddedModel
from torso.config.fields import field_info
from torso.errors import ConfigError, TorsoError, UnsupportedError
from torso.model import Model

SMALL: Mapping[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "max_position_embeddings": 16,
    "num_labels": 3,
    "initializer_range": 0.3,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
IDS = torch.randint(0, 40, (3, 9), generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2])
ACTS = {each.name: field_info(each).acts for each in BertConfig.declared()}
ONLY = {each.name for each in BertConfig.declared() if field_info(each).fixed is not None}


def built(task: Task[Any] = Task.SEQUENCE_CLASSIFICATION, **values: Any) -> PaddedModel[Any]:
    return PaddedModel(new_model(BertConfig(**{**SMALL, **values}), task, seed=4))


@torch.no_grad()
def numbers(model: PaddedModel[Any], *, training: bool = False) -> Tensor:
    torch.manual_seed(1)
    return model.train(training)(IDS).logits


def shapes(task: Task[Any] = Task.SEQUENCE_CLASSIFICATION, **values: Any) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        model = Model(BertConfig(**{**SMALL, **values}), find("bert"), task)
    return dict(model.named_shapes())


SHAPES: Mapping[str, dict[str, Any]] = {
    "vocab_size": {"vocab_size": 41},
    "hidden_size": {"hidden_size": 15},
    "num_hidden_layers": {"num_hidden_layers": 3},
    "intermediate_size": {"intermediate_size": 21},
    "max_position_embeddings": {"max_position_embeddings": 17},
    "type_vocab_size": {"type_vocab_size": 3},
    "num_labels": {"num_labels": 4},
    "tie_word_embeddings": {"tie_word_embeddings": False},
}
RUNS: Mapping[str, dict[str, Any]] = {
    "num_attention_heads": {"num_attention_heads": 4},
    "hidden_act": {"hidden_act": "relu"},
    "layer_norm_eps": {"layer_norm_eps": 0.5},
}
SHOWN: Mapping[str, Callable[[PaddedModel[Any]], object]] = {
    "output_attentions": lambda model: "attentions" in model(IDS),
    "output_hidden_states": lambda model: "hidden_states" in model(IDS),
    "id2label": lambda model: model.config.id2label,
    "label2id": lambda model: model.config.label2id,
}
SHOWN_CHANGES: Mapping[str, dict[str, Any]] = {
    "output_attentions": {"output_attentions": True},
    "output_hidden_states": {"output_hidden_states": True},
    "id2label": {"id2label": {0: "a", 1: "b", 2: "c"}},
    "label2id": {"id2label": {0: "a", 1: "b", 2: "c"}, "label2id": {"a": 0, "b": 1, "c": 2}},
}
TRAINS: Mapping[str, dict[str, Any]] = {
    "hidden_dropout_prob": {"hidden_dropout_prob": 0.5},
    "attention_probs_dropout_prob": {"attention_probs_dropout_prob": 0.5},
    "classifier_dropout": {"classifier_dropout": 0.5},
}
NOTHING: Mapping[str, dict[str, Any]] = {
    "architectures": {"architectures": ["BertForMaskedLM"]},
    "dtype": {"dtype": "float16"},
    "pad_token_id": {"pad_token_id": 3},
    "bos_token_id": {"bos_token_id": 3},
    "eos_token_id": {"eos_token_id": [1, 2]},
    "sep_token_id": {"sep_token_id": 3},
    "cls_token_id": {"cls_token_id": 3},
}
ELSEWHERE = {"problem_type", "initializer_range"}
"""Tested each by its own test below."""


def test_every_parameter_is_tested_here_under_what_it_claims() -> None:
    tested = {
        "shape": set(SHAPES),
        "run": set(RUNS) | set(SHOWN) | ONLY,
        "train": set(TRAINS) | ELSEWHERE,
        "none": set(NOTHING),
    }
    claimed = {acts: {name for name, own in ACTS.items() if own == acts} for acts in tested}
    assert tested == claimed


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_parameter_changes_shapes_and_cannot_change_live(name) -> None:
    task = Task.MASKED_LM if name == "tie_word_embeddings" else Task.SEQUENCE_CLASSIFICATION
    assert shapes(task, **SHAPES[name]) != shapes(task)
    model = built(task).packed
    before = model.config
    with pytest.raises(ConfigError) as caught:
        model.set(SHAPES[name])
    assert caught.value.code == "E_NEEDS_RELOAD"
    assert name in str(caught.value)
    assert model.config is before


@pytest.mark.parametrize("name", RUNS)
def test_a_run_parameter_changes_numbers_at_building_and_live_alike(name) -> None:
    plain, changed = built(), built(**RUNS[name])
    assert shapes() == shapes(**RUNS[name])
    assert not numbers(plain).allclose(numbers(changed), atol=1e-4)
    plain.packed.set(RUNS[name])
    assert numbers(plain).equal(numbers(changed))
    assert getattr(plain.config, name) == RUNS[name][name]


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_padded_model_shows_follows_the_config_and_leaves_the_numbers(name) -> None:
    plain, changed = built(), built(**SHOWN_CHANGES[name])
    assert SHOWN[name](plain) != SHOWN[name](changed)
    torch.testing.assert_close(numbers(plain), numbers(changed))
    plain.packed.set(SHOWN_CHANGES[name])
    assert SHOWN[name](plain) == SHOWN[name](changed)


@pytest.mark.parametrize("name", TRAINS)
def test_a_dropout_acts_in_training_alone_at_building_and_live_alike(name) -> None:
    plain, changed = built(), built(**TRAINS[name])
    assert numbers(plain).equal(numbers(changed))
    assert not numbers(plain, training=True).allclose(numbers(changed, training=True), atol=1e-4)
    plain.packed.set(TRAINS[name])
    assert numbers(plain, training=True).equal(numbers(changed, training=True))
    plain.packed.set(dict.fromkeys(TRAINS, 0.0))
    assert numbers(plain, training=True).equal(numbers(plain))


def test_classifier_dropout_of_none_is_that_of_the_trunk() -> None:
    by_trunk = built(hidden_dropout_prob=0.5)
    apart = built(hidden_dropout_prob=0.5, classifier_dropout=0.0)
    assert not numbers(by_trunk, training=True).equal(numbers(apart, training=True))
    assert numbers(by_trunk, training=True).equal(
        numbers(built(hidden_dropout_prob=0.5, classifier_dropout=0.5), training=True)
    )


def test_problem_type_chooses_the_loss() -> None:
    floats = torch.rand(3, 3, generator=torch.Generator().manual_seed(0))
    inferred = built()(IDS, labels=floats).loss
    losses = {
        kind: built(problem_type=kind)(IDS, labels=floats).loss for kind in ("regression", "multi_label_classification")
    }
    assert inferred == losses["multi_label_classification"] != losses["regression"]
    assert (
        built()(IDS, labels=LABELS).loss == built(problem_type="single_label_classification")(IDS, labels=LABELS).loss
    )
    model = built()
    model.packed.set({"problem_type": "regression"})
    assert model(IDS, labels=floats).loss == losses["regression"]


def test_initializer_range_spreads_new_weights() -> None:
    narrow, wide = (built(initializer_range=each).packed.trunk.embed.tokens.weight.std() for each in (0.01, 1.0))
    torch.testing.assert_close(wide / narrow, torch.tensor(100.0))


@pytest.mark.parametrize("name", NOTHING)
def test_what_acts_on_nothing_changes_no_number(name) -> None:
    plain, changed = built(), built(**NOTHING[name])
    assert shapes() == shapes(**NOTHING[name])
    for training in (False, True):
        assert numbers(plain, training=training).equal(numbers(changed, training=training))
    plain.packed.set(NOTHING[name])
    assert numbers(plain).equal(numbers(changed))


@pytest.mark.parametrize("name", sorted(ONLY))
def test_what_has_one_value_refuses_every_other(name) -> None:
    default = getattr(BertConfig(), name)
    for value in (not default if isinstance(default, bool) else "relative_key", None):
        with pytest.raises(UnsupportedError, match=f"{name} is"):
            BertConfig(**{name: value})


class TestSet:
    """A built model's parameters change by ``set`` alone."""

    def test_the_weights_stay_the_very_same_objects(self) -> None:
        for task in (Task.SEQUENCE_CLASSIFICATION, Task.MASKED_LM, Task.FEATURES):
            model = built(task).packed
            before = dict(model.named_parameters())
            model.set({"hidden_dropout_prob": 0.3})
            after = dict(model.named_parameters())
            assert before.keys() == after.keys()
            assert all(after[name] is value for name, value in before.items())

    def test_an_optimiser_keeps_its_hold(self) -> None:
        model = built()
        step = torch.optim.SGD(model.parameters(), lr=0.1)
        model.packed.set({"hidden_dropout_prob": 0.0, "hidden_act": "relu"})
        before = numbers(model)
        model(IDS, labels=LABELS).loss.backward()
        step.step()
        assert not numbers(model).equal(before)

    def test_tied_weights_stay_tied(self) -> None:
        model = built(Task.MASKED_LM)
        model.packed.set({"hidden_dropout_prob": 0.0})
        before = numbers(model)
        with torch.no_grad():
            model.packed.trunk.embed.tokens.weight[5] += 1
        assert not numbers(model)[..., 5].equal(before[..., 5])

    def test_the_mode_is_kept(self) -> None:
        for training in (True, False):
            model = built().packed.train(training)
            model.set({"hidden_dropout_prob": 0.5})
            assert all(each.training is training for each in model.modules())

    def test_what_is_refused_changes_nothing(self) -> None:
        model = built().packed
        before, config = numbers(PaddedModel(model)), model.config
        for changes in (
            {"hiden_act": "relu"},
            {"hidden_act": "geluu"},
            {"num_attention_heads": 7},
            {"id2label": {0: "a"}},
        ):
            with pytest.raises(TorsoError):
                model.set({"hidden_dropout_prob": 0.5, **changes})
        assert model.config is config
        assert numbers(PaddedModel(model)).equal(before)

    def test_names_of_labels_may_change_where_their_number_does_not(self) -> None:
        model = built().packed
        model.set({"id2label": {0: "a", 1: "b", 2: "c"}})
        assert model.config.label2id == {"a": 0, "b": 1, "c": 2}

    def test_frozen_weights_stay_frozen(self) -> None:
        model = built().packed
        model.trunk.requires_grad_(False)
        model.set({"hidden_dropout_prob": 0.3})
        assert not any(each.requires_grad for each in model.trunk.parameters())
        assert all(each.requires_grad for each in model.head.parameters())
