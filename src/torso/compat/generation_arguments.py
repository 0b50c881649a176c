"""The further keyword arguments of ``generate``: callables, streamers, other forms of settings; what cannot hold."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypedDict, cast

import torch
from torch import Tensor

from torso.errors import InputError, InputTypeError
from torso.generation.decode_loop import Stops
from torso.generation.generation_settings import GenerationSettings
from torso.generation.logits_processors import GenerationState, Processor
from torso.generation.settings_files import FILE, UNCHANGING, settings_in
from torso.io.arguments import checked_calls, unknown_argument
from torso.io.files import make_folder, write_atomically


class _AsStated:
    """Default of an option that None leaves off: it is as the checkpoint's files state it."""

    def __repr__(self) -> str:
        return "AS_STATED"


AS_STATED: Any = _AsStated()
"""Default of an option of ``generate`` that None leaves off: it is as the checkpoint's files state it."""
_OFF_BY_NONE = (
    "min_p",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "eos_token_id",
)

LogitsProcessor = Callable[[Tensor, Tensor], Tensor]
"""Maps ids [n, length] and scores [n, V] to scores [n, V]; those of transformers are such."""

StoppingCriterion = Callable[[Tensor, Any], Any]
"""Maps ids [1, length] and None to whether the text ends: a bool, or a tensor of one; transformers' are such."""


class Streamer(Protocol):
    """What shows a text while it is written: `torso.TextStreamer`, or one of transformers."""

    def put(self, value: Tensor) -> None:
        """Take the prompt's ids [1, length], then each new token [1]."""
        ...

    def end(self) -> None:
        """Take note of the end."""
        ...


class GenerateArguments(TypedDict, total=False):
    """Arguments of ``generate`` beside those that it documents.

    ``use_cache``, ``cache_implementation``, ``disable_compile`` and ``synced_gpus`` change no text. Options of
    transformers that torso does not implement are taken with the values that leave them off.
    """

    streamer: Streamer | None
    stopping_criteria: StoppingCriterion | Sequence[StoppingCriterion] | None
    logits_processor: LogitsProcessor | Sequence[LogitsProcessor] | None
    return_dict_in_generate: bool | None
    use_cache: bool | None
    cache_implementation: str | None
    disable_compile: bool | None
    synced_gpus: bool | None
    past_key_values: object
    output_scores: bool | None
    output_logits: bool | None
    output_attentions: bool | None
    output_hidden_states: bool | None
    assistant_model: object
    constraints: object
    diversity_penalty: float | None
    encoder_no_repeat_ngram_size: int | None
    epsilon_cutoff: float | None
    eta_cutoff: float | None
    exponential_decay_length_penalty: object
    force_words_ids: object
    guidance_scale: float | None
    inputs_embeds: Tensor | None
    max_time: float | None
    num_beam_groups: int | None
    penalty_alpha: float | None
    prefix_allowed_tokens_fn: object
    prompt_lookup_num_tokens: int | None
    renormalize_logits: bool | None
    sequence_bias: object


_PASSED_OVER = ("use_cache", "cache_implementation", "disable_compile", "synced_gpus")
_FOLLOWED = ("streamer", "stopping_criteria", "logits_processor", "return_dict_in_generate")
_CURES: Mapping[str, str] = {
    "output_scores": "For the probabilities of the tokens: torso.generate(...) gives log_probabilities with each text.",
    "max_time": "Pass a callable: stopping_criteria=[lambda ids, scores: time.monotonic() > end].",
    "sequence_bias": "Pass a callable: logits_processor=[lambda ids, scores: scores + bias].",
    "prompt_lookup_num_tokens": "Leave it out, or write with the kernels: torso.generate(prompt, "
    "model=torso.compiled_decoder(folder), prompt_lookup_num_tokens=10).",
    "past_key_values": "Leave it out: generate keeps a cache of its own, and reads the whole prompt of each call.",
    "prefix_allowed_tokens_fn": "Pass a callable that masks the other ids: logits_processor=[...].",
}


