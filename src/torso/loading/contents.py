"""Parameter loading from a weight file: names and shapes are matched before any tensor data is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, TypeVar

from torso.architecture import Architecture
from torso.config.fields import Axis, Count, field_info
from torso.config.hub_config import HubConfig
from torso.errors import WeightsError
from torso.io.paths import shown
from torso.weights.foreign_formats import quantised_otherwise, refuse_quantised
from torso.weights.names import Form, Names, Parts, Shape, canonical, unwrapped
from torso.weights.number_bits import NumberBits, are_equal
from torso.weights.tensor_entry import Note
from torso.weights.weights import Weights

Values = TypeVar("Values")


@dataclass(frozen=True, slots=True)
class Contents:
    """View of a weight file for one architecture, from its header alone.

    Attributes:
        weights: the open file.
        actual: present-day name of each key to the key in the file.
        shapes: present-day name to shape.
        prefix: prefix of the trunk's names.
    """

    weights: Weights
    actual: Mapping[str, str]
    shapes: Mapping[str, Shape]
    prefix: str

    @classmethod
    def of(cls, weights: Weights, architecture: Architecture[Any]) -> Contents:
        """Return the contents of an open file for an architecture.

        Raises:
            UnsupportedError: ``E_QUANTISED``.
        """
        refuse_quantised(weights.entries, weights.folder)
        _refuse_turned(weights, architecture)
        actual = canonical(weights.entries)
        shapes = {name: tuple(weights.entries[key].shape) for name, key in actual.items()}
        return cls(weights, actual, shapes, architecture.names.choose_prefix(actual))

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on the file and on how its names were read."""
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
        """Return the number of labels of the head in the file; None if the file has no such head."""
        key = names.keys("out.weight", self.prefix)[0]
        return self.shapes[key][0] if self.shapes.get(key) else None


def _refuse_turned(weights: Weights, architecture: Architecture[Any]) -> None:
    """Raise for quantised matrices of a family that stores its own transposed: theirs are, or are not, by format."""
    forms = [form for form in weights.quantised if form != "FP8"]
    if forms and any(architecture.names.form(f"{module}.weight") == "transposed" for module in architecture.names.rows):
        raise quantised_otherwise(forms[0], architecture.family, weights.folder)


def check_sizes(config: HubConfig, architecture: Architecture[Any], contents: Contents) -> None:
    """Check every size that a config states against the file's header, before anything of that size is allocated.

    Raises:
        WeightsError: ``E_CONFIG_WEIGHTS``, naming the parameter, the config's value and the file's.
    """
    for declared in config.declared():
        measures = field_info(declared).measures
        found = None
        if measures is not None:
            found = measured(architecture.names, measures, contents.prefix, contents.shapes)
        if found is not None and found[0] != getattr(config, declared.name):
            raise WeightsError(
                "E_CONFIG_WEIGHTS",
                "The config says {name} = {said}; the weights hold {found} ({key}).",
                where="In {folder}.",
                cure="Use config.json and weights from the same download; {name} must be {found}.",
                values=dict(
                    name=declared.name,
                    said=getattr(config, declared.name),
                    found=found[0],
                    key=found[1],
                    folder=contents.weights.folder,
                ),
            )


def read(
    contents: Contents,
    keys: tuple[str, ...],
    out: NumberBits,
    form: Form = "straight",
    parts: Parts | None = None,
    *,
    allow_nonfinite: bool = False,
) -> None:
    """Read a parameter from its keys, each tensor straight into its slice of ``out``; keys the file lacks are skipped.

    Args:
        contents: the file.
        keys: one, or several whose tensors are concatenated along axis 0.
        out: the parameter.
        form: layout of the tensors in the file.
        parts: sizes of the fused parts, if it is fused.
        allow_nonfinite: whether NaN and infinity are accepted.
    """
    for key, view in zip(keys, part_views(out.data, len(keys), form, parts), strict=True):
        if key in contents.actual:
            contents.weights.read_into(
                contents.actual[key], NumberBits(view, out.dtype), allow_nonfinite=allow_nonfinite
            )
            write_back(out.data, view, form, parts)


