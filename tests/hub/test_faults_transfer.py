"""Connections that end, stall, drip, refuse and come back: the bytes are right at the end and few are asked for twice.

Each test names its row of the fault matrix in the design of downloading.
"""

from __future__ import annotations

from email.utils import formatdate
from time import time

import pytest

from .conftest import FOREVER, IMPATIENT, MEBIBYTE, Rig, get, refused
from .faultd import Cut, Drip, First, Refuse, Say, Stall
from .httpd import Answer


@pytest.mark.parametrize("reset", [False, True], ids=["row 1: FIN", "row 2: RST"])
@pytest.mark.parametrize("at", [0, 1, 1_000_001, -1])
def test_cut_resumes_where_it_was(rig: Rig, reset: bool, at: int):
    size = len(rig.weights)
    rig.storage.plan(Cut(at % size, reset=reset))
    rig.assert_whole(get())
    assert rig.storage.plans[0].struck == 1
    assert rig.sent() - size <= MEBIBYTE


@pytest.mark.parametrize("reset", [False, True])
def test_retries_count_from_the_last_progress(rig: Rig, reset: bool):
    """Rows 1 and 2: nine cuts, three retries allowed, each after bytes that were kept."""
    size = len(rig.weights)
    for part in range(1, 10):
        rig.storage.plan(Cut(size * part // 10, reset=reset))
    rig.assert_whole(get())
    assert rig.sent() - size <= MEBIBYTE


def test_cut_in_a_small_file(rig: Rig):
    rig.front.plan(Cut(7), "/vocab.txt", method="GET")
    rig.assert_whole(get())


def test_server_that_never_answers_is_named(rig: Rig):
    rig.front.plan(Refuse(), times=FOREVER)
    with refused("E_CONNECTION_LOST") as caught:
        get()
    assert rig.url.removeprefix("http://") in str(caught.value)


def test_connection_lost_for_good_keeps_what_came(rig: Rig):
    """Rows 1 and 3: the first run ends with an error and the second asks only for the rest."""
    at = 1_500_000
    rig.storage.plan(Cut(at))
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=1)
    with refused("E_CONNECTION_LOST"):
        get()
    kept = sum(part.stat().st_size for part in rig.machine.parts())
    assert kept >= at - MEBIBYTE
    rig.storage.plans.clear()
    rig.assert_whole(get())
    assert rig.sent() - len(rig.weights) <= MEBIBYTE


def test_stall_reconnects(rig: Rig):
    """Row 5."""
    rig.machine.set(**IMPATIENT)
    rig.storage.plan(Stall(1_500_000))
    rig.assert_whole(get())
    assert rig.sent() - len(rig.weights) <= MEBIBYTE


def test_drip_is_given_up(rig: Rig):
    """Row 6: bytes come, fast enough for any timeout and too slow for any use."""
    rig.machine.set(**IMPATIENT)
    rig.storage.plan(Drip(1_500_000, every=0.05))  # all of the rest at this rate would take many hours
    rig.assert_whole(get())
    assert rig.sent() - len(rig.weights) <= MEBIBYTE


def test_drip_goes_on_at_the_next_mirror(rig: Rig):
    """Row 6."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}", **IMPATIENT)
    rig.storage.plan(Drip(1_500_000, every=0.05), times=FOREVER)
    rig.assert_whole(get())
    assert mirror.sent("/model.safetensors") <= len(rig.weights) - 1_500_000 + MEBIBYTE


def test_retry_after_is_obeyed(rig: Rig):
    """Row 7."""
    rig.machine.set(TORSO_LONGEST_WAIT="5")
    rig.front.plan(Say(Answer(429, [("Retry-After", "1")])), "/api/models/")
    rig.assert_whole(get())
    first, second = rig.front.requests("/api/models/")[:2]
    assert second.moment - first.moment >= 1


A_DAY_ON = pytest.param(formatdate(time() + 86400, usegmt=True), id="a date")


@pytest.mark.parametrize("wait", ["86400", A_DAY_ON, "1e9", "-1", "soon"])
@pytest.mark.parametrize("path", ["/api/models/", "/model.safetensors"])
def test_retry_after_of_a_day_is_not_slept(rig: Rig, path: str, wait: str):
    """Row 8: one source only; a client that slept a day would never end."""
    rig.front.plan(Say(Answer(429, [("Retry-After", wait)])), path, times=FOREVER)
    with refused("E_RATE_LIMIT"):
        get()


def test_rate_limit_goes_on_at_the_next_mirror(rig: Rig):
    """Row 8."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}")
    rig.front.plan(Say(Answer(429, [("Retry-After", "86400")])), times=FOREVER)
    rig.assert_whole(get())


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("headers", [[], [("Retry-After", "0")]])
def test_server_errors_pass(rig: Rig, status: int, headers: list[tuple[str, str]]):
    """Rows 9 and 10: in the listing, at the redirect, and in the middle of the file."""
    for proxy, path in ((rig.front, "/api/models/"), (rig.front, "/model.safetensors"), (rig.storage, "/repos/")):
        proxy.plan(Say(Answer(status, headers)), path, times=2)
    rig.storage.plan(Cut(1_000_000))
    rig.assert_whole(get())
    assert rig.sent() - len(rig.weights) <= MEBIBYTE


