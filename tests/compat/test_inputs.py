"""Tensors of a call: as the reference reads them, of any width, and refused with the cure where they cannot be read."""

from __future__ import annotations

import pytest
import torch

import torso
from lazy import LazyModule
from torso.compat.padded_model import PaddedModel
from torso.errors import InputTypeError, TorsoError

transformers = LazyModule("transformers")

IDS = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 1]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
SMALL = dict(
    vocab_size=16,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=8,
    max_position_embeddings=14,
    num_labels=3,
)
GPT = dict(vocab_size=16, n_embd=8, n_layer=2, n_head=2, n_positions=14)
T5 = dict(vocab_size=16, d_model=8, d_kv=4, d_ff=8, num_layers=2, num_heads=2, decoder_start_token_id=0)


def both(family: str, folder, **values):
    """The same random features model in both libraries."""
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(family, **values, initializer_range=0.3, initializer_factor=1.0)
    model = transformers.AutoModel.from_config(config).eval()
    with torch.no_grad():
        for each in model.parameters():
            each.add_(torch.randn_like(each) * 0.1)
    model.save_pretrained(folder)
    return model, torso.AutoModel.from_pretrained(folder)


def built(task=torso.Task.SEQUENCE_CLASSIFICATION) -> PaddedModel:
    return PaddedModel(torso.new_model(torso.BertConfig(**SMALL), task, seed=0).eval())


def close(ours, theirs, here=None) -> None:
    ours, theirs = (each if here is None else each[here] for each in (ours, theirs))
    assert torch.allclose(ours, theirs, atol=1e-5, rtol=0), (ours - theirs).abs().max()


UNPADDED = ("roberta", "xlm-roberta", "camembert", "mpnet")


@pytest.mark.parametrize("family", UNPADDED)
def test_positions_count_no_padding_token(family, tmp_path) -> None:
    theirs, ours = both(family, tmp_path, **SMALL, pad_token_id=1)
    rows = [[2, 5, 1, 6, 3, 1, 1], [1, 2, 1, 1, 5, 6, 3], [1, 1, 2, 7, 8, 9, 3]]
    ids = torch.tensor(rows)
    masks = (None, torch.ones_like(ids), torch.tensor([[1] * 5 + [0] * 2, [0] + [1] * 6, [0, 0] + [1] * 5]))
    with torch.no_grad():
        for mask in masks:
            here = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
            close(ours(ids, mask).last_hidden_state, theirs(ids, mask).last_hidden_state, here)
        if family != "mpnet":  # its attention also counts distances, which a packed text measures without its holes
            # A mask that hides other tokens than padding changes no position, as in the reference.
            mask = torch.tensor([[1, 0, 1, 1, 1, 0, 0]]).expand_as(ids)
            close(ours(ids, mask).last_hidden_state, theirs(ids, mask).last_hidden_state, mask.bool())
        # The same through packed rows, as every task runs them.
        packed = ours.packed(torso.Batch(ids.flatten(), torso.Layout.of([7, 7, 7])))
        close(packed.hidden.rows, theirs(ids).last_hidden_state.flatten(0, 1))


@pytest.mark.parametrize("family", [*UNPADDED, "bert", "gpt2"])
def test_position_ids_are_those_of_the_reference(family, tmp_path) -> None:
    theirs, ours = both(family, tmp_path, **(GPT if family == "gpt2" else SMALL))
    ids = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 9]])
    for positions in (torch.tensor([[2, 3, 4, 5]]), torch.tensor([[9, 1, 0, 4], [13, 3, 3, 2]])):
        given = positions.expand_as(ids)
        with torch.no_grad():
            close(ours(ids, position_ids=positions).last_hidden_state, theirs(ids, position_ids=given)[0])
    for wrong in (torch.tensor([[14, 0, 0, 0]]), torch.tensor([[-1, 0, 0, 0]]), torch.tensor([[1, 2, 3]]), ids / 2):
        with pytest.raises(TorsoError) as caught:
            ours(ids, position_ids=wrong)
        assert caught.value.code == "E_IDS"


