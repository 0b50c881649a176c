"""Automatic collections while modules are imported."""

from __future__ import annotations

import gc
import threading

import pytest

from torso.io.quiet_imports import quiet_imports


def test_none_runs_inside_and_they_go_on_behind_it() -> None:
    assert gc.isenabled()
    with quiet_imports():
        assert not gc.isenabled()
        with quiet_imports():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_they_go_on_behind_a_fault() -> None:
    with pytest.raises(ZeroDivisionError), quiet_imports():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_what_a_program_switched_off_stays_off() -> None:
    gc.disable()
    try:
        with quiet_imports():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_of_several_threads_switches_them_on() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet_imports():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with quiet_imports():
        thread.start()
        assert entered.wait(10)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()
