"""Tokens and names added to a loaded tokenizer: what comes out is another `Loaded`; the one given stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from tokenizers import AddedToken as EngineToken

from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.io.arguments import unknown_argument
from torso.text import tokenizer_cache
from torso.text.languages import frame_in
from torso.text.load_tokenizer import Loaded
from torso.text.tokenizer_settings import NAMES, AddedToken

NewToken = str | EngineToken | AddedToken
"""A token as people give it: its text, or with the flags of `tokenizers`' AddedToken."""

_MORE = ("additional_special_tokens", "extra_special_tokens")


def token_of(given: object, *, special: bool) -> AddedToken:
    """A token with its flags; of a text those that transformers gives it.

    Raises:
        InputTypeError: ``E_TOKEN``, for what is no token.
    """
    if isinstance(given, AddedToken):
        return replace(given, special=special or given.special)
    if isinstance(given, str) and given:
        return AddedToken(given, normalized=not special, special=special)
    content = getattr(given, "content", None)
    if isinstance(content, str) and content:
        flags = {name: bool(getattr(given, name, False)) for name in ("single_word", "lstrip", "rstrip", "normalized")}
        return AddedToken(content, special=special or bool(getattr(given, "special", False)), **flags)
    raise InputTypeError(
        "E_TOKEN",
        "A token to be added is {given}; it must be a text that is not empty.",
        cure="Write tokenizer.add_tokens(['词']); or tokenizer.add_special_tokens({{'pad_token': '[P]'}}).",
        values=dict(given=repr(given)),
    )


def tokens_of(given: NewToken | Sequence[NewToken], *, special: bool) -> list[AddedToken]:
    """One token or several as a list."""
    several = given if isinstance(given, list | tuple) else [given]
    return [token_of(each, special=special) for each in cast("Sequence[object]", several)]


def named_tokens(given: Mapping[str, object]) -> tuple[dict[str, AddedToken], list[AddedToken]]:
    """Special tokens by name, and those without one, of what `Tokenizer.add_special_tokens` is given.

    Raises:
        InputTypeError: ``E_ARGUMENT``, for a name that is none; ``E_TOKEN``, for what is no token.
    """
    named: dict[str, AddedToken] = {}
    extra: list[AddedToken] = []
    for name, value in given.items():
        if name in _MORE:
            extra += tokens_of(cast("NewToken", value), special=True)
        elif name in NAMES:
            named[name] = token_of(value, special=True)
        else:
            raise unknown_argument("add_special_tokens", name, [*NAMES, *_MORE])
    return named, extra


def with_tokens(loaded: Loaded, tokens: Sequence[AddedToken]) -> Loaded:
    """A tokenizer that has further tokens, with ids behind the largest; those that it has keep theirs.

    Raises:
        UnsupportedError: ``E_TOKEN``, for the vocabularies of Marian and M2M-100.
    """
    if not tokens:
        return loaded
    if loaded.source.form is not None and loaded.source.form.renumbers:
        raise UnsupportedError(
            "E_TOKEN",
            "This tokenizer numbers its tokens by a vocab.json of its own, and has no place for another token.",
            cure="Leave it as it is; its model could not read more.",
        )
    backend = loaded.backend.with_tokens(tokens)
    outline = tokenizer_cache.outlined(backend.document())
    numbers = [backend.number_of(token.content) or 0 for token in tokens]
    ready = replace(loaded.ready, outline=outline, largest=max(loaded.ready.largest, *numbers))
    target = None
    if loaded.spoken is not None:
        backend, target = (backend.framed(frame_in(outline, each)) for each in loaded.spoken)
    settings = loaded.settings
    if "added_tokens_decoder" in settings.config:  # where it stands, transformers reads the added tokens from it alone
        table = dict(cast("Mapping[str, object]", settings.config["added_tokens_decoder"]))
        for number, token in zip(numbers, tokens, strict=True):
            table[str(number)] = {key: value for key, value in token.as_table(number).items() if key != "id"}
        settings = replace(settings, config={**settings.config, "added_tokens_decoder": table})
    added = (*loaded.added, *tokens)
    return replace(loaded, backend=backend, target=target, ready=ready, settings=settings, added=added)


def with_names(loaded: Loaded, named: Mapping[str, str], extra: Iterable[str] = ()) -> Loaded:
    """A tokenizer whose special tokens have these names, and these more without one; all of them in the vocabulary.

    Raises:
        InputError: ``E_TOKEN``, for a token that is not in the vocabulary.
    """
    more = tuple(dict.fromkeys((*loaded.ready.extra, *extra)))
    for name, token in named.items():
        if loaded.backend.number_of(token) is None:
            raise InputError(
                "E_TOKEN",
                "{name} was to be {token}, which is not in the vocabulary.",
                cure="Add it: tokenizer.add_special_tokens({{'{name}': {token}}}), then "
                "model.resize_token_embeddings(len(tokenizer)).",
                values=dict(name=name, token=repr(token)),
            )
    ready = replace(loaded.ready, named={**loaded.ready.named, **named}, extra=more)
    return replace(loaded, ready=ready, renamed=(*loaded.renamed, *named.items()))
