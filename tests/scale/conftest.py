"""Small tables, and a job over them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

LONG = pytest.mark.skipif(os.environ.get("TORSO_SCALE") != "long", reason="the long form: make test-scale")
JOB = dict(task="classify", model="torso:sentiment", column="text", keep=["id"], rows=20, workers=0)


def texts(count: int) -> list[str]:
    return [f"这家店的服务{'很好' if number % 3 else '太差'}了，第{number}次来" for number in range(count)]


def parquet(path: Path, count: int, *, group: int = 25, first: int = 0) -> Path:
    pq.write_table(
        pa.table({"id": list(range(first, first + count)), "text": texts(count)}), path, row_group_size=group
    )
    return path


def json_lines(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


def result(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory) -> tuple[Path, Path]:
    """An input, and the output of a run over it that nothing disturbed."""
    from torso.scale import run

    home = tmp_path_factory.mktemp("scale")
    table = parquet(home / "in.parquet", 64)
    run(table, home / "out", **JOB | {"workers": 2})
    return table, home / "out"


class Faults:
    """Faults that processes started from now on will have; see tests/scale/faults/sitecustomize.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"TORSO_FAULTS": str(folder), "PYTHONPATH": str(Path(__file__).parent / "faults")}

    def plan(self, *names: str) -> None:
        for number, name in enumerate(names):
            (self.folder / f"{name}-{number}").touch()

    def waiting(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != "log")

    def runs(self) -> int:
        """Slices, or pieces of one that is taken apart, that were run."""
        log = self.folder / "log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def clear(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()


@pytest.fixture
def faults(tmp_path_factory, monkeypatch) -> Faults:
    made = Faults(tmp_path_factory.mktemp("faults"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def driver(table: Path, out: Path, **changes: object) -> subprocess.Popen[bytes]:
    """A process that runs the job, in a group of its own."""
    script = out.with_name("driver.py")
    script.write_text(DRIVER)
    settings = json.dumps(JOB | {"workers": 1} | changes)
    return subprocess.Popen([sys.executable, str(script), str(table), str(out), settings], start_new_session=True)


DRIVER = """
import json, sys
from torso.scale import run
if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], **json.loads(sys.argv[3]))
"""


def left(out: Path) -> list[Path]:
    """What is in the folder for unfinished files."""
    folder = out / "_torso" / "tmp"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.fixture(scope="session")
def bucket(tmp_path_factory) -> Iterator[str]:
    """The address of an empty bucket on a loopback S3."""
    pytest.importorskip("moto.server", reason="moto is not installed: make test-scale")
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: make test-scale")
    import fsspec.config
    from moto.server import ThreadedMotoServer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        _, port = server.get_host_and_port()
        # By fsspec's own file rather than AWS_ENDPOINT_URL, with which Ray's processes do not start.
        where = dict(endpoint_url=f"http://127.0.0.1:{port}")
        settings = tmp_path_factory.mktemp("fsspec")
        (settings / "conf.json").write_text(json.dumps({"s3": dict(key="test", secret="test", client_kwargs=where)}))
        os.environ["FSSPEC_CONFIG_DIR"] = str(settings)
        fsspec.config.set_conf_files(str(settings), fsspec.config.conf)
        s3fs.S3FileSystem(use_listings_cache=False).mkdir("torso")
        yield "s3://torso"
        del os.environ["FSSPEC_CONFIG_DIR"], fsspec.config.conf["s3"]
        server.stop()
