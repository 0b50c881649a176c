"""What each head of a checkpoint says of a text, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch

from torso.architecture import Task
from torso.batch import Batch, pack
from torso.engines.torch_runner import lists
from torso.language import say
from torso.outputs import ReplacedLogits, SequenceLogits, VocabLogits
from torso.tasks.ready import Ready, recipe_of
from torso.tasks.windows import EncodedText

_TOP = 10
_WRITTEN = 40
_NUMBERS = 24
"""Numbers of a vector that are given."""


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What one head says.

    Attributes:
        task: name of the head's task.
        kind: what ``data`` is: ``scores``, ``spans``, ``masks``, ``answers``, ``next``, ``text``, ``vector``, or
            ``needs`` where the head has nothing to say of what was given.
        trained: whether the head's weights came from the checkpoint, or were trained since.
        data: plain data.
        code: the Python that gives the same.
    """

    task: str
    kind: str
    trained: bool
    data: dict[str, Any]
    code: str

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return asdict(self)


Said = tuple[str, dict[str, Any], str]


def answer_of(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None, name: str) -> HeadAnswer:
    """Return what the head of a model says of a text.

    Args:
        ready: the model with its tokenizer.
        encoding: the text as the model reads it.
        text: the text.
        pair: the second text: the passage for question answering; for multiple choice, one alternative a line.
        name: what the model is called in ``code``.
    """
    task: Task[Any] = ready.model.task
    trained = ready.model.head_trained or task is Task.FEATURES
    kind, data, code = _HEADS[task](ready, encoding, text, pair)
    return HeadAnswer(task.name, kind, trained, data, code.format(model=repr(name)))


def _classified(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import classify

    given = text if pair is None else (text, pair)
    found = classify([given], model=ready, untrained=True, long="truncate")[0]
    shown = repr(text) if pair is None else f"[{given!r}]"
    scores = [{"label": label, "score": score} for label, score in found.scores.items()]
    return "scores", {"scores": scores}, f"torso.classify({_braced(shown)}, model={{model}})"


def _tagged(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import tag

    found = tag(text, model=ready, untrained=True, long="truncate")
    spans = [asdict(span) for span in found]
    return "spans", {"text": text, "spans": spans}, f"torso.tag({_braced(repr(text))}, model={{model}})"


def _filled(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import fill

    mask = ready.tokenizer.mask_token
    if mask is None:
        return _needs(say("This head needs a mask token; the tokenizer has none."))
    if mask not in text:
        places = [span for span, sequence in zip(encoding.spans, encoding.sequence, strict=True) if sequence == 0]
        start, end = places[len(places) // 2] if places else (0, 0)
        text = text[:start] + mask + text[end:]
    found = fill(text, model=ready, untrained=True, long="truncate")
    masks = [[asdict(each) for each in proposals] for proposals in found]
    return "masks", {"text": text, "masks": masks}, f"torso.fill({_braced(repr(text))}, model={{model}})"


def _answered(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import answer

    if not pair:
        return _needs(say("This head needs a second text: the passage. The first is the question."))
    found = answer(text, pair, model=ready, top=3, untrained=True)
    data = {"passage": pair, "answers": [asdict(each) for each in found]}
    return "answers", data, f"torso.answer({_braced(f'{text!r}, {pair!r}')}, model={{model}}, top=3)"


def _chosen(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import choose

    choices = [line for line in (pair or "").splitlines() if line.strip()]
    if len(choices) < 2:
        return _needs(say("This head needs a second text: the alternatives, one a line."))
    found = choose(text, choices, model=ready, untrained=True, long="truncate")
    scores = [{"label": choice, "score": score} for choice, score in zip(choices, found.scores, strict=True)]
    return "scores", {"scores": scores}, f"torso.choose({_braced(f'{text!r}, {choices!r}')}, model={{model}})"


def _next(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    batch = pack([encoding], device=ready.model.device)
    last = torch.tensor([len(encoding) - 1], device=ready.model.device)
    with torch.inference_mode():
        out: VocabLogits = ready.model(Batch(batch.tokens, batch.layout, batch.segments, rows=last))
    best = out.logits[0].float().softmax(-1).topk(min(_TOP, out.logits.shape[-1]))
    tokens = [
        {"token": ready.tokenizer.decode([number]), "id": number, "score": score}
        for number, score in zip(cast("list[int]", best.indices.tolist()), lists(best.values), strict=True)
    ]
    return "next", {"tokens": tokens}, f"torso.generate({_braced(repr(text))}, model={{model}}, max_new_tokens=1)"


def _written(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import generate

    found = generate(text, model=ready, max_new_tokens=_WRITTEN, untrained=True)
    code = f"torso.generate({_braced(repr(text))}, model={{model}}, max_new_tokens={_WRITTEN})"
    return "text", {"text": found.text}, code


def _replaced(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    with torch.inference_mode():
        out: ReplacedLogits = ready.model(pack([encoding], device=ready.model.device))
    scores = [
        {"label": token, "score": score}
        for token, score in zip(encoding.tokens, lists(out.logits.float().sigmoid().cpu()), strict=True)
    ]
    return "scores", {"scores": scores}, "model(torso.pack([encoding])).logits.sigmoid()"


def _follows(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    if not pair:
        return _needs(say("This head needs a second text: it says whether it follows the first."))
    with torch.inference_mode():
        out: SequenceLogits = ready.model(pack([encoding], device=ready.model.device))
    follows, random = lists(out.logits[0].float().softmax(-1).cpu())
    scores = [{"label": "IS_NEXT", "score": follows}, {"label": "NOT_NEXT", "score": random}]
    return "scores", {"scores": scores}, "model(torso.pack([encoding])).logits.softmax(-1)"


def _vector(ready: Ready[Any], encoding: EncodedText, text: str, pair: str | None) -> Said:
    from torso.tasks import embed

    if pair is not None or recipe_of(ready) is None:
        return _needs(say("This checkpoint holds no head for one text. A new one would be random, so none is shown."))
    made = embed(text, model=ready, long="truncate")
    data = {
        "vector": made.vector.tolist()[:_NUMBERS],
        "size": made.vector.shape[0],
        "pooling": made.pooling,
        "normalized": made.normalized,
        "tokens": made.tokens,
    }
    return "vector", data, f"torso.embed({_braced(repr(text))}, model={{model}})"


def _needs(what: str) -> Said:
    return "needs", {"what": what}, ""


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


_HEADS: dict[Task[Any], Callable[[Ready[Any], EncodedText, str, str | None], Said]] = {
    Task.FEATURES: _vector,
    Task.SEQUENCE_CLASSIFICATION: _classified,
    Task.TOKEN_CLASSIFICATION: _tagged,
    Task.REPLACED_TOKENS: _replaced,
    Task.QUESTION_ANSWERING: _answered,
    Task.MULTIPLE_CHOICE: _chosen,
    Task.MASKED_LM: _filled,
    Task.CAUSAL_LM: _next,
    Task.SEQ2SEQ_LM: _written,
    Task.NEXT_SENTENCE: _follows,
}
