"""The training loop: steps, evaluations, checkpoints, early stopping."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torso.engines.model_state import Modes
from torso.errors import TrainingError
from torso.io.paths import shown
from torso.model import Model
from torso.training.examples import Example
from torso.training.learning_rates import warmup_steps
from torso.training.objective import Objective
from torso.training.optimiser_step import RatePlan, Stepper, StepResult
from torso.training.parameter_groups import optimiser_of, parameter_groups
from torso.training.ranks import from_first, rank
from torso.training.run_state import FILE, holds_state, restore_state, save_state
from torso.training.sharding import is_sharded, whole
from torso.training.step_order import Step, steps
from torso.training.train_settings import TrainSettings

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One evaluation.

    Attributes:
        step: after which it was made.
        epoch: passes over the texts until then.
        loss: mean of the steps' losses since the evaluation before.
        scores: of the development texts; empty where there are none.
        rate: of the last step.
        tokens: tokens of the steps since the evaluation before.
        best: whether it is the best so far.
    """

    step: int
    epoch: float
    loss: float
    scores: dict[str, float]
    rate: float
    tokens: int
    best: bool


class Watcher(Protocol):
    """Follows a run, such as a display or a logger. Each method is called by the loop."""

    def started(self, total: int, step: int) -> None:
        """Follow the beginning, of ``total`` steps, after ``step`` of an earlier part of the run."""

    def stepped(self, step: Step, result: StepResult) -> None:
        """Follow a step."""

    def evaluated(self, row: Row) -> None:
        """Follow an evaluation."""

    def saved(self, folder: Path, step: int) -> None:
        """Follow a checkpoint."""

    def finished(self, step: int) -> None:
        """Follow the end."""


