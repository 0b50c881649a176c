"""Reference checkpoints, made once per run, and the table of deviations at its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .families import FAMILIES, cases_of
from .reference import Deviations, Reference, make

_DEVIATIONS = Deviations()


@pytest.fixture
def deviations() -> Deviations:
    return _DEVIATIONS


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Reference]:
    made: dict[tuple[object, ...], Reference] = {}

    def get(model_type: str, config: str, case: str, **values: int) -> Reference:
        name = (model_type, config, case)
        key = (*name, *values.items())
        if key not in made:
            made[key] = make(*name, tmp_path_factory.mktemp("-".join(name)), **values)
        return made[key]

    return get


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


def _has(model_type: str, name: str) -> bool:
    return FAMILIES[model_type].positions if name == "position_ids" else name in cases_of(model_type)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _DEVIATIONS.largest:
        terminalreporter.section("largest deviation from the reference")
        for what, size in sorted(_DEVIATIONS.largest.items()):
            terminalreporter.write_line(f"{what:44} {size:.2e}")
