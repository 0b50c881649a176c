"""The settings of downloading, read at each call: environment first, then the saved file, then defaults.

The variables are the ecosystem's own (``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN``, …), with the meaning they have in
huggingface_hub 2.4, and a few of torso's. Because nothing is read at import, a notebook may set one at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from torso.errors import AccessError, ConfigError, TorsoError
from torso.io.files import read_json, write_atomically
from torso.language import say

HUB = "https://huggingface.co"
MIRROR = "https://hf-mirror.com"
MODELSCOPE = "https://modelscope.cn"
_SAVED = {"source": str, "endpoints": list, "trusted": list}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server, and how often to try again.

    Attributes:
        connect: seconds for a connection to stand.
        read: seconds without a single byte.
        minimum_rate: bytes a second below which a transfer counts as stuck.
        rate_window: seconds over which that rate is measured.
        retries: attempts in a row without progress, for each source.
        backoff: seconds before the second attempt; doubled each time, at most 10.
        longest_wait: the longest ``Retry-After`` obeyed, in seconds.
        listing: seconds for the whole list of a repository's files, or of its branches, however it is sent.
    """

    connect: float = 5.0
    read: float = 30.0
    minimum_rate: float = 1024.0
    rate_window: float = 30.0
    retries: int = 5
    backoff: float = 0.5
    longest_wait: float = 60.0
    listing: float = 300.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything outside a call that decides where a model is looked for and how it is fetched."""

    source: str
    endpoints: tuple[str, ...]
    trusted: frozenset[str]
    hub_cache: Path
    modelscope_cache: Path
    offline: bool
    quiet: bool
    connections: int
    patience: Patience


def is_on(name: str) -> bool:
    """Return whether an environment variable is set to 1, on, yes or true."""
    return os.environ.get(name, "").strip().upper() in {"1", "ON", "YES", "TRUE"}


def read_settings() -> Settings:
    """Return the settings in force now.

    Raises:
        ConfigError: E_SETTINGS, a variable or the saved file holds what cannot be.
    """
    saved = read_saved()
    named = os.environ.get("TORSO_ENDPOINTS", "")
    endpoints = split_list(named) or _strings(saved.get("endpoints", []))
    only = os.environ.get("HF_ENDPOINT", "").strip()
    return Settings(
        source=os.environ.get("TORSO_SOURCE", "").strip() or str(saved.get("source", "auto")),
        endpoints=endpoints or ((only.rstrip("/"),) if only else (HUB, MIRROR, "modelscope:")),
        trusted=frozenset(
            entry.rstrip("/")
            for entry in (
                *split_list(os.environ.get("TORSO_TRUSTED_ENDPOINTS", "")),
                *_strings(saved.get("trusted", [])),
            )
        ),
        hub_cache=hub_cache(),
        modelscope_cache=_folder("MODELSCOPE_CACHE") or Path("~/.cache/modelscope").expanduser(),
        offline=is_on("HF_HUB_OFFLINE") or is_on("TRANSFORMERS_OFFLINE") or is_on("TORSO_OFFLINE"),
        quiet=is_on("HF_HUB_DISABLE_PROGRESS_BARS"),
        connections=int(_number("TORSO_CONNECTIONS", 4, least=1, most=32)),
        patience=_patience(),
    )


def hub_home() -> Path:
    """Return the home of the Hub's cache and token: ``HF_HOME``, else beneath ``XDG_CACHE_HOME``."""
    return _folder("HF_HOME") or (_folder("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "huggingface"


def hub_cache() -> Path:
    """Return the Hub's cache: ``HF_HUB_CACHE``, ``HUGGINGFACE_HUB_CACHE``, else ``hub`` in the ecosystem's home."""
    return _folder("HF_HUB_CACHE") or _folder("HUGGINGFACE_HUB_CACHE") or hub_home() / "hub"


def saved_path() -> Path:
    """Return the settings file: ``TORSO_SETTINGS``, else ``torso/settings.json`` in the configuration folder."""
    named = _folder("TORSO_SETTINGS")
    base = _folder("XDG_CONFIG_HOME") or (_folder("APPDATA") if os.name == "nt" else None)
    return named or (base or Path("~/.config").expanduser()) / "torso" / "settings.json"


def read_saved() -> Mapping[str, object]:
    """Return the saved settings; empty where there are none.

    Raises:
        ConfigError: E_SETTINGS, an unknown name or a wrong type in the file.
        FileFormatError: E_SETTINGS, the file is not JSON.
        AccessError: E_ACCESS, the file may not be read.
    """
    path = saved_path()
    try:
        value = read_json(path, limit=1 << 20, code="E_SETTINGS")
    except FileNotFoundError:
        return {}
    except AccessError as error:
        raise AccessError(
            "E_ACCESS",
            error.templates[0],
            cure="Set HOME to your own folder, or name another file by TORSO_SETTINGS.",
            values=error.values,
        ) from None
    table = cast("dict[str, object]", value) if isinstance(value, dict) else {"": value}
    for key, item in table.items():
        if key not in _SAVED:
            raise ConfigError(
                "E_SETTINGS",
                "{path} has no setting called {key}.",
                cure="The settings are: {known}. Nearest: {nearest}.",
                values=dict(
                    path=path,
                    key=repr(key),
                    known=", ".join(_SAVED),
                    nearest=", ".join(get_close_matches(key, _SAVED, n=1)) or "-",
                ),
            )
        if not isinstance(item, _SAVED[key]):
            raise ConfigError(
                "E_SETTINGS",
                "{path}: {key} must be {kind}.",
                cure="Correct the file, or delete it to go back to the defaults.",
                values=dict(
                    path=path, key=repr(key), kind=say("a list of texts") if _SAVED[key] is list else say("a text")
                ),
            )
    return table


def save(name: str, value: object) -> Path:
    """Save a setting in the file, beside what is there, and return the file's path.

    Raises:
        ConfigError, FileFormatError: as `read_saved`, of what is there already.
        AccessError: E_ACCESS, the file cannot be written.
    """
    path, table = saved_path(), {**read_saved(), name: value}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as file:
            file.write((json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        if isinstance(error, TorsoError):
            raise
        raise AccessError(
            "E_ACCESS",
            "{path} cannot be written: {reason}.",
            cure="Set TORSO_SOURCE instead, or name another file by TORSO_SETTINGS.",
            values=dict(path=path, reason=error.strerror or error),
        ) from error
    return path


def split_list(text: str) -> tuple[str, ...]:
    """Return the entries of a comma-separated list, without spaces and trailing slashes."""
    return tuple(entry.strip().rstrip("/") for entry in text.split(",") if entry.strip())


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(entry).strip().rstrip("/") for entry in cast("Iterable[object]", value))


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(os.path.expandvars(value)).expanduser() if value else None


def _patience() -> Patience:
    """Return the waiting times: torso's variables, then those of huggingface_hub, then the defaults."""
    hub_variables = {"connect": "HF_HUB_ETAG_TIMEOUT", "read": "HF_HUB_DOWNLOAD_TIMEOUT"}
    values: dict[str, float] = {}
    for field in fields(Patience):
        default = float(cast("float", field.default))
        if field.name in hub_variables:
            default = _number(hub_variables[field.name], default, least=0.1, most=86400)
        values[field.name] = _number(f"TORSO_{field.name.upper()}", default, least=0, most=1e9)
    return Patience(
        connect=values["connect"],
        read=values["read"],
        minimum_rate=values["minimum_rate"],
        rate_window=values["rate_window"],
        retries=int(values["retries"]),
        backoff=values["backoff"],
        longest_wait=values["longest_wait"],
        listing=values["listing"],
    )


def _number(variable: str, default: float, *, least: float, most: float) -> float:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ConfigError(
            "E_SETTINGS",
            "{variable} is {text}; it must be a number from {least} to {most}.",
            cure="Set it to such a number, or unset it.",
            values=dict(variable=variable, text=repr(text), least=least, most=most),
        )
    return value
