"""Outputs: one typed object, three ways to a field, tensors when unpacked, and the reason when a field is not there."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import torso
from torso.compat.padded_model import PaddedModel
from torso.errors import InputError, NotAvailableError, TorsoError

IDS = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
SMALL = dict(
    vocab_size=9,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=8,
    max_position_embeddings=8,
)
TASKS = {
    torso.Task.FEATURES: ("last_hidden_state", "pooler_output"),
    torso.Task.SEQUENCE_CLASSIFICATION: ("logits",),
    torso.Task.TOKEN_CLASSIFICATION: ("logits",),
    torso.Task.QUESTION_ANSWERING: ("start_logits", "end_logits"),
    torso.Task.MULTIPLE_CHOICE: ("logits",),
    torso.Task.NEXT_SENTENCE: ("logits",),
    torso.Task.MASKED_LM: ("logits",),
}


def built(task=torso.Task.SEQUENCE_CLASSIFICATION, **values) -> PaddedModel:
    return PaddedModel(torso.new_model(torso.BertConfig(**{**SMALL, "num_labels": 3, **values}), task, seed=0).eval())


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_three_ways_to_a_field(task) -> None:
    out = built(task)(IDS, MASK, output_hidden_states=True, output_attentions=True)
    names = (*TASKS[task], "hidden_states", "attentions")
    assert tuple(out.keys()) == names
    for number, name in enumerate(names):
        assert getattr(out, name) is out[name]
        assert out[number] is out[name]
        assert name in out
    assert out[-1] is out.attentions
    assert out[:2] == out.to_tuple()[:2]
    assert len(out) == len(names)
    assert dict(out.items()) == {**out} == dict(zip(out.keys(), out.values(), strict=True))


def test_unpacking_gives_tensors() -> None:
    hidden, pooled = built(torso.Task.FEATURES)(IDS, MASK)
    assert (hidden.shape, pooled.shape) == ((2, 4, 8), (2, 8))
    loss, logits = built()(IDS, MASK, labels=torch.tensor([0, 1]))
    assert (loss.shape, logits.shape) == ((), (2, 3))

    def takes(**fields: torch.Tensor) -> set[str]:
        return set(fields)

    assert takes(**built()(IDS, MASK)) == {"logits"}


@pytest.mark.parametrize(
    ("field", "ask"),
    [
        ("hidden_states", "output_hidden_states=True"),
        ("attentions", "output_attentions=True"),
    ],
)
def test_a_field_not_asked_for_says_how_to_ask(field, ask) -> None:
    out = built()(IDS, MASK)
    assert not hasattr(out, field)
    assert field not in out
    for way in (lambda: getattr(out, field), lambda: out[field]):
        with pytest.raises(NotAvailableError) as caught:
            way()
        assert caught.value.code == "E_NOT_ASKED"
        assert f"model(..., {ask})" in str(caught.value)
    with pytest.raises(KeyError):
        out[field]
    assert getattr(out, field, None) is None


def test_the_loss_without_labels_is_none() -> None:
    """As in every training loop written for transformers: ``if out.loss is not None``."""
    for out in (built()(IDS, MASK), built(torso.Task.QUESTION_ANSWERING)(IDS, MASK)):
        assert out.loss is None
        assert out["loss"] is None
        assert "loss" not in out
        assert "loss" not in dict(**out)


def test_a_field_that_no_output_has_is_refused_with_those_there() -> None:
    out = built()(IDS, MASK)
    with pytest.raises(InputError, match="It has: logits") as caught:
        out["pooled"]
    assert caught.value.code == "E_FIELD"
    with pytest.raises(AttributeError):
        _ = out.pooled
    with pytest.raises(IndexError):
        out[1]


def test_repr_is_short_and_says_what_is_untrained() -> None:
    out = built(torso.Task.TOKEN_CLASSIFICATION)(
        IDS, MASK, labels=torch.where(MASK == 1, 1, -100), output_attentions=True
    )
    assert repr(out) == (
        f"LogitsOutput(\n  loss: [] float32 = {out.loss.item():.6f}\n  logits: [2, 4, 3] float32\n"
        "  attentions: 2 x [2, 2, 4, 4] float32\n"
        "  head_trained: False  (these scores mean nothing until the head is trained)\n)"
    )
    assert "head_trained" not in repr(built(torso.Task.FEATURES)(IDS, MASK))


def test_outputs_can_be_copied_and_sent() -> None:
    with torch.no_grad():
        out = built()(IDS, MASK)
    for again in (copy.copy(out), copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        assert again.logits.equal(out.logits)
        assert again.head_trained is False


def test_the_call_decides_over_the_config() -> None:
    model = built(output_hidden_states=True, output_attentions=True)
    assert list(model(IDS).keys()) == ["logits", "hidden_states", "attentions"]
    assert list(model(IDS, output_hidden_states=False, output_attentions=False).keys()) == ["logits"]
    model.packed.set({"output_hidden_states": False})
    assert list(model(IDS).keys()) == ["logits", "attentions"]


def test_return_dict() -> None:
    model = built()
    assert model(IDS, return_dict=True).logits.equal(model(IDS).logits)
    with pytest.raises(InputError, match="unpack like tuples") as caught:
        model(IDS, return_dict=False)
    assert caught.value.code == "E_RETURN_DICT"


def test_what_a_model_says_of_itself() -> None:
    model = built()
    assert model.num_parameters() == sum(each.numel() for each in model.parameters())
    assert (model.device, model.dtype) == (torch.device("cpu"), torch.float32)
    assert model.half().dtype == torch.float16
    assert model.config.num_labels == 3


WRONG = {
    "fractions": (dict(input_ids=IDS.float()), "E_IDS"),
    "one-text-bare": (dict(input_ids=IDS[0]), "E_IDS"),
    "three-dimensions": (dict(input_ids=IDS[None]), "E_IDS"),
    "id-too-large": (dict(input_ids=IDS + 5), "E_IDS"),
    "id-negative": (dict(input_ids=IDS - 3), "E_IDS"),
    "mask-of-another-shape": (dict(input_ids=IDS, attention_mask=MASK[:, :3]), "E_MASK"),
    "mask-of-one-text": (dict(input_ids=IDS, attention_mask=MASK[:1]), "E_MASK"),
    "mask-of-four-dimensions": (dict(input_ids=IDS, attention_mask=MASK[:, None, None]), "E_MASK"),
    "segments-of-another-shape": (dict(input_ids=IDS, token_type_ids=MASK[:1]), "E_MASK"),
    "segment-too-large": (dict(input_ids=IDS, token_type_ids=MASK + 1), "E_IDS"),
    "position-too-large": (dict(input_ids=IDS, position_ids=torch.arange(4)[None] + 5), "E_IDS"),
    "no-token": (dict(input_ids=IDS, attention_mask=torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0]])), "E_EMPTY_TEXT"),
    "no-columns": (dict(input_ids=IDS[:, :0]), "E_EMPTY_TEXT"),
    "too-long": (dict(input_ids=torch.ones(2, 9, dtype=torch.int64)), "E_TOO_LONG"),
    "too-long-by-a-hole": (
        dict(
            input_ids=torch.ones(1, 12, dtype=torch.int64), attention_mask=torch.tensor([[1] * 3 + [0] * 7 + [1] * 2])
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_inputs_that_do_not_fit_are_refused(name) -> None:
    given, code = WRONG[name]
    if code is None:
        # Positions count from the first token and over the hole: the last ones lie behind the table.
        with pytest.raises(TorsoError):
            built()(**given)
        return
    with pytest.raises(TorsoError) as caught:
        built()(**given)
    assert caught.value.code == code


def test_the_text_that_is_too_long_is_named_and_nothing_runs() -> None:
    model = built()
    model.packed.trunk.forward = None  # whoever calls it fails otherwise
    ids, mask = torch.ones(3, 9, dtype=torch.int64), torch.ones(3, 9, dtype=torch.int64)
    mask[0, 5:] = mask[2, 5:] = 0
    with pytest.raises(TorsoError, match=r"Text 1 is 9 tokens; this model takes 8\. Nothing was run"):
        model(ids, mask)


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        (torso.Task.TOKEN_CLASSIFICATION, torch.zeros(2, 4, dtype=torch.int64)),  # a label counts at a place of padding
        (torso.Task.TOKEN_CLASSIFICATION, torch.tensor([[0, 1, 2, 3], [0, 1, 2, -100]])),
        (torso.Task.TOKEN_CLASSIFICATION, torch.tensor([[0, 1, 2, -1], [0, 1, 2, -100]])),
        (torso.Task.TOKEN_CLASSIFICATION, torch.zeros(2, 3, dtype=torch.int64)),
        (torso.Task.TOKEN_CLASSIFICATION, torch.zeros(8, dtype=torch.int64)),
        (torso.Task.MASKED_LM, torch.full((2, 4), 5)),
        (torso.Task.MASKED_LM, torch.tensor([[0, 1, 2, 9], [0, 1, 2, -100]])),
        (torso.Task.SEQUENCE_CLASSIFICATION, torch.tensor([0, 3])),
        (torso.Task.SEQUENCE_CLASSIFICATION, torch.tensor([0, -1])),
        (torso.Task.SEQUENCE_CLASSIFICATION, torch.tensor([0, 1, 2])),
        (torso.Task.SEQUENCE_CLASSIFICATION, torch.rand(2)),
        (torso.Task.SEQUENCE_CLASSIFICATION, torch.rand(2, 4)),
        (torso.Task.NEXT_SENTENCE, torch.tensor([0, 2])),
        (torso.Task.MULTIPLE_CHOICE, torch.tensor([2])),
        (torso.Task.MULTIPLE_CHOICE, torch.tensor([0, 1])),
    ],
)
def test_labels_that_do_not_fit_are_refused(task, labels) -> None:
    model = built(task)
    ids, mask = (IDS[None], MASK[None]) if task is torso.Task.MULTIPLE_CHOICE else (IDS, MASK)
    with pytest.raises(TorsoError) as caught:
        model(ids, mask, labels=labels)
    assert caught.value.code == "E_LABELS"


def test_a_regression_s_labels_have_its_shape() -> None:
    model = built(num_labels=1)
    for right in (torch.rand(2), torch.rand(2, 1), torch.tensor([0, 1])):
        assert model(IDS, MASK, labels=right).loss.isfinite()
    for wrong in (torch.rand(3), torch.rand(2, 2)):
        with pytest.raises(TorsoError) as caught:
            model(IDS, MASK, labels=wrong)
        assert caught.value.code == "E_LABELS"
    many = built(num_labels=3, problem_type="regression")
    with pytest.raises(TorsoError):
        many(IDS, MASK, labels=torch.rand(2))


def test_a_mask_may_be_of_any_kind_of_number() -> None:
    model = built(torso.Task.FEATURES)
    wanted = model(IDS, MASK).last_hidden_state
    for kind in (torch.bool, torch.float32, torch.int32, torch.uint8):
        assert model(IDS, MASK.to(kind)).last_hidden_state.equal(wanted)
    assert model(IDS.int(), MASK).last_hidden_state.equal(wanted)


def test_a_model_can_be_moved_and_cast_and_its_outputs_follow() -> None:
    model = built(torso.Task.FEATURES).to(torch.bfloat16)
    out = model(IDS, MASK, output_attentions=True)
    assert {out.last_hidden_state.dtype, out.pooler_output.dtype, out.attentions[0].dtype} == {torch.bfloat16}


@pytest.mark.parametrize("kind", ["BertForMaskedLM", "DistilBertModel"])
def test_the_place_of_a_pooled_output_that_there_is_not(tmp_path, kind: str) -> None:
    import transformers

    import torso
    from torso.errors import NotAvailableError

    config_class = transformers.DistilBertConfig if kind.startswith("Distil") else transformers.BertConfig
    sizes = (
        dict(dim=16, n_layers=1, n_heads=2, hidden_dim=16)
        if kind.startswith("Distil")
        else dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    )
    getattr(transformers, kind)(config_class(vocab_size=30, max_position_embeddings=16, **sizes)).save_pretrained(
        tmp_path
    )
    model = torso.AutoModel.from_pretrained(tmp_path)
    out = model(torch.tensor([[1, 2, 3]]))
    assert out[0].shape == (1, 3, 16)
    for place in (1, 2):
        with pytest.raises((NotAvailableError, IndexError)) as caught:
            out[place]
        if kind == "BertForMaskedLM":
            assert caught.value.code == "E_NO_POOLER"
    # What is there moves up to its place, as in the ecosystem.
    states = model(torch.tensor([[1, 2, 3]]), output_hidden_states=True)
    assert states[1] is states.hidden_states
    assert len(tuple(out)) == 1


@pytest.mark.parametrize("task", ["SequenceClassification", "TokenClassification", "MaskedLM", "MultipleChoice"])
def test_losses_of_parts_add_up_to_that_of_the_whole(task) -> None:
    """num_items_in_batch: a step cut into batches has the loss and the gradient of one batch."""
    torch.manual_seed(0)
    config = torso.BertConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=3
    )
    model = getattr(torso, f"BertFor{task}")(config).eval()
    ids = torch.randint(5, 20, (4, 2, 6) if task == "MultipleChoice" else (4, 6))
    if task == "SequenceClassification":
        labels = torch.tensor([0, 2, 1, 1])
    elif task == "MultipleChoice":
        labels = torch.tensor([0, 1, 1, 0])
    else:
        labels = torch.randint(0, 3, (4, 6))
        labels[0, 2:] = -100
        labels[3] = -100  # a part of no label at all
    whole = model(input_ids=ids, labels=labels).loss
    whole.backward()
    wanted = torch.cat([each.grad.flatten() for each in model.parameters() if each.grad is not None])
    model.zero_grad()
    items = (labels != -100).sum()
    parts = [model(input_ids=ids[a:b], labels=labels[a:b], num_items_in_batch=items).loss for a, b in ((0, 3), (3, 4))]
    sum(parts).backward()
    found = torch.cat([each.grad.flatten() for each in model.parameters() if each.grad is not None])
    torch.testing.assert_close(sum(parts), whole)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)
