"""Loading, from a folder to named weights: described, matched with the files by names and shapes, then read.

Both engines load by it: PyTorch's fills tensors, the kernels read arrays. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from torso import blocks
from torso.architecture import Architecture, Task, fused_parts
from torso.config.hub_config import HubConfig
from torso.config.sentence_modules import transformer_folder
from torso.loading.contents import Contents, check_copies, check_sizes, read
from torso.loading.head_owner import owner_of_head, refuse_other_head
from torso.loading.labels_and_dtype import NewHead, resolve_labels
from torso.loading.plan import HEAD, TRUNK, Plan, copies_of, plan
from torso.weights.gguf_weights import Groups
from torso.weights.names import Names, Parts
from torso.weights.number_bits import NumberBits
from torso.weights.report import LoadReport
from torso.weights.weights import open_weights

Out = TypeVar("Out")


class Changes(Protocol):
    """What an adapter makes of the weights of its base."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that it is made of."""
        ...

    @property
    def changed(self) -> Collection[str]:
        """Names of the weights that are not the base's."""
        ...

    @property
    def copied(self) -> Collection[str]:
        """Names of the weights that its files hold under a second name too."""
        ...

    def apply(self, name: str, out: NumberBits) -> None:
        """Change a weight, float32, that was read of the base."""
        ...

    def check_copies(self, weights: Mapping[str, NumberBits]) -> None:
        """Check that what its files hold under a second name equals the weight of that name."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LoadingJob(Generic[Out]):
    """A model of a folder before any tensor is read.

    Attributes:
        folder: the model's.
        architecture: its family.
        config: its config, with the labels of the head.
        task: of the head.
        description: of the model, without the optional parts that the files lack.
        contents: the files.
        plan: which tensors of the files make which weight.
        instead: see `LoadReport`.
        nonfinite: whether NaN and infinity are accepted.
        changes: of an adapter, which are made to each weight as it is read; then the contents are its base's.
        base_name: of an adapter, its base as it names it.
    """

    folder: Path
    architecture: Architecture[Any]
    config: HubConfig
    task: Task[Out]
    description: blocks.Whole
    contents: Contents
    plan: Plan
    instead: str = ""
    nonfinite: bool = False
    parts: Mapping[str, Parts] = field(default_factory=dict[str, Parts], repr=False)
    changes: Changes | None = None
    base_name: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its weights are made of."""
        return (*self.contents.weights.files, *(() if self.changes is None else self.changes.files))

    @property
    def saved_dtype(self) -> str:
        """Name of the dtype of the trunk in the files."""
        first = next(iter(self.plan.found.values()))[0]
        return self.contents.weights.entries[self.contents.actual[first]].dtype

    @property
    def head_trained(self) -> bool:
        """Whether all weights of the head are in the files."""
        return not any(name.startswith(HEAD) for name in self.plan.new)

    def read_into(self, name: str, out: NumberBits) -> None:
        """Read a weight of the description into memory; nothing for one that the files lack."""
        self._read_base(name, out)
        if self.changes is not None:
            self.changes.apply(name, out)

    def _read_base(self, name: str, out: NumberBits) -> None:
        if name in self.plan.found:
            form = self._names(name).form(name.partition(".")[2])
            parts = self.parts.get(name.rpartition(".")[0])
            read(self.contents, self.plan.found[name], out, form, parts, allow_nonfinite=self.nonfinite)

    def grouped(self, name: str) -> list[Groups] | None:
        """Return a matrix of the description as its file stores it, one after another what it is fused from.

        None where any part is not in groups, or where the rows of the file are in another order.
        """
        keys = self.plan.found.get(name, ())
        if not keys or self._names(name).form(name.partition(".")[2]) != "straight":
            return None
        weights, actual = self.contents.weights, self.contents.actual
        found = [weights.grouped(actual[key]) if key in actual else None for key in keys]
        return None if None in found else [each for each in found if each is not None]

    def check_copies(self, weights: Mapping[str, NumberBits]) -> None:
        """Check that tensors stored under a second name equal the weight they repeat.

        Args:
            weights: those of the description, by name; of those that have no copy, any may be missing.

        Raises:
            WeightsError: ``E_TIED``.
        """
        base = dict(weights)
        if self.changes is not None:
            self.changes.check_copies(weights)
            for name in weights.keys() & self.changes.changed:
                base[name] = NumberBits.empty(weights[name].data.shape, weights[name].dtype)
                self._read_base(name, base[name])
        check_copies(self._copies, self.contents, self.plan.found, base)

    @property
    def copied(self) -> set[str]:
        """Names of the weights that the files hold under a second name too."""
        own = {name for key, name in self._copies.items() if key in self.contents.actual}
        return own if self.changes is None else own | set(self.changes.copied)

    @property
    def _copies(self) -> Mapping[str, str]:
        return copies_of(self.architecture, self.task, self.contents.prefix)

    def report(self) -> LoadReport:
        """Return what was read of the files, and what was not."""
        return LoadReport(
            str(self.folder),
            tuple(path.name for path in self.contents.weights.files),
            len(self.plan.found),
            self.plan.new,
            self.plan.absent,
            self.plan.unclaimed,
            self.contents.prefix,
            self.saved_dtype,
            (*self.config.notes, *self.contents.notes),
            self.instead,
            self.base_name,
        )

    def _names(self, weight: str) -> Names:
        return self.architecture.names if weight.startswith(TRUNK) else self.architecture.plan(self.task).names


def match_folder(
    folder: Path,
    architecture: Architecture[Any],
    config: HubConfig,
    task: Task[Out],
    *,
    labels: Sequence[str] | None = None,
    num_labels: int | None = None,
    new_head: NewHead = False,
    allow: Collection[str] = (),
    allow_nonfinite: bool = False,
    adapter: str | None = None,
) -> LoadingJob[Out]:
    """Match the model of a folder whose config is already read with its files; arguments as for `torso.load`.

    Raises:
        TorsoError: as `torso.load`.
    """
    contents = Contents.of(open_weights(transformer_folder(folder), adapter), architecture)
    check_sizes(config, architecture, contents)
    other = owner_of_head(config, architecture, task, contents)
    if other is not None and not new_head:
        refuse_other_head(task, other, contents)
    if other is not None and other.labelled:
        config = config.replace({"num_labels": None})  # they are the other head's
    config, fresh = resolve_labels(
        config, architecture, task, contents, labels, num_labels, new_head=new_head, taken=other
    )
    whole = architecture.describe(config, task)
    parts = fused_parts(whole)
    decided = plan(
        {name: weight.shape for name, weight in blocks.named_weights(whole)},
        parts,
        architecture,
        task,
        contents,
        may_make_head=bool(new_head),
        fresh=fresh,
        allow=allow,
    )
    whole = whole.without_in_head(decided.absent)
    instead = other.name if other is not None else task.name if fresh else ""
    return LoadingJob(folder, architecture, config, task, whole, contents, decided, instead, allow_nonfinite, parts)
