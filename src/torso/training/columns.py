"""Which column is the text and which the label: named, or found where it is unambiguous. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torso.errors import InputError
from torso.training.data_files import Table

TEXTS = ("text", "review", "sentence", "content", "comment", "body", "document", "文本", "评论", "内容", "句子")
LABELS = ("label", "labels", "class", "category", "target", "sentiment", "标签", "类别", "分类", "情感")
FIRSTS = ("sentence1", "text1", "premise", "question1", "query", "anchor")
SECONDS = ("sentence2", "text2", "hypothesis", "question2", "positive")
TOKENS = ("tokens", "words", "chars", "字", "词")
TAGS = ("tags", "ner_tags", "labels", "pos_tags", "label", "标注")
SPANS = ("spans", "entities", "实体")
QUESTIONS = ("question", "query", "问题")
CONTEXTS = ("context", "passage", "paragraph", "document", "article", "段落", "文章")
ANSWERS = ("answers", "answer", "答案")
CHOICES = ("choices", "choice", "options", "alternatives", "endings", "选项")
CHOSEN = ("label", "answer", "answerkey", "answers", "答案")
PROMPTS = ("prompt", "instruction", "问题", "指令")
COMPLETIONS = ("completion", "response", "output", "回答", "输出")
CHATS = ("messages", "conversations", "conversation", "对话")
SOURCES = ("source", "src", "input", "document", "article", "text", "原文")
TARGETS = ("target", "tgt", "summary", "output", "translation", "headline", "title", "摘要", "译文")

_MOST_LABELS = 0.2  # different values of a column of labels, as a share of the rows


def column(table: Table, known: Sequence[str], named: str | None, option: str) -> str:
    """Return the column that is named, or the only one with a known name.

    Raises:
        InputError: ``E_COLUMN``, with the columns that there are.
    """
    if named is not None:
        if named not in table.columns:
            raise _no_column(table, named, option)
        return named
    found = [each for each in table.columns if each.strip().lower() in known]
    if len(found) == 1:
        return found[0]
    raise InputError(
        "E_COLUMN",
        "{file} does not say which column is the {option}: it has {columns}.",
        cure="Name it: --{option} COLUMN",
        values=dict(file=table.name, option=option, columns=", ".join(table.columns)),
    )


def column_if_any(table: Table, known: Sequence[str], named: str | None, option: str) -> str | None:
    """Return the column that is named, or the only one with a known name; None where there is none or several.

    Raises:
        InputError: ``E_COLUMN``, for a named one that is not there.
    """
    if named is not None:
        return column(table, known, named, option)
    found = [each for each in table.columns if each.strip().lower() in known]
    return found[0] if len(found) == 1 else None


def has(table: Table, *known: Sequence[str]) -> bool:
    """Return whether a table has a column of each of the known names."""
    names = {each.strip().lower() for each in table.columns}
    return all(names & set(each) for each in known)


def nth(given: Sequence[str] | None, place: int) -> str | None:
    """Return the column that a user named at a place; None for none."""
    return given[place] if given is not None and place < len(given) else None


def _no_column(table: Table, named: str, option: str) -> InputError:
    return InputError(
        "E_COLUMN",
        "{file} has no column {column}.",
        cure="It has: {columns}. Name one: --{option} COLUMN",
        values=dict(file=table.name, column=repr(named), columns=", ".join(table.columns), option=option),
    )


def text_and_label(table: Table, text: Sequence[str] | None, label: str | None) -> tuple[tuple[str, ...], str]:
    """Return the columns of the text, or of both texts of a pair, and of the label.

    Raises:
        InputError: ``E_COLUMN``, where they are not named and not unambiguous.
    """
    if label is None:
        known = [each for each in table.columns if each.strip().lower() in LABELS and each not in (text or ())]
        if len(known) != 1 and (guess := _label_by_values(table, text)) is not None:
            known = [guess]
        label = known[0] if len(known) == 1 else column(table, LABELS, None, "label")
    label = column(table, LABELS, label, "label")
    if text is not None:
        return tuple(column(table, TEXTS, each, "text") for each in text), label
    rest = [each for each in table.columns if each != label and each != "file"]
    lower = {each.strip().lower(): each for each in rest}
    for first, second in zip(FIRSTS, SECONDS, strict=False):
        if first in lower and second in lower:
            return (lower[first], lower[second]), label
    return (rest[0] if len(rest) == 1 else column(table, TEXTS, None, "text"),), label


def _label_by_values(table: Table, text: Sequence[str] | None) -> str | None:
    """Return the one column whose values repeat as labels do, where the others' do not."""
    few = [
        each
        for each in table.columns
        if each not in (text or ()) and 1 < len({str(row.get(each)) for row in table.rows}) <= _limit(len(table.rows))
    ]
    return few[0] if len(few) == 1 and len(table.columns) == 2 else None


def _limit(rows: int) -> int:
    return max(2, int(rows * _MOST_LABELS))


def text_of(row: Mapping[str, object], name: str) -> str | None:
    """Return the text of a cell; None for one that is empty or no text."""
    value = row.get(name)
    return value if isinstance(value, str) and value.strip() else None
