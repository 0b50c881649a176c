"""Writing under the ecosystem's calling convention: padded ids in, padded ids out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

import torch
from torch import Tensor

from torso.architecture import Task
from torso.batch import pieces
from torso.compat.generation_arguments import (
    AS_STATED,
    GenerateArguments,
    GenerationConfig,
    Streamer,
    Streaming,
    check_generate_arguments,
    each_of,
    processor_of,
    settings_from,
    stated_options,
    stops_of,
)
from torso.compat.padded_inputs import check_tensor, checked
from torso.compat.padded_outputs import GenerateOutput
from torso.compat.padding import Padding
from torso.compat.steered_generation import steered
from torso.errors import InputError
from torso.generation.completion import complete
from torso.generation.decode_loop import Stops
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import settings_of
from torso.generation.vocabulary_ids import require_ids
from torso.io.arguments import own_arguments
from torso.nn.id_checks import check_rows
from torso.nn.trunk import EncoderDecoder

if TYPE_CHECKING:
    from torso.model import Model
    from torso.text import Tokenizer

REFERENCE_NEW_TOKENS = 20
"""Default maximum of new tokens, as in transformers."""


class Writes:
    """What a padded model with a head over the vocabulary can do beside being called."""

    packed: Model[Any]

    def generate(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        *,
        generation_config: GenerationSettings | Mapping[str, Any] | None = None,
        max_new_tokens: int | None = None,
        max_length: int | None = None,
        min_new_tokens: int | None = None,
        min_length: int | None = None,
        do_sample: bool | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = AS_STATED,
        typical_p: float | None = None,
        num_beams: int | None = None,
        num_return_sequences: int | None = None,
        length_penalty: float | None = None,
        early_stopping: bool | str | None = None,
        repetition_penalty: float | None = None,
        no_repeat_ngram_size: int | None = None,
        bad_words_ids: list[list[int]] | None = AS_STATED,
        suppress_tokens: list[int] | None = AS_STATED,
        begin_suppress_tokens: list[int] | None = AS_STATED,
        forced_bos_token_id: int | None = AS_STATED,
        forced_eos_token_id: int | list[int] | None = AS_STATED,
        bos_token_id: int | None = None,
        eos_token_id: int | list[int] | None = AS_STATED,
        pad_token_id: int | None = None,
        decoder_start_token_id: int | None = None,
        stop_strings: str | list[str] | None = None,
        tokenizer: Tokenizer | None = None,
        seed: int | None = None,
        **more: Unpack[GenerateArguments],
    ) -> Any:
        """Generate ids that continue the rows: [N * num_return_sequences, S + new], the input's columns first.

        Behind an encoder the rows are its source, and the ids are the decoder's, from its start token on. Prompts and
        prefixes that PEFT has learned stand before each text, and count to no length. Texts that are over before others
        are filled with ``pad_token_id``. Options that are left out are as the checkpoint's generation_config.json says;
        `GenerationSettings` documents each. None leaves off what has `AS_STATED` for a default, as in transformers: a
        text of ``eos_token_id=None`` ends at its length. `torso.generate` gives texts.

        Args:
            input_ids: [N, S] int64, padded on either side.
            attention_mask: [N, S], 0 for padding; None: padding is where ``pad_token_id`` stands, if it ends no text.
            token_type_ids: [N, S], as the tokenizer gives it; all 0.
            generation_config: instead of the checkpoint's settings.
            max_new_tokens: maximum new tokens; default 20.
            max_length: columns of input and text together.
            min_new_tokens: see `GenerationSettings`, as for all that follow.
            min_length: columns of input and text together before a text may end.
            do_sample: whether tokens are drawn.
            temperature: divides the scores.
            top_k: how many are drawn from.
            top_p: probability that is drawn from.
            min_p: least share of the likeliest one's probability.
            typical_p: probability of the most typical that are drawn from.
            num_beams: texts followed side by side.
            num_return_sequences: texts of each row.
            length_penalty: exponent of a beam's length.
            early_stopping: when a beam search ends.
            repetition_penalty: worsens what was there before.
            no_repeat_ngram_size: ids in a row that are never repeated.
            bad_words_ids: sequences that are never written.
            suppress_tokens: ids that are never written.
            begin_suppress_tokens: ids that are never written first.
            forced_bos_token_id: id behind a decoder's start token.
            forced_eos_token_id: id written last where the length runs out.
            bos_token_id: id that an empty prompt stands for.
            eos_token_id: ids that end a text.
            pad_token_id: id behind texts that are over.
            decoder_start_token_id: id that a decoder behind an encoder begins with.
            stop_strings: a text ends where one of them is written.
            tokenizer: which finds the stop strings.
            seed: makes what is drawn repeatable; None takes torch's own state.
            more: see `GenerateArguments`: ``streamer``, ``stopping_criteria``, ``logits_processor``, what is refused.
                With ``return_dict_in_generate`` the ids are the result's ``sequences``.

        Raises:
            InputError: ``E_TASK``, for a model without a head over the vocabulary; ``E_IDS``, ``E_MASK``,
                ``E_EMPTY_TEXT``, as a call; ``E_NO_TOKENIZER``, for stop strings without a tokenizer.
            ConfigError, UnsupportedError: for settings that cannot be, or have no effect.
            TooLongError: ``E_TOO_LONG``, for a row that leaves no room to write. Nothing was run.
        """
        if self.packed.task not in (Task.CAUSAL_LM, Task.SEQ2SEQ_LM):
            raise InputError(
                "E_TASK",
                "The model was loaded for {has}, which writes no text.",
                cure="Load it with AutoModelForCausalLM, or AutoModelForSeq2SeqLM.",
                values=dict(has=self.packed.task.name),
            )
        asked: dict[str, Any] = {
            "max_new_tokens": max_new_tokens,
            "max_length": max_length,
            "min_new_tokens": min_new_tokens,
            "min_length": min_length,
            "do_sample": do_sample,
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "min_p": min_p,
            "typical_p": typical_p,
            "num_beams": num_beams,
            "num_return_sequences": num_return_sequences,
            "length_penalty": length_penalty,
            "early_stopping": early_stopping,
            "repetition_penalty": repetition_penalty,
            "no_repeat_ngram_size": no_repeat_ngram_size,
            "bad_words_ids": bad_words_ids,
            "suppress_tokens": suppress_tokens,
            "begin_suppress_tokens": begin_suppress_tokens,
            "forced_bos_token_id": forced_bos_token_id,
            "forced_eos_token_id": forced_eos_token_id,
            "bos_token_id": bos_token_id,
            "eos_token_id": eos_token_id,
            "pad_token_id": pad_token_id,
            "decoder_start_token_id": decoder_start_token_id,
            "stop_strings": [stop_strings] if isinstance(stop_strings, str) else stop_strings,
            "seed": seed,
        }
        check_generate_arguments(more, own_arguments(type(self).generate))
        settings = self.generation_config if generation_config is None else settings_from(generation_config)
        changes = stated_options(asked)
        settings = settings.replace(changes)
        require_ids(settings, self.packed.config.vocab_size, changes if generation_config is None else None)
        trunk = self.packed.trunk
        behind = isinstance(trunk, EncoderDecoder)
        for name, given in dict(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).items():
            check_tensor(name, given)
        embed = trunk.encoder.embed if behind else trunk.embed
        input_ids = checked(embed, input_ids, attention_mask, token_type_ids)
        if token_type_ids is not None:
            check_rows("token_type_ids", token_type_ids.long(), 1)
        padding = Padding.of(_mask(input_ids, settings) if attention_mask is None else attention_mask, None)
        rows = pieces(padding.take(input_ids), padding.layout.sizes)
        texts = [cast("list[int]", row.tolist()) for row in rows]
        settings = _in_columns(settings, 1 if behind else input_ids.shape[1])
        model = steered(self.__dict__.get("prepare_inputs_for_generation"), self.packed)
        # All of them are held before the first is run.
        prompts = list(prompts_of(model, texts, settings))
        stops = stops_of(each_of(more.get("stopping_criteria")), self.packed.device)
        streamer = more.get("streamer")
        streaming = None if streamer is None else _streaming(streamer, stops, len(texts), settings)
        if streaming is not None:
            streaming.begin(texts[0] if not behind else prompts[0].ids)
        further = [processor_of(each) for each in each_of(more.get("logits_processor"))]
        found = list(
            complete(model, prompts, settings, tokenizer, batch=_ROWS, further=further, stops=streaming or stops)
        )
        if streaming is not None:
            streaming.finish(found[0][0].ids)
        ids = _padded(
            input_ids,
            [prompt.ids for prompt in prompts] if behind else None,
            [[list(each.ids) for each in some] for some in found],
            _pad(settings),
        )
        return GenerateOutput(ids) if more.get("return_dict_in_generate") else ids

    @property
    def generation_config(self) -> GenerationConfig:
        """How the checkpoint says that it writes; its options can be assigned."""
        settings: GenerationConfig | None = self.__dict__.get("_writing")
        if settings is None:
            report = self.packed.report
            read = settings_of(None if report is None else Path(report.source), self.packed.config)
            settings = self.__dict__["_writing"] = GenerationConfig.of(read)
        return settings

    @generation_config.setter
    def generation_config(self, settings: object) -> None:
        self.__dict__["_writing"] = GenerationConfig.of(settings_from(settings))

    def can_generate(self) -> bool:
        """Return whether the model generates text."""
        return self.packed.task in (Task.CAUSAL_LM, Task.SEQ2SEQ_LM)


_ROWS = 64
"""Texts written side by side at most."""


def _streaming(streamer: Streamer, stops: Stops | None, texts: int, settings: GenerationSettings) -> Streaming:
    count = texts * settings.num_return_sequences
    if count > 1 or settings.num_beams > 1:
        raise InputError(
            "E_ARGUMENT",
            "A streamer shows one text as it grows; here are {count} texts and {beams} beams.",
            cure="Call generate with one row, num_beams=1 and num_return_sequences=1, or without the streamer.",
            values=dict(count=count, beams=settings.num_beams),
        )
    return Streaming(streamer, stops)


def _mask(ids: Tensor, settings: GenerationSettings) -> Tensor:
    pad = settings.pad_token_id
    return torch.ones_like(ids) if pad is None or pad in settings.ends else (ids != pad).long()


def _in_columns(settings: GenerationSettings, columns: int) -> GenerationSettings:
    """Return lengths counted from the first column, as the ecosystem does, not from each text's first token."""
    changes: dict[str, Any] = {}
    if settings.max_new_tokens is None:
        of_length = None if settings.max_length is None else settings.max_length - columns
        if of_length is None:
            changes["max_new_tokens"] = REFERENCE_NEW_TOKENS
        elif of_length > 0:
            changes["max_new_tokens"] = of_length
    if settings.min_new_tokens is None and settings.min_length > columns:
        changes["min_new_tokens"] = settings.min_length - columns
    return settings.replace(changes)


def _pad(settings: GenerationSettings) -> int:
    # Without an end all texts are of one length, but for those that the model's length cuts.
    return settings.pad_token_id if settings.pad_token_id is not None else next(iter(settings.ends), 0)


def _padded(ids: Tensor, starts: list[tuple[int, ...]] | None, written: list[list[list[int]]], pad: int) -> Tensor:
    """Return the input's columns, or the decoder's start tokens, followed by the generated ids: [N * texts, ...]."""
    texts = len(written[0])
    flat = [text for some in written for text in some]
    longest = max(len(text) for text in flat)
    new = torch.tensor([text + [pad] * (longest - len(text)) for text in flat], device=ids.device)
    before = ids if starts is None else torch.tensor(starts, device=ids.device)
    return torch.cat([before.repeat_interleave(texts, 0), new], 1)
