"""Ids, held to the tables whose rows they choose."""

from __future__ import annotations

from torch import Tensor, aminmax, nn

from torso.batch import Batch
from torso.errors import InputError
from torso.nn.trunk import AnyTrunk, EncoderDecoder


def rows_of(embed: nn.Module, table: str) -> int | None:
    """How many rows one of a trunk's tables of embeddings has; None where there is none."""
    found = getattr(embed, table, None)
    return found.num_embeddings if isinstance(found, nn.Embedding) else None


def check_rows(name: str, numbers: Tensor, limit: int | None) -> None:
    """Holds numbers to a table of ``limit`` rows; None takes any.

    Raises:
        InputError: ``E_IDS``, with the number that has no row.
    """
    if limit is None or numbers.numel() == 0:
        return
    low, high = (int(bound) for bound in aminmax(numbers))
    if low < 0 or high >= limit:
        raise InputError(
            "E_IDS",
            "{name} holds {found}; this model's table ends at {last}.",
            cure="Use the tokenizer of this very model.",
            values=dict(name=name, found=low if low < 0 else high, last=limit - 1),
        )


def check_batch(trunk: AnyTrunk, batch: Batch) -> None:
    """Holds a batch and its source to a trunk's tables.

    Raises:
        InputError: ``E_IDS``, as `check_rows`.
    """
    check_rows("tokens", batch.tokens, rows_of(trunk.embed, "tokens"))
    if batch.segments is not None:
        check_rows("segments", batch.segments, rows_of(trunk.embed, "segments"))
    if batch.source is not None and isinstance(trunk, EncoderDecoder):
        check_batch(trunk.encoder, batch.source)
