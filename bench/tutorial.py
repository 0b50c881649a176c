"""docs/tutorial.md by the clock: what a newcomer waits for, from nothing to a page.

python bench/tutorial.py dist/torso-…-manylinux….whl [--language zh] [--no-extra-index]

Every block is followed as it stands, in an empty folder, with the wheel in place of PyPI's torso: commands by bash, in
the environment that the first of them make; each block of Python in a fresh interpreter. Servers run until their page
answers, and end by Ctrl-C as a reader ends them. What comes out is held to what the page shows. Told are seconds by the
clock and of processor time, command by command.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).parents[1]
sys.path.append(str(HOME))  # the tests' readers of pages

from tests.docs.commands import SERVERS, lines  # noqa: E402
from tests.docs.pages import Block, blocks  # noqa: E402
from tests.docs.shown import differences  # noqa: E402

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
PACKAGE = re.compile(r'(?<=pip install )"torso(\[\w+\])"')
EXTRA_INDEX = re.compile(r" --extra-index-url \S+")


@dataclass
class Reader:
    """Who follows the page.

    Attributes:
        folder: where it is followed.
        environment: of every command.
        wheel: address of the wheel.
        extra_index: whether the page's second index of packages can be reached.
        entered: lines that a terminal remembers, such as an environment's activation.
        server: what runs in another terminal.
        waits: seconds by the clock and of processor time.
    """

    folder: Path
    environment: dict[str, str]
    wheel: str
    extra_index: bool
    entered: list[str] = field(default_factory=list[str])
    server: tuple[str, subprocess.Popen[bytes], float] | None = None
    waits: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def follow(self, page: str) -> None:
        """Do what a page says, from its first block to its last."""
        printed = ""
        for block in blocks(page):
            if block.title:
                (self.folder / block.title).write_text(block.text, encoding="utf-8")
            elif block.kind == "python":
                (self.folder / "block.py").write_text(block.text, encoding="utf-8")
                printed = self.run("python block.py", f"Python, line {block.line}")
            elif block.kind == "bash":
                for line in lines(block.text):
                    printed = self.enter(line)
            elif block.kind == "console":
                for line, wanted in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block.text, re.MULTILINE):
                    compare(block, wanted, self.enter(line))
            elif block.kind == "text":
                compare(block, block.text, printed)
        self.stop()

    def enter(self, line: str) -> str:
        """Enter one line of bash, and return what it prints."""
        if line.startswith("source "):
            self.entered.append(line)
            return ""
        if line.split()[:1] == ["torso"] and line.split()[1] in SERVERS:
            self.stop()
            return self.start(line)
        typed = PACKAGE.sub(rf'"torso\1 @ {self.wheel}"', line)
        return self.run(typed if self.extra_index else EXTRA_INDEX.sub("", typed), line)

    def run(self, line: str, name: str) -> str:
        """Run a line to its end."""
        begun, used = time.perf_counter(), processor()
        done = subprocess.run(self.bash(line), cwd=self.folder, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{line} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        self.told(name, time.perf_counter() - begun, processor() - used)
        return done.stdout

    def bash(self, line: str) -> list[str]:
        return ["bash", "-eu", "-o", "pipefail", "-c", "\n".join([*self.entered, line])]

    def start(self, line: str) -> str:
        """Start a server, and wait until it answers."""
        begun, said = time.perf_counter(), self.folder / "said"
        with said.open("wb") as out:
            process = subprocess.Popen(
                self.bash(f"exec {line}"), cwd=self.folder, env=self.environment, stdout=out, stderr=out
            )
        while not (found := ADDRESS.search(said.read_text("utf-8"))) or not answers(found[0]):
            if process.poll() is not None:
                sys.exit(f"{line} ended with {process.returncode}\n{said.read_text('utf-8')}")
            time.sleep(0.05)
        self.server = line, process, time.perf_counter() - begun
        return ""

    def stop(self) -> None:
        """End the server by Ctrl-C; what it took of the processor is known then."""
        if self.server is None:
            return
        (line, process, waited), used = self.server, processor()
        process.send_signal(signal.SIGINT)
        status = process.wait(60)
        if status not in (0, 130, -signal.SIGINT):
            sys.exit(f"{line} ended by Ctrl-C with {status}")
        self.told(f"{line} (until it answers)", waited, processor() - used)
        self.server = None

    def told(self, name: str, waited: float, used: float) -> None:
        self.waits.append((waited, used))
        print(f"| `{name}` | {waited:.1f} | {used:.1f} |", flush=True)


def compare(block: Block, shown: str, came: str) -> None:
    if difference := differences(shown, came):
        sys.exit(f"{block}: {difference}")


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=10).close()
    except urllib.error.HTTPError as error:
        return error.code != 503
    except OSError:
        return False
    return True


def processor() -> float:
    """Seconds of processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--language", choices=("en", "zh"), default="en")
    parser.add_argument("--no-extra-index", action="store_true", help="where PyTorch's own index cannot be reached")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"TORSO_LANG": asked.language, "TORSO_CACHE": str(folder / "cache")}
        settings["BROWSER"] = "true"  # nothing opens on a bench
        desk = folder / "desk"
        desk.mkdir()
        reader = Reader(desk, os.environ | settings, asked.wheel.resolve().as_uri(), not asked.no_extra_index)
        print("| step | seconds | of processor time |\n|---|---|---|")
        reader.follow("docs/tutorial.md" if asked.language == "en" else "docs/tutorial.zh.md")
        waited, used = (sum(each) for each in zip(*reader.waits, strict=True))
        print(f"| all | {waited:.0f} | {used:.0f} |")


if __name__ == "__main__":
    main()
