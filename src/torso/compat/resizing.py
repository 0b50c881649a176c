"""Models whose vocabulary grows or shrinks: every parameter that follows ``vocab_size``, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.errors import InputError
from torso.model import Model, initialise
from torso.nn.low_rank import Adapted
from torso.nn.meta_init import place, weightless


def rows_asked(rows: object, multiple: int | None) -> int:
    """The rows of a table that were asked for, filled up to a multiple.

    Raises:
        InputError: ``E_ROWS``, for what is no number of rows.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1 or (multiple is not None and multiple < 1):
        raise InputError(
            "E_ROWS",
            "A table of tokens cannot have {rows} rows, in multiples of {multiple}.",
            cure="Write model.resize_token_embeddings(len(tokenizer)).",
            values=dict(rows=rows, multiple=multiple or 1),
        )
    return rows if multiple is None else -(-rows // multiple) * multiple


@torch.no_grad()
def resize(model: Model[Any], rows: int, *, mean: bool = True) -> None:
    """Give a model's vocabulary another size; the rows that stay keep their values, parameters of other shape are new.

    Args:
        model: changed; optimisers must be created again.
        rows: tokens of the vocabulary.
        mean: whether new rows are the mean of those that are there, so that new tokens score like an average one, as
            transformers does; False draws them as for a new model.
    """
    config = model.config.replace({"vocab_size": rows})
    with weightless():
        rebuilt = Model(config, model.architecture, model.task)
    if model.report is not None:
        rebuilt.drop(model.report.absent)
    own = dict(model.named_parameters())
    fresh: dict[str, Tensor] = {}
    for name, wanted in list(rebuilt.named_parameters()):
        value = own[name]
        if value.shape != wanted.shape:
            fresh[name] = value.new_empty(wanted.shape)
            place(rebuilt, name, nn.Parameter(fresh[name], requires_grad=value.requires_grad))
        else:
            place(rebuilt, name, value)
    if not mean:
        initialise(rebuilt, fresh, config.initializer_range)
    for name, table in fresh.items():
        _carry_over(own[name], table, mean=mean)
    modules = cast("Iterable[tuple[str, nn.Module]]", model.named_modules())
    for name, module in modules:
        if isinstance(module, Adapted):
            module.carry(rebuilt.get_submodule(name))
    rebuilt.train(model.training)
    model.config, model.description = rebuilt.config, rebuilt.description
    model.trunk, model.head = rebuilt.trunk, rebuilt.head


def _carry_over(there: Tensor, table: Tensor, *, mean: bool) -> None:
    """Fill a new parameter from the one in its place, along the axis in which they differ."""
    axis = next(axis for axis in range(table.ndim) if there.shape[axis] != table.shape[axis])
    kept = min(there.shape[axis], table.shape[axis])
    table.narrow(axis, 0, kept).copy_(there.narrow(axis, 0, kept))
    if mean and table.shape[axis] > kept:
        table.narrow(axis, kept, table.shape[axis] - kept).copy_(there.float().mean(axis, keepdim=True))
