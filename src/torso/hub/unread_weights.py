"""Weights of a repository that torso does not read, and the error for a repository that has no others."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from torso.errors import NotFoundError, TorsoError
from torso.io.files import shown
from torso.language import say
from torso.weights.foreign_formats import KINDS

LEFT_OUT = {"link": "a symbolic link", "submodule": "a submodule"}
"""What of a repository is no file and is never taken: kinds, and how messages call them."""
_SHOWN = 8
_STATE = re.compile(r"(optimizer|scheduler|rng_state.*|training_args|scaler)\.\w+")  # of training, beside the weights
_KINDS: tuple[tuple[str, str], ...] = (
    *KINDS,
    (r"adapter_(model|config)\..*", "an adapter, without the model it belongs to"),
    (r".*\.(safetensors|bin|pt|pth|ckpt)", "under another name"),
)
_WANTED = "model.safetensors, pytorch_model.bin"


def unread_weights(names: Collection[str]) -> dict[str, str]:
    """Return the files among ``names`` that look like weights and are none that torso reads, each with the reason."""
    found: dict[str, str] = {}
    for name in sorted(names):
        base = name.rpartition("/")[2].lower()
        if _STATE.fullmatch(base) or base.endswith(".json"):
            continue
        reason = next((reason for pattern, reason in _KINDS if re.fullmatch(pattern, base)), None)
        if reason is not None:
            found[name] = "in a folder of its own" if "/" in name and reason == "under another name" else reason
    return found


def no_readable_weights(name: str, names: Collection[str], left: Mapping[str, str] | None = None) -> TorsoError:
    """Return the error for a repository without weights that torso reads, with what it has instead.

    Args:
        name: the model.
        names: the files of the repository.
        left: what of it is no file, see `torso.hub.remote.listing.Listing`.
    """
    reasons = unread_weights(names)
    reasons |= {path: LEFT_OUT[kind] for path, kind in (left or {}).items() if unread_weights([path])}
    listed = [f"{shown(path[:100])} ({say(reason)})" for path, reason in sorted(reasons.items())]
    more = len(listed) - _SHOWN
    there = ", ".join(listed[:_SHOWN]) + (f", … +{more}" if more > 0 else "")
    models = [path for path in sorted(reasons) if path.lower().endswith(".gguf")]
    if models:
        return NotFoundError(
            "E_MISSING_WEIGHTS",
            "{name} holds GGUF files, each of them a model: {there}.",
            cure="Take one and name it: torso get {name} --include {file} --to FOLDER, then FOLDER/{file}",
            values=dict(name=name, there=there, file=shown(models[0])),
        )
    return NotFoundError(
        "E_MISSING_WEIGHTS",
        "{name} has no weights that torso reads ({wanted}). It has: {there}."
        if listed
        else "{name} has no weights: none of its files is {wanted}.",
        cure="Choose another model, or take its files as they are, for other tools: torso get {name} --all",
        values=dict(name=name, wanted=_WANTED, there=there),
    )
