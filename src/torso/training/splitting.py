"""Training, development and test parts: by the digest of each text, without repeats across parts. Loads no torch."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from torso.errors import InputError

DEV_SHARE = TEST_SHARE = 0.1


@dataclass(slots=True)
class Parts:
    """Rows of each part, as indices, and what was left out.

    Attributes:
        train: rows to learn from.
        dev: rows of which scores choose the best model.
        test: rows that are scored once, at the end.
        repeats: rows whose text and label came before.
        contradictions: rows whose text has several labels; all of them are left out of dev and test.
        leaks: texts of the training part that are in given dev or test data.
    """

    train: list[int] = field(default_factory=list[int])
    dev: list[int] = field(default_factory=list[int])
    test: list[int] = field(default_factory=list[int])
    repeats: list[int] = field(default_factory=list[int])
    contradictions: list[int] = field(default_factory=list[int])
    leaks: list[int] = field(default_factory=list[int])


def folded(text: str) -> str:
    """Return a text as it is compared with others: NFKC, one case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def place(text: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on the folded text and the seed alone."""
    digest = hashlib.blake2b(f"{seed} {text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def split(
    keys: Sequence[str],
    labels: Sequence[object],
    *,
    seed: int,
    dev: bool = True,
    test: bool = True,
    groups: bool = False,
) -> Parts:
    """Divide rows into parts; adding rows moves no other row.

    Args:
        keys: the text of each row, or what else must not be on two sides, such as the passage of a question.
        labels: of each row; two rows with one key and one label are repeats.
        seed: of the division.
        dev: whether a part is taken for development.
        test: whether a part is taken for the test.
        groups: whether rows of one key and different labels belong together, and do not contradict each other.
    """
    parts = Parts()
    seen: dict[str, set[str]] = {}
    own = [folded(key) for key in keys]
    for key, label in zip(own, labels, strict=True):
        seen.setdefault(key, set()).add(repr(label))
    met: set[tuple[str, str]] = set()
    for index, (key, label) in enumerate(zip(own, labels, strict=True)):
        if (key, repr(label)) in met:
            parts.repeats.append(index)
            continue
        met.add((key, repr(label)))
        if len(seen[key]) > 1 and not groups:
            parts.contradictions.append(index)
            parts.train.append(index)
            continue
        where = place(key, seed)
        if test and where < TEST_SHARE:
            parts.test.append(index)
        elif dev and where >= 1 - DEV_SHARE:
            parts.dev.append(index)
        else:
            parts.train.append(index)
    return parts


def leaks(train: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return the indices of training texts that are also in other data, after folding."""
    there = {folded(each) for each in other}
    return [index for index, each in enumerate(train) if folded(each) in there]


def refuse_leaks(found: Sequence[int], lines: Sequence[int], name: str, *, allowed: bool) -> None:
    """Raise if training texts are in the data that is to be scored, unless it is allowed.

    Raises:
        InputError: ``E_LEAK``, naming the lines.
    """
    if found and not allowed:
        some = ", ".join(str(lines[index]) for index in found[:6])
        raise InputError(
            "E_LEAK",
            "{count} training texts are also in {name}, so its scores would mean little: lines {some}.",
            cure="Remove them from one of the two; to train all the same: --allow-leak (allow_leak=True).",
            values=dict(count=len(found), name=name, some=some + (", ..." if len(found) > 6 else "")),
        )
