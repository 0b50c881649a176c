"""Text generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from torso.generation.completed_text import BATCH, Piece
from torso.io.arguments import known_arguments
from torso.outputs import VocabLogits
from torso.tasks.argument_checks import one_or_more
from torso.tasks.ready import Usable
from torso.tasks.task_options import GenerateOptions
from torso.tasks.text_generator import Generated, Settings, make_text_generator

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer


@overload
def generate(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    prompts: str,
    *,
    model: Usable[VocabLogits],
    **options: Unpack[GenerateOptions],
) -> Generated: ...
@overload
def generate(
    prompts: Sequence[str],
    *,
    model: Usable[VocabLogits],
    **options: Unpack[GenerateOptions],
) -> list[Generated]: ...
@overload
def generate(
    prompts: Iterator[str],
    *,
    model: Usable[VocabLogits],
    **options: Unpack[GenerateOptions],
) -> Iterator[Generated]: ...
@known_arguments
def generate(
    prompts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[VocabLogits],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    num_beams: int | None = None,
    num_return_sequences: int | None = None,
    prompt_lookup_num_tokens: int | None = None,
    stop_strings: str | Sequence[str] | None = None,
    bad_words: Sequence[str] | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    tokenizer: Tokenizer | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    batch: int = BATCH,
) -> Any:
    """Generate the continuation of a prompt; of a list of prompts, a list; of an iterator, an iterator.

    Of an encoder-decoder, what its decoder writes of each text. What is None is as the checkpoint's
    generation_config.json says; a knob that the others would leave without effect is refused.

    Args:
        prompts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        max_new_tokens: tokens written at most; default 256.
        do_sample: whether tokens are drawn by chance; otherwise the likeliest is taken.
        temperature: of drawn tokens: below 1 safer, above 1 wilder.
        top_k: how many of the likeliest tokens are drawn from; 0 for all.
        top_p: only the likeliest that add up to this probability are drawn from.
        num_beams: texts followed side by side in a beam search.
        num_return_sequences: texts written for each prompt.
        prompt_lookup_num_tokens: tokens guessed from earlier in the text and its prompt, and read in one step with the
            next: faster where much is repeated, and the same text. For the kernels alone.
        stop_strings: a text ends where one of them is written, and is cut before it.
        bad_words: never written, neither where a text begins nor behind a space; written otherwise, or inside another
            word, they are other tokens. They add to ``bad_words_ids`` of the settings.
        seed: makes what is drawn repeatable, whatever else is in the list; None takes torch's own state.
        settings: `GenerationSettings` instead of the checkpoint's; or changes to them by name, for every other knob.
        tokenizer: instead of the one in the model's folder.
        untrained: whether a head that was never trained is accepted.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        batch: texts written side by side.

    Raises:
        TooLongError: E_TOO_LONG, naming the prompt that leaves no room to write. Nothing was run.
        InputError: E_TASK, E_EMPTY_TEXT, E_ARGUMENT.
        UnknownParameterError, ConfigError, UnsupportedError: for settings that cannot be, or have no effect.
        TorsoError: as `torso.load`.
    """
    asked: dict[str, Any] = dict(
        max_new_tokens=max_new_tokens,
        do_sample=do_sample,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        num_beams=num_beams,
        num_return_sequences=num_return_sequences,
        prompt_lookup_num_tokens=prompt_lookup_num_tokens,
        stop_strings=None if stop_strings is None else one_or_more(stop_strings),
        seed=seed,
    )
    generator = make_text_generator(
        model, settings, asked, tokenizer=tokenizer, device=device, untrained=untrained, bad_words=bad_words
    )
    return generator.write(prompts, batch=batch)


@known_arguments
def stream(
    prompt: str,
    *,
    model: Usable[VocabLogits],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    stop_strings: str | Sequence[str] | None = None,
    bad_words: Sequence[str] | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    tokenizer: Tokenizer | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
) -> Iterator[Piece]:
    """Stream the continuation of a prompt, one piece per token, as it is written; the pieces are the text.

    A piece never ends within a character, nor within what may become a stop string: then it is empty, and the next
    one holds more.

    Args:
        prompt: a string.
        model: as in `generate`, as all that follow.
        max_new_tokens: tokens written at most.
        do_sample: whether tokens are drawn by chance.
        temperature: of drawn tokens.
        top_k: how many are drawn from.
        top_p: probability that is drawn from.
        stop_strings: where the text ends.
        bad_words: never written.
        seed: makes what is drawn repeatable.
        settings: instead of the checkpoint's, or changes to them.
        tokenizer: instead of the one in the model's folder.
        untrained: whether a head that was never trained is accepted.
        device: where to load the weights.

    Raises:
        ConfigError: E_NO_STREAM, for a beam search.
        TorsoError: as `generate`.
    """
    asked: dict[str, Any] = dict(
        max_new_tokens=max_new_tokens,
        do_sample=do_sample,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        stop_strings=None if stop_strings is None else one_or_more(stop_strings),
        seed=seed,
    )
    generator = make_text_generator(
        model, settings, asked, tokenizer=tokenizer, device=device, untrained=untrained, bad_words=bad_words
    )
    return generator.stream(prompt)
