"""Inputs and output in object stores: fsspec's memory always, S3 over HTTP where it is installed."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from torso.errors import InputError, IntegrityError, NotFoundError
from torso.scale import check_job, job_status, run
from torso.scale.storage import joined, storage_of, suffix

from .conftest import JOB, LONG, json_lines, parts

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=["memory", pytest.param("s3", marks=LONG)])
def store(request, tmp_path) -> str:
    """The address of a folder of its own."""
    if request.param == "s3":
        return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"
    return f"memory://{tmp_path.name}"


def files_of(store: str) -> fsspec.AbstractFileSystem:
    return fsspec.filesystem(store.partition("://")[0], use_listings_cache=False)


def objects(folder: str) -> dict[str, bytes]:
    files = files_of(folder)
    return {path.rpartition("/")[2]: files.cat(path) for path in files.glob(f"{folder}/part-*")}


def test_parts_are_those_of_a_folder_and_the_same_call_goes_on(unbroken, store) -> None:
    table, whole = unbroken
    files = files_of(store)
    files.pipe_file(f"{store}/in/a.parquet", table.read_bytes())
    out = f"{store}/out"
    report = run(f"{store}/in/", out, **JOB)
    assert (report.rows, report.folder) == (64, out)
    assert objects(out) == parts(whole)
    assert job_status(out).whole
    assert check_job(out) == []
    for path in sorted(files.glob(f"{out}/part-*"))[1:3]:
        files.rm(path)
    files.rm(f"{out}/_SUCCESS")
    assert (job_status(out).finished, len(check_job(out))) == (2, 2)
    assert run(f"{store}/in/*.parquet", out, **JOB).resumed == 2
    assert objects(out) == parts(whole)


def test_json_lines_from_a_store_into_a_folder(store, tmp_path) -> None:
    rows: list[object] = [{"text": "好", "id": number} for number in range(30)]
    path = json_lines(tmp_path / "in.jsonl", rows)
    files_of(store).pipe_file(f"{store}/in.jsonl", path.read_bytes())
    run(f"{store}/in.jsonl", tmp_path / "a", **JOB)
    run(path, tmp_path / "b", **JOB)
    assert len(parts(tmp_path / "a")) == 2
    assert parts(tmp_path / "a") == parts(tmp_path / "b")


def test_an_object_that_changed_is_refused_and_a_foreign_one_named(unbroken, store) -> None:
    table, _ = unbroken
    files, out = files_of(store), f"{store}/out"
    files.pipe_file(f"{store}/a.jsonl", b'{"text": "a", "id": 1}\n')
    run(f"{store}/a.jsonl", out, **JOB)
    files.pipe_file(f"{out}/part-00009-0000000000000000.parquet", table.read_bytes())
    with pytest.raises(IntegrityError, match="part-00009"):
        run(f"{store}/a.jsonl", out, **JOB)
    files.rm(f"{out}/part-00009-0000000000000000.parquet")
    files.pipe_file(f"{store}/a.jsonl", b'{"text": "b", "id": 1}\n')
    with pytest.raises(InputError, match=r"a\.jsonl was"):
        run(f"{store}/a.jsonl", out, **JOB)


def test_of_two_writers_of_a_name_one_commits(store) -> None:
    storage, path = storage_of(store), f"{store}/one"
    assert storage.create(path, b"first")
    assert not storage.create(path, b"second")
    with storage.open(path) as file:
        assert file.read() == b"first"


def test_what_is_not_there_or_cannot_commit_is_said(unbroken, store, tmp_path) -> None:
    table, _ = unbroken
    with pytest.raises(NotFoundError, match="names no table"):
        run(f"{store}/none/", tmp_path / "out", **JOB)
    for out in ("https://example.org/out", (tmp_path / "out").as_uri()):
        with pytest.raises(InputError) as caught:
            run(table, out, **JOB)
        assert caught.value.code == "E_STORE"
    with pytest.raises(InputError, match="not known"):
        run("nothing://a/b", tmp_path / "out", **JOB)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("folder", "name", "full"),
    [("a/b", "c.parquet", "a/b/c.parquet"), ("s3://a/", "c", "s3://a/c"), ("s3://a/b", "_torso/plan.json", None)],
)
def test_names_in_folders(folder, name, full) -> None:
    assert joined(folder, name) == (full or f"{folder}/{name}")
    assert suffix("s3://bucket.x/IN.PARQUET") == ".parquet"
    assert suffix(str(Path("a.b/c"))) == ""
