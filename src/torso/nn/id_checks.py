"""Bounds checks of ids against the embedding tables."""

from __future__ import annotations

from torch import Tensor, aminmax, nn

from torso.batch import Batch
from torso.host_batch import require_rows
from torso.nn.trunk import AnyTrunk, EncoderDecoder


def rows_of(embed: nn.Module, table: str) -> int | None:
    """Return the number of rows of an embedding table; None if the trunk has no such table."""
    found = getattr(embed, table, None)
    return found.num_embeddings if isinstance(found, nn.Embedding) else None


def check_rows(name: str, numbers: Tensor, limit: int | None) -> None:
    """Raise if an id is outside a table of ``limit`` rows; None means no limit.

    Raises:
        InputError: ``E_IDS``, with the number that has no row.
    """
    if limit is None or numbers.numel() == 0:
        return
    low, high = (int(bound) for bound in aminmax(numbers))
    require_rows(name, low, high, limit)


def check_batch(trunk: AnyTrunk, batch: Batch) -> None:
    """Raise if an id of a batch or of its source is outside the trunk's embedding tables.

    Raises:
        InputError: ``E_IDS``, as `check_rows`.
    """
    check_rows("tokens", batch.tokens, rows_of(trunk.embed, "tokens"))
    if batch.segments is not None:
        check_rows("segments", batch.segments, rows_of(trunk.embed, "segments"))
    if batch.source is not None and isinstance(trunk, EncoderDecoder):
        check_batch(trunk.encoder, batch.source)