@pytest.mark.parametrize("family", ["gpt2", "openai-gpt"])
def test_segments_of_gpt_are_looked_up_among_its_tokens(family, tmp_path) -> None:
    theirs, ours = both(family, tmp_path, **GPT)
    for segments in (torch.zeros_like(IDS), torch.tensor([[0, 0, 1, 1], [7, 7, 15, 0]])):
        with torch.no_grad():
            wanted = theirs(IDS, token_type_ids=segments)[0]
            close(ours(IDS, token_type_ids=segments).last_hidden_state, wanted)
            assert not torch.allclose(wanted, theirs(IDS)[0], atol=1e-3)
    with pytest.raises(TorsoError, match="table ends at 15"):
        ours(IDS, token_type_ids=MASK + 15)


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("bert", SMALL),
        ("roberta", SMALL),
        ("gpt2", GPT),
        ("gemma", {**SMALL, "head_dim": 4, "num_key_value_heads": 1}),
        ("opt", {**SMALL, "ffn_dim": 8, "word_embed_proj_dim": 4}),
        ("t5", T5),
    ],
)
def test_embeddings_in_place_of_ids(family, values, tmp_path) -> None:
    theirs, ours = both(family, tmp_path, **values)
    ids = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 9]])
    table = theirs.get_input_embeddings()(ids).detach() * 1.5
    more = dict(decoder_input_ids=ids) if family == "t5" else {}
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    mine = table.clone().requires_grad_()
    out = ours(inputs_embeds=mine, attention_mask=mask, **more).last_hidden_state
    here = torch.ones_like(mask, dtype=torch.bool) if more else mask.bool()
    close(out.detach(), theirs(inputs_embeds=table, attention_mask=mask, **more)[0].detach(), here)
    out.sum().backward()
    assert mine.grad is not None
    assert mine.grad[0].abs().sum() > 0
    for wrong in (table[..., :3], table[0], table.long()):
        with pytest.raises(TorsoError) as caught:
            ours(inputs_embeds=wrong, **more)
        assert caught.value.code == "E_IDS"
    with pytest.raises(TorsoError, match="exactly one"):
        ours(ids, inputs_embeds=table, **more)


@pytest.mark.parametrize(
    "mask",
    [
        torch.tensor([[0.0, 0.0, 0.0, -10000.0]] * 2),
        torch.tensor([[1, 1, 1, 2]] * 2),
        torch.tensor([[1, 1, 1, -1]] * 2),
        torch.tensor([[0.5, 1, 1, 1]] * 2),
        torch.tensor([[float("nan"), 1, 1, 1]] * 2),
        torch.tensor([[float("-inf"), 0, 0, 0]] * 2),
        torch.tensor([[255, 1, 1, 1]] * 2, dtype=torch.uint8),
    ],
    ids=str,
)
def test_a_mask_of_anything_but_0_and_1_is_refused(mask) -> None:
    with pytest.raises(TorsoError) as caught:
        built()(IDS, mask)
    assert caught.value.code == "E_MASK"
    assert "must be 1 for a token and 0 for padding" in str(caught.value)


WIDTHS = (torch.int8, torch.int16, torch.int32, torch.uint8, torch.uint16, torch.uint32, torch.uint64)


@pytest.mark.parametrize("width", WIDTHS, ids=str)
def test_whole_numbers_of_any_width_are_read(width) -> None:
    model = built(torso.Task.FEATURES)
    wanted = model(IDS, MASK, torch.zeros_like(IDS), torch.arange(4)[None]).last_hidden_state
    given = (IDS.to(width), MASK.to(width), torch.zeros_like(IDS, dtype=width), torch.arange(4)[None].to(width))
    assert model(*given).last_hidden_state.equal(wanted)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        (IDS.bool(), "E_IDS"),
        (IDS.half(), "E_IDS"),
        (IDS.cfloat(), "E_IDS"),
        (IDS.to(torch.uint8) + 100, "E_IDS"),
        (torch.zeros(0, 4), "E_IDS"),
        (torch.zeros(0, 4, dtype=torch.int64), "E_EMPTY"),
        (torch.zeros(0, 0, dtype=torch.int64), "E_EMPTY"),
    ],
)
def test_what_is_no_id_is_refused(ids, code) -> None:
    with pytest.raises(TorsoError) as caught:
        built()(ids)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        (dict(input_ids=IDS.tolist()), "return_tensors='pt'"),
        (dict(input_ids=tuple(IDS.tolist())), "return_tensors='pt'"),
        (dict(input_ids=IDS.numpy()), "return_tensors='pt'"),
        (dict(input_ids=IDS, attention_mask=MASK.tolist()), "return_tensors='pt'"),
        (dict(input_ids="很好"), "Tokenize it first"),
        (dict(input_ids=["很好", "不好"]), "Tokenize it first"),
        (dict(input_ids={"input_ids": IDS}), "model(**inputs)"),
        (dict(input_ids=IDS, labels=[1, 0]), "labels=torch.tensor(labels)"),
        (dict(input_ids=IDS, labels=1), "labels=torch.tensor(labels)"),
        (dict(input_ids=IDS, position_ids=[0, 1, 2, 3]), "position_ids=torch.tensor(position_ids)"),
        (dict(input_ids=IDS, start_positions=[1, 1]), "start_positions=torch.tensor(start_positions)"),
        (dict(inputs_embeds=[[0.0]]), "inputs_embeds=torch.tensor(inputs_embeds)"),
    ],
)
def test_what_is_no_tensor_is_refused_with_what_to_write(given, cure) -> None:
    with pytest.raises(InputTypeError) as caught:
        built()(**given)
    assert caught.value.code == ("E_LABELS" if {"labels", "start_positions"} & given.keys() else "E_IDS")
    assert cure in caught.value.cure
    assert "\n" not in str(caught.value)
