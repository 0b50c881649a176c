"""What all that ranks texts by reading them with a query has in common: scores of logits, and their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torso.errors import UnsupportedError
from torso.tasks.arrays import Wide, numbers
from torso.tasks.dense_activations import ACTIVATIONS
from torso.tasks.predictions import Match, Ranked


def score_function(name: str, path: object, file: str = "config.json") -> tuple[str, Callable[[Wide], Wide]]:
    """Return the name and the function of an activation that a file states by its dotted path; the sigmoid for none.

    Args:
        name: what messages call the model.
        path: of a class, such as ``torch.nn.Sigmoid``.
        file: that states it.

    Raises:
        UnsupportedError: E_ACTIVATION.
    """
    package, _, own = str(path or "torch.nn.Sigmoid").rpartition(".")
    if own not in ACTIVATIONS or not package.startswith("torch.nn"):
        raise UnsupportedError(
            "E_ACTIVATION",
            "The files of {name} make scores by {stated}, which torso does not have.",
            cure="It has {known} of torch.nn: change the activation in {file}.",
            values=dict(name=name, stated=repr(str(path)[:60]), known=", ".join(ACTIVATIONS), file=file),
        )
    return {"Identity": "logit"}.get(own, own.lower()), ACTIVATIONS[own]


def in_order_of_logits(
    pairs: Sequence[tuple[str, str]], rows: Sequence[Wide], top: int | None, measure: str, prompt: str = ""
) -> Ranked:
    """Return the texts of a query by their scores, the highest first; equal ones by their logits.

    Args:
        pairs: the query, with what was put before it, and each text.
        rows: score and logit of each text, [2].
        top: how many texts are given; None for all.
        measure: what the scores are.
        prompt: what was put before the query.
    """
    scores: list[tuple[float, float]] = [tuple(numbers(row)) for row in rows]
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)[:top]
    matches = tuple(Match(pairs[place][1], place, scores[place][0]) for place in order)
    return Ranked(pairs[0][0][len(prompt) :], matches, measure)
