"""Metrics in the form of Prometheus."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

Metric = TypeVar("Metric", Counter, Gauge, Histogram)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_NONE: Mapping[str, str] = {}
_TOKENS = (1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


class Phases(Collector):
    """Histograms of the seconds of phases; several are noted for each request, which prometheus_client takes long for.

    Args:
        registry: that collects them.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe(self, phase: str, seconds: float) -> None:
        """Note one phase, from any thread."""
        self.observe_all({phase: seconds})

    def observe_all(self, phases: Mapping[str, float]) -> None:
        """Note some phases, from any thread."""
        with self._lock:
            for phase, seconds in phases.items():
                counts = self._counts.get(phase)
                if counts is None:
                    counts = self._counts[phase] = [0] * (len(_SECONDS) + 1)
                    self._sums[phase] = 0.0
                counts[bisect_left(_SECONDS, seconds)] += 1
                self._sums[phase] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield what was noted."""
        family = HistogramMetricFamily("torso_phase_seconds", "Seconds of each phase.", labels=["phase"])
        edges = [*(str(float(each)) for each in _SECONDS), "+Inf"]
        with self._lock:
            for phase, counts in self._counts.items():
                family.add_metric([phase], list(zip(edges, accumulate(counts), strict=True)), self._sums[phase])
        yield family


class Metrics:
    """Counters and histograms of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("torso_requests", "Requests answered.", ["route", "status"], **own)
        self.tokens = Counter("torso_tokens", "Tokens read and generated.", ["model", "kind"], **own)
        self.refused = Counter("torso_refused", "Requests refused, by code.", ["code"], **own)
        self.cancelled = Counter("torso_cancelled", "Requests whose client left, by phase.", ["when"], **own)
        self.phases = Phases(self.registry)
        self.batches = Histogram("torso_batch_tokens", "Tokens of a batch.", ["model"], buckets=_TOKENS, **own)
        self.queued = Gauge("torso_queue_tokens", "Tokens in the queue.", ["model"], **own)
        self.running = Gauge("torso_requests_in_progress", "Requests that are not answered yet.", **own)
        self.late = Histogram("torso_loop_late_seconds", "Lateness of the event loop.", buckets=_SECONDS, **own)
        self.cache_rows = Gauge("torso_kv_rows", "Rows of key/value caches.", ["model", "state"], **own)
        self.bound = Gauge("torso_memory_bound_bytes", "Bound on memory beside the weights.", **own)
        self._children: dict[tuple[object, ...], Any] = {}

    def of(self, metric: Metric, *labels: str) -> Metric:
        """Return a metric for some values of its labels; kept, since to find it costs more than to count."""
        found: Metric | None = self._children.get((metric, *labels))
        if found is None:
            found = cast("Metric", metric.labels(*labels))
            self._children[(metric, *labels)] = found
        return found

    def total(self, metric: Counter | Gauge, labels: Mapping[str, str] = _NONE) -> float:
        """Return the sum of a counter or gauge over all label values, or those that have some values."""
        return sum(
            sample.value
            for family in metric.collect()
            for sample in family.samples
            if not sample.name.endswith("_created") and labels.items() <= sample.labels.items()
        )

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
