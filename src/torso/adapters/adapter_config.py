"""adapter_config.json of PEFT: read into settings, and written with every key that PEFT 0.21 knows. Loads no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from torso.adapters.lora_settings import Lora
from torso.errors import ConfigError, InputError, UnsupportedError
from torso.io.files import read_json
from torso.io.paths import shown
from torso.text.faults import Fault, TooMuch
from torso.text.patterns import check_pattern
from torso.weights.adapter_weights import CONFIG

LIMIT = 1 << 22
"""Bytes of the file at most."""
_REPEATS, _MOST_REPEATS = re.compile(r"[*+?]|\{\d*,"), 4

# What torso does not do, with the value that means "not done"; keys that no table here has are treated alike.
_UNUSED: Mapping[str, Any] = {
    "alora_invocation_tokens": None,
    "arrow_config": None,
    "corda_config": None,
    "ensure_weight_tying": False,
    "eva_config": None,
    "kasa_config": None,
    "layer_replication": None,
    "loftq_config": {},
    "lora_ga_config": None,
    "megatron_config": None,
    "monteclora_config": None,
    "target_parameters": None,
    "use_bdlora": None,
    "use_dora": False,
    "use_qalora": False,
    "velora_config": None,
}
# What changes no result of a trained adapter.
_NEUTRAL: Mapping[str, Any] = {
    "auto_mapping": None,
    "fan_in_fan_out": False,
    "inference_mode": True,
    "megatron_core": "megatron.core",
    "peft_type": "LORA",
    "peft_version": None,
    "qalora_group_size": 16,
    "revision": None,
    "task_type": None,
}
_INITIAL: Mapping[Any, str] = {True: "kaiming", False: "random", "gaussian": "gaussian"}
_FROM_PEFT: Mapping[str, str] = {
    "r": "rank",
    "lora_alpha": "alpha",
    "target_modules": "targets",
    "exclude_modules": "exclude",
    "lora_dropout": "dropout",
    "rank_pattern": "rank_pattern",
    "alpha_pattern": "alpha_pattern",
    "use_rslora": "rank_stabilised",
    "bias": "bias",
    "lora_bias": "lora_bias",
    "modules_to_save": "modules_to_save",
    "layers_to_transform": "layers",
    "layers_pattern": "layers_pattern",
}
_OTHERS = frozenset({"base_model_name_or_path", "init_lora_weights", "trainable_token_indices"})


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter: its settings, its base, and what its file says beyond them.

    Attributes:
        settings: what is adapted, and how; ``alpha`` is 8 where a file says nothing, as in PEFT.
        base: the base model, as the file names it; None where it does not.
        revision: of the base.
        task_type: PEFT's name of the task; None where the file says none.
        written: the file's keys and values, to be written again; empty for an adapter that was made here.
    """

    settings: Lora
    base: str | None = None
    revision: str | None = None
    task_type: str | None = None
    written: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def text(self, targets: list[str], *, transposed: bool = False, token_table: str = "") -> str:
        """Return the text of the file, with PEFT's keys in PEFT's order.

        Args:
            targets: names of the adapted modules.
            transposed: whether one of them is stored input axis first, as GPT-2's.
            token_table: name of the embedding table, where rows of it learn.
        """
        own = self.settings
        values: dict[str, Any] = {**_UNUSED, **_NEUTRAL, **self.written, "fan_in_fan_out": transposed}
        values |= {theirs: _plain(getattr(own, ours)) for theirs, ours in _FROM_PEFT.items()}
        values |= {
            "base_model_name_or_path": self.base,
            "init_lora_weights": self.written.get("init_lora_weights", True),
            "revision": self.revision,
            "task_type": self.task_type,
            "target_modules": self.written.get("target_modules") or targets,
            "trainable_token_indices": {token_table: list(own.trainable_token_indices)} if token_table else None,
        }
        for absent in ("exclude_modules", "layers_pattern", "modules_to_save"):
            values[absent] = values[absent] or self.written.get(absent)
        return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_adapter(folder: Path) -> Adapter:
    """Read the settings of an adapter folder.

    Raises:
        NotFoundError, AccessError, FileFormatError, LimitError: as `torso.io.files.read_json`.
        ConfigError: ``E_ADAPTER``, for a file that holds no such settings.
        UnsupportedError: ``E_ADAPTER``, for a kind of adapter, or a setting, that torso does not have, by name.
    """
    path = folder / CONFIG
    values = read_json(path, limit=LIMIT, code="E_ADAPTER")
    if not isinstance(values, dict):
        raise _unusable(path, "JSON", values)
    given = cast("dict[str, Any]", values)
    kind = given.get("peft_type")
    if kind != "LORA":
        raise _unsupported(path, "peft_type", kind)
    for name, value in given.items():
        known = name in _FROM_PEFT or name in _NEUTRAL or name in _OTHERS or name == "runtime_config"
        usual = value == _UNUSED[name] if name in _UNUSED else not value
        if not known and not usual and not (name in _UNUSED and not value):
            raise _unsupported(path, name, value)
    return Adapter(
        _settings(path, given),
        _text(path, given, "base_model_name_or_path"),
        _text(path, given, "revision"),
        _text(path, given, "task_type"),
        given,
    )


