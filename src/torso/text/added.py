"""Added tokens: matched in the text before the tokenizer's model runs, with ids of their own."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import count
from typing import cast

from torso.text.backend_tokenizer import BackendTokenizer
from torso.text.faults import Fault, TooMuch
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.vocabulary_models import ID_LIMIT, filler, vocabulary_of, vocabulary_size


def added(document: Table) -> list[Table]:
    """Return the added tokens of a tokenizer.json."""
    return cast("list[Table]", document.get("added_tokens", []))


def with_added(
    document: Table, settings: Settings, named: Mapping[str, AddedToken], extra: Iterable[AddedToken]
) -> Table:
    """Return ``document`` with the tokens that only its companion files, or its family, add; unchanged if none.

    Args:
        document: a tokenizer.json that was checked.
        settings: the files beside it.
        named: special tokens by name.
        extra: tokens without a name.
    """
    have = {token["content"] for token in added(document)}
    given = {token.content: number for number, token in settings.added.items()}
    wanted = {token.content: token for token in (*settings.added.values(), *named.values())}
    for token in extra:
        wanted.setdefault(token.content, token)
    fresh = [token for content, token in wanted.items() if content not in have]
    if not fresh:
        return document
    vocabulary = vocabulary_of(cast(Table, document["model"]))
    numbers = count(1 + max([*vocabulary.values(), *given.values(), *(_number(token) for token in added(document))]))
    entries: list[Table] = []
    for token in fresh:
        number = given.get(token.content, vocabulary.get(token.content))
        entries.append(token.as_table(next(numbers) if number is None else number))
    return document | {"added_tokens": [*added(document), *entries]}


def with_places(document: Table) -> Table:
    """Return ``document`` with its added tokens in the vocabulary, if `tokenizers` would number them differently.

    `tokenizers` numbers an added token by its index in the list, right after the vocabulary: an id after a gap it
    keeps only for a token that the vocabulary has. In a list of pieces (Unigram) an id is an index, so that gaps are
    filled with pieces that no text has: see `torso.text.vocabulary_models.filler`.
    """
    model = cast(Table, document["model"])
    entries = vocabulary_of(model)
    outside = {cast(str, token["content"]): _number(token) for token in added(document)}
    outside = {content: number for content, number in outside.items() if content not in entries}
    taken = set(entries.values())
    is_in_turn = list(outside.values()) == list(range(len(entries), len(entries) + len(outside)))
    if is_in_turn or not taken.isdisjoint(outside.values()):
        return document
    vocabulary = entries | outside if isinstance(model["vocab"], dict) else _with_fillers(model, outside)
    return document | {"model": model | {"vocab": vocabulary}}


def _with_fillers(model: Table, outside: Mapping[str, int]) -> list[tuple[str, float]]:
    """Return a list of pieces with further tokens at their ids, and fillers at the ids between.

    Raises:
        TooMuch: an id beyond `torso.text.vocabulary_models.ID_LIMIT`.
    """
    pieces = cast("list[tuple[str, float]]", model["vocab"])
    if max(outside.values()) >= ID_LIMIT:
        raise TooMuch("its added tokens have ids up to {most}", most=max(outside.values()))
    # The least score that is there: `tokenizers` derives the score of unknown characters from the least one.
    least = min(score for _, score in pieces)
    contents = {number: content for content, number in outside.items()}
    fillers = count()
    ids = range(len(pieces), 1 + max(outside.values()))
    return [*pieces, *((contents[n] if n in contents else filler(next(fillers)), least) for n in ids)]


def _number(token: Table) -> int:
    return cast(int, token["id"])


def with_special(document: Table, contents: Container[object]) -> Table:
    """Return ``document`` with its added tokens in ``contents`` marked special; unchanged if all are."""
    if all(token.get("special") or token["content"] not in contents for token in added(document)):
        return document
    tokens = [token | {"special": True} if token["content"] in contents else token for token in added(document)]
    return document | {"added_tokens": tokens}


def numbers_of(document: Table) -> dict[str, int]:
    """Return token to id, added tokens included."""
    numbers = {cast(str, token["content"]): cast(int, token["id"]) for token in added(document)}
    return vocabulary_of(cast(Table, document["model"])) | numbers


def largest_id(document: Table, backend: BackendTokenizer) -> int:
    """Return the largest id, after checking that each added token keeps the id in its file and shares it with none.

    Raises:
        Fault: one comes out with another.
    """
    model = cast(Table, document["model"])
    largest = vocabulary_size(model) - 1
    tokens = added(document)
    vocabulary = vocabulary_of(model) if tokens else {}
    taken = frozenset(vocabulary.values()) if any(token["content"] not in vocabulary for token in tokens) else ()
    for token in tokens:
        content, number = cast(str, token["content"]), cast(int, token["id"])
        real = backend.engine.token_to_id(content)
        if real != number or (content not in vocabulary and number in taken):
            raise Fault(
                "its added token {content} has the id {number}, and would come out as {real}",
                content=content,
                number=number,
                real=real,
            )
        largest = max(largest, number)
    return largest
