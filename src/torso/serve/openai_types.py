"""Requests of OpenAI's routes, as far as torso implements them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SILENT = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"}
)
"""Fields that OpenAI defines and that cannot change a result here."""

EXTENSIONS = frozenset(
    {
        "num_ctx", "keep_alive", "options", "extra_body", "drop_params", "encoding_type", "modality", "session_id",
        "chat_id", "id", "background_tasks", "features", "params", "tool_ids", "files", "model_item", "stream_response",
        "reasoning_effort", "verbosity", "mirostat", "repeat_last_n", "tfs_z", "num_gpu", "think", "cache_prompt",
    }
)  # fmt: skip
"""Fields that common clients send to servers of other kinds."""

UNSUPPORTED = frozenset(
    {"logit_bias", "functions", "function_call", "audio", "modalities", "prediction", "web_search_options", "suffix"}
)
"""Fields that OpenAI defines, that would change the result, and that are not implemented."""


EMBEDDING_UNSUPPORTED = frozenset({"late_chunking", "return_multivector"})
"""Fields of Jina's that would change the result, and that are not implemented."""


@dataclass(frozen=True, slots=True)
class TextInput:
    """A text as Jina's clients may write it."""

    text: str


@dataclass(frozen=True, slots=True)
class EmbeddingsRequest:
    """POST /v1/embeddings: OpenAI's fields, then torso's, then those of Jina, NVIDIA and Voyage."""

    input: str | list[str | int | list[int] | TextInput]
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    prompt: str | None = None
    prompt_name: str | None = None
    normalize: bool | None = None
    long: Literal["error", "truncate", "window"] | None = None
    task: str | None = None
    input_type: str | None = None
    embedding_type: Literal["float", "base64"] | None = None
    normalized: bool | None = None
    truncate: bool | Literal["NONE", "START", "END"] | None = None


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """``stream_options``."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a chat."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class SamplingFields:
    """What chat and completion share."""

    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    prompt_lookup_num_tokens: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest(SamplingFields):
    """POST /v1/chat/completions."""

    messages: list[Message] = field(default_factory=list[Message])
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    enable_thinking: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CompletionRequest(SamplingFields):
    """POST /v1/completions."""

    prompt: str | list[str | int | list[int]] = ""
    echo: bool | None = None
    logprobs: int | None = None
    best_of: int | None = None
