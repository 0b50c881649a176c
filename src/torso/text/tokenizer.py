"""Text to ids and back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from torso.paths import shown
from torso.text import load as loading
from torso.text import save as saving
from torso.text.batch_encoding import BatchEncoding
from torso.text.border import Fields, Filling, batch_encoding, pad_fields
from torso.text.inputs import Text, Texts, checked_pairs, checked_word_pairs, is_batch
from torso.text.reader import Reader
from torso.text.request import Padding, Side, Tensors, Truncation, checked_side, resolve


class Tokenizer(Reader):
    """A checkpoint's tokenizer, from its own files. Read only: any number of threads may share one.

    Natively, `encoding` and `encodings` give ids with their places in the text, nothing padded and nothing cut. The
    ecosystem's way, ``tokenizer(text, return_tensors="pt")``, gives named fields with the parameters, ids and defaults
    of transformers' fast tokenizers; where those would ignore a parameter, this one says so.
    """

    __slots__ = ("_loaded", "_max_tokens")

    def __init__(self, loaded: loading.Loaded, folder: Path, max_tokens: int | None) -> None:
        """Of loaded files; use `from_folder`."""
        ready = loaded.ready
        super().__init__(loaded.wheel, ready.named, ready.extra, ready.largest)
        self._folder = folder
        self._clean_up = loaded.clean_up
        self._cut_side = loaded.truncation_side
        self._loaded = loaded
        self._max_tokens = max_tokens

    @classmethod
    def from_folder(cls, folder: Path) -> Tokenizer:
        """The tokenizer in ``folder``: its tokenizer.json is the truth; else its vocab.txt makes BERT's.

        Raises:
            TokenizerError: E_TOKENIZER_MISSING, which lists what to download; E_TOKENIZER for files that make none.
            TorsoError: as `torso.files.read_bytes`, for a file that is empty, too large, a pointer or no file at all.
        """
        loaded = loading.load(folder)
        return cls(loaded, folder, loaded.settings.length())

    def limited(self, max_tokens: int | None) -> Tokenizer:
        """The same tokenizer with at most ``max_tokens`` tokens as its limit, such as a model's; None sets no other."""
        limits = [limit for limit in (self._max_tokens, max_tokens) if limit is not None]
        return Tokenizer(self._loaded, self._folder, min(limits, default=None))

    # -- what it is ----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"Tokenizer({shown(self._folder)!r}, {len(self)} tokens, max_tokens={self._max_tokens})"

    @property
    def max_tokens(self) -> int | None:
        """Tokens it was made for, special ones included; None where nobody says."""
        return self._max_tokens

    @property
    def model_max_length(self) -> int | None:
        """The ecosystem's name for `max_tokens`; None and not a sentinel where nobody says."""
        return self._max_tokens

    @property
    def padding_side(self) -> str:
        """``right`` or ``left``: where rows are filled up unless a call says otherwise."""
        return self._loaded.padding_side

    @property
    def truncation_side(self) -> str:
        """``right`` or ``left``: where texts are cut."""
        return self._loaded.truncation_side

    @property
    def is_fast(self) -> bool:
        """True; the ecosystem asks."""
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        """What the files ask for that is not followed, in words."""
        return tuple(str(note) for note in self._loaded.notes)

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """How many tokens are put around one text, or around two."""
        return self._loaded.wheel.special_count(pair=pair)

    # -- the ecosystem's way -------------------------------------------------------------------------------------------

    def __call__(
        self,
        text: Text | Texts,
        text_pair: Text | Texts | None = None,
        *,
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
        """Named fields for a model: of one text, or of a list of texts or pairs.

        Tensors are [N, length] int64; of texts that differ in length they are padded without being asked.

        Args:
            text: one text, a list of them, a list of pairs; with ``is_split_into_words`` a list of words, or of such.
            text_pair: second texts, as many as first ones. An empty one is a text.
            add_special_tokens: whether to put the special tokens around.
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
            return_overflowing_tokens: a row for every window that truncation cut off, too.
            return_special_tokens_mask: 1 for tokens put around the texts, and for padding.
            return_offsets_mapping: start and end of each token in its original text.
            return_length: tokens of each row, padding included.

        Raises:
            InputTypeError, InputError: E_TEXT for what is no text, by its place; E_ARGUMENT for a parameter that cannot
                be, or would have no effect; E_NO_LIMIT where nobody knows what to cut to; E_NO_PADDING_TOKEN.
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
        side = checked_side(padding_side, self.padding_side)
        single = not is_batch(text, words=is_split_into_words)
        texts = [text] if single else text
        pairs = [text_pair] if single and text_pair is not None else text_pair
        if is_split_into_words:
            first, second = self._split_words(*checked_word_pairs(texts, pairs))
        else:
            first, second = self._split(*checked_pairs(texts, pairs, single=single))
        finished = self._finish(first, second, add_special_tokens, request)
        fields = Fields(
            segments=self._loaded.with_segments if return_token_type_ids is None else return_token_type_ids,
            mask=return_attention_mask is not False,
            special=return_special_tokens_mask,
            spans=return_offsets_mapping,
            length=return_length,
            overflow=return_overflowing_tokens,
        )
        return batch_encoding(
            finished,
            request=request,
            fields=fields,
            filling=Filling(self.pad_token, self.pad_token_id, side),
            tensors=return_tensors,
            single=single,
        )

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
        """The ids of one text: a list, or [1, length] where tensors are asked for. Parameters as in a call."""
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
        """The tokens of one text, as the vocabulary writes them."""
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
        """Texts tokenized before, as a batch of rows equally long; other fields, such as labels, stay as they are.

        Args:
            encoded_inputs: what calls gave: one of them, or a list.
            padding: as in a call.
            max_length: as in a call.
            pad_to_multiple_of: as in a call.
            padding_side: as in a call.
            return_attention_mask: as in a call.
            return_tensors: as in a call.

        Raises:
            InputTypeError, InputError: as a call; E_RAGGED where a field cannot be a tensor.
        """
        request = resolve(
            padding=padding,
            truncation=False,
            max_length=max_length,
            stride=0,
            multiple=pad_to_multiple_of,
            known_limit=self._max_tokens,
            tensors_of_many=return_tensors is not None,
        )
        side = checked_side(padding_side, self.padding_side)
        return pad_fields(
            encoded_inputs,
            request=request,
            filling=Filling(self.pad_token, self.pad_token_id, side),
            mask=return_attention_mask is not False,
            tensors=return_tensors,
        )

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the files that transformers and torso load it from with equal ids, its limit among them."""
        saving.save(self._loaded, Path(folder), max_tokens=self._max_tokens)

    def save_pretrained(self, save_directory: str | os.PathLike[str]) -> None:
        """The ecosystem's name for `save`."""
        self.save(save_directory)
