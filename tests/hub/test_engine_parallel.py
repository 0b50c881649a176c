"""Several connections for one file: right bytes, nothing asked for twice, one connection where ranges are not given."""

from __future__ import annotations

import pytest

from torso.hub import download_many
from torso.hub.transfer import download

from .conftest import MEBIBYTE, Rig, get, refused
from .faultd import Cut, First, Flip, Refuse, Say
from .httpd import Answer

FOREVER = 10_000


@pytest.fixture
def parallel(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The rig's weights count as a large file, in ten segments."""
    for module in (download, download_many):
        monkeypatch.setattr(module, "PARALLEL_FROM", 1_000_000)
    monkeypatch.setattr(download, "_SEGMENT", 270_000)
    monkeypatch.setattr(download, "_FOLLOW_FROM", 1_000_000)
    return rig


def ranges(rig: Rig) -> list[str]:
    """The ranges of the weights that were asked for."""
    return [exchange.headers.get("range", "") for exchange in rig.storage.requests("/repos/")]


def test_each_segment_is_asked_for_once(parallel: Rig):
    parallel.assert_whole(get())
    assert sorted(ranges(parallel)) == sorted(set(ranges(parallel)))
    assert len(ranges(parallel)) == 10
    assert parallel.sent() == len(parallel.weights)


@pytest.mark.parametrize("reset", [False, True])
def test_cuts_in_many_segments(parallel: Rig, reset: bool):
    for at in range(100_000, len(parallel.weights), 400_000):
        parallel.storage.plan(Cut(at, reset=reset))
    parallel.assert_whole(get())
    assert parallel.sent() - len(parallel.weights) <= MEBIBYTE


def test_server_errors_in_some_segments(parallel: Rig):
    parallel.storage.plan(Say(Answer(503)), "/repos/", times=3, skip=2)
    parallel.assert_whole(get())
    assert parallel.sent() == len(parallel.weights)


def test_ranges_that_are_ignored_from_the_start(parallel: Rig):
    parallel.storage.plan(First(lambda exchange: exchange.headers.pop("range", None)), "/repos/", times=FOREVER)
    parallel.assert_whole(get())
    assert parallel.sent() == len(parallel.weights)


def test_ranges_that_are_ignored_later(parallel: Rig):
    parallel.storage.plan(First(lambda exchange: exchange.headers.pop("range", None)), "/repos/", times=FOREVER, skip=4)
    parallel.assert_whole(get())


def test_wrong_byte_in_a_later_segment(parallel: Rig):
    parallel.storage.plan(Flip(2_000_000), times=FOREVER)
    with refused("E_HASH"):
        get()
    assert parallel.machine.parts() == []


def test_next_run_asks_for_the_missing_segments_only(parallel: Rig):
    parallel.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=4)
    with refused("E_CONNECTION_LOST"):
        get()
    parallel.storage.plans.clear()
    parallel.assert_whole(get())
    assert parallel.sent() - len(parallel.weights) <= MEBIBYTE


def test_next_mirror_brings_the_missing_segments_only(parallel: Rig):
    mirror = parallel.mirror()
    parallel.machine.set(TORSO_ENDPOINTS=f"{parallel.url},{mirror.url}")
    parallel.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=5)
    parallel.assert_whole(get())
    assert parallel.sent() + mirror.sent("/model.safetensors") - len(parallel.weights) <= MEBIBYTE
