"""The encoder of a PyTorch model, run by the kernels beside a decoder that PyTorch runs."""

from __future__ import annotations

from collections.abc import Container, Mapping

import torch
from torch import nn

from torso.batch import Batch
from torso.engines.model_source import array_of, on_host, reading
from torso.kernels.encoder import Encoder
from torso.kernels.library import Library
from torso.kernels.packed_weight import PackedWeight
from torso.nn.trunk import Trunk
from torso.outputs import Hidden


class NativeTrunk(nn.Module):
    """Trunk whose embeddings, blocks and final norm run as one call of the kernels; for inference.

    Args:
        library: the kernels.
        trunk: one whose description is without an `unsupported_trunk`, and which is as it says.
        kinds: format of the weight of each of its `products`, by its name in the trunk.
        packed: cache of packed weights, by name and kind; missing ones are added.

    Attributes:
        encoder: what runs.
        embed: the embeddings as they were.
        depth: number of blocks.
    """

    def __init__(
        self,
        library: Library,
        trunk: Trunk,
        kinds: Mapping[str, int],
        packed: dict[tuple[str, int], PackedWeight] | None = None,
    ) -> None:
        super().__init__()
        self.embed, self.depth = trunk.embed, trunk.depth
        self.encoder = Encoder(library, trunk.of, reading(trunk), kinds, packed)

    def forward(self, batch: Batch, *, hidden_states: Container[int] = (), attentions: Container[int] = ()) -> Hidden:
        """Compute as `Trunk.forward`; the rows are float32."""
        counted = self.embed.counted(batch)
        given = None if batch.embeddings is None else array_of(self.embed(counted))
        out = self.encoder(
            on_host(counted),
            batch.pool,
            hidden_states=hidden_states,
            attentions=attentions,
            embedded=given,
        )
        rows = torch.from_numpy(out.rows)
        states = {i: torch.from_numpy(each) for i, each in out.hidden_states.items()}
        weights = {i: [torch.from_numpy(each) for each in own] for i, own in out.attentions.items()}
        if batch.pool is None:
            return Hidden(rows, batch.layout, states, weights)
        pool = batch.layout.pooled_rows(batch.pool)
        return Hidden(rows, pool.layout, states, weights, pool=pool.which)
