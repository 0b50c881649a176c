"""Weight name tables: declarative maps from torso's parameter names to the Hub's.

A row names a module (``.weight`` and ``.bias`` are appended) or a bare parameter; ``{i}`` is the layer. Because every
torso parameter is looked up, missing keys are known at once, and keys that no row names are the unclaimed ones.
``{j}`` is a second number behind it: an expert of the layer's mixture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Literal

Shape = tuple[int, ...]
Form = Literal["straight", "transposed", "heads"]
"""Layout of a stored tensor: torso's own; input axis first; or fused parts interleaved head by head."""


@dataclass(frozen=True, slots=True)
class Row:
    """Table row for one torso module: the Hub modules whose tensors, concatenated, make it, and their layout."""

    theirs: tuple[str, ...]
    form: Form = "straight"


def cat(stem: str, *parts: str) -> Row:
    """Map several Hub modules to one fused along the output axis: ``cat("self", "query", "key")``."""
    return Row(tuple(f"{stem}.{part}" for part in parts))


def transposed(module: str) -> Row:
    """Map a module whose matrix is stored input axis first, as GPT-2's ``Conv1D``."""
    return Row((module,), "transposed")


def heads_interleaved(module: str) -> Row:
    """Map a module that the file fuses head by head: each head's query, key and value together (BLOOM).

    Where several heads of queries share one of keys and values, they stand together before it (Falcon).
    """
    return Row((module,), "heads")


@dataclass(frozen=True)
class Parts:
    """Layout of a fused module: the rows of each part, and of each head within a part."""

    rows: Shape
    head: int = 0

    @cached_property
    def interleaved(self) -> list[int]:
        """The rows of the module in the order of a file that interleaves heads."""
        groups = min(self.rows) // self.head
        taken: list[int] = []
        for group in range(groups):
            for start, rows in zip(accumulate(self.rows, initial=0), self.rows, strict=False):
                each = rows // groups
                taken += range(start + group * each, start + (group + 1) * each)
        return taken

    @cached_property
    def deinterleaved(self) -> list[int]:
        """The rows of a file that interleaves heads in the order of the module: the inverse of `interleaved`."""
        return sorted(range(len(self.interleaved)), key=self.interleaved.__getitem__)


