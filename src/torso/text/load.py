"""A folder's tokenizer files as one checked tokenizer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.errors import TokenizerError
from torso.files import inside, parse_json, read_bytes, read_text
from torso.paths import shown
from torso.text.convert import VOCABULARY_LIMIT, bert_document, bert_tokens, read_vocabulary
from torso.text.faults import Fault, blaming
from torso.text.guard import FILE_LIMIT, Table, check
from torso.text.models import kind_of, vocabulary_of, vocabulary_size
from torso.text.notes import Note, notes_on
from torso.text.settings import BERT_TOKENS, CONFIG, NAMES, AddedToken, Settings, read_settings
from torso.text.wheel import Wheel

FULL = "tokenizer.json"
WORDS = "vocab.txt"
_OTHER_FORMS = ("spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "vocab.json", "merges.txt")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The classes of transformers that leave segments out although their template may have them.
_WITHOUT_SEGMENTS = ("DistilBertTokenizer", "PreTrainedTokenizer", "TokenizersBackend")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `Tokenizer` is made of.

    Attributes:
        wheel: the tokenizer proper.
        settings: the files beside it.
        named: special tokens by name.
        largest_id: the largest id it can give.
        from_words: whether it came from a vocab.txt.
        notes: what the files ask for that is not followed.
        padding_side: ``left`` or ``right``.
        truncation_side: ``left`` or ``right``.
        with_segments: whether a call gives segments without being asked.
        clean_up: whether decoding takes out spaces before punctuation, beside what the decoder does.
    """

    wheel: Wheel
    settings: Settings
    named: Mapping[str, str]
    largest_id: int
    from_words: bool
    notes: tuple[Note, ...]
    padding_side: str
    truncation_side: str
    with_segments: bool
    clean_up: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """The vocabulary's file: its path, its bytes unless it was converted, and what they say."""

    path: Path
    data: bytes | None
    document: Table
    cleaned: Table
    removed: tuple[str, ...]
    named: Mapping[str, AddedToken]


def load(folder: Path) -> Loaded:
    """The tokenizer in ``folder``: its tokenizer.json, else its vocab.txt.

    Raises:
        TokenizerError: E_TOKENIZER_MISSING without either; E_TOKENIZER for files that make none.
        TorsoError: as `torso.files.read_bytes`, for a file that is empty, too large or no file.
    """
    settings = read_settings(folder)
    if _is_there(folder / FULL):
        source = _read_full(folder, settings)
    elif _is_there(folder / WORDS):
        source = _read_words(folder, settings)
    else:
        raise _missing(folder)
    with blaming(folder / CONFIG):
        clean_up = settings.flag("clean_up_tokenization_spaces", False)
        split = settings.flag("split_special_tokens", False)
        padding_side = settings.side("padding_side", _direction(source.document, "padding"))
        truncation_side = settings.side("truncation_side", _direction(source.document, "truncation"))
    with blaming(source.path):
        complete = _with_added(source.cleaned, settings, source.named)
        data = source.data
        if data is None or complete is not source.document:
            data = json.dumps(complete, ensure_ascii=False).encode()
        wheel = Wheel(data, split_special_tokens=split)
        largest = _largest_id(complete, wheel)
    return Loaded(
        wheel,
        settings,
        {name: token.content for name, token in source.named.items()},
        largest,
        source.data is None,
        notes_on(source.document, settings, source.removed),
        padding_side,
        truncation_side,
        _gives_segments(source.document, settings),
        clean_up and kind_of(cast(Table, source.document["model"])) != "BPE",  # where transformers ignores it too
    )


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _read_full(folder: Path, settings: Settings) -> _Source:
    path = inside(folder, FULL)
    data = read_bytes(path, limit=FILE_LIMIT).removeprefix(_BYTE_ORDER_MARK)
    with blaming(path):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Fault("it is not UTF-8 text from byte {offset} on", offset=error.start) from None
        document = parse_json(text, path=path, code="E_TOKENIZER")
        cleaned, removed = check(document)
        named = _named(cast(Table, document), settings)
    return _Source(path, data, cast(Table, document), cleaned, removed, named)


def _read_words(folder: Path, settings: Settings) -> _Source:
    path = inside(folder, WORDS)
    vocabulary = read_vocabulary(read_text(path, limit=VOCABULARY_LIMIT, code="E_TOKENIZER"))
    with blaming(path):
        named = bert_tokens(settings, vocabulary)
        document, removed = check(bert_document(vocabulary, settings, named))
    return _Source(path, None, document, document, removed, named)


