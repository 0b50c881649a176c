"""``python -m tools.site``: builds the site strictly into ``build/site`` and checks what was built."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.site.assemble import ROOT, assemble
from tools.site.built import faults


def build(work: Path) -> Path:
    """Build the site below ``work`` and return its folder.

    Raises:
        CalledProcessError: MkDocs found an error or said a warning.
    """
    assemble(work / "pages")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean", "--config-file", "mkdocs.yml"]
    # What MkDocs' own theme says of its future is no fault of a page.
    environment = os.environ | {"SITE_PAGES": str(work / "pages"), "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([*command, "--site-dir", str(work / "site")], cwd=ROOT, env=environment, check=True)
    return work / "site"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and check the site; 1 where something is wrong with it."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build", help="folder of pages/ and site/")
    site = build(parser.parse_args(arguments).out.resolve())
    found = faults(site)
    print("\n".join(found) or f"{site}: {sum(1 for _ in site.rglob('*.html'))} pages, no dead link, no outside request")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
