"""Plots of a run as PNG, by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from torso.io.files import write_atomically
from torso.training.data_files import optional
from torso.training.loop import Row

_MOST_NAMED = 30  # labels that have room for their numbers
_OWN = "DejaVu Sans"  # matplotlib's own font
_FIRST = ("CJK SC", "CJK", "WenQuanYi", "YaHei", "PingFang", "SimHei", "Noto Sans")  # before other fonts that would do


def _figure(width: float, height: float) -> Any:
    # Figures of their own, not pyplot's: the program's own plots and backend stay as they are.
    optional("matplotlib")
    return optional("matplotlib.figure").Figure(figsize=(width, height), dpi=150, layout="constrained")


def fonts_for(texts: Iterable[str]) -> list[str]:
    """Return the fonts of this machine that have the characters of some texts between them, matplotlib's own first.

    They are asked for their characters, not known by name: of a file of several fonts matplotlib names the first alone,
    so that Debian's Noto has Chinese under a Japanese name. Fonts that were installed after matplotlib first looked are
    found as well.
    """
    manager = optional("matplotlib.font_manager")
    fonts = [_OWN]
    missing = {ord(each) for text in texts for each in text if not each.isspace()}
    missing -= _characters(manager.findfont(_OWN))
    if not missing:
        return fonts
    known = {each.fname for each in manager.fontManager.ttflist}
    for path in manager.findSystemFonts():
        if path not in known:
            with suppress(Exception):  # a file that is no font, or one that matplotlib cannot read
                manager.fontManager.addfont(path)
    named = {each.name: each.fname for each in manager.fontManager.ttflist}
    for name, path in sorted(named.items(), key=lambda item: (_rank(item[0]), item)):
        if missing and (found := missing & _characters(path)):
            fonts.append(name)
            missing -= found
    return fonts


def _characters(path: str) -> set[int]:
    try:
        return set(optional("matplotlib.ft2font").FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # a font that is gone, or broken
        return set()


def _rank(name: str) -> int:
    return next((place for place, word in enumerate(_FIRST) if word in name), len(_FIRST))


def _write(figure: Any, path: Path) -> None:
    import logging
    import warnings

    data = io.BytesIO()
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about glyphs that no font of this machine has
        figure.savefig(data, format="png")
    with write_atomically(path) as file:
        file.write(data.getvalue())


def plot_curve(path: Path, history: Sequence[Row], metric: str) -> None:
    """Write the losses of training and development, and the metric, by step."""
    figure = _figure(7, 4)
    left = figure.subplots()
    steps = [row.step for row in history]
    left.plot(steps, [row.loss for row in history], color="#4c72b0", marker="o", markersize=3, label="training loss")
    if all("loss" in row.scores for row in history):
        losses = [row.scores["loss"] for row in history]
        left.plot(steps, losses, color="#dd8452", marker="o", markersize=3, label="development loss")
    left.set_xlabel("step")
    left.set_xlim(0, 1.05 * max(steps, default=1))
    left.xaxis.get_major_locator().set_params(integer=True)
    left.set_ylabel("loss")
    left.grid(alpha=0.3)
    lines = left.get_lines()
    if all(metric in row.scores for row in history):
        right = left.twinx()
        right.plot(steps, [row.scores[metric] for row in history], color="#55a868", marker="s", markersize=3)
        right.lines[0].set_label(metric)
        right.set_ylabel(metric)
        best = max(history, key=lambda row: (row.best, row.step))
        right.axvline(best.step, color="grey", linewidth=0.8, linestyle=":")
        lines = [*lines, *right.get_lines()[:1]]
    figure.legend(handles=lines, loc="outside upper center", ncols=len(lines), frameon=False)
    _write(figure, path)


def plot_confusion(path: Path, table: Sequence[Sequence[int]], labels: Sequence[str]) -> None:
    """Write a confusion matrix: rows are the labels, columns the predictions, shades the share of the row."""
    size = max(3.5, min(14.0, 0.5 * len(labels) + 2))
    figure = _figure(size, size)
    axes = figure.subplots()
    shares = [[each / max(sum(row), 1) for each in row] for row in table]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(labels) <= _MOST_NAMED:
        for i, row in enumerate(table):
            for j, count in enumerate(row):
                axes.text(j, i, count, ha="center", va="center", color="white" if shares[i][j] > 0.5 else "black")
        fonts = fonts_for(labels)
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", fontfamily=fonts)
        axes.set_yticks(range(len(labels)), labels, fontfamily=fonts)
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    _write(figure, path)


def plot_rates(path: Path, rates: Sequence[float], losses: Sequence[float], suggestion: float) -> None:
    """Write the loss by learning rate, and the rate that is suggested."""
    figure = _figure(6, 4)
    axes = figure.subplots()
    axes.plot(rates, losses, color="#4c72b0")
    axes.axvline(suggestion, color="grey", linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    axes.grid(alpha=0.3)
    _write(figure, path)
