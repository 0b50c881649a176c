"""Writing at the border: the ids of transformers' generate, whatever side the padding is on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import torso
from torso.compat.padded_model import PaddedModel
from torso.errors import ConfigError, InputError, TorsoError

from .reference import Reference, config_values
from .test_generation import ENDS, prompts

PAD = 1


def padded(texts: list[Tensor], side: str) -> tuple[Tensor, Tensor]:
    """The texts side by side [N, S], and where they are."""
    wide = max(map(len, texts))
    ids, mask = (torch.full((len(texts), wide), fill) for fill in (PAD, 0))
    for row, text in enumerate(texts):
        here = slice(0, len(text)) if side == "right" else slice(wide - len(text), wide)
        ids[row, here], mask[row, here] = text, 1
    return ids, mask


WAYS: dict[str, dict[str, Any]] = {
    "greedy": dict(max_new_tokens=7, eos_token_id=ENDS, pad_token_id=PAD),
    "default": dict(eos_token_id=ENDS, pad_token_id=PAD),
    "max_length": dict(max_length=19, min_length=17, eos_token_id=ENDS, pad_token_id=PAD),
    "beams": dict(max_new_tokens=7, eos_token_id=ENDS, pad_token_id=PAD, num_beams=3, num_return_sequences=2),
}


def room(model_type: str, config: str) -> dict[str, int]:
    """What gives a family's config positions for all that is written where nobody says how much."""
    names = ("n_positions", "max_position_embeddings")
    return {name: 64 for name in names if config_values(model_type, config).get(name, 64) < 64}


@pytest.mark.configs("plain")
@pytest.mark.labels("next", "targets")
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("way", WAYS)
def test_as_the_reference_pads(model_type, config, case, way, side, reference) -> None:
    """One row at a time of the reference, since not every family of it reads padding as nothing."""
    more = room(model_type, config) if way in ("default", "max_length") else {}
    made: Reference = reference(model_type, config, case, **more)
    model = made.shared
    texts = prompts(made, model.packed)
    ids, mask = padded(texts, side)
    values = WAYS[way]
    rows = model.generate(ids, mask, **values)
    copies = values.get("num_return_sequences", 1)
    begun = 1 if made.two_sided else ids.shape[1]
    assert rows.shape[0] == copies * len(texts)
    if not made.two_sided:
        assert rows[:, :begun].equal(ids.repeat_interleave(copies, 0))
    for row, text in enumerate(texts):
        own = dict(values)
        if not made.two_sided and way == "max_length":
            # The reference counts columns: those of padding, too.
            own |= dict(max_length=19 - begun + len(text), min_length=17 - begun + len(text))
        # Where nobody says how much it writes as many, and warns.
        own |= dict(max_new_tokens=20) if way == "default" else {}
        theirs = made.model.generate(text[None], attention_mask=torch.ones_like(text)[None], use_cache=False, **own)
        theirs = theirs[:, 1 if made.two_sided else len(text) :]
        mine = rows[copies * row : copies * row + copies, begun:]
        both = min(mine.shape[1], theirs.shape[1])
        assert mine[:, :both].equal(theirs[:, :both])
        assert set(mine[:, both:].flatten().tolist()) <= {PAD}


@pytest.fixture
def llama(reference) -> PaddedModel[Any]:
    return reference("llama", "plain", "causal-lm").torso()


def test_padding_is_found_by_its_token(llama) -> None:
    ids, mask = padded([torch.tensor([5, 6, 7]), torch.tensor([9])], "left")
    found = llama.generate(ids, max_new_tokens=5, pad_token_id=PAD)
    assert found.equal(llama.generate(ids, mask, max_new_tokens=5, pad_token_id=PAD))
    ending = llama.generate(ids, max_new_tokens=5, pad_token_id=PAD, eos_token_id=PAD)
    assert ending.equal(llama.generate(ids, torch.ones_like(ids), max_new_tokens=5, pad_token_id=PAD, eos_token_id=PAD))


def test_settings_take_the_place_of_the_checkpoint_s(llama) -> None:
    own = llama.generation_config.replace({"max_new_tokens": 3})
    ids = torch.tensor([[4, 5]])
    assert llama.generate(ids, generation_config=own).shape == (1, 5)
    assert llama.generate(ids, generation_config=own, max_new_tokens=2).shape == (1, 4)
    assert llama.generate(ids).shape == (1, 22)


def test_a_seed_repeats(llama) -> None:
    ids = torch.tensor([[4, 5]])
    values: dict[str, Any] = dict(do_sample=True, max_new_tokens=9, temperature=3.0, eos_token_id=PAD)
    assert llama.generate(ids, seed=1, **values).equal(llama.generate(ids, seed=1, **values))
    assert not llama.generate(ids, seed=1, **values).equal(llama.generate(ids, seed=2, **values))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"temperature": 0.5}, ConfigError),
        ({"num_return_sequences": 2}, ConfigError),
        ({"stop_strings": "x"}, InputError),
        ({"max_length": 2}, ConfigError),
    ],
)
def test_what_cannot_be_is_refused(values, kind, llama) -> None:
    with pytest.raises(kind):
        llama.generate(torch.tensor([[4, 5]]), **values)


def test_wrong_ids_are_told_apart(llama) -> None:
    for ids in (torch.tensor([4]), torch.tensor([[99999]])):
        with pytest.raises(TorsoError):
            llama.generate(ids)


def test_only_a_head_over_the_vocabulary_writes(reference) -> None:
    model = reference("bert", "plain", "masked-lm").torso()
    with pytest.raises(InputError) as caught:
        model.generate(torch.tensor([[4, 5]]))
    assert caught.value.code == "E_TASK"
    assert torso.Task.MASKED_LM.name in str(caught.value)
