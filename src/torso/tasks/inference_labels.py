"""Which labels of a model of natural language inference are entailment and contradiction. Loads no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torso.errors import InputError

if TYPE_CHECKING:
    from torso.tasks.ready import Ready

_ENTAILMENT = ("entail", "蕴含", "蕴涵", "蘊含", "蘊涵")
_CONTRADICTION = ("contradict", "矛盾", "not_entail", "not entail", "non_entail", "non-entail", "不蕴含", "不蕴涵")
_NEUTRAL = ("neutral", "中立", "中性")


def entailing(ready: Ready[Any], name: str | None) -> int:
    """Return the index of the entailment label.

    Raises:
        InputError: E_LABELS where the model has no label of that name, or none that is known where no name is given.
    """
    names = ready.label_names()
    if name is not None:
        return _named(ready, names, name)
    found = _beginning(names, _ENTAILMENT)
    if len(found) == 1:
        return found[0]
    raise InputError(
        "E_LABELS",
        "It is not known which label of {name} is entailment: its labels are {labels}.",
        cure='Name it: entailment="LABEL_2" (--entailment LABEL_2); or use a model of natural language inference.',
        values=dict(name=ready.name, labels=", ".join(names[:6])),
    )


def contradicting(ready: Ready[Any], name: str | None, entails: int) -> int:
    """Return the index of the contradiction label.

    Raises:
        InputError: E_LABELS where the model has no label of that name, or none that is known where no name is given.
    """
    names = ready.label_names()
    if name is not None:
        return _named(ready, names, name)
    found = _beginning(names, _CONTRADICTION)
    if len(found) != 1:
        apart = {entails, *_beginning(names, _NEUTRAL)}
        found = [number for number in range(len(names)) if number not in apart]
    if len(found) == 1:
        return found[0]
    raise InputError(
        "E_LABELS",
        "It is not known which label of {name} is contradiction: its labels are {labels}.",
        cure='Name it: contradiction="LABEL_0" (--contradiction LABEL_0).',
        values=dict(name=ready.name, labels=", ".join(names[:6])),
    )


def _beginning(names: list[str], beginnings: tuple[str, ...]) -> list[int]:
    return [number for number, name in enumerate(names) if name.strip().lower().startswith(beginnings)]


def _named(ready: Ready[Any], names: list[str], name: str) -> int:
    if name in names:
        return names.index(name)
    raise InputError(
        "E_LABELS",
        "{name} has no label {label}: its labels are {labels}.",
        cure="Name one of them.",
        values=dict(name=ready.name, label=repr(name), labels=", ".join(names[:6])),
    )
