"""Plots of a run: labels in any script that a font of the machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from torso.training import plots

pytest.importorskip("matplotlib")


def test_labels_that_matplotlib_s_own_font_has_take_no_other() -> None:
    assert plots.fonts_for(["good", "schlecht für"]) == ["DejaVu Sans"]


def test_a_label_is_drawn_by_a_font_that_has_its_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a first font of few characters, as DejaVu is to Chinese: two labels are two pictures, and no boxes."""
    monkeypatch.setattr(plots, "_OWN", "cmr10")
    assert plots.fonts_for(["жд"])[0] == "cmr10"
    assert len(plots.fonts_for(["жд"])) == 2
    drawn: list[bytes] = []
    for labels in (["жж", "дд"], ["дд", "жж"]):
        plots.plot_confusion(tmp_path / "confusion.png", [[1, 1], [1, 1]], labels)
        drawn.append((tmp_path / "confusion.png").read_bytes())
    assert drawn[0] != drawn[1]
