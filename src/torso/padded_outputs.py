"""Outputs under the ecosystem's field names: typed, short to print, and honest about what was not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from torso.errors import InputError, NotAvailableError

if TYPE_CHECKING:
    from torch import Tensor


class PaddedOutput:
    """What a padded model gives: ``out.logits``, ``out["logits"]`` and ``out[0]`` are the same tensor.

    Iterating and unpacking give the tensors that are there, in order; ``**out`` works through `keys`. A field that was
    not asked for raises and says how to ask.

    Attributes:
        head_trained: whether every part of the head came from the checkpoint.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    head_trained: bool

    def __init__(self, head_trained: bool) -> None:
        self.head_trained = head_trained
        self._values: dict[str, Any] = {}

    def _field(self, name: str) -> Any:
        value = self._values[name]
        if value is None:
            code, what, cure = _ABSENT[name]
            raise NotAvailableError(code, what, cure=cure)
        return value

    def keys(self) -> tuple[str, ...]:
        """The fields that are there, in order."""
        return tuple(name for name in self.FIELDS if self._values[name] is not None)

    def values(self) -> tuple[Any, ...]:
        """What they hold."""
        return tuple(self._values[name] for name in self.keys())

    def items(self) -> tuple[tuple[str, Any], ...]:
        """Fields and what they hold."""
        return tuple(zip(self.keys(), self.values(), strict=True))

    to_tuple = values

    def __getitem__(self, key: str | int | slice) -> Any:
        if not isinstance(key, str):
            return self.values()[key]
        if key not in self.FIELDS:
            raise InputError(
                "E_FIELD",
                "There is no field {name!r} in this output.",
                cure="It has: {known}.",
                values=dict(name=key, known=", ".join(self.keys())),
            )
        return self._field(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __repr__(self) -> str:
        lines = [f"  {name}: {_short(value)}" for name, value in self.items()]
        if not self.head_trained and "logits" in "".join(self.FIELDS):
            lines.append("  head_trained: False  (these scores mean nothing until the head is trained)")
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        return f"{len(items)} x {_short(items[0])}"
    number = f" = {value.item():.6f}" if value.ndim == 0 else ""
    return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}{number}"


_ABSENT: dict[str, tuple[str, str, str]] = {
    "loss": ("E_NOT_ASKED", "There is no loss: no labels were given.", "Give them: model(..., labels=labels)."),
    "hidden_states": (
        "E_NOT_ASKED",
        "hidden_states were not asked for.",
        "Ask in the call: model(..., output_hidden_states=True).",
    ),
    "attentions": (
        "E_NOT_ASKED",
        "attentions were not asked for.",
        "Ask in the call: model(..., output_attentions=True).",
    ),
    "pooler_output": (
        "E_NO_POOLER",
        "This checkpoint holds no pooler, so there is no pooled output.",
        "Use the rows of the last hidden state: the first token's, or their mean.",
    ),
}


class _WithLayers(PaddedOutput):
    @property
    def hidden_states(self) -> tuple[Tensor, ...]:
        """Embeddings and every block's output: depth + 1 tensors [N, S, D]."""
        return self._field("hidden_states")

    @property
    def attentions(self) -> tuple[Tensor, ...]:
        """Every block's attention weights: depth tensors [N, H, S, S]."""
        return self._field("attentions")


class FeaturesOutput(_WithLayers):
    """Hidden states without a task."""

    FIELDS = ("last_hidden_state", "pooler_output", "hidden_states", "attentions")

    def __init__(
        self,
        last_hidden_state: Tensor,
        pooler_output: Tensor | None,
        *,
        hidden_states: tuple[Tensor, ...] | None,
        attentions: tuple[Tensor, ...] | None,
        head_trained: bool,
    ) -> None:
        super().__init__(head_trained)
        self._values = dict(
            zip(self.FIELDS, (last_hidden_state, pooler_output, hidden_states, attentions), strict=True)
        )

    @property
    def last_hidden_state(self) -> Tensor:
        """[N, S, D] rows of the last layer."""
        return self._field("last_hidden_state")

    @property
    def pooler_output(self) -> Tensor:
        """[N, D] pooled first token.

        Raises:
            NotAvailableError: ``E_NO_POOLER``, if the checkpoint holds no pooler.
        """
        return self._field("pooler_output")


class LogitsOutput(_WithLayers):
    """Scores of a head: [N, C] per text, [N, S, C] per token, [N, S, V] over the vocabulary, or [N, alternatives]."""

    FIELDS = ("loss", "logits", "hidden_states", "attentions")

    def __init__(
        self,
        loss: Tensor | None,
        logits: Tensor,
        *,
        hidden_states: tuple[Tensor, ...] | None,
        attentions: tuple[Tensor, ...] | None,
        head_trained: bool,
    ) -> None:
        super().__init__(head_trained)
        self._values = dict(zip(self.FIELDS, (loss, logits, hidden_states, attentions), strict=True))

    @property
    def loss(self) -> Tensor:
        """The scalar loss of the labels given."""
        return self._field("loss")

    @property
    def logits(self) -> Tensor:
        """The scores."""
        return self._field("logits")


class QuestionAnsweringOutput(_WithLayers):
    """Scores of each token as start and as end of an answer."""

    FIELDS = ("loss", "start_logits", "end_logits", "hidden_states", "attentions")

    def __init__(
        self,
        loss: Tensor | None,
        start_logits: Tensor,
        end_logits: Tensor,
        *,
        hidden_states: tuple[Tensor, ...] | None,
        attentions: tuple[Tensor, ...] | None,
        head_trained: bool,
    ) -> None:
        super().__init__(head_trained)
        values = (loss, start_logits, end_logits, hidden_states, attentions)
        self._values = dict(zip(self.FIELDS, values, strict=True))

    @property
    def loss(self) -> Tensor:
        """The scalar loss of the places given."""
        return self._field("loss")

    @property
    def start_logits(self) -> Tensor:
        """[N, S] scores as first token of the answer."""
        return self._field("start_logits")

    @property
    def end_logits(self) -> Tensor:
        """[N, S] scores as last token of the answer."""
        return self._field("end_logits")
