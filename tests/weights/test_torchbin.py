"""Files of torch.save: read to the bit as torch.load reads them, and no input that runs code or cannot be answered."""

from __future__ import annotations

import collections
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tensors import tensor_of
from torso.errors import FileFormatError, TorsoError
from torso.weights.tensor_bits import bits_of
from torso.weights.torch_file import TorchFile
from torso.weights.weights import open_weights

from .builders import archive, torch_bytes
from .equality import assert_same_bits

QUICK = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old form"])


def state_dict() -> dict[str, torch.Tensor]:
    """Every type and kind of view that a state dict may hold."""
    torch.manual_seed(0)
    table = torch.randn(10, 6)
    return collections.OrderedDict(
        torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5)).state_dict(),
        table=table,
        transposed=table.T,
        row=table[3],
        column=table[:, 2],
        tied=table,
        parameter=torch.nn.Parameter(torch.ones(2)),
        positions=torch.arange(512).expand((1, -1)),
        rows_of_one=torch.randn(1, 6).expand(3, 6),
        one_number=torch.randn(1).expand(5, 2),
        blocks_of_one=table[2:3, None, 1:4].expand(4, 2, 3),
        overlapping=torch.randn(6).as_strided((3, 4), (1, 1)),
        scalar=torch.tensor(3.0),
        empty=torch.empty(0, 4),
        large=torch.randn(1100, 1000),
        **{
            str(dtype): torch.randint(0, 2, (5,)).to(dtype)
            for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int32, torch.int16, torch.int8)
        },
        **{str(dtype): torch.randint(0, 2, (5,)).to(dtype) for dtype in (torch.uint8, torch.bool, torch.complex64)},
    )


@FORMS
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_files_are_read_as_torch_reads_them(tmp_path: Path, zipped: bool, protocol: int):
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(torch_bytes(state_dict(), zipped=zipped, protocol=protocol))
    weights, expected = open_weights(tmp_path), torch.load(path, weights_only=False)
    assert weights.format == "pytorch"
    assert list(weights.entries) == list(expected)
    assert weights.tied == {"tied": "table"}
    for name, tensor in expected.items():
        assert_same_bits(tensor_of(weights.read(name)), tensor)
        if tensor.is_floating_point():
            half = torch.empty(tensor.shape, dtype=torch.bfloat16)
            weights.read_into(name, bits_of(half))
            assert_same_bits(half, tensor.to(torch.bfloat16))


@FORMS
def test_a_training_checkpoint_is_opened_where_its_one_state_dict_is(tmp_path: Path, zipped: bool):
    saved = {
        "model": {"w": torch.arange(3.0)},
        "epoch": 3,
        "optimizer": {"state": {0: {"m": torch.ones(3)}}, "lr": [1e-3]},
    }
    (tmp_path / "pytorch_model.bin").write_bytes(torch_bytes(saved, zipped=zipped))
    weights = open_weights(tmp_path)
    assert list(weights.entries) == ["w"]
    assert [note.code for note in weights.notes] == ["N_NESTED", "N_NOT_TENSORS"]
    assert "model" in str(weights.notes[0])
    assert "epoch, optimizer" in str(weights.notes[1])


@pytest.mark.parametrize(
    "saved", [{"a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}}, [torch.ones(1)], torch.ones(1), 3]
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, saved: object):
    (tmp_path / "pytorch_model.bin").write_bytes(torch_bytes(saved))
    with pytest.raises(FileFormatError) as refused:
        open_weights(tmp_path)
    assert refused.value.code == "E_NOT_STATE_DICT"


def test_a_checksum_is_taken_once_however_many_tensors_share_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    table = torch.randn(6, 4)
    (tmp_path / "m.bin").write_bytes(torch_bytes({"a": table, "b": table, "c": table[1:3], "d": table.T}))
    file, sums = TorchFile(tmp_path / "m.bin"), list[str]()
    original = file._require_crc
    monkeypatch.setattr(file, "_require_crc", lambda name, *both: (sums.append(name), original(name, *both)))
    for name in ("c", "a", "b", "d"):
        out = torch.empty(file.entries[name].shape)
        file.read_into(name, bits_of(out))
    assert len(sums) == 1


SEEDS = [torch_bytes({"a": torch.arange(4.0), "b": torch.ones(2, 2).T}, zipped=zipped) for zipped in (True, False)]


@QUICK
@given(some.sampled_from(SEEDS), some.data())
def test_a_changed_file_is_read_or_refused(tmp_path: Path, seed: bytes, data: some.DataObject):
    raw = bytearray(seed)
    for _ in range(data.draw(some.integers(1, 4))):
        place = data.draw(some.integers(0, len(raw) - 1))
        if data.draw(some.booleans()):
            raw[place] = data.draw(some.integers(0, 255))
        else:
            raw[place : place + data.draw(some.integers(0, 9))] = data.draw(some.binary(max_size=9))
    (tmp_path / "pytorch_model.bin").write_bytes(raw or b"x")
    _read_or_refuse(tmp_path)


OPCODES = [
    bytes([code])
    for code in b"\x80\x95(012NKJM\x8a\x88\x89GUTX\x8c\x8dCB\x8e)\x85\x86\x87t]lae}dsuhjqr\x94c\x93RQb\x81io."
]
PIECES = [
    *OPCODES,
    b"ccollections\nOrderedDict\n",
    b"ctorch\nFloatStorage\n",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"X\1\0\0\0a",
    b"K\1",
]
PIECES += [b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0aX\3\0\0\0cpuK\1tQ", b"K\0", b"K\1\x85", b"ctorch\nSize\n"]


@settings(QUICK, max_examples=300)
@given(some.lists(some.sampled_from(PIECES), max_size=30), some.booleans())
def test_any_opcodes_are_followed_or_refused(tmp_path: Path, pieces: list[bytes], bare: bool):
    code = b"\x80\x02" + b"".join(pieces) + b"."
    (tmp_path / "pytorch_model.bin").write_bytes(code if bare else archive({"data.pkl": code, "data/a": bytes(4)}))
    _read_or_refuse(tmp_path)


def _read_or_refuse(folder: Path) -> None:
    with suppress(TorsoError):
        weights = open_weights(folder)
        for name in weights.entries:
            weights.read(name, allow_nonfinite=True)
