"""Numbers of a look as the page is sent them, and the looks that are kept for it."""

from __future__ import annotations

import secrets
import threading
import time
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, cast

from torso.errors import NotFoundError
from torso.language import say

if TYPE_CHECKING:
    from torch import Tensor

    from torso.inspection.look import Look, Part

KEPT_SECONDS = 600.0
KEPT_BYTES = 64 << 20
KEPT_LOOKS = 64


class Looks:
    """Looks by id: each stays ten minutes after it was last asked for, 64 MiB of hidden states together.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[Look, float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, look: Look) -> str:
        """Keep a look; return its id."""
        number = secrets.token_urlsafe(9)
        with self._lock:
            self._kept[number] = (look, self._clock(), _bytes_of(look))
            self._sweep()
        return number

    def get(self, number: str) -> Look:
        """Return a look.

        Raises:
            NotFoundError: ``E_LOOK_GONE``.
        """
        with self._lock:
            self._sweep()
            if number not in self._kept:
                raise NotFoundError(
                    "E_LOOK_GONE", "This look is no longer kept.", cure="Look again: press the button beside the text."
                )
            look, _, size = self._kept.pop(number)
            self._kept[number] = (look, self._clock(), size)
            return look

    def keep_only(self, names: Collection[str]) -> None:
        """Drop the looks at other models than these, which are no longer loaded and would stay in memory."""
        with self._lock:
            for number, (look, _, _) in list(self._kept.items()):
                if look.name not in names:
                    del self._kept[number]

    def _sweep(self) -> None:
        now = self._clock()
        total = sum(size for _, _, size in self._kept.values())
        for number, (_, used, size) in list(self._kept.items()):
            too_many = total > KEPT_BYTES or len(self._kept) > KEPT_LOOKS
            if now - used > KEPT_SECONDS or (too_many and len(self._kept) > 1):
                del self._kept[number]
                total -= size


def _bytes_of(look: Look) -> int:
    rows = len(look.tokens) * (look.depth() + 1)
    if look.target_tokens is not None:
        rows += len(look.target_tokens) * (look.depth("encoder") + 1)
    width: int = getattr(look.ready.model.trunk.embed.tokens, "embedding_dim", 1024)
    return rows * width * 4


def summary_data(look: Look, number: str) -> dict[str, Any]:
    """Return what a page needs first: tokens, and what can be asked for."""
    covered = look.extent
    texts = repr(look.text) if look.pair is None else f"{look.text!r}, {look.pair!r}"
    return {
        "id": number,
        "model": look.name,
        "text": look.text,
        "pair": look.pair,
        "tokens": [token.as_dict() for token in look.tokens],
        "target_tokens": None if look.target_tokens is None else [token.as_dict() for token in look.target_tokens],
        "parts": [
            {"name": part, "layers": look.depth(part), "heads": look.attention(0, part=part).shape[0]}
            for part in look.parts
        ],
        "lens": look.has_vocabulary_head,
        "cut": None if not covered.truncated else cut_text(look),
        "cut_at": covered.span[1] if covered.truncated and covered.span else None,
        "code": [f"look = torso.look({look.source!r}, {texts})", "look.attention(0), look.layer_rows()"],
    }


def cut_text(look: Look) -> str:
    """Return in words how much of a text was read."""
    values = dict(read=look.extent.read, all=look.extent.tokens)
    return say("The first {read} of {all} tokens were read: long='truncate'.", values)


def attention_bytes(weights: Tensor) -> bytes:
    """Return attention weights [H, R, C] as bytes: a share of 0 to 255 of each row's largest, then those, as float32.

    The first part is [H, R, C] uint8, the second [H, R] float32 in little-endian order.
    """
    largest = weights.amax(-1, keepdim=True)
    shares = (weights / largest.clamp(min=1e-30) * 255).round().clamp(0, 255)
    first: Any = shares.byte().numpy()
    second: Any = largest.squeeze(-1).numpy()
    return first.tobytes() + second.astype("<f4").tobytes()


def heads_data(look: Look, part: Part | None) -> dict[str, Any]:
    """Return thumbnails and summaries of every head."""
    found = look.head_summary(part)
    thumbnails = found.thumbnails
    top = thumbnails.amax((2, 3), keepdim=True).clamp(min=1e-30)
    cells: Any = (thumbnails / top * 255).round().byte().numpy()
    return {
        "shape": list(thumbnails.shape),
        "square": part != "cross",
        "thumbnails": b64encode(cells.tobytes()).decode(),
        **{
            name: cast("Tensor", getattr(found, name)).numpy()
            for name in ("special", "itself", "previous", "following", "entropy")
        },
    }


def rows_data(look: Look, part: Part | None) -> dict[str, Any]:
    """Return lengths, cosines and the projection of the hidden states."""
    found = look.layer_rows(part)
    return {
        "norms": found.norms.numpy(),
        "cosines": found.cosines.numpy(),
        "points": found.points.numpy(),
        "shares": list(found.shares),
    }


def lens_data(look: Look) -> dict[str, Any]:
    """Return the likeliest tokens at each place after each layer."""
    found = look.logit_lens(3)
    ids = cast("list[list[list[int]]]", found.ids.tolist())
    names = {str(number): _name(look, number) for layer in ids for row in layer for number in row}
    return {"ids": ids, "names": names, "probabilities": found.probabilities.numpy()}


def _name(look: Look, number: int) -> str:
    return look.ready.tokenizer.convert_ids_to_tokens(number) or str(number)


def answers_data(look: Look) -> list[dict[str, Any]]:
    """Return what each head says."""
    return [answer.as_dict() for answer in look.answers()]
