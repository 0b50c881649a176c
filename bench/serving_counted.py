"""`torso serve` that counts the processor's seconds which its event loop spends in the library, for `bench/serving.py`.

What the loop does is HTTP, JSON and the queue, and for short requests also what `torso.encode` does: it tokenizes, and
makes results of rows. These are counted where they are done: measured apart from the server, whose model leaves nothing
in the caches, tokenizing takes two thirds of the time.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torso.cli import main
from torso.serve.server_metrics import Metrics
from torso.tasks._embed import EmbedPlan

NAME = "library_seconds_on_the_loop"
spent = 0.0
loop = threading.get_ident()  # of the main thread, which runs the loop


def counted(method: Callable[[Any, Any], Iterator[Any]]) -> Callable[[Any, Iterable[Any]], Iterator[Any]]:
    """A step of a plan that counts its time where it runs on the event loop."""

    def run(self: Any, given: Iterable[Any]) -> Iterator[Any]:
        global spent
        if threading.get_ident() != loop:
            return method(self, given)
        begun = time.thread_time()
        made = list(method(self, given))
        spent += time.thread_time() - begun
        return iter(made)

    return run


def _with_count(text: Callable[[Metrics], bytes]) -> Callable[[Metrics], bytes]:
    return lambda self: text(self) + f"{NAME} {spent}\n".encode()


if __name__ == "__main__":
    EmbedPlan.read, EmbedPlan.finish = counted(EmbedPlan.read), counted(EmbedPlan.finish)
    Metrics.text = _with_count(Metrics.text)
    sys.exit(main())
