"""Output files of a batch job: each appears whole or not at all, and says what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from torso.errors import IntegrityError, TorsoError
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.io.typed_values import typed
from torso.scale.arrow import arrow
from torso.scale.storage import file_hash, joined, storage_of

KEY = b"torso.part"
_ROW_GROUP = 10_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the footer of an output file says.

    Attributes:
        fingerprint: of the job.
        rows: of the file.
        tokens: that were read for them.
        failed: rows with an error.
        content: SHA-256 of the columns' values.
    """

    fingerprint: str
    rows: int
    tokens: int
    failed: int
    content: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over output files: rows, tokens read for them, rows with an error."""

    rows: int = 0
    tokens: int = 0
    failed: int = 0

    def plus(self, receipt: Receipt) -> Totals:
        """Return the sums with one more file."""
        return Totals(self.rows + receipt.rows, self.tokens + receipt.tokens, self.failed + receipt.failed)

    @classmethod
    def of(cls, receipts: Iterable[Receipt]) -> Totals:
        """Return the sums over files."""
        return reduce(lambda sums, each: sums.plus(each), receipts, cls())


def foreign_part(path: str) -> IntegrityError:
    """Build the error of an output file that is not this job's."""
    return IntegrityError(
        "E_PART",
        "{file} is no output file of this job.",
        cure="Remove it, or write into another folder.",
        values=dict(file=shown(path)),
    )


def write_part(folder: str, name: str, table: Any, receipt: Receipt) -> bool:
    """Write one output file, and return whether this call was the one that committed it.

    Of two attempts at one slice one commits, and the other's file is dropped (`torso.scale.storage.Storage.create`).

    Raises:
        DiskError: E_DISK_FULL, E_WRITE. NetworkError: E_STORE.
        IntegrityError: E_PART_DIFFERS, if an earlier attempt committed other contents.
    """
    pa, pq = arrow(), arrow("parquet")

    described = {KEY: json.dumps(_as_dict(receipt), sort_keys=True).encode()}
    written = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata({**(table.schema.metadata or {}), **described}),
        written,
        compression="zstd",
        row_group_size=_ROW_GROUP,
        use_compliant_nested_type=False,  # which renames fields within lists, and the checksum has their names
    )
    path = joined(folder, name)
    won = storage_of(path).create(path, memoryview(written.getvalue()))
    if not won and read_receipt(path) != receipt:
        raise IntegrityError(
            "E_PART_DIFFERS",
            "{file} is there already, with other contents than the same slice gives now.",
            cure="Run the job on processors of one kind, or into another folder.",
            values=dict(file=shown(path)),
        )
    return won


def committed(folder: str, name: str) -> Receipt | None:
    """Return the receipt of an output file, or None where it is not there.

    Raises:
        IntegrityError: E_PART.
    """
    path = joined(folder, name)
    return read_receipt(path) if storage_of(path).exists(path) else None


def read_receipt(path: str) -> Receipt:
    """Return what an output file says of itself, from its footer alone.

    Raises:
        IntegrityError: E_PART, for a file that no job wrote, or that was cut.
    """
    pa, pq = arrow(), arrow("parquet")

    try:
        with storage_of(path).open(path) as file:
            metadata = pq.read_metadata(file)
        described: dict[bytes, bytes] = metadata.metadata or {}
        receipt = typed(Receipt, decode_json(described[KEY].decode()))
    except TorsoError:
        raise
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from None
    if receipt.rows != metadata.num_rows:
        raise _damaged(path, f"{metadata.num_rows} rows, {receipt.rows} written")
    return receipt


def verify_part(path: str) -> str:
    """Read a whole output file, compare its values with its checksum, and return the SHA-256 of the file.

    Raises:
        IntegrityError: E_PART.
    """
    pa, pq = arrow(), arrow("parquet")

    receipt = read_receipt(path)
    try:
        with storage_of(path).open(path) as file:
            table = pq.read_table(file)
    except TorsoError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    if content_hash(table) != receipt.content:
        raise _damaged(path, "its values do not have the checksum that it names")
    return file_hash(path)


def content_hash(table: Any) -> str:
    """Return a SHA-256 over the names, types and values of a table, however they are chunked and laid out.

    What lies beneath a null is no value, and whether a column without one has a mask is layout: both differ between a
    table that was made and the same one read from its file.
    """
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{name}\0{column.type}\0".encode())
        _add(digest, column.combine_chunks())
    return digest.hexdigest()


def _add(digest: Any, array: Any) -> None:
    pa, compute = arrow(), arrow("compute")

    kind = array.type
    digest.update(len(array).to_bytes(8, "little"))
    digest.update(array.is_valid().to_numpy(zero_copy_only=False).tobytes())
    values = array.drop_null()
    if pa.types.is_struct(kind):
        for place in range(kind.num_fields):
            _add(digest, values.field(place))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        digest.update(compute.list_value_length(values).to_numpy(zero_copy_only=False).tobytes())
        _add(digest, values.flatten())
    elif pa.types.is_nested(kind) or pa.types.is_dictionary(kind):
        digest.update(repr(values.to_pylist()).encode())
    else:
        batch = pa.record_batch([values], names=[""])
        digest.update(batch.serialize())


def _as_dict(receipt: Receipt) -> dict[str, object]:
    return {name: getattr(receipt, name) for name in Receipt.__slots__}


def _damaged(path: str, reason: object) -> IntegrityError:
    return IntegrityError(
        "E_PART",
        "{file} is not a whole output file of a batch job: {reason}.",
        cure="Remove it, and run the same command again.",
        values=dict(file=shown(path), reason=reason),
    )
