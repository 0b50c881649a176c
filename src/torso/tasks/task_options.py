"""Types the keyword options of every task: one closed TypedDict for each, which the overloads of the task unpack.

A type checker refuses a key that is not listed here. The functions themselves name every option with its default, so
that run time, ``help()`` and completion show them; tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    import torch

    from torso.tasks.aggregating import Aggregation
    from torso.tasks.text_generator import Settings
    from torso.tasks.windows import Long, Merge
    from torso.text import Tokenizer

TagMerge = Literal["mean", "longest"]


class ReadingOptions(TypedDict, total=False):
    """How texts are tokenized, divided and batched.

    Attributes:
        tokenizer: replaces the one in the model's folder.
        long: how a text beyond the model's maximum length is treated: ``error``, ``truncate`` or ``window``.
        stride: tokens shared by consecutive windows.
        device: where the weights are loaded.
        budget: tokens of one batch.
    """

    tokenizer: Tokenizer | None
    long: Long
    stride: int | None
    device: str | torch.device | None
    budget: int


class MergingOptions(ReadingOptions, total=False):
    """The same, where the windows of a text are merged.

    Attributes:
        merge: how the results of the windows of one text become one result: ``mean`` or ``max``.
    """

    merge: Merge | None


class HeadOptions(TypedDict, total=False):
    """What a task that needs a trained head accepts.

    Attributes:
        untrained: accepts a head whose weights are not in the checkpoint.
    """

    untrained: bool


class ClassifyOptions(MergingOptions, HeadOptions, total=False):
    """Options of `torso.classify`.

    Attributes:
        top: number of labels that are returned with their scores.
    """

    top: int | None


class ZeroShotOptions(MergingOptions, HeadOptions, total=False):
    """Options of `torso.zero_shot`.

    Attributes:
        several: scores each label by itself (multi-label).
        template: the hypothesis; ``{}`` is replaced by the label.
        top: number of labels that are returned with their scores.
        entailment: name of the model's entailment label.
        contradiction: name of the model's contradiction label.
    """

    several: bool
    template: str
    top: int | None
    entailment: str | None
    contradiction: str | None


class ChooseOptions(MergingOptions, HeadOptions, total=False):
    """Options of `torso.choose`."""


class RerankOptions(MergingOptions, HeadOptions, total=False):
    """Options of `torso.rerank`.

    Attributes:
        top: number of texts that are returned.
        prompt: the instruction of a decoder, in place of its folder's.
        template: how a query and a text are put to a decoder: ``qwen3-reranker`` or ``bge-reranker``.
    """

    top: int | None
    prompt: str | None
    template: str | None


class EncodeOptions(MergingOptions, total=False):
    """Options of `torso.encode` and `torso.embed`.

    Attributes:
        pooling: pooling modes, joined by ``+``, in place of the folder's.
        normalize: scales vectors to length 1.
        prompt: text put before each text.
        prompt_name: name of one of the folder's prompts.
        task: task whose adapter is used, of a model that has several.
        dimensions: number of leading dimensions that are kept (Matryoshka).
    """

    pooling: str | None
    normalize: bool | None
    prompt: str | None
    prompt_name: str | None
    task: str | None
    dimensions: int | None


class EmbedSparseOptions(ReadingOptions, total=False):
    """Options of `torso.embed_sparse`.

    Attributes:
        pooling: ``max`` or ``sum`` over the tokens, for a masked language model whose folder does not say.
        prompt: text put before each text.
        prompt_name: name of one of the folder's prompts.
        top: number of entries that are kept.
    """

    pooling: str | None
    prompt: str | None
    prompt_name: str | None
    top: int | None


class EmbedMultiVectorOptions(ReadingOptions, total=False):
    """Options of `torso.embed_multi_vector`.

    Attributes:
        query: whether the texts are queries.
    """

    query: bool


class SimilarOptions(MergingOptions, total=False):
    """Options of `torso.similar`.

    Attributes:
        top: number of texts that are returned.
        vectors: what is compared: ``dense``, ``sparse`` or ``multi-vector`` vectors, or ``combined``.
        pooling: as in `EncodeOptions`.
    """

    top: int | None
    vectors: str | None
    pooling: str | None


class AnswerOptions(ReadingOptions, HeadOptions, total=False):
    """Options of `torso.answer`.

    Attributes:
        top: number of answers to each question.
        impossible: includes the empty answer, "not in the text".
        longest: maximum tokens of an answer.
        whole_words: extends answers to whole words.
        window: tokens of a window, question and special tokens included.
    """

    top: int
    impossible: bool
    longest: int
    whole_words: bool
    window: int


class FillOptions(ReadingOptions, HeadOptions, total=False):
    """Options of `torso.fill`.

    Attributes:
        top: number of proposals for each mask.
        targets: the only proposals, each a single token of the vocabulary.
        whole_words: leaves out special tokens and pieces that continue a word.
    """

    top: int
    targets: Sequence[str] | None
    whole_words: bool


class TagOptions(ReadingOptions, HeadOptions, total=False):
    """Options of `torso.tag`.

    Attributes:
        aggregation: an aggregation strategy of transformers' pipeline in place of torso's own.
        merge: how tokens that two windows share are scored: ``mean`` or ``longest``.
    """

    aggregation: Aggregation | None
    merge: TagMerge | None


class WritingOptions(HeadOptions, total=False):
    """What every task that generates text accepts.

    Attributes:
        max_new_tokens: maximum number of generated tokens.
        num_beams: beams of a beam search.
        settings: `GenerationSettings` in place of the checkpoint's; or changes to them by name.
        tokenizer: replaces the one in the model's folder.
        device: where the weights are loaded.
        batch: sequences generated side by side.
    """

    max_new_tokens: int | None
    num_beams: int | None
    settings: Settings | None
    tokenizer: Tokenizer | None
    device: str | torch.device | None
    batch: int


class GenerateOptions(WritingOptions, total=False):
    """Options of `torso.generate`.

    Attributes:
        do_sample: samples tokens instead of taking the likeliest.
        temperature: divides the logits before sampling.
        top_k: samples from this many of the likeliest tokens; 0 for all.
        top_p: samples from the likeliest tokens that add up to this probability (nucleus sampling).
        num_return_sequences: sequences returned for each prompt.
        prompt_lookup_num_tokens: tokens guessed from earlier in the text, by the kernels; no text changes.
        stop_strings: strings that end a sequence and are cut from it.
        bad_words: strings that are never generated.
        seed: seed of the sampling.
    """

    do_sample: bool | None
    temperature: float | None
    top_k: int | None
    top_p: float | None
    num_return_sequences: int | None
    prompt_lookup_num_tokens: int | None
    stop_strings: str | Sequence[str] | None
    bad_words: Sequence[str] | None
    seed: int | None


class SummariseOptions(WritingOptions, total=False):
    """Options of `torso.summarise`.

    Attributes:
        long: how a text beyond the model's maximum length is treated: ``error``, ``truncate`` or ``window``.
    """

    long: Long


class TranslateOptions(SummariseOptions, total=False):
    """Options of `torso.translate`.

    Attributes:
        source: language of the texts.
        target: language of the translation.
    """

    source: str | None
    target: str | None
