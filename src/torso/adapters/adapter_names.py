"""Modules and parameters of a model under the names that transformers gives them in memory, which PEFT's files hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.architecture import Architecture, Task
from torso.loading.contents import part_views
from torso.loading.plan import HEAD, TRUNK
from torso.loading.unfusing import fused_family
from torso.nn.heads import VocabHead
from torso.nn.low_rank import Adapted, LowRank
from torso.weights.names import Form, Names, Row, cat

if TYPE_CHECKING:
    from torso.model import Model

_GATED = {
    "layers.{i}.attn.qkv": cat("layers.{i}.self_attn", "q_proj", "k_proj", "v_proj"),
    "layers.{i}.attn.out": "layers.{i}.self_attn.o_proj",
    "layers.{i}.attn_norm": "layers.{i}.post_attention_layernorm",
    "layers.{i}.ffn.down": "layers.{i}.mlp.down_proj",
    "layers.{i}.ffn_norm": "layers.{i}.post_mlp_layernorm",
}
# Families whose modules transformers names and divides otherwise than their files; the rows that differ.
_IN_MEMORY: Mapping[str, Mapping[str, str | Row]] = {
    "nomic_bert": {
        **_GATED,
        "embed.norm": "embeddings.LayerNorm",
        "layers.{i}.ffn.gate_up": cat("layers.{i}.mlp", "gate_proj", "up_proj"),
    },
    "gte": {**_GATED, "layers.{i}.ffn.gate_up": cat("layers.{i}.mlp", "up_proj", "gate_proj")},
}
_HEADS_IN_MEMORY: Mapping[tuple[str, Task[Any]], Mapping[str, str | Row]] = {
    ("gpt_neox", Task.CAUSAL_LM): {"out": "lm_head"},
    ("gte", Task.MASKED_LM): {"mlp.norm": "lm_head.layer_norm"},
}


@dataclass(frozen=True, slots=True)
class HubModule:
    """A module of transformers, and where it is here.

    Attributes:
        name: its name there, with the trunk's prefix.
        place: name of the module here, which may be fused of several.
        part: its index among those.
        rows: output rows of each part.
        form: layout of its weight in files.
    """

    name: str
    place: str
    part: int
    rows: tuple[int, ...]
    form: Form


@dataclass(frozen=True, slots=True)
class ModelNames:
    """Names of one model's modules and parameters under one prefix of the trunk.

    Attributes:
        trunk: the trunk's table.
        head: the head's.
        prefix: in front of the trunk's names.
    """

    trunk: Names
    head: Names
    prefix: str

    @classmethod
    def of(cls, model: Model[Any], *, prefix: str | None = None, in_files: bool = False) -> ModelNames:
        """Return the names of a model.

        Args:
            model: any.
            prefix: of the trunk's names; None for the one of transformers' class of this task.
            in_files: whether modules go by the names in files of weights, where they have others in memory.
        """
        architecture, task = fused_family(model.architecture), model.task
        trunk, head = architecture.names, architecture.plan(task).names
        model_type = architecture.model_types[0]
        if not in_files:
            trunk = replace(trunk, rows={**trunk.rows, **_IN_MEMORY.get(model_type, {})})
            head = replace(head, rows={**head.rows, **_HEADS_IN_MEMORY.get((model_type, task), {})})
        if architecture is not model.architecture:
            trunk = trunk.unfused()
        return cls(trunk, head, class_prefix(architecture, task) if prefix is None else prefix)

    def keys(self, parameter: str) -> tuple[str, ...]:
        """Return the keys of a parameter: several where it is fused."""
        names = self.trunk if parameter.startswith(TRUNK) else self.head
        return names.keys(parameter.removeprefix(TRUNK).removeprefix(HEAD), self.prefix)

    def form(self, parameter: str) -> Form:
        """Return the layout of a parameter's tensors."""
        names = self.trunk if parameter.startswith(TRUNK) else self.head
        return names.form(parameter.removeprefix(TRUNK).removeprefix(HEAD))

    def copies(self) -> dict[str, str]:
        """Return the keys that repeat a parameter, each with that parameter."""
        return self.trunk.copied(self.prefix) | self.head.copied(self.prefix)


def class_prefix(architecture: Architecture[Any], task: Task[Any]) -> str:
    """Return the prefix of the trunk's names in transformers' class of a task: empty without a head."""
    own = architecture.plan(task).prefix
    return own if own is not None else "" if task is Task.FEATURES else architecture.names.prefix[0]


def possible_prefixes(model: Model[Any]) -> Iterator[str]:
    """Yield the prefixes under which an adapter of this family may name its modules, the task's own first."""
    architecture = model.architecture
    plans = (each.prefix for each in architecture.tasks.values())
    yield from dict.fromkeys(
        (class_prefix(architecture, model.task), *architecture.names.prefix, *(each for each in plans if each))
    )


def hub_modules(model: Model[Any], names: ModelNames, kind: type[nn.Module] = nn.Linear) -> dict[str, HubModule]:
    """Return the modules of one kind by their names in transformers."""
    fused, found = model.fused(), dict[str, HubModule]()
    for place, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules()):
        if isinstance(module, kind):
            keys = names.keys(f"{place}.weight")
            whole = cast("Tensor", next(module.parameters(recurse=False))).shape[0]
            rows = fused[place].rows if len(keys) > 1 else (whole,)
            form = names.form(f"{place}.weight")
            for part, key in enumerate(keys):
                name = key.removesuffix(".weight")
                found[name] = HubModule(name, place, part, rows, form)
    return found


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


def output_matrix(model: Model[Any], names: ModelNames) -> str | None:
    """Return the name of the module that scores the vocabulary; None without one."""
    if not isinstance(model.head, VocabHead):
        return None
    return names.keys("head.out.weight")[0].removesuffix(".weight")


def token_table(model: Model[Any]) -> tuple[str, nn.Embedding]:
    """Return the table of tokens, with its name here."""
    table = model.trunk.embed.tokens
    assert isinstance(table, nn.Embedding)
    for name, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules()):
        if module is table:
            return name, table
    raise AssertionError("the table of tokens is a module of the model")


def ends_in(key: str, name: str) -> bool:
    """Return whether a name means a module: its whole name, or the last parts of it."""
    return key == name or key.endswith(f".{name}")


def within_saved(key: str, saved: Iterable[str]) -> bool:
    """Return whether PEFT saves a module whole: one of those around it, or itself, ends in one of the names.

    As PEFT matches them: the end of a name, not of one of its parts, so that ``classifier`` means ``pre_classifier``.
    """
    names, parts = tuple(saved), key.split(".")
    around = (".".join(parts[: size + 1]) for size in range(len(parts)))
    return any(each.endswith(name) for each in around for name in names)


def excluded_by_saved(key: str, saved: Iterable[str]) -> bool:
    """Return whether PEFT adapts nothing there since a module around it is saved whole; by its parts, unlike above."""
    return any(re.match(rf"(^|.*\.){re.escape(name)}($|\..*)", key) for name in saved)
