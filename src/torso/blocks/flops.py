"""Floating-point operations of a model for one text, from its description alone."""

from __future__ import annotations

from dataclasses import dataclass

from torso.blocks.attention import Attention, CrossAttention, DisentangledAttention, Distances, LogDistances
from torso.blocks.bias import Sinks
from torso.blocks.bottleneck import BottleneckAttention
from torso.blocks.embeddings import SequenceConvolution
from torso.blocks.heads import FeatureHead, Head, LateSequenceHead, VocabHead
from torso.blocks.latent_attention import LatentAttention
from torso.blocks.layers import Linear
from torso.blocks.mixture import Mixture, StackedMixture
from torso.blocks.part import Part
from torso.blocks.relative_attention import RelativeAttention
from torso.blocks.trunk import EncoderDecoder, EncoderOnly, Trunk, Whole


@dataclass(frozen=True, slots=True)
class _Text:
    """What a part reads.

    Attributes:
        rows: rows that it computes.
        source: rows of the encoder that it attends to; 0 without one.
    """

    rows: int
    source: int = 0


def flops(part: Part, tokens: int, *, source: int | None = None) -> int:
    """Count the operations of the matrix products of one text, two for each product of two numbers.

    As in ``torch.utils.flop_counter``, every key counts, also those that a mask hides; norms, activations, biases and
    look-ups do not. The scores over the vocabulary are those of every row.

    Args:
        part: a trunk, a whole model, or any part of one that is applied to each row.
        tokens: length of the text; of an encoder-decoder, of the target.
        source: length of an encoder-decoder's source; None for ``tokens``.
    """
    return _of(part, _Text(tokens, tokens if source is None else source))


def _of(part: Part, text: _Text) -> int:
    match part:
        case EncoderDecoder():
            return _of(part.encoder, _Text(text.source)) + _of(part.decoder, text)
        case EncoderOnly():
            return _of(part.encoder, text)
        case Whole():
            return _of(part.trunk, text) + _of(part.head, text)
        case Linear():
            return 2 * part.in_features * part.out_features * text.rows
        case SequenceConvolution():
            return 2 * part.width * (part.width // part.groups) * part.size * text.rows
        case Attention():
            sink = isinstance(part.score_bias, Sinks)  # a key of zeros
            return _parts(part, text) + _attended(part, text.rows, text.rows + sink)
        case BottleneckAttention():
            return _parts(part, text) + 4 * part.inner * text.rows * text.rows
        case LatentAttention():
            size = max(part.size + part.rotary_size, part.value_size)  # the narrower heads are padded
            return _parts(part, text) + 4 * part.heads * size * text.rows * text.rows
        case CrossAttention():
            projected = sum(
                _of(child, _Text(text.source if name == "kv" else text.rows)) for name, child in _each(part)
            )
            return projected + _attended(part, text.rows, text.source)
        case RelativeAttention():  # distances have rows as keys have, and as values have
            return _parts(part, text) + 8 * part.width * text.rows * text.rows
        case DisentangledAttention():
            return _disentangled(part, text.rows)
        case Mixture():
            shared = 0 if part.shared is None else _of(part.shared, text)
            return _of(part.router, text) + part.router.top * _of(part.experts[0], text) + shared
        case StackedMixture():
            each = 6 * part.experts.width * part.experts.inner * text.rows
            return _of(part.router, text) + part.router.top * each
        case VocabHead():
            tied = 2 * part.width * part.vocabulary * text.rows if part.parts["out"] is None else 0
            return _parts(part, text) + tied
        case LateSequenceHead():
            return sum(_of(child, text if name == "mlp" else _Text(1)) for name, child in _each(part))
        case Head():
            pools = part.pooling is not None or isinstance(part, FeatureHead)
            return _parts(part, _Text(1) if pools else text)
        case Trunk():
            # The bias on scores is looked up, and what multiplies with its rows is counted where it does; shared blocks
            # are counted where they stand among the layers.
            return sum(_of(child, text) for name, child in _each(part) if name not in ("score_bias", "shared"))
        case _:
            return _parts(part, text)


def _each(part: Part) -> list[tuple[str, Part]]:
    return [(name, child) for name, child in part.parts.items() if child is not None]


def _parts(part: Part, text: _Text) -> int:
    """Count the operations of its parts, of one that occurs twice both times."""
    return sum(_of(child, text) for _, child in _each(part))


def _attended(part: Attention | CrossAttention, queries: int, keys: int) -> int:
    """Count the scores of every query with every key, and the sums of values."""
    return 4 * part.heads * part.size * queries * keys


def _disentangled(part: DisentangledAttention, rows: int) -> int:
    """Count attention whose queries and keys meet projected rows of distances too, each at every distance."""
    inner = part.heads * part.size
    children = dict(_each(part))
    total = _of(children["qkv"], _Text(rows)) + _of(children["out"], _Text(rows)) + 4 * inner * rows * rows
    ways = part.c2p + part.p2c
    if part.distances is None or not ways:
        return total
    text = _Text(_distance_rows(part.distances, rows))
    projections = [child for name, child in children.items() if name.startswith("place")] or [children["qkv"]]
    return total + sum(_of(each, text) for each in projections) + ways * 2 * inner * rows * 2 * rows


def _distance_rows(distances: Distances, longest: int) -> int:
    """Count the rows of the table that a text of ``longest`` tokens needs, one more each way than it has distances."""
    furthest = longest
    if isinstance(distances, LogDistances):
        import numpy as np

        from torso.tables.distance_buckets import deberta_buckets

        furthest = int(deberta_buckets(np.array(longest), distances.span, distances.furthest))
    return min(distances.span + furthest, 2 * distances.span - 1) - max(distances.span - furthest, 0) + 1
