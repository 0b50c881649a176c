"""What can be wrong with a server's answer to a request for a file's bytes."""

from __future__ import annotations

from torso.errors import IntegrityError, NetworkError, ServerAnswerError
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.failure import Failure, host_of


def lost(url: str, file: RemoteFile, position: int) -> Failure:
    """Return the error of a body shorter than the file."""
    return Failure(
        NetworkError(
            "E_CONNECTION_LOST",
            "{server} ended {path} at byte {position} of {size}.",
            cure="Run the same command again: what has arrived is kept.",
            values=dict(server=host_of(url), path=file.path, position=position, size=file.size),
        ),
        again=True,
    )


def wrong_size(url: str, file: RemoteFile, found: str) -> Failure:
    """Return the error of a size other than the listing's, as the server states it; it may be transient."""
    return Failure(
        IntegrityError(
            "E_SIZE",
            "{server} says that {path} has {found} bytes; it has {size}.",
            cure="Choose another source: --source hf-mirror or --source modelscope",
            values=dict(server=host_of(url), path=file.path, found=found[:20], size=file.size),
        ),
        again=True,
    )


def other_version(server: str, file: RemoteFile, etag: str) -> Failure:
    """Return the error of a server that states another version of the file."""
    return Failure(
        IntegrityError(
            "E_OTHER_VERSION",
            "{server} has another version of {path}: {found}, wanted {wanted}.",
            cure="Choose another source, or get the newest version: --update",
            values=dict(server=server, path=file.path, found=etag[:12], wanted=file.etag[:12]),
        ),
        again=False,
    )


def web_page(url: str) -> Failure:
    """Return the error of a web page in place of the file: a network's login, usually."""
    return Failure(
        ServerAnswerError(
            "E_NOT_A_HUB",
            "{host} is not a hub: it answered with a web page where a file was asked for.",
            cure="A network may want a login: open any page in a browser. Else check the address of the hub.",
            values=dict(host=host_of(url)),
        ),
        again=False,
    )
