"""Trunks (backbones), and the whole of a model: trunk and head."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from torso.blocks.embeddings import Embeddings
from torso.blocks.heads import Head, VocabHead
from torso.blocks.layers import Embedding, Identity, ModuleList
from torso.blocks.part import Part


@dataclass(frozen=True, eq=False)
class Trunk(Part):
    """Backbone of a model: embeddings, blocks, and a final norm where the architecture has one.

    Args:
        embed: maps a batch to rows [T, D].
        layers: the blocks, in order; the same block may occur several times.
        norm: final norm.
        score_bias: bias on attention scores that several blocks share.
        shared: blocks that occur several times, where files name them apart from their places (ALBERT).
        layer_dropout: probability of skipping a block, in training (LayerDrop, https://arxiv.org/abs/1909.11556).
    """

    embed: Embeddings
    layers: Sequence[Part]
    _: KW_ONLY
    norm: Part | None = None
    score_bias: Part | None = None
    shared: Sequence[Part] = ()
    layer_dropout: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """List embeddings, blocks, norm and bias; shared blocks before the others, and so under their own names."""
        return {
            "embed": self.embed,
            "shared": ModuleList(self.shared) if self.shared else None,
            "layers": ModuleList(self.layers),
            "norm": self.norm or Identity(),
            "score_bias": self.score_bias,
        }


@dataclass(frozen=True, eq=False)
class EncoderDecoder(Part):
    """Encoder and decoder trunks: the decoder reads the target and attends to the encoder's rows of the source.

    Args:
        encoder: reads the source.
        decoder: reads the target; its blocks have cross-attention.
        start: id of the token that a target begins with (``decoder_start_token_id``).
        shared: the token embeddings of both, where files name them separately.
    """

    encoder: Trunk
    decoder: Trunk
    _: KW_ONLY
    start: int | None
    shared: Embedding | None = None

    @property
    def embed(self) -> Embeddings:
        """The decoder's embeddings."""
        return self.decoder.embed

    def children(self) -> Mapping[str, Part | None]:
        """List both trunks; a shared table is listed before them, and so under its own name."""
        return {"shared": self.shared, "encoder": self.encoder, "decoder": self.decoder}


@dataclass(frozen=True, eq=False)
class WrappedEncoderDecoder(EncoderDecoder):
    """An `EncoderDecoder` whose targets begin with their own last token: mBART's end with their language code.

    ``start`` is the first token in generation; None where the language decides.
    """


@dataclass(frozen=True, eq=False)
class EncoderOnly(Part):
    """The encoder of an `EncoderDecoder` alone, with the same parameter names.

    Args:
        encoder: reads the batch.
    """

    encoder: Trunk

    @property
    def embed(self) -> Embeddings:
        """The encoder's embeddings."""
        return self.encoder.embed

    def children(self) -> Mapping[str, Part | None]:
        """List the encoder."""
        return {"encoder": self.encoder}


AnyTrunk = Trunk | EncoderDecoder | EncoderOnly


@dataclass(frozen=True, eq=False)
class Whole(Part):
    """A model of one task.

    Args:
        trunk: embeddings and blocks.
        head: maps the trunk's rows to the task's output.
    """

    trunk: AnyTrunk
    head: Head

    def __post_init__(self) -> None:
        """Give a head over the vocabulary the trunk's table of tokens."""
        table = self.trunk.embed.parts["tokens"]
        if isinstance(self.head, VocabHead) and isinstance(table, Embedding):
            object.__setattr__(self, "head", self.head.reading(table))
        super().__post_init__()

    def children(self) -> Mapping[str, Part | None]:
        """List trunk and head."""
        return {"trunk": self.trunk, "head": self.head}

    def without_in_head(self, names: Collection[str]) -> Whole:
        """Return a copy whose head lacks optional parts that a checkpoint does not hold."""
        return Whole(self.trunk, self.head.without(names)) if names else self
