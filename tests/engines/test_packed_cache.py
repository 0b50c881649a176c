"""Packed weights that are kept by themselves: mapped at the next start, and never trusted further than they reach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.light.decoder_folder import adapted, decoder
from torso import compiled, compiled_decoder
from torso.architecture import Task
from torso.cli.entry import run as main
from torso.engines import packed_cache
from torso.engines.opened import opened
from torso.errors import ConfigError
from torso.host_batch import HostBatch, Wanted
from torso.hub import resolve
from torso.kernels.library import library
from torso.kernels.packed_weight import PackedWeight
from torso.weights import mapped_cache
from torso.weights.number_bits import NumberBits
from torso.weights.safetensors import SafetensorsFile, write

pytestmark = pytest.mark.skipif(library() is None, reason="no kernels here")


class _Text:
    ids = (5, 9, 17, 3)
    segments = (0, 0, 0, 0)


BATCH = HostBatch.of([_Text(), _Text()])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORSO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(mapped_cache.SETTING, raising=False)
    monkeypatch.setattr(packed_cache, "WORTHWHILE", 0.0)
    monkeypatch.setattr(packed_cache, "_TICK", 0)
    return tmp_path / "cache" / "packed"


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Kinds of the weights that were laid out, and not mapped."""
    made: list[int] = []
    init = PackedWeight.__init__

    def counted(self: PackedWeight, library, weight, bias, kind, group=0) -> None:
        made.append(kind)
        init(self, library, weight, bias, kind, group)

    monkeypatch.setattr(PackedWeight, "__init__", counted)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return decoder(tmp_path / "decoder")


def scores(folder: Path, mode: str = "exact") -> bytes:
    made = compiled_decoder(folder, mode)  # type: ignore[arg-type]
    return np.asarray(made.run(BATCH, Wanted()).logits).tobytes() + made.fingerprint().encode()


def change(folder: Path, *, keep_times: bool = False, name: str = "model.safetensors") -> None:
    """Write other weights of the same names and sizes."""
    path = folder / name
    status, file = path.stat(), SafetensorsFile(path)
    tensors: dict[str, NumberBits] = {}
    for name, entry in file.entries.items():
        tensors[name] = NumberBits.empty(entry.shape, entry.dtype)
        file.read_into(name, tensors[name])
        tensors[name] = NumberBits(tensors[name].data * np.float32(1.5), entry.dtype)
    write(path, tensors, dict(file.metadata))
    if keep_times:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("mode", ["exact", "bf16", "int8", "int4"])
def test_a_decoder_is_mapped_at_the_second_start_and_scores_the_same(folder, cache, laid_out, mode) -> None:
    first = scores(folder, mode)
    assert laid_out
    assert len(list(cache.iterdir())) == 1
    laid_out.clear()
    assert scores(folder, mode) == first
    assert laid_out == []


@pytest.mark.parametrize("task", [Task.SEQUENCE_CLASSIFICATION, Task.FEATURES])
def test_an_encoder_is_mapped_at_the_second_start_and_gives_the_same(cache, laid_out, task) -> None:
    source = resolve("torso:sentiment").folder
    first, again = (opened(source, task, device="cpu") for _ in range(2))
    assert first.fingerprint() == again.fingerprint()  # type: ignore[attr-defined]
    laid_out.clear()
    assert compiled(source, task).fingerprint() == first.fingerprint()  # type: ignore[attr-defined]
    assert laid_out == []


def test_nothing_of_float32_is_kept_beside_a_table_that_was_narrowed(folder, cache) -> None:
    scores(folder, "int4")
    (path,) = cache.iterdir()
    entries = SafetensorsFile(path).entries
    assert [entry.dtype for name, entry in entries.items() if "tokens" in name] == ["BF16"]


@pytest.mark.parametrize("keep_times", [False, True])
def test_changed_weights_are_packed_anew(folder, laid_out, keep_times) -> None:
    first = scores(folder)
    change(folder, keep_times=keep_times)
    laid_out.clear()
    assert scores(folder) != first
    assert laid_out


def test_an_adapter_is_kept_with_its_base_and_packed_anew_when_either_changes(folder, tmp_path, laid_out) -> None:
    adapter, _ = adapted(tmp_path, folder)
    first = scores(adapter)
    laid_out.clear()
    assert scores(adapter) == first
    assert laid_out == []
    change(adapter, name="adapter_model.safetensors")
    second = scores(adapter)
    settings = adapter / "adapter_config.json"
    settings.write_text(settings.read_text().replace('"lora_alpha": 12', '"lora_alpha": 24'))
    third = scores(adapter)
    change(folder)
    assert len({first, second, third, scores(adapter), scores(folder)}) == 5


def test_each_mode_and_each_set_has_its_own(folder, cache, monkeypatch) -> None:
    scores(folder, "int8")
    scores(folder, "int4")
    assert len(list(cache.iterdir())) == 2
    here = library()
    assert here is not None
    monkeypatch.setattr(here, "set", "another")
    scores(folder, "int4")
    assert len(list(cache.iterdir())) == 3


def test_a_config_is_part_of_what_it_is_bound_to(folder, laid_out) -> None:
    first = scores(folder)
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | {"rms_norm_eps": 0.5}))
    laid_out.clear()
    assert scores(folder) != first
    assert laid_out


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 64)


