"""Fuzzes what training reads: tables of every kind, and what a run wrote of itself."""

from __future__ import annotations

import io
import json
import random
import struct
import tempfile
from functools import cache
from pathlib import Path

import torch
from children import Target, main

# isort: split
from mutations import changed_value, json_bytes, lines_bytes, mangled, odd, safetensors_bytes

from torso.training.data_files import read_table
from torso.training.run_folder import settings_of
from torso.training.run_state import FILE, restore_state, save_state
from torso.training.train_settings import TrainSettings

ROWS = [{"text": "好", "label": "a"}, {"text": 'a, "b"\n c', "label": "b"}, {"text": "", "label": "a"}]
TABLE = {".csv": b'text,label\n\xe5\xa5\xbd,a\n"b, ""x""\n c",b\n', ".tsv": b'text\tlabel\na\t1\n"b"\t2\n'}
SETTINGS = {"settings": TrainSettings().plain(), "versions": {"torso": "0"}, "data": {"rows": 3}}


@cache
def parquet() -> bytes:
    """A small table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS * 20), file, row_group_size=7)
    return file.getvalue()


def build_table(some: random.Random, folder: Path) -> Path:
    """Writes a mutated table."""
    kind = some.choice((".csv", ".tsv", ".jsonl", ".json", ".parquet"))
    if kind == ".parquet":
        data = mangled(some, parquet())
    elif kind == ".json":
        data = json_bytes(some, ROWS if some.random() < 0.5 else {"data": ROWS, "version": 1})
    elif kind == ".jsonl":
        data = lines_bytes(some, b"\n".join(json.dumps(changed_value(some, row)).encode() for row in ROWS))
    else:
        data = lines_bytes(some, TABLE[kind])
    if some.random() < 0.1:
        data = str(odd(some)).encode("utf-16" if some.random() < 0.5 else "utf-8", "replace") + data
    path = folder / f"table{kind}"
    path.write_bytes(data)
    return path


def build_settings(some: random.Random, folder: Path) -> Path:
    """Writes a mutated run.json."""
    (folder / "run.json").write_bytes(json_bytes(some, SETTINGS))
    return folder / "run.json"


def call_settings(path: Path) -> None:
    """Reads the settings of a run."""
    TrainSettings.of(settings_of(path))


def learner() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """A layer and what moves it, once it has moved."""
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    return model, optimiser


@cache
def state() -> tuple[dict[str, object], bytes]:
    """Header and body of a run's state."""
    folder = Path(tempfile.mkdtemp())
    save_state(folder, *learner(), {"step": 3, "epoch": 1})
    data = (folder / FILE).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def build_state(some: random.Random, folder: Path) -> Path:
    """Writes a mutated state of a run."""
    header, body = state()
    if some.random() < 0.3:
        header = {**header, "__metadata__": {"run": json_bytes(some, {"step": 3}).decode("utf-8", "replace")}}
    (folder / FILE).write_bytes(safetensors_bytes(some, header, body))
    return folder


def call_state(folder: Path) -> None:
    """Resumes from it."""
    restore_state(folder, *learner())


if __name__ == "__main__":
    learner()
    main(
        Target("training_tables", build_table, read_table),
        Target("run_json", build_settings, call_settings),
        Target("run_state", build_state, call_state),
    )
