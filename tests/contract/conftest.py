"""Reference checkpoints, each made once for the tests that need it, and the table of deviations at the end of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from .families import FAMILIES, cases_of
from .reference import Deviations, Reference, make, unchanged

REFERENCES = 32
"""How many references are held at a time: tests of one stand together, and some compare it with another."""

_DEVIATIONS = Deviations()

# The reference library starts threads to read files; these have some kilobytes.
os.environ.setdefault("HF_DEACTIVATE_ASYNC_LOAD", "1")


@pytest.fixture
def deviations() -> Deviations:
    return _DEVIATIONS


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Reference]:
    made: dict[tuple[object, ...], Reference] = {}

    def get(model_type: str, config: str, case: str, **values: int) -> Reference:
        name = (model_type, config, case)
        key = (*name, *values.items())
        # What was used last stands last.
        made[key] = made.pop(key, None) or make(*name, tmp_path_factory.mktemp("-".join(name)), **values)
        if len(made) > REFERENCES:
            del made[next(iter(made))]
        return made[key]

    return get


@pytest.fixture(autouse=True)
def shared_models_unchanged() -> Iterator[None]:
    """A model that other tests use too is left as it was found."""
    yield
    unchanged()


@pytest.fixture(scope="package", autouse=True)
def files_stay_in_memory() -> Iterator[None]:
    """Nothing that is saved here need survive a power cut: the disk is not waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "configs(*names): the configs of each family to run on; all without it")
    config.addinivalue_line("markers", "labels(*kinds): only for cases with labels of these kinds")
    config.addinivalue_line(
        "markers", "needs(name): only for families with a case of that name, or whose reference takes position_ids"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes ``model_type``, ``config`` and ``case`` for all that the table of families holds."""
    names = [name for name in ("model_type", "config", "case") if name in metafunc.fixturenames]
    if "model_type" not in names:
        return
    chosen = metafunc.definition.get_closest_marker("configs")
    rows: dict[tuple[str, ...], None] = {}
    learned = metafunc.definition.get_closest_marker("labels")
    needed = metafunc.definition.get_closest_marker("needs")
    quick = metafunc.config.getoption("--quick")
    for model_type, family in FAMILIES.items():
        if needed is not None and not _has(model_type, needed.args[0]):
            continue
        for config in [*family.configs, "drawn"]:
            if (chosen is not None and config not in chosen.args) or (quick and config != "plain"):
                continue
            for case, about in cases_of(model_type).items():
                if learned is not None and about.labels not in learned.args:
                    continue
                values = {"model_type": model_type, "config": config, "case": case}
                rows[tuple(values[name] for name in names)] = None
    metafunc.parametrize(names, list(rows))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of one reference one behind the other, where they share what is made and loaded for them."""
    places = [place for place, item in enumerate(items) if _reference_of(item) is not None]
    for place, item in zip(places, sorted((items[place] for place in places), key=_order_of), strict=True):
        items[place] = item


def _reference_of(item: pytest.Item) -> tuple[str, str, str] | None:
    """The family, config and case of a test; those that most take where a test says nothing."""
    values = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    if "contract" not in item.path.parts or "model_type" not in values:
        return None
    needed = item.get_closest_marker("needs")
    case = needed.args[0] if needed is not None and needed.args[0] in cases_of(values["model_type"]) else "features"
    return values["model_type"], values.get("config", "plain"), values.get("case", case)


def _order_of(item: pytest.Item) -> tuple[int, int, int]:
    model_type, config, case = _reference_of(item) or ("", "", "")
    configs = [*FAMILIES[model_type].configs, "drawn"]
    return [*FAMILIES].index(model_type), configs.index(config), [*cases_of(model_type)].index(case)


def _has(model_type: str, name: str) -> bool:
    return FAMILIES[model_type].positions if name == "position_ids" else name in cases_of(model_type)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _DEVIATIONS.largest:
        terminalreporter.section("largest deviation from the reference")
        for what, size in sorted(_DEVIATIONS.largest.items()):
            terminalreporter.write_line(f"{what:44} {size:.2e}")
