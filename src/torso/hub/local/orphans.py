"""Child processes that do not outlive this one, however it ends: also by SIGKILL, which nothing can catch."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

_WAIT = 'read -r _; kill -s KILL -- "-$1"'


class Guard:
    """Process that kills a group of processes when this one ends.

    It reads from a pipe whose other end only this process holds: the system closes that end when the process is gone,
    in whatever way. The kernel's own parent-death signal exists on Linux alone, reaches one process and not its group,
    and would have to be set between fork and exec, where a process of several threads must not run Python.
    """

    def __init__(self, group: int) -> None:
        """Start to guard the group ``group``, which has the number of its first process."""
        self._process: subprocess.Popen[bytes] | None = None
        if os.name != "posix":
            return
        with suppress(OSError):  # without a shell the group is ended by `torso` alone
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WAIT, "sh", str(group)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def release(self) -> None:
        """End the guard; the group is left alone."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
