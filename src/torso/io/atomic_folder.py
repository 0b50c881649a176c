"""Atomic writes of folders: a folder appears whole under its name, or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from torso.errors import AccessError
from torso.io.atomic_write import make_folder
from torso.io.file_lock import exclude
from torso.io.paths import shown

_OPEN = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def write_folder_atomically(target: Path) -> Generator[Path]:
    """Give a folder to write into, which takes the name ``target`` on success.

    It lies beside the target, which must be absent or empty. After any exception it is removed; a process killed
    outright leaves it, never half of ``target``, and the next that writes the same target removes it.

    Raises:
        AccessError: E_ACCESS, where the folder cannot be made or named.
    """
    make_folder(target.parent)
    _sweep(target)
    made = target.with_name(f".{target.name}.{secrets.token_hex(8)}.unfinished")
    make_folder(made)
    lock = -1 if os.name == "nt" else os.open(made, _OPEN)
    try:
        if lock >= 0:
            exclude(lock)
        yield made
        with suppress(OSError):  # absent, or not empty: renaming says so
            target.rmdir()
        try:
            made.rename(target)
        except OSError as error:
            raise AccessError(
                "E_ACCESS",
                "{path} cannot be written: {reason}.",
                cure="Check that its folder exists and that you may write there.",
                values=dict(path=shown(target), reason=error.strerror or error),
            ) from error
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    finally:
        if lock >= 0:
            os.close(lock)


def _sweep(target: Path) -> None:
    """Remove what killed processes left of the same target; what another one writes stays."""
    left = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{16}}\.unfinished")
    for name in os.listdir(target.parent) if os.name != "nt" else []:
        if left.fullmatch(name):
            with suppress(OSError):
                lock = os.open(target.parent / name, _OPEN)
                try:
                    if exclude(lock):
                        shutil.rmtree(target.parent / name, ignore_errors=True)
                finally:
                    os.close(lock)
