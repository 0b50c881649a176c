"""Tokenizer call interface of transformers: named fields for a model, padded and truncated on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from torso.errors import InputError
from torso.text.backend_tokenizer import BackendTokenizer
from torso.text.batch_encoding import BatchEncoding
from torso.text.batch_output import Fields, PadToken, batch_encoding, pad_fields
from torso.text.input_checks import Text, Texts, checked_pairs, checked_word_pairs, is_batch
from torso.text.load_tokenizer import Loaded
from torso.text.reader import Reader
from torso.text.request import Padding, Side, Tensors, Truncation, checked_side, resolve


class Caller(Reader):
    """Reader that is called as transformers' tokenizers are. `Tokenizer` is the public class."""

    __slots__ = ("_loaded", "_max_tokens")

    _loaded: Loaded
    _max_tokens: int | None

    def __call__(
        self,
        text: Text | Texts | None = None,
        text_pair: Text | Texts | None = None,
        *,
        text_target: Text | Texts | None = None,
        add_special_tokens: bool = True,
        padding: Padding = False,
        truncation: Truncation = None,
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        padding_side: Side | None = None,
        return_tensors: Tensors = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
    ) -> BatchEncoding:
        """Tokenize one text, or a list of texts or pairs, to named fields for a model.

        Tensors are [N, length] int64; texts that differ in length are padded even without ``padding``.

        Args:
            text: one text, a list of them, a list of pairs; with ``is_split_into_words`` a list of words, or of such.
            text_pair: second texts, as many as first ones. An empty one is a text.
            text_target: target texts of a sequence-to-sequence model, in their own language: their ids are ``labels``,
                or ``input_ids`` where no ``text`` is given.
            add_special_tokens: whether to add the special tokens.
            padding: True or ``longest``; ``max_length``; False.
            truncation: True or ``longest_first``, ``only_first``, ``only_second``; False. None is True where
                there is a ``max_length`` and no padding.
            max_length: tokens, special ones included; `max_tokens` if None.
            stride: tokens that a window repeats of the one before.
            is_split_into_words: whether the texts are lists of words.
            pad_to_multiple_of: padded lengths are a multiple of it.
            padding_side: ``right`` or ``left``; the file's if None.
            return_tensors: ``pt``, ``np`` or None for lists.
            return_token_type_ids: 0 for the first text, 1 for the second; None as the model's files say.
            return_attention_mask: 1 for tokens, 0 for padding; None is True.
            return_overflowing_tokens: a row for every truncated window, too.
            return_special_tokens_mask: 1 for special tokens and padding.
            return_offsets_mapping: start and end of each token in its original text.
            return_length: tokens of each row, padding included.

        Raises:
            InputTypeError, InputError: E_TEXT for what is no text, by its index; E_ARGUMENT for a parameter that cannot
                be, or would have no effect; E_NO_LIMIT where no maximum length is known; E_NO_PADDING_TOKEN.
            LimitError: E_LIMIT for a text of more than 10 million characters.
        """
        request = resolve(
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            stride=stride,
            multiple=pad_to_multiple_of,
            known_limit=self._max_tokens,
            tensors_of_many=return_tensors is not None,
        )
        side = checked_side(padding_side, self._loaded.padding_side)
        fields = Fields(
            segments=self._loaded.with_segments if return_token_type_ids is None else return_token_type_ids,
            mask=return_attention_mask is not False,
            special=return_special_tokens_mask,
            spans=return_offsets_mapping,
            length=return_length,
            overflow=return_overflowing_tokens,
        )

        def fields_of(
            first: Text | Texts | None, second: Text | Texts | None, backend: BackendTokenizer
        ) -> BatchEncoding:
            single = not is_batch(first, words=is_split_into_words)
            texts = [first] if single else first
            pairs = [second] if single and second is not None else second
            if is_split_into_words:
                pieces = self._split_words(*checked_word_pairs(texts, pairs), backend)
            else:
                pieces = self._split(*checked_pairs(texts, pairs, single=single), backend)
            return batch_encoding(
                self._finish(*pieces, add_special_tokens, request, backend),
                request=request,
                fields=fields,
                pad=PadToken(self.pad_token, self.pad_token_id, side),
                tensors=return_tensors,
                single=single,
            )

        if text_target is None:
            return fields_of(text, text_pair, self._backend)
        written = fields_of(text_target, None, self._loaded.target or self._backend)
        if text is None:
            return written
        encoded = fields_of(text, text_pair, self._backend)
        encoded["labels"] = written["input_ids"]
        return encoded

    encode_plus = batch_encode_plus = __call__  # their names in transformers 4

    @overload
    def encode(
        self,
        text: Text,
        text_pair: Text | None = None,
        *,
        add_special_tokens: bool = True,
        padding: Padding = False,
        truncation: Truncation = None,
        max_length: int | None = None,
        return_tensors: None = None,
    ) -> list[int]: ...
    @overload
    def encode(
        self,
        text: Text,
        text_pair: Text | None = None,
        *,
        add_special_tokens: bool = True,
        padding: Padding = False,
        truncation: Truncation = None,
        max_length: int | None = None,
        return_tensors: Literal["pt", "np"],
    ) -> Any: ...
    def encode(
        self,
        text: Text,
        text_pair: Text | None = None,
        *,
        add_special_tokens: bool = True,
        padding: Padding = False,
        truncation: Truncation = None,
        max_length: int | None = None,
        return_tensors: Tensors = None,
    ) -> Any:
        """Return the ids of one text: a list, or [1, length] if tensors are asked for. Parameters as in a call."""
        return self(
            text,
            text_pair,
            add_special_tokens=add_special_tokens,
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            return_tensors=return_tensors,
        ).input_ids

    def tokenize(self, text: str, pair: str | None = None, *, add_special_tokens: bool = False) -> list[str]:
        """Return the tokens of one text, as the vocabulary writes them."""
        return self.encoding(text, pair, special=add_special_tokens).tokens

    def pad(
        self,
        encoded_inputs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        padding: Padding = True,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: Side | None = None,
        return_attention_mask: bool | None = None,
        return_tensors: Tensors = None,
    ) -> BatchEncoding:
        """Pad texts tokenized earlier to a batch of equal rows; other fields, such as labels, are unchanged.

        Args:
            encoded_inputs: what calls gave: one of them, or a list.
            padding: as in a call.
            max_length: as in a call.
            pad_to_multiple_of: as in a call.
            padding_side: as in a call.
            return_attention_mask: as in a call.
            return_tensors: as in a call.

        Raises:
            InputTypeError, InputError: as a call; E_RAGGED where a field cannot be a tensor; E_ARGUMENT for a row that
                is longer than a ``max_length`` beside ``padding=True``.
        """
        bound = max_length if padding in (True, "longest") else None
        request = resolve(
            padding=padding,
            truncation=False,
            max_length=None if bound is not None else max_length,
            stride=0,
            multiple=pad_to_multiple_of,
            known_limit=self._max_tokens,
            tensors_of_many=return_tensors is not None,
        )
        side = checked_side(padding_side, self._loaded.padding_side)
        padded = pad_fields(
            encoded_inputs,
            request=request,
            pad=PadToken(self.pad_token, self.pad_token_id, side),
            mask=return_attention_mask is not False,
            tensors=return_tensors,
        )
        longest = max(map(len, padded["input_ids"]), default=0) if bound is not None else 0
        if bound is not None and longest > bound:
            raise InputError(
                "E_ARGUMENT",
                "A row has {longest} tokens, and max_length is {bound}; what is tokenized is cut no more.",
                cure="Tokenize with truncation=True, max_length={bound}.",
                values=dict(longest=longest, bound=bound),
            )
        return padded
