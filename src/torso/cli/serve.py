"""``torso serve``."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

import click

from torso.cli import options
from torso.errors import InputError
from torso.language import say

HELP = """\
Serve models over HTTP: OpenAI's, TEI's, Cohere's and torso's own routes.

Clients written for these work as they are: point them at http://127.0.0.1:8080 (OpenAI's at /v1). A browser there \
sees the models on the page of torso view. Only this machine can call, unless keys are given or --open says that \
anyone may. A MODEL is NAME=SOURCE:task, of which the name and the task may be left out. SIGTERM ends the \
server when every accepted request is answered.

\b
Examples:
  torso serve torso:sentiment
  torso serve small=sentence-transformers/all-MiniLM-L6-v2 --alias text-embedding-3-small=small
  torso serve embed=BAAI/bge-small-zh-v1.5 rank=BAAI/bge-reranker-base --long truncate
  torso serve Qwen/Qwen3-0.6B --mode int8 --host 0.0.0.0 --keys keys.txt"""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command(help=HELP)
@click.argument("models", nargs=-1, metavar="MODEL...")
@click.option("--model", "named", multiple=True, metavar="MODEL", help="A further MODEL.")
@click.option("--alias", "aliases", multiple=True, metavar="ALIAS=NAME", help="A further name of a model.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="Address to listen at.")
@click.option("--port", default=8080, show_default=True, metavar="PORT", type=int, help="Port; 0 for any that is free.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A host by which requests may call this machine.")
@click.option("--open", "is_open", is_flag=True, help="Let anyone who reaches this machine call, without keys.")
@click.option("--keys", metavar="FILE", help="Ask for keys: a file of lines name:sha256; or set TORSO_API_KEYS.")
@click.option("--cors", multiple=True, metavar="ORIGIN", help="An origin whose pages may call.")
@click.option(
    "--long",
    type=click.Choice(["error", "truncate", "window"]),
    default="error",
    show_default=True,
    help="Texts longer than the model takes, where a request does not say.",
)
@click.option(
    "--unknown-fields",
    type=click.Choice(["refuse", "take"]),
    default="refuse",
    show_default=True,
    help="Fields of requests that no dialect knows.",
)
@click.option("--queue-seconds", type=float, default=30.0, show_default=True, help="Predicted wait that is refused.")
@click.option("--deadline", type=float, default=120.0, show_default=True, help="Seconds for each request.")
@click.option("--drain", type=float, default=30.0, show_default=True, help="Seconds for accepted requests at the end.")
@click.option("--slice-ms", type=float, default=50.0, show_default=True, help="Predicted length of a batch.")
@click.option("--kv-mb", type=int, default=256, show_default=True, help="Key/value cache of a model that generates.")
@click.option("--max-new-tokens", type=int, default=512, show_default=True, help="Tokens where a request says nothing.")
@click.option(
    "--rerank-template", metavar="NAME", help="By which decoders rank texts, too: qwen3-reranker or bge-reranker."
)
@click.option("--connections", type=int, default=1024, show_default=True, help="Connections at a time.")
@click.option("--prefix", default="", metavar="PATH", help="Path that a proxy removes.")
@click.option("--proxies", default="", metavar="ADDRESSES", help="Proxies whose X-Forwarded headers count.")
@click.option("--certificate", metavar="FILE", help="TLS certificate.")
@click.option("--certificate-key", metavar="FILE", help="Its key.")
@click.option("--no-log", is_flag=True, help="Print no line for each request.")
@click.option("--log-texts", is_flag=True, help="Print the texts of requests, too.")
@click.option("--no-page", is_flag=True, help="Show no page at /.")
@click.option("--page-admin", is_flag=True, help="Let the page fetch, check and remove models; on this machine alone.")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    metavar="[NAME=]MODE",
    help="Arithmetic on a CPU, of all models or of one: exact (float32, the default), bf16, int8, int4, auto.",
)
@options.device
def serve(
    models: tuple[str, ...],
    named: tuple[str, ...],
    aliases: tuple[str, ...],
    host: str,
    port: int,
    names: tuple[str, ...],
    is_open: bool,
    keys: str | None,
    cors: tuple[str, ...],
    long: Literal["error", "truncate", "window"],
    unknown_fields: Literal["refuse", "take"],
    queue_seconds: float,
    deadline: float,
    drain: float,
    slice_ms: float,
    kv_mb: int,
    max_new_tokens: int,
    rerank_template: str | None,
    connections: int,
    prefix: str,
    proxies: str,
    certificate: str | None,
    certificate_key: str | None,
    no_log: bool,
    log_texts: bool,
    no_page: bool,
    page_admin: bool,
    modes: tuple[str, ...],
    device: str | None,
) -> int:
    """Serve models until a signal ends it."""
    from torso.serve.entry_points import app, require_extra
    from torso.serve.serve_settings import ServeSettings

    require_extra()
    from torso.serve.key_file import read_keys

    sources = (*models, *named)
    if not sources:
        raise click.UsageError(say("{name} is missing.", dict(name="MODEL")))
    path = None if keys is None else Path(keys)
    known = read_keys(path)
    require_safe(host, has_keys=bool(known), is_open=is_open)
    if page_admin:
        require_own(host, is_open=is_open)
    settings = ServeSettings(
        long=long,
        aliases=dict(_pair(each) for each in aliases),
        keys=known,
        hosts=(*names, *((host,) if host not in ("0.0.0.0", "::") else ()), *(("*",) if is_open or known else ())),
        cors=cors,
        unknown_fields=unknown_fields,
        queue_seconds=queue_seconds,
        deadline=deadline,
        drain=drain,
        slice_seconds=slice_ms / 1e3,
        new_tokens=max_new_tokens,
        cache_bytes=kv_mb << 20,
        rerank_template=rerank_template or "",
        log=not no_log,
        log_texts=log_texts,
        page=not no_page,
        page_token=secrets.token_urlsafe(24) if page_admin else "",
    )
    from torso.serve.server_process import listen, run

    listener = listen(host, port)  # before the models: a port that is taken is known at once
    made = app(sources, settings, device=device, mode=_modes(modes))
    address, real_port = listener.getsockname()[:2]
    shown_host = f"[{address}]" if ":" in address else address
    scheme = "https" if certificate else "http"
    url = f"{scheme}://{shown_host}:{real_port}"
    click.echo(say("Serving at {url}; Ctrl-C ends it.", dict(url=url)), err=True)
    if page_admin:
        click.echo(say("The page is at {url}", dict(url=f"{url}/#token={settings.page_token}")), err=True)
    whole = run(
        made,
        listener,
        connections=connections,
        prefix=prefix,
        proxies=proxies,
        certificate=certificate,
        key=certificate_key,
        reload=lambda: made.state.reload_keys(read_keys(path)),
        linger=0.0 if host in _LOOPBACK else 2.0,
    )
    return 0 if whole else 1


def require_safe(host: str, *, has_keys: bool, is_open: bool) -> None:
    """Refuse to listen beyond this machine without keys.

    Raises:
        InputError: E_OPEN.
    """
    if host not in _LOOPBACK and not has_keys and not is_open:
        raise InputError(
            "E_OPEN",
            "At {host} other machines can call, and no keys are asked for.",
            cure="Add --keys FILE; or --open, if anyone may.",
            values=dict(host=host),
        )


def require_own(host: str, *, is_open: bool) -> None:
    """Refuse to let a page change this machine that others can reach.

    Raises:
        InputError: E_PAGE_ADMIN.
    """
    if host not in _LOOPBACK or is_open:
        raise InputError(
            "E_PAGE_ADMIN",
            "At {host} others can reach the page, which may then remove models of this machine.",
            cure="Leave --page-admin out, or --host and --open.",
            values=dict(host=host),
        )


def _modes(given: tuple[str, ...]) -> str | dict[str, str]:
    """Return the mode of all models, or those of each.

    Raises:
        UsageError: for both at once.
    """
    named = dict(each.rsplit("=", 1) for each in given if "=" in each)
    everywhere = [each for each in given if "=" not in each]
    if len(everywhere) > 1 or (everywhere and named):
        raise click.UsageError(say("--mode is given as MODE once, or as NAME=MODE for each model."))
    return everywhere[0] if everywhere else named


def _pair(text: str) -> tuple[str, str]:
    alias, equals, name = text.partition("=")
    if not (alias and equals and name):
        raise click.UsageError(say("--alias is {text!r}; write ALIAS=NAME.", dict(text=text)))
    return alias, name