def _missing(folder: Path) -> TokenizerError:
    there = [name for name in _OTHER_FORMS if _is_there(folder / name)]
    if there:
        return TokenizerError(
            "E_TOKENIZER_MISSING",
            "{folder} has {there}, which torso does not convert, and no tokenizer.json or vocab.txt.",
            cure="Download tokenizer.json and tokenizer_config.json of the same model into {folder}.",
            values=dict(folder=shown(folder), there=", ".join(there)),
        )
    return TokenizerError(
        "E_TOKENIZER_MISSING",
        "{folder} has no tokenizer: neither tokenizer.json nor vocab.txt.",
        cure="Download tokenizer.json (or vocab.txt) and tokenizer_config.json of the same model into {folder}.",
        values=dict(folder=shown(folder)),
    )


def _named(document: Table, settings: Settings) -> dict[str, AddedToken]:
    """Special tokens by name: those the files name, then BERT's and the padding's where the file has such a token."""
    model = cast(Table, document["model"])
    vocabulary: Mapping[str, int] = vocabulary_of(model) if kind_of(model) == "WordPiece" else {}
    have = {cast(str, token["content"]) for token in _added(document)}
    named = dict(settings.named)
    for name, content in BERT_TOKENS.items():
        if name not in named and content in vocabulary:
            named[name] = AddedToken(content)
    padding = cast(Table, document.get("padding") or {}).get("pad_token")
    if "pad_token" not in named and isinstance(padding, str) and (padding in have or padding in vocabulary):
        named["pad_token"] = AddedToken(padding)
    order = {name: place for place, name in enumerate(NAMES)}
    return dict(sorted(named.items(), key=lambda item: order.get(item[0], len(order))))


def _added(document: Table) -> list[Table]:
    return cast("list[Table]", document.get("added_tokens", []))


def _with_added(document: Table, settings: Settings, named: Mapping[str, AddedToken]) -> Table:
    """``document`` with the tokens that only the files beside it add; itself where there are none."""
    have = {token["content"] for token in _added(document)}
    given = {token.content: number for number, token in settings.added.items()}
    wanted = {token.content: token for token in (*settings.added.values(), *named.values(), *settings.extra)}
    fresh = [token for content, token in wanted.items() if content not in have]
    if not fresh:
        return document
    vocabulary = vocabulary_of(cast(Table, document["model"]))
    numbers = _free_numbers(vocabulary, document)
    entries: list[Table] = []
    for token in fresh:
        number = vocabulary[token.content] if token.content in vocabulary else next(numbers)
        entries.append(token.as_table(given.get(token.content, number)))
    return document | {"added_tokens": [*_added(document), *entries]}


def _free_numbers(vocabulary: Mapping[str, int], document: Table) -> Iterator[int]:
    """The ids that the wheel will give to new tokens, one after another."""
    number = len(vocabulary) + sum(token["content"] not in vocabulary for token in _added(document))
    while True:
        yield number
        number += 1


def _largest_id(document: Table, wheel: Wheel) -> int:
    """The largest id, once every added token has come out with the id its file gives it, and shares it with none."""
    model, added = cast(Table, document["model"]), _added(document)
    largest = vocabulary_size(model) - 1
    vocabulary = vocabulary_of(model) if added else {}
    taken = frozenset(vocabulary.values()) if any(token["content"] not in vocabulary for token in added) else ()
    for token in added:
        content, number = cast(str, token["content"]), cast(int, token["id"])
        real = wheel.engine.token_to_id(content)
        if real != number or (content not in vocabulary and number in taken):
            raise Fault(
                "its added token {content} has the id {number}, and would come out as {real}",
                content=content,
                number=number,
                real=real,
            )
        largest = max(largest, number)
    return largest


def _direction(document: Table, part: str) -> str:
    table = document.get(part)
    direction = cast(Table, table).get("direction") if isinstance(table, dict) else None
    return "left" if direction == "Left" else "right"


def _gives_segments(document: Table, settings: Settings) -> bool:
    """Whether calls give token types unasked, as transformers decides by class, and torso by what the file does."""
    names = settings.config.get("model_input_names")
    if isinstance(names, list):
        return "token_type_ids" in names
    if settings.tokenizer_class in _WITHOUT_SEGMENTS:
        return False
    written = json.dumps(document.get("post_processor"))
    return '"type_id": 1' in written or '"BertProcessing"' in written
