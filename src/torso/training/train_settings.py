"""Settings of a training run, checked when they are made. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_type_hints

from torso.errors import InputError
from torso.io.arguments import checked_calls
from torso.io.typed_values import fitted

Schedule = Literal["linear", "cosine", "constant", "wsd"]
Precision = Literal["auto", "float32", "bf16"]
Optimiser = Literal["adamw", "muon"]
LongRule = Literal["error", "truncate", "drop"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "optimiser": ("adamw", "muon"),
    "schedule": ("linear", "cosine", "constant", "wsd"),
    "precision": ("auto", "float32", "bf16"),
    "long": ("truncate", "drop", "error"),
}


@checked_calls
@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Hyperparameters of a run. What the result depends on is ``batch``; memory and speed depend on ``tokens``.

    Attributes:
        epochs: passes over the training texts; the last may be a part of one.
        steps: optimiser steps, in place of ``epochs``; None counts them from the epochs.
        batch: texts of one optimiser step.
        tokens: tokens of one micro-batch: a step of more is cut into several, whose gradients add up.
        rate: peak learning rate; None takes `default_rate` of the model.
        head_rate: peak learning rate of the head; None for ``rate``.
        optimiser: ``adamw``, or ``muon``: Muon for the matrices of the blocks and AdamW for the rest, for training from
            new weights.
        matrix_rate: peak learning rate of Muon; None for ten times ``rate``.
        layer_decay: factor on the rate from each block to the one below it; 1 for one rate.
        weight_decay: AdamW's, of matrices; biases and norms have none.
        schedule: course of the rate after warm-up: ``linear`` or ``cosine`` to 0, ``constant``, or ``wsd`` (constant,
            then linear to 0 over the last tenth of the steps).
        warmup: share of the steps in which the rate rises from 0; a number of steps from 1 on.
        clip: largest norm of the gradient; None does not clip.
        betas: AdamW's decay rates of the two moments.
        epsilon: AdamW's term in the denominator.
        precision: ``float32``; ``bf16`` computes in bfloat16 with float32 weights; ``auto`` takes bf16 on accelerators
            that have it.
        freeze: modules that do not learn, by torso's names or the Hub's, such as ``embed`` or ``layers.0-5``.
        class_weights: weight of each label in the loss; ``balanced`` weighs inversely to how often a label occurs.
        loss: of embeddings (``multiple-negatives``, ``cosent``, ...) or of a ranking; None for the one that the columns
            mean.
        dimensions: of embeddings: first numbers of a vector that are to be a vector themselves (Matryoshka).
        evaluate_every: epochs (float) or steps (int) between evaluations.
        save_every: epochs (float) or steps (int) between checkpoints to resume from.
        metric: score of which the best model is kept; None for the task's.
        patience: evaluations without improvement after which the run stops early; None never stops early.
        long: texts longer than the model takes: ``truncate`` them, ``drop`` them, or ``error``; they are counted.
        seed: of the order of texts, of dropout, of masks and of a new head.
    """

    epochs: float | None = None
    steps: int | None = None
    batch: int = 32
    tokens: int = 4096
    rate: float | None = None
    head_rate: float | None = None
    optimiser: Optimiser = "adamw"
    matrix_rate: float | None = None
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    schedule: Schedule = "linear"
    warmup: float = 0.06
    clip: float | None = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    precision: Precision = "auto"
    freeze: tuple[str, ...] = ()
    class_weights: Literal["balanced"] | Mapping[str, float] | None = None
    loss: str | None = None
    dimensions: tuple[int, ...] = ()
    evaluate_every: float | int = 1.0
    save_every: float | int = 1.0
    metric: str | None = None
    patience: int | None = None
    long: LongRule = "truncate"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            InputError: ``E_ARGUMENT``, naming the setting.
        """
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(
                    "E_ARGUMENT",
                    "{name} is {value!r}; it must be one of: {known}.",
                    cure="Leave it out for {first}.",
                    values=dict(name=name, value=getattr(self, name), known=", ".join(known), first=known[0]),
                )
        if self.steps is not None and self.epochs is not None:
            raise InputError(
                "E_ARGUMENT",
                "Both epochs ({epochs}) and steps ({steps}) are set; each gives the length of the run.",
                cure="Leave one of them out.",
                values=dict(epochs=self.epochs, steps=self.steps),
            )
        if self.matrix_rate is not None and self.optimiser != "muon":
            raise InputError(
                "E_ARGUMENT",
                "matrix_rate would have no effect: it is the rate of Muon, and the optimiser is {optimiser}.",
                cure="Leave it out, or take the optimiser muon.",
                values=dict(optimiser=self.optimiser),
            )
        for name in ("batch", "tokens", "steps", "patience"):
            self._at_least(name, 1)
        for name in ("epochs", "rate", "matrix_rate", "layer_decay", "clip", "epsilon", "evaluate_every", "save_every"):
            self._above_zero(name)
        for name in ("head_rate", "weight_decay", "warmup"):
            self._at_least(name, 0)

    def _at_least(self, name: str, least: float) -> None:
        value = getattr(self, name)
        if value is not None and not value >= least:
            raise InputError(
                "E_ARGUMENT",
                "{name} is {value}; it must be at least {least}.",
                cure="Leave it out: the default suits most runs.",
                values=dict(name=name, value=value, least=least),
            )

    def _above_zero(self, name: str) -> None:
        value = getattr(self, name)
        if value is not None and not value > 0:
            raise InputError(
                "E_ARGUMENT",
                "{name} is {value}; it must be above 0.",
                cure="Leave it out: the default suits most runs.",
                values=dict(name=name, value=value),
            )

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TrainSettings:
        """Return the settings of JSON values, as `plain` makes them.

        Raises:
            InputError: ``E_ARGUMENT``, for an unknown name or a wrong value.
        """
        hints = get_type_hints(cls)
        known = tuple(cls.__dataclass_fields__)
        given = dict[str, Any]()
        for name, value in values.items():
            if name not in known:
                raise InputError(
                    "E_ARGUMENT",
                    "There is no setting {name}.",
                    cure="The settings are: {known}.",
                    values=dict(name=name, known=", ".join(known)),
                )
            try:
                given[name] = fitted(value, hints[name], name)
            except ValueError:
                raise InputError(
                    "E_ARGUMENT",
                    "{name} is {value!r}, which is a value of another kind.",
                    cure="Leave it out: the default suits most runs.",
                    values=dict(name=name, value=value),
                ) from None
        return cls(**given)

    def passes(self) -> float:
        """Return the number of epochs: 3 where neither epochs nor steps are set."""
        return 3.0 if self.epochs is None else self.epochs

    def total_steps(self, texts: int) -> int:
        """Return the optimiser steps of a run over this many texts, at least 1."""
        return self.steps or max(round(self.passes() * self.steps_of_epoch(texts)), 1)

    def steps_of_epoch(self, texts: int) -> int:
        """Return the optimiser steps of one epoch; the last may have fewer texts."""
        return max(-(-texts // self.batch), 1)

    def due(self, every: float | int, step: int, texts: int) -> bool:
        """Return whether something that happens ``every`` so often happens after this step; always after the last."""
        if step == self.total_steps(texts):
            return True
        interval = every if isinstance(every, int) else every * self.steps_of_epoch(texts)
        return int(step / interval) > int((step - 1) / interval)


def default_rate(parameters: int, *, decoder: bool = False, adapter: bool = False) -> float:
    """Return the peak learning rate where none is set: lower for larger models and decoders, higher for adapters."""
    if adapter:
        return 2e-4
    if decoder:
        return 1e-5
    if parameters < 5_000_000:
        return 5e-4
    return 1e-4 if parameters < 20_000_000 else 2e-5
