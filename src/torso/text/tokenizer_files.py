"""Vocabulary files of a folder, read and converted to one checked tokenizer.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.errors import TokenizerError
from torso.io.files import inside, is_there, parse_json, read_bytes
from torso.io.paths import shown
from torso.text.added import added, numbers_of, with_added, with_places, with_special
from torso.text.convert_byte_level import read_merges, read_numbers
from torso.text.convert_seq2seq import marian
from torso.text.convert_wordpiece import read_vocabulary
from torso.text.faults import Fault, blaming
from torso.text.sentencepiece import read_sentencepiece
from torso.text.special_tokens import BERT
from torso.text.tokenizer_class import Declared
from torso.text.tokenizer_families import Family, Form, family_of_merges, family_of_pieces, family_of_words
from torso.text.tokenizer_json import Draft, in_order
from torso.text.tokenizer_json_check import FILE_LIMIT, Table, check
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.tokenizer_switches import follow
from torso.text.vocabulary_models import check_ids, kind_of, vocabulary_of

FULL = "tokenizer.json"
WORDS = "vocab.txt"
NUMBERS, MERGES = "vocab.json", "merges.txt"
PIECES = ("spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model", "sentencepiece.model")
PAIR = ("source.spm", "target.spm")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Source:
    """Files of a vocabulary, read.

    Attributes:
        paths: the files.
        contents: their bytes.
        form: what files they are; None for a tokenizer.json.
        family: what they are made by, where the files beside them say.
        declared: the class that a tokenizer.json is read by.
    """

    paths: tuple[Path, ...]
    contents: tuple[bytes, ...]
    form: Form | None
    family: Family | None
    declared: Declared


@dataclass(frozen=True, slots=True)
class Made:
    """Tokenizer.json that is ready for `tokenizers`.

    Attributes:
        document: what it says, with every added token.
        data: its bytes, where ``document`` is what a file holds.
        removed: what in it is not to be followed.
        named: special tokens by name.
        extra: special tokens without a name.
    """

    document: Table
    data: bytes | None
    removed: tuple[str, ...]
    named: Mapping[str, AddedToken]
    extra: tuple[AddedToken, ...]


def find(folder: Path, family: Family | None, declared: Declared) -> Source:
    """Find the vocabulary of ``folder``: its tokenizer.json, else the files of its family, else those that exist.

    Raises:
        TokenizerError: E_TOKENIZER_MISSING, which lists what to download.
        TorsoError: as `torso.io.files.read_bytes`.
    """
    forms: dict[Form | None, tuple[str, ...]] = {None: (FULL,)}
    if family is not None:
        forms[family.form] = _files(folder, family.form)
    for form in (Form.WORDS, Form.PIECES, Form.MERGES):
        forms.setdefault(form, _files(folder, form))
    if family is not None and family.form is Form.NUMBERED and not forms[Form.NUMBERED]:
        forms.pop(Form.PIECES, None)  # alone it has other ids
    if family is not None and family.form is Form.PAIR:  # its tokenizer.json, where there is one, is of no use
        forms = {Form.PAIR: _files(folder, Form.PAIR)}
    for form, names in forms.items():
        if names and all(_is_there(folder / name) for name in names):
            paths = tuple(inside(folder, name) for name in names)
            contents = tuple(read_bytes(path, limit=FILE_LIMIT).removeprefix(_BYTE_ORDER_MARK) for path in paths)
            return Source(paths, contents, form, family, declared)
    raise _missing(folder, family)


def _files(folder: Path, form: Form) -> tuple[str, ...]:
    if form is Form.PIECES:
        return next(((name,) for name in PIECES if _is_there(folder / name)), ())
    if form is Form.NUMBERED:
        pieces = _files(folder, Form.PIECES)
        return (*pieces, NUMBERS) if pieces and _is_there(folder / NUMBERS) else ()
    return {Form.WORDS: (WORDS,), Form.MERGES: (NUMBERS, MERGES), Form.PAIR: (*PAIR, NUMBERS)}[form]


def _is_there(path: Path) -> bool:
    return is_there(path) or path.is_symlink()


def _missing(folder: Path, family: Family | None) -> TokenizerError:
    known = (WORDS, NUMBERS, MERGES, *PIECES, *PAIR)
    there = [name for name in known if _is_there(folder / name)]
    if there:
        return TokenizerError(
            "E_TOKENIZER_MISSING",
            "{folder} has {there}, which alone make no tokenizer, and no tokenizer.json.",
            cure="Download {wanted} of the same model into {folder}.",
            values=dict(folder=shown(folder), there=", ".join(there), wanted=_wanted(family)),
        )
    return TokenizerError(
        "E_TOKENIZER_MISSING",
        "{folder} has no tokenizer: neither tokenizer.json nor vocab.txt.",
        cure="Download tokenizer.json (or vocab.txt) and tokenizer_config.json of the same model into {folder}.",
        values=dict(folder=shown(folder)),
    )


def _wanted(family: Family | None) -> str:
    return "tokenizer.json, tokenizer_config.json" if family is None else family.form.value


def make(source: Source, settings: Settings) -> Made:
    """Build the tokenizer of the files; its faults name the first of them.

    Raises:
        TokenizerError: E_TOKENIZER for files that make none.
        LimitError, UnsupportedError: as the readers of the files say.
    """
    with blaming(source.paths[0]):
        if source.form is None:
            return _read_full(source, settings)
        draft = _draft(source, settings)
        extra = (*draft.extra, *settings.extra)
        document = with_added(draft.document(), settings, draft.named, extra)
        document["post_processor"] = draft.frame(numbers_of(document))
        document, removed = check(document)
        return Made(with_places(document), None, removed, draft.named, _special(extra))


def _draft(source: Source, settings: Settings) -> Draft:
    family, path = source.family if source.family and source.family.form is source.form else None, source.paths[0]
    match source.form:
        case Form.MERGES:
            numbers = read_numbers(parse_json(_text(source.contents[0]), path=path, code="E_TOKENIZER"))
            with blaming(source.paths[1]):
                merges = read_merges(_text(source.contents[1]))
            chosen = family or family_of_merges(numbers)
            return chosen.convert(numbers, merges, settings)
        case Form.PAIR:
            numbers = vocabulary_of_pair(source)
            return marian(read_sentencepiece(source.contents[0]), numbers, settings)
        case Form.NUMBERED:
            assert family is not None
            return family.convert(read_sentencepiece(source.contents[0]), vocabulary_of_pair(source), settings)
        case Form.PIECES:
            model = read_sentencepiece(source.contents[0])
            chosen = family or family_of_pieces(model, path.name)
            return chosen.convert(model, settings)
        case _:
            chosen = family or family_of_words()
            return chosen.convert(read_vocabulary(_text(source.contents[0])), settings)


def vocabulary_of_pair(source: Source) -> dict[str, int]:
    """Return token to id, of the vocab.json that is last among the files of a pair.

    Raises:
        TokenizerError: E_TOKENIZER for a file that is no vocabulary.
    """
    with blaming(source.paths[-1]):
        numbers = read_numbers(parse_json(_text(source.contents[-1]), path=source.paths[-1], code="E_TOKENIZER"))
        check_ids(numbers)
        return numbers


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault("it is not UTF-8 text from byte {offset} on", offset=error.start) from None


def _special(tokens: Iterable[AddedToken]) -> tuple[AddedToken, ...]:
    return tuple({token.content: token for token in tokens if token.special}.values())


def _read_full(source: Source, settings: Settings) -> Made:
    data = source.contents[0]
    document = cast(Table, parse_json(_text(data), path=source.paths[0], code="E_TOKENIZER"))
    cleaned, removed = check(document)
    declared = source.declared.of(cleaned)
    named = _named(document, settings, declared)
    complete = with_added(follow(cleaned, settings, declared.switches), settings, named, settings.extra)
    if declared.name:
        complete = with_special(complete, {token.content for token in named.values()})
    complete = with_places(complete)
    return Made(complete, data if complete is document else None, removed, named, settings.extra)


def _named(document: Table, settings: Settings, declared: Declared) -> dict[str, AddedToken]:
    """Return special tokens by name: the files', then those of the class, BERT's and the padding's, if they exist.

    A token of a class that the file does not have is left out: its id would be beyond the embedding table of the model.
    """
    model = cast(Table, document["model"])
    have = {cast(str, token["content"]) for token in added(document)}
    named = dict(settings.named)
    usual = declared.usual or (BERT if kind_of(model) == "WordPiece" else {})
    wanted = {name: token for name, token in usual.items() if settings.config.get(name, token) is not None}
    padding = cast(Table, document.get("padding") or {}).get("pad_token")
    if isinstance(padding, str):
        wanted = {"pad_token": AddedToken(padding)} | wanted
    if any(token.content not in have for token in wanted.values()):
        have |= vocabulary_of(model).keys()
    return in_order({name: token for name, token in wanted.items() if token.content in have} | named)
