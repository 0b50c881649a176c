"""How a checkpoint's files say that it writes: generation_config.json, or older keys of config.json. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torso.config.config_file import ConfigFile
from torso.config.hub_config import HubConfig
from torso.errors import TorsoError, UnsupportedError
from torso.generation.generation_settings import GenerationSettings

FILE = "generation_config.json"

UNCHANGING: Mapping[str, tuple[object, ...]] = {
    "constraints": (),
    "diversity_penalty": (0,),
    "dola_layers": (),
    "encoder_no_repeat_ngram_size": (0,),
    "encoder_repetition_penalty": (1,),
    "epsilon_cutoff": (0,),
    "eta_cutoff": (0,),
    "exponential_decay_length_penalty": (),
    "force_words_ids": (),
    "guidance_scale": (1,),
    "max_time": (),
    "num_beam_groups": (1,),
    "penalty_alpha": (0,),
    "renormalize_logits": (False,),
    "sequence_bias": (),
    "token_healing": (False,),
    "top_h": (),
    "watermarking_config": (),
}
"""What transformers knows and torso does not, with the values that change no text; null is always one."""

_OF_SAMPLING = ("epsilon_cutoff", "eta_cutoff", "top_h")


def settings_of(folder: Path | None, config: HubConfig) -> GenerationSettings:
    """The settings of a checkpoint: of its generation_config.json, else what its config says of generation.

    Keys that are no options are kept as ``rest``; `require_known` refuses those that would change the text.

    Args:
        folder: where the checkpoint is; None for a model that was never loaded.
        config: the model's.

    Raises:
        FileFormatError, ConfigError: ``E_CONFIG``, for a file that is none, or a value that cannot be.
    """
    path = None if folder is None else folder / FILE
    if path is not None and path.is_file():
        return _told(ConfigFile.read(path).values, path)
    known = {each.name: each for each in GenerationSettings.declared()}
    stated = {key: value for key, value in config.unused.items() if key in known or key in UNCHANGING}
    declared = {each.name: getattr(config, each.name) for each in config.declared() if each.name in known}
    return _told({**stated, **declared}, (folder or Path()) / "config.json")


def with_task(settings: GenerationSettings, config: HubConfig, task: str) -> tuple[GenerationSettings, str]:
    """The settings with what a config says of one task (``task_specific_params``), and the prefix of its texts."""
    every = config.unused.get("task_specific_params")
    found = cast("dict[str, Any]", every).get(task) if isinstance(every, dict) else None
    if not isinstance(found, dict):
        return settings, ""
    told = _told(cast("dict[str, Any]", found), Path("config.json"))
    changes: dict[str, Any] = {name: getattr(told, name) for name in told.origin}
    if "max_length" in changes:
        changes.setdefault("max_new_tokens", None)
    prefix = told.rest.get("prefix")
    changed = replace(settings, **changes, origin={**settings.origin, **told.origin})
    return changed, prefix if isinstance(prefix, str) else ""


def require_known(settings: GenerationSettings) -> None:
    """Refuses what a file asks for, torso does not do, and would change the text.

    Raises:
        UnsupportedError: ``E_UNSUPPORTED``.
    """
    for key, value in settings.rest.items():
        if key not in UNCHANGING or value is None or value in UNCHANGING[key]:
            continue
        if key in _OF_SAMPLING and not settings.do_sample:
            continue
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "The checkpoint asks for {name} = {value!r} when it writes, which torso does not do.",
            cure="Take the key out of the file, or write with settings of your own: settings=GenerationSettings(...).",
            values=dict(name=key, value=value),
        )


def _told(values: Mapping[str, Any], path: Path) -> GenerationSettings:
    known = {each.name for each in GenerationSettings.declared()} - {"seed"}
    # Null is how these files leave something unsaid.
    given = {key: value for key, value in values.items() if key in known and value is not None}
    if isinstance(given.get("stop_strings"), str):
        given["stop_strings"] = [given["stop_strings"]]
    for name in ("bos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id"):
        value = given.get(name)
        if isinstance(value, list) and len(one := cast("list[Any]", value)) == 1:
            given[name] = one[0]
    origin = dict.fromkeys(given, "file")
    rest = {key: value for key, value in values.items() if key not in known}
    try:
        return GenerationSettings(**given, origin=origin, rest=rest)
    except TorsoError as error:
        what, _, cure = error.templates
        told = {**error.values, "path": path}
        raise type(error)(error.code, what, where="In {path}.", cure=cure, values=told) from None
