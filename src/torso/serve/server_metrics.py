"""Metrics in the form of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_NONE: Mapping[str, str] = {}
_TOKENS = (1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


class Metrics:
    """Counters and histograms of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("torso_requests", "Requests answered.", ["route", "status"], **own)
        self.tokens = Counter("torso_tokens", "Tokens read and generated.", ["model", "kind"], **own)
        self.refused = Counter("torso_refused", "Requests refused, by code.", ["code"], **own)
        self.cancelled = Counter("torso_cancelled", "Requests whose client left, by phase.", ["when"], **own)
        self.phases = Histogram("torso_phase_seconds", "Seconds of each phase.", ["phase"], buckets=_SECONDS, **own)
        self.batches = Histogram("torso_batch_tokens", "Tokens of a batch.", ["model"], buckets=_TOKENS, **own)
        self.queued = Gauge("torso_queue_tokens", "Tokens in the queue.", ["model"], **own)
        self.running = Gauge("torso_requests_in_progress", "Requests that are not answered yet.", **own)
        self.late = Histogram("torso_loop_late_seconds", "Lateness of the event loop.", buckets=_SECONDS, **own)
        self.cache_rows = Gauge("torso_kv_rows", "Rows of key/value caches.", ["model", "state"], **own)
        self.bound = Gauge("torso_memory_bound_bytes", "Bound on memory beside the weights.", **own)

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
