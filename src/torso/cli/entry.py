"""One call of the command line: its language, its streams, and what becomes of every way it can end."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, cast

import click

from torso.cli.stopping import Signals, no_memory, stoppable, within_memory
from torso.cli.streams import give_up_output, standard_streams
from torso.config.text_table import padded, width
from torso.errors import TorsoError
from torso.io.atomic_write import remove_unfinished
from torso.io.memory_errors import is_out_of_memory
from torso.io.optional_packages import is_pytorch, no_pytorch
from torso.language import say
from torso.terminal import shielded

DONE, FOUND, REFUSED, FAULT, STOPPED, NO_READER = 0, 1, 3, 70, 130, 141


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; see `torso.cli.main`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # PyTorch's import makes half a million objects that stay; the collector would walk through them again and again,
    # for a tenth of a short command's time.
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        with standard_streams(), _shielded_streams(), within_memory(), stoppable() as signals:
            return _ended(given, signals)
    finally:
        gc.set_threshold(*before)


@contextmanager
def _shielded_streams() -> Generator[None]:
    """Escape control characters of what is printed, where a terminal would obey them."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(shielded, streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _ended(given: list[str], signals: Signals) -> int:
    """Return the exit status of a command, with everything that it printed written and nothing of it left behind."""
    try:
        status = _invoke(given)
        # Until here a signal is raised; a command that is past it has ended by itself.
        signals.ending = True
    except KeyboardInterrupt as stop:  # it came while an error was shown
        signals.ending = True
        status = _stopped(stop)
    remove_unfinished()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()
        status = NO_READER
    except TorsoError as error:
        give_up_output()
        if status in (DONE, FOUND):  # otherwise it was said already, or there is worse to say
            _show(error, as_json=False)
            status = REFUSED
    return status if signals.status is None else signals.status


def _invoke(given: list[str]) -> int:
    from torso.cli.group import torso

    options = given[: given.index("--")] if "--" in given else given
    as_json = "--json" in options
    before = os.environ.get("TORSO_LANG")
    try:
        with torso.make_context("torso", given) as context:
            result = torso.invoke(context)
        return result if isinstance(result, int) and not isinstance(result, bool) else DONE
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        return NO_READER
    except TorsoError as error:
        return _refused(error, as_json)
    except click.ClickException as error:
        return _shown(_show_usage, error, as_json, error.exit_code)
    except (KeyboardInterrupt, click.Abort) as stop:
        return _stopped(stop)
    except ModuleNotFoundError as error:
        if is_pytorch(error):
            extra = "train" if given[:1] in (["train"], ["evaluate"]) else "torch"
            return _refused(no_pytorch("torso " + " ".join(given[:1]), extra), as_json)
        _show_fault(error)
        return FAULT
    except Exception as error:
        if is_out_of_memory(error):
            return _refused(no_memory(), as_json)
        _show_fault(error)
        return FAULT
    finally:
        # --lang holds for this call alone: a program may make many.
        if before is None:
            os.environ.pop("TORSO_LANG", None)
        else:
            os.environ["TORSO_LANG"] = before


def _refused(error: TorsoError, as_json: bool) -> int:
    return _shown(_show, error, as_json, REFUSED)


def _shown(show: Callable[[Any, bool], None], error: Exception, as_json: bool, status: int) -> int:
    """Return the status of an error that was shown; on standard error where standard output does not take it."""
    try:
        show(error, as_json)
    except OSError:
        show(error, False)
    return status


def _stopped(stop: BaseException) -> int:
    click.echo(f"\ntorso: {say('stopped.')}", err=True)
    # What was interrupted may have said how to go on.
    for note in cast("list[str]", getattr(stop, "__notes__", [])):
        click.echo(note, err=True)
    return STOPPED


def _show(error: TorsoError, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"error": error.as_dict()}, ensure_ascii=True))
        return
    lines = [(say("where"), error.where), (say("cure"), error.cure), (say("code"), error.code)]
    wide = max(width(name) for name, _ in lines)
    click.echo(f"torso: {error.what}", err=True)
    for name, text in lines:
        if text:
            click.echo(f"  {padded(name, wide)}  {text}", err=True)


def _show_usage(error: click.ClickException, as_json: bool) -> None:
    what = usage_message(error)
    context = error.ctx if isinstance(error, click.UsageError) else None
    helping = f"{context.command_path if context else 'torso'} --help"
    if as_json:
        table = {"code": "E_USAGE", "what": what, "where": "", "cure": helping}
        click.echo(json.dumps({"error": table}, ensure_ascii=True))
        return
    click.echo(f"torso: {what}\n  {say('help')}  {helping}", err=True)


WORDS: Mapping[str, str] = {
    "learning-rate": "rate",
    "lr": "rate",
    "max-steps": "steps",
    "model-name-or-path": "model",
    "num-epochs": "epochs",
    "num-train-epochs": "epochs",
    "output": "out",
    "output-dir": "out",
    "per-device-train-batch-size": "batch",
    "train-file": "data",
    "validation-file": "dev",
}
"""Options of other libraries' scripts for what is called otherwise here."""


def usage_message(error: click.ClickException) -> str:
    """Describe what is wrong with a command line, in the current language; click's own words for what is rare."""
    if isinstance(error, click.NoSuchOption):
        meant = _by_keyword(error) or _by_word(error)
        if meant is not None:
            values = dict(name=error.option_name, nearest=meant)
            return say("There is no option {name}. Did you mean {nearest}?", values)
        return say("There is no option {name}.", dict(name=error.option_name))
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name = error.param.make_metavar(error.ctx or _no_context())
        if isinstance(error.param, click.Option):
            name = f"{error.param.opts[0]} {name}"
        return say("{name} is missing.", dict(name=name))
    return error.format_message()


def _by_keyword(error: click.NoSuchOption) -> str | None:
    """Return the option whose keyword in Python was written for it, such as ``--source`` for ``--from``."""
    keyword = error.option_name.lstrip("-").replace("-", "_")
    parameters = error.ctx.command.params if error.ctx is not None else []
    return next((each.opts[0] for each in parameters if isinstance(each, click.Option) and each.name == keyword), None)


def _by_word(error: click.NoSuchOption) -> str | None:
    """Return the option that was plausibly meant: another library's word for it, or one a few letters away; else None.

    Compared without the dashes, which make any two options alike.
    """
    parameters = error.ctx.command.params if error.ctx is not None else []
    options = {name.lstrip("-"): name for each in parameters for name in (*each.opts, *each.secondary_opts)}
    name = error.option_name.lstrip("-")
    for word in (WORDS.get(name), *get_close_matches(name, options, 1, 0.66)):
        if word in options:
            return options[word]
    return None


def _no_context() -> click.Context:
    return click.Context(click.Command("torso"))


def _show_fault(error: Exception) -> None:
    if os.environ.get("TORSO_DEBUG"):
        import traceback

        traceback.print_exception(error)
    what = say("this is a fault of torso: {kind}: {error}", dict(kind=type(error).__name__, error=error))
    click.echo(f"torso: {what}", err=True)
    cure = "please report it, with what this prints: TORSO_DEBUG=1 torso {arguments}"
    click.echo(f"  {say(cure, dict(arguments=' '.join(sys.argv[1:])))}", err=True)
