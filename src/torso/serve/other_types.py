"""Requests of TEI's, Cohere's, Jina's and torso's own routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["Left", "Right", "left", "right"]
Long = Literal["error", "truncate", "window"]
Pair = list[str]

COHERE_SILENT = frozenset({"priority", "user"})
"""Fields that clients of Cohere's and Jina's routes send and that cannot change a result here."""
COHERE_EXTENSIONS = frozenset(
    {
        "max_chunks_per_doc",
        "max_tokens_per_doc",
        "overlap_tokens",
        "rank_fields",
        "return_len",
        "max_tokens",
        "client_name",
    }
)
"""Fields of such clients that are for other models and servers; they are named in the answer."""


@dataclass(frozen=True, slots=True)
class TeiEmbed:
    """POST /embed."""

    inputs: str | list[str | int | list[int]]
    normalize: bool = True
    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    prompt_name: str | None = None
    dimensions: int | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TeiEmbedAll:
    """POST /embed_all, /embed_sparse."""

    inputs: str | list[str | int | list[int]]
    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    prompt_name: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TeiPredict:
    """POST /predict."""

    inputs: str | list[str | Pair]
    raw_scores: bool = False
    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TeiRerank:
    """POST /rerank with ``texts``."""

    query: str
    texts: list[str]
    raw_scores: bool = False
    return_text: bool = False
    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    model: str | None = None
    template: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class TeiSources:
    """``inputs`` of POST /similarity."""

    source_sentence: str
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class TeiSimilarityOptions:
    """``parameters`` of POST /similarity."""

    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    prompt_name: str | None = None


@dataclass(frozen=True, slots=True)
class TeiSimilarity:
    """POST /similarity."""

    inputs: TeiSources
    parameters: TeiSimilarityOptions | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TeiTokenize:
    """POST /tokenize."""

    inputs: str | list[str]
    add_special_tokens: bool = True
    prompt_name: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TeiDecode:
    """POST /decode."""

    ids: list[int | list[int]]
    skip_special_tokens: bool = True
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document of Cohere's routes."""

    text: str


@dataclass(frozen=True, slots=True)
class CohereRerank:
    """POST /v1/rerank, /v2/rerank, /v1/score, and /rerank with ``documents``."""

    query: str
    documents: list[str | Document]
    model: str | None = None
    top_n: int | None = None
    return_documents: bool | Literal["true", "false"] | None = None
    raw_scores: bool = False
    long: Long | None = None
    truncation: bool | None = None
    template: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class CohereEmbed:
    """POST /v1/embed, /v2/embed."""

    texts: list[str]
    model: str | None = None
    input_type: str | None = None
    embedding_types: list[Literal["float", "base64", "int8", "uint8", "binary", "ubinary"]] | None = None
    output_dimension: int | None = None
    truncate: Literal["NONE", "START", "END"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRequest:
    """What torso's own routes share that read texts."""

    model: str | None = None
    long: Long | None = None
    stride: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyRequest(ReadingRequest):
    """POST /v1/classify."""

    input: str | list[str | Pair]
    top: int | None = None
    merge: Literal["mean", "max"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRequest(ReadingRequest):
    """POST /v1/tag."""

    input: str | list[str]
    aggregation: Literal["none", "simple", "first", "average", "max"] | None = None
    merge: Literal["mean", "longest"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest(ReadingRequest):
    """POST /v1/answer."""

    question: str | list[str]
    text: str | list[str]
    top: int | None = None
    impossible: bool | None = None
    longest: int | None = None
    whole_words: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRequest(ReadingRequest):
    """POST /v1/fill."""

    input: str | list[str]
    top: int | None = None
    targets: list[str] | None = None
    whole_words: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroShotRequest(ReadingRequest):
    """POST /v1/zero_shot."""

    input: str | list[str]
    labels: list[str]
    template: str | None = None
    several: bool | None = None
    entailment: str | None = None
    contradiction: str | None = None
    top: int | None = None
    merge: Literal["mean", "max"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseRequest(ReadingRequest):
    """POST /v1/choose."""

    input: str | list[str]
    choices: list[str | list[str]]
    merge: Literal["mean", "max"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummariseRequest:
    """POST /v1/summarise."""

    input: str | list[str]
    model: str | None = None
    max_new_tokens: int | None = None
    num_beams: int | None = None
    long: Long | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateRequest(SummariseRequest):
    """POST /v1/translate."""

    source: str | None = None
    target: str | None = None
