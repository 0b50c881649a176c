"""Tokenizer of a checkpoint: text to ids and back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torso.errors import InputError
from torso.io.arguments import checked_calls
from torso.io.paths import shown
from torso.text import load_tokenizer as loading
from torso.text import save_tokenizer as saving
from torso.text import tokenizer_cache
from torso.text.chat_messages import Message
from torso.text.chat_template import chosen, rendered
from torso.text.growing import GrowingTokenizer
from torso.text.notes import print_notes
from torso.text.request import Padding, Tensors, Truncation
from torso.text.tool_schema import Tool


@checked_calls
class Tokenizer(GrowingTokenizer):
    """Tokenizer of a checkpoint, from its own files. Calls read it alone: any number of threads may share one.

    Natively, `encoding` and `encodings` return ids with their character spans, without padding or truncation. The call
    ``tokenizer(text, return_tensors="pt")`` returns named fields, with the parameters, ids and defaults
    of transformers' fast tokenizers; where those would ignore a parameter, this one raises.
    """

    __slots__ = ()

    def __init__(self, loaded: loading.Loaded, folder: Path, max_tokens: int | None) -> None:
        """Wrap loaded files; use `from_folder`."""
        self._set(loaded, folder, max_tokens)

    @classmethod
    def from_folder(cls, folder: Path, *, src_lang: str | None = None, tgt_lang: str | None = None) -> Tokenizer:
        """Load the tokenizer in ``folder``: its tokenizer.json, else one converted from the vocabulary's files.

        Args:
            folder: the files.
            src_lang: the language of texts, for a tokenizer that marks it, such as ``zh_CN``; None as the files say.
            tgt_lang: the language of the texts that a model is to write; None as the files say, or as ``src_lang``.

        Raises:
            InputError: E_LANGUAGE for a language that the tokenizer does not have.
            TokenizerError: E_TOKENIZER_MISSING, which lists what to download; E_TOKENIZER for files that make none.
            TorsoError: as `torso.io.files.read_bytes`, for a file that is empty, too large, a pointer or no file.
        """
        loaded = loading.load(folder, src_lang=src_lang, tgt_lang=tgt_lang)
        return cls(loaded, folder, loaded.settings.length())

    def limited(self, max_tokens: int | None) -> Tokenizer:
        """Return the same tokenizer limited to ``max_tokens`` tokens, such as a model's limit; unchanged for None."""
        limits = [limit for limit in (self._max_tokens, max_tokens) if limit is not None]
        return Tokenizer(self._loaded, self._folder, min(limits, default=None))

    def without_special_tokens(self) -> Tokenizer:
        """Return the same tokenizer for a model that reads the tokens of a text alone, of any number of them.

        Its limit is the one that tokenizer.json sets; that of other files is a model's with special tokens.
        """
        loaded = replace(self._loaded, backend=self._loaded.backend.framed(None), framed=False)
        return Tokenizer(loaded, self._folder, loaded.longest)

    def sided(self, padding: str | None, truncation: str | None) -> Tokenizer:
        """The same tokenizer with the sides, ``left`` or ``right``, where rows are filled up and texts are cut."""
        loaded = replace(
            self._loaded,
            padding_side=padding or self._loaded.padding_side,
            truncation_side=truncation or self._loaded.truncation_side,
        )
        return Tokenizer(loaded, self._folder, self._max_tokens)

    @property
    def name_or_path(self) -> str:
        """The folder that it was read from."""
        return str(self._folder)

    # -- what it is ----------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"Tokenizer({shown(self._folder)!r}, {len(self)} tokens, max_tokens={self._max_tokens})"

    @property
    def max_tokens(self) -> int | None:
        """Maximum text length, special tokens included; None if unknown."""
        return self._max_tokens

    @property
    def model_max_length(self) -> int | None:
        """Name of `max_tokens` in transformers; None and not a sentinel if unknown."""
        return self._max_tokens

    @property
    def padding_side(self) -> str:
        """Default padding side, ``right`` or ``left``."""
        return self._loaded.padding_side

    @property
    def truncation_side(self) -> str:
        """Truncation side, ``right`` or ``left``."""
        return self._loaded.truncation_side

    @property
    def src_lang(self) -> str | None:
        """Language of the input texts, if the tokenizer marks it."""
        return self._loaded.spoken.source if self._loaded.spoken else None

    @property
    def tgt_lang(self) -> str | None:
        """Language of the texts to generate, if the tokenizer marks it."""
        return self._loaded.spoken.target if self._loaded.spoken else None

    @property
    def is_fast(self) -> bool:
        """Always True; for code written for transformers."""
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on what the files ask for that is not followed."""
        return tuple(str(note) for note in self._loaded.notes)

    def tell_notes(self) -> None:
        """Print to standard error, once in a process, each of `notes` that makes ids differ from the files'."""
        print_notes(self._folder, self._loaded.notes)

    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of everything that decides its ids: its files as read, languages and limit."""
        loaded = self._loaded
        said = [str(loaded.source.form), repr(loaded.settings), repr(loaded.spoken), str(self._max_tokens)]
        if not loaded.framed:
            said.append("without special tokens")
        if loaded.added or loaded.renamed:
            said += [repr(loaded.added), repr(loaded.renamed)]
        return tokenizer_cache.key_of(said, loaded.source.contents)

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """Return how many special tokens are added to one text, or to a pair."""
        return self._loaded.backend.special_count(pair=pair)

    # -- chats ---------------------------------------------------------------------------------------------------------

    @property
    def chat_template(self) -> str | dict[str, str] | None:
        """Chat template, several by name, or None."""
        templates = self._loaded.chats
        return dict(templates) if len(templates) > 1 else next(iter(templates.values()), None)

    def apply_chat_template(
        self,
        conversation: Sequence[Message] | Sequence[Sequence[Message]],
        *,
        tools: Sequence[Tool] | None = None,
        documents: Sequence[Mapping[str, Any]] | None = None,
        chat_template: str | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool | str = False,
        enable_thinking: bool | None = None,
        variables: Mapping[str, Any] | None = None,
        tokenize: bool = True,
        padding: Padding = False,
        truncation: Truncation = None,
        max_length: int | None = None,
        return_tensors: Tensors = None,
        return_dict: bool = True,
        **template_variables: Any,
    ) -> Any:
        """Render a chat, or several, in the model's format: named fields as from a call, or text.

        Args:
            conversation: messages such as ``{"role": "user", "content": "Hello"}``; or a list of such chats.
            tools: what the model may call, as JSON schemas, or functions with type hints and a docstring.
            documents: what the model may read.
            chat_template: a template in Jinja, or the name of one of the files'; None for the files' own.
            add_generation_prompt: whether the text ends where the model's answer begins.
            continue_final_message: whether the text ends behind the last message, for the model to go on with it; or
                the key of that message that is continued, where it is not ``content``.
            enable_thinking: given to templates that ask for it; None gives nothing.
            variables: what else a template asks for, by name.
            tokenize: False for text.
            padding: as in a call.
            truncation: as in a call.
            max_length: as in a call.
            return_tensors: as in a call.
            return_dict: False for the ids alone.
            template_variables: as ``variables``, as notebooks write it; each must be one that the template asks for.

        Keys of messages whose value is None are removed, unless the template tests the key for none.

        Raises:
            InputTypeError, InputError: E_CHAT for invalid messages, those that the template refuses, or that cannot be
                continued; E_TOOL for a function that cannot be described; E_CHAT_TEMPLATE where there is no template,
                or a wrong one; E_ARGUMENT for continue_final_message with add_generation_prompt.
            UnknownParameterError: E_ARGUMENT for a name that neither this method nor the template knows.
            LimitError: E_LIMIT for a template that loops too often or makes too much text.
        """
        template = chosen(self._loaded.chats, chat_template, with_tools=tools is not None)
        given = {**self.special_tokens_map, **(variables or {}), **template_variables}
        if continue_final_message and add_generation_prompt:
            raise InputError(
                "E_ARGUMENT",
                "continue_final_message and add_generation_prompt contradict each other.",
                cure="Pass one: the first goes on with the last message, the second begins another.",
            )
        key = "content" if continue_final_message is True else continue_final_message or None
        if enable_thinking is not None:
            given["enable_thinking"] = enable_thinking
        first = next(iter(conversation), None)
        several = isinstance(first, Sequence) and not isinstance(first, str)
        texts = [
            rendered(
                template,
                chat,
                tools=tools,
                documents=documents,
                add_generation_prompt=add_generation_prompt,
                variables=given,
                named=tuple(template_variables),
                continued_key=key,
            )
            for chat in cast("Sequence[Sequence[Message]]", conversation if several else [conversation])
        ]
        if not tokenize:
            return texts if several else texts[0]
        encoded = self(
            texts if several else texts[0],
            add_special_tokens=False,
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            return_tensors=return_tensors,
        )
        return encoded if return_dict else encoded.input_ids

    # -- files ---------------------------------------------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str]) -> tuple[str, ...]:
        """Write files from which transformers and torso load it with equal ids, its limit among them; return them."""
        return saving.save(self._loaded, Path(folder), max_tokens=self._max_tokens)

    def save_pretrained(self, save_directory: str | os.PathLike[str]) -> tuple[str, ...]:
        """Save the tokenizer; the name of `save` in transformers."""
        return self.save(save_directory)
