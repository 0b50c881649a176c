"""The data routes of the page: each a function of what was asked, which gives an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from torso.errors import AccessError, InputError
from torso.view import look_data, model_data
from torso.view.asked import Answer, Asked, json_answer
from torso.view.jobs import Jobs
from torso.view.look_data import Looks
from torso.view.shown_models import ShownModels
from torso.view.text_pieces import pieces
from torso.view.words import words_of

if TYPE_CHECKING:
    from torso.inspection.look import Look, Part

MOST_CHARACTERS = 100_000
MOST_ROWS = 2048
"""Tokens that are listed."""
_UNBUFFERED = {"x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class Page:
    """What the handlers share.

    Attributes:
        models: those that may be shown.
        admin: whether models may be fetched, repaired and removed from the page.
        first: what is shown when the page opens: ``model``, ``text``.
        server: gives queue, rates and memory of the server that the page is mounted in; None where there is none.
        served: gives what the server around the page says of its models; None where there is none.
        local: whether the page is its user's own, so that folders may be named.
        looks: those that are kept.
        jobs: what is done to the models of this machine.
    """

    models: ShownModels
    admin: bool
    first: Mapping[str, str]
    server: Callable[[], Sequence[Mapping[str, Any]]] | None
    served: Callable[[], Sequence[Mapping[str, Any]]] | None
    local: bool
    looks: Looks = field(default_factory=Looks)
    jobs: Jobs = field(default_factory=Jobs)


def start(page: Page, asked: Asked) -> Answer:
    """What the page needs first: words, models, and what is on."""
    from torso import __version__
    from torso.language import language

    return json_answer(
        {
            "version": __version__,
            "language": language(),
            "words": words_of(language()),
            "models": page.models.names(),
            "sources": dict(page.models.sources),
            "first": dict(page.first),
            "admin": page.admin,
            "server": page.server is not None,
            "local": page.local,
        }
    )


def models(page: Page, asked: Asked) -> Answer:
    """The models of this machine with what is being done to them, and those of the server around the page."""
    served = [] if page.served is None else [dict(each) for each in page.served()]
    if not page.local:
        return json_answer(
            {"served": served or [{"id": name} for name in page.models.names()], "models": [], "jobs": []}
        )
    from torso.hub import models as models_here

    rows = [model.as_dict() for model in models_here()]
    return json_answer({"served": served, "models": rows, "jobs": page.jobs.all()})


def config(page: Page, asked: Asked) -> Answer:
    """Every parameter of a model."""
    name = asked.text("model")
    found = model_data.config_data(page.models.opened(name), folder=page.local, source=page.models.source(name))
    return json_answer(found)


def changes(page: Page, asked: Asked) -> Answer:
    """What changes of a config would do."""
    name = asked.text("model")
    found = model_data.changes_data(page.models.opened(name), asked.table("changes"), source=page.models.source(name))
    return json_answer(found)


def weights(page: Page, asked: Asked) -> Answer:
    """Tensors and files of a model."""
    return json_answer(model_data.weights_data(page.models.opened(asked.text("model"))))


def heads(page: Page, asked: Asked) -> Answer:
    """Which heads the checkpoint of a model holds."""
    return json_answer(model_data.heads_data(page.models.opened(asked.text("model"))))


def compared(page: Page, asked: Asked) -> Answer:
    """Parameters in which two configs differ."""
    one, two = page.models.opened(asked.text("model")), page.models.opened(asked.text("other"))
    return json_answer({"models": [one.name, two.name], "differences": model_data.compared_data(one, two)})


def tokens(page: Page, asked: Asked) -> Answer:
    """A text as tokens; no weights are loaded."""
    from torso.inspection.token_rows import token_rows

    name, text, pair = asked.text("model"), _text(asked, "text") or "", _text(asked, "pair")
    tokenizer, source = page.models.tokenizer(name), page.models.source(name)
    encoding = tokenizer.encoding(text, pair)
    limit = tokenizer.max_tokens
    rows = token_rows(encoding, text, pair)
    cut = next((row.start for row in rows[limit:] if not row.special), None) if limit and len(rows) > limit else None
    return json_answer(
        {
            "model": name,
            "text": text,
            "pair": pair,
            "count": len(rows),
            "max_tokens": limit,
            "cut_at": cut,
            "tokens": [row.as_dict() for row in rows[:MOST_ROWS]],
            "notes": list(tokenizer.notes),
            "code": [f"tokenizer = torso.load_tokenizer({source!r})", f"tokenizer.encoding({text!r})"],
        }
    )


def _text(asked: Asked, name: str) -> str | None:
    text = asked.optional_text(name)
    if text is not None and len(text) > MOST_CHARACTERS:
        raise InputError(
            "E_TOO_MUCH",
            "The text has {size:,} characters; the page takes {most:,}.",
            cure="Shorten it, or use torso.look in Python.",
            values=dict(size=len(text), most=MOST_CHARACTERS),
        )
    return text


def look(page: Page, asked: Asked) -> Answer:
    """Run a text; what is seen of it is asked for by its id."""
    from dataclasses import replace

    from torso.engines.torch_runner import TorchRunner
    from torso.inspection.looking import MOST_TOKENS, look_at
    from torso.model import changed

    name, text, pair = asked.text("model"), _text(asked, "text") or "", _text(asked, "pair")
    given = {key: model_data.typed_value(value) for key, value in asked.table("changes").items()}
    begun = time.perf_counter()
    ready, trained = page.models.ready(name)
    page.looks.keep_only(page.models.loaded())
    with page.models.running:
        if given:
            ready = replace(ready, runner=TorchRunner(changed(ready.model, given)), memo={})
            trained = trained[:1]
        found = look_at(name, ready, trained, text, pair, long="truncate", max_tokens=MOST_TOKENS)
        found.source = page.models.source(name)
        number = page.looks.add(found)
        data = look_data.summary_data(found, number)
    return json_answer({**data, "milliseconds": round(1000 * (time.perf_counter() - begun), 1)})


def _look(page: Page, asked: Asked) -> Look:
    return page.looks.get(asked.path["id"])


def _part(asked: Asked) -> Part | None:
    return cast("Part | None", asked.optional_text("part"))


def attention(page: Page, asked: Asked) -> Answer:
    """Attention weights of one layer, as bytes."""
    layer = asked.path["layer"]
    with page.models.running:
        weights = _look(page, asked).attention(int(layer) if layer.isdecimal() else -1, part=_part(asked))
    return Answer(look_data.attention_bytes(weights), "application/octet-stream")


def head_grid(page: Page, asked: Asked) -> Answer:
    """Thumbnails and summaries of every head."""
    with page.models.running:
        return json_answer(look_data.heads_data(_look(page, asked), _part(asked)))


def rows(page: Page, asked: Asked) -> Answer:
    """Lengths, cosines and projection of the hidden states."""
    with page.models.running:
        return json_answer(look_data.rows_data(_look(page, asked), _part(asked)))


def lens(page: Page, asked: Asked) -> Answer:
    """The logit lens."""
    with page.models.running:
        return json_answer(look_data.lens_data(_look(page, asked)))


def answer(page: Page, asked: Asked) -> Answer:
    """What each head says."""
    with page.models.running:
        return json_answer(look_data.answers_data(_look(page, asked)))


def write(page: Page, asked: Asked) -> Answer:
    """What a model writes, as it is written."""
    with page.models.running:
        return Answer(pieces(page.models, asked), "application/x-ndjson")


def server(page: Page, asked: Asked) -> Answer:
    """Queue, rates and memory of the server."""
    return json_answer({"rows": [] if page.server is None else [dict(row) for row in page.server()]})


def begin_job(page: Page, asked: Asked) -> Answer:
    """Begin to fetch, check, repair or remove a model."""
    _require_admin(page)
    return json_answer(page.jobs.begin(asked.text("action"), asked.text("model").strip()).as_dict(), 202)


def job(page: Page, asked: Asked) -> Answer:
    """How far a job is."""
    _require_admin(page)
    return json_answer(page.jobs.get(asked.path["id"]).as_dict())


def job_events(page: Page, asked: Asked) -> Answer:
    """How far a job is, as server-sent events."""
    _require_admin(page)
    return Answer(page.jobs.events(asked.path["id"]), "text/event-stream; charset=utf-8", headers=_UNBUFFERED)


def pause_job(page: Page, asked: Asked) -> Answer:
    """Let a download wait."""
    _require_admin(page)
    return json_answer(page.jobs.pause(asked.path["id"]).as_dict())


def resume_job(page: Page, asked: Asked) -> Answer:
    """Go on with a download that waits."""
    _require_admin(page)
    return json_answer(page.jobs.resume(asked.path["id"]).as_dict())


def stop_job(page: Page, asked: Asked) -> Answer:
    """Stop a job; what has arrived is kept."""
    _require_admin(page)
    return json_answer(page.jobs.stop(asked.path["id"]).as_dict())


def _require_admin(page: Page) -> None:
    if not page.admin:
        raise AccessError(
            "E_PAGE_ADMIN",
            "This page may not change the models of this machine.",
            cure="Start it so: torso view --page-admin MODEL",
        )


Handler = Callable[[Page, Asked], Answer]
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/start", start),
    ("GET", "/models", models),
    ("GET", "/config", config),
    ("POST", "/changes", changes),
    ("GET", "/weights", weights),
    ("GET", "/model-heads", heads),
    ("GET", "/compare", compared),
    ("POST", "/tokens", tokens),
    ("POST", "/look", look),
    ("GET", "/look/{id}/attention/{layer}", attention),
    ("GET", "/look/{id}/heads", head_grid),
    ("GET", "/look/{id}/rows", rows),
    ("GET", "/look/{id}/lens", lens),
    ("GET", "/look/{id}/answer", answer),
    ("POST", "/write", write),
    ("GET", "/server", server),
    ("POST", "/jobs", begin_job),
    ("GET", "/jobs/{id}", job),
    ("GET", "/jobs/{id}/events", job_events),
    ("POST", "/jobs/{id}/pause", pause_job),
    ("POST", "/jobs/{id}/resume", resume_job),
    ("DELETE", "/jobs/{id}", stop_job),
)
"""Method, path below ``/view/api``, and handler."""
