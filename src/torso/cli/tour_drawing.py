"""The stages of a tour, drawn for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from torso.cli.console import bar, can_print, one_line
from torso.cli.heat import Ink, picture, shown_tokens
from torso.cli.help import wrap
from torso.cli.tour_stage import Stage
from torso.config.describe import shown
from torso.config.text_table import width
from torso.language import say

_WIDEST = 120  # beyond it lines are hard to follow
_FIRST = 6  # numbers of a row that are shown
_HALF = {"F16": "float16", "BF16": "bfloat16"}
_MANY = 40  # tokens that are listed


class Artist:
    """Draws stages on a console, one after another."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.columns = min(console.width, _WIDEST)
        self.unicode = can_print("─░█→…弱")
        colours = console.color_system in ("256", "truecolor") and not console.no_color
        self.ink = Ink(colours, self.unicode)
        self.number = 0

    def draw(self, stage: Stage) -> None:
        """Draw one stage: its title, what it found, and the Python for it."""
        self.number += 1
        title = say(stage.title)
        line = ("─" if self.unicode else "-") * max(self.columns - width(title) - 5, 2)
        self.console.print()
        self.console.print(Text(f"{self.number}  ", "bold cyan").append(title, "bold").append(f"  {line}", "dim"))
        self.console.print()
        _DRAWN[stage.name](self, stage.data)
        self.console.print()
        for code in stage.code:
            # Not cut to the width: it is there to be copied.
            self.console.print(Text("  >>> ", "dim").append(code, "green"), soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """Print a paragraph."""
        for line in wrap(text, self.columns - 2):
            self.console.print(Text(f"  {line}", style))

    def table(self, rows: Sequence[Sequence[str]], *, headings: Sequence[str] = (), right: Sequence[int] = ()) -> None:
        """Print rows in columns."""
        table = Table(box=None, show_header=bool(headings), header_style="dim", padding=(0, 2, 0, 0))
        for index in range(len(rows[0])):
            heading = say(headings[index]) if headings and headings[index] else ""
            last = index == len(rows[0]) - 1
            table.add_column(
                Text(heading), justify="right" if index in right else "left", no_wrap=not last, overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(Padding(table, (0, 0, 0, 2), expand=False), width=self.columns)

    def source(self, data: dict[str, Any]) -> None:
        """Draw where the files are, and what each is for."""
        origins = {
            "bundled": "It comes with torso.",
            "folder": "It is a folder on this machine.",
            "hub cache": "It is in the Hub's cache on this machine.",
            "modelscope cache": "It is in ModelScope's cache on this machine.",
        }
        place = say(origins.get(data["origin"], "It was downloaded to this machine."))
        revision = f" {say('Revision {revision}.', dict(revision=data['revision'][:12]))}" if data["revision"] else ""
        self.say(f"{data['model']}: {place}{revision}", "bold")
        if data["folder"] != data["model"]:
            self.console.print(Text(f"  {data['folder']}", "dim"), soft_wrap=True)
        self.console.print()
        rows = [[each["name"], size_of(each["size"]), say(each["purpose"])] for each in data["files"]]
        self.table(rows, right=[1])

    def config(self, data: dict[str, Any]) -> None:
        """Draw the parameters that give the model its form."""
        values: dict[str, object] = dict(family=data["family"], weights=f"{data['weights']:,}")
        self.say(say("A {family} model of {weights} weights.", values))
        if data["saved_as"] in _HALF:
            half = dict(saved=_HALF[data["saved_as"]])
            self.say(say("The file keeps them as {saved}; on a CPU they run as float32 unless dtype= says else.", half))
        self.console.print()
        self.table([[each["name"], shown(each["value"]), each["meaning"]] for each in data["parameters"]])
        self.console.print()
        self.say(say("All of them, with defaults and meanings: {command}", dict(command=data["command"])), "dim")

    def tokens(self, data: dict[str, Any]) -> None:
        """Draw every token, with its id and its place in the text."""
        rows = [
            [str(index), one_line(token, 24), str(number), "" if special else f"{start}-{end}", piece]
            for index, (token, number, (start, end), special, piece) in enumerate(
                zip(*(data[name] for name in ("tokens", "ids", "spans", "special", "pieces")), strict=True)
            )
        ]
        self.table(rows[:_MANY], headings=["", "token", "id", "span", "text"], right=[0, 2])
        count = dict(count=len(rows), limit=data["max_tokens"], more=len(rows) - _MANY)
        self.console.print()
        if len(rows) > _MANY:
            self.say(say("... and {more} more.", count), "dim")
        self.say(say("{count} tokens of at most {limit}." if data["max_tokens"] else "{count} tokens.", count), "dim")

    def features(self, data: dict[str, Any]) -> None:
        """Draw shapes, and the first numbers of the last hidden state and the pooled output."""
        values: dict[str, object] = dict(layers=data["layers"], rows=data["shape"][0], width=data["shape"][1])
        self.say(say("Each token has gone through {layers} layers and is a row of {width} numbers.", values))
        self.console.print()
        self.say(say("last hidden state [{rows}, {width}]", values), "bold")
        rows = list(zip(data["tokens"], data["last_hidden_state"], strict=True))
        dots = "…" if self.unicode else "..."
        body = [[one_line(token, 12), *_numbers(row), dots] for token, row in rows[:5]]
        self.table([*body, [dots, *[""] * (_FIRST + 1)]] if len(rows) > 5 else body, right=range(1, _FIRST + 1))
        self.console.print()
        if data["pooled"] is None:
            self.say(say("There is no pooled output: this checkpoint holds no pooler, and none is made up."))
            return
        self.say(say("pooled output [{width}]: one row for the whole text", values), "bold")
        self.table([["", *_numbers(data["pooled"]), dots]], right=range(1, _FIRST + 1))

    def attention(self, data: dict[str, Any]) -> None:
        """Draw attention weights as a picture."""
        values: dict[str, object] = dict(layer=data["layer"] + 1, heads=data["heads"])
        self.say(say("Layer {layer}, the mean of {heads} heads. A row looks at its columns.", values))
        self.say(say("Brighter is more." if self.ink.colours else "Denser is more."), "dim")
        share = dict(share=f"{data['resting_on_special']:.0%}")
        self.say(say("{share} of it rests on special tokens, less than in other layers looked at.", share), "dim")
        count = shown_tokens(len(data["tokens"]), self.columns)
        if count < len(data["tokens"]):
            self.say(say("The first {count} of {all} tokens.", dict(count=count, all=len(data["tokens"]))), "dim")
        self.console.print()
        for line in picture(data["weights"], data["tokens"], self.columns, self.ink):
            self.console.print(Text("  ").append_text(line))

    def head(self, data: dict[str, Any]) -> None:
        """Draw what the model's own head says of the text."""
        if data["task"] is None:
            self.say(say("This checkpoint holds no head for one text. A new one would be random, so none is shown."))
        elif "scores" in data:
            self.bars(list(data["scores"].items()))
        elif "spans" in data:
            self.spans(data)
        elif "vector" in data:
            self.vector(data)
        elif "answers" in data:
            self.say(data["question"], "bold")
            self.bars([(each["text"], each["score"]) for each in data["answers"]])
        else:
            self.say(data["text"])
            self.console.print()
            self.bars([(each["token"], each["score"]) for each in data["proposals"]])

    def vector(self, data: dict[str, Any]) -> None:
        """Draw the first numbers of a vector, and how it was made."""
        values: dict[str, object] = dict(size=len(data["vector"]), pooling=data["pooling"], tokens=data["tokens"])
        about = say("{size} numbers, {pooling} of {tokens} tokens", values)
        self.say(f"{about}, {say('length 1') if data['normalized'] else say('not normalized')}", "bold")
        self.table([["", *_numbers(data["vector"]), "…" if self.unicode else "..."]], right=range(1, _FIRST + 1))

    def bars(self, scores: Sequence[tuple[str, float]]) -> None:
        """Draw scores as bars with their names: the highest first, ten at most."""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for index, (name, score) in enumerate(sorted(scores, key=lambda each: -each[1])[:10]):
            style = "bold" if index == 0 else ""
            drawn = Text(bar(score, self.columns - 40), "cyan" if index == 0 else "dim cyan")
            table.add_row(Text(one_line(name, 24), style), Text(f"{score:.4f}", style), drawn)
        self.console.print(Padding(table, (0, 0, 0, 2), expand=False))

    def spans(self, data: dict[str, Any]) -> None:
        """Print labelled parts in their order: each part in bold, its label after it."""
        line = Text("  ")
        for span in data["spans"]:
            piece = Text(one_line(span["text"]), "bold").append(f"/{span['label']}" if span["label"] else "", "cyan")
            if line.cell_len + piece.cell_len + 2 > self.columns:
                self.console.print(line)
                line = Text("  ")
            line.append_text(piece).append("  ")
        self.console.print(line if data["spans"] else Text(f"  {say('Nothing in this text has a label.')}"))


_DRAWN: dict[str, Callable[[Artist, dict[str, Any]], None]] = {
    "source": Artist.source,
    "config": Artist.config,
    "tokens": Artist.tokens,
    "features": Artist.features,
    "attention": Artist.attention,
    "head": Artist.head,
    "tagger": Artist.spans,
}


def _numbers(row: Sequence[float]) -> list[str]:
    return [f"{number:.4f}" for number in row[:_FIRST]]


def size_of(count: int) -> str:
    """Return a number of bytes, as people say it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
