"""What every test starts from: one thread per process, messages in English, and a seed that is printed."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile

# Before torch is imported, here and in every process that a test starts: small models are slower on many threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["TORSO_LANG"] = "en"
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# What is made ready from a vocabulary is kept for this run alone, and for the processes that it starts.
if "TORSO_CACHE" not in os.environ:
    os.environ["TORSO_CACHE"] = tempfile.mkdtemp(prefix="torso-cache-")
    atexit.register(shutil.rmtree, os.environ["TORSO_CACHE"], ignore_errors=True)

import pytest

# A shell that starts the suite in the background lets it ignore Ctrl-C, and every process that a test starts too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def seed() -> int:
    """The seed of what tests draw: ``TORSO_TEST_SEED``, a number or ``fresh``; 0 where it is not set.

    A commit that passed once passes again; ``make nightly`` draws what nobody has seen.
    """
    if os.environ.get("TORSO_TEST_SEED") == "fresh":
        os.environ["TORSO_TEST_SEED"] = str(int.from_bytes(os.urandom(3), "big"))
    return int(os.environ.get("TORSO_TEST_SEED", "0"))


def pytest_configure() -> None:
    import hypothesis

    # Set before the workers start, which read it.
    os.environ["TORSO_TEST_SEED"] = str(seed())
    hypothesis.settings.register_profile("seeded", derandomize=True, database=None)
    if seed() == 0:
        hypothesis.settings.load_profile("seeded")


def pytest_report_header() -> str:
    return f"drawn with TORSO_TEST_SEED={seed()}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="of each family under contract, its plain config alone")


def pytest_collection_finish() -> None:
    if "transformers" in sys.modules:
        raise pytest.UsageError("A test module imports transformers at collection, which is slow: see tests/lazy.py.")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No network, and caches that hold nothing."""
    empty = tmp_path_factory.mktemp("home")
    for name in [*os.environ]:
        if name.startswith(("HF_", "HUGGINGFACE_", "TRANSFORMERS_", "MODELSCOPE_")) and "VERBOSITY" not in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HOME", str(empty / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
