"""Chat generation: the next message of a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from torso.generation.completed_text import Piece
from torso.io.arguments import known_arguments
from torso.outputs import VocabLogits
from torso.tasks.ready import Usable
from torso.tasks.text_generator import Generated, Settings, TextGenerator, make_text_generator

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer
    from torso.text.tool_schema import Tool

Messages = str | Sequence[Mapping[str, Any]]
"""A chat so far; a string is one message of the user."""


@known_arguments
def chat(
    messages: Messages,
    *,
    model: Usable[VocabLogits],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    tools: Sequence[Tool] | None = None,
    enable_thinking: bool | None = None,
    chat_template: str | None = None,
    tokenizer: Tokenizer | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
) -> Generated:
    """Return a model's answer to a chat, which it reads in the form that its tokenizer's chat template gives it.

    Args:
        messages: such as ``[{"role": "user", "content": "Hello"}]``, or a string for just that.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        max_new_tokens: tokens written at most; default 256.
        do_sample: whether tokens are drawn by chance; None: as the checkpoint says.
        temperature: of drawn tokens: below 1 safer, above 1 wilder.
        top_p: only the likeliest that add up to this probability are drawn from.
        seed: makes what is drawn repeatable; None takes torch's own state.
        settings: `GenerationSettings` instead of the checkpoint's; or changes to them by name, for every other knob.
        tools: what the model may call, as JSON schemas, or functions with type hints and a docstring.
        enable_thinking: given to templates that ask for it.
        chat_template: a template in Jinja, or the name of one of the files'; None for the files' own.
        tokenizer: instead of the one in the model's folder.
        untrained: whether a head that was never trained is accepted.
        device: where to load the weights.

    Raises:
        InputTypeError, InputError: E_CHAT, E_CHAT_TEMPLATE, as `Tokenizer.apply_chat_template`.
        TorsoError: as `torso.generate`.
    """
    asked: dict[str, Any] = dict(
        max_new_tokens=max_new_tokens, do_sample=do_sample, temperature=temperature, top_p=top_p, seed=seed
    )
    generator = make_text_generator(model, settings, asked, tokenizer=tokenizer, device=device, untrained=untrained)
    return generator.write(_asked(generator, messages, tools, enable_thinking, chat_template), special=False)


@known_arguments
def chat_stream(
    messages: Messages,
    *,
    model: Usable[VocabLogits],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    tools: Sequence[Tool] | None = None,
    enable_thinking: bool | None = None,
    chat_template: str | None = None,
    tokenizer: Tokenizer | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
) -> Iterator[Piece]:
    """Stream the answer to a chat, one piece per token; see `torso.stream`.

    Args:
        messages: as in `chat`, as all that follow.
        model: a folder, a name, a loaded model, or one made `Ready`.
        max_new_tokens: tokens written at most.
        do_sample: whether tokens are drawn by chance.
        temperature: of drawn tokens.
        top_p: probability that is drawn from.
        seed: makes what is drawn repeatable.
        settings: instead of the checkpoint's, or changes to them.
        tools: what the model may call.
        enable_thinking: given to templates that ask for it.
        chat_template: a template, or the name of one of the files'.
        tokenizer: instead of the one in the model's folder.
        untrained: whether a head that was never trained is accepted.
        device: where to load the weights.

    Raises:
        TorsoError: as `chat`.
    """
    asked: dict[str, Any] = dict(
        max_new_tokens=max_new_tokens, do_sample=do_sample, temperature=temperature, top_p=top_p, seed=seed
    )
    generator = make_text_generator(model, settings, asked, tokenizer=tokenizer, device=device, untrained=untrained)
    return generator.stream(_asked(generator, messages, tools, enable_thinking, chat_template), special=False)


def _asked(
    generator: TextGenerator,
    messages: Messages,
    tools: Sequence[Tool] | None,
    enable_thinking: bool | None,
    chat_template: str | None,
) -> str:
    conversation = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    text = generator.ready.tokenizer.apply_chat_template(
        conversation,
        tools=tools,
        chat_template=chat_template,
        add_generation_prompt=True,
        enable_thinking=enable_thinking,
        tokenize=False,
    )
    return cast("str", text)
