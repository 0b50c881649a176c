"""``torso models`` tells what the registry holds."""

from __future__ import annotations

from collections.abc import Callable

from torso.architecture import architectures, find
from torso.config.fields import field_info

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
