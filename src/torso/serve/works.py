"""What requests bring to an engine: texts of a plan, or one call that runs as a whole."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, cast

from torso.engines.runner import BUDGET, run
from torso.serve.engine_thread import Work

if TYPE_CHECKING:
    from torso.tasks.task_plan import Plan
    from torso.tasks.windows import EncodedText


class PlanWork:
    """Encodings of a plan; those of plans of equal keys run in one batch.

    Args:
        plan: a task with its options.
        encoded: what it has read.
    """

    def __init__(self, plan: Plan[Any, Any, Any, Any], encoded: Sequence[EncodedText]) -> None:
        self.plan, self.encoded = plan, encoded

    @property
    def key(self) -> Hashable:
        """The plan's."""
        return self.plan.key

    def run(self, parts: Sequence[tuple[Work, int]]) -> Sequence[Any]:
        """Run encodings of this key; see `Work.run`."""
        encoded = [cast("PlanWork", work).encoded[index] for work, index in parts]
        plan = self.plan
        budget = plan.most_tokens or max(BUDGET, sum(map(len, encoded)))
        return list(
            run(plan.runner, iter(encoded), plan.split, prepare=plan.prepare, wanted=plan.wanted, budget=budget)
        )


class WholeWork:
    """A call that runs by itself, such as a beam search.

    Args:
        call: what is run.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call

    @property
    def key(self) -> Hashable:
        """Its own: it shares no batch."""
        return id(self)

    def run(self, parts: Sequence[tuple[Work, int]]) -> Sequence[Any]:
        """Run the call; see `Work.run`."""
        return [cast("WholeWork", work).call() for work, _ in parts]
