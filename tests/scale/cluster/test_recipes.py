"""The recipes of docs/batch-jobs.md run, each with the engine it is for, and give what the function gives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import torso

from ..conftest import LONG, parquet, texts

PAGE = Path(__file__).resolve().parents[3] / "docs" / "batch-jobs.md"
ENGINES = {"": "pyarrow", "ray": "ray", "daft": "daft", "dask": "dask.dataframe", "spark": "pyspark"}


def block(engine: str) -> str:
    [found] = re.findall(rf"```python{' ' + engine if engine else ''}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return found


def test_every_recipe_of_the_page_is_run_here() -> None:
    assert sorted(re.findall(r"```python ?(\w*)\n", PAGE.read_text("utf-8"))) == sorted(ENGINES)


@LONG
@pytest.mark.parametrize("engine", ENGINES)
def test_a_recipe_labels_as_the_function_does(tmp_path, engine) -> None:
    needed = ENGINES[engine].split(".")[0]
    if find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed: make test-scale")
    if engine == "spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not installed")
    # Spark's snappy takes a glibc beside which musl is installed for musl.
    table = parquet(tmp_path / "reviews.parquet", 30)
    pq.write_table(pq.read_table(table), table, compression="zstd")
    script = tmp_path / "recipe.py"
    script.write_text(block(engine), encoding="utf-8")
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1", "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, timeout=600)
    said = done.stderr.decode()
    assert done.returncode == 0, said[:2000] + said[-2000:]
    rows = [row for path in (tmp_path / "labels").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    found = {row["id"]: row["found"]["label"] if "found" in row else row["label"] for row in rows}
    expected = torso.classify(texts(30), model="torso:sentiment")
    assert found == {number: each.label for number, each in enumerate(expected)}
    assert len(rows) == 30
