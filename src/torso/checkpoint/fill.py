"""From a weight file to a model's parameters: everything is decided by names and shapes before a byte is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torso.architecture import Architecture, Task
from torso.checkpoint.config import HubConfig
from torso.checkpoint.names import Names, Pulled, Shape, canonical, measured, pull
from torso.checkpoint.parameters import knob_of
from torso.checkpoint.tensors import Note
from torso.checkpoint.weights import Weights
from torso.errors import WeightsError

if TYPE_CHECKING:
    import torch

TRUNK, HEAD = "trunk.", "head."


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading found. Nothing of it is printed: what matters is an error, the rest is here.

    Attributes:
        source: the folder the weights came from.
        files: the files read.
        filled: how many parameters the file filled.
        new: parameters of a new, untrained head.
        absent: optional modules that the file does not hold, as a pooler.
        unclaimed: keys that belong to no part of this model: other tasks' heads.
        prefix: what stands before the trunk's names in the file.
        saved_dtype: number format of the trunk in the file, as safetensors names it.
        notes: facts about the file that are worth knowing and no reason to stop.
    """

    source: str
    files: tuple[str, ...]
    filled: int
    new: tuple[str, ...]
    absent: tuple[str, ...]
    unclaimed: tuple[str, ...]
    prefix: str
    saved_dtype: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """A weight file as one architecture sees it, by its header alone.

    Attributes:
        weights: the open file.
        actual: present-day name of each key to the key in the file.
        shapes: present-day name to shape.
        prefix: what stands before the trunk's names.
    """

    weights: Weights
    actual: Mapping[str, str]
    shapes: Mapping[str, Shape]
    prefix: str

    @classmethod
    def of(cls, weights: Weights, architecture: Architecture[Any]) -> Contents:
        """The contents of an open file for an architecture."""
        actual = canonical(weights.entries)
        shapes = {name: tuple(weights.entries[key].shape) for name, key in actual.items()}
        return cls(weights, actual, shapes, architecture.names.choose_prefix(actual))

    def labels(self, names: Names) -> int | None:
        """How many labels the head in the file has; None where the file has no such head."""
        key = names.keys("out.weight", self.prefix)[0]
        return self.shapes[key][0] if self.shapes.get(key) else None


