"""The names of weights: declarative tables, ours to the Hub's, pulled parameter by parameter.

A row names a module (``.weight`` and ``.bias`` follow) or a bare parameter; ``{i}`` is the layer. Because every one of
our parameters asks for its keys, what is missing is known at once, and what no row asked for is what is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Shape = tuple[int, ...]
Form = Literal["straight", "transposed", "heads"]
"""How a tensor of a file lies: as ours; input axis first; or with the parts of each head together, head by head."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where one of our modules stands in a file: the modules that, one under another, make it, and how they lie."""

    theirs: tuple[str, ...]
    form: Form = "straight"


def cat(stem: str, *parts: str) -> Row:
    """Several of their modules fused into one of ours, along the output axis: ``cat("self", "query", "key")``."""
    return Row(tuple(f"{stem}.{part}" for part in parts))


def transposed(module: str) -> Row:
    """A module whose matrix is stored input axis first, as GPT-2's ``Conv1D``."""
    return Row((module,), "transposed")


def heads_interleaved(module: str) -> Row:
    """A module that is fused in the file too, but head by head: each head's query, key and value together (BLOOM)."""
    return Row((module,), "heads")


@dataclass(frozen=True, slots=True)
class Parts:
    """What one of our fused modules is made of: the rows of each part, and of each head within a part."""

    rows: Shape
    head: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """A table of names.

    Attributes:
        rows: ours to theirs, without the prefix.
        prefix: what may stand before all of theirs, the usual one first; decided once per file by the first row.
        unused: their modules that may be left over under the prefix.
        copies: their keys that only repeat a parameter of ours (``trunk.`` or ``head.`` before it); held to be equal.
        optional: our modules that a file may lack as a whole.
        instead: their keys, each to the key that holds the same where it is absent.

    Their names are written without the prefix in a trunk's table; in a head's, ``{trunk}`` stands for it.
    """

    rows: Mapping[str, str | Row] = field(default_factory=dict[str, str | Row])
    prefix: tuple[str, ...] = ("",)
    unused: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict[str, str])
    optional: tuple[str, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict[str, str])

    def keys(self, parameter: str, prefix: str) -> tuple[str, ...]:
        """Their keys that make one of our parameters, in order.

        Raises:
            KeyError: if no row names the parameter: a fault of the architecture's table.
        """
        module, _, kind = parameter.rpartition(".")
        for name, suffix in ((parameter, ""), (module, f".{kind}")):
            row, layer = self._row(name)
            if row is not None:
                return tuple(f"{self._placed(each, prefix, layer)}{suffix}" for each in row.theirs)
        raise KeyError(parameter)

    def form(self, parameter: str) -> Form:
        """How their tensor of one of our parameters lies."""
        row = self._row(parameter)[0] or self._row(parameter.rpartition(".")[0])[0]
        return "straight" if row is None else row.form

    def copied(self, prefix: str) -> dict[str, str]:
        """`copies` as they stand in a file with that prefix."""
        return {self._placed(key, prefix, ""): parameter for key, parameter in self.copies.items()}

    def fallback(self, key: str, prefix: str) -> str:
        """The key that holds the same as one that is absent; the key itself if none does."""
        for wanted, other in self.instead.items():
            if self._placed(wanted, prefix, "") == key:
                return self._placed(other, prefix, "")
        return key

    def _row(self, name: str) -> tuple[Row | None, str]:
        pattern, layer = name, ""
        if pattern not in self.rows:
            found = re.search(r"\.(\d+)(?=\.|$)", name)
            if found is None:
                return None, ""
            layer = found[1]
            pattern = f"{name[: found.start(1)]}{{i}}{name[found.end(1) :]}"
        row = self.rows.get(pattern)
        return (Row((row,)) if isinstance(row, str) else row), layer

    def choose_prefix(self, keys: Mapping[str, object]) -> str:
        """The first prefix under which the first row is in the file; the usual one if none is."""
        return next((prefix for prefix in self.prefix if self._begins(keys, prefix)), self.prefix[0])

    def claims(self, keys: Mapping[str, object]) -> int:
        """How many of a file's keys the table's rows name; none where its first row is not there."""
        prefix = self.choose_prefix(keys)
        if not self._begins(keys, prefix):
            return 0
        rows = (row if isinstance(row, Row) else Row((row,)) for row in self.rows.values())
        modules = {self._placed(each, prefix, "") for row in rows for each in row.theirs}
        return sum(re.sub(r"\.\d+(?=\.)", ".", key.rpartition(".")[0], count=1) in modules for key in keys)

    def _begins(self, keys: Mapping[str, object], prefix: str) -> bool:
        first = self.keys(f"{next(iter(self.rows))}.weight", prefix)
        return all(key in keys or self.fallback(key, prefix) in keys for key in first)

    def belongs(self, key: str, prefix: str) -> bool:
        """Whether a key of a file stands where only this table's own weights should."""
        if prefix:
            return key.startswith(prefix)
        tops = {(row if isinstance(row, str) else row.theirs[0]).partition(".")[0] for row in self.rows.values()}
        return key.partition(".")[0] in tops

    def left(self, prefix: str) -> re.Pattern[str]:
        """What matches the keys of a file that are declared as unused."""
        placed = (self._placed(each, prefix, "{i}") for each in self.unused)
        modules = "|".join(r"\d+".join(map(re.escape, each.split("{i}"))) for each in placed)
        return re.compile(rf"(?:{modules})(?:\.|$)" if modules else r"(?!)")

    def _placed(self, name: str, prefix: str, layer: str) -> str:
        # A head's table has no prefix of its own: the trunk's stands only where {trunk} asks for it.
        lead = prefix if prefix in self.prefix else ""
        return lead + name.replace("{trunk}", prefix).replace("{i}", layer)


