"""A Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import pytest

from ..conftest import Faults


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory) -> Iterator[tuple[Any, Faults]]:
    """Two nodes of one processor each, whose processes can have faults; started once for all tests."""
    if find_spec("moto") is not None:
        request.getfixturevalue("bucket")  # workers inherit from their node the address of the store
    ray = pytest.importorskip("ray", reason='Ray is not installed: make test-scale, or pip install "ray[data]"')
    from ray.cluster_utils import Cluster

    faults = Faults(tmp_path_factory.mktemp("faults"))
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
    settings["RAY_worker_niceness"] = "0"  # Ray's own is 15: beside anything else its workers hardly run
    os.environ |= faults.environment | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray leaves files open
        made = Cluster(initialize_head=True, head_node_args=_node(include_dashboard=False))
        made.add_node(**_node())
        ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
        yield made, faults
        ray.shutdown()
        with suppress(Exception):
            made.shutdown()
    for name in faults.environment:
        os.environ.pop(name)


def _node(**further: object) -> dict[str, Any]:
    return dict(num_cpus=1, object_store_memory=80 << 20, **further)


@pytest.fixture
def ray_faults(cluster) -> Iterator[Faults]:
    _, faults = cluster
    faults.clear()
    yield faults
    faults.clear()
