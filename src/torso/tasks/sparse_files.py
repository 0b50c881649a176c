"""What a model folder says about sparse vectors: SPLADE's as sentence-transformers writes it, BGE-M3's lexical weights.

Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torso.architecture import Task
from torso.config.sentence_modules import MODULES, TRANSFORMERS, read_modules, transformer_folder, unusable
from torso.errors import UnsupportedError
from torso.io.files import inside, is_there, shown
from torso.tasks.embedding_recipe import Projection
from torso.tasks.sentence_settings import Reading, read_reading, read_stated, read_table, require_known

LEXICAL_FILE = "sparse_linear.pt"
POOLINGS = ("max", "sum")
"""How SPLADE makes one vector of those of all tokens (https://arxiv.org/abs/2109.10086, 2107.05720)."""


@dataclass(frozen=True, slots=True)
class SparseRecipe:
    """All that stands between a model's outputs and a sparse vector.

    Attributes:
        task: of the model: masked-LM of SPLADE, features where each token of a text has a weight of its own (BGE-M3).
        pooling: ``max`` or ``sum`` of SPLADE; ``lexical`` for a weight per token of the text.
        logarithms: how many times log(1 + x) is taken of a logit above 0.
        projection: what makes a token's weight of its row, for ``lexical``.
        reading: how texts are read.
        prompts: texts that can be put before every text, by name.
        prompt: the one that is put there by default.
        similarity: how vectors are compared.
        most: how many entries are kept, those with the highest values; None for all.
    """

    task: Task[Any]
    pooling: Literal["max", "sum", "lexical"]
    logarithms: int = 1
    projection: Projection | None = None
    reading: Reading = field(default_factory=Reading)
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    prompt: str = ""
    similarity: str = "dot"
    most: int | None = None


def read_sparse_recipe(folder: Path) -> SparseRecipe | None:
    """Return the recipe in a model folder; None where it says nothing of sparse vectors.

    Raises:
        UnsupportedError: E_POOLING for a module or a setting that torso does not have.
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    modules = read_modules(folder)
    kinds = [module.kind for module in modules]
    if "SpladePooling" not in kinds and not is_there(folder / LEXICAL_FILE):
        return None
    stated = read_stated(folder, similarity="dot")
    home = transformer_folder(folder)
    if "SpladePooling" not in kinds:
        projection = Projection(inside(folder, LEXICAL_FILE))
        # The prompts and the similarity of such a folder are those of its dense vectors.
        reading = read_reading(home, "feature-extraction")
        return SparseRecipe(Task.FEATURES, "lexical", 0, projection, reading)
    if len(kinds) != 2 or kinds[0] not in TRANSFORMERS:
        raise UnsupportedError(
            "E_POOLING",
            "{path} makes sparse vectors by {kinds}; torso has a Transformer with SpladePooling behind it.",
            cure="Use a model of these two modules, such as naver/splade-v3.",
            values=dict(path=shown(folder / MODULES), kinds=", ".join(repr(each[:60]) for each in kinds)),
        )
    path = inside(folder, f"{modules[1].path}/config.json")
    table = read_table(path)
    pooling, activation = table.get("pooling_strategy", "max"), table.get("activation_function", "relu")
    if pooling not in POOLINGS:
        raise unusable(path, "no known pooling mode")
    if activation not in ("relu", "log1p_relu"):
        raise unusable(path, "no known activation")
    sizes = ("word_embedding_dimension", "embedding_dimension", "chunk_size")
    require_known(path, table, ("pooling_strategy", "activation_function", *sizes))
    reading = read_reading(home, "fill-mask")
    logarithms = 1 if activation == "relu" else 2
    own = (reading, stated.prompts, stated.prompt, stated.similarity, stated.most)
    return SparseRecipe(Task.MASKED_LM, pooling, logarithms, None, *own)
