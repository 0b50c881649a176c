"""One server's copy of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torso.hub.transfer.failure import Failure
from torso.hub.transfer.http import Answer, Web


@dataclass(frozen=True, slots=True)
class FileUrl:
    """One server's copy of a file.

    Attributes:
        url: the address asked for.
        server: how messages call the server.
        headers: what to send along, no secrets.
        explain: what an error of this server means, where its protocol says more than the status.
        named_by: the address of the server that named ``url``; empty where it follows from what a person named.
        renew: gives the same copy under an address that holds again, where addresses hold for a while only.
    """

    url: str
    server: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    explain: Callable[[Web, Answer], Failure] | None = None
    renew: Callable[[Web], FileUrl] | None = None
    named_by: str = ""