_NORM = re.compile(r"LayerNorm\.(gamma|beta)$")
# What DataParallel, torch.compile, FSDP, activation checkpointing, DeepSpeed and PEFT put around the modules they wrap:
# the last three words may stand between the names of modules too, where only a part of a model was wrapped.
_INSIDE = r"_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module"
_WRAPPED = re.compile(rf"^(?:(?:module|base_model\.model|_forward_module|{_INSIDE})\.)++|(?<=\.)(?:(?:{_INSIDE})\.)++")


def canonical(entries: Iterable[str]) -> dict[str, str]:
    """Every key of a file under its present-day name, without what wrappers put around modules.

    A LayerNorm's ``gamma`` and ``beta`` are weight and bias; elsewhere ``gamma`` is a weight of its own (ConvNeXt's
    layer scale). A wrapped key whose own name is there too keeps its wrapper: which of the two counts, nothing says.
    """
    keys = list(entries)
    there = frozenset(keys)
    present: dict[str, str] = {}
    for key in keys:
        bare = unwrapped(key)
        bare = key if bare != key and bare in there else bare
        found = _NORM.search(bare)
        name = bare if found is None else bare[: found.start(1)] + {"gamma": "weight", "beta": "bias"}[found[1]]
        present.setdefault(name, key)
    return present


def unwrapped(key: str) -> str:
    """A key without the words that wrappers of modules put into it."""
    return _WRAPPED.sub("", key)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a file holds for a set of our parameters.

    Attributes:
        found: parameter to the keys that make it, there or not.
        missing: parameters with a key the file lacks.
        misshapen: key, shape wanted, shape found.
    """

    found: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    misshapen: tuple[tuple[str, Shape, Shape], ...]


def pull(
    parameters: Mapping[str, Shape],
    names: Names,
    prefix: str,
    shapes: Mapping[str, Shape],
    parts: Mapping[str, Parts],
) -> Pulled:
    """Asks a file for each of our parameters, by shape alone: nothing is read.

    Args:
        parameters: ours, with their shapes.
        names: the table.
        prefix: what stands before their names in this file.
        shapes: the file's canonical keys, with their shapes.
        parts: what our fused modules are made of, by module.
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
        lying = wanted[::-1] if names.form(parameter) == "transposed" else wanted
        for key, shape in zip(keys, apart(parameter, lying, len(keys), parts), strict=True):
            if shapes.get(key, shape) != shape:
                misshapen.append((key, shape, shapes[key]))
    return Pulled(found, tuple(missing), tuple(misshapen))


def apart(parameter: str, shape: Shape, count: int, parts: Mapping[str, Parts]) -> list[Shape]:
    """The shapes of the parts that, one under another, make a parameter."""
    if count == 1:
        return [tuple(shape)]
    return [(rows, *shape[1:]) for rows in parts[parameter.rpartition(".")[0]].rows]
