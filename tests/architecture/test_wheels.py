"""Wheels: what one holds and is called. `make wheels` builds every platform's."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tools.build_twice import BuildError
from tools.wheel_platforms import PLATFORMS
from tools.wheels import build, check
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


def test_every_processor_has_its_instruction_sets() -> None:
    for platform in PLATFORMS.values():
        assert every_set(platform.machine)[-1] == "baseline"
    assert every_set("x86_64") != every_set("aarch64")