def _settings(path: Path, given: Mapping[str, Any]) -> Lora:
    initial = given.get("init_lora_weights", True)
    if not isinstance(initial, (bool, str)) or initial not in _INITIAL:
        # Others begin from factors of the base's own weights, and change those.
        raise _unsupported(path, "init_lora_weights", initial)
    rows: object = given.get("trainable_token_indices") or []
    if isinstance(rows, dict):
        tables = list(cast("dict[str, object]", rows).values())
        if any(each != tables[0] for each in tables):
            raise _unsupported(path, "trainable_token_indices", list(cast("dict[str, object]", rows)))
        rows = tables[0] if tables else []
    settings: dict[str, Any] = {"alpha": 8, "initial": _INITIAL[initial]}
    settings |= {ours: given[theirs] for theirs, ours in _FROM_PEFT.items() if given.get(theirs) is not None}
    settings["trainable_token_indices"] = rows
    lists = {"modules_to_save", "trainable_token_indices"}
    for name, value in cast("dict[str, object]", settings).items():
        tables = name.endswith("_pattern") and name != "layers_pattern"
        names = name in ("targets", "exclude", "layers_pattern") and isinstance(value, str)
        wants_list = name in lists or (name in ("targets", "exclude", "layers_pattern") and not names)
        if (tables and not isinstance(value, dict)) or (wants_list and not _is_flat(value)):
            raise _unusable(path, name, cast("object", value))
    for pattern in (*settings.get("rank_pattern", {}), *settings.get("alpha_pattern", {})):
        _require_quick(path, pattern)
    try:
        return Lora(**settings)
    except (InputError, TypeError) as error:
        values = error.values if isinstance(error, InputError) else {"name": "LoRA", "value": settings}
        raise _unusable(path, str(values["name"]), values["value"]) from None


def _require_quick(path: Path, pattern: str) -> None:
    """Refuse a pattern whose matching time is no low power of a name's length."""
    try:
        check_pattern(pattern)
    except (Fault, TooMuch):
        raise _slow(path, pattern) from None
    if len(_REPEATS.findall(pattern)) > _MOST_REPEATS:
        raise _slow(path, pattern)


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, (str, int)) for each in cast("list[object]", value))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    return list(cast("tuple[object, ...]", value)) if isinstance(value, (tuple, list)) else value


def _text(path: Path, given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _unusable(path, name, value)
    return value or None


def _unusable(path: Path, name: str, value: object) -> ConfigError:
    return ConfigError(
        "E_ADAPTER",
        "{path} does not say how the adapter is made: {name} is {value}.",
        cure="Get the adapter again, or write it again with PEFT's save_pretrained.",
        values=dict(path=shown(path), name=shown(name), value=shown(repr(value)[:80])),
    )


def _slow(path: Path, pattern: str) -> ConfigError:
    return ConfigError(
        "E_ADAPTER",
        "The pattern {pattern} could take exponential time.",
        where="In {path}.",
        cure="Name the modules themselves in rank_pattern and alpha_pattern.",
        values=dict(path=shown(path), pattern=shown(pattern[:80])),
    )


def _unsupported(path: Path, name: str, value: object) -> UnsupportedError:
    return UnsupportedError(
        "E_ADAPTER",
        "{path} sets {name} to {value}, which torso does not implement.",
        cure="Merge it with PEFT, model.merge_and_unload(), and save the merged model: torso loads that.",
        values=dict(path=shown(path), name=shown(name), value=shown(repr(value)[:80])),
    )
