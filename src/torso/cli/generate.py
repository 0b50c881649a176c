"""``torso generate``."""

from __future__ import annotations

from typing import Any

import click

from torso.cli import generated_output, options
from torso.cli.text_inputs import texts_of
from torso.language import say

HELP = """\
Write on where texts end.

How a model writes is read from its folder (torso config MODEL shows it); options change it, and an option that would \
change nothing is refused. With --stream the text is shown while it is written.

\b
Examples:
  torso generate "Once upon a time" --model gpt2 --max-new-tokens 40 --stream
  torso generate "从前" --model Qwen/Qwen3-0.6B-Base --sample --temperature 0.8 --seed 1
  torso generate "The capital of France is" --model gpt2 --num-beams 4 --answers 2
  torso generate --file prompts.txt --model gpt2 --stop "." --json
  torso generate "从前" --model Qwen/Qwen3-0.6B-Base --mode int8"""


@click.command(help=HELP)
@options.texts
@options.model(None)
@generated_output.most
@generated_output.drawing
@click.option("--top-k", type=int, metavar="N", help="Draw from the N likeliest tokens; 0 for all.")
@generated_output.beams
@click.option("--answers", type=int, metavar="N", help="Write N texts for each prompt.")
@click.option("--stop", "stops", multiple=True, metavar="TEXT", help="End before TEXT; may be repeated.")
@click.option("--bad-word", "bad_words", multiple=True, metavar="TEXT", help="Never write TEXT; may be repeated.")
@click.option("--stream", is_flag=True, help="Show the text while it is written.")
@generated_output.batch
@generated_output.mode
@generated_output.common
def generate(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    max_new_tokens: int | None,
    do_sample: bool | None,
    temperature: float | None,
    top_p: float | None,
    seed: int | None,
    top_k: int | None,
    num_beams: int | None,
    answers: int | None,
    stops: tuple[str, ...],
    bad_words: tuple[str, ...],
    stream: bool,
    batch: int,
    mode: str,
    changes: tuple[str, ...],
    untrained: bool,
    device: str | None,
    as_json: bool,
) -> None:
    """Print what a model writes."""
    more = dict(num_beams=num_beams, num_return_sequences=answers)
    settings = generated_output.parsed(changes) | {name: value for name, value in more.items() if value is not None}
    shared: dict[str, Any] = dict(
        max_new_tokens=max_new_tokens,
        do_sample=do_sample,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        stop_strings=stops or None,
        bad_words=bad_words or None,
        seed=seed,
        settings=settings,
        untrained=untrained,
        device=device,
    )
    if stream:
        if file is not None:
            raise click.UsageError(say("--stream takes one text, as an argument."), click.get_current_context())
        if texts:
            texts_of(texts, None, columns)
        from torso.tasks import stream as begin

        only = generated_output.only_text(texts)
        pieces = begin(only, model=generated_output.in_mode(model, mode, device), **shared)
        generated_output.show_pieces(pieces, as_json)
        return
    given = texts_of(texts, file, columns)
    from torso.tasks import generate as run

    found = run(given, model=generated_output.in_mode(model, mode, device), **shared, batch=batch)
    generated_output.show(found, texts, as_json)
