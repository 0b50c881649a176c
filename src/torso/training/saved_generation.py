"""generation_config.json of a saved model: where it stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from torso.io.files import read_json, write_atomically

_FILE = "generation_config.json"
_LIMIT = 1 << 20


def set_end_token(folder: Path, end: int | None) -> None:
    """Let a saved model stop at a token, beside those where it stops already.

    Args:
        folder: of the model, written already.
        end: the token that ended what the model learnt; None changes nothing.
    """
    if end is None or not (folder / "config.json").exists():
        return
    config = cast("dict[str, Any]", read_json(folder / "config.json", limit=_LIMIT, code="E_CONFIG"))
    there = (folder / _FILE).exists()
    found = cast("dict[str, Any]", read_json(folder / _FILE, limit=_LIMIT, code="E_CONFIG")) if there else {}
    stated = found.get("eos_token_id", config.get("eos_token_id"))
    known = cast("list[Any]", stated) if isinstance(stated, list) else [] if stated is None else [stated]
    if end in known:
        return
    ends = [end, *known]
    with write_atomically(folder / _FILE) as file:
        text = json.dumps({**found, "eos_token_id": ends if len(ends) > 1 else end}, indent=2)
        file.write((text + "\n").encode())
