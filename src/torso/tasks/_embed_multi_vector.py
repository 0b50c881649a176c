"""Late interaction: a vector for each token of a text that is compared."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Unpack, overload

import numpy as np

from torso import blocks
from torso.architecture import Task, find
from torso.engines.runner import BUDGET
from torso.errors import InputError, UnsupportedError
from torso.host_batch import HostBatch, Rows, Wanted, pieces, require_seen, to_host
from torso.io.arguments import known_arguments
from torso.outputs import Features
from torso.tasks.embedding import MultiVectorEmbedding
from torso.tasks.embedding_recipe import lowered
from torso.tasks.late_files import LateRecipe, Side, read_late_recipe
from torso.tasks.pooling import step_of
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready, read_once
from torso.tasks.task_options import EmbedMultiVectorOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

_MOST = 1 << 16
"""Tokens that a query is filled up to at most, of a model without a limit."""


@overload
def embed_multi_vector(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[Features],
    **options: Unpack[EmbedMultiVectorOptions],
) -> MultiVectorEmbedding: ...
@overload
def embed_multi_vector(
    texts: Sequence[str],
    *,
    model: Usable[Features],
    **options: Unpack[EmbedMultiVectorOptions],
) -> list[MultiVectorEmbedding]: ...
@overload
def embed_multi_vector(
    texts: Iterator[str],
    *,
    model: Usable[Features],
    **options: Unpack[EmbedMultiVectorOptions],
) -> Iterator[MultiVectorEmbedding]: ...
@known_arguments
def embed_multi_vector(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[Features],
    query: bool = False,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Embed a text as several vectors, one of each token (ColBERT); of a list of texts, a list; of an iterator, one.

    A folder of sentence-transformers' MultiVectorEncoder, of PyLate or of colbert-ir gives that library's vectors:
    markers, lengths, the tokens that fill queries up, and those that have no vector are its own. BGE-M3 gives
    FlagEmbedding's ``colbert_vecs``. Two texts are compared by `torso.similar`, by MaxSim.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        query: whether the texts are queries; else they are what queries are compared with.
        tokenizer: instead of the one in the model's folder.
        long: as in `torso.encode`; the vectors of all windows of a text are its vectors.
        stride: as in `torso.encode`.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        InputError: E_POOLING where the folder says nothing of several vectors; a text or argument is wrong.
        TooLongError: E_TOO_LONG, naming the text by its place.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
    plan = EmbedMultiVectorPlan(ready, query=query, long=long, stride=stride)
    return predict(texts, lambda some: plan.results(some, budget))


@dataclass(frozen=True, slots=True)
class _Filled(EncodedText):
    """An encoding that is filled up.

    Attributes:
        own: how many of its tokens are the text's.
    """

    own: int = 0


class EmbedMultiVectorPlan(Plan[str, Features, Rows, MultiVectorEmbedding]):
    """Plan of `embed_multi_vector`; options as there."""

    task = Task.FEATURES

    def __init__(
        self, ready: Ready[Features], *, query: bool = False, long: Long = "error", stride: int | None = None
    ) -> None:
        super().__init__(ready, Wanted(pooled=False))
        self.query, self.recipe = query, late_recipe_of(ready)
        self.side = self.recipe.queries if query else self.recipe.documents
        tokenizer = ready.tokenizer
        known = [each for each in map(tokenizer.vocab.get, self.side.skipped) if each is not None]
        self._skipped = np.array(sorted({*known} - {tokenizer.unk_token_id}), np.int64)
        self._marker, self.prompt = _marker(self.side, tokenizer)
        self._steps = [step_of(layer, ready.memo.setdefault("layers", {})) for layer in self.recipe.layers]
        self._filler = self._filling()
        limit = tokenizer.limited(self.recipe.max_tokens).max_tokens
        filled = self.side.expansion
        cut = filled.length if filled is not None and filled.fixed else self.side.length
        limit = min((each for each in (limit, cut) if each is not None), default=None)
        self.limit = limit
        before = None if limit is None or self._marker is None else limit - 1
        self.policy = length_policy(limit if before is None else before, long, stride, merges=("all",))
        self._window = _narrowest(ready) if filled is not None and not filled.attend else None

    def _filling(self) -> int | None:
        """Return the token that fills queries up."""
        filled, tokenizer = self.side.expansion, self.ready.tokenizer
        if filled is None:
            return None
        found = tokenizer.eos_token_id if tokenizer.mask_token_id is None else tokenizer.mask_token_id
        if filled.token is not None:
            found = tokenizer.vocab.get(filled.token)
        if found is None or tokenizer.padding_side == "left":
            raise UnsupportedError(
                "E_POOLING",
                "The queries of {name} are filled up with {token}, which its tokenizer does not have, or on the left.",
                cure="Use the tokenizer files of the same download.",
                values=dict(name=self.ready.name, token=filled.token or "the mask"),
            )
        limit = tokenizer.limited(self.recipe.max_tokens).max_tokens or _MOST
        if filled.length > limit:
            raise UnsupportedError(
                "E_POOLING",
                "The queries of {name} are filled up to {length} tokens; it takes {limit}.",
                cure="Correct the length of queries in its files.",
                values=dict(name=self.ready.name, length=filled.length, limit=limit),
            )
        return found

    @property
    def settings(self) -> Hashable:
        """How vectors are made of rows."""
        expansion = self.side.expansion
        attend = expansion is None or expansion.attend
        return (self.recipe.layers, self.recipe.left_out, self._skipped.tobytes(), attend, self._window)

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize texts, each with the prompt before it; fill queries up."""
        encoded = read(asked, self.ready.tokenizer, self.policy, change=self._changed, pairs=False)
        return map(self._framed, encoded)

    def _changed(self, text: str) -> str:
        text = self.prompt + text
        return lowered(text) if self.recipe.lowercase else text

    def _framed(self, read: EncodedText) -> EncodedText:
        if self._marker is not None:
            place = next((i for i, special in enumerate(read.special) if not special), len(read))
            read = _with_tokens(read, place, [self._marker], self.ready.tokenizer)
        filled = self.side.expansion
        if filled is None or len(read) >= filled.length:
            return read
        assert self._filler is not None
        more = [self._filler] * (filled.length - len(read))
        whole = _with_tokens(read, len(read), more, self.ready.tokenizer)
        return _Filled(**{each.name: getattr(whole, each.name) for each in fields(EncodedText)}, own=len(read))

    def prepare(self, encoded: Sequence[EncodedText]) -> HostBatch:
        """Pack encodings; what fills queries up attends, and is not attended to."""
        batch = HostBatch.of(encoded)
        filled = self.side.expansion
        if filled is None or filled.attend:
            return batch
        batch = replace(batch, seen=tuple(each.own if isinstance(each, _Filled) else len(each) for each in encoded))
        require_seen(batch, self._window)
        return batch

    def split(self, out: Features, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the vectors [n, D] of each encoding."""
        rows = to_host(out.hidden.rows)
        kept = np.concatenate([self._kept(each) for each in encoded])
        rows = rows[kept]
        for step in self._steps:
            rows = step(rows)
        return [part.copy() for part in pieces(rows, [int(self._kept(each).sum()) for each in encoded])]

    def _kept(self, read: EncodedText) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which tokens of an encoding have a vector."""
        kept = ~np.isin(np.array(read.ids, np.int64), self._skipped)
        kept[: self.recipe.left_out] = False
        return kept

    def result(self, texts: Texts[Rows]) -> MultiVectorEmbedding:
        """Return the vectors of a text, of all of its windows."""
        ((windows, parts),) = texts
        tokens = [token for each in windows for token, kept in zip(each.tokens, self._kept(each), strict=True) if kept]
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
        covered, whole = extent(windows, self.policy.merge), self.recipe.normalized
        return MultiVectorEmbedding(vectors, tuple(tokens), whole, self.query, self.side.prompt, self.limit, covered)


def late_recipe_of(ready: Ready[Any]) -> LateRecipe:
    """Return what the folder of a model says about several vectors of a text.

    Raises:
        InputError: E_POOLING where it says nothing.
        TorsoError: as `read_late_recipe`.
    """
    recipe = read_once(ready, "late", read_late_recipe)
    if recipe is None:
        raise InputError(
            "E_POOLING",
            "{name} does not say how to make a vector of each token, and nothing is assumed.",
            cure="Use a ColBERT, such as lightonai/GTE-ModernColBERT-v1, or a BGE-M3.",
            values=dict(name=ready.name),
        )
    return recipe


def _marker(side: Side, tokenizer: Tokenizer) -> tuple[int | None, str]:
    """Return the token that marks a side, where the tokenizer would not read it as one, and the rest of the prompt."""
    for value in (side.marker, *side.marker.split(None, 1)[:1]) if side.marker.strip() else ():
        number = tokenizer.vocab.get(value)
        if number is not None:
            whole = tokenizer.tokenize(value) == [value]
            return (None, side.prompt) if whole else (number, side.prompt.removeprefix(value))
    return None, side.prompt


def _with_tokens(read: EncodedText, place: int, ids: list[int], tokenizer: Tokenizer) -> EncodedText:
    """Return an encoding with special tokens put in at a place."""
    count = len(ids)
    names = [each or "" for each in tokenizer.convert_ids_to_tokens(ids)]
    no_words: list[int | None] = [None] * count
    return replace(
        read,
        ids=[*read.ids[:place], *ids, *read.ids[place:]],
        segments=[*read.segments[:place], *([0] * count), *read.segments[place:]],
        spans=[*read.spans[:place], *([(0, 0)] * count), *read.spans[place:]],
        tokens=[*read.tokens[:place], *names, *read.tokens[place:]],
        special=[*read.special[:place], *([True] * count), *read.special[place:]],
        words=[*read.words[:place], *no_words, *read.words[place:]],
        sequence=[*read.sequence[:place], *no_words, *read.sequence[place:]],
        size=read.size + count,
    )


def _narrowest(ready: Ready[Any]) -> int | None:
    """Return how many earlier rows the narrowest window of a model sees; None for all."""
    config = ready.runner.config
    whole = find(config.model_type).describe(config, Task.FEATURES)
    windows = [part.rule.left for _, part in blocks.walk(whole) if isinstance(part, blocks.Attention)]
    return min((each for each in windows if each is not None), default=None)
