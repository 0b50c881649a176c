"""A Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from ..conftest import Faults


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[tuple[Any, Faults]]:
    """Two nodes of one processor each, whose processes can have faults; started once for all tests."""
    ray = pytest.importorskip("ray", reason='Ray is not installed: make test-scale, or pip install "ray[data]"')
    from ray.cluster_utils import Cluster

    faults = Faults(tmp_path_factory.mktemp("faults"))
    os.environ |= faults.environment | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
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
