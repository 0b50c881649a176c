"""Outputs under the ecosystem's field names: typed, short to print, and honest about what was not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torso.compat.attention_map import AttentionMap, map_of
from torso.compat.tensor_repr import short_repr
from torso.errors import InputError, NotAvailableError
from torso.io.html_table import html_table
from torso.language import say

if TYPE_CHECKING:
    from torch import Tensor


Layers = Mapping[str, "Tensor | tuple[Tensor, ...] | None"]
"""What the layers gave, by field; None for what was not asked for."""


class PaddedOutput:
    """What a padded model gives: ``out.logits``, ``out["logits"]`` and ``out[0]`` are the same tensor.

    Iterating and unpacking give the tensors that are there, in order; ``**out`` works through `keys`. A field that was
    not asked for raises and says how to ask. ``out[name] = value`` puts a field, ``out.name = value`` another value.

    Attributes:
        head_trained: whether every part of the head came from the checkpoint.
    """

    head_trained: bool

    def __init__(self, values: Mapping[str, Any], layers: Layers, head_trained: bool) -> None:
        self.head_trained = head_trained
        self._values: dict[str, Any] = {**values, **layers}

    if not TYPE_CHECKING:  # a type checker is to know the fields of each output, and no others

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):  # what Python itself and copies look for
                raise AttributeError(name)
            return self._field(name)

    def _field(self, name: str) -> Any:
        if name not in self._values and name not in _ABSENT:
            raise NotAvailableError(
                "E_FIELD",
                "There is no field {name!r} in this output.",
                cure="It has: {known}.",
                values=dict(name=name, known=", ".join(self._values)),
            )
        value = self._values.get(name)
        if value is None and name != "loss":
            code, what, cure = _ABSENT[name] if name in _ABSENT else _not_asked(name)
            raise NotAvailableError(code, what, cure=cure, values=dict(name=name))
        return value

    def keys(self) -> tuple[str, ...]:
        """Return the fields that are there, in order."""
        return tuple(name for name, value in self._values.items() if value is not None)

    def values(self) -> tuple[Any, ...]:
        """Return what they hold."""
        return tuple(self._values[name] for name in self.keys())

    def items(self) -> tuple[tuple[str, Any], ...]:
        """Return fields and what they hold."""
        return tuple(zip(self.keys(), self.values(), strict=True))

    to_tuple = values

    def __getitem__(self, key: str | int | slice) -> Any:
        if isinstance(key, int) and key >= len(self) and "pooler_output" in self._values:
            # Scripts take the pooled output by its place as often as by its name.
            return self._field("pooler_output") if self._values["pooler_output"] is None else self.values()[key]
        if not isinstance(key, str):
            return self.values()[key]
        if key not in self._values:
            raise InputError(
                "E_FIELD",
                "There is no field {name!r} in this output.",
                cure="It has: {known}.",
                values=dict(name=key, known=", ".join(self.keys())),
            )
        return self._field(key)

    def __setitem__(self, key: str, value: Any) -> None:
        """Put a field, as pipelines of other libraries do with what they know of the inputs."""
        self._values[key] = value

    def __setattr__(self, name: str, value: Any) -> None:
        values: dict[str, Any] = self.__dict__.get("_values", {})
        (values if name in values else self.__dict__)[name] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def _repr_html_(self) -> str:
        rows = [(name, *short_repr(value).partition(" = ")[::2]) for name, value in self.items()]
        notes = () if self._is_trained() else (say("The head is untrained: these scores mean nothing yet."),)
        return html_table(type(self).__name__, (say("field"), say("shape"), say("value")), rows, notes)

    def _is_trained(self) -> bool:
        return self.head_trained or "logits" not in "".join(self._values)

    def __repr__(self) -> str:
        lines = [f"  {name}: {short_repr(value)}" for name, value in self.items()]
        if not self._is_trained():
            lines.append("  head_trained: False  (these scores mean nothing until the head is trained)")
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"


_ABSENT: dict[str, tuple[str, str, str]] = {
    "pooler_output": (
        "E_NO_POOLER",
        "This checkpoint holds no pooler, so there is no pooled output.",
        "Use the rows of the last hidden state: the first token's, or their mean.",
    ),
    "past_key_values": ("E_FIELD", "A call gives no past_key_values.", "Call model.generate(...): it keeps a cache."),
}


def _not_asked(name: str) -> tuple[str, str, str]:
    if name.endswith("attentions"):
        return "E_NOT_ASKED", "{name} were not asked for.", "Ask in the call: model(..., output_attentions=True)."
    return "E_NOT_ASKED", "{name} were not asked for.", "Ask in the call: model(..., output_hidden_states=True)."


class _WithLayers(PaddedOutput):
    """What the layers gave. An encoder-decoder has the fields of both sides, any other model the first two."""

    @property
    def hidden_states(self) -> tuple[Tensor, ...]:
        """Embeddings and every block's output: depth + 1 tensors [N, S, D]."""
        return self._field("hidden_states")

    @property
    def attentions(self) -> tuple[Tensor, ...]:
        """Every block's attention weights: depth tensors [N, H, S, S]."""
        return self._field("attentions")

    def attention(
        self,
        layer: int,
        head: int | None = None,
        *,
        text: int = 0,
        tokens: Sequence[str] | None = None,
        of: str = "attentions",
    ) -> AttentionMap:
        """Return one layer's attention of one text, which a notebook shows as a picture and a table.

        Args:
            layer: from 0; below zero from the last.
            head: from 0; None for the mean of all.
            text: its place in the batch.
            tokens: names of the tokens, such as ``tokenizer.convert_ids_to_tokens(ids)``; None for their numbers.
            of: the field: ``attentions``; of an encoder-decoder ``encoder_attentions``, ``decoder_attentions``
                or ``cross_attentions``.

        Raises:
            NotAvailableError: ``E_NOT_ASKED``, if the call did not ask for attentions; ``E_FIELD``.
            InputError: ``E_LAYER``, for a layer, head or text that is not there.
        """
        return map_of(self._field(of), layer, head, text, tokens, by_name=of != "cross_attentions")

    @property
    def decoder_hidden_states(self) -> tuple[Tensor, ...]:
        """The decoder's embeddings and every block's output: depth + 1 tensors [N, target, D]."""
        return self._field("decoder_hidden_states")

    @property
    def decoder_attentions(self) -> tuple[Tensor, ...]:
        """Every decoder block's attention weights: depth tensors [N, H, target, target]."""
        return self._field("decoder_attentions")

    @property
    def cross_attentions(self) -> tuple[Tensor, ...]:
        """Every decoder block's weights on the source: depth tensors [N, H, target, source]."""
        return self._field("cross_attentions")

    @property
    def encoder_last_hidden_state(self) -> Tensor:
        """[N, source, D] rows of the encoder's last layer."""
        return self._field("encoder_last_hidden_state")

    @property
    def encoder_hidden_states(self) -> tuple[Tensor, ...]:
        """The encoder's embeddings and every block's output: depth + 1 tensors [N, source, D]."""
        return self._field("encoder_hidden_states")

    @property
    def encoder_attentions(self) -> tuple[Tensor, ...]:
        """Every encoder block's attention weights: depth tensors [N, H, source, source]."""
        return self._field("encoder_attentions")


