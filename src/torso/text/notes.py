"""What a tokenizer's files ask for and torso does not follow: never in silence, and never as a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from torso.language import say
from torso.text.guard import Table
from torso.text.settings import Settings

_SWITCHES = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


class Note(NamedTuple):
    """One thing not followed; the template is a literal with its Chinese form in ``torso.chinese.text``."""

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return say(self.template, self.values)


def notes_on(document: Table, settings: Settings, removed: tuple[str, ...]) -> tuple[Note, ...]:
    """What is not followed.

    Args:
        document: the tokenizer.json as it was found.
        settings: the files beside it.
        removed: what `torso.text.guard.check` took out.
    """
    return tuple(_notes(document, settings, removed))


def _notes(document: Table, settings: Settings, removed: tuple[str, ...]) -> Iterator[Note]:
    if removed:
        yield Note(
            "tokenizer.json fixes {parts}; torso pads and truncates only where a call asks for it.",
            {"parts": ", ".join(removed)},
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
    normalizer = cast(Table, document.get("normalizer") or {})
    if normalizer.get("type") == "BertNormalizer":
        for name, key in _SWITCHES.items():
            said, done = settings.config.get(name), normalizer.get(key)
            if said is not None and said != done and not (done is None and said == normalizer.get("lowercase")):
                yield Note(
                    "tokenizer_config.json has {name}={said} and tokenizer.json {done}; tokenizer.json is followed.",
                    {"name": name, "said": said, "done": done},
                )
