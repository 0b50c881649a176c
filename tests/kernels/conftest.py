"""The kernels on each instruction set in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from torso.kernels import library as native
from torso.kernels.compile import every_set
from torso.kernels.library import Library


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the compiled library is skipped where it was not compiled; one that does not load is a failure."""
    if not native.file().exists():
        for item in items:
            if "kernels" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason="torso was installed without its compiled kernels"))


@pytest.fixture(scope="module", params=every_set())
def kernels(request: pytest.FixtureRequest) -> Iterator[Library]:
    """The library, on one instruction set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(native.SETTING, raising=False)
        library = native.library()
        assert library is not None, native.refusal()
        if request.param not in library.sets:
            pytest.skip(f"this processor has no {request.param}")
        before = library.set
        choose(library, request.param)
        yield library
        choose(library, before)


def choose(library: Library, name: str) -> None:
    """Another instruction set, from here on."""
    library.call.torso_choose(library.sets.index(name))
    library.set = name
