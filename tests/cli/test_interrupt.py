from __future__ import annotations

import pytest

import torso.hub
from torso.cli import main


def test_a_stop_tells_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A download that was interrupted inside any command keeps what has arrived, and says so."""

    def interrupted(*arguments: object, **options: object) -> None:
        stop = KeyboardInterrupt()
        stop.add_note("what has arrived is kept")
        raise stop

    monkeypatch.setattr(torso.hub, "resolve", interrupted)
    assert main(["config", "hfl/rbt3"]) == 130
    told = capsys.readouterr().err
    assert "stopped" in told
    assert "what has arrived is kept" in told
