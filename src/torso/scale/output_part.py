"""Output files of a batch job: each appears whole or not at all, and says what it was made from."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO

from torso.errors import DiskError, IntegrityError
from torso.io.file_lock import exclude
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.io.typed_values import typed
from torso.scale.arrow import arrow
from torso.scale.job import file_hash

KEY = b"torso.part"
TEMPORARY = "_torso/tmp"
_ROW_GROUP = 10_000
_SILENCE = 3600.0  # seconds after which a temporary file counts as abandoned, where there are no locks
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


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


def foreign_part(path: Path) -> IntegrityError:
    """Build the error of an output file that is not this job's."""
    return IntegrityError(
        "E_PART",
        "{file} is no output file of this job.",
        cure="Remove it, or write into another folder.",
        values=dict(file=shown(path)),
    )


def write_part(folder: Path, name: str, table: Any, receipt: Receipt) -> bool:
    """Write one output file, flushed to the disk, and return whether this call was the one that committed it.

    The file is written under ``_torso/tmp`` and gets its name by a link, which fails where the name is taken: of two
    attempts at one slice one commits, and the other's file is removed.

    Raises:
        DiskError: E_DISK_FULL, E_WRITE.
        IntegrityError: E_PART_DIFFERS, if an earlier attempt committed other contents.
    """
    pq = arrow("parquet")

    temporary = folder / TEMPORARY / f"{name}.{secrets.token_hex(8)}"
    described = {KEY: json.dumps(_as_dict(receipt), sort_keys=True).encode()}
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        with _locked(temporary) as file:
            pq.write_table(
                table.replace_schema_metadata({**(table.schema.metadata or {}), **described}),
                file,
                compression="zstd",
                row_group_size=_ROW_GROUP,
                use_compliant_nested_type=False,  # which renames fields within lists, and the checksum has their names
            )
            file.flush()
            os.fsync(file.fileno())
        committed = _commit(temporary, folder / name)
    except OSError as error:
        raise DiskError(
            "E_DISK_FULL" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "E_WRITE",
            "{file} cannot be written: {reason}.",
            cure="Free space, and run the same command again: what is finished stays.",
            values=dict(file=shown(folder / name), reason=error.strerror or error),
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    if not committed and read_receipt(folder / name) != receipt:
        raise IntegrityError(
            "E_PART_DIFFERS",
            "{file} is there already, with other contents than the same slice gives now.",
            cure="Run the job on processors of one kind, or into another folder.",
            values=dict(file=shown(folder / name)),
        )
    return committed


@contextmanager
def _locked(temporary: Path) -> Generator[BinaryIO]:
    """Make a file that `sweep` leaves alone as long as it is open."""
    while True:
        with temporary.open("xb") as file:
            exclude(file.fileno())
            if temporary.exists():  # otherwise a sweep saw it before it was locked
                yield file
                return


def sweep(folder: Path) -> None:
    """Remove the temporary files of processes that have ended."""
    for path in (folder / TEMPORARY).glob("*"):
        with suppress(OSError), path.open("r+b") as file:
            held = exclude(file.fileno())
            if held or (held is None and time.time() - path.stat().st_mtime > _SILENCE):
                path.unlink()


def _commit(temporary: Path, final: Path) -> bool:
    try:
        os.link(temporary, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links. Both attempts' contents are equal, so a rename over a file changes nothing.
        if final.exists():
            return False
        os.rename(temporary, final)
    descriptor = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def read_receipt(path: Path) -> Receipt:
    """Return what an output file says of itself, from its footer alone.

    Raises:
        IntegrityError: E_PART, for a file that no job wrote, or that was cut.
    """
    pa, pq = arrow(), arrow("parquet")

    try:
        metadata = pq.read_metadata(path)
        described: dict[bytes, bytes] = metadata.metadata or {}
        receipt = typed(Receipt, decode_json(described[KEY].decode()))
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from None
    if receipt.rows != metadata.num_rows:
        raise _damaged(path, f"{metadata.num_rows} rows, {receipt.rows} written")
    return receipt


def verify_part(path: Path) -> str:
    """Read a whole output file, compare its values with its checksum, and return the SHA-256 of the file.

    Raises:
        IntegrityError: E_PART.
    """
    pa, pq = arrow(), arrow("parquet")

    receipt = read_receipt(path)
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    if content_hash(table) != receipt.content:
        raise _damaged(path, "its values do not have the checksum that it names")
    return file_hash(path)


def content_hash(table: Any) -> str:
    """Return a SHA-256 over the values of a table, in a form that does not depend on how they are chunked."""
    pa = arrow()

    digest = hashlib.sha256()

    class _Into:
        closed = False

        def write(self, data: Any) -> int:
            digest.update(data)
            return len(data)

        def flush(self) -> None: ...

    whole = table.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(pa.PythonFile(_Into(), mode="w"), whole.schema) as stream:
        stream.write_table(whole)
    return digest.hexdigest()


def _as_dict(receipt: Receipt) -> dict[str, object]:
    return {name: getattr(receipt, name) for name in Receipt.__slots__}


def _damaged(path: Path, reason: object) -> IntegrityError:
    return IntegrityError(
        "E_PART",
        "{file} is not a whole output file of a batch job: {reason}.",
        cure="Remove it, and run the same command again.",
        values=dict(file=shown(path), reason=reason),
    )