class GenerateOutput(PaddedOutput):
    """The ids that ``generate`` wrote, with ``return_dict_in_generate=True``."""

    def __init__(self, sequences: Tensor) -> None:
        super().__init__({"sequences": sequences}, {}, head_trained=True)

    @property
    def sequences(self) -> Tensor:
        """[N * num_return_sequences, columns] ids."""
        return self._field("sequences")


class FeaturesOutput(_WithLayers):
    """Hidden states without a task."""

    def __init__(
        self, last_hidden_state: Tensor, pooler_output: Tensor | None, *, layers: Layers, head_trained: bool
    ) -> None:
        values = {"last_hidden_state": last_hidden_state, "pooler_output": pooler_output}
        super().__init__(values, layers, head_trained)

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

    def __init__(self, loss: Tensor | None, logits: Tensor, *, layers: Layers, head_trained: bool) -> None:
        super().__init__({"loss": loss, "logits": logits}, layers, head_trained)

    @property
    def loss(self) -> Tensor | None:
        """The scalar loss of the labels given; None without labels."""
        return self._field("loss")

    @property
    def logits(self) -> Tensor:
        """The scores."""
        return self._field("logits")


class QuestionAnsweringOutput(_WithLayers):
    """Scores of each token as start and as end of an answer."""

    def __init__(
        self, loss: Tensor | None, start_logits: Tensor, end_logits: Tensor, *, layers: Layers, head_trained: bool
    ) -> None:
        values = {"loss": loss, "start_logits": start_logits, "end_logits": end_logits}
        super().__init__(values, layers, head_trained)

    @property
    def loss(self) -> Tensor | None:
        """The scalar loss of the places given; None without them."""
        return self._field("loss")

    @property
    def start_logits(self) -> Tensor:
        """[N, S] scores as first token of the answer."""
        return self._field("start_logits")

    @property
    def end_logits(self) -> Tensor:
        """[N, S] scores as last token of the answer."""
        return self._field("end_logits")