@dataclass(frozen=True, slots=True)
class Names:
    """Name table of a trunk or head.

    Attributes:
        rows: torso's module names to the Hub's, without the prefix.
        prefix: possible prefixes of all Hub names, the usual one first; decided once per file by the first row.
        within: those of the prefixes that files of a larger model have: read, and never written.
        unused: Hub modules under the prefix that may be ignored.
        multi_token: the Hub module that marks a layer behind the last one as one of multi-token prediction, which is
            ignored with all in it; empty where the family has none.
        copies: Hub keys that only repeat a torso parameter (with its ``trunk.`` or ``head.``); checked to be equal.
        optional: torso modules that a file may lack as a whole.
        instead: Hub key to the key that replaces it where it is absent.

    Hub names are written without the prefix in a trunk's table; in a head's table ``{trunk}`` is replaced by it.
    """

    rows: Mapping[str, str | Row] = field(default_factory=dict[str, str | Row])
    prefix: tuple[str, ...] = ("",)
    within: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    multi_token: str = ""
    copies: Mapping[str, str] = field(default_factory=dict[str, str])
    optional: tuple[str, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict[str, str])

    def unfused(self) -> Names:
        """Return the table of a model that keeps apart what files keep apart: a row more for each part of a fusion."""
        rows = {
            f"{ours}.{i}": theirs
            for ours, row in self.rows.items()
            if isinstance(row, Row)
            for i, theirs in enumerate(row.theirs)
            if len(row.theirs) > 1
        }
        return replace(self, rows={**self.rows, **rows})

    def keys(self, parameter: str, prefix: str) -> tuple[str, ...]:
        """Return the Hub keys that make one torso parameter, in order.

        Raises:
            KeyError: if no row names the parameter: a fault of the architecture's table.
        """
        module, _, kind = parameter.rpartition(".")
        for name, suffix in ((parameter, ""), (module, f".{kind}")):
            row, *numbers = self._row(name)
            if row is not None:
                return tuple(f"{self._full_name(each, prefix, *numbers)}{suffix}" for each in row.theirs)
        raise KeyError(parameter)

    def form(self, parameter: str) -> Form:
        """Return the layout of the stored tensor of one parameter."""
        row = self._row(parameter)[0] or self._row(parameter.rpartition(".")[0])[0]
        return "straight" if row is None else row.form

    def copied(self, prefix: str) -> dict[str, str]:
        """Return `copies` as named in a file with that prefix."""
        return {self._full_name(key, prefix, ""): parameter for key, parameter in self.copies.items()}

    def fallback(self, key: str, prefix: str) -> str:
        """Return the key whose tensor replaces that of an absent key; the key itself if none does."""
        for wanted, other in self.instead.items():
            if self._full_name(wanted, prefix, "") == key:
                return self._full_name(other, prefix, "")
        return key

    def _row(self, name: str) -> tuple[Row | None, str, str]:
        """Return the row of a name, with the numbers that stand for ``{i}`` and ``{j}``."""
        pattern, numbers = name, ["", ""]
        for place, letter in enumerate("ij"):
            found = None if pattern in self.rows else re.search(r"\.(\d+)(?=\.|$)", pattern)
            if found is not None:
                numbers[place] = found[1]
                pattern = f"{pattern[: found.start(1)]}{{{letter}}}{pattern[found.end(1) :]}"
        row = self.rows.get(pattern)
        return Row((row,)) if isinstance(row, str) else row, numbers[0], numbers[1]

    def choose_prefix(self, keys: Mapping[str, object]) -> str:
        """Return the first prefix under which the first row is in the file; else the default one."""
        return next((prefix for prefix in self.prefix if self._begins(keys, prefix)), self.prefix[0])

    def claims(self, keys: Mapping[str, object]) -> int:
        """Count the keys of a file that the table's rows name; 0 if its first row is absent."""
        prefix = self.choose_prefix(keys)
        if not self._begins(keys, prefix):
            return 0
        rows = (row if isinstance(row, Row) else Row((row,)) for row in self.rows.values())
        modules = {self._full_name(each, prefix, "") for row in rows for each in row.theirs}
        stems = (key.rpartition(".")[0] for key in keys)
        return sum(bool({re.sub(r"\.\d+(?=\.)", ".", stem, count=n) for n in (1, 2)} & modules) for stem in stems)

    def _begins(self, keys: Mapping[str, object], prefix: str) -> bool:
        first = self.keys(f"{next(iter(self.rows))}.weight", prefix)
        return all(key in keys or self.fallback(key, prefix) in keys for key in first)

    def belongs(self, key: str, prefix: str) -> bool:
        """Return whether a key of a file is in a namespace reserved for this table's weights."""
        if prefix:
            return key.startswith(prefix)
        tops = {(row if isinstance(row, str) else row.theirs[0]).partition(".")[0] for row in self.rows.values()}
        return key.partition(".")[0] in tops

    def unused_pattern(self, prefix: str) -> re.Pattern[str]:
        """Return the pattern of the keys of a file that are declared as unused."""
        placed = (self._full_name(each, prefix, "{i}") for each in self.unused)
        modules = "|".join(r"\d+".join(map(re.escape, each.split("{i}"))) for each in placed)
        return re.compile(rf"(?:{modules})(?:\.|$)" if modules else r"(?!)")

    def multi_token_layers(self, keys: Iterable[str], prefix: str) -> tuple[str, ...]:
        """Return the layers of a file that predict tokens further ahead: their Hub names, each with a full stop."""
        if not self.multi_token:
            return ()
        lead, _, module = self._full_name(self.multi_token, prefix, "{i}").partition("{i}")
        found: dict[str, None] = {}
        for key in keys:
            number, _, rest = key.removeprefix(lead).partition(".")
            if key.startswith(lead) and number.isdecimal() and f".{rest}".startswith(f"{module}."):
                found[f"{lead}{number}."] = None
        return tuple(found)

    def _full_name(self, name: str, prefix: str, layer: str, inner: str = "") -> str:
        # A head's table has no prefix of its own: the trunk's is used only where {trunk} asks for it.
        lead = prefix if prefix in self.prefix else ""
        return lead + name.replace("{trunk}", prefix).replace("{i}", layer).replace("{j}", inner)