def check_generate_arguments(given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse what torso does not implement, unless its value leaves it off.

    Raises:
        InputError: ``E_ARGUMENT``.
        InputTypeError: ``E_ARGUMENT``, for an argument that does not exist.
    """
    for name, value in given.items():
        if name not in GenerateArguments.__annotations__:
            raise unknown_argument("generate", name, [*known, *GenerateArguments.__annotations__])
        off = value is None or value is False or value in UNCHANGING.get(name, ())
        if not off and (value == "quantized" or name not in (*_PASSED_OVER, *_FOLLOWED)):
            raise InputError(
                "E_ARGUMENT",
                "{name} is an option of transformers that torso's generate does not have.",
                cure=_CURES.get(name, "Leave it out."),
                values=dict(name=name),
            )


def stated_options(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a call states: None among them where it leaves one off."""
    return {
        name: value
        for name, value in asked.items()
        if value is not AS_STATED and (value is not None or name in _OFF_BY_NONE)
    }


@checked_calls
class GenerationConfig(GenerationSettings):
    """`GenerationSettings` that can be assigned to; None is the default of an option, as in transformers 5."""

    def __post_init__(self) -> None:
        for each in self.declared():
            if getattr(self, each.name) is None:
                object.__setattr__(self, each.name, self.default(each.name))
        super().__post_init__()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an option; None sets its default.

        Raises:
            UnknownParameterError, ConfigError: as the constructor does.
        """
        self.refuse_unknown([name])
        changed = dataclasses.replace(self, **{name: value, "origin": {**self.origin, name: "you"}})
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, getattr(changed, each.name))

    @classmethod
    def of(cls, settings: GenerationSettings) -> GenerationConfig:
        """Return the same settings, to be assigned to."""
        return cls(**{each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)})

    @classmethod
    def from_pretrained(cls, pretrained_model_name: str | os.PathLike[str]) -> GenerationConfig:
        """Read a checkpoint's settings.

        Raises:
            NotFoundError, OfflineError, NetworkError: the model cannot be had.
            FileFormatError, ConfigError: ``E_CONFIG``, for an invalid file.
        """
        from torso.generation.settings_files import settings_of
        from torso.hub import resolve
        from torso.loading.load import read_config

        folder = resolve(pretrained_model_name, config_only=True).folder
        return cls.of(settings_of(folder, read_config(folder)[1]))

    def to_dict(self) -> dict[str, Any]:
        """Return every option by name, with the other keys of the file."""
        return {**self.rest, **{each.name: getattr(self, each.name) for each in self.declared()}}

    def to_diff_dict(self) -> dict[str, Any]:
        """Return the options that differ from the defaults; what pipelines of transformers ask for."""
        own = GenerationConfig().to_dict()
        return {name: value for name, value in self.to_dict().items() if value != own.get(name)}

    def save_pretrained(self, save_directory: str | os.PathLike[str]) -> None:
        """Write generation_config.json into a folder: the options that are not as by default.

        Raises:
            AccessError, DiskError: the folder cannot be written.
        """
        import json

        said = {each.name: getattr(self, each.name) for each in self.declared() if each.name != "seed"}
        stated = {name: value for name, value in said.items() if value != self.default(name)}
        make_folder(Path(save_directory))
        with write_atomically(Path(save_directory) / FILE) as file:
            file.write((json.dumps({**self.rest, **stated}, indent=2, ensure_ascii=False) + "\n").encode())


def settings_from(given: object) -> GenerationSettings:
    """Return the settings of a call, also from a ``GenerationConfig`` of transformers.

    Raises:
        InputTypeError: ``E_ARGUMENT``, for what is neither.
        ConfigError: for values that cannot be.
    """
    if isinstance(given, GenerationSettings):
        return given
    for name in ("to_diff_dict", "to_dict"):
        method = getattr(given, name, None)
        if callable(method):
            values = cast("dict[str, Any]", method())
            break
    else:
        if not isinstance(given, Mapping):
            raise InputTypeError(
                "E_ARGUMENT",
                "generation_config is a {kind}.",
                cure="Pass a GenerationConfig: generation_config=GenerationConfig(max_new_tokens=40).",
                values=dict(kind=type(given).__name__),
            )
        values = dict(cast("Mapping[str, Any]", given))
    return settings_in(values, Path("generation_config"))


def each_of(given: Any) -> list[Callable[..., Any]]:
    """One callable or several as a list."""
    if given is None:
        return []
    return list(cast("list[Any]", given)) if isinstance(given, list | tuple) else [given]


def processor_of(process: LogitsProcessor) -> Processor:
    """Wrap a callable on ids [n, length], left-padded with each row's first id, as a logits processor."""

    def processed(scores: Tensor, texts: Sequence[GenerationState]) -> Tensor:
        longest = max(len(each.ids) for each in texts)
        rows = [each.ids[:1] * (longest - len(each.ids)) + each.ids for each in texts]
        found: Any = process(torch.tensor(rows, device=scores.device), scores.clone())
        if not isinstance(found, Tensor) or found.shape != scores.shape:
            raise InputTypeError(
                "E_ARGUMENT",
                "A logits processor gave {found}; it must give scores of the shape {wanted}.",
                cure="Return the scores: lambda ids, scores: scores.",
                values=dict(
                    found=list(found.shape) if isinstance(found, Tensor) else type(found).__name__,
                    wanted=list(scores.shape),
                ),
            )
        return found

    return processed


def stops_of(criteria: Sequence[StoppingCriterion], device: torch.device) -> Stops | None:
    """Combine stopping criteria on ids [1, length] into one check; None without any."""
    if not criteria:
        return None

    def ends(text: GenerationState) -> bool:
        ids = torch.tensor([text.ids], device=device)
        found = [each(ids, None) for each in criteria]
        return any(bool(torch.as_tensor(each).any()) for each in found)

    return ends


class Streaming:
    """Passes the tokens of one text on to a streamer, and those behind the last one that a check saw at the end.

    Args:
        streamer: takes them.
        stops: the other checks.
    """

    def __init__(self, streamer: Streamer, stops: Stops | None) -> None:
        self._streamer, self._stops, self._shown = streamer, stops, 0

    def begin(self, ids: Sequence[int]) -> None:
        """Pass the prompt on."""
        self._streamer.put(torch.tensor([list(ids)]))

    def __call__(self, text: GenerationState) -> bool:
        """Pass the last token on; return whether it ends the text."""
        self._streamer.put(torch.tensor(text.ids[-1:]))
        self._shown += 1
        return self._stops is not None and self._stops(text)

    def finish(self, ids: Sequence[int]) -> None:
        """Pass on what was not seen, such as the end token."""
        for each in ids[self._shown :]:
            self._streamer.put(torch.tensor([each]))
        self._streamer.end()
