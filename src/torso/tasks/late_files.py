"""What a model folder says about late interaction: several vectors of a text, one per token, compared by MaxSim.

ColBERT as sentence-transformers (``MultiVectorEncoder``), PyLate and colbert-ir write it, and BGE-M3. Loads no torch.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from torso.config.config_file import ConfigFile
from torso.config.sentence_modules import Module, read_modules, transformer_folder
from torso.io.files import inside, is_there
from torso.tasks.embedding_recipe import Layer, Projection, Unit
from torso.tasks.sentence_files import layer_of, out_of_place
from torso.tasks.sentence_settings import (
    MODEL_FILE,
    count_of,
    inner,
    read_prompts,
    read_reading,
    read_table,
    require_known,
    text_table,
    unknown,
)

VECTORS_FILE = "colbert_linear.pt"
METADATA = "artifact.metadata"
MEASURES = ("maxsim", "meanmaxsim")
_CLASS = "HF_ColBERT"
_PYLATE = (
    "query_prefix",
    "document_prefix",
    "query_length",
    "document_length",
    "do_query_expansion",
    "attend_to_expansion_tokens",
    "attend_to_mask_tokens",
    "skiplist_words",
)
_OWN = ("query_length", "document_length", "query_expansion")


@dataclass(frozen=True, slots=True)
class Expansion:
    """What fills a query up (https://arxiv.org/abs/2004.12832, section 3.2).

    Attributes:
        length: tokens that a query has at least.
        fixed: whether a query has no more, so that longer ones are too long.
        attend: whether the filling is attended to.
        token: of the vocabulary; None for the mask, or the end of a text where there is no mask.
    """

    length: int
    fixed: bool = True
    attend: bool = False
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """How queries, or documents, are read.

    Attributes:
        prompt: what is put before every text.
        marker: the beginning of the prompt that is one token of the vocabulary, put in as such; empty for none.
        length: tokens of a text at most; None for the model's own limit.
        expansion: what fills a text up; None for nothing.
        skipped: tokens that have no vector.
    """

    prompt: str = ""
    marker: str = ""
    length: int | None = None
    expansion: Expansion | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LateRecipe:
    """All that stands between a trunk's rows and the vectors of a text's tokens.

    Attributes:
        layers: what rows go through.
        queries: how queries are read.
        documents: how all other texts are read.
        measure: of `MEASURES`; the second is divided by the number of a query's vectors.
        left_out: rows at the beginning of a text that are no vectors.
        max_tokens: what the recipe cuts texts to; None for the model's own limit.
        lowercase: whether texts are lowercased before they are tokenized.
    """

    layers: tuple[Layer, ...]
    queries: Side = field(default_factory=Side)
    documents: Side = field(default_factory=Side)
    measure: str = "maxsim"
    left_out: int = 0
    max_tokens: int | None = None
    lowercase: bool = False

    @property
    def normalized(self) -> bool:
        """Whether vectors have length 1."""
        return bool(self.layers) and isinstance(self.layers[-1], Unit)


def read_late_recipe(folder: Path) -> LateRecipe | None:
    """Return the recipe in a model folder; None where it says nothing of several vectors.

    Raises:
        UnsupportedError: E_POOLING for a module or a setting that torso does not have.
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    if is_colbert_ir(folder):
        return _of_colbert_ir(folder)
    modules = read_modules(folder)
    if is_late(folder, modules):
        return _of_modules(folder, modules)
    if not is_there(folder / VECTORS_FILE):
        return None
    # FlagEmbedding's BGE-M3: the first token's row, the dense vector, is no token's.
    reading = read_reading(transformer_folder(folder), "feature-extraction")
    layers = (Projection(inside(folder, VECTORS_FILE)), Unit())
    return LateRecipe(
        layers, measure="meanmaxsim", left_out=1, max_tokens=reading.max_tokens, lowercase=reading.lowercase
    )


def is_late(folder: Path, modules: tuple[Module, ...]) -> bool:
    """Return whether late interaction is what a folder of modules is for."""
    if any(module.kind == "MultiVectorMask" for module in modules):
        return True
    if not modules:
        return False
    table = read_table(folder / MODEL_FILE)
    return table.get("model_type") in ("MultiVectorEncoder", "ColBERT") or any(key in table for key in _PYLATE[:2])


def is_colbert_ir(folder: Path) -> bool:
    """Return whether a folder holds a model of colbert-ir, with its projection among the weights."""
    path = folder / "config.json"
    if is_there(folder / "modules.json") or not is_there(path):
        return False
    named = ConfigFile.read(path).values.get("architectures")
    return isinstance(named, list) and _CLASS in cast("list[object]", named)


def _of_colbert_ir(folder: Path) -> LateRecipe:
    path = folder / METADATA
    table = read_table(path)
    attend = _flag(path, table, "attend_to_mask_tokens", usual=False)
    length = count_of(path, table.get("query_maxlen"), "query_maxlen") or 32
    skipped = tuple(string.punctuation) if _flag(path, table, "mask_punctuation", usual=True) else ()
    query, document = (
        _text(path, table, key) or usual
        for key, usual in (("query_token_id", "[unused0]"), ("doc_token_id", "[unused1]"))
    )
    documents = count_of(path, table.get("doc_maxlen"), "doc_maxlen")
    if table.get("similarity") not in (None, "cosine"):
        raise unknown(path, "similarity", table["similarity"])
    return LateRecipe(
        (Projection(folder, "linear.weight", None), Unit()),
        Side(f"{query} ", query, None, Expansion(length, attend=attend)),
        Side(f"{document} ", document, documents, None, skipped),
    )


def _of_modules(folder: Path, modules: tuple[Module, ...]) -> LateRecipe:
    layers: list[Layer] = []
    skipped, sides, masked = (), ("document",), False
    for number, module in enumerate(modules):
        own = inside(folder, f"{module.path}/config.json" if module.path else "config.json")
        if module.kind == "Transformer" and number == 0:
            continue
        if module.kind == "MultiVectorMask":
            (skipped, sides), masked = _mask(own), True
            continue
        made = layer_of(module.kind.removeprefix("pylate.models.Dense."), own, on_rows=True)
        if made is None:
            raise out_of_place(folder / "modules.json", module.kind)
        if made.layer is not None and made.on_rows:
            layers.append(made.layer)
    recipe = _stated(folder, LateRecipe(tuple(layers)), pylate=not masked)
    if masked:
        queries, documents = (skipped if side in sides else () for side in ("query", "document"))
        recipe = replace(
            recipe,
            queries=replace(recipe.queries, skipped=queries),
            documents=replace(recipe.documents, skipped=documents),
        )
    return recipe


def _mask(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    table = read_table(path)
    require_known(path, table, ("skiplist_words", "skiplist_tasks"))
    tasks = table.get("skiplist_tasks") or ["document"]
    return _words(path, table, "skiplist_words"), _words(
        path, {"it": [tasks] if isinstance(tasks, str) else tasks}, "it"
    )


def _stated(folder: Path, recipe: LateRecipe, *, pylate: bool) -> LateRecipe:
    """Return the recipe with what the files of the whole model and of its transformer say.

    PyLate's modules are a Transformer and a Dense layer: that vectors get length 1, what has none, and what fills
    queries up, its file of the whole model says, or nothing does.
    """
    path = folder / MODEL_FILE
    table = dict(read_table(path))
    prompts, _ = read_prompts(path, table)
    measure = str(table.pop("similarity_fn_name", None) or "maxsim").lower()
    if measure not in MEASURES and not pylate:
        raise unknown(path, "similarity_fn_name", measure)
    home = transformer_folder(folder)
    text_path, text = text_table(home)
    stated = {key: text[key] for key in _OWN if text.get(key) is not None}
    expansion = _expansion(text_path, text["query_expansion"]) if "query_expansion" in stated else None
    lengths = {key: count_of(text_path, stated.get(key), key) for key in _OWN[:2]}
    query, document = (prompts.get(each, "") for each in ("query", "document"))
    markers = ["", ""]
    skipped: tuple[str, ...] = ()
    if pylate:
        lengths = {key: lengths[key] or count_of(path, table.get(key), key) for key in _OWN[:2]}
        if expansion is None and table.get("do_query_expansion") is not False:
            attend = table.get("attend_to_expansion_tokens", table.get("attend_to_mask_tokens"))
            expansion = Expansion(lengths["query_length"] or 32, attend=bool(attend))
            lengths["query_length"] = None
        markers = [_text(path, table, key) for key in _PYLATE[:2]]
        query, document = (
            marker + each.removeprefix(marker) for marker, each in zip(markers, (query, document), strict=True)
        )
        known = table.get("skiplist_words")
        skipped = tuple(string.punctuation) if known is None else _words(path, table, "skiplist_words")
        recipe = replace(recipe, layers=(*recipe.layers, Unit()))
    require_known(path, table, ("__version__", "model_type", "requirements", *(_PYLATE if pylate else ())))
    reading = read_reading(home, "feature-extraction", apart=_OWN)
    return replace(
        recipe,
        queries=Side(query, markers[0], lengths["query_length"], expansion),
        documents=Side(document, markers[1], lengths["document_length"], None, skipped),
        measure=measure if measure in MEASURES else "maxsim",
        max_tokens=reading.max_tokens,
        lowercase=reading.lowercase,
    )


def _expansion(path: Path, value: object) -> Expansion:
    table = inner(path, {"query_expansion": value}, "query_expansion")
    strategy, token = table.get("strategy"), table.get("token")
    length = count_of(path, table.get("length"), "query_expansion.length")
    if strategy not in ("fixed", "min") or length is None or not isinstance(token, str | None):
        raise unknown(path, "query_expansion", value)
    require_known(path, table, ("strategy", "token", "length", "attend"), "query_expansion.")
    return Expansion(length, strategy == "fixed", _flag(path, table, "attend", usual=False), token)


def _flag(path: Path, table: Mapping[str, Any], key: str, *, usual: bool) -> bool:
    value = table.get(key)
    if not isinstance(value, bool | None):
        raise unknown(path, key, value)
    return usual if value is None else value


def _text(path: Path, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str | None):
        raise unknown(path, key, value)
    return value or ""


def _words(path: Path, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key)
    words = cast("list[object]", value if isinstance(value, list) else [])
    if not (value is None or isinstance(value, list)) or not all(isinstance(each, str) for each in words):
        raise unknown(path, key, cast("object", value))
    return tuple(cast("list[str]", words))
