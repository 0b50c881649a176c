"""A folder's tokenizer files as one checked tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from weakref import WeakValueDictionary

from torso.text import store
from torso.text.added import largest_id
from torso.text.chat import read_templates
from torso.text.declared import declared
from torso.text.families import Family, Form, family_of, read_model, table_rows
from torso.text.faults import Fault, blaming
from torso.text.following import Switches
from torso.text.guard import Table
from torso.text.languages import Spoken, frame_in, languages
from torso.text.marian import renumbered
from torso.text.notes import Note, notes_on
from torso.text.settings import CONFIG, Settings, read_settings
from torso.text.sources import Source, find, make, vocabulary_of_pair
from torso.text.store import Ready
from torso.text.wheel import Wheel

# The classes of transformers that leave segments out although their template may have them.
_WITHOUT_SEGMENTS = ("DistilBertTokenizer", "PreTrainedTokenizer", "TokenizersBackend")
# What is loaded now: a wheel is only read, so another load of the same files may share it.
_wheels: WeakValueDictionary[tuple[str, bool], Wheel] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `Tokenizer` is made of.

    Attributes:
        wheel: the tokenizer proper.
        target: the tokenizer of the texts that a model is to write, where that is another; None where it is not.
        spoken: the language of texts and that of texts to be written, where the tokenizer marks them.
        settings: the files beside it.
        ready: its special tokens, and its tokenizer.json without the vocabulary.
        source: the files it came from.
        notes: what the files ask for that is not followed.
        padding_side: ``left`` or ``right``.
        truncation_side: ``left`` or ``right``.
        with_segments: whether a call gives segments without being asked.
        chats: templates of chats by name.
        rows: how many ids the model's table has, by its config.json; 0 where it does not say.
        clean_up: whether decoding takes out spaces before punctuation, beside what the decoder does.
    """

    wheel: Wheel
    target: Wheel | None
    spoken: Spoken | None
    settings: Settings
    ready: Ready
    source: Source
    notes: tuple[Note, ...]
    padding_side: str
    truncation_side: str
    with_segments: bool
    chats: Mapping[str, str]
    rows: int
    clean_up: bool


def load(folder: Path, *, src_lang: str | None = None, tgt_lang: str | None = None) -> Loaded:
    """The tokenizer in ``folder``: its tokenizer.json, else the vocabulary's own files.

    Args:
        folder: the files.
        src_lang: the language of texts, for a tokenizer that marks it, such as ``zh_CN``; None as the files say.
        tgt_lang: the language of the texts that a model is to write; None as the files say.

    Raises:
        InputError: E_LANGUAGE for a language that the tokenizer does not have.
        TokenizerError: E_TOKENIZER_MISSING without either; E_TOKENIZER for files that make none.
        TorsoError: as `torso.files.read_bytes`, for a file that is empty, too large or no file.
    """
    settings = read_settings(folder)
    config = read_model(folder)
    family = family_of(settings, config)
    source = find(folder, family, declared(settings, config))
    with blaming(folder / CONFIG):
        clean_up = settings.flag("clean_up_tokenization_spaces", False)
        split = settings.flag("split_special_tokens", False)
    target = None
    if source.form is Form.PAIR:
        wheel, target, ready = _pair(source, settings, split=split)
    else:
        wheel, ready = _wheel(source, settings, split=split)
    spoken = languages(ready.outline, settings, src_lang, tgt_lang)
    if spoken is not None:
        wheel, target = (wheel.framed(frame_in(ready.outline, each)) for each in spoken)
    with blaming(folder / CONFIG):
        usual = "left" if family is not None and family.left else "right"
        padding_side = settings.side("padding_side", _direction(ready.outline, "padding") or usual)
        truncation_side = settings.side("truncation_side", _direction(ready.outline, "truncation") or "right")
    return Loaded(
        wheel,
        target,
        spoken,
        settings,
        ready,
        source,
        tuple(notes_on(ready.outline, settings, ready.removed, ready.named, _switches(source, ready))),
        padding_side,
        truncation_side,
        _gives_segments(ready.outline, settings, family),
        read_templates(folder, settings),
        table_rows(config),
        clean_up and cast(Table, ready.outline["model"])["type"] != "BPE",  # where transformers ignores it too
    )


def _switches(source: Source, ready: Ready) -> Switches:
    return source.declared.of(ready.outline).switches if source.form is None else {}


def _wheel(source: Source, settings: Settings, *, split: bool) -> tuple[Wheel, Ready]:
    """The wheel of the files, from the cache where it is there."""
    worthwhile = sum(map(len, source.contents)) > store.WORTHWHILE
    how = source.family.convert.__name__ if source.family else ""
    said = [str(source.form), how, source.declared.name, repr(settings)]
    key = store.key_of(said, source.contents) if worthwhile else ""
    kept = store.recall(key) if worthwhile else None
    if kept is not None:
        with suppress(Fault):
            wheel = _wheels.get((key, split)) or Wheel(kept.engine(), split_special_tokens=split)
            _wheels[key, split] = wheel
            return wheel, kept.ready
    made = make(source, settings)
    with blaming(source.paths[0]):
        data = made.data
        if data is None:
            data = json.dumps(made.document, ensure_ascii=False).encode()
        wheel = Wheel.of(data, split_special_tokens=split)
        ready = Ready(
            store.outlined(made.document),
            made.removed,
            {name: token.content for name, token in made.named.items()},
            tuple(token.content for token in made.extra),
            largest_id(made.document, wheel),
        )
    if worthwhile:
        store.remember(key, made.document, ready)
        _wheels[key, split] = wheel
    return wheel, ready


def _pair(source: Source, settings: Settings, *, split: bool) -> tuple[Wheel, Wheel, Ready]:
    """The wheels of Marian's two languages, and what is known of them."""
    numbers = vocabulary_of_pair(source)

    def side(place: int) -> tuple[Wheel, Ready]:
        paths, contents = (source.paths[place], source.paths[-1]), (source.contents[place], source.contents[-1])
        cutter, ready = _wheel(replace(source, paths=paths, contents=contents), settings, split=split)
        with blaming(source.paths[-1]):
            return renumbered(cutter, numbers, ready.named, settings), ready

    (wheel, ready), (target, _) = side(0), side(1)
    return wheel, target, replace(ready, extra=(), largest=max(numbers.values()))


def _direction(document: Table, part: str) -> str | None:
    table = document.get(part)
    if not isinstance(table, dict):
        return None
    return "left" if cast(Table, table).get("direction") == "Left" else "right"


def _gives_segments(document: Table, settings: Settings, family: Family | None) -> bool:
    """Whether calls give token types unasked, as transformers decides by class, and torso by what the file does."""
    names = settings.config.get("model_input_names")
    if isinstance(names, list):
        return "token_type_ids" in names
    if settings.tokenizer_class in _WITHOUT_SEGMENTS:
        return False
    if family is not None and not family.segments:
        return False
    written = json.dumps(document.get("post_processor"))
    return '"type_id": 1' in written or '"BertProcessing"' in written
