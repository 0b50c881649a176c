"""Translation and summarisation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from torso.architecture import Task
from torso.errors import InputError
from torso.generation.completed_text import BATCH
from torso.io.arguments import known_arguments
from torso.loading.load import load_tokenizer
from torso.outputs import VocabLogits
from torso.tasks.ready import Ready, Usable
from torso.tasks.task_options import SummariseOptions, TranslateOptions
from torso.tasks.text_generator import Generated, Settings, make_text_generator, task_of
from torso.tasks.windows import Long, length_policy
from torso.text import Tokenizer
from torso.text.language_names import language_code, short_code

if TYPE_CHECKING:
    import torch


@overload
def translate(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[VocabLogits],
    **options: Unpack[TranslateOptions],
) -> Generated: ...
@overload
def translate(
    texts: Sequence[str],
    *,
    model: Usable[VocabLogits],
    **options: Unpack[TranslateOptions],
) -> list[Generated]: ...
@overload
def translate(
    texts: Iterator[str],
    *,
    model: Usable[VocabLogits],
    **options: Unpack[TranslateOptions],
) -> Iterator[Generated]: ...
@known_arguments
def translate(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[VocabLogits],
    source: str | None = None,
    target: str | None = None,
    max_new_tokens: int | None = None,
    num_beams: int | None = None,
    long: Long = "error",
    settings: Settings | None = None,
    tokenizer: Tokenizer | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    batch: int = BATCH,
) -> Any:
    """Translate a text, by an encoder-decoder; of a list of texts, a list; of an iterator, an iterator.

    Languages are said by name (``Chinese``, ``中文``) or by code: mBART's are ``zh_CN``, NLLB's ``zho_Hans``, those of
    M2M-100 and T5 ``zh``; any will do for each. A Marian model has one pair, so that nothing is to be said.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        source: the language of the texts; None as the files say.
        target: the language to write in; None as the files say.
        max_new_tokens: tokens written at most; default 256.
        num_beams: texts followed side by side in a beam search; None as the files say.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning;
            ``window`` reads it in portions of whole sentences, and joins what is written of them, in their order, to
            one text: the rule ``join``. Of several texts for each, the best are joined, then the second best.
        settings: `GenerationSettings` instead of the checkpoint's; or changes to them by name.
        tokenizer: instead of the one in the model's folder.
        untrained: whether a head that was never trained is accepted.
        device: where to load the weights.
        batch: texts written side by side, beams among them.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        InputError: E_LANGUAGE for a language that the model does not have; E_TASK for a decoder.
        TorsoError: as `torso.generate`.
    """

    def prepare(ready: Ready[VocabLogits]) -> tuple[Tokenizer, Mapping[str, Any]]:
        spoken = ready.tokenizer
        if task is not None and task in _tasks(ready):
            return spoken, {}
        if (source or target) and tokenizer is None and ready.folder is not None:
            _refuse(source, target, spoken, ready)
            spoken = load_tokenizer(ready.folder, src_lang=source, tgt_lang=target)
            spoken = spoken.limited(ready.tokenizer.max_tokens)
        elif source or target:
            _require_spoken(spoken, source, target)
        writes = target is not None or tokenizer is not None
        if not writes or spoken.tgt_lang is None:
            _refuse(source, target, spoken, ready)
            return spoken, {}
        return spoken, {"forced_bos_token_id": spoken.convert_tokens_to_ids(spoken.tgt_lang)}

    _require_encoder_decoder(model, "translate")
    task = f"translation_{short_code(source)}_to_{short_code(target)}" if source and target else None
    generator = make_text_generator(
        model,
        settings,
        dict(max_new_tokens=max_new_tokens, num_beams=num_beams),
        tokenizer=tokenizer,
        device=device,
        untrained=untrained,
        task=task,
        prepare=prepare,
    )
    policy = length_policy(generator.ready.tokenizer.max_tokens, long, merges=("join",))
    return generator.write(texts, batch=batch, policy=policy)


def _require_spoken(tokenizer: Tokenizer, source: str | None, target: str | None) -> None:
    """Raise for languages other than those that a ready tokenizer marks."""
    for name, asked, marked in (("source", source, tokenizer.src_lang), ("target", target, tokenizer.tgt_lang)):
        if asked is not None and tokenizer.src_lang is not None and not (marked and language_code(asked, [marked])):
            raise InputError(
                "E_LANGUAGE",
                "{name} is {asked}; the tokenizer that was given was made for {marked}.",
                cure="Make it for the languages: tokenizer=torso.load_tokenizer(folder, src_lang=..., tgt_lang=...).",
                values=dict(name=name, asked=repr(asked), marked=repr(marked)),
            )


def _tasks(ready: Ready[VocabLogits]) -> Mapping[str, Any]:
    found = ready.runner.config.unused.get("task_specific_params")
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _refuse(source: str | None, target: str | None, tokenizer: Tokenizer, ready: Ready[VocabLogits]) -> None:
    """Raise for a language that a model without marks of languages has no task of."""
    if tokenizer.src_lang is not None or not (source or target):
        return
    pairs = [found.groups() for found in map(re.compile("translation_(.+)_to_(.+)").fullmatch, _tasks(ready)) if found]
    is_source_known = source is not None and short_code(source) in {one for one, _ in pairs}
    raise InputError(
        "E_LANGUAGE",
        "{name} has no setting for the language {language}.",
        cure="Leave source and target out (--from, --to) for a model of one pair; else name both as the model does: "
        "{known}.",
        values=dict(
            name=ready.name,
            language=target if is_source_known and target else source or target,
            known=", ".join(f"{one} → {other}" for one, other in pairs) or "-",
        ),
    )


def _require_encoder_decoder(model: Usable[VocabLogits], function: str) -> None:
    """Raise for a decoder, which goes on with a text, and would do so without a word."""
    if task_of(model) is not Task.SEQ2SEQ_LM:
        raise InputError(
            "E_TASK",
            "This model is a decoder: it goes on with a text, and {function} needs an encoder-decoder.",
            cure="Ask it in words: torso.chat(...) or torso.generate(...), torso chat or torso generate; or name a "
            "model as t5-small.",
            values=dict(function=function),
        )


@overload
def summarise(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[VocabLogits],
    **options: Unpack[SummariseOptions],
) -> Generated: ...
@overload
def summarise(
    texts: Sequence[str],
    *,
    model: Usable[VocabLogits],
    **options: Unpack[SummariseOptions],
) -> list[Generated]: ...
@overload
def summarise(
    texts: Iterator[str],
    *,
    model: Usable[VocabLogits],
    **options: Unpack[SummariseOptions],
) -> Iterator[Generated]: ...
@known_arguments
def summarise(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[VocabLogits],
    max_new_tokens: int | None = None,
    num_beams: int | None = None,
    long: Long = "error",
    settings: Settings | None = None,
    tokenizer: Tokenizer | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    batch: int = BATCH,
) -> Any:
    """Summarise a text, by an encoder-decoder; of a list of texts, a list; of an iterator, an iterator.

    What a config says of the task ``summarization`` holds: T5's puts ``summarize: `` before the text.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        max_new_tokens: tokens written at most; default 256.
        num_beams: texts followed side by side in a beam search; None as the files say.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning;
            ``window`` reads it in portions of whole sentences, and joins what is written of them, in their order, to
            one text: the rule ``join``. Of several texts for each, the best are joined, then the second best.
        settings: `GenerationSettings` instead of the checkpoint's; or changes to them by name.
        tokenizer: instead of the one in the model's folder.
        untrained: whether a head that was never trained is accepted.
        device: where to load the weights.
        batch: texts written side by side, beams among them.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        InputError: E_TASK for a decoder.
        TorsoError: as `torso.generate`.
    """
    _require_encoder_decoder(model, "summarise")
    generator = make_text_generator(
        model,
        settings,
        dict(max_new_tokens=max_new_tokens, num_beams=num_beams),
        tokenizer=tokenizer,
        device=device,
        untrained=untrained,
        task="summarization",
    )
    policy = length_policy(generator.ready.tokenizer.max_tokens, long, merges=("join",))
    return generator.write(texts, batch=batch, policy=policy)