_NORM = re.compile(r"LayerNorm\.(gamma|beta)$")
# What DataParallel, torch.compile, FSDP, activation checkpointing, DeepSpeed and PEFT put around the modules they wrap:
# the last three may occur between the names of modules too, where only a part of a model was wrapped.
_INSIDE = r"_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module"
_WRAPPED = re.compile(rf"^(?:(?:module|base_model\.model|_forward_module|{_INSIDE})\.)++|(?<=\.)(?:(?:{_INSIDE})\.)++")


def canonical(entries: Iterable[str]) -> dict[str, str]:
    """Map the present-day name of every key of a file to the key; prefixes of module wrappers are removed.

    A LayerNorm's ``gamma`` and ``beta`` are weight and bias; elsewhere ``gamma`` is a weight of its own (ConvNeXt's
    layer scale). A wrapped key whose bare name exists too keeps its wrapper: which of the two counts is unknown.
    """
    keys = list(entries)
    there = frozenset(keys)
    present: dict[str, str] = {}
    for key in keys:
        unwrapped_key = unwrapped(key)
        unwrapped_key = key if unwrapped_key != key and unwrapped_key in there else unwrapped_key
        found = _NORM.search(unwrapped_key)
        name = (
            unwrapped_key
            if found is None
            else unwrapped_key[: found.start(1)] + {"gamma": "weight", "beta": "bias"}[found[1]]
        )
        present.setdefault(name, key)
    return present


def unwrapped(key: str) -> str:
    """Return a key without the name parts that module wrappers add."""
    return _WRAPPED.sub("", key)


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """Result of matching parameters with the keys of a file.

    Attributes:
        found: parameter to the keys that make it, present or not.
        missing: parameters with a key the file lacks.
        misshapen: key, shape wanted, shape found.
    """

    found: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    misshapen: tuple[tuple[str, Shape, Shape], ...]


def match_keys(
    parameters: Mapping[str, Shape],
    names: Names,
    prefix: str,
    shapes: Mapping[str, Shape],
    parts: Mapping[str, Parts],
) -> KeyMatch:
    """Match each torso parameter with keys of a file, by name and shape alone: no tensor data is read.

    Args:
        parameters: torso's names, with their shapes.
        names: the table.
        prefix: prefix of the Hub names in this file.
        shapes: the file's canonical keys, with their shapes.
        parts: sizes of the parts of fused modules, by module.
    """
    found: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    misshapen: list[tuple[str, Shape, Shape]] = []
    for parameter, wanted in parameters.items():
        keys = names.keys(parameter, prefix)
        keys = tuple(key if key in shapes else names.fallback(key, prefix) for key in keys)
        found[parameter] = keys
        if any(key not in shapes for key in keys):
            missing.append(parameter)
        stored = wanted[::-1] if names.form(parameter) == "transposed" else wanted
        for key, shape in zip(keys, part_shapes(parameter, stored, len(keys), parts), strict=True):
            if shapes.get(key, shape) != shape:
                misshapen.append((key, shape, shapes[key]))
    return KeyMatch(found, tuple(missing), tuple(misshapen))


def part_shapes(parameter: str, shape: Shape, count: int, parts: Mapping[str, Parts]) -> list[Shape]:
    """Return the shapes of the tensors that, concatenated along axis 0, make a parameter."""
    if count == 1:
        return [tuple(shape)]
    return [(rows, *shape[1:]) for rows in parts[parameter.rpartition(".")[0]].rows]
