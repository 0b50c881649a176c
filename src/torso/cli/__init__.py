"""The command line. Importing it loads nothing; each command loads when it is called."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of ``torso`` with ``arguments``, or with those of this process.

    0 done; 1 a check found something; 2 the command was written wrongly; 3 a `TorsoError`, printed with its cure; 70 a
    fault of torso; 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP; 141 the reader of the output went away.
    """
    from torso.cli.entry import run

    return run(arguments)
