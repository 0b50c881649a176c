"""Reader of SentencePiece model files (spiece.model, tokenizer.model, source.spm, ...) without that library.

The fields and their defaults are those of https://github.com/google/sentencepiece, src/sentencepiece_model.proto.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torso.errors import UnsupportedError
from torso.text.faults import Fault, TooMuch
from torso.text.protobuf import Field, as_bytes, as_flag, as_float, as_text, as_whole, fields
from torso.text.vocabulary_models import VOCABULARY_LIMIT

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
UNIGRAM, BPE = 1, 2
_ALGORITHMS = {3: "word", 4: "char"}
_PIECE_LIMIT = 10_000  # bytes of one piece


@dataclass(frozen=True, slots=True)
class Piece:
    """Vocabulary entry: its text, its score (higher is likelier) and one of the kinds above."""

    text: str
    score: float
    kind: int


@dataclass(frozen=True, slots=True)
class SentencePieceModel:
    """SentencePiece model: pieces, normalization and splitting options.

    Attributes:
        pieces: the vocabulary; a piece's index is its id.
        algorithm: `UNIGRAM` or `BPE`.
        unknown: id of the piece for what is not in the vocabulary.
        beginning: id of the piece that begins a text; -1 for none.
        ending: id of the piece that ends a text; -1 for none.
        padding: id of the piece that fills rows up; -1 for none.
        byte_fallback: whether unknown characters are spelled in bytes, ``<0x00>`` to ``<0xFF>``.
        character_map: what text is normalized by before it is split, as SentencePiece compiles it; empty for nothing.
        dummy_prefix: whether a space is put before the text.
        squeezed: whether spaces at the ends, and repeated ones, are taken out.
    """

    pieces: tuple[Piece, ...]
    algorithm: int
    unknown: int
    beginning: int
    ending: int
    padding: int
    byte_fallback: bool
    character_map: bytes
    dummy_prefix: bool
    squeezed: bool

    def text_of(self, number: int) -> str | None:
        """Return the text of the piece ``number``; None if there is no such piece."""
        return self.pieces[number].text if 0 <= number < len(self.pieces) else None


_TRAINER: dict[int, tuple[str, Callable[[Field], Any], Any]] = {
    3: ("algorithm", as_whole, UNIGRAM),
    24: ("suffix", as_flag, False),
    35: ("byte_fallback", as_flag, False),
    41: ("beginning", as_whole, 1),
    42: ("ending", as_whole, 2),
    43: ("padding", as_whole, -1),
}
_NORMALIZER: dict[int, tuple[str, Callable[[Field], Any], Any]] = {
    2: ("character_map", as_bytes, b""),
    3: ("dummy_prefix", as_flag, True),
    4: ("squeezed", as_flag, True),
    5: ("escaped", as_flag, True),
}


def read_sentencepiece(data: bytes) -> SentencePieceModel:
    """Parse the bytes of a SentencePiece file.

    Raises:
        Fault: no such file; no vocabulary; an empty or duplicate piece; not exactly one unknown piece; bytes
            to fall back on that are not all there.
        TooMuch: more than `VOCABULARY_LIMIT` pieces, or a piece of more than 10,000 bytes.
        UnsupportedError: E_UNSUPPORTED for a model that cuts into words or characters, or that marks ends of words.
    """
    pieces: list[Piece] = []
    said = {name: default for name, _, default in (*_TRAINER.values(), *_NORMALIZER.values())}
    for field in fields(data):
        if field[0] == 1:
            if len(pieces) == VOCABULARY_LIMIT:
                raise TooMuch("its vocabulary has more than {limit} entries", limit=VOCABULARY_LIMIT)
            pieces.append(_piece(as_bytes(field)))
        elif field[0] in (2, 3):
            known = _TRAINER if field[0] == 2 else _NORMALIZER
            for inner in fields(as_bytes(field)):
                if inner[0] in known:
                    name, read, _ = known[inner[0]]
                    said[name] = read(inner)
    _refuse_unread(said)
    unknown = _check_pieces(pieces, said["byte_fallback"])
    return SentencePieceModel(
        tuple(pieces),
        said["algorithm"],
        unknown,
        said["beginning"],
        said["ending"],
        said["padding"],
        said["byte_fallback"],
        said["character_map"],
        said["dummy_prefix"],
        said["squeezed"],
    )


def _piece(message: bytes) -> Piece:
    text, score, kind = "", 0.0, NORMAL
    if len(message) > _PIECE_LIMIT:
        raise TooMuch(
            "one of its pieces has {size} bytes; at most {limit} are read", size=len(message), limit=_PIECE_LIMIT
        )
    for field in fields(message):
        match field[0]:
            case 1:
                text = as_text(field)
            case 2:
                score = as_float(field)
            case 3:
                kind = as_whole(field)
            case _:
                pass
    if not text or "\0" in text or not NORMAL <= kind <= BYTE:
        raise Fault("one of its pieces is {text}, of kind {kind}", text=text, kind=kind)
    return Piece(text, score, kind)


def _check_pieces(pieces: list[Piece], byte_fallback: bool) -> int:
    """Return the id of the unknown piece, after checking the vocabulary."""
    if len({piece.text for piece in pieces}) != len(pieces):
        raise Fault("its vocabulary holds a piece twice")
    unknown = [number for number, piece in enumerate(pieces) if piece.kind == UNKNOWN]
    if len(unknown) != 1:
        raise Fault("its vocabulary of {size} pieces has {count} for the unknown", size=len(pieces), count=len(unknown))
    if byte_fallback:
        have = {piece.text for piece in pieces if piece.kind == BYTE}
        missing = [name for name in (f"<0x{byte:02X}>" for byte in range(256)) if name not in have]
        if missing:
            raise Fault("it falls back on bytes, and {byte} is not in its vocabulary", byte=missing[0])
    return unknown[0]


def _refuse_unread(said: dict[str, Any]) -> None:
    algorithm = said["algorithm"]
    if algorithm in (UNIGRAM, BPE) and said["escaped"] and not said["suffix"]:
        return
    how = _ALGORITHMS.get(algorithm, str(algorithm))
    if algorithm in (UNIGRAM, BPE):
        how = "treat_whitespace_as_suffix" if said["suffix"] else "escape_whitespaces=false"
    raise UnsupportedError(
        "E_UNSUPPORTED",
        "This SentencePiece model cuts text in a way that torso does not have: {how}.",
        cure="Use a model of the kind unigram or bpe that marks the beginnings of words.",
        values=dict(how=how),
    )
