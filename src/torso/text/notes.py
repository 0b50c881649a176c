"""Notes on what a tokenizer's files ask for and torso does not follow: never silent, never a warning."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from torso.io.paths import shown
from torso.language import say
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import Settings
from torso.text.tokenizer_switches import Switches, differing

_printed: set[tuple[Path, str]] = set()


class Note(NamedTuple):
    """Setting that is not followed.

    Attributes:
        template: a literal with its translation in ``torso.locale``.
        values: what the template is filled with.
        alters: whether texts have other ids than the files ask for; False where only the form of a batch differs.
    """

    template: str
    values: Mapping[str, object]
    alters: bool = True

    def __str__(self) -> str:
        return say(self.template, self.values)


def print_notes(folder: Path, notes: Sequence[Note]) -> None:
    """Print the notes on differing ids to standard error, each of them once in a process.

    Args:
        folder: the tokenizer's files.
        notes: settings that are not followed.
    """
    for note in notes:
        said = str(note)
        if note.alters and (folder, said) not in _printed:
            _printed.add((folder, said))
            values = dict(folder=shown(folder), note=said)
            print(say("torso: the tokenizer of {folder}: {note}", values), file=sys.stderr)


def notes_on(
    document: Table, settings: Settings, removed: tuple[str, ...], named: Mapping[str, str], switches: Switches
) -> Iterator[Note]:
    """Yield a note for each setting that is not followed.

    Args:
        document: the tokenizer.json that is used.
        settings: the files beside it.
        removed: settings that `torso.text.tokenizer_json_check.check` removed.
        named: special tokens by name.
        switches: those that the class of its family follows.
    """
    if removed:
        yield Note(
            "tokenizer.json fixes {parts}; torso pads and truncates only where a call asks for it.",
            {"parts": ", ".join(removed)},
            alters=False,
        )
    if settings.config.get("never_split"):
        yield Note(
            "tokenizer_config.json has never_split={words}; fast tokenizers have no such list, so it is not followed.",
            {"words": settings.config["never_split"]},
        )
    if settings.config.get("do_basic_tokenize") is False:
        yield Note("tokenizer_config.json has do_basic_tokenize=false; fast tokenizers always split into words.", {})
    if settings.config.get("auto_map"):
        yield Note("tokenizer_config.json names code of its own (auto_map); torso never runs code from a model.", {})
    template = settings.config.get("chat_template")
    one_each = cast(Table, template).values() if isinstance(template, dict) else [template]
    if not all(one is None or isinstance(one, str | list) for one in one_each):
        yield Note(
            "tokenizer_config.json has chat_template={template}, which is not a template: chats do without it.",
            {"template": template},
            alters=False,
        )
    differences = differing(document, settings.config, switches)
    for name, said, done in (*differences, *_around(document, settings.config, named)):
        yield Note(
            "tokenizer_config.json has {name}={said} and tokenizer.json {done}; tokenizer.json is followed.",
            {"name": name, "said": said, "done": done},
        )


def _around(
    document: Table, config: Mapping[str, object], named: Mapping[str, str]
) -> Iterator[tuple[str, bool, bool]]:
    """Yield each of ``add_bos_token`` and ``add_eos_token`` that contradicts the template."""
    frame = document.get("post_processor")
    if not isinstance(frame, dict) or cast(Table, frame).get("type") != "TemplateProcessing":
        return
    single = cast("list[dict[str, Table]]", cast(Table, frame)["single"])
    for name, token, place in (("add_bos_token", "bos_token", 0), ("add_eos_token", "eos_token", -1)):
        said = config.get(name)
        done = bool(single) and single[place].get("SpecialToken", {}).get("id") == named.get(token)
        if isinstance(said, bool) and token in named and said != done:
            yield name, said, done
