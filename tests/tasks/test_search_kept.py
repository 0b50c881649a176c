"""The vectors that ``search`` keeps: of this model and these texts, whole, or made again; never believed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import torso
from torso.architecture import Task
from torso.errors import WeightsError
from torso.tasks import make_ready, search, vectors_file
from torso.tasks._search import INDEX
from torso.weights import safetensors
from torso.weights.safetensors import SafetensorsFile
from torso.weights.tensor_bits import bits_of

from . import small

Tensors = dict[str, torch.Tensor]
LONG = "\n\n".join(f"{word} " * 120 for word in ("今天天气很好", "我在北京读书", "这本书不好看", "how old are you"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.save(tmp_path_factory.mktemp("search") / "model", Task.FEATURES)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """One passage, and four."""
    home = tmp_path / "notes"
    home.mkdir()
    (home / "a.txt").write_text("弱小的我也有大梦想！", encoding="utf-8")
    (home / "b.txt").write_text(LONG, encoding="utf-8")
    return home


def scores(notes: Path, model: object, *, keep: bool = True, **options: object) -> list[tuple[str, int, float]]:
    hits = search("天气", notes, model=model, pooling="mean", keep=keep, top=100, **options)
    return [(hit.file, hit.start, round(hit.score, 5)) for hit in hits]


def rewritten(index: Path, change: Callable[[Tensors], None]) -> None:
    file = SafetensorsFile(index)
    tensors = {name: torch.empty(entry.shape) for name, entry in file.entries.items()}
    for name, tensor in tensors.items():
        file.read_into(name, bits_of(tensor))
    change(tensors)
    safetensors.write(index, tensors, dict(file.metadata))


def the_long_one(tensors: Tensors) -> str:
    return max(tensors, key=lambda name: tensors[name].shape[0])


def each(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Tensors], None]:
    def apply(tensors: Tensors) -> None:
        name = the_long_one(tensors)
        tensors[name] = change(tensors[name])

    return apply


def swapped_names(tensors: Tensors) -> None:
    one, other = tensors
    tensors[one], tensors[other] = tensors[other], tensors[one]


def swapped_hashes(tensors: Tensors) -> None:
    (one, first), (other, second) = tensors.items()
    tensors.clear()
    tensors[f"{one.partition(':')[0]}:{other.partition(':')[2]}"] = first
    tensors[f"{other.partition(':')[0]}:{one.partition(':')[2]}"] = second


CHANGES: dict[str, Callable[[Tensors], object]] = {
    "other numbers": each(lambda rows: rows.flip(0)),
    "one number": each(lambda rows: rows.clone().index_put_((torch.tensor(0), torch.tensor(0)), torch.tensor(3.0))),
    "NaN": each(lambda rows: rows * float("nan")),
    "infinity": each(lambda rows: rows / 0),
    "fewer rows": each(lambda rows: rows[:-1]),
    "more rows": each(lambda rows: torch.cat([rows, rows])),
    "no rows": each(lambda rows: rows[:0]),
    "narrower rows": each(lambda rows: rows[:, :5]),
    "flat rows": each(torch.flatten),
    "another dtype": each(torch.Tensor.double),
    "half the precision": each(torch.Tensor.half),
    "no entries": lambda tensors: tensors.clear(),
    "an entry too few": lambda tensors: tensors.pop(the_long_one(tensors)),
    "names that are no hashes": lambda tensors: tensors.update({"": torch.ones(2), ":": torch.ones(2)}),
    "entries without a hash": lambda tensors: tensors.update(
        {name.partition(":")[0]: tensors.pop(name) for name in list(tensors)}
    ),
    "entries of each other": swapped_names,
    "hashes of each other": swapped_hashes,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_entry_that_does_not_fit_is_made_again(change, notes: Path, folder: Path) -> None:
    wanted = scores(notes, folder)
    assert len(wanted) == 5
    index = notes / INDEX
    whole = index.read_bytes()
    rewritten(index, change)
    assert scores(notes, folder) == wanted
    assert index.read_bytes() == whole, "it is written again"


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-50],
    "longer": lambda data: data + b"x",
    "bytes of the data": lambda data: data[:-300] + bytes(range(200)) + data[-100:],
    "another key": lambda data: re.sub(rb'"key":"[0-9a-f]{8}', b'"key":"00000000', data),
    "a page": lambda data: b"<!DOCTYPE html>",
    "a pointer": lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_written_again(damage, notes: Path, folder: Path) -> None:
    wanted = scores(notes, folder)
    whole = (notes / INDEX).read_bytes()
    (notes / INDEX).write_bytes(damage(whole))
    assert scores(notes, folder) == wanted
    assert (notes / INDEX).read_bytes() == whole


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_of_the_file_changes_a_score(notes: Path, folder: Path, data: st.DataObject) -> None:
    wanted = scores(notes, folder)
    whole = bytearray((notes / INDEX).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (notes / INDEX).write_bytes(whole)
    assert scores(notes, folder) == wanted


def trained(model: torso.Model) -> torso.Model:
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.3)
    return model


def test_a_model_that_was_trained_further_keeps_nothing_under_the_key_of_its_folder(notes: Path, folder: Path) -> None:
    wanted = scores(notes, folder, keep=False)
    model = torso.load(folder)
    assert scores(notes, model) == wanted
    own = scores(notes, trained(model))
    assert own == scores(notes, model, keep=False) != wanted
    assert scores(notes, folder) == wanted
    ready = make_ready(torso.load(folder), Task.FEATURES)
    assert scores(notes, ready) == wanted
    ready.model.trunk.embed.tokens.weight.data.mul_(-2)  # no version of the tensor changes
    assert scores(notes, ready) == scores(notes, ready, keep=False) != wanted


def test_each_mode_of_a_model_has_a_key_of_its_own(notes: Path, folder: Path) -> None:
    keys: list[str] = []
    models = (folder, torso.load(folder), torso.load(folder, dtype=torch.bfloat16))
    optimised = [torso.optimise(torso.load(folder), mode, fidelity=0.99) for mode in torso.kernels.about().modes]
    for model in (*models, *optimised):
        search("天气", notes, model=model, pooling="mean")
        keys.append(SafetensorsFile(notes / INDEX).metadata["key"])
    assert len(set(keys)) == len(keys) == 3 + len(optimised)


def test_another_tokenizer_has_a_key_of_its_own(notes: Path, folder: Path, tmp_path: Path) -> None:
    other = small.save(tmp_path / "other", Task.FEATURES)
    words = (other / "vocab.txt").read_text("utf-8").split("\n")
    (other / "vocab.txt").write_text("\n".join([*words[:5], *reversed(words[5:-1]), ""]), encoding="utf-8")
    tokenizer = torso.load_tokenizer(other)
    wanted = scores(notes, folder)
    swapped = scores(notes, folder, tokenizer=tokenizer)
    assert swapped == scores(notes, folder, tokenizer=tokenizer, keep=False) != wanted
    ready = make_ready(torso.load(folder), Task.FEATURES, tokenizer=tokenizer)
    assert scores(notes, ready) == swapped
    assert scores(notes, folder) == wanted


def test_what_is_kept_of_a_loaded_model_is_used_again(notes: Path, folder: Path, monkeypatch) -> None:
    from torso.tasks.comparing import Dense

    made: list[int] = []
    whole = Dense.made

    def counted(own, texts, *rest, **options):
        made.append(len(texts))
        return whole(own, texts, *rest, **options)

    monkeypatch.setattr(Dense, "made", counted)
    first = scores(notes, torso.load(folder))
    assert scores(notes, torso.load(folder)) == first
    assert made == [1, 5, 1]


def test_scores_that_are_not_finite_are_an_error(notes: Path, folder: Path) -> None:
    model = torso.load(folder)
    with torch.no_grad():
        model.trunk.layers[1].ffn.down.bias.fill_(float("nan"))
    with pytest.raises(WeightsError, match="E_NONFINITE"):
        scores(notes, model)
    assert not (notes / INDEX).exists()


def test_equal_texts_share_an_entry(notes: Path, folder: Path) -> None:
    (notes / "c.md").write_text(LONG, encoding="utf-8")
    found = scores(notes, folder)
    assert len(found) == 9
    assert len(SafetensorsFile(notes / INDEX).entries) == 2
    assert scores(notes, folder) == found


def test_very_many_texts_are_kept_in_several_files(notes: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_file, "MOST_ENTRIES", 2)
    for number in range(5):
        (notes / f"{number}.txt").write_text(f"第{number}天天气很好", encoding="utf-8")
    wanted = scores(notes, folder)
    files = [notes / INDEX, *(notes / INDEX.replace(".safe", f"-{number}.safe") for number in (2, 3, 4))]
    assert [len(SafetensorsFile(path).entries) for path in files] == [2, 2, 2, 1]
    whole = [path.read_bytes() for path in files]
    assert scores(notes, folder) == wanted
    files[1].write_bytes(b"damaged")
    assert scores(notes, folder) == wanted
    assert [path.read_bytes() for path in files] != whole, "in the order in which they are known"
    assert sum(len(SafetensorsFile(path).entries) for path in files) == 7
    for number in range(4):
        (notes / f"{number}.txt").unlink()
    assert len(scores(notes, folder)) == len(wanted) - 4
    assert [path.exists() for path in files] == [True, True, False, False]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_an_index_of_any_size_is_read_back(tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_file, "MOST_ENTRIES", 3)
    row = torch.ones(1, 2)
    vectors = {f"{number:064x}": row for number in range(count)}
    vectors_file.write(tmp_path / INDEX, "key", vectors)
    known, stale = vectors_file.read(tmp_path / INDEX, "key", dict.fromkeys(vectors, (1, 2)))
    assert (known.keys(), stale) == (vectors.keys(), False)
    assert vectors_file.read(tmp_path / INDEX, "other key", dict.fromkeys(vectors, (1, 2))) == ({}, True)
