"""``torso models`` tells what the registry holds."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import pytest

from torso.architecture import architectures, find
from torso.config.fields import field_info
from torso.hub import resolve
from torso.weights.weights import open_weights

from .conftest import Result


def test_every_family_is_listed_with_its_heads(call: Callable[..., Result]) -> None:
    rows = {row["family"]: row for row in call("models", "--json").rows[0]}
    table = call("models").out
    for architecture in architectures():
        row = rows[architecture.family]
        assert row["model_types"] == list(architecture.model_types)
        assert row["tasks"] == [task.name for task in architecture.tasks]
        assert architecture.family in table


def test_what_a_family_refuses_is_told_by_name(call: Callable[..., Result]) -> None:
    told = call("models", "bert").out
    refused = [each.name for each in find("bert").config.declared() if field_info(each).fixed is not None]
    assert 'position_embedding_type: only "absolute" is implemented' in told
    assert refused
    assert call("models", "BERT").out == told


def test_an_unknown_family_names_the_nearest(call: Callable[..., Result]) -> None:
    done = call("models", "berta")
    assert done.status != 0
    assert "Nearest: bert" in done.err


def test_sizes_are_those_of_a_model_of_defaults(call: Callable[..., Result]) -> None:
    """BERT-base has 109,482,240 parameters; each of its products with a weight takes two operations."""
    [bert] = call("models", "bert", "--json").rows[0]
    assert bert["size"]["parameters"] == 109_482_240
    assert bert["size"]["tokens"] == 128
    linear = 12 * (4 * 768 * 768 + 2 * 768 * 3072) * 128 * 2
    attention = 12 * 2 * (128 * 128 * 768) * 2
    assert bert["size"]["flops"] == pytest.approx(linear + attention, rel=1e-4)  # and the pooler's
    assert "109 M, 22" in call("models", "bert").out


def test_config_tells_the_size(call: Callable[..., Result]) -> None:
    done = call("config", "torso:sentiment", "--json").json
    assert done["size"]["task"] == "sequence-classification"
    entries = open_weights(resolve("torso:sentiment").folder).entries
    own = [entry.shape for name, entry in entries.items() if not name.startswith("cls.")]  # that head is not built
    assert done["size"]["parameters"] == sum(map(prod, own))
    shown = call("config", "torso:sentiment", "--tokens", 512)
    assert f"{done['size']['parameters']:,} parameters (sequence-classification); a text of 512 tokens" in shown.out
    longer = call("config", "torso:sentiment", "--tokens", 512, "--json").json["size"]["flops"]
    assert longer > 4 * done["size"]["flops"]
    refused = call("config", "torso:sentiment", "--tokens", 5, "--diff", "torso:tagger")
    assert refused.status == 2
