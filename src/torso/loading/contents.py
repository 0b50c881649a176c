"""From a weight file to a model's parameters: everything is decided by names and shapes before a byte is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torso.architecture import Architecture
from torso.config.fields import Axis, Count, field_info
from torso.config.hub_config import HubConfig
from torso.errors import WeightsError
from torso.io.paths import shown
from torso.weights.names import Form, Names, Parts, Shape, canonical, unwrapped
from torso.weights.tensor_entry import Note
from torso.weights.weights import Weights

if TYPE_CHECKING:
    import torch


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

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is worth knowing of the file, and of how its names were read."""
        wrapped = [key for key in self.actual.values() if unwrapped(key) != key and unwrapped(key) in self.actual]
        if not wrapped:
            return self.weights.notes
        return (
            *self.weights.notes,
            Note(
                "N_WRAPPED",
                "{count} names in {folder} come from a wrapped model and are read without it: {name} as {bare}.",
                dict(
                    count=f"{len(wrapped):,}",
                    folder=shown(self.weights.folder),
                    name=shown(wrapped[0][:100]),
                    bare=shown(unwrapped(wrapped[0])[:100]),
                ),
            ),
        )

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
        measures = field_info(declared).measures
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


def read(
    contents: Contents,
    keys: tuple[str, ...],
    out: torch.Tensor,
    form: Form = "straight",
    parts: Parts | None = None,
    *,
    allow_nonfinite: bool = False,
) -> None:
    """Fills a parameter from the keys that make it, each straight into its place; a key the file lacks is left out.

    Args:
        contents: the file.
        keys: one, or several whose tensors stand one under another.
        out: the parameter.
        form: how the tensors lie in the file.
        parts: what the parameter is made of, if it is fused.
        allow_nonfinite: whether NaN and infinity are accepted.
    """
    import torch

    for key, place in zip(keys, places(out, len(keys), form, parts), strict=True):
        if key not in contents.actual:
            continue
        there = place
        if place.ndim > out.ndim:
            there = torch.empty(contents.shapes[key], dtype=out.dtype)
        contents.weights.read_into(contents.actual[key], there, allow_nonfinite=allow_nonfinite)
        if there is not place:
            place.copy_(there.view(place.shape))


def places(value: torch.Tensor, count: int, form: Form, parts: Parts | None) -> list[torch.Tensor]:
    """Where each of the ``count`` tensors that make a parameter lies in it: views in the order of their elements.

    Head by head, the view has the axes apart: [heads, parts, rows of a head, ...].
    """
    from torso.batch import pieces

    if form == "transposed":
        return [value.T if value.ndim == 2 else value]
    if form == "heads":
        assert parts is not None, "only fused modules lie head by head"
        return [value.view(len(parts.rows), -1, parts.head, *value.shape[1:]).transpose(0, 1)]
    if count == 1:
        return [value]
    assert parts is not None, "several tensors make a fused module"
    return pieces(value, parts.rows)


def check_copies(
    copies: Mapping[str, str], contents: Contents, found: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    """Holds tensors that a file repeats under a second name to be equal to the parameter they repeat.

    Raises:
        WeightsError: ``E_TIED``, naming the key, if they differ: which of the two was trained cannot be known.
    """
    import torch

    claimed = {key for keys in found.values() for key in keys}
    for key, parameter in copies.items():
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
                cure="Get it again. If its output matrix is its own, config.json says tie_word_embeddings: false.",
                values=dict(key=key, parameter=parameter, folder=contents.weights.folder),
            )


def measured(names: Names, measures: Axis | Count, prefix: str, shapes: Mapping[str, Shape]) -> tuple[int, str] | None:
    """The value of a parameter as the file's shapes tell it, and the key that tells; None where the file does not."""
    if not isinstance(measures, Axis):
        count = _layers_in(shapes, names, measures.modules, prefix)
        return (count, f"{measures.modules}.{count - 1}") if count else None
    keys = names.keys(f"{measures.module}.weight", prefix)
    if any(key not in shapes for key in keys):
        return None
    shape = _stacked([shapes[key] for key in keys])
    shape = shape[::-1] if names.form(f"{measures.module}.weight") == "transposed" else shape
    return (shape[measures.axis], keys[0]) if len(shape) > measures.axis else None


def _layers_in(keys: Iterable[str], names: Names, modules: str, prefix: str) -> int:
    """How many layers a file holds, counted in its keys: one more than the highest number."""
    stems: set[str] = set()
    for ours, row in names.rows.items():
        if ours.startswith(f"{modules}.{{i}}."):
            stems.update(prefix + each.partition("{i}")[0] for each in ((row,) if isinstance(row, str) else row.theirs))
    highest = -1
    for key in keys:
        for stem in stems:
            if key.startswith(stem):
                number = key[len(stem) :].partition(".")[0]
                highest = max(highest, int(number)) if number.isdecimal() and len(number) < 10 else highest
    return highest + 1


def _stacked(shapes: list[Shape]) -> Shape:
    """The shape of tensors put one under another; the first one's where they do not fit together."""
    first = shapes[0]
    if len(shapes) == 1 or any(each[1:] != first[1:] or not each for each in shapes):
        return first
    return (sum(each[0] for each in shapes), *first[1:])
