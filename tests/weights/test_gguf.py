"""GGUF files: blocks read as the format says, the model of one, limits."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import pre_tokenizers

import torso
from lazy import LazyModule
from tensors import tensor_of
from torso.errors import TorsoError
from torso.weights.gguf import GgufFile
from torso.weights.gguf_blocks import BLOCKS, values_of
from torso.weights.weights import open_weights

from .gguf_builder import Tensor, gguf, numbers

transformers = LazyModule("transformers")


def blocks(kind: str, count: int, seed: int = 0) -> bytes:
    """Blocks of random bytes whose scales are finite."""
    some, width = random.Random(seed), BLOCKS[kind][1]
    made = b""
    for _ in range(count):
        data = bytearray(some.randbytes(width))
        for at in {"Q4_1": (0, 2), "Q4_K": (0, 2), "Q6_K": (208,)}.get(kind, (0,)):
            data[at : at + 2] = struct.pack("<e", some.uniform(-2, 2))
        made += bytes(data)
    return made


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"])
def test_blocks_are_the_numbers_that_the_format_says(kind: str) -> None:
    size, data = BLOCKS[kind][1], blocks(kind, 5)
    raw = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(5, size)
    wanted = torch.tensor(
        [numbers(kind, data[at : at + size]) for at in range(0, len(data), size)], dtype=torch.float64
    )
    found = torch.from_numpy(values_of(kind, raw.numpy()))
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), wanted, rtol=1e-6, atol=1e-6 * float(wanted.abs().max()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_plain_numbers(tmp_path: Path, dtype: torch.dtype) -> None:
    kind = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}[dtype]
    values = torch.randn(3, 5).to(dtype)
    data = values.view(torch.uint8).numpy().tobytes()
    (tmp_path / "a.gguf").write_bytes(gguf({"x": [1, 2], "y": [["a"], ["b"]]}, {"w": (kind, (3, 5), data)}, version=2))
    file = GgufFile(tmp_path / "a.gguf")
    assert file.metadata == {"x": [1, 2], "y": [["a"], ["b"]]}
    assert torch.equal(torch.from_numpy(file.read("w")), values.float())


def llama() -> tuple[dict[str, object], dict[str, Tensor]]:
    """Metadata and tensors of a tiny Llama with a byte-level tokenizer."""
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*marks, *letters, "he", "ll", "hell", "Ġa"]
    metadata: dict[str, object] = {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.context_length": 64,
        "llama.embedding_length": 64,
        "llama.feed_forward_length": 96,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 100_000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3] * 3 + [1] * (len(tokens) - 3),
        "tokenizer.ggml.merges": ["h e", "l l", "he ll", "Ġ a"],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
    }
    shapes = {"token_embd": (len(tokens), 64)}
    for layer in range(2):
        shapes |= {
            f"blk.{layer}.{name}": shape
            for name, shape in {
                "attn_q": (64, 64),
                "attn_k": (32, 64),
                "attn_v": (32, 64),
                "attn_output": (64, 64),
                "ffn_gate": (96, 64),
                "ffn_up": (96, 64),
                "ffn_down": (64, 96),
            }.items()
        }
    tensors: dict[str, Tensor] = {
        f"{name}.weight": ("Q8_0", shape, _small(shape[0] * shape[1] // 32, number))
        for number, (name, shape) in enumerate(shapes.items())
    }
    ones = struct.pack("<64f", *[1.0] * 64)
    norms = ["output_norm", *(f"blk.{layer}.{name}" for layer in range(2) for name in ("attn_norm", "ffn_norm"))]
    return metadata, tensors | {f"{name}.weight": ("F32", (64,), ones) for name in norms}


def _small(count: int, seed: int) -> bytes:
    some = random.Random(seed)
    return b"".join(struct.pack("<e", 0.002) + some.randbytes(32) for _ in range(count))


def test_a_file_saved_as_a_folder_is_what_the_reference_loads(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(gguf(*llama()))
    ours = torso.AutoTokenizer.from_pretrained(path)
    torso.load(path, "causal-lm").save(tmp_path / "folder", tokenizer=torso.load_tokenizer(path))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "folder")
    for text in ("hello a 2024", "<|im_start|>hell", "你好"):
        assert ours(text)["input_ids"] == theirs(text)["input_ids"]
    assert ours.tokenize("hell 20") == ["hell", "Ġ", "2", "0"]
    ids = torch.tensor([ours("hello a 2024")["input_ids"]])
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "folder", dtype=torch.float32).eval()
    with torch.no_grad():
        wanted = reference(ids).logits
    assert torch.allclose(torso.AutoModelForCausalLM.from_pretrained(path)(ids).logits, wanted, atol=1e-4)
    assert reference.config.rms_norm_eps == 1e-5


def test_what_transformers_reads_of_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(gguf(*llama()))
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="a.gguf").eval()
    ids = torch.arange(40)[None]
    with torch.no_grad():
        wanted = reference(ids).logits
    found = torso.AutoModelForCausalLM.from_pretrained(tmp_path / "a.gguf")(ids).logits
    assert torch.allclose(found, wanted, atol=1e-5)


def test_rows_of_queries_are_put_apart_as_they_were_together(tmp_path: Path) -> None:
    metadata, tensors = llama()
    rows = torch.arange(64.0)[:, None].expand(64, 64)
    together = rows.reshape(4, 2, 8, 64).transpose(1, 2).reshape(64, 64).contiguous()  # as llama.cpp's script does
    tensors["blk.0.attn_q.weight"] = ("F32", (64, 64), together.numpy().tobytes())
    (tmp_path / "a.gguf").write_bytes(gguf(metadata, tensors))
    read = open_weights(tmp_path / "a.gguf").read("model.layers.0.self_attn.q_proj.weight")
    assert torch.equal(tensor_of(read), rows)


@pytest.mark.parametrize("name", ["a.gguf", "./a.gguf", "A.GGUF"])
def test_a_file_is_named_as_a_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(gguf(*llama()))
    assert torso.AutoConfig.from_pretrained(name).hidden_size == 64
    assert len(torso.generate("hell", model=name, max_new_tokens=3)[0].ids) <= 3
    with pytest.raises(TorsoError, match=r"There is no folder .*b\.gguf"):  # and no network is asked for it
        torso.load("b.gguf")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    metadata, tensors = llama()
    path = tmp_path / "a.gguf"
    path.write_bytes(gguf(metadata, tensors))
    assert torso.AutoConfig.from_pretrained(path).max_position_embeddings == 64
    path.write_bytes(gguf({**metadata, "llama.context_length": 32}, tensors))
    assert torso.AutoConfig.from_pretrained(path).max_position_embeddings == 32


@pytest.mark.parametrize(("kind", "mode"), [(1, "mean"), (2, "cls"), (3, "lasttoken")])
def test_vectors_are_pooled_as_the_file_says(tmp_path: Path, kind: int, mode: str) -> None:
    metadata, tensors = llama()
    (tmp_path / "a.gguf").write_bytes(gguf({**metadata, "llama.pooling_type": kind}, tensors))
    (tmp_path / "b.gguf").write_bytes(gguf(metadata, tensors))
    texts = ["hell a", "he ll hell a a"]
    found = torso.encode(texts, model=tmp_path / "a.gguf")
    wanted = torso.encode(texts, model=tmp_path / "b.gguf", pooling=mode, normalize=True)
    assert np.shape(found) == (2, 64)
    assert np.allclose(found, wanted, atol=1e-6)


GOOD = gguf({"a": 1}, {"w": ("Q8_0", (2, 32), bytes(68))})
BAD = {
    "empty": (b"", "E_WRONG_FORMAT"),
    "another": (b"PK\x03\x04" + bytes(30), "E_WRONG_FORMAT"),
    "version 1": (gguf({}, {}, version=1), "E_UNSUPPORTED"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "E_UNSUPPORTED"),
    "cut in the data": (GOOD[:-40], "E_TRUNCATED"),
    "cut in the head": (GOOD[:40], "E_TRUNCATED"),
    "2**63 tensors": (b"GGUF" + struct.pack("<IQQ", 3, 1 << 63, 0), "E_LIMIT"),
    "2**63 pairs": (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 63), "E_LIMIT"),
    "long key": (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 62), "E_TRUNCATED"),
    "long list": (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 0, 1 << 60), "E_LIMIT"),
    "deep list": (gguf({"a": [[[[1]]]]}, {}), "E_HEADER"),
    "unknown value": (GOOD.replace(struct.pack("<I", 11), struct.pack("<I", 99), 1), "E_HEADER"),
    "key twice": (gguf({"a": 1, "b": 1}, {}).replace(b"b", b"a"), "E_DUPLICATE"),
    "tensor twice": (
        gguf({}, {"w": ("F32", (8,), bytes(32)), "v": ("F32", (8,), bytes(32))}).replace(b"v", b"w"),
        "E_DUPLICATE",
    ),
    "half a block": (gguf({}, {"w": ("Q8_0", (2, 31), bytes(68))}), "E_SHAPE"),
    "huge shape": (gguf({}, {"w": ("F32", (1 << 40, 1 << 40), bytes(68))}), "E_SHAPE"),
    "five dimensions": (gguf({}, {"w": ("F32", (1, 1, 1, 1, 1), bytes(4))}), "E_SHAPE"),
    "odd alignment": (gguf({"general.alignment": 0}, {}), "E_HEADER"),
    "larger than the file": (gguf({}, {"w": ("F32", (1 << 30,), bytes(4))}), "E_TRUNCATED"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused(tmp_path: Path, name: str) -> None:
    data, code = BAD[name]
    (tmp_path / "a.gguf").write_bytes(data)
    with pytest.raises(TorsoError) as caught:
        GgufFile(tmp_path / "a.gguf")
    assert caught.value.code == code
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("general.architecture", "mamba", "E_UNSUPPORTED"),
        ("general.architecture", 7, "E_HEADER"),
        ("general.architecture", "", "E_UNSUPPORTED"),
        ("llama.block_count", -1, "E_HEADER"),
        ("llama.block_count", 1, "E_CONFIG_WEIGHTS"),
        ("llama.block_count", 1 << 30, "E_CONFIG_WEIGHTS"),
        ("llama.embedding_length", 1 << 30, "E_CONFIG_WEIGHTS"),
        ("llama.feed_forward_length", [96, 64], "E_HEADER"),
        ("llama.feed_forward_length", 95, "E_CONFIG_WEIGHTS"),
        ("llama.attention.head_count", 3, "E_HEADER"),
        ("llama.attention.head_count", 8, "E_SHAPE"),
        ("llama.attention.key_length", 1 << 20, "E_SHAPE"),
        ("llama.attention.layer_norm_rms_epsilon", float("nan"), "E_HEADER"),
        ("llama.rope.freq_base", "x", "E_HEADER"),
        ("llama.rope.freq_base", float("inf"), "E_HEADER"),
        ("llama.rope.scaling.type", "spiral", None),
        ("llama.expert_count", 8, "E_HEADER"),
        ("llama.pooling_type", 9, "E_UNSUPPORTED"),
        ("split.count", 3, "E_UNSUPPORTED"),
        ("tokenizer.ggml.eos_token_id", 1 << 40, "E_HEADER"),
    ],
)
def test_metadata_that_describes_no_model(tmp_path: Path, key: str, value: object, code: str | None) -> None:
    metadata, tensors = llama()
    (tmp_path / "a.gguf").write_bytes(gguf({**metadata, key: value}, tensors))
    if code is None:  # a stretch without a factor
        assert torso.load(tmp_path / "a.gguf").config.rope_scaling is None
        return
    with pytest.raises(TorsoError) as caught:
        torso.load(tmp_path / "a.gguf")
    assert caught.value.code == code
    assert str(tmp_path) in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gguf"]


@pytest.mark.parametrize(
    ("name", "tensor", "code"),
    [
        ("blk.0.ffn_gate_inp.weight", ("F32", (4, 64), bytes(1024)), "E_UNSUPPORTED"),
        ("blk.00.attn_norm.weight", ("F32", (64,), bytes(256)), "E_UNSUPPORTED"),
        ("blk.9999999.attn_norm.weight", ("F32", (64,), bytes(256)), "E_UNSUPPORTED"),
        ("rope_freqs.weight", ("F32", (8,), struct.pack("<8f", *[3.0] * 7, 9.0)), "E_UNSUPPORTED"),
        ("rope_freqs.weight", ("F32", (8,), struct.pack("<8f", *[float("nan")] * 8)), "E_HEADER"),
        ("rope_freqs.weight", ("F32", (2, 4), bytes(32)), "E_HEADER"),
        ("rope_factors_long.weight", ("F32", (8,), struct.pack("<8f", *[1.0] * 8)), "E_HEADER"),
        ("output_norm.weight", ("F32", (64,), struct.pack("<64f", *[float("nan")] * 64)), "E_NONFINITE"),
        ("output_norm.weight", ("F32", (32,), bytes(128)), "E_SHAPE"),
        ("blk.1.attn_q.weight", ("F32", (63, 64), bytes(63 * 256)), "E_HEADER"),
        ("blk.1.attn_q.weight", ("Q8_0", (64, 64), b"\x00\x7c" * 2176), "E_NONFINITE"),
        ("token_embd.weight", ("F32", (), bytes(4)), "E_HEADER"),
    ],
)
def test_tensors_that_make_no_model(tmp_path: Path, name: str, tensor: Tensor, code: str) -> None:
    metadata, tensors = llama()
    (tmp_path / "a.gguf").write_bytes(gguf(metadata, {**tensors, name: tensor}))
    with pytest.raises(TorsoError) as caught:
        torso.load(tmp_path / "a.gguf")
    assert caught.value.code == code
    assert str(tmp_path) in str(caught.value)
