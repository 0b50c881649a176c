"""Reasons why a block is not run, each held to what the block shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

from torso.cli.group import torso

from .commands import lines, parts
from .pages import HOME, Block

PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))["project"]
TARGETS = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text("utf-8"), re.MULTILINE))
REMOTE = ("git+", "http", "modelscope:", "hf-mirror", "modelscope")


def command(words: list[str]) -> str:
    """Read a command line of torso as torso does, without running it; gives the name of the command."""
    arguments = words[1:]
    group, context = torso, torso.make_context("torso", [], resilient_parsing=True)
    name, found, rest = group.resolve_command(context, arguments)
    assert name is not None
    assert found is not None
    found.make_context(name, rest, parent=context)
    return name


def installs(block: Block) -> None:
    """It installs something: extras and targets of make are there, and every line installs."""
    for line in lines(block.text):
        for words in parts(line):
            kind = " ".join(words[:2])
            if words[0] == "make":
                assert set(words[1:]) - {word for word in words if "=" in word} <= TARGETS, line
            elif words[0] == "torso" or (words[:2] == ["python", "-m"] and words[2] == "venv"):
                continue
            else:
                assert kind in ("pip install", "git clone", "python -m", "python3 -m") or words[0] in (
                    "cd",
                    "source",
                    ".",
                ), line
            for extras in re.findall(r"torso\[([a-z,]+)\]", line):
                assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys(), line


def network(block: Block) -> None:
    """It asks a server elsewhere: its commands are commands, and one names what is not on this machine."""
    asked = False
    for line in lines(block.text):
        for words in parts(line):
            if words[0] == "export":
                continue
            while re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            assert words[0] == "torso", line
            name = command(words)
            asked |= name in ("get", "repair") or any(
                re.fullmatch(r"(\w+=)?\w[\w.-]*/[\w.-]+", word) for word in words[2:]
            )
    assert asked, f"{block}: nothing here needs a network"


def engine(block: Block) -> None:
    """It is for a batch engine with an environment of its own: tests/scale/cluster runs it."""
    from scale.cluster.test_recipes import ENGINES

    assert block.extra in ENGINES, block


def peer(block: Block) -> None:
    """It is another library's code, beside torso's: it is Python, and imports that library."""
    compile(block.text, str(block), "exec")
    assert re.search(r"^(from|import) (transformers|sentence_transformers|fastembed|optimum)", block.text, re.MULTILINE)


def system(block: Block) -> None:
    """It changes the machine: bash reads it."""
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", "-c", block.text], check=True)
    assert re.search(r"^(sudo|docker|systemctl|torchrun|RAY_ADDRESS=)", block.text, re.MULTILINE), block


def example(block: Block) -> None:
    """It shows a form with names to fill in; such Python compiles."""
    if block.kind == "python":
        compile(block.text, str(block), "exec")


def checks(block: Block) -> None:
    """It runs the project's own checks: each target is there."""
    for line in lines(block.text):
        assert line.split()[0] in ("make", ".venv/bin/python"), line
        if line.startswith("make"):
            assert line.split("#")[0].split()[1] in TARGETS, line


REASONS = {each.__name__: each for each in (installs, network, engine, peer, system, example, checks)}
