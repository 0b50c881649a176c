"""What the reference's pipelines share: a model, its tokenizer, a task, and the options of a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack, cast

import torch

from torso.architecture import Task
from torso.compat.generation_arguments import LogitsProcessor, StoppingCriterion, Streamer
from torso.compat.padded_model import PaddedModel
from torso.errors import InputTypeError
from torso.generation.generation_settings import GenerationSettings
from torso.io.arguments import checked_calls, unknown_argument
from torso.model import Model
from torso.tasks.reading import as_list
from torso.tasks.ready import Ready, make_ready

if TYPE_CHECKING:
    from torso.text import Tokenizer

Record = dict[str, Any]


class PipelineOptions(TypedDict, total=False):
    """Options of a pipeline, at construction or in a call; each task takes its own, as in the reference."""

    # lengths of texts
    truncation: bool
    padding: bool | str
    batch_size: int
    max_length: int | None  # of a text that is read, with truncation; else of a text that is written
    # text-classification, fill-mask, question-answering
    top_k: int | None
    targets: str | Sequence[str] | None
    function_to_apply: str | None
    return_all_scores: bool
    # token-classification
    aggregation_strategy: str
    # question-answering
    question: str | Sequence[str]
    context: str | Sequence[str]
    handle_impossible_answer: bool
    max_answer_len: int
    max_seq_len: int
    doc_stride: int
    align_to_words: bool
    # zero-shot-classification
    candidate_labels: str | Sequence[str]
    hypothesis_template: str
    multi_label: bool
    # feature-extraction
    return_tensors: bool
    # writing
    return_full_text: bool
    src_lang: str | None
    tgt_lang: str | None
    max_new_tokens: int | None
    min_new_tokens: int | None
    min_length: int | None
    do_sample: bool | None
    temperature: float | None
    top_p: float | None
    min_p: float | None
    typical_p: float | None
    num_beams: int | None
    num_return_sequences: int | None
    length_penalty: float | None
    early_stopping: bool | str | None
    repetition_penalty: float | None
    no_repeat_ngram_size: int | None
    bad_words_ids: list[list[int]] | None
    suppress_tokens: list[int] | None
    forced_bos_token_id: int | None
    eos_token_id: int | list[int] | None
    pad_token_id: int | None
    decoder_start_token_id: int | None
    stop_strings: str | list[str] | None
    seed: int | None
    # writing, by generate itself
    generation_config: GenerationSettings | Mapping[str, Any] | None
    streamer: Streamer | None
    stopping_criteria: StoppingCriterion | Sequence[StoppingCriterion] | None
    logits_processor: LogitsProcessor | Sequence[LogitsProcessor] | None
    use_cache: bool | None


LENGTHS = frozenset(("truncation", "padding", "batch_size"))
WRITING = frozenset(PipelineOptions.__annotations__) & {each.name for each in fields(GenerationSettings)}
"""Options of every pipeline that writes, by their names in `GenerationSettings`."""
GENERATING = WRITING | {"generation_config", "streamer", "stopping_criteria", "logits_processor", "use_cache"}
"""Options of a pipeline that calls ``generate``."""


@checked_calls
class Pipeline(ABC):
    """A model, its tokenizer and a task: called with a text or a list of texts. Make one with `torso.pipeline`.

    Args:
        model: a padded or a plain model of the task; its head may be one that the caller trained.
        tokenizer: the model's; None reads the one in its folder.
        options: defaults of every call.

    Attributes:
        task: the reference's word for the task.
        model: the padded model.
        tokenizer: limited to what the model takes.

    Raises:
        InputError: ``E_TASK``, for a model loaded for another task; ``E_NO_TOKENIZER``, for one without a folder.
        InputTypeError: ``E_ARGUMENT``, for an option that the task does not have.
    """

    task: ClassVar[str] = ""
    head: ClassVar[Task[Any]] = Task.FEATURES
    takes: ClassVar[frozenset[str]] = LENGTHS

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        checked_calls(cls)

    def __init__(
        self,
        model: PaddedModel[Any] | Model[Any],
        tokenizer: Tokenizer | None = None,
        **options: Unpack[PipelineOptions],
    ) -> None:
        self._check(options)
        self.model: PaddedModel[Any] = model if isinstance(model, PaddedModel) else PaddedModel(model)
        self._options = options
        # Whoever hands a model over vouches for its head: a training loop leaves no mark on it.
        self.ready: Ready[Any] = make_ready(self.model.packed, self.head, tokenizer=tokenizer, untrained=True)
        self.tokenizer = self.ready.tokenizer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.ready.name!r}, task={self.task!r})"

    def __call__(self, inputs: Any = None, **options: Unpack[PipelineOptions]) -> Any:
        """Return the result of a text, or of a list of texts the list of their results.

        Args:
            inputs: a text, or a list of texts; of some tasks also what the reference takes there.
            options: see `PipelineOptions`; what is left out is as the pipeline was made.

        Raises:
            InputTypeError: ``E_ARGUMENT``, for an option that the task does not have, or inputs that are no text.
            TorsoError: as the task of torso raises.
        """
        self._check(options)
        chosen: Record = {**self._options, **options, "called_with": frozenset(options)}
        with torch.no_grad():
            return self.run(inputs, chosen)

    @abstractmethod
    def run(self, inputs: Any, options: Record) -> Any:
        """Return the results of one call; each task has its own."""

    def _check(self, options: Mapping[str, Any]) -> None:
        for name in options:
            if name not in self.takes:
                raise unknown_argument(self.task or "pipeline", name, sorted(self.takes))

    def common(self, options: Record) -> Record:
        """Return the options that every call passes to torso's tasks."""
        long = "truncate" if options.get("truncation") else "error"
        limit = None if self.takes >= WRITING else options.get("max_length")
        ready = self.ready if limit is None else replace(self.ready, tokenizer=self.tokenizer.limited(limit))
        return {"model": ready, "long": long, "untrained": True}


def second(options: PipelineOptions, name: str, value: object) -> PipelineOptions:
    """Return the options with one that was given by place.

    Raises:
        InputTypeError: ``E_ARGUMENT``, where it was named as well.
    """
    if name in options:
        raise InputTypeError(
            "E_ARGUMENT",
            "{name} is given twice, by place and by name.",
            cure="Leave one of them out.",
            values=dict(name=name),
        )
    return cast("PipelineOptions", {**options, name: value})


def texts_of(inputs: Any) -> list[str]:
    """Return one text or several as a list.

    Raises:
        InputTypeError: ``E_ARGUMENT``, for what is no text.
    """
    texts = [inputs] if isinstance(inputs, str) else listed(inputs)
    for each in texts:
        if not isinstance(each, str):
            raise _no_text(f"{type(inputs).__name__} of {type(each).__name__}")
    return texts


def listed(inputs: Any) -> list[Any]:
    """Return several inputs as a list: a list, an array or column of a table, or what a generator gives.

    Raises:
        InputTypeError: ``E_ARGUMENT``, for what is not several.
    """
    if (several := as_list(inputs)) is not None:
        return several
    if isinstance(inputs, Iterator):
        return list(cast("Iterator[Any]", inputs))
    raise _no_text(type(inputs).__name__)


def _no_text(kind: str) -> InputTypeError:
    return InputTypeError(
        "E_ARGUMENT",
        "A pipeline was given a {kind}.",
        cure="Give a text, or a list, array or column of texts.",
        values=dict(kind=kind),
    )
