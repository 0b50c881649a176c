"""Tokenizer loading: a folder's tokenizer files as one checked tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from weakref import WeakValueDictionary

from torso.text import tokenizer_cache
from torso.text.added import largest_id
from torso.text.backend_tokenizer import BackendTokenizer
from torso.text.chat_template import read_templates
from torso.text.convert_m2m_100 import with_languages
from torso.text.convert_marian import renumbered
from torso.text.faults import Fault, blaming
from torso.text.languages import Spoken, frame_in, languages
from torso.text.notes import Note, notes_on
from torso.text.tokenizer_cache import Ready
from torso.text.tokenizer_class import declared
from torso.text.tokenizer_families import Family, Form, family_of, read_model, table_rows
from torso.text.tokenizer_files import Source, find, make, vocabulary_of_pair
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import CONFIG, AddedToken, Settings, read_settings
from torso.text.tokenizer_switches import Switches

# The classes of transformers that leave segments out although their template may have them.
_WITHOUT_SEGMENTS = ("DistilBertTokenizer", "PreTrainedTokenizer", "TokenizersBackend")
# What is loaded now: a backend is only read, so another load of the same files may share it.
_backends: WeakValueDictionary[tuple[str, bool], BackendTokenizer] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Loaded:
    """Parts of a loaded `Tokenizer`.

    Attributes:
        backend: the tokenizer proper.
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
        added: tokens that were added after loading.
        renamed: names of special tokens that were given after loading, each with its token.
        framed: whether special tokens are put around texts.
    """

    backend: BackendTokenizer
    target: BackendTokenizer | None
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
    added: tuple[AddedToken, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    framed: bool = True

    @property
    def longest(self) -> int | None:
        """The longest text by tokenizer.json, in tokens; None where it does not say."""
        stated = self.ready.outline.get("truncation")
        found = cast(Table, stated).get("max_length") if isinstance(stated, dict) else None
        return found if isinstance(found, int) and found > 0 else None


def load(folder: Path, *, src_lang: str | None = None, tgt_lang: str | None = None) -> Loaded:
    """Load the tokenizer in ``folder``: its tokenizer.json, else the vocabulary's own files.

    Args:
        folder: the files.
        src_lang: the language of texts, for a tokenizer that marks it, such as ``zh_CN``; None as the files say.
        tgt_lang: the language of the texts that a model is to write; None as the files say.

    Raises:
        InputError: E_LANGUAGE for a language that the tokenizer does not have.
        TokenizerError: E_TOKENIZER_MISSING without either; E_TOKENIZER for files that make none.
        TorsoError: as `torso.io.files.read_bytes`, for a file that is empty, too large or no file.
    """
    settings = read_settings(folder)
    config = read_model(folder)
    family = family_of(settings, config)
    source = find(folder, family, declared(settings, config))
    with blaming(folder / CONFIG):
        clean_up = bool(settings.config.get("clean_up_tokenization_spaces"))  # by truth, as in the reference
        split = settings.flag("split_special_tokens", False)
    target = None
    if source.form is Form.PAIR:
        backend, target, ready = _pair(source, settings, split=split)
    elif source.form is Form.NUMBERED:
        backend, ready = _numbered(source, settings, split=split)
    else:
        backend, ready = _backend(source, settings, split=split)
    spoken = languages(ready.outline, settings, src_lang, tgt_lang)
    if spoken is not None:
        backend, target = (backend.framed(frame_in(ready.outline, each)) for each in spoken)
    with blaming(folder / CONFIG):
        usual = "left" if family is not None and family.left else "right"
        padding_side = settings.side("padding_side", _direction(ready.outline, "padding") or usual)
        truncation_side = settings.side("truncation_side", _direction(ready.outline, "truncation") or "right")
    return Loaded(
        backend,
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


def _backend(source: Source, settings: Settings, *, split: bool) -> tuple[BackendTokenizer, Ready]:
    """Return the `tokenizers` object of the files, from the cache if it is there."""
    worthwhile = sum(map(len, source.contents)) > tokenizer_cache.WORTHWHILE
    how = source.family.convert.__name__ if source.family else ""
    said = [str(source.form), how, source.declared.name, repr(settings)]
    key = tokenizer_cache.key_of(said, source.contents) if worthwhile else ""
    kept = tokenizer_cache.recall(key) if worthwhile else None
    if kept is not None:
        with suppress(Fault):
            backend = _backends.get((key, split)) or BackendTokenizer(kept.engine(), split_special_tokens=split)
            _backends[key, split] = backend
            return backend, kept.ready
    made = make(source, settings)
    with blaming(source.paths[0]):
        data = made.data
        if data is None:
            data = json.dumps(made.document, ensure_ascii=False).encode()
        backend = BackendTokenizer.of(data, split_special_tokens=split)
        ready = Ready(
            tokenizer_cache.outlined(made.document),
            made.removed,
            {name: token.content for name, token in made.named.items()},
            tuple(token.content for token in made.extra),
            largest_id(made.document, backend),
        )
    if worthwhile:
        tokenizer_cache.remember(key, made.document, ready)
        _backends[key, split] = backend
    return backend, ready


def _pair(source: Source, settings: Settings, *, split: bool) -> tuple[BackendTokenizer, BackendTokenizer, Ready]:
    """Return the tokenizers of Marian's two languages, and their metadata."""
    numbers = vocabulary_of_pair(source)

    def side(place: int) -> tuple[BackendTokenizer, Ready]:
        paths, contents = (source.paths[place], source.paths[-1]), (source.contents[place], source.contents[-1])
        cutter, ready = _backend(replace(source, paths=paths, contents=contents), settings, split=split)
        with blaming(source.paths[-1]):
            return renumbered(cutter, numbers, ready.named, settings), ready

    (backend, ready), (target, _) = side(0), side(1)
    return backend, target, replace(ready, extra=(), largest=max(numbers.values()))


def _numbered(source: Source, settings: Settings, *, split: bool) -> tuple[BackendTokenizer, Ready]:
    """Return the tokenizer of M2M-100, whose languages have the ids behind those of vocab.json, and its metadata."""
    numbers = vocabulary_of_pair(source)
    cutter, ready = _backend(source, settings, split=split)
    with blaming(source.paths[-1]):
        every = with_languages(numbers, ready.extra)
        added = len(every) - len(numbers)
        named = {**ready.named, **{code: code for code in ready.extra}}
        return renumbered(cutter, every, named, settings, added=added), replace(ready, largest=max(every.values()))


def _direction(document: Table, part: str) -> str | None:
    table = document.get(part)
    if not isinstance(table, dict):
        return None
    return "left" if cast(Table, table).get("direction") == "Left" else "right"


def _gives_segments(document: Table, settings: Settings, family: Family | None) -> bool:
    """Return whether calls include token types by default: by class as in transformers, else by what the file does."""
    names = settings.config.get("model_input_names")
    if isinstance(names, list):
        return "token_type_ids" in names
    if settings.tokenizer_class in _WITHOUT_SEGMENTS:
        return False
    if family is not None and not family.segments:
        return False
    written = json.dumps(document.get("post_processor"))
    return '"type_id": 1' in written or '"BertProcessing"' in written