def _lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(64))


def _change_header(path: Path) -> None:
    data = path.read_bytes()
    assert b"encoder" in data[:9000] or b"layers.0" in data[:9000]
    path.write_bytes(data.replace(b"layers.0", b"layers.9", 1))


def _others_may_write(path: Path) -> None:
    path.chmod(0o666)


def _link(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
@pytest.mark.parametrize(
    "spoil", [_truncate, _lengthen, _change_header, _others_may_write, _link, _folder, _pipe, _empty]
)
def test_what_was_spoilt_is_not_used(folder, cache, laid_out, spoil: Callable[[Path], None]) -> None:
    first = scores(folder)
    (path,) = cache.iterdir()
    spoil(path)
    laid_out.clear()
    assert scores(folder) == first
    assert laid_out


def test_another_users_is_not_used(folder, laid_out, monkeypatch) -> None:
    first = scores(folder)
    real, uid = os.fstat, os.geteuid()

    def foreign(descriptor: int) -> os.stat_result:
        found = list(real(descriptor))
        found[4] = uid + 1
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", foreign)
    laid_out.clear()
    assert mapped_cache.entries()
    assert scores(folder) == first
    assert laid_out


def test_a_folder_where_others_may_write_is_not_used(folder, cache) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    scores(folder)
    assert list(cache.iterdir()) == []


def test_files_and_folder_are_this_users_alone(folder, cache) -> None:
    scores(folder)
    (path,) = cache.iterdir()
    assert (cache.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_full_or_unwritable_disk_costs_nothing_but_the_cache(folder, cache, monkeypatch) -> None:
    cache.parent.mkdir()
    cache.write_text("a file in its place")
    first = scores(folder)
    cache.unlink()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    assert scores(folder) == first
    assert list(cache.iterdir()) == []


def test_the_oldest_give_way(folder, cache, monkeypatch) -> None:
    scores(folder, "int8")
    (oldest,) = cache.iterdir()
    os.utime(oldest, (1, 1))
    scores(folder, "bf16")
    kept = sum(entry.size for entry in mapped_cache.entries())
    monkeypatch.setenv(mapped_cache.SETTING, str((kept + 1000) / 2**30))
    scores(folder, "int4")
    left = [entry.path for entry in mapped_cache.entries()]
    assert oldest not in left
    assert len(left) == 2
    assert sum(entry.size for entry in mapped_cache.entries()) <= kept + 1000


def test_what_is_used_again_is_not_the_oldest(folder, cache) -> None:
    scores(folder)
    (path,) = cache.iterdir()
    os.utime(path, (1, 1))
    scores(folder)
    assert path.stat().st_mtime > time.time() - 1000


def test_it_can_be_switched_off_and_a_wrong_setting_is_said(folder, cache, monkeypatch) -> None:
    monkeypatch.setenv(mapped_cache.SETTING, "0")
    scores(folder)
    assert not cache.exists()
    for wrong in ("much", "-1", "nan", "inf"):
        monkeypatch.setenv(mapped_cache.SETTING, wrong)
        with pytest.raises(ConfigError, match="TORSO_PACKED_CACHE"):
            scores(folder)


def test_what_is_packed_quickly_or_was_changed_only_now_is_not_kept(folder, cache, monkeypatch) -> None:
    monkeypatch.setattr(packed_cache, "WORTHWHILE", 1e9)
    scores(folder)
    assert not cache.exists()
    monkeypatch.setattr(packed_cache, "WORTHWHILE", 0.0)
    monkeypatch.setattr(packed_cache, "_TICK", 10**15)
    scores(folder)
    assert not cache.exists()


def test_two_processes_at_once_write_one_whole_file(folder, cache) -> None:
    code = (
        "import sys\nfrom torso.engines import packed_cache\npacked_cache.WORTHWHILE = 0\npacked_cache._TICK = 0\n"
        "from torso import compiled_decoder\n"
        "for _ in range(5): print(compiled_decoder(sys.argv[1]).fingerprint())"
    )
    command = [sys.executable, "-c", code, str(folder)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {line for each in running for line in each.communicate(timeout=120)[0].split()}
    assert [each.returncode for each in running] == [0, 0]
    assert len(said) == 1
    assert len(list(cache.iterdir())) == 1
    assert not any(map(mapped_cache.is_damaged, mapped_cache.entries()))


def test_commands_know_it(folder, cache, capsys, monkeypatch) -> None:
    scores(folder)
    bars: list[int] = []

    def watched(items, total, *, printed, what):
        for each in items:
            bars.append(total)
            yield each

    monkeypatch.setattr("torso.cli.check.watched", watched)
    (path,) = cache.iterdir()
    assert main(["list"]) == 0
    assert "Packed weights" in capsys.readouterr().out
    assert main(["check", "--cache"]) == 0
    assert bars == [1], "reading many gigabytes shows how far it is"
    capsys.readouterr()
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    assert main(["check", "--cache"]) == 1
    assert path.name in capsys.readouterr().out
    assert main(["remove", "--cache", "--dry-run"]) == 0
    assert path.exists()
    assert main(["remove", "--cache"]) == 0
    assert list(cache.iterdir()) == []
