"""``torso bench``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.cli.encodings import named
from torso.cli.text_inputs import no_effect, texts_of
from torso.errors import InputError
from torso.io.paths import shown
from torso.language import say
from torso.terminal import escaped, obeying

if TYPE_CHECKING:
    from torso.engines.benchmark import Measurement
    from torso.engines.generation_loss import GenerationLoss

HELP = """\
Measure a model on this machine: how fast it is, and how near to float32, as it is loaded and in each mode of \
torso.optimise.

All modes take turns, round by round, so that what else the machine does falls on all alike. The cosine is the \
least of all texts to float32; beside it stands their mean. Without --file the \
texts are random tokens of usual lengths. Of a decoder, also what each mode of torso.compiled_decoder costs: its \
perplexity beside float32, and how often it would write the same token, on the texts of --file or a few of torso's own.

\b
Examples:
  torso bench --model sentence-transformers/all-MiniLM-L6-v2
  torso bench --file texts.txt --rounds 9
  torso bench --mode exact --mode bf16 --json"""


@click.command(help=HELP)
@options.model("torso:sentiment")
@options.file
@click.option(
    "--mode", "modes", multiple=True, metavar="MODE", help="exact, bf16, int8; of a decoder int4; all by default."
)
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, metavar="N", help="Rounds to run.")
@options.one_json
def bench(
    model: str, file: str | None, columns: tuple[str, ...], modes: tuple[str, ...], rounds: int, as_json: bool
) -> None:
    """Measure a model."""
    from torso.engines.benchmark import AS_LOADED, EVERY, measure
    from torso.engines.generation_loss import SAMPLE, generates, measure_generation
    from torso.hub import resolve
    from torso.kernels.causal_decoder import KINDS
    from torso.loading.load import load_tokenizer

    unknown = [mode for mode in modes if mode not in (*EVERY[1:], *KINDS)]
    if unknown:
        raise InputError(
            "E_MODE",
            "There is no mode {mode!r}.",
            cure="Use exact, bf16, int8 or int4.",
            values=dict(mode=unknown[0]),
        )
    folder = resolve(model).folder
    decodes = generates(folder)
    asked = [mode for mode in modes if mode not in EVERY]
    if asked and not decodes:
        raise InputError(
            "E_MODE",
            "{model} is no decoder that the kernels write with, so {mode} cannot be measured.",
            cure="Leave --mode {mode} out; exact, bf16 and int8 are measured of any model.",
            values=dict(model=model, mode=asked[0]),
        )
    for option, given in (("--column", columns), ("--encoding", named())):
        if given and file is None:
            raise no_effect(option, "--file")
    ids: list[list[int]] | None = None
    if file is not None:
        tokenizer = load_tokenizer(folder)
        cut, ids = tokenizer.max_tokens is not None, []
        for each in texts_of((), file, columns):
            text, other = cast("tuple[str, str]", each) if isinstance(each, tuple) else (str(each), None)
            ids.append(tokenizer(text, other, truncation=cut).input_ids)
        ids = [each for each in ids if each]  # a tokenizer without special tokens makes nothing of an empty line
        if not ids:
            raise InputError(
                "E_ARGUMENT",
                "{file} holds no text.",
                cure="Name a file with one text per line; without --file random texts are made.",
                values=dict(file=shown(file)),
            )
    reading = [mode for mode in modes if mode in EVERY]
    done = measure(folder, ids, modes=(AS_LOADED, *reading) if modes else EVERY, rounds=rounds, report=_report)
    writing: Sequence[GenerationLoss] = ()
    if decodes:
        tokenizer = load_tokenizer(folder)
        texts = [tokenizer(text).input_ids for text in SAMPLE] if ids is None else ids
        writing = measure_generation(folder, texts, modes or tuple(KINDS), report=_report)
    if as_json:
        print_json(asdict(done) | ({"writing": [asdict(each) for each in writing]} if writing else {}))
    else:
        _show(done)
        _show_writing(writing)


def _report(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{escaped(step)}", nl=False, file=obeying(sys.stderr))


def _show(done: Measurement) -> None:
    from torso.config.text_table import text_table

    headings = ["mode", "tokens/s", "x as loaded", "one text: p50", "p95", "cosine", "mean"]
    rows: list[Sequence[str]] = []
    for row in done.rows:
        if row.refused:
            rows.append([row.mode, "-", "-", "-", "-", "-", row.refused])
            continue
        mean = f"{row.cosine_mean:.6f}"
        if row.kept:
            mean += say("  ({count} layers kept in bf16)", dict(count=row.kept))
        rate, single = f"{row.tokens_per_second:,.0f}", (f"{row.latency:.1f} ms", f"{row.latency_95:.1f} ms")
        rows.append([row.mode, rate, f"{row.times:.2f}", *single, f"{row.cosine:.6f}", mean])
    _report("")
    click.echo(text_table([say(each) for each in headings], rows))
    click.echo()
    values = dict(
        texts=done.texts,
        tokens=f"{done.tokens:,}",
        threads=done.threads,
        parameters=f"{done.parameters / 1e6:.1f}",
        peak="?" if done.peak is None else f"{done.peak / 2**20:.0f}",
    )
    click.echo(
        say("{texts} texts, {tokens} tokens; {threads} threads; {parameters} M parameters; at most {peak} MB", values)
    )
    if done.kernels is not None:
        click.echo(say("run by the compiled kernels ({set})", dict(set=done.kernels)))
    else:
        click.echo(say("run by PyTorch: {reason}", dict(reason=done.without)))


def _show_writing(done: Sequence[GenerationLoss]) -> None:
    from torso.config.text_table import text_table

    if not done:
        return
    headings = ["writing in mode", "MB of weights", "perplexity", "x float32", "same next token"]
    rows = [
        [each.mode, f"{each.megabytes:,.0f}", f"{each.perplexity:.4g}", f"{each.ratio:.4f}", f"{each.agreement:.1%}"]
        for each in done
    ]
    _report("")
    click.echo()
    click.echo(text_table([say(each) for each in headings], rows))
    click.echo(say("{tokens} tokens scored, each behind those before it", dict(tokens=f"{done[0].tokens:,}")))
