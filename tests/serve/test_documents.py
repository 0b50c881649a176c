"""What docs/ says of the server: its commands are commands, its routes are routes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from torso.cli.serve import serve

DOCS = Path(__file__).parents[2] / "docs"


def accepted(command: str) -> dict[str, object]:
    """The options of a command line of ``torso serve``."""
    words = shlex.split(command)
    return serve.make_context("serve", words[words.index("serve") + 1 :]).params


def test_the_commands_are_as_the_command_line_has_them() -> None:
    unit = (DOCS / "torso.service").read_text(encoding="utf-8")
    found = accepted(re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1])
    assert (found["host"], found["keys"], found["long"]) == ("0.0.0.0", "/etc/torso/keys", "truncate")
    assert f"TimeoutStopSec={int(found['drain'] + 15)}" in unit, "systemd waits longer than the drain"
    image = (DOCS / "Dockerfile").read_text(encoding="utf-8")
    entry = re.search(r"^ENTRYPOINT \[(.*)\]$", image, re.MULTILINE)[1].replace('"', "").replace(",", "")
    example = re.search(r"docker run .* torso (.*)$", image, re.MULTILINE)[1]
    assert accepted(f"{entry} {example}")["is_open"] is True
    text = (DOCS / "serving.md").read_text(encoding="utf-8")
    for line in re.findall(r"^torso serve .*$", text, re.MULTILINE):
        accepted(line)
    known = {option for each in serve.params for option in each.opts}
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= known


def test_the_routes_are_routes(client) -> None:
    paths = set(client.get("/openapi.json").json()["paths"]) | {"/", "/openapi.json"}
    text = (DOCS / "serving.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(/[a-z/.]*)`", text)) <= paths
