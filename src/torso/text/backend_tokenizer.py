"""Thread-safe wrapper of `tokenizers`: padding and truncation never touch the shared object.

`tokenizers` holds padding and truncation as state of the shared object, so that threads meet "Already borrowed". Here
it is set up once and then only read: one object turns text into tokens, a second holds nothing but the template of
special tokens, and truncation works on each call's own result between the two.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from tokenizers import AddedToken as EngineToken
from tokenizers import Encoding as Pieces
from tokenizers import Tokenizer as Engine
from tokenizers.models import WordLevel

from torso.text.encoding import Encoding
from torso.text.faults import Fault
from torso.text.tokenizer_settings import AddedToken
from torso.text.vocabulary_models import filler, is_filler

_PARALLELISM = "TOKENIZERS_PARALLELISM"


@contextmanager
def no_panic() -> Generator[None]:
    """Convert whatever `tokenizers` raises inside to a `Fault`; its panics are not even an `Exception`."""
    try:
        yield
    except (Fault, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        raise Fault("the tokenizers library refuses it: {reason}", reason=str(error)) from None


class BackendTokenizer:
    """Read-only tokenizer that any number of threads may share."""

    __slots__ = ("__weakref__", "_fillers", "engine", "template")

    def __init__(self, engine: Engine, *, split_special_tokens: bool = False) -> None:
        """Wrap a `tokenizers` object, and take ownership of it.

        Raises:
            Fault: `tokenizers` refuses it.
        """
        with no_panic():
            self.engine = engine
            self.engine.no_padding()
            self.engine.no_truncation()
            self.engine.encode_special_tokens = split_special_tokens
            self.template = Engine(WordLevel({"": 0}, unk_token=""))
            # Typed as if there always were one, a processor may be None at both ends.
            self.template.post_processor = self.engine.post_processor
            self.engine.post_processor = None  # pyright: ignore[reportAttributeAccessIssue]
        self._fillers = self._count_fillers()
        _keep_forks_quiet()

    def _count_fillers(self) -> int:
        """Return how many ids below the largest no token has, in a list of pieces."""
        if self.engine.token_to_id(filler(0)) is None:
            return 0
        return sum(map(is_filler, self.engine.get_vocab(with_added_tokens=False)))

    @classmethod
    def of(cls, document: bytes, *, split_special_tokens: bool = False) -> BackendTokenizer:
        """Build it from a tokenizer.json that `torso.text.tokenizer_json_check.check` has passed.

        Raises:
            Fault: `tokenizers` refuses the file.
        """
        with no_panic():
            engine = Engine.from_buffer(document)
        return cls(engine, split_special_tokens=split_special_tokens)

    def framed(self, processor: dict[str, object] | None) -> BackendTokenizer:
        """Return the same tokenizer with another post-processor, as tokenizer.json writes it; None for none."""
        document: dict[str, object] = {"version": "1.0", "added_tokens": [], "post_processor": processor}
        document |= dict.fromkeys(("truncation", "padding", "normalizer", "pre_tokenizer", "decoder"))
        document["model"] = {"type": "WordLevel", "vocab": {"": 0}, "unk_token": ""}
        backend = BackendTokenizer.__new__(BackendTokenizer)
        with no_panic():
            backend.engine, backend.template = self.engine, Engine.from_str(json.dumps(document))
            backend._fillers = self._fillers
        return backend

    def with_tokens(self, tokens: Sequence[AddedToken]) -> BackendTokenizer:
        """Return a copy that matches further tokens in the text before its model runs; this one stays as it is."""
        with no_panic():
            engine = Engine.from_str(self.engine.to_str())
            engine.post_processor = self.template.post_processor
            for each in tokens:
                flags = {name: getattr(each, name) for name in ("single_word", "lstrip", "rstrip", "normalized")}
                engine.add_tokens([EngineToken(each.content, special=each.special, **flags)])
        return BackendTokenizer(engine, split_special_tokens=self.engine.encode_special_tokens)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as its file, so that a worker process can have a copy."""
        return (_again, (json.dumps(self.document()).encode(), self.engine.encode_special_tokens))

    def document(self) -> dict[str, object]:
        """Return its tokenizer.json, parsed."""
        document: dict[str, object] = json.loads(self.engine.to_str())
        document["post_processor"] = json.loads(self.template.to_str())["post_processor"]
        return document

    def continuing_mark(self) -> str:
        """Return how the model marks a token that goes on a word, such as ``##``; empty where it does not."""
        return getattr(self.engine.model, "continuing_subword_prefix", None) or ""

    def size(self, *, added: bool) -> int:
        """Return the number of vocabulary entries, with or without added tokens."""
        return self.engine.get_vocab_size(with_added_tokens=added) - self._fillers

    def vocabulary(self) -> dict[str, int]:
        """Return token to id, added tokens included, a new dict each time."""
        vocabulary = self.engine.get_vocab(with_added_tokens=True)
        return {token: n for token, n in vocabulary.items() if not is_filler(token)} if self._fillers else vocabulary

    def number_of(self, token: str) -> int | None:
        """Return the id of a token; None if it is not in the vocabulary."""
        return self.engine.token_to_id(token)

    def token_of(self, number: int) -> str | None:
        """Return the token of an id; None if no token has it."""
        token = self.engine.id_to_token(number)
        return None if token is None or (self._fillers and is_filler(token)) else token

    def special_count(self, *, pair: bool) -> int:
        """Return how many tokens the template adds to one text, or to a pair."""
        return self.template.num_special_tokens_to_add(pair)

    def split(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenize each text, without special tokens.

        Raises:
            Fault: `tokenizers` fails.
        """
        with no_panic():
            if len(texts) < 2:  # without the detour over a pool of threads, which costs more than a short text
                return [self.engine.encode(text) for text in texts]
            return self.engine.encode_batch(list(texts))

    def split_words(self, texts: Sequence[Sequence[str]]) -> list[Pieces]:
        """Tokenize texts already split into words, as `split`."""
        with no_panic():
            return self.engine.encode_batch([list(words) for words in texts], is_pretokenized=True)

    def join(self, first: Pieces, second: Pieces | None, *, special: bool) -> list[Encoding]:
        """Return the finished encoding, followed by one for each window that truncation cut off."""
        with no_panic():
            whole = self.template.post_process(first, second, special)
        encodings = [_read(piece) for piece in (whole, *whole.overflowing)]
        if second is not None:
            _mend_segments(encodings)
        return encodings

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Decode ``ids`` with the file's decoder; ids without a token are left out."""
        if self._fillers:
            ids = [number for number in ids if self.token_of(number) is not None]
        with no_panic():
            return self.engine.decode(ids, skip_special_tokens=skip_special_tokens)

    def text_of(self, tokens: Sequence[str]) -> str:
        """Decode ``tokens`` with the file's decoder; joined with spaces if it has none."""
        decoder = self.engine.decoder
        with no_panic():
            return " ".join(tokens) if decoder is None else decoder.decode(list(tokens))  # pyright: ignore[reportUnnecessaryComparison]


def _again(document: bytes, split_special_tokens: bool) -> BackendTokenizer:
    return BackendTokenizer.of(document, split_special_tokens=split_special_tokens)


def cut(pieces: Pieces, length: int, stride: int, side: str) -> None:
    """Truncate this call's own ``pieces`` to ``length``; what is cut off is attached to them, in windows.

    Args:
        pieces: the tokens of one text; changed.
        length: tokens to keep; more than ``stride``, unless it is 0.
        stride: tokens that a window repeats of the one before.
        side: ``left`` or ``right``, where tokens are taken away.
    """
    with no_panic():
        pieces.truncate(length, stride, side)


def _read(pieces: Pieces) -> Encoding:
    return Encoding(
        pieces.ids,
        pieces.type_ids,
        pieces.offsets,
        pieces.tokens,
        [flag == 1 for flag in pieces.special_tokens_mask],
        pieces.word_ids,
        pieces.sequence_ids,
    )


def _mend_segments(encodings: list[Encoding]) -> None:
    """Restore the segment ids of the second text's tokens in windows, which the template drops."""
    whole = encodings[0]
    segment = next((whole.segments[token] for token, text in enumerate(whole.sequence) if text == 1), 1)
    for window in encodings[1:]:
        for token, text in enumerate(window.sequence):
            if text == 1:
                window.segments[token] = segment


class _Forks:
    """Fork handler that keeps `tokenizers` quiet in forked children.

    Up to 0.22 `tokenizers` prints a warning in every child forked after it used threads, unless the variable is set;
    "false" in the child is what `tokenizers` itself then does. The parent keeps its threads, and its environment.
    """

    watched = False
    ours = 0

    @classmethod
    def before(cls) -> None:
        if cls.ours or _PARALLELISM not in os.environ:
            os.environ[_PARALLELISM] = "false"
            cls.ours += 1

    @classmethod
    def after(cls) -> None:
        if cls.ours:
            cls.ours -= 1
            if not cls.ours:
                os.environ.pop(_PARALLELISM, None)


def _keep_forks_quiet() -> None:
    if hasattr(os, "register_at_fork") and not _Forks.watched:
        _Forks.watched = True
        os.register_at_fork(before=_Forks.before, after_in_parent=_Forks.after)
