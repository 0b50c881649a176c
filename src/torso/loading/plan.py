"""Load plan: which keys of a file make each parameter, decided by names and shapes before any tensor data is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from torso.architecture import Architecture, Task
from torso.errors import WeightsError
from torso.loading.contents import Contents
from torso.weights.names import KeyMatch, Names, Parts, Shape, match_keys

Kept = TypeVar("Kept")
TRUNK, HEAD = "trunk.", "head."
"""Prefixes of a model's parameter names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Load plan: the file's keys for each parameter, and the parameters to initialise, in whole or in part."""

    found: Mapping[str, tuple[str, ...]]
    new: tuple[str, ...]
    absent: tuple[str, ...]
    unclaimed: tuple[str, ...]


def plan(
    parameters: Mapping[str, Shape],
    parts: Mapping[str, Parts],
    architecture: Architecture[Any],
    task: Task[Any],
    contents: Contents,
    *,
    may_make_head: bool,
    fresh: Collection[str] = (),
    allow: Collection[str] = (),
) -> Plan:
    """Decide which keys of the file make each parameter.

    Args:
        parameters: the model's parameter names, ``trunk.`` or ``head.`` in front, with shapes.
        parts: sizes of the parts of the model's fused modules, by module.
        architecture: the family.
        task: the head's task.
        contents: the file.
        may_make_head: whether parts of the head that the file lacks, or holds in another shape, are initialised.
        fresh: modules of the head to initialise whatever the file holds.
        allow: keys of the file accepted although they do not fit: absent ones are initialised, unexpected ones ignored.

    Raises:
        WeightsError: ``E_MISSING``, ``E_SHAPE``, ``E_UNCLAIMED`` or ``E_NO_HEAD``, each listing every name.
    """
    head_names, prefix = architecture.plan(task).names, contents.prefix
    trunk = match_keys(_under(TRUNK, parameters), architecture.names, prefix, contents.shapes, _under(TRUNK, parts))
    head = match_keys(_under(HEAD, parameters), head_names, prefix, contents.shapes, _under(HEAD, parts))
    lacking = [
        key for name in trunk.missing for key in trunk.found[name] if key not in contents.actual and key not in allow
    ]
    if lacking:
        raise _error("E_MISSING", "The weights lack {count} tensors of the trunk: {some}.", lacking, contents)
    _refuse_shapes(trunk, contents)
    absent = tuple(module for module in head_names.optional if any(_within(name, module) for name in head.missing))
    wrong = {key for key, _, _ in head.misshapen}
    untrained = [
        name
        for name, keys in head.found.items()
        if not any(_within(name, each) for each in absent)
        and (name in head.missing or wrong & set(keys) or any(_within(name, each) for each in fresh))
    ]
    if not may_make_head:
        _refuse_missing_head(untrained, head, head_names, task, contents)
    found = {f"{TRUNK}{name}": keys for name, keys in trunk.found.items()}
    found |= {f"{HEAD}{name}": keys for name, keys in head.found.items() if name not in (*untrained, *head.missing)}
    claimed = {key for keys in found.values() for key in keys}
    copies = copies_of(architecture, task, prefix)
    unclaimed = [name for name in contents.actual if name not in claimed and name not in copies]
    unused = (architecture.names.unused_pattern(prefix), head_names.unused_pattern(prefix))
    multi_token = tuple(
        layer
        for layer in architecture.names.multi_token_layers(contents.actual, prefix)
        if not any(key.startswith(layer) for key in claimed)
    )
    unexpected = [
        name
        for name in unclaimed
        if architecture.names.belongs(name, prefix)
        and not any(each.match(name) for each in unused)
        and not name.startswith(multi_token)
        and name not in allow
    ]
    if unexpected:
        what = "The weights hold {count} unexpected tensors of the trunk: {some}."
        raise _error("E_UNCLAIMED", what, unexpected, contents)
    new = (*(f"{TRUNK}{name}" for name in trunk.missing), *(f"{HEAD}{name}" for name in untrained))
    return Plan(found, new, absent, tuple(unclaimed))


def copies_of(architecture: Architecture[Any], task: Task[Any], prefix: str) -> dict[str, str]:
    """Return the keys of a file that may repeat a parameter of trunk or head, each with that parameter."""
    return architecture.names.copied(prefix) | architecture.plan(task).names.copied(prefix)


def _under(prefix: str, parameters: Mapping[str, Kept]) -> dict[str, Kept]:
    return {name.removeprefix(prefix): shape for name, shape in parameters.items() if name.startswith(prefix)}


def _within(parameter: str, module: str) -> bool:
    return parameter == module or parameter.startswith(f"{module}.")


def _refuse_shapes(match: KeyMatch, contents: Contents) -> None:
    if match.misshapen:
        shown = [f"{key} {list(there)}, wanted {list(wanted)}" for key, wanted, there in match.misshapen]
        raise _error("E_SHAPE", "{count} tensors have another shape than the config says: {some}.", shown, contents)


def _refuse_missing_head(
    untrained: list[str], head: KeyMatch, names: Names, task: Task[Any], contents: Contents
) -> None:
    if not untrained:
        return
    if head.misshapen and not head.missing:
        _refuse_shapes(head, contents)
    raise no_head(task, contents.weights.folder, [names.keys(name, contents.prefix)[0] for name in untrained])


def no_head(task: Task[Any], folder: Path, lacking: Sequence[str]) -> WeightsError:
    """Build the error for a folder without the head that a task needs, naming the first keys that it lacks."""
    return WeightsError(
        "E_NO_HEAD",
        "{folder} has no trained head for {task}: it lacks {some}.",
        cure="Train one: torso train --model {folder} --data TABLE --out FOLDER. In Python, new_head=True starts one.",
        values=dict(folder=folder, task=task.name, some=", ".join(lacking[:4])),
    )


def _error(code: str, what: str, names: list[str], contents: Contents) -> WeightsError:
    some = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return WeightsError(
        code,
        what,
        where="In {folder}.",
        cure="Use config.json and weights of one and the same model; to accept by name: allow=[...].",
        values=dict(count=len(names), some=some, folder=contents.weights.folder),
    )
