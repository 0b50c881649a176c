"""The attention of one layer as a notebook shows it: a picture, and for each token where it looks most."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from torso.errors import InputError
from torso.io.html_table import html_table
from torso.io.png import weights_png
from torso.io.shown import bar
from torso.language import say

if TYPE_CHECKING:
    from torch import Tensor

_PICTURE, _CELLS, _ROWS, _MOST, _LONG = 384, 96, 40, 3, 24


class AttentionMap:
    """Attention weights of one text in one layer, of a head or as the mean of all. See `PaddedOutput.attention`.

    Attributes:
        weights: [rows, columns] float32 on the CPU; each row sums to 1, rows of padding are zeros.
        layer: from 0.
        head: from 0; None for the mean.
        tokens: of the columns; their numbers where no names were given.
        row_tokens: of the rows.
    """

    def __init__(
        self, weights: Tensor, layer: int, head: int | None, tokens: Sequence[str], row_tokens: Sequence[str]
    ) -> None:
        self.weights, self.layer, self.head = weights, layer, head
        self.tokens, self.row_tokens = tuple(_cut(each) for each in tokens), tuple(_cut(each) for each in row_tokens)

    @property
    def title(self) -> str:
        """The layer, and which head."""
        head = say("mean of the heads") if self.head is None else say("head {head}", dict(head=self.head))
        return f"{say('attention, layer {layer}', dict(layer=self.layer))}, {head}"

    def __repr__(self) -> str:
        rows, columns = self.weights.shape
        return f"AttentionMap({self.title}: {rows} x {columns})"

    def _repr_html_(self) -> str:
        rows, columns = self.weights.shape
        seen = self.weights
        if max(rows, columns) > _CELLS:  # the strongest of a region stands for it
            from torch.nn import functional as F

            seen = F.adaptive_max_pool2d(seen[None], (min(rows, _CELLS), min(columns, _CELLS)))[0]
        numbers = cast("list[list[float]]", seen.tolist())
        cell = max(_PICTURE // max(len(numbers), len(numbers[0])), 1)
        picture = b64encode(weights_png(numbers, cell=cell)).decode()
        strongest = self.weights.topk(min(_MOST, columns))
        lines: list[tuple[object, ...]] = []
        for index in range(min(rows, _ROWS)):
            values = cast("list[float]", strongest.values[index].tolist())
            places = cast("list[int]", strongest.indices[index].tolist())
            looks = " · ".join(f"{self.tokens[i]} {each:.2f}" for i, each in zip(places, values, strict=True) if each)
            lines.append((index, self.row_tokens[index], looks, bar(values[0])))
        notes = () if rows <= _ROWS else (say("first {shown} of {count}", dict(shown=_ROWS, count=rows)),)
        headings = ("#", say("token"), say("looks most at"), "")
        table = html_table(self.title, headings, lines, notes)
        alt = say("{rows} rows of tokens by {columns} columns of what they look at", dict(rows=rows, columns=columns))
        size = f"width='{len(numbers[0]) * cell}' height='{len(numbers) * cell}'"
        return f"{table}<p><img alt='{alt}' {size} src='data:image/png;base64,{picture}'></p>"


def _cut(token: str) -> str:
    return token if len(token) <= _LONG else f"{token[: _LONG - 1]}…"


def map_of(
    layers: Sequence[Tensor],
    layer: int,
    head: int | None,
    text: int,
    tokens: Sequence[str] | None,
    *,
    by_name: bool,
) -> AttentionMap:
    """Return the attention of a text in a layer; ``by_name``: whether its rows are the tokens of its columns.

    Raises:
        InputError: ``E_LAYER``, for a layer, head or text that is not there.
    """
    texts, heads, rows, columns = layers[0].shape
    for name, given, count in (("layer", layer, len(layers)), ("text", text, texts), ("head", head or 0, heads)):
        if not -count <= given < count:
            raise InputError(
                "E_LAYER",
                "There is no {name} {given}; there are {count}.",
                cure="Give one of 0 to {last}.",
                values=dict(name=name, given=given, count=count, last=count - 1),
            )
    chosen = layers[layer][text].detach().float().cpu()
    weights = chosen.mean(0) if head is None else chosen[head]
    numbers = [str(index) for index in range(max(rows, columns))]
    names = numbers if tokens is None else [*tokens, *numbers[len(tokens) :]]
    return AttentionMap(weights, layer % len(layers), head, names[:columns], (names if by_name else numbers)[:rows])
