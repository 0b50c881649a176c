"""Exact match and F1 of answers, as SQuAD's evaluate-v2.0.py defines them; of Chinese ones by characters.

Words are compared in lower case, without articles and ASCII punctuation. Where a text has Chinese characters, each is a
piece by itself and all punctuation goes, as in CMRC 2018's mixed segmentation; F1 stays that of pieces in common,
where CMRC's own script takes the longest run of them. Loads no torch.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_WIDE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def pieces(text: str) -> list[str]:
    """Return what two answers are compared by: words, and each Chinese character by itself."""
    lower = text.lower()
    if _WIDE.search(lower):
        lower = "".join(" " if ord(mark) > 127 and unicodedata.category(mark)[0] in "PS" else mark for mark in lower)
    unpunctuated = "".join(mark for mark in lower if mark not in string.punctuation)
    return _WIDE.sub(lambda found: f" {found[0]} ", _ARTICLES.sub(" ", unpunctuated)).split()


def exact(predicted: str, answers: Sequence[str]) -> float:
    """Return 1 if the predicted answer is one of the answers, else 0; no answer is the empty one."""
    return float(any(pieces(predicted) == pieces(each) for each in answers or [""]))


def overlap(predicted: str, answers: Sequence[str]) -> float:
    """Return the best F1 of pieces of the predicted answer and one of the answers."""
    return max(_overlap(pieces(predicted), pieces(each)) for each in answers or [""])


def _overlap(found: Sequence[str], wanted: Sequence[str]) -> float:
    if not found or not wanted:
        return float(list(found) == list(wanted))
    same = sum((Counter(found) & Counter(wanted)).values())
    return 2 * same / (len(found) + len(wanted))


def answer_scores(predicted: Sequence[str], answers: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return exact match and F1, means over questions."""
    pairs = list(zip(predicted, answers, strict=True))
    count = max(len(pairs), 1)
    scores = {
        "f1": sum(overlap(*each) for each in pairs) / count,
        "exact": sum(exact(*each) for each in pairs) / count,
    }
    absent = [each for each in pairs if not each[1]]
    if absent and len(absent) < len(pairs):
        present = [each for each in pairs if each[1]]
        scores["answered_f1"] = sum(overlap(*each) for each in present) / len(present)
        scores["unanswerable"] = sum(exact(*each) for each in absent) / len(absent)
    return scores
