"""Loading a tokenizer from its vocabulary's own files: the first time, from the cache, and `tokenizers`' own share.

A Unigram model of 32,000 pieces and a byte-level BPE of 50,000 entries, trained on the sources of installed packages;
milliseconds, medians of `rounds` in turn in one process. "shared" is a load while the same tokenizer is alive.

python bench/tokenizer_load.py [rounds]
"""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sentencepiece
import transformers
from tokenizers import Tokenizer as Engine
from tokenizers import models, pre_tokenizers, trainers

from torso.text import Tokenizer, load_tokenizer


def lines() -> Iterator[str]:
    for path in sorted(Path(transformers.__file__).parent.rglob("*.py"))[:3000]:
        yield from (line for line in path.read_text("utf-8", "ignore").split("\n") if line.strip())


def unigram(folder: Path) -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for number, line in enumerate(lines()) if number < 400_000),
        model_writer=model,
        model_type="unigram",
        vocab_size=32_000,
        hard_vocab_limit=False,
        minloglevel=2,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
    )
    (folder / "spiece.model").write_bytes(model.getvalue())
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "T5Tokenizer"}))


def byte_level(folder: Path) -> None:
    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    engine.train_from_iterator(
        lines(), trainers.BpeTrainer(vocab_size=50_000, initial_alphabet=alphabet, show_progress=False)
    )
    engine.model.save(str(folder))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer"}))


def milliseconds(call: Callable[[], object]) -> float:
    gc.collect()
    begin = time.perf_counter()
    kept = call()
    taken = (time.perf_counter() - begin) * 1e3
    del kept
    return taken


def measure(folder: Path, kind: str, rounds: int) -> None:
    cache = Path(os.environ["TORSO_CACHE"])
    alive = Tokenizer.from_folder(folder)
    document = json.dumps(alive._loaded.backend.document(), ensure_ascii=False).encode()
    reference = getattr(transformers, kind)
    taken: dict[str, list[float]] = {}

    def first() -> Tokenizer:
        shutil.rmtree(cache, ignore_errors=True)
        load_tokenizer._wheels.clear()
        return Tokenizer.from_folder(folder)

    def again() -> Tokenizer:
        load_tokenizer._wheels.clear()
        return Tokenizer.from_folder(folder)

    programs: dict[str, Callable[[], object]] = {
        "first load": first,
        "from the cache": again,
        "shared": lambda: Tokenizer.from_folder(folder),
        "`tokenizers` alone, from its JSON": lambda: Engine.from_buffer(document),
        "transformers, from the same files": lambda: reference.from_pretrained(folder),
    }
    for _ in range(rounds):
        for name, call in programs.items():
            if name == "shared":
                alive = again()
            taken.setdefault(name, []).append(milliseconds(call))
    print(f"{kind}, {len(alive):,} entries")
    for name, values in taken.items():
        print(f"  {name:36} {statistics.median(values):7.1f} ms   least {min(values):7.1f}")


if __name__ == "__main__":
    os.environ["TORSO_CACHE"] = tempfile.mkdtemp()
    for make, kind in ((unigram, "T5Tokenizer"), (byte_level, "GPT2Tokenizer")):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name))
            measure(Path(name), kind, int(sys.argv[1]) if len(sys.argv) > 1 else 9)
