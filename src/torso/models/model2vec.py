"""model2vec (https://github.com/MinishLab/model2vec) and sentence-transformers' StaticEmbedding: a table of tokens.

A trunk of no blocks: the row of a token is its embedding, and a text is the mean of its rows.
"""

from __future__ import annotations

from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, option, size
from torso.config.hub_config import HubConfig
from torso.config.static_config import MODEL_TYPE
from torso.models.encoders import FEATURES
from torso.weights.names import Names


class StaticConfig(HubConfig):
    """The keys of a model2vec ``config.json``; what they leave open is read in the weights."""

    model_type: ClassVar[str] = MODEL_TYPE

    vocab_size: int = size(29528, "tokens, each with a row of the table", Axis("embed.tokens", 0))
    hidden_dim: int = size(256, "width of every row", Axis("embed.tokens", 1))
    seq_length: int | None = option(None, "longest text of model2vec, in tokens; texts of any length run", acts="none")
    normalize: bool = option(True, "whether model2vec normalises; here modules.json says so", acts="none")
    tokenizer_name: str | None = option(None, "model that the tokenizer and the rows were made from", acts="none")
    apply_pca: int | float | bool | None = option(None, "components that were kept of the rows", acts="none")
    apply_zipf: bool | None = option(None, "whether rows were weighted by the rank of their token", acts="none")
    sif_coefficient: float | None = option(None, "how rows were weighted by frequency", acts="none")


def trunk(c: StaticConfig) -> blocks.Trunk:
    """Build the table."""
    return blocks.Trunk(embed=blocks.Embeddings(c.vocab_size, c.hidden_dim), layers=())


TRUNK = Names({"embed.tokens": "embedding"})

register(
    Architecture(
        (MODEL_TYPE,), "Static", StaticConfig, trunk, TRUNK, {Task.FEATURES: FEATURES}, adds_special_tokens=False
    )
)
