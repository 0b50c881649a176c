"""Runs the course's notebooks with both libraries and writes the table: see the package."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.compat.course.cells import cells_of, used
from tests.compat.course.checkpoints import names_of
from tests.compat.course.metrics import write_metrics
from tests.compat.course.table import Row, row_of, written

HERE = Path(__file__).parents[3]
NOTEBOOKS = ("01-Getting Started/*/*.ipynb", "02-NLP Tasks/*/*.ipynb", "03-PEFT/*/*.ipynb")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.compat.course", description=__doc__)
    parser.add_argument("course", type=Path, help="a checkout of zyds/transformers-code")
    parser.add_argument("--reference", default=sys.executable, help="the interpreter that has transformers 4")
    parser.add_argument("--only", default="", help="the notebooks whose path has this in it")
    parser.add_argument("--out", type=Path, help="the file for the table")
    parser.add_argument("--work", type=Path, help="a folder to work in, kept for another run")
    given = parser.parse_args()
    work = (given.work or Path(tempfile.mkdtemp())).resolve()
    prepare(given.course, work, given.reference)
    found = [path for pattern in NOTEBOOKS for path in sorted(given.course.glob(pattern))]
    names = [str(path.relative_to(given.course)) for path in found]
    names = [name for name in names if given.only in name and "_glm" not in name]
    rows = compared(given.course, names, work, given.reference)
    for row in rows:
        print(row.line(), *(f"    {each.text}" for each in row.notes), sep="\n")
    if given.out:
        given.out.write_text(written(rows), encoding="utf-8")


def prepare(course: Path, work: Path, reference: str) -> None:
    """Make the stand-ins of models, and each library's folders with tables and the course's own modules."""
    if (work / "models").exists():
        return
    code = (
        "from pathlib import Path; import sys; from tests.compat.course import checkpoints, tables;"
        "work = Path(sys.argv[1]); checkpoints.make_all(work / 'models');"
        "tables.write_all(work / 'torso'); tables.write_all(work / 'transformers')"
    )
    subprocess.run([reference, "-c", code, str(work)], check=True, capture_output=True, env=_environment(work))
    for library in ("torso", "transformers"):
        for path in course.glob("0[12]*/*/*.py"):
            target = work / library / path.relative_to(course)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            if library == "torso" and path.name == "dual_model.py":
                text = text.replace("from transformers.configuration_utils", "from torso")
                text = text.replace("from transformers ", "from torso ")
            target.write_text(text, encoding="utf-8")
        for path in course.glob("0*/*/"):
            write_metrics(work / library / path.relative_to(course))


def compared(course: Path, names: list[str], work: Path, reference: str) -> list[Row]:
    """The notebooks run by both, cell by cell."""
    kept = work / "results"
    for library, python in (("transformers", reference), ("torso", sys.executable)):
        jobs: list[dict[str, Any]] = []
        for name in names:
            folder = work / library / Path(name).parent
            folder.mkdir(parents=True, exist_ok=True)
            out = kept / library / f"{name.replace('/', ' ')}.json"
            out.parent.mkdir(parents=True, exist_ok=True)
            out.unlink(missing_ok=True)
            places = dict(notebook=str((course / name).resolve()), folder=str(folder), out=str(out))
            jobs.append({**places, "names": names_of(name, work / "models")})
        listing = work / f"{library}.json"
        listing.write_text(json.dumps(jobs, ensure_ascii=False), encoding="utf-8")
        command = [python, "-m", "tests.compat.course.side", library, str(listing)]
        with (work / f"{library}.log").open("w") as log:  # bars and warnings
            subprocess.run(command, cwd=work, env=_environment(work), stdout=log, stderr=log, check=True)
    rows: list[Row] = []
    for name in names:
        ours, theirs = (
            json.loads((kept / library / f"{name.replace('/', ' ')}.json").read_text(encoding="utf-8"))
            for library in ("torso", "transformers")
        )
        rows.append(row_of(name, ours, theirs, used(cells_of(course / name))))
    return rows


def _environment(work: Path) -> dict[str, str]:
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(work / "cache"),
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(HERE),
        "TORSO_LANG": "en",
    }
    return {**os.environ, **quiet}


if __name__ == "__main__":
    main()
