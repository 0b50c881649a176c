"""``torso classify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from torso.cli import options
from torso.cli.console import bar, one_line, print_json, watched
from torso.cli.inputs import texts_of

if TYPE_CHECKING:
    from torso.tasks import Label

HELP = """\
Label texts: the likeliest label of each, with its probability.

One text is shown with every label, several as lines of label, score and text with tabs between.

\b
Examples:
  torso classify "这家店的服务太差了"
  torso classify --file reviews.txt --json > labels.jsonl
  cat reviews.txt | torso classify --model ./my-model"""


@click.command(help=HELP)
@options.texts
@options.model("torso:sentiment")
@options.long
@options.untrained
@options.device
@options.as_json
def classify(
    texts: tuple[str, ...],
    file: str | None,
    model: str,
    long: Literal["error", "truncate"],
    untrained: bool,
    device: str | None,
    as_json: bool,
) -> None:
    """Prints labels."""
    given = texts_of(texts, file)
    alone = isinstance(given, list) and len(given) == 1
    from torso.cli.paired import paired
    from torso.tasks import classify as run

    kept, stream = paired(given)
    found = run(stream, model=model, long=long, untrained=untrained, device=device)
    for label in watched(found, len(texts) or None):
        text = kept.popleft()
        if as_json:
            row = {"text": text, "label": label.label, "score": label.score, "scores": label.scores}
            print_json(row | {"truncated": label.truncated})
        elif alone:
            click.echo(one_line(text, 76))
            click.echo(chart(label))
        else:
            click.echo(f"{label.label}\t{label.score:.4f}\t{one_line(text, 10_000)}")


def chart(label: Label, columns: int = 40) -> str:
    """Every label with its score, as bars: the likeliest first, ten at most."""
    from torso.checkpoint.table import padded, width

    order = sorted(label.scores.items(), key=lambda item: -item[1])[:10]
    wide = max(width(name) for name, _ in order)
    return "\n".join(f"  {padded(name, wide)}  {score:6.4f}  {bar(score, columns)}".rstrip() for name, score in order)
