"""The last stage of a tour: what a model's own head says of a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.architecture import Task
from torso.cli.tour_stage import Stage
from torso.errors import TorsoError
from torso.loading.load import read_config
from torso.tasks.sentence_files import read_recipe
from torso.tasks.windows import EncodedText

if TYPE_CHECKING:
    from torso.tasks import Ready, Tagged
    from torso.text import Tokenizer

_TITLE = "The model with its head"
_ASKED = {True: ("谁？", ["对。", "不对。"]), False: ("Who?", ["Yes.", "No."])}  # by whether the text is Chinese


def head_stage(encoding: EncodedText, tokenizer: Tokenizer, folder: Path, model: str) -> Stage:
    """Run the first head that the checkpoint holds; without one, embed the text if the model is made for that."""
    from torso.tasks import Ready

    for task in _likely_heads(folder):
        head = _loaded(folder, task)
        made = None if head is None else _HEADS[task](encoding, Ready(head, tokenizer, folder), model)
        if made is not None:
            call, data = made
            code = (f"from torso.tasks import {call.partition('(')[0]}", call)
            return Stage("head", _TITLE, code, {"task": task.name, **data})
    if read_recipe(folder) is not None:
        return _vector(encoding.string, folder, model)
    code = (f"architecture, _ = torso.loading.load.read_config(resolve({model!r}).folder)", "list(architecture.tasks)")
    return Stage("head", _TITLE, code, {"task": None})


Said = tuple[str, dict[str, Any]] | None
"""The call of Python, and what it gave; None where the head has nothing to say of this text."""


def _classified(encoding: EncodedText, ready: Ready[Any], model: str) -> Said:
    from torso.tasks import classify

    text = encoding.string
    return f"classify({text!r}, model={model!r})", asdict(classify(text, model=ready))


def _tagged(encoding: EncodedText, ready: Ready[Any], model: str) -> Said:
    from torso.tasks import tag

    text = encoding.string
    return f"tag({text!r}, model={model!r})", tagged(tag(text, model=ready), model)


def tagged(found: Tagged, model: str) -> dict[str, Any]:
    """Return labelled parts as plain data."""
    return {"model": model, "text": found.text, "spans": [asdict(span) for span in found]}


def _filled(encoding: EncodedText, ready: Ready[Any], model: str) -> Said:
    from torso.tasks import fill

    places = [span for span, special in zip(encoding.spans, encoding.special, strict=True) if not special]
    if ready.tokenizer.mask_token is None or not places:
        return None
    start, end = places[len(places) // 2]
    text = encoding.string[:start] + ready.tokenizer.mask_token + encoding.string[end:]
    proposals = [asdict(each) for each in fill(text, model=ready)[0]]
    return f"fill({text!r}, model={model!r})", {"text": text, "proposals": proposals}


def _answered(encoding: EncodedText, ready: Ready[Any], model: str) -> Said:
    from torso.tasks import answer

    text = encoding.string
    question, _ = _ASKED[not text.isascii()]
    found = answer(question, text, model=ready, top=3)
    call = f"answer({question!r}, {text!r}, model={model!r}, top=3)"
    return call, {"question": question, "answers": [asdict(each) for each in found]}


def _chosen(encoding: EncodedText, ready: Ready[Any], model: str) -> Said:
    from torso.tasks import choose

    text = encoding.string
    _, choices = _ASKED[not text.isascii()]
    found = choose(text, choices, model=ready)
    scores = dict(zip(choices, found.scores, strict=True))
    return f"choose({text!r}, {choices!r}, model={model!r})", {"question": text, "scores": scores}


_HEADS: dict[Task[Any], Callable[[EncodedText, Ready[Any], str], Said]] = {
    Task.SEQUENCE_CLASSIFICATION: _classified,
    Task.TOKEN_CLASSIFICATION: _tagged,
    Task.MASKED_LM: _filled,
    Task.QUESTION_ANSWERING: _answered,
    Task.MULTIPLE_CHOICE: _chosen,
}


def _vector(text: str, folder: Path, model: str) -> Stage:
    from torso.tasks import embed

    made = embed(text, model=folder)
    data: dict[str, Any] = {
        "task": Task.FEATURES.name,
        "vector": cast("list[float]", made.vector.tolist()),
        "pooling": made.pooling,
        "normalized": made.normalized,
        "tokens": made.tokens,
    }
    return Stage(
        "head", "The text as a vector", ("from torso.tasks import embed", f"embed({text!r}, model={model!r})"), data
    )


def _likely_heads(folder: Path) -> list[Task[Any]]:
    # The weights of a classifier of texts and of one of tokens can bear the same names: the config decides.
    named = read_config(folder)[1].architectures or [""]
    return sorted(_HEADS, key=lambda task: not named[0].endswith(task.suffix))


def _loaded(folder: Path, task: Task[Any]) -> Any:
    from torso.engines.opened import opened

    try:
        return opened(folder, task)
    except TorsoError as error:
        if error.code in ("E_NO_HEAD", "E_LABELS", "E_TASK_UNSUPPORTED", "E_SHAPE"):
            return None
        raise
