"""Generation settings of a checkpoint: generation_config.json, or older keys of config.json. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torso.adapters.adapter_folder import own_or_base
from torso.config.config_file import ConfigFile
from torso.config.hub_config import HubConfig
from torso.errors import ConfigError, TorsoError, UnsupportedError
from torso.generation.generation_settings import GenerationSettings
from torso.io.files import is_there

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
    "num_beam_groups": (1,),
    "penalty_alpha": (0,),
    "renormalize_logits": (False,),
    "token_healing": (False,),
    "top_h": (),
    "watermarking_config": (),
}
"""Options of transformers that torso does not implement, with their values without effect, besides null."""

_OF_SAMPLING = ("epsilon_cutoff", "eta_cutoff", "top_h")


def settings_of(folder: Path | None, config: HubConfig) -> GenerationSettings:
    """Read the settings of a checkpoint from its generation_config.json, else from its config.

    Unknown keys are kept in ``rest``; `require_known` refuses those that would change the text.

    Args:
        folder: folder of the checkpoint; None for a model that was not loaded.
        config: the model's.

    Raises:
        FileFormatError, ConfigError: ``E_CONFIG``, for an invalid file or value.
    """
    path = None if folder is None else own_or_base(folder, FILE) / FILE
    if path is not None and is_there(path):
        return settings_in(ConfigFile.read(path).values, path)
    known = {each.name: each for each in GenerationSettings.declared()}
    stated = {key: value for key, value in config.unused.items() if key in known or key in UNCHANGING}
    declared = {each.name: getattr(config, each.name) for each in config.declared() if each.name in known}
    return settings_in({**stated, **declared}, (folder or Path()) / "config.json")


def with_task(settings: GenerationSettings, config: HubConfig, task: str) -> tuple[GenerationSettings, str]:
    """Apply a config's ``task_specific_params`` of one task; return the settings and the prefix of its texts."""
    every = config.unused.get("task_specific_params")
    found = cast("dict[str, Any]", every).get(task) if isinstance(every, dict) else None
    if not isinstance(found, dict):
        return settings, ""
    of_task = settings_in(cast("dict[str, Any]", found), Path("config.json"))
    changes: dict[str, Any] = {name: getattr(of_task, name) for name in of_task.origin}
    if "max_length" in changes:
        changes.setdefault("max_new_tokens", None)
    prefix = of_task.rest.get("prefix")
    changed = replace(settings, **changes, origin={**settings.origin, **of_task.origin})
    return changed, prefix if isinstance(prefix, str) else ""


def require_known(settings: GenerationSettings) -> None:
    """Raise if a checkpoint sets an option that changes the text and that torso does not implement.

    Raises:
        UnsupportedError: ``E_UNSUPPORTED``.
        ConfigError: ``E_CONFIG``, for a wrong value of an option that was without effect until a call changed another.
    """
    for key, value in settings.rest.items():
        if settings.is_active(key):
            raise ConfigError(
                "E_CONFIG",
                "The checkpoint sets {name} = {value!r}, which is not a valid value of this option.",
                cure="Correct the key in the file, or give it here: settings={{{name!r}: {default!r}}}.",
                values=dict(name=key, value=value, default=GenerationSettings.default(key)),
            )
        if key not in UNCHANGING or value is None or value in UNCHANGING[key]:
            continue
        if key in _OF_SAMPLING and not settings.do_sample:
            continue
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "The checkpoint sets the generation option {name} = {value!r}, which torso does not implement.",
            cure="Remove the key from the file, or give settings of your own: settings=GenerationSettings(...).",
            values=dict(name=key, value=value),
        )


def settings_in(values: Mapping[str, Any], path: Path) -> GenerationSettings:
    """Settings of a table of options; ``path`` names it in messages. Unknown keys are kept in ``rest``.

    Raises:
        ConfigError: for an invalid value.
    """
    known = {each.name for each in GenerationSettings.declared()} - {"seed"}
    # Null means not set in these files.
    given = {key: value for key, value in values.items() if key in known and value is not None}
    if isinstance(given.get("stop_strings"), str):
        given["stop_strings"] = [given["stop_strings"]]
    if given.get("sequence_bias") in ([], {}):  # without entries it changes nothing
        del given["sequence_bias"]
    for name in ("bos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id"):
        value = given.get(name)
        if isinstance(value, list) and len(one := cast("list[Any]", value)) == 1:
            given[name] = one[0]
    without_effect = GenerationSettings.inactive(given)
    given = {key: value for key, value in given.items() if key not in without_effect}
    origin = dict.fromkeys(given, "file")
    rest = {key: value for key, value in values.items() if key not in known or key in without_effect}
    try:
        return GenerationSettings(**given, origin=origin, rest=rest)
    except TorsoError as error:
        what, _, cure = error.templates
        values_with_path = {**error.values, "path": path}
        raise type(error)(error.code, what, where="In {path}.", cure=cure, values=values_with_path) from None