def check_sizes(config: HubConfig, architecture: Architecture[Any], contents: Contents) -> None:
    """Holds every size that a config states to the file's header, before anything of that size is made.

    Raises:
        WeightsError: ``E_CONFIG_WEIGHTS``, naming the parameter, the config's value and the file's.
    """
    for declared in config.declared():
        measures = knob_of(declared).measures
        there = None
        if measures is not None:
            there = measured(architecture.names, measures, contents.prefix, contents.shapes)
        if there is not None and there[0] != getattr(config, declared.name):
            raise WeightsError(
                "E_CONFIG_WEIGHTS",
                "The config says {name} = {said}; the weights hold {found} ({key}).",
                where="In {folder}.",
                cure="Use config.json and weights from the same download; {name} must be {found}.",
                values=dict(
                    name=declared.name,
                    said=getattr(config, declared.name),
                    found=there[0],
                    key=there[1],
                    folder=contents.weights.folder,
                ),
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of the file's keys make which parameter, and which parameters are made new."""

    found: Mapping[str, tuple[str, ...]]
    new: tuple[str, ...]
    absent: tuple[str, ...]
    unclaimed: tuple[str, ...]


def plan(
    parameters: Mapping[str, Shape],
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
    trunk = pull(_under(TRUNK, parameters), architecture.names, prefix, contents.shapes)
    head = pull(_under(HEAD, parameters), head_names, prefix, contents.shapes)
    lacking = {name: architecture.names.keys(name, prefix) for name in trunk.missing}
    wanted = [key for keys in lacking.values() for key in keys if key not in contents.actual and key not in allow]
    if wanted:
        raise _error("E_MISSING", "The weights lack {count} tensors of the trunk: {some}.", wanted, contents)
    _refuse_shapes(trunk, contents)
    absent = tuple(module for module in head_names.optional if any(_within(name, module) for name in head.missing))
    anew = [name for name in head.missing if not any(_within(name, module) for module in absent)]
    anew += [name for name, _, _ in head.misshapen]
    anew += [name for name in head.found if name not in anew and any(_within(name, each) for each in fresh)]
    if not may_make_head:
        _refuse_missing_head(anew, head, head_names, task, contents)
    found = {f"{TRUNK}{name}": keys for name, keys in trunk.found.items()}
    found |= {f"{HEAD}{name}": keys for name, keys in head.found.items() if name not in anew}
    claimed = {key for keys in found.values() for key in keys}
    left = [name for name in contents.actual if name not in claimed and name not in head_names.copies]
    strangers = [
        name
        for name in left
        if architecture.names.belongs(name, prefix)
        and not architecture.names.may_be_left(name, prefix)
        and name not in allow
    ]
    if strangers:
        raise _error(
            "E_UNCLAIMED", "The weights hold {count} tensors this trunk has no place for: {some}.", strangers, contents
        )
    new = (*(f"{TRUNK}{name}" for name in trunk.missing), *(f"{HEAD}{name}" for name in anew))
    return Plan(found, new, absent, tuple(left))


def _under(prefix: str, parameters: Mapping[str, Shape]) -> dict[str, Shape]:
    return {name.removeprefix(prefix): shape for name, shape in parameters.items() if name.startswith(prefix)}


def _within(parameter: str, module: str) -> bool:
    return parameter == module or parameter.startswith(f"{module}.")


def _refuse_shapes(pulled: Pulled, contents: Contents) -> None:
    if pulled.misshapen:
        shown = [
            f"{'+'.join(pulled.found[name])} {list(got)}, wanted {list(want)}" for name, want, got in pulled.misshapen
        ]
        raise _error("E_SHAPE", "{count} tensors have another shape than the config says: {some}.", shown, contents)


def _refuse_missing_head(anew: list[str], head: Pulled, names: Names, task: Task[Any], contents: Contents) -> None:
    if not anew:
        return
    if head.misshapen and not head.missing:
        _refuse_shapes(head, contents)
    raise WeightsError(
        "E_NO_HEAD",
        "{folder} has no trained head for {task}: it lacks {some}.",
        cure="To start a new one for training: new_head=True.",
        values=dict(
            folder=contents.weights.folder,
            task=task.name,
            some=", ".join(names.keys(name, contents.prefix)[0] for name in anew[:4]),
        ),
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


def read(contents: Contents, keys: tuple[str, ...], out: torch.Tensor, *, allow_nonfinite: bool = False) -> None:
    """Fills a parameter [rows, ...] from the keys that make it, one under another, each straight into its place."""
    start = 0
    for key in keys:
        rows = contents.shapes[key][0] if contents.shapes[key] else 1
        part = out if len(keys) == 1 else out[start : start + rows]
        contents.weights.read_into(contents.actual[key], part, allow_nonfinite=allow_nonfinite)
        start += rows


def check_copies(names: Names, contents: Contents, found: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """Holds tensors that a file repeats under a second name to be equal to the parameter they repeat.

    Raises:
        WeightsError: ``E_TIED``, naming the key, if they differ: which of the two was trained cannot be known.
    """
    import torch

    claimed = {key for keys in found.values() for key in keys}
    for key, parameter in names.copies.items():
        if key not in contents.actual or key in claimed or contents.actual[key] in contents.weights.tied:
            continue
        own = parameters[parameter]
        again = torch.empty_like(own)
        contents.weights.read_into(contents.actual[key], again)
        if not torch.equal(own, again):
            raise WeightsError(
                "E_TIED",
                "{key} should repeat {parameter}, but their values differ.",
                where="In {folder}.",
                cure="Get the model again. If its output matrix is its own, config.json says tie_word_embeddings: false.",
                values=dict(key=key, parameter=parameter, folder=contents.weights.folder),
            )