def part_views(value: Values, count: int, form: Form, parts: Parts | None) -> list[Values]:
    """Return a view of ``value`` for each of the ``count`` tensors it is fused from, in the tensors' own element order.

    Of an array or a tensor, whose methods are named alike.

    With interleaved heads it is a copy, which `write_back` writes back.
    """
    given: Any = value
    if form == "transposed":
        return [given.T if given.ndim == 2 else given]
    if form == "heads":
        assert parts is not None, "only fused modules interleave heads"
        return [given[parts.interleaved]]
    if count == 1:
        return [given]
    assert parts is not None, "several tensors make a fused module"
    return [given[start:end] for start, end in pairwise([0, *accumulate(parts.rows)])]


def write_back(value: Any, stored: Any, form: Form, parts: Parts | None) -> None:
    """Write a tensor in a file's own order of rows to its parameter, unless it is a view of `part_views` anyway."""
    if form == "heads":
        assert parts is not None, "only fused modules interleave heads"
        value[parts.interleaved] = stored


def in_own_order(stored: Any, form: Form, parts: Parts | None) -> Any:
    """Return output rows of a file, an array or a tensor, in torso's order; the inverse of `part_views` of one key."""
    if form != "heads":
        return stored
    assert parts is not None, "only fused modules interleave heads"
    return stored[parts.deinterleaved]


def check_copies(
    copies: Mapping[str, str], contents: Contents, found: Mapping[str, Any], parameters: Mapping[str, NumberBits]
) -> None:
    """Check that tensors stored under a second name equal the parameter they repeat.

    Raises:
        WeightsError: ``E_TIED``, naming the key, if they differ: which of the two was trained cannot be known.
    """
    claimed = {key for keys in found.values() for key in keys}
    for key, parameter in copies.items():
        if key not in contents.actual or key in claimed or contents.actual[key] in contents.weights.tied:
            continue
        own = parameters[parameter]
        copy = NumberBits.empty(own.data.shape, own.dtype)
        contents.weights.read_into(contents.actual[key], copy)
        if not are_equal(own, copy):
            raise WeightsError(
                "E_TIED",
                "{key} should repeat {parameter}, but their values differ.",
                where="In {folder}.",
                cure="Get it again. If its output matrix is its own, config.json says tie_word_embeddings: false.",
                values=dict(key=key, parameter=parameter, folder=contents.weights.folder),
            )


def measured(names: Names, measures: Axis | Count, prefix: str, shapes: Mapping[str, Shape]) -> tuple[int, str] | None:
    """Return a config parameter's value as implied by the file's shapes, and the key it comes from; None if unknown."""
    if not isinstance(measures, Axis):
        multi_token = names.multi_token_layers(shapes, prefix)
        count = _layers_in((key for key in shapes if not key.startswith(multi_token)), names, measures.modules, prefix)
        return (count, f"{measures.modules}.{count - 1}") if count else None
    keys = names.keys(f"{measures.module}.weight", prefix)
    if any(key not in shapes for key in keys):
        return None
    shape = _stacked([shapes[key] for key in keys])
    shape = shape[::-1] if names.form(f"{measures.module}.weight") == "transposed" else shape
    return (shape[measures.axis], keys[0]) if len(shape) > measures.axis else None


def _layers_in(keys: Iterable[str], names: Names, modules: str, prefix: str) -> int:
    """Count the layers in a file from its keys: the highest layer index plus one."""
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
    """Return the shape of tensors concatenated along axis 0; the first one's if they do not fit together."""
    first = shapes[0]
    if len(shapes) == 1 or any(each[1:] != first[1:] or not each for each in shapes):
        return first
    return (sum(each[0] for each in shapes), *first[1:])
