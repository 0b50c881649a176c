"""Parameters of a PyTorch model as an adapter sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.adapters.adapter_names import ModelNames, token_table
from torso.loading.contents import part_views
from torso.nn.low_rank import Adapted, LowRank

if TYPE_CHECKING:
    from torso.model import Model


def base_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return a model's parameters by name, without those of adapters."""
    inside: set[str] = set()
    for name, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules()):
        if isinstance(module, LowRank):
            inside |= {f"{name}.{each}" for each, _ in module.named_parameters()}
        elif isinstance(module, Adapted):
            own = (each for each, _ in module.named_parameters(recurse=False))
            inside |= {f"{name}.{each}" for each in own if each not in ("weight", "bias")}
    return {name: each for name, each in model.named_parameters() if name not in inside}


def views_of(model: Model[Any], names: ModelNames, parameter: str, value: Tensor) -> dict[str, Tensor]:
    """Return a view of a parameter's value for each tensor of a file that it is made of, by key.

    Of interleaved heads it is a copy, see `part_views`.
    """
    keys = names.keys(parameter)
    parts = model.fused().get(parameter.rpartition(".")[0])
    return dict(zip(keys, part_views(value, len(keys), names.form(parameter), parts), strict=True))


def token_embedding(model: Model[Any]) -> nn.Embedding:
    """Return the table of tokens."""
    table = model.get_submodule(token_table(model)[0])
    assert isinstance(table, nn.Embedding)
    return table
