"""What fills each parameter of a model, decided by names and shapes before a byte is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from torso.architecture import Architecture, Task
from torso.errors import WeightsError
from torso.loading.contents import Contents
from torso.weights.names import Names, Parts, Pulled, Shape, pull

Kept = TypeVar("Kept")
TRUNK, HEAD = "trunk.", "head."
"""What stands before the names of a model's parameters."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of the file's keys make which parameter, and which parameters are made new, in whole or in part."""

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
    """Decides what fills each parameter.

    Args:
        parameters: the model's, ``trunk.`` and ``head.`` before their names, with shapes.
        parts: what the model's fused modules are made of, by module.
        architecture: the family.
        task: whose head it is.
        contents: the file.
        may_make_head: whether parts of the head that the file lacks, or holds in another shape, are made new.
        fresh: modules of the head to make new whatever the file holds.
        allow: keys of the file accepted although they do not fit: absent ones are made new, strange ones left.

    Raises:
        WeightsError: ``E_MISSING``, ``E_SHAPE``, ``E_UNCLAIMED`` or ``E_NO_HEAD``, each listing every name.
    """
    head_names, prefix = architecture.plan(task).names, contents.prefix
    trunk = pull(_under(TRUNK, parameters), architecture.names, prefix, contents.shapes, _under(TRUNK, parts))
    head = pull(_under(HEAD, parameters), head_names, prefix, contents.shapes, _under(HEAD, parts))
    lacking = [
        key for name in trunk.missing for key in trunk.found[name] if key not in contents.actual and key not in allow
    ]
    if lacking:
        raise _error("E_MISSING", "The weights lack {count} tensors of the trunk: {some}.", lacking, contents)
    _refuse_shapes(trunk, contents)
    absent = tuple(module for module in head_names.optional if any(_within(name, module) for name in head.missing))
    wrong = {key for key, _, _ in head.misshapen}
    anew = [
        name
        for name, keys in head.found.items()
        if not any(_within(name, each) for each in absent)
        and (name in head.missing or wrong & set(keys) or any(_within(name, each) for each in fresh))
    ]
    if not may_make_head:
        _refuse_missing_head(anew, head, head_names, task, contents)
    found = {f"{TRUNK}{name}": keys for name, keys in trunk.found.items()}
    found |= {f"{HEAD}{name}": keys for name, keys in head.found.items() if name not in (*anew, *head.missing)}
    claimed = {key for keys in found.values() for key in keys}
    copies = copies_of(architecture, task, prefix)
    left = [name for name in contents.actual if name not in claimed and name not in copies]
    unused = (architecture.names.left(prefix), head_names.left(prefix))
    strangers = [
        name
        for name in left
        if architecture.names.belongs(name, prefix)
        and not any(each.match(name) for each in unused)
        and name not in allow
    ]
    if strangers:
        what = "The weights hold {count} tensors this trunk has no place for: {some}."
        raise _error("E_UNCLAIMED", what, strangers, contents)
    new = (*(f"{TRUNK}{name}" for name in trunk.missing), *(f"{HEAD}{name}" for name in anew))
    return Plan(found, new, absent, tuple(left))


def copies_of(architecture: Architecture[Any], task: Task[Any], prefix: str) -> dict[str, str]:
    """The keys of a file that may repeat a parameter of trunk or head, each with the parameter."""
    return architecture.names.copied(prefix) | architecture.plan(task).names.copied(prefix)


def _under(prefix: str, parameters: Mapping[str, Kept]) -> dict[str, Kept]:
    return {name.removeprefix(prefix): shape for name, shape in parameters.items() if name.startswith(prefix)}


def _within(parameter: str, module: str) -> bool:
    return parameter == module or parameter.startswith(f"{module}.")


def _refuse_shapes(pulled: Pulled, contents: Contents) -> None:
    if pulled.misshapen:
        shown = [f"{key} {list(there)}, wanted {list(wanted)}" for key, wanted, there in pulled.misshapen]
        raise _error("E_SHAPE", "{count} tensors have another shape than the config says: {some}.", shown, contents)


def _refuse_missing_head(anew: list[str], head: Pulled, names: Names, task: Task[Any], contents: Contents) -> None:
    if not anew:
        return
    if head.misshapen and not head.missing:
        _refuse_shapes(head, contents)
    raise no_head(task, contents, [names.keys(name, contents.prefix)[0] for name in anew[:4]])


def no_head(task: Task[Any], contents: Contents, lacking: list[str]) -> WeightsError:
    """The error of a file without the head that a task needs, naming keys that it lacks."""
    return WeightsError(
        "E_NO_HEAD",
        "{folder} has no trained head for {task}: it lacks {some}.",
        cure="To start a new one for training: new_head=True.",
        values=dict(folder=contents.weights.folder, task=task.name, some=", ".join(lacking)),
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
