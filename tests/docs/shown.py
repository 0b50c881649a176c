"""Whether what a page shows is what came out: to the text, and to a hundredth of a number."""

from __future__ import annotations

import re

NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?:e-?\d+)?|(?<![\w.])-?\d+e-?\d+")
BARS = re.compile(r"[█▏▎▍▌▋▊▉ \t]+")


def differences(shown: str, found: str) -> str:
    """Say what differs; empty if nothing does. A line ``...`` stands for any lines, ``...`` within one for any text.

    Numbers with a point may differ by 0.01, and bars and the width of columns with them: processors round differently.
    """
    wanted, came = _lines(shown), _lines(found)
    return "" if _same(wanted, came) else "\n".join(["shown:", *wanted, "came:", *came])


def _lines(text: str) -> list[str]:
    kept = [BARS.sub(" ", re.sub(r"-{3,}", "---", line)).strip() for line in text.splitlines()]
    return [line for line in kept if line]


def _same(wanted: list[str], came: list[str]) -> bool:
    if not wanted:
        return not came
    if wanted[0] == "...":
        return any(_same(wanted[1:], came[start:]) for start in range(len(came) + 1))
    return bool(came) and _alike(wanted[0], came[0]) and _same(wanted[1:], came[1:])


def _alike(wanted: str, came: str) -> bool:
    pattern, expected = "", []
    for part in re.split(rf"({NUMBER.pattern}|\.\.\.)", wanted):
        if part == "...":
            pattern += ".*"
        elif NUMBER.fullmatch(part):
            pattern += rf"({NUMBER.pattern})"
            expected.append(float(part))
        else:
            pattern += re.escape(part)
    found = re.fullmatch(pattern, came, re.DOTALL)
    return found is not None and all(
        abs(float(one) - other) <= max(0.0101, 0.02 * abs(other))
        for one, other in zip(found.groups(), expected, strict=True)
    )
