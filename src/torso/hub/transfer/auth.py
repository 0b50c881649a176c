"""Tokens: where they come from, and the only places they go to."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from torso.errors import InputError, TorsoError
from torso.hub.settings import HUB, hub_home, is_on
from torso.hub.source import is_loopback, modelscope_endpoint
from torso.hub.transfer.redirects import origin_of
from torso.io.files import read_text

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_MODELSCOPE = (
    "https://modelscope.cn",
    "https://www.modelscope.cn",
    "https://modelscope.ai",
    "https://www.modelscope.ai",
)


def token_headers(token: str | bool | None, trusted: Collection[str]) -> dict[str, Mapping[str, str]]:
    """Return the headers that carry tokens, by the origin each may go to.

    The Hub's token goes to huggingface.co and to endpoints marked as trusted (``TORSO_TRUSTED_ENDPOINTS``),
    ModelScope's to ModelScope; none over plain http, except to this machine itself.

    Args:
        token: the Hub's; True requires one to be there, False sends none, None uses what is there.
        trusted: endpoints that the user has marked.

    Raises:
        InputError: E_BAD_TOKEN, it is not a token; E_NO_TOKEN, one is required and missing.
    """
    table: dict[str, Mapping[str, str]] = {}
    ours = hub_token(token)
    for endpoint in [HUB, "https://hf.co", *trusted] if ours else []:
        if _is_safe(endpoint):
            table[origin_of(endpoint)] = {"authorization": f"Bearer {ours}"}
    theirs = os.environ.get("MODELSCOPE_API_TOKEN", "").strip()
    named = modelscope_endpoint()
    table.pop(origin_of(named), None)
    for endpoint in [*_MODELSCOPE, *([named] if named in trusted and _is_safe(named) else [])]:
        if theirs and token is not False:
            table[origin_of(endpoint)] = {"cookie": f"m_session_id={_checked(theirs)}"}
    return table


def _is_safe(endpoint: str) -> bool:
    """Return whether the way to an endpoint is encrypted or local, so that a token cannot be read on it."""
    parts = urlsplit(endpoint)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def hub_token(token: str | bool | None) -> str | None:
    """Return the Hub's token to use: the one given, ``HF_TOKEN``, or the one that a login saved.

    Raises:
        InputError: as `token_headers`.
    """
    if isinstance(token, str):
        return _checked(token.strip())
    if token is False or (token is None and is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN")):
        return None
    found = os.environ.get("HF_TOKEN", "").strip() or os.environ.get("HUGGING_FACE_HUB_TOKEN", "").strip() or _saved()
    if not found and token is True:
        raise InputError(
            "E_NO_TOKEN",
            "A token is required, and this machine has none.",
            cure="Set HF_TOKEN, or log in: hf auth login",
        )
    return _checked(found) if found else None


def _saved() -> str:
    named = os.environ.get("HF_TOKEN_PATH", "").strip()
    path = Path(os.path.expandvars(named)).expanduser() if named else hub_home() / "token"
    try:
        return read_text(path, limit=1 << 14, code="E_BAD_TOKEN").strip()
    except TorsoError:
        return ""


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise InputError(
            "E_BAD_TOKEN",
            "The token holds spaces, line ends or other characters that no token has.",
            cure="Copy it again from https://huggingface.co/settings/tokens",
        )
    return token