@dataclass(slots=True)
class Progress:
    """How far a run has come; what a checkpoint holds beside tensors.

    Attributes:
        step: number of the last step taken.
        tokens: of one micro-batch, which memory may have reduced.
        history: evaluations.
        best_step: step of the best evaluation; 0 before the first.
        best_score: its score.
        best_loss: its loss.
        waited: evaluations since then.
        loss_sum: sum of the steps' losses since the last evaluation.
        loss_steps: how many they are.
        loss_tokens: their tokens.
        stopped: whether the run stopped early.
        pending: whether the run was interrupted before the evaluation that is due after the last step.
    """

    step: int = 0
    tokens: int = 4096
    history: list[Row] = field(default_factory=list[Row])
    best_step: int = 0
    best_score: float = 0.0
    best_loss: float = 0.0
    waited: int = 0
    loss_sum: float = 0.0
    loss_steps: int = 0
    loss_tokens: int = 0
    stopped: bool = False
    pending: bool = False

    def facts(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Progress:
        """Return the progress of JSON values."""
        values: dict[str, Any] = {**facts, "history": [Row(**row) for row in facts["history"]]}
        return cls(**values)


def fit(
    model: Model[Any],
    objective: Objective[Any],
    examples: Sequence[Example],
    settings: TrainSettings,
    *,
    rate: float,
    evaluate: Callable[[], Scores] | None = None,
    better: Callable[[Scores], float] | None = None,
    save_best: Callable[[], None] | None = None,
    folder: Path | None = None,
    identity: str = "",
    watch: Sequence[Watcher] = (),
    resume: bool = False,
    order: Callable[[int], Sequence[int]] | None = None,
) -> Progress:
    """Train a model in place; return how it went.

    The same arguments give the same bits, also after a run was killed and resumed, on one machine with one number of
    threads.

    Args:
        model: parameters with ``requires_grad`` learn; whole, or divided by `sharding.shard`. Its mode is restored at
            the end.
        objective: of its task.
        examples: at least one.
        settings: of the run; what they freeze is frozen by the caller, see `parameter_groups.freeze`.
        rate: peak learning rate.
        evaluate: computes scores in between, in the mode it wants; None evaluates nothing.
        better: makes one number of scores, higher for a better model; None takes the negative ``loss``.
        save_best: called after each evaluation that is the best so far, and after every one without ``evaluate``.
        folder: where checkpoints are written; None writes none.
        identity: of data, model and settings: a checkpoint of another is refused.
        watch: follow the run.
        resume: whether to continue from the checkpoint in ``folder``, if there is one.
        order: the texts of a step by its number, in place of `step_order.steps`.

    Raises:
        DivergedError: ``E_DIVERGED``, see `Stepper.take`.
        TrainingError: ``E_NO_GRADIENT``, if a parameter learns nothing; ``E_OTHER_RUN``, for a checkpoint of
            another run.
        LimitError: ``E_MEMORY``.
    """
    total = settings.total_steps(len(examples))
    plan = RatePlan(rate, settings.schedule, warmup_steps(settings.warmup, total), total)
    optimiser = optimiser_of(model, parameter_groups(model, settings, rate), settings)
    stepper = Stepper(
        model,
        objective,
        optimiser,
        plan,
        clip=settings.clip,
        tokens=settings.tokens,
        precision=settings.precision,
        seed=settings.seed,
    )
    progress = Progress(tokens=settings.tokens)
    if resume and folder is not None and holds_state(folder):
        facts = restore_state(folder, model, optimiser)
        if facts["identity"] != identity:
            raise TrainingError(
                "E_OTHER_RUN",
                "{folder} holds a run with other data, another model or other settings.",
                cure="Resume with the same ones, or begin again with --replace.",
                values=dict(folder=shown(folder)),
            )
        progress = Progress.of(facts["progress"])
        stepper.tokens = progress.tokens
    loop = _Loop(stepper, settings, progress, len(examples), evaluate, better, save_best, folder, identity, watch)
    modes = Modes(model)
    model.train()
    for each in watch:
        each.started(total, progress.step)
    try:
        if progress.pending:
            loop.evaluate_and_save(plan.at(progress.step))
            model.train()
        for step in steps(len(examples), batch=settings.batch, total=total, seed=settings.seed, after=progress.step):
            if progress.stopped:
                break
            chosen = order(step.number) if order is not None else step.texts
            loop.step(step, [examples[index] for index in chosen])
            model.train()
    except KeyboardInterrupt:
        loop.save()
        raise
    finally:
        modes.restore()
    for each in watch:
        each.finished(progress.step)
    return progress


class _Loop:
    """What happens around each step."""

    def __init__(
        self,
        stepper: Stepper,
        settings: TrainSettings,
        progress: Progress,
        texts: int,
        evaluate: Callable[[], Scores] | None,
        better: Callable[[Scores], float] | None,
        save_best: Callable[[], None] | None,
        folder: Path | None,
        identity: str,
        watch: Sequence[Watcher],
    ) -> None:
        self.stepper, self.settings, self.progress, self.texts = stepper, settings, progress, texts
        self.evaluate, self.better, self.save_best = evaluate, better, save_best
        self.folder, self.identity, self.watch = folder, identity, watch
        self.whole = True

    def step(self, step: Step, examples: Sequence[Example]) -> None:
        """Take a step, and do what is due after it."""
        self.whole = False
        result = self.stepper.take(step, examples)
        progress = self.progress
        if step.number == 1 and (unlearnt := self.stepper.unlearnt()):
            raise _no_gradient(unlearnt)
        progress.step, progress.tokens = step.number, self.stepper.tokens
        progress.loss_sum += result.loss
        progress.loss_steps += 1
        progress.loss_tokens += result.tokens
        progress.pending = self.settings.due(self.settings.evaluate_every, step.number, self.texts)
        self.whole = True
        for each in self.watch:
            each.stepped(step, result)
        if progress.pending:
            self.evaluate_and_save(result.rate)
        elif self.settings.due(self.settings.save_every, step.number, self.texts):
            self.save()

    def evaluate_and_save(self, rate: float) -> None:
        """Make the evaluation that is due, keep the model if it is the best so far, and write a checkpoint."""
        progress, settings = self.progress, self.settings
        with whole(self.stepper.model):
            scores = self._scores()
            score = 0.0
            if scores:
                score = self.better(scores) if self.better is not None else -scores["loss"]
            loss = scores.get("loss", 0.0)
            improved = (score, -loss) > (progress.best_score, -progress.best_loss)  # of equal scores the lower loss
            best = not scores or not progress.best_step or improved
            if best and self.save_best is not None and rank() == 0:
                self.save_best()
        epoch = progress.step / settings.steps_of_epoch(self.texts)
        trained = progress.loss_sum / progress.loss_steps
        row = Row(progress.step, epoch, trained, scores, rate, progress.loss_tokens, best and bool(scores))
        # Only now: interrupted before, the evaluation is made again when the run is resumed.
        if best:
            progress.best_step, progress.best_score, progress.best_loss = progress.step, score, loss
            progress.waited = 0
        else:
            progress.waited += 1
        progress.history.append(row)
        progress.loss_sum, progress.loss_steps, progress.loss_tokens = 0.0, 0, 0
        progress.stopped = settings.patience is not None and progress.waited >= settings.patience
        progress.pending = False
        for each in self.watch:
            each.evaluated(row)
        self.save()

    def _scores(self) -> dict[str, float]:
        evaluate = self.evaluate or dict[str, float]
        # A sharded model's hooks have to see the same passes in every process.
        return dict(evaluate()) if is_sharded(self.stepper.model) else from_first(lambda: dict(evaluate()))

    def save(self) -> None:
        """Write a checkpoint of the last whole step; nothing where a step was interrupted half-way."""
        if self.folder is None or not self.whole or not self.progress.step:
            return
        facts = {"identity": self.identity, "progress": self.progress.facts(), "time": time.time()}
        save_state(self.folder, self.stepper.model, self.stepper.optimiser, facts)
        self.stepper.checkpoint = shown(self.folder / FILE)
        for each in self.watch:
            each.saved(self.folder, self.progress.step)


def _no_gradient(names: Sequence[str]) -> TrainingError:
    return TrainingError(
        "E_NO_GRADIENT",
        "{count} parameters had no gradient in the first step, so they would never learn: {names}.",
        cure="Freeze them: freeze=[...].",
        values=dict(count=len(names), names=", ".join(names[:4])),
    )
