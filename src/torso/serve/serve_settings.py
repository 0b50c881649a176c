"""Settings of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torso.errors import InputError

UnknownFields = Literal["refuse", "take"]


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Settings of `torso.serve.app`; every limit is per server unless it says otherwise.

    Attributes:
        long: what is done with texts beyond a model's length where a request does not say.
        aliases: further names of models, such as those that a client's code has.
        keys: names of clients and the SHA-256 of their keys, in hex; empty to ask for none.
        hosts: values of ``Host`` beside those of loopback that are answered; ``*`` for any.
        cors: origins of pages that may call.
        unknown_fields: whether a field that no dialect knows is refused, or taken and named in ``x-torso-ignored``.
        queue_seconds: predicted wait behind others, above which a request is refused with 429.
        deadline: seconds within which every request is answered.
        drain: seconds that accepted requests get after SIGTERM.
        slice_seconds: predicted length of a batch; shorter beside what writes, and for lists while short requests come.
        batch_tokens: tokens of a batch at most.
        texts: of a request.
        tokens: of a request.
        characters: of a request.
        body_bytes: of a request.
        flight_bytes: of all bodies that are read or answered at a time.
        new_tokens: tokens generated where a request does not say.
        cache_bytes: key/value cache of each model that generates.
        sequences: texts generated at a time by each model.
        rerank_template: by which decoders that write rank texts, too: a name of those of `torso.rerank`; empty for what
            their files say.
        log: whether a line of JSON is printed for each request.
        log_texts: whether it holds the texts.
        page: whether ``/`` answers with the page, on which the models can be looked at.
        page_token: what the page's requests must carry, as ``/#token=…`` gives it to the page: that of one user, who
            may also fetch, check and remove models of this machine; empty for a page that only shows what is served.
    """

    long: Literal["error", "truncate", "window"] = "error"
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    hosts: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()
    unknown_fields: UnknownFields = "refuse"
    queue_seconds: float = 30.0
    deadline: float = 120.0
    drain: float = 30.0
    slice_seconds: float = 0.05
    batch_tokens: int = 4096
    texts: int = 2048
    tokens: int = 300_000
    characters: int = 2_000_000
    body_bytes: int = 32 << 20
    flight_bytes: int = 256 << 20
    new_tokens: int = 512
    cache_bytes: int = 256 << 20
    sequences: int = 64
    rerank_template: str = ""
    log: bool = True
    log_texts: bool = False
    page: bool = True
    page_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        positive = ("queue_seconds", "deadline", "slice_seconds", "batch_tokens", "texts", "tokens", "characters")
        for name in (*positive, "body_bytes", "flight_bytes", "new_tokens", "cache_bytes", "sequences"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise InputError(
                    "E_ARGUMENT",
                    "{name} is {value!r}; it must be a number above 0.",
                    cure="Leave it out: the default suits most machines.",
                    values=dict(name=name, value=value),
                )