def test_mirror_dead_in_the_middle(rig: Rig):
    """Row 29: the second mirror gives the last 40 % and no more."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}")
    at = len(rig.weights) * 6 // 10
    rig.storage.plan(Cut(at, reset=True))
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=1)
    rig.assert_whole(get())
    assert rig.sent() <= at
    assert mirror.sent("/model.safetensors") <= len(rig.weights) - at + MEBIBYTE


def test_first_endpoint_dead_from_the_start(rig: Rig):
    """Row 29: the mirror's own listing is enough."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}")
    rig.front.plan(Refuse(), times=FOREVER)
    rig.assert_whole(get())


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch):
    """Files of a megabyte count as large, so that they come over several connections at once."""
    monkeypatch.setattr("torso.hub.transfer.download.PARALLEL_FROM", MEBIBYTE)
    monkeypatch.setattr("torso.hub.transfer.download._SEGMENT", 400_000)


def _ranges(rig: Rig) -> set[str]:
    return {exchange.headers.get("range", "") for exchange in rig.storage.log}


@pytest.mark.usefixtures("in_pieces")
def test_large_file_in_pieces(rig: Rig):
    rig.assert_whole(get())
    assert len(_ranges(rig)) == -(-len(rig.weights) // 400_000)
    assert rig.sent() == len(rig.weights)


@pytest.mark.usefixtures("in_pieces")
@pytest.mark.parametrize("reset", [False, True])
def test_pieces_resume_each_for_itself(rig: Rig, reset: bool):
    """Rows 1 and 2."""
    for at in (100_000, 500_000, 1_999_999, 2_000_000, len(rig.weights) - 1):
        rig.storage.plan(Cut(at, reset=reset))
    rig.assert_whole(get())
    assert rig.sent() - len(rig.weights) <= MEBIBYTE


@pytest.mark.usefixtures("in_pieces")
def test_pieces_of_a_server_without_ranges(rig: Rig):
    """Row 13: one connection is then enough, and nothing is spliced."""
    rig.storage.plan(First(lambda exchange: exchange.headers.pop("range", None)), times=FOREVER)
    rig.assert_whole(get())
    assert rig.sent() <= 2 * len(rig.weights)


@pytest.mark.usefixtures("in_pieces")
def test_pieces_go_on_at_the_next_mirror(rig: Rig):
    """Row 29."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}")
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=3)
    rig.assert_whole(get())
    assert mirror.sent("/model.safetensors") + rig.sent() - len(rig.weights) <= MEBIBYTE


@pytest.mark.usefixtures("in_pieces")
def test_pieces_survive_the_end_of_a_run(rig: Rig):
    """Row 3: what several connections had brought is kept, piece by piece."""
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=3)
    with refused("E_CONNECTION_LOST"):
        get()
    rig.storage.plans.clear()
    rig.assert_whole(get())
    assert rig.sent() - len(rig.weights) <= MEBIBYTE
