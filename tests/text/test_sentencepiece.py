"""SentencePiece files: read as protobuf reads them, and refused with a typed error where they are damaged."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import sentencepiece_model_pb2

from torso.errors import LimitError, TokenizerError, TorsoError, UnsupportedError
from torso.text import Tokenizer
from torso.text.faults import Fault
from torso.text.sentencepiece import BPE, UNIGRAM, read_sentencepiece

from .vocabularies import GEMMA, KINDS, LLAMA, pieces

WHOLE = [pieces(), pieces("bpe", **LLAMA), pieces("bpe", **GEMMA), pieces(pad_id=3, pad_piece="<p>")]


def message(data: bytes) -> Any:
    parsed = sentencepiece_model_pb2.ModelProto()
    parsed.ParseFromString(data)
    return parsed


def changed(**trainer: Any) -> bytes:
    model = message(WHOLE[0])
    for name, value in trainer.items():
        setattr(model.trainer_spec, name, value)
    return model.SerializeToString()


@pytest.mark.parametrize("data", WHOLE)
def test_read_as_protobuf_reads_it(data: bytes):
    model, theirs = read_sentencepiece(data), message(data)
    assert [(piece.text, piece.score, piece.kind) for piece in model.pieces] == [
        (piece.piece, piece.score, piece.type) for piece in theirs.pieces
    ]
    trainer, normalizer = theirs.trainer_spec, theirs.normalizer_spec
    assert model.algorithm == trainer.model_type
    assert (model.unknown, model.beginning, model.ending, model.padding) == (
        trainer.unk_id,
        trainer.bos_id,
        trainer.eos_id,
        trainer.pad_id,
    )
    assert model.byte_fallback == trainer.byte_fallback
    assert model.character_map == normalizer.precompiled_charsmap
    assert (model.dummy_prefix, model.squeezed) == (normalizer.add_dummy_prefix, normalizer.remove_extra_whitespaces)


def test_what_a_file_does_not_say_has_its_default():
    model = message(b"")
    model.pieces.add(piece="<unk>", type=2)
    read = read_sentencepiece(model.SerializeToString())
    assert (read.algorithm, read.beginning, read.ending, read.padding) == (UNIGRAM, 1, 2, -1)
    assert (read.dummy_prefix, read.squeezed, read.byte_fallback, read.character_map) == (True, True, False, b"")


def test_fields_that_are_not_known_are_passed_over():
    extra = b"\xf8\x07\x01" + b"\xfa\x07\x03abc" + b"\xf9\x07" + b"\0" * 8 + b"\xfd\x07" + b"\0" * 4
    assert read_sentencepiece(WHOLE[1] + extra) == read_sentencepiece(WHOLE[1])


DAMAGED = {
    "nothing": b"",
    "one byte": b"x",
    "text": b"<unk>\t0\n<s>\t0\n",
    "a field that is too long": b"\x0a\xff\xff\xff\x7f",
    "a number that does not end": b"\x0a\x80\x80",
    "a number of 80 bits": b"\x08" + b"\xff" * 10 + b"\x01",
    "a group": b"\x0b\x0c",
    "field 0": b"\x02\x00",
    "a piece that is a number": b"\x08\x01",
    "a piece of no UTF-8": b"\x0a\x04\x0a\x02\xff\xfe",
    "an empty piece": b"\x0a\x00",
    "a score of no number": b"\x0a\x08\x0a\x01a\x15\x00\x00\xc0\x7f",
    "a kind that is not": b"\x0a\x05\x0a\x01a\x18\x63",
    "no unknown piece": b"\x0a\x03\x0a\x01a",
    "two unknown pieces": b"\x0a\x05\x0a\x01a\x18\x02\x0a\x05\x0a\x01b\x18\x02",
    "a piece twice": b"\x0a\x05\x0a\x01a\x18\x02\x0a\x03\x0a\x01a",
    "a settings part that is a number": b"\x0a\x05\x0a\x01a\x18\x02\x10\x01",
    "bytes to fall back on that are not there": b"\x0a\x05\x0a\x01a\x18\x02\x12\x03\x98\x02\x01",
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged(data: bytes):
    with pytest.raises(Fault):
        read_sentencepiece(data)


@pytest.mark.parametrize("change", [dict(model_type=3), dict(model_type=4), dict(treat_whitespace_as_suffix=True)])
def test_what_is_not_implemented_is_said(change: dict[str, Any]):
    with pytest.raises(UnsupportedError, match=r"word|char|suffix"):
        read_sentencepiece(changed(**change))


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(Fault, match="bytes"):
        read_sentencepiece(b"\x0a\xf4\x4e\x0a\xf1\x4e" + b"a" * 10_097)
    monkeypatch.setattr("torso.text.sentencepiece.VOCABULARY_LIMIT", 100)
    (tmp_path / "spiece.model").write_bytes(WHOLE[0])
    with pytest.raises(LimitError, match="100"):
        Tokenizer.from_folder(tmp_path)


@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=200))
def test_any_bytes(data: bytes):
    with suppress(Fault, UnsupportedError):
        read_sentencepiece(data)


def test_files_with_flipped_bytes_and_missing_ends(tmp_path: Path):
    drawn = random.Random(5)
    whole = pieces("bpe", **LLAMA)
    codes: list[str] = []
    for number in range(120):
        damaged = bytearray(whole[: drawn.randrange(len(whole))] if number % 3 == 0 else whole)
        for _ in range(drawn.randrange(4)):
            damaged[drawn.randrange(len(damaged) or 1)] ^= 1 << drawn.randrange(8)
        (tmp_path / "tokenizer.model").write_bytes(bytes(damaged) or b"\n")
        try:
            Tokenizer.from_folder(tmp_path)("text 文本")
            codes.append("")
        except TorsoError as error:
            codes.append(error.code)
    assert {"", "E_TOKENIZER"} <= set(codes) <= {"", "E_TOKENIZER", "E_LIMIT", "E_UNSUPPORTED"}


@pytest.mark.parametrize("config", [dict(extra_ids="x"), dict(extra_ids=10**9), dict(eos_token=None)])
def test_settings_that_cannot_be(tmp_path: Path, config: dict[str, Any]):
    with pytest.raises(TokenizerError):
        Tokenizer.from_folder(KINDS["t5"].write(tmp_path, **config))


def test_a_file_of_another_kind_than_its_family(tmp_path: Path):
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}')
    (tmp_path / "spiece.model").write_bytes(WHOLE[1])
    with pytest.raises(TokenizerError, match="unigram"):
        Tokenizer.from_folder(tmp_path)
    assert read_sentencepiece(WHOLE[1]).algorithm == BPE


@pytest.mark.parametrize("name", ["xlm-roberta", "mbart", "mbart-50"])
def test_a_file_that_fairseq_could_not_have_numbered(tmp_path: Path, name: str):
    folder = KINDS[name].write(tmp_path)
    (folder / "sentencepiece.bpe.model").write_bytes(pieces(pad_id=0, eos_id=1, unk_id=2, bos_id=-1))
    with pytest.raises(TokenizerError, match="first three"):
        Tokenizer.from_folder(folder)
