"""What a cell is worth, as JSON, and how far two such values are apart."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

UNCOUNTED = re.compile(
    r"runtime|dataloader|label2id|per_second|flos|past_key_values|transformers_version|_name_or_path|torch_dtype|^dtype$"
)
"""What depends on the clock, on the folder, or is said by one library alone."""
MOST = 3000
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?|-?\d+")


def worth(value: Any, depth: int = 0) -> Any:
    """A value as what JSON holds: numbers, texts, lists and mappings of them; None for what holds no numbers."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > 6:
        return None
    if type(value).__name__.endswith("TrainingArguments"):
        return None
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 0:
        return worth(value.tolist(), depth + 1)
    if hasattr(value, "tolist"):  # a tensor, an array, one of its numbers
        numbers = value.detach().float().cpu() if hasattr(value, "detach") else value
        rows = numbers.reshape(-1).tolist()
        if rows and not isinstance(rows[0], int | float):
            return worth(rows[:MOST], depth + 1)
        return {"shape": [int(size) for size in numbers.shape], "numbers": [float(each) for each in rows[:MOST]]}
    if hasattr(value, "num_rows") and hasattr(value, "column_names"):
        return {"rows": value.num_rows, "columns": value.column_names}
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        return {"rows": len(value), "columns": [str(each) for each in value.columns]}
    if hasattr(value, "_asdict"):
        return worth(value._asdict(), depth)
    if isinstance(value, Mapping) or (hasattr(value, "keys") and hasattr(value, "items")):
        pairs = ((str(key), worth(each, depth + 1)) for key, each in value.items())
        return {key: each for key, each in pairs if each is not None and not UNCOUNTED.search(key)}
    if hasattr(value, "to_dict") and not isinstance(value, type):
        return {"config": worth(value.to_dict(), depth + 1)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"config": worth({each.name: getattr(value, each.name) for each in dataclasses.fields(value)}, depth)}
    if isinstance(value, Sequence | set | frozenset) or type(value).__name__ in ("dict_keys", "dict_values", "Column"):
        rows = [worth(each, depth + 1) for each in list(value)[:MOST]]
        return rows if any(each is not None for each in rows) else None
    return None


def apart(ours: Any, theirs: Any, where: str = "") -> tuple[float, str]:
    """The largest difference of two values, relative where numbers are above one, and where it is; inf if unlike."""
    if theirs is None:
        return 0.0, where
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return (0.0 if ours == theirs else math.inf), where
    if isinstance(theirs, int | float) and isinstance(ours, int | float):
        if math.isnan(theirs) or math.isnan(ours):
            return (0.0 if math.isnan(theirs) and math.isnan(ours) else math.inf), where
        return abs(ours - theirs) / max(1.0, abs(theirs)), where
    if isinstance(theirs, str) and isinstance(ours, str):
        return _texts(ours, theirs), where
    if isinstance(theirs, list) and isinstance(ours, list):
        if len(ours) != len(theirs):
            return math.inf, f"{where} ({len(ours)} and {len(theirs)})"
        found = [apart(*both, f"{where}[{number}]") for number, both in enumerate(zip(ours, theirs, strict=True))]
        return max(found, default=(0.0, where), key=lambda each: each[0])
    if isinstance(theirs, dict) and isinstance(ours, dict):
        # A config says here what the other library leaves out, and the other way round.
        shared = theirs.keys() & ours.keys() if where.endswith("config") else theirs.keys()
        found = [apart(ours.get(key), theirs[key], f"{where}.{key}".strip(".")) for key in sorted(shared)]
        return max(found, default=(0.0, where), key=lambda each: each[0])
    return math.inf, where


def _texts(ours: str, theirs: str) -> float:
    """Texts are equal in their words, and their numbers are as far apart as they are."""
    if NUMBER.sub("0", ours).split() != NUMBER.sub("0", theirs).split():
        return math.inf
    pairs = zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True)
    return max((abs(float(a) - float(b)) / max(1.0, abs(float(b))) for a, b in pairs), default=0.0)
