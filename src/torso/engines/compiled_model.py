"""The native engine: a model in the kernels, NumPy arrays in and out. Loads no torch."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from torso import blocks
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.engines.compiled_base import CompiledBase, Optimised
from torso.host_batch import HostBatch, HostLayout, Pool, Rows, Wanted, require_length, require_rows
from torso.io.arguments import checked_calls
from torso.kernels.encoder import Encoder
from torso.kernels.host_embeddings import counted
from torso.kernels.host_heads import HostHead, pool_of
from torso.kernels.host_memory import Bytes
from torso.outputs import Hidden
from torso.weights.report import LoadReport

Out = TypeVar("Out", covariant=True)


@checked_calls
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CompiledModel(CompiledBase, Generic[Out]):
    """A model of one task that runs, from any number of threads, and does nothing else: no training, moving, saving.

    Attributes:
        config: the config that it was built from.
        architecture: its family.
        task: its task, which fixes the type of its outputs.
        description: what it consists of.
        encoder: its trunk.
        head: its head.
        done: mode and fidelity.
        trained: whether all weights of the head are trained.
        report: what was read of which files; None for one that was made of a model in memory.
    """

    config: HubConfig
    architecture: Architecture[Any]
    task: Task[Out]
    description: blocks.Whole
    encoder: Encoder
    head: HostHead
    done: Optimised
    trained: bool
    report: LoadReport | None = None

    @property
    def pool(self) -> Pool | None:
        """The only row of each sequence that the head reads; None for all."""
        return pool_of(self.head.of)

    @property
    def vocabulary(self) -> int | None:
        """Number of rows of the token embeddings."""
        return len(self.encoder.tokens)

    def _arrays(self) -> Iterator[tuple[str, Rows | Bytes]]:
        """Yield everything that the outputs are computed of, with a name."""
        packed = [*((f"{name}|{kind}", each) for (name, kind), each in sorted(self.encoder.packed.items()))]
        packed += [(f"beside|{number}", each) for number, each in enumerate((*self.encoder.before, *self.head.packed))]
        for name, each in packed:
            yield from ((f"{name}|{part}", array) for part, array in enumerate(each.arrays) if array is not None)
        plain = [*self.encoder.arrays, *self.head.arrays]
        yield from ((f"held|{number}", each) for number, each in enumerate(plain))

    def run(
        self,
        batch: HostBatch,
        wanted: Wanted | None = None,
        *,
        hidden_states: Container[int] = (),
        attentions: Container[int] = (),
    ) -> Out:
        """Run a batch; the outputs hold NumPy arrays.

        Args:
            batch: packed texts.
            wanted: which outputs are needed; None for all.
            hidden_states: layers whose rows are returned: 0 the embeddings, i the output of block i.
            attentions: blocks, from 0, whose attention weights are returned.

        Raises:
            TooLongError: ``E_TOO_LONG``, naming the first text that is longer than the model takes. Nothing was run.
            InputError: ``E_IDS``, for ids outside the embedding tables.
            MemoryError: the batch does not fit the memory.
        """
        wanted = wanted or Wanted()
        require_length(batch.sizes, self.max_tokens)
        embed = self.description.trunk.embed
        batch = counted(batch, embed)
        try:
            encoded = self.encoder(batch, wanted.pool, hidden_states=hidden_states, attentions=attentions)
        except IndexError:
            # Some id is outside its table; finding which one reads every id, so only now.
            for name, table, ids in (("tokens", "tokens", batch.tokens), ("segments", "segments", batch.segments)):
                part = embed.parts[table]
                rows = part.num_embeddings if isinstance(part, blocks.Embedding) else None
                require_rows(name, int(ids.min()), int(ids.max()), rows)
            raise
        sizes = batch.sizes if wanted.pool is None else (1,) * len(batch.sizes)
        states: Mapping[int, Any] = encoded.hidden_states
        weights: Mapping[int, Any] = encoded.attentions
        layout = cast("Any", HostLayout(sizes))
        hidden = Hidden(cast("Any", encoded.rows), layout, states, weights, pool=wanted.pool)
        return self.head(hidden, encoded, batch, pooled=wanted.pooled)
