"""Regular expression check for tokenizer files: patterns with exponential matching time are refused.

`tokenizers` matches with Oniguruma, which backtracks: ``(a+)+$`` panics after its retry limit. The patterns that
real tokenizers use (GPT-2, cl100k, o200k, Llama 3, Qwen, DeepSeek, CLIP, BLOOM) repeat characters and classes, never a
group inside which there is a choice. That is the rule, and it is checked without running the pattern.
"""

from __future__ import annotations

import re

from torso.text.faults import Fault, TooMuch

PATTERN_LIMIT = 20_000  # characters; DeepSeek's, the longest in wide use, has 3,400
_REPEAT = re.compile(r"[*+]|\{(\d+)(,?)(\d*)\}|\{,(\d+)\}")
_OPENING = re.compile(r"\((?:\?(?:[imsx-]*:|[imsx-]+\)|=|!|<=|<!|>|<\w+>|#[^)]*\)))?")
_ESCAPE = re.compile(r"\\(?:[pP]\{[^{}]*\}|x\{[^{}]*\}|.)", re.DOTALL)


def check_pattern(pattern: str) -> None:
    """Raise on a regular expression that can backtrack exponentially.

    Raises:
        TooMuch: longer than `PATTERN_LIMIT`.
        Fault: back references, recursion or conditions; a repeated group that holds a
            choice (an alternative, an option, a repetition of open length); brackets that do not match.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise TooMuch(
            "a regular expression has {length} characters; at most {limit} are read",
            length=len(pattern),
            limit=PATTERN_LIMIT,
        )
    groups = [False]  # of each open group, and first of the whole pattern: whether it holds a choice
    chooses = False  # whether the item just read does
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if repeat := _REPEAT.match(pattern, place):
            if chooses and not _is_once(repeat):
                raise Fault("the regular expression {pattern} can take exponential time", pattern=pattern)
            groups[-1] |= _is_open(repeat)
            place = repeat.end()
        elif character == "?":
            groups[-1] = True
            place += 1
        elif character == ")":
            chooses = groups.pop()
            if not groups:
                raise _unmatched(pattern)
            groups[-1] |= chooses
            place += 1
        else:
            chooses = False
            groups[-1] |= character == "|"
            place = _after_item(pattern, place, groups)
    if len(groups) != 1:
        raise _unmatched(pattern)


def _after_item(pattern: str, place: int, groups: list[bool]) -> int:
    match pattern[place]:
        case "\\":
            return _after_escape(pattern, place)
        case "[":
            return _after_class(pattern, place)
        case "(":
            return _after_opening(pattern, place, groups)
        case _:
            return place + 1


def _is_once(repeat: re.Match[str]) -> bool:
    return (repeat[3] or repeat[4] or repeat[1]) in ("0", "1") and not (repeat[2] and not repeat[3])


def _is_open(repeat: re.Match[str]) -> bool:
    """Return whether the number of repetitions varies with the match; it does not for ``{3}``."""
    return repeat[0] in "*+" or bool(repeat[2]) or repeat[4] is not None


def _after_escape(pattern: str, place: int) -> int:
    match = _ESCAPE.match(pattern, place)
    if match is None or match[0][1] in "123456789gk":
        raise Fault("the regular expression {pattern} refers back to what it matched", pattern=pattern)
    return match.end()


def _after_class(pattern: str, place: int) -> int:
    r"""Return the index after a class such as ``[^\s[a-z]&&[^q]]``; classes may nest."""
    depth = 0
    while place < len(pattern):
        character = pattern[place]
        if character == "\\":
            place += 1
        elif character == "[":
            depth += 1
            place += pattern.startswith("^", place + 1)
            place += pattern.startswith("]", place + 1)  # first in a class, it is a plain character
        elif character == "]":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    raise _unmatched(pattern)


def _after_opening(pattern: str, place: int, groups: list[bool]) -> int:
    match = _OPENING.match(pattern, place)
    if match is None or (match[0] == "(" and pattern.startswith(("?", "*"), match.end())):
        raise Fault("the regular expression {pattern} uses a kind of group that is not read", pattern=pattern)
    if not match[0].endswith(")"):  # flags and comments close at once
        groups.append(False)
    return match.end()


def _unmatched(pattern: str) -> Fault:
    return Fault("the regular expression {pattern} has a bracket that does not match", pattern=pattern)
