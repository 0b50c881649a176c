"""Wheels: what one holds and is called. `make wheels` builds every platform's."""

from __future__ import annotations

import json
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from tools import wheels
from tools.build_twice import BuildError
from tools.wheel_platforms import PLATFORMS
from tools.wheels import HERE, build, check
from torso.kernels import library
from torso.kernels.compile import every_set


def test_the_last_resort_holds_no_kernels_and_all_else(tmp_path: Path) -> None:
    wheel = build("any", tmp_path)  # twice, to the same bytes
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        described = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode("utf-8")
    assert "## Measured" in described
    assert "](docs/" not in described
    assert "](examples" not in described
    assert not [name for name in names if name.endswith((".so", ".dll"))]
    assert {"torso/__init__.py", "torso/py.typed", "torso/kernels/native/torso_kernels.h"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "tools/"))]


def test_a_wheel_without_its_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "torso.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("torso/kernels/_native.so", b"")
    monkeypatch.setattr("tools.wheels.run", lambda command, folder: "")
    with pytest.raises(BuildError, match=r"not \['torso/kernels/_native.dll'\]"):
        check(wheel, "windows-x86-64")
    with pytest.raises(BuildError, match="not none"):
        check(wheel, "any")


@pytest.mark.skipif(HERE is None, reason="no platform of wheels that runs here")
def test_a_library_that_chooses_less_than_this_processor_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HERE is not None
    if not library.file().is_file():
        pytest.skip("no kernels are compiled here")
    wheel = tmp_path / "torso.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(library.file(), "torso/kernels/_native.so")
    said = _audited(PLATFORMS[HERE].tag.split(".")[0])
    own = wheels.run
    monkeypatch.setattr(wheels, "run", lambda command, folder: own(command, folder) if "-c" in command else said)
    check(wheel, HERE)
    monkeypatch.setattr(wheels, "sets_here", lambda: ("a better one", "baseline"))
    with pytest.raises(BuildError, match="which has a better one"):
        check(wheel, HERE)


def _audited(tag: str, *libraries: str) -> str:
    """What auditwheel says of symbols that a tag allows, and of libraries that none does."""
    return json.dumps({"sym_tag": tag, "external_libs": dict.fromkeys(libraries)})


@pytest.mark.parametrize(
    ("platform", "said", "allowed"),
    [
        ("linux-x86-64", _audited("manylinux_2_17_x86_64"), True),
        ("linux-x86-64", _audited("manylinux_2_28_x86_64"), False),
        ("linux-x86-64", _audited("manylinux_2_17_x86_64", "libstdc++.so.6"), False),
        ("linux-arm64", _audited("manylinux_2_17_x86_64"), False),
        ("linux-x86-64", _audited("manylinux_2_17_x86_64", "libc.so"), False),
        ("musl-arm64", _audited("musllinux_1_2_aarch64", "libc.so"), True),
        ("musl-arm64", _audited("musllinux_1_2_aarch64"), True),
        ("musl-x86-64", _audited("musllinux_1_2_x86_64", "libc.so", "libgomp.so.1"), False),
    ],
)
def test_a_library_asks_for_what_its_tag_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, said: str, allowed: bool
) -> None:
    wheel = tmp_path / "torso.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("torso/kernels/_native.so", b"")
    monkeypatch.setattr(wheels, "HERE", None)
    monkeypatch.setattr(wheels, "run", lambda command, folder: said)
    with nullcontext() if allowed else pytest.raises(BuildError, match="sym_tag"):
        check(wheel, platform)


def test_every_processor_has_its_instruction_sets() -> None:
    for platform in PLATFORMS.values():
        assert every_set(platform.machine)[-1] == "baseline"
    assert every_set("x86_64") != every_set("aarch64")
