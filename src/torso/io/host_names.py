"""The names under which a server of this machine may be asked: what stands between it and pages of other sites."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?", re.IGNORECASE)

_KEPT = 64  # headers that were answered and are known again


class HostNames:
    """Names without ports, compared without regard to case.

    A page of another site can make a browser send requests to this machine, under a name of that site whose address
    it changes; so a request is answered under known names alone.

    Args:
        names: those that are answered; ``*`` among them for any.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._any = "*" in names
        self._names = frozenset(name.lower() for name in names)
        self._answered: set[bytes] = set()

    def answer(self, hosts: Sequence[bytes]) -> bool:
        """Return whether a request with these ``Host`` headers is answered: exactly one, of a known name."""
        if len(hosts) != 1:
            return False
        if hosts[0] in self._answered:
            return True
        found = _HOST.fullmatch(hosts[0].decode("latin-1"))
        answered = found is not None and (self._any or found["name"].lower() in self._names)
        if answered and len(self._answered) < _KEPT:
            self._answered.add(hosts[0])
        return answered
