"""Tables of token embeddings and their mean: sentence-transformers' StaticEmbedding, model2vec's files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import torso
from torso import Task, blocks
from torso.architecture import find
from torso.engines.compiled_model import CompiledModel
from torso.engines.opened import opened
from torso.errors import InputError, LimitError, TooLongError, WeightsError
from torso.hub.checking import check
from torso.kernels.encoder import Encoder
from torso.kernels.library import library
from torso.loading.load import read_config
from torso.tasks import encode, search, similar
from torso.weights import folded_table

from .reference import MINILM, texts_of

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["the cat sits outside", "How to reset a LOGIN, the cat waits", "弱小的我也有大梦想", *texts_of()]
WORDS = 30522
UNIT = {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}


def table(width: int, rows: int = WORDS) -> np.ndarray:
    return np.random.default_rng(width).normal(0, 1, (rows, width)).astype(np.float32)


def theirs(folder: Path) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(TEXTS)


def written(folder: Path, *behind: object, width: int = 24, **settings: object) -> Path:
    """A folder that sentence-transformers wrote."""
    from sentence_transformers import SentenceTransformer, models
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    tokenizer.no_truncation()
    first = models.StaticEmbedding(tokenizer, embedding_weights=table(width))
    SentenceTransformer(modules=[first, *behind], device="cpu", **settings).save(str(folder))
    return folder


def of_model2vec(folder: Path, home: str = "", **tensors: np.ndarray) -> Path:
    """A folder as model2vec writes it."""
    inner = folder / home
    inner.mkdir(parents=True, exist_ok=True)
    width = tensors["embeddings"].shape[1]
    stated = {"model_type": "model2vec", "architectures": ["StaticModel"], "tokenizer_name": "baai/bge-base-en-v1.5"}
    stated |= {"apply_pca": 256, "apply_zipf": True, "hidden_dim": width, "seq_length": 1000000, "normalize": True}
    if not home:
        (folder / "config.json").write_text(json.dumps(stated))
    first = {"idx": 0, "name": "0", "path": home or ".", "type": "sentence_transformers.models.StaticEmbedding"}
    (folder / "modules.json").write_text(json.dumps([first, UNIT]))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(MINILM / name, inner / name)
    save_file(tensors, inner / "model.safetensors")
    return folder


def equal(folder: Path, atol: float = 1e-5) -> np.ndarray:
    made = np.array(encode(TEXTS, model=folder, long="truncate"))
    np.testing.assert_allclose(made, theirs(folder), atol=atol, rtol=1e-4)
    return made


@pytest.mark.parametrize("width", [24, 7, 1])
def test_vectors_are_those_of_sentence_transformers(tmp_path: Path, width: int) -> None:
    equal(written(tmp_path / "m", width=width))


def test_layers_behind_the_table(tmp_path: Path) -> None:
    from sentence_transformers import models

    dense = models.Dense(24, 8)
    folder = written(tmp_path / "m", dense, models.LayerNorm(8), models.Dropout(0.1), models.Normalize())
    assert np.allclose(np.linalg.norm(equal(folder), axis=1), 1)


def test_prompts_and_dimensions(tmp_path: Path) -> None:
    prompts = {"query": "the question: ", "document": ""}
    equal(written(tmp_path / "m", prompts=prompts, default_prompt_name="query", truncate_dim=8))


PARTS: dict[str, Callable[[], dict[str, np.ndarray]]] = {
    "rows": lambda: {"embeddings": table(16)},
    "half": lambda: {"embeddings": table(16).astype(np.float16)},
    "factors": lambda: {"embeddings": table(16), "weights": np.linspace(0, 2, WORDS)},
    "shared": lambda: {"embeddings": table(16, 500), "mapping": np.arange(WORDS) % 500},
    "shared half": lambda: {
        "embeddings": table(16, 500).astype(np.float16),
        "mapping": (np.arange(WORDS) * 7 % 500).astype(np.int32),
        "weights": np.linspace(0.1, 2, WORDS).astype(np.float32),
    },
    "eight bits": lambda: {
        "embeddings": (table(16) * 30).astype(np.int8),
        "weights": np.linspace(0.1, 2, WORDS).astype(np.float32),
    },
}


@pytest.mark.parametrize("form", PARTS)
@pytest.mark.parametrize("home", ["", "0_StaticEmbedding"])
def test_files_of_model2vec(tmp_path: Path, form: str, home: str) -> None:
    # Of a table in float16 alone the reference computes in float16.
    equal(of_model2vec(tmp_path / "m", home, **PARTS[form]()), atol=2e-3 if form == "half" else 1e-5)


def test_both_engines_give_the_same(tmp_path: Path) -> None:
    folder = written(tmp_path / "m")
    runner = opened(folder, Task.FEATURES, device="cpu")
    assert isinstance(runner, CompiledModel)
    assert runner.config.model_type == "model2vec"
    by_torch = np.array(encode(TEXTS, model=torso.load(folder)))
    np.testing.assert_allclose(by_torch, np.array(encode(TEXTS, model=folder)), atol=1e-6)
    for mode in ("bf16", "int8"):
        lower = torso.compiled(folder, mode=mode)
        np.testing.assert_array_equal(np.array(encode(TEXTS, model=lower)), np.array(encode(TEXTS, model=folder)))


def test_texts_are_read_without_special_tokens(tmp_path: Path) -> None:
    folder = written(tmp_path / "m", width=4)
    tokenizer = torso.load_tokenizer(folder)
    assert tokenizer.encoding("the cat").tokens == ["the", "cat"]
    assert tokenizer.max_tokens is None
    long = "the cat " * 4000
    assert encode(long, model=folder).tokens == 8000
    assert encode("the cat", model=folder).extent.tokens == 2
    copied = torso.load_tokenizer(of_model2vec(tmp_path / "n", embeddings=table(4)))
    assert copied.encoding("the cat").tokens == ["the", "cat"]
    own = torso.Tokenizer.from_folder(tmp_path / "n")
    assert own.fingerprint() != copied.fingerprint()
    with pytest.raises(InputError, match="E_EMPTY_TEXT"):
        encode(["the cat", ""], model=folder)


def test_only_tokenizer_json_limits_texts(tmp_path: Path) -> None:
    folder = of_model2vec(tmp_path / "m", embeddings=table(4))  # its tokenizer_config.json says 512
    stated = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    limit = stated["truncation"]["max_length"]
    assert torso.load_tokenizer(folder).max_tokens == limit
    with pytest.raises(TooLongError):
        encode("the cat " * limit, model=folder)
    equal(folder)
    (folder / "tokenizer.json").write_text(json.dumps(stated | {"truncation": None}), "utf-8")
    assert torso.load_tokenizer(folder).max_tokens is None


def test_similar_and_search(tmp_path: Path) -> None:
    folder = of_model2vec(tmp_path / "m", embeddings=table(32))
    found = similar("the cat sits outside", TEXTS[:3], model=folder)
    assert (found[0].index, round(found[0].score, 5)) == (0, 1.0)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("the cat sits outside")
    hits = search("the cat sits outside", tmp_path / "notes", model=folder)
    assert hits[0].score == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("form", ["rows", "shared half"])
def test_a_saved_model_is_the_same(tmp_path: Path, form: str) -> None:
    folder = of_model2vec(tmp_path / "m", **PARTS[form]())
    model = torso.load(folder)
    model.save(tmp_path / "copy", tokenizer=torso.load_tokenizer(folder))
    again = np.array(encode(TEXTS, model=tmp_path / "copy", pooling="mean", normalize=True, long="truncate"))
    np.testing.assert_allclose(again, np.array(encode(TEXTS, model=folder, long="truncate")), atol=1e-6)
    shutil.copy(folder / "modules.json", tmp_path / "copy")
    equal(tmp_path / "copy")


def test_its_config_has_the_sizes_of_the_table(tmp_path: Path) -> None:
    for folder in (written(tmp_path / "a", width=12), of_model2vec(tmp_path / "b", embeddings=table(12))):
        config: Any = read_config(folder)[1]
        assert (config.vocab_size, config.hidden_dim, config.max_tokens) == (WORDS, 12, None)
        assert check(folder).is_whole
    shutil.copytree(tmp_path / "a", tmp_path / "c", ignore=shutil.ignore_patterns("*.safetensors"))
    assert torso.load_tokenizer(tmp_path / "c").encoding("the cat").tokens == ["the", "cat"]
    assert not check(tmp_path / "c").is_whole


def test_a_config_of_another_model_beside_the_table_says_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path / "m")
    shutil.copy(MINILM / "config.json", folder / "config.json")
    equal(folder)


@pytest.mark.parametrize(
    ("tensors", "code"),
    [
        ({"embeddings": table(4, 3), "mapping": np.full(WORDS, 3)}, "E_SHAPE"),
        ({"embeddings": table(4, 3), "mapping": np.full(WORDS, -1)}, "E_SHAPE"),
        ({"embeddings": table(4, 3), "mapping": np.zeros(WORDS, np.float32)}, "E_SHAPE"),
        ({"embeddings": table(4, 3), "mapping": np.zeros((1, WORDS), np.int64)}, "E_SHAPE"),
        ({"embeddings": table(4), "weights": np.ones(WORDS - 1, np.float32)}, "E_SHAPE"),
        ({"embeddings": table(4), "weights": np.ones(WORDS, np.int64)}, "E_SHAPE"),
        ({"embeddings": table(4), "weights": np.full(WORDS, np.nan, np.float32)}, "E_NONFINITE"),
    ],
)
def test_parts_that_do_not_fit_each_other(tmp_path: Path, tensors: dict[str, np.ndarray], code: str) -> None:
    folder = of_model2vec(tmp_path / "m", **tensors)
    with pytest.raises(WeightsError, match=code):
        encode("the cat", model=folder)


def test_a_small_file_does_not_make_a_huge_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = of_model2vec(tmp_path / "m", embeddings=table(4, 3), mapping=np.zeros(WORDS, np.int64))
    monkeypatch.setattr(folded_table, "MOST_NUMBERS", WORDS * 4 - 1)
    with pytest.raises(LimitError, match="E_LIMIT"):
        encode("the cat", model=folder)


def test_other_weights_with_a_table_are_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    save_file({"embedding.weight": table(4), "layers.0.weight": table(4, 4)}, tmp_path / "model.safetensors")
    with pytest.raises(torso.errors.NotFoundError, match="E_NO_MODEL_TYPE"):
        read_config(tmp_path)


@pytest.mark.parametrize("pool", [None, "first", "last"])
@pytest.mark.parametrize("norm", [None, blocks.LayerNorm(8, 1e-5)])
def test_a_trunk_without_blocks_in_both_engines(pool: Any, norm: blocks.Part | None) -> None:
    from torso.batch import Batch, Layout
    from torso.engines.model_source import array_of, on_host, reading
    from torso.nn.module import build

    here = library()
    assert here is not None
    described = blocks.Trunk(embed=blocks.Embeddings(50, 8, segments=2, norm=norm), layers=(), norm=norm)
    torch.manual_seed(1)
    trunk: Any = build(described)
    for each in trunk.parameters():
        torch.nn.init.normal_(each)
    batch = Batch(torch.randint(0, 50, (9,)), Layout.of([4, 5]), pool=pool)
    with torch.no_grad():
        wanted = trunk(batch, hidden_states=(0,))
    made = Encoder(here, described, reading(trunk), {})(on_host(batch), pool, hidden_states=(0,))
    np.testing.assert_allclose(made.rows, array_of(wanted.rows), atol=1e-6)
    np.testing.assert_allclose(made.hidden_states[0], array_of(wanted.hidden_states[0]), atol=1e-6)


def test_training_goes_on_from_it(tmp_path: Path) -> None:
    folder = written(tmp_path / "m", width=16)
    words = [
        "cat",
        "dog",
        "sun",
        "moon",
        "tree",
        "fish",
        "bread",
        "wine",
        "king",
        "queen",
        "red",
        "blue",
        "east",
        "west",
    ]
    rows = [{"anchor": one, "positive": other} for one, other in zip(words[::2], words[1::2], strict=True)] * 3
    settings = torso.TrainSettings(epochs=4, batch=4, rate=0.3, seed=1)
    torso.train(
        folder, rows, dev=rows, test=rows, out=tmp_path / "run", task="embedding", settings=settings, allow_leak=True
    )
    assert np.abs(equal(tmp_path / "run") - np.array(encode(TEXTS, model=folder))).max() > 1e-3


def test_the_family_has_only_vectors() -> None:
    assert list(find("model2vec").tasks) == [Task.FEATURES]
