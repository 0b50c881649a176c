"""What of a tokenizer can be changed after loading: further tokens, names of special ones, sides and the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from torso.errors import FrozenConfigError, InputError
from torso.text.adding import NewToken, named_tokens, tokens_of, with_names, with_tokens
from torso.text.calling import Caller
from torso.text.load_tokenizer import Loaded
from torso.text.tokenizer_settings import NAMES

_SIDES = ("padding_side", "truncation_side")


class GrowingTokenizer(Caller):
    """Caller that takes further tokens. `torso.text.Tokenizer` is the public class.

    A change makes new parts and puts them in the place of the old ones, which are never written to: other tokenizers of
    the same files keep theirs. Change a tokenizer before threads share it.
    """

    __slots__ = ()

    def _set(self, loaded: Loaded, folder: Path, max_tokens: int | None) -> None:
        """Hold these parts."""
        ready = loaded.ready
        super().__init__(loaded.backend, ready.named, ready.extra, ready.largest, loaded.rows)
        self._folder = folder
        self._clean_up = loaded.clean_up
        self._cut_side = loaded.truncation_side
        self._loaded = loaded
        self._max_tokens = max_tokens

    def add_tokens(self, new_tokens: NewToken | Sequence[NewToken], special_tokens: bool = False) -> int:
        """Add tokens that are matched in a text before it is split; then ``model.resize_token_embeddings(...)``.

        Args:
            new_tokens: a token or several: texts, or ``AddedToken`` of `tokenizers`.
            special_tokens: whether decoding can leave them out.

        Returns:
            how many were not among the added tokens before, in the vocabulary or not, as transformers counts them.

        Raises:
            InputTypeError: ``E_TOKEN``, for what is no token.
            UnsupportedError: ``E_TOKEN``, for Marian's pair of vocabularies.
        """
        tokens = tokens_of(new_tokens, special=special_tokens)
        before = self.get_added_vocab()
        extra = [token.content for token in tokens if token.special]
        self._become(with_names(with_tokens(self._loaded, tokens), {}, extra))
        return len(self.get_added_vocab()) - len(before)

    def add_special_tokens(self, special_tokens_dict: Mapping[str, NewToken | Sequence[NewToken]]) -> int:
        """Name special tokens, and add those that are not in the vocabulary.

        Args:
            special_tokens_dict: by name, such as ``{"pad_token": "[PAD]"}``; those without a name as a list under
                ``additional_special_tokens``.

        Returns:
            how many were not among the added tokens before, in the vocabulary or not, as transformers counts them.

        Raises:
            InputTypeError: ``E_ARGUMENT``, for a name that is none; ``E_TOKEN``, for what is no token.
            UnsupportedError: ``E_TOKEN``, for Marian's pair of vocabularies.
        """
        named, extra = named_tokens(special_tokens_dict)
        before = self.get_added_vocab()
        grown = with_tokens(self._loaded, [*named.values(), *extra])
        names = {name: token.content for name, token in named.items()}
        self._become(with_names(grown, names, [token.content for token in extra]))
        return len(self.get_added_vocab()) - len(before)

    def get_added_vocab(self) -> dict[str, int]:
        """Return the tokens that are matched before a text is split, each with its id."""
        entries = cast("Sequence[Mapping[str, object]]", self._loaded.ready.outline.get("added_tokens", ()))
        return {cast(str, each["content"]): cast(int, each["id"]) for each in entries}

    def _become(self, loaded: Loaded) -> None:
        self._set(loaded, self._folder, self._max_tokens)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        elif name in NAMES and isinstance(value, str) and value:
            self._become(with_names(self._loaded, {name: value}))
        elif name.endswith("_token_id") and name.removesuffix("_id") in NAMES and isinstance(value, int):
            token = cast("str", self.convert_ids_to_tokens(value))
            self._become(with_names(self._loaded, {name.removesuffix("_id"): token}))
        elif name in _SIDES:
            if value not in ("left", "right"):
                raise InputError(
                    "E_ARGUMENT",
                    "{name} is {value!r}; it must be left or right.",
                    cure="Write {name}='left' or 'right'.",
                    values=dict(name=name, value=value),
                )
            side = cast("str", value)
            if name == "padding_side":
                self._become(replace(self._loaded, padding_side=side))
            else:
                self._become(replace(self._loaded, truncation_side=side))
        elif name in ("model_max_length", "max_tokens") and isinstance(value, int) and value > 0:
            self._set(self._loaded, self._folder, value)
        else:
            raise FrozenConfigError(
                "E_FROZEN",
                "A tokenizer's {name} cannot be {value}.",
                cure="What can be assigned: a special token or its id, padding_side, truncation_side, "
                "model_max_length. Tokens are added by add_tokens and add_special_tokens; the rest is in its files.",
                values=dict(name=name, value=repr(value)),
            )
