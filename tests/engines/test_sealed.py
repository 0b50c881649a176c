"""Training code never meets an optimised model by accident: what it cannot do it says, and is left as it was."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from processor import needs
from torso import Batch, Layout, Model, Task, new_model, optimise
from torso.compat.padded_model import PaddedModel
from torso.engines.calibration import Cosines
from torso.errors import InputTypeError, TorsoError, UnsupportedError
from torso.kernels import about
from torso.losses import sequence_loss
from torso.models.bert import BertConfig

SMALL = dict(vocab_size=80, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
BATCH = Batch(torch.arange(30) % 80, Layout.of([7, 1, 22]))
LABELS = torch.tensor([0, 1, 2])


def bert() -> Model:
    config = BertConfig(**SMALL, num_labels=3, initializer_range=0.2, hidden_dropout_prob=0.5)
    return new_model(config, Task.SEQUENCE_CLASSIFICATION, seed=4).eval()


@pytest.fixture(params=["kernels", "pytorch"], autouse=True)
def runs(request, monkeypatch) -> str:
    """Everything here holds with the kernels and without them."""
    if request.param == "pytorch":
        monkeypatch.setenv("TORSO_KERNELS", "0")
    elif about().instruction_set is None:
        pytest.skip(f"there are no kernels: {about().reason}")
    return request.param


@pytest.fixture(params=["exact", "int8"])
def model(request, runs) -> Model:
    needs(request.param)
    return optimise(bert(), request.param, fidelity=0.9)


def scores(model: Model) -> torch.Tensor:
    with torch.no_grad():
        return model(BATCH).logits


REFUSED = {
    "train": lambda given: given.train(),
    "thaw": lambda given: given.requires_grad_(True),
    "bfloat16": lambda given: given.to(torch.bfloat16),
    "half": lambda given: given.half(),
    "double": lambda given: given.double(),
    "meta": lambda given: given.to("meta"),
    "empty": lambda given: given.to_empty(device="cpu"),
    "share": lambda given: given.share_memory(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "torch.save": lambda given: torch.save(given, io.BytesIO()),
    "state_dict": lambda given: given.state_dict(),
    "load_state_dict": lambda given: given.load_state_dict(bert().state_dict()),
}


@pytest.mark.parametrize("attempt", REFUSED)
def test_what_it_cannot_do_is_an_error_and_changes_nothing(attempt, model) -> None:
    wanted = scores(model)
    with pytest.raises(UnsupportedError) as caught:
        REFUSED[attempt](model)
    assert caught.value.code == "E_OPTIMISED"
    assert scores(model).equal(wanted)


@pytest.mark.parametrize("attempt", sorted(REFUSED.keys() - {"copy", "thaw", "load_state_dict"}))
def test_a_wrapper_around_it_cannot_either(attempt, model) -> None:
    wanted = scores(model)
    for wrapper in (PaddedModel(model), nn.Sequential(nn.Linear(2, 2), model).eval()):
        with pytest.raises(UnsupportedError) as caught:
            REFUSED[attempt](wrapper)
        assert caught.value.code == "E_OPTIMISED"
    assert scores(model).equal(wanted)


@pytest.mark.parametrize(
    "allowed",
    [
        lambda model: model.eval(),
        lambda model: model.requires_grad_(False),
        lambda model: model.float(),
        lambda model: model.cpu(),
        lambda model: model.to("cpu"),
        lambda model: model.to("cpu", torch.float32),
    ],
)
def test_what_leaves_it_as_it_is_stays_allowed(allowed, model) -> None:
    wanted = scores(model)
    assert allowed(model) is model
    assert scores(model).equal(wanted)


def test_weights_thawed_one_by_one_are_noticed_when_it_runs(model) -> None:
    wanted = scores(model)
    for each in model.parameters():
        each.requires_grad_(True)
    with pytest.raises(UnsupportedError) as caught:
        model(BATCH)
    assert caught.value.code == "E_OPTIMISED"
    assert scores(model).equal(wanted)  # without gradients it runs


@pytest.mark.parametrize("attempt", sorted(REFUSED.keys() - {"copy", "thaw", "load_state_dict"}))
def test_a_part_of_it_cannot_either(attempt, model) -> None:
    """Where PyTorch runs the layers, dropout would come back in silence; the kernels would read what is gone."""
    wanted = scores(model)
    for part in (model.trunk, model.head):
        with pytest.raises(UnsupportedError) as caught:
            REFUSED[attempt](part)
        assert caught.value.code == "E_OPTIMISED"
        assert scores(model).equal(wanted)


def test_its_loss_can_be_read_and_not_learned_from(model) -> None:
    loss = sequence_loss(model(BATCH), LABELS)
    torch.testing.assert_close(loss.detach(), nn.functional.cross_entropy(scores(model), LABELS))
    with pytest.raises(RuntimeError, match="does not require grad"):
        loss.backward()
    ids = torch.arange(20).view(2, 10)
    with pytest.raises(RuntimeError, match="does not require grad"):
        PaddedModel(model)(ids, labels=LABELS[:2]).loss.backward()
    with torch.no_grad():
        assert not sequence_loss(model(BATCH), LABELS).requires_grad


def test_a_model_that_was_not_optimised_does_it_all() -> None:
    given = bert()
    wanted = scores(given)
    for again in (copy.deepcopy(given), pickle.loads(pickle.dumps(given)), copy.copy(given)):
        assert scores(again).equal(wanted)
        assert again.task is Task.SEQUENCE_CLASSIFICATION
        assert again.architecture is given.architecture
    assert given.load_state_dict(given.state_dict()).missing_keys == []
    assert given.share_memory() is given
    assert scores(given.double().float()).equal(wanted)
    loss = sequence_loss(given.train()(BATCH), LABELS)
    loss.backward()
    assert all(each.grad is not None for each in given.head.parameters())


def test_only_a_model_is_optimised() -> None:
    for given in (PaddedModel(bert()), "torso:sentiment", nn.Linear(2, 2)):
        with pytest.raises(InputTypeError) as caught:
            optimise(given)  # pyright: ignore[reportArgumentType]
        assert caught.value.code == "E_MODEL"


@pytest.mark.parametrize("mode", ["auto", "exact"])
def test_no_mode_may_be_near_enough(mode, monkeypatch) -> None:
    given = bert()
    wanted = scores(given)
    monkeypatch.setattr("torso.engines.calibration.Calibration.fidelity", lambda bench: Cosines(0.5, 0.6))
    with pytest.raises(TorsoError, match=r"keeps a cosine of 0\.500000 to float32; 0\.75 was asked for") as caught:
        optimise(given, mode, fidelity=0.75)
    assert caught.value.code == "E_FIDELITY"
    assert given.optimised is None
    assert scores(given).equal(wanted)


@pytest.mark.parametrize("fidelity", [1.1, -1.5, float("nan")])
def test_a_fidelity_that_is_no_cosine_is_refused(fidelity) -> None:
    given = bert()
    wanted = scores(given)
    with pytest.raises(TorsoError) as caught:
        optimise(given, "auto", fidelity=fidelity)
    assert caught.value.code == "E_ARGUMENT"
    assert given.optimised is None
    assert scores(given).equal(wanted)
