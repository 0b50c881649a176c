"""``torso chat``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import click

from torso.cli import generated_output, options
from torso.cli.console import waited
from torso.io.text_file import lines_of
from torso.language import say

HELP = """\
Talk with a model that was made for chats.

With a message, its answer is printed. Without one, each line that is typed or piped in is a message, and the whole \
chat so far is read each time; an empty line or the end of the input ends it. The form of the chat is the one in the \
model's tokenizer files.

\b
Examples:
  torso chat "What is a transformer?" --model Qwen/Qwen3-0.6B
  torso chat --model Qwen/Qwen3-0.6B --system "你是一个翻译。" --max-new-tokens 200
  echo "Hello" | torso chat --model Qwen/Qwen3-0.6B --seed 1 --json"""


@click.command(help=HELP)
@click.argument("message", required=False, metavar="[MESSAGE]")
@options.model(None)
@click.option("--system", metavar="TEXT", help="Instructions to the model before the chat.")
@generated_output.most
@generated_output.drawing
@click.option(
    "--thinking/--no-thinking", "thinking", default=None, help="For models that can think before they answer."
)
@generated_output.mode
@generated_output.common
def chat(
    message: str | None,
    model: str,
    system: str | None,
    max_new_tokens: int | None,
    do_sample: bool | None,
    temperature: float | None,
    top_p: float | None,
    seed: int | None,
    thinking: bool | None,
    mode: str,
    changes: tuple[str, ...],
    untrained: bool,
    device: str | None,
    as_json: bool,
) -> None:
    """Print a model's answers."""
    settings = generated_output.parsed(changes)
    from torso.tasks import chat as answer
    from torso.tasks import chat_stream
    from torso.tasks.text_generator import make_text_generator

    # Loaded once, for all the messages.
    with waited(say("loading")):
        chosen = generated_output.in_mode(model, mode, device)
        ready = make_text_generator(chosen, None, {}, device=device, untrained=untrained).ready
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    asked: dict[str, Any] = dict(
        model=ready,
        max_new_tokens=max_new_tokens,
        do_sample=do_sample,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        settings=settings,
        enable_thinking=thinking,
        untrained=untrained,
    )
    for said in _messages(message):
        messages.append({"role": "user", "content": said})
        if as_json:
            written = answer(messages, **asked)
            generated_output.show([written], [said], as_json)
            text = written.text
        else:
            text = generated_output.show_pieces(chat_stream(messages, **asked), as_json)
        messages.append({"role": "assistant", "content": text})


def _messages(message: str | None) -> Iterator[str]:
    if message is not None:
        yield message
        return
    lines = sys.stdin
    if lines is None:  # pyright: ignore[reportUnnecessaryComparison] - it is None without a console
        return
    if not lines.isatty():  # what is piped in is UTF-8, whatever the locale says
        yield from takewhile(bool, (line.strip() for line in lines_of(lines.buffer, "-")))
        return
    while True:
        click.echo(f"{say('you')}> ", nl=False, err=True)
        line = lines.readline().strip()
        if not line:
            return
        yield line
