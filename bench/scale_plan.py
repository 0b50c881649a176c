"""A cluster on paper: how long a batch job takes on how many workers, simulated from a measured rate.

python bench/scale_plan.py [--rows 1000000000] [--rate ROWS_PER_SECOND_OF_A_WORKER] [--dollars PER_WORKER_HOUR]

The rate is that of one worker of one core, from bench/scale.json where it is there (the median of "local, 2 workers",
halved). Simulated are the start of a worker, slices whose seconds vary by a tenth, nodes that are taken away at random
and replaced after a wait, with the loss of the slices that their workers had begun, and the tail, with idle ones.
What is not: a store or network that is slower than the workers, and a driver's own limits.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import statistics
from dataclasses import dataclass
from pathlib import Path

MEASURED = Path(__file__).with_name("scale.json")


@dataclass(frozen=True)
class Cluster:
    """Workers in nodes of ``per_node``; a node lasts ``lifetime`` hours on average, and its successor is awaited."""

    workers: int
    per_node: int = 16
    lifetime: float = float("inf")  # hours
    start: float = 30.0  # seconds to a worker's first slice
    wait: float = 180.0  # seconds to another node


@dataclass(frozen=True)
class Outcome:
    hours: float
    busy: float  # part of the workers' time in which slices that count were run
    again: int  # slices run again


def simulate(slices: int, seconds: float, cluster: Cluster, seed: int = 0) -> Outcome:
    """Deal slices to nodes' workers in order of time; an event is a worker that is free, at ``(time, node, life)``."""
    draw = random.Random(seed)
    nodes = -(-cluster.workers // cluster.per_node)

    def life() -> float:
        return draw.expovariate(1 / (cluster.lifetime * 3600)) if cluster.lifetime != float("inf") else float("inf")

    ends = [life() for _ in range(nodes)]
    free = [(cluster.start, worker // cluster.per_node) for worker in range(cluster.workers)]
    heapq.heapify(free)
    waiting, again, last = slices, 0, 0.0
    renewed: dict[int, float] = {}
    while waiting:
        time, node = heapq.heappop(free)
        spent = seconds * max(0.5, draw.gauss(1, 0.1))
        if time + spent > ends[node]:
            # The node goes while the slice runs, and its workers begin anew together.
            back = ends[node] + cluster.wait + cluster.start
            again += 1
            heapq.heappush(free, (max(time, back), node))
            renewed[node] = renewed.get(node, 0) + 1
            if renewed[node] >= min(cluster.per_node, cluster.workers - node * cluster.per_node):
                ends[node], renewed[node] = back + life(), 0
            continue
        waiting -= 1
        last = max(last, time + spent)
        heapq.heappush(free, (time + spent, node))
    return Outcome(last / 3600, slices * seconds / (cluster.workers * last), again)


def measured_rate() -> float | None:
    if not MEASURED.exists():
        return None
    rounds = json.loads(MEASURED.read_text())["ways"]["local, 2 workers"]
    return statistics.median(each["rate"] for each in rounds) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000_000)
    parser.add_argument("--rate", type=float, default=measured_rate())
    parser.add_argument("--slice", type=int, default=20_000)
    parser.add_argument("--dollars", type=float, default=0.0, help="of a worker's hour")
    asked = parser.parse_args()
    if asked.rate is None:
        parser.error("measure a rate first: python bench/scale.py --save bench/scale.json; or give --rate")
    slices, seconds = -(-asked.rows // asked.slice), asked.slice / asked.rate
    print(f"{asked.rows:,} rows, {slices:,} slices of {seconds:.0f} s each at {asked.rate:,.0f} rows/s and worker")
    print(f"{'workers':>8} {'nodes last':>11} {'hours':>8} {'busy':>6} {'run again':>10} {'dollars':>9}")
    for workers in (64, 256, 1024, 4096):
        for lifetime in (float("inf"), 24.0, 4.0):
            found = simulate(slices, seconds, Cluster(workers, lifetime=lifetime))
            lasting = "always" if lifetime == float("inf") else f"{lifetime:.0f} h"
            cost = f"{found.hours * workers * asked.dollars:,.0f}" if asked.dollars else "-"
            print(f"{workers:>8} {lasting:>11} {found.hours:>8.1f} {found.busy:>6.1%} {found.again:>10,} {cost:>9}")


if __name__ == "__main__":
    main()
