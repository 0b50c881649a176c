"""Pipelines that read: labels, parts of texts, answers, masks, vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Unpack, cast

import torch

from torso.architecture import Task
from torso.compat.pipeline_base import LENGTHS, Pipeline, PipelineOptions, Record, listed, second, texts_of
from torso.errors import InputError, InputTypeError
from torso.tasks import answer, classify, fill, tag, zero_shot
from torso.tasks.predictions import Filled, Tagged
from torso.text import Encoding


class TextClassificationPipeline(Pipeline):
    """``[{"label", "score"}]`` of a text or texts; of a pair ``{"text", "text_pair"}`` one such table.

    With ``top_k``, the likeliest labels of each text, the best first; None gives all.
    """

    task: ClassVar[str] = "text-classification"
    head: ClassVar[Task[Any]] = Task.SEQUENCE_CLASSIFICATION
    takes: ClassVar[frozenset[str]] = LENGTHS | {"max_length", "top_k", "function_to_apply", "return_all_scores"}

    def run(self, inputs: Any, options: Record) -> Any:
        """Return labels of texts or pairs."""
        one = isinstance(inputs, str | Mapping)
        every: list[Any] = [inputs] if one else listed(inputs)
        pairs = [_pair(each) for each in every]
        if options.get("function_to_apply", "default") in ("default", None):
            results = [each.scores for each in classify(pairs, **self.common(options))]
        else:
            results = [self._applied(pair, options) for pair in pairs]
        if options.get("return_all_scores"):
            return [[{"label": name, "score": score} for name, score in each.items()] for each in results]
        if "top_k" not in options:
            best = [max(each.items(), key=lambda item: item[1]) for each in results]
            plain = [{"label": name, "score": score} for name, score in best]
            return plain[0] if isinstance(inputs, Mapping) else plain
        ranked = [
            [{"label": name, "score": score} for name, score in sorted(each.items(), key=lambda item: -item[1])]
            for each in results
        ]
        ranked = [row[: options["top_k"]] for row in ranked]
        # As the reference has it: of one text, the labels alone only where the call itself says how many.
        return ranked[0] if isinstance(inputs, Mapping) or (one and "top_k" in options["called_with"]) else ranked

    def _applied(self, pair: Any, options: Record) -> dict[str, float]:
        """Apply the requested function to the logits of one text or pair."""
        asked = options["function_to_apply"]
        if asked not in _FUNCTIONS:
            raise InputError(
                "E_ARGUMENT",
                "function_to_apply is {value!r}.",
                cure="Use one of: {known}.",
                values=dict(value=asked, known="default, none, sigmoid, softmax"),
            )
        first, other = cast("tuple[str, str]", pair) if isinstance(pair, tuple) else (pair, None)
        cut: Literal[True] | None = True if options.get("truncation") else None
        reader = self.tokenizer.limited(options.get("max_length"))
        inputs: Any = reader(first, other, truncation=cut, return_tensors="pt").to(self.model.device)
        logits: torch.Tensor = self.model(**inputs).logits[0]
        scores = cast("list[float]", _FUNCTIONS[asked](logits.float()).tolist())
        return dict(zip(self.ready.label_names(), scores, strict=True))


_FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "none": lambda logits: logits,
    "sigmoid": torch.sigmoid,
    "softmax": lambda logits: logits.softmax(-1),
}


def _pair(each: Any) -> Any:
    if not isinstance(each, Mapping):
        return each
    given = cast("Mapping[str, Any]", each)
    text, other = given.get("text"), given.get("text_pair")
    if not isinstance(text, str) or not isinstance(other, str | None) or given.keys() - {"text", "text_pair"}:
        raise InputTypeError(
            "E_ARGUMENT",
            "A text or a pair of texts is wanted; the table has {names}.",
            cure="Write {{'text': '...'}}, or {{'text': '...', 'text_pair': '...'}}.",
            values=dict(names=", ".join(map(repr, given)) or "-"),
        )
    return text if other is None else (text, other)


class TokenClassificationPipeline(Pipeline):
    """``[{"entity", "score", "index", "word", "start", "end"}]`` of a text; of several a list of those.

    With another ``aggregation_strategy`` than ``none``, parts of the text: ``entity_group`` and no ``index``.
    """

    task: ClassVar[str] = "token-classification"
    head: ClassVar[Task[Any]] = Task.TOKEN_CLASSIFICATION
    takes: ClassVar[frozenset[str]] = LENGTHS | {"aggregation_strategy"}

    def run(self, inputs: Any, options: Record) -> Any:
        """Labelled tokens or parts of texts."""
        strategy: Any = options.get("aggregation_strategy", "none")
        results = tag(texts_of(inputs), aggregation=strategy, **self.common(options))
        rows = [self._rows(each, grouped=strategy != "none") for each in results]
        return rows[0] if isinstance(inputs, str) else rows

    def _rows(self, tagged: Tagged, *, grouped: bool) -> list[Record]:
        read = self.tokenizer.encoding(tagged.text)
        return [self._row(read, *each) for each in ((span, grouped) for span in tagged.spans)]

    def _row(self, read: Encoding, span: Any, grouped: bool) -> Record:
        within = [
            place
            for place, (start, end) in enumerate(read.spans)
            if not read.special[place] and span.start <= start and end <= span.end and start < end
        ]
        tokens = [read.tokens[place] for place in within]
        place = {"start": span.start, "end": span.end}
        if grouped:
            word = self.tokenizer.convert_tokens_to_string(tokens)
            return {"entity_group": span.label, "score": span.score, "word": word, **place}
        return {"entity": span.label, "score": span.score, "index": within[0], "word": tokens[0], **place}


class QuestionAnsweringPipeline(Pipeline):
    """``{"score", "start", "end", "answer"}`` of a question and its context; with ``top_k`` above 1 a list of them.

    Called with ``question=`` and ``context=``, both texts or both lists, or with a table of the two, or several.
    """

    task: ClassVar[str] = "question-answering"
    head: ClassVar[Task[Any]] = Task.QUESTION_ANSWERING
    takes: ClassVar[frozenset[str]] = LENGTHS | {
        "question",
        "context",
        "top_k",
        "handle_impossible_answer",
        "max_answer_len",
        "max_seq_len",
        "doc_stride",
        "align_to_words",
    }

    def __call__(self, inputs: Any = None, text: Any = None, **options: Unpack[PipelineOptions]) -> Any:
        """Return the answers, also to a question and its context by place; see `Pipeline.__call__`."""
        if text is None:
            return super().__call__(inputs, **options)
        return super().__call__(None, **second(second(options, "question", inputs), "context", text))

    def run(self, inputs: Any, options: Record) -> Any:
        """Return the answers found in the contexts."""
        if inputs is None:
            inputs = _questions(options.get("question"), options.get("context"))
        every = cast("list[Any]", inputs) if isinstance(inputs, list) else [inputs]
        pairs = [_asked(each) for each in every]
        more: dict[str, Any] = {"window": options["max_seq_len"]} if "max_seq_len" in options else {}
        top = options.get("top_k", 1)
        results = answer(
            pairs,
            model=self.ready,
            top=top,
            impossible=options.get("handle_impossible_answer", False),
            longest=options.get("max_answer_len", 15),
            whole_words=options.get("align_to_words", True),
            stride=options.get("doc_stride"),
            untrained=True,
            **more,
        )
        rows = [
            [
                {"score": found.score, "start": found.start, "end": found.end, "answer": found.text}
                for found in each.answers
            ]
            for each in results
        ]
        shaped = [row[0] if top == 1 and row else row for row in rows]
        return shaped if len(every) > 1 else shaped[0]


def _questions(question: Any, context: Any) -> Any:
    if isinstance(question, list):
        asked = cast("list[str]", question)
        contexts = cast("list[str]", context) if isinstance(context, list) else [context] * len(asked)
        if len(contexts) != len(asked):
            raise InputTypeError(
                "E_ARGUMENT",
                "There are {questions} questions and {contexts} contexts.",
                cure="Give as many of both, or one context for all.",
                values=dict(questions=len(asked), contexts=len(contexts)),
            )
        return [{"question": q, "context": c} for q, c in zip(asked, contexts, strict=True)]
    return {"question": question, "context": context}


def _asked(each: Any) -> tuple[str, str]:
    given: Mapping[str, Any] = cast("Mapping[str, Any]", each) if isinstance(each, Mapping) else {}
    if not isinstance(given.get("question"), str) or not isinstance(given.get("context"), str):
        raise InputTypeError(
            "E_ARGUMENT",
            "A question and its context are wanted, both as text.",
            cure="Write pipe(question='...', context='...').",
        )
    return given["question"], given["context"]


class FillMaskPipeline(Pipeline):
    """``[{"score", "token", "token_str", "sequence"}]`` of a text with one mask; of several masks a list of those."""

    task: ClassVar[str] = "fill-mask"
    head: ClassVar[Task[Any]] = Task.MASKED_LM
    takes: ClassVar[frozenset[str]] = LENGTHS | {"max_length", "top_k", "targets"}

    def run(self, inputs: Any, options: Record) -> Any:
        """Return the proposals for each mask."""
        targets = options.get("targets")
        found = fill(
            texts_of(inputs),
            top=options.get("top_k", 5),
            targets=[targets] if isinstance(targets, str) else targets,
            **self.common(options),
        )
        rows = [self._rows(each) for each in found]
        return rows[0] if isinstance(inputs, str) else rows

    def _rows(self, filled: Filled) -> Any:
        ids = self.tokenizer.encoding(filled.text).ids[: self.ready.runner.max_tokens]
        places = [place for place, number in enumerate(ids) if number == self.tokenizer.mask_token_id]
        rows: list[list[Record]] = []
        for place, mask in zip(places, filled.masks, strict=True):
            row: list[Record] = []
            for each in mask:
                whole = [*ids[:place], each.id, *ids[place + 1 :]]
                text = self.tokenizer.decode(whole, skip_special_tokens=len(places) == 1)
                word = self.tokenizer.decode([each.id])
                row.append({"score": each.score, "token": each.id, "token_str": word, "sequence": text})
            rows.append(row)
        return rows[0] if len(rows) == 1 else rows


class FeatureExtractionPipeline(Pipeline):
    """The last hidden states of a text, [1, S, D] as lists, or with ``return_tensors`` as a tensor."""

    task: ClassVar[str] = "feature-extraction"
    takes: ClassVar[frozenset[str]] = LENGTHS | {"max_length", "return_tensors"}

    def run(self, inputs: Any, options: Record) -> Any:
        """Hidden states of each text by itself."""
        truncation: Literal[True] | None = True if options.get("truncation") else None
        results: list[Any] = []
        tokenizer = self.tokenizer.limited(options.get("max_length"))
        for text in texts_of(inputs):
            read: Any = tokenizer(text, truncation=truncation, return_tensors="pt").to(self.model.device)
            rows = self.model(**read).last_hidden_state
            results.append(rows if options.get("return_tensors") else rows.tolist())
        return results[0] if isinstance(inputs, str) else results


class ZeroShotClassificationPipeline(Pipeline):
    """``{"sequence", "labels", "scores"}`` of a text, the likeliest of ``candidate_labels`` first."""

    task: ClassVar[str] = "zero-shot-classification"
    head: ClassVar[Task[Any]] = Task.SEQUENCE_CLASSIFICATION
    takes: ClassVar[frozenset[str]] = LENGTHS | {"candidate_labels", "hypothesis_template", "multi_label"}

    def __call__(self, inputs: Any = None, labels: Any = None, **options: Unpack[PipelineOptions]) -> Any:
        """Return the labels entailed by each text, the candidates also by place; see `Pipeline.__call__`."""
        return super().__call__(inputs, **(options if labels is None else second(options, "candidate_labels", labels)))

    def run(self, inputs: Any, options: Record) -> Any:
        """Return the labels entailed by each text."""
        labels: Any = options.get("candidate_labels", [])
        names = [each.strip() for each in labels.split(",") if each.strip()] if isinstance(labels, str) else labels
        texts = texts_of(inputs)
        results = zero_shot(
            texts,
            names,
            several=options.get("multi_label", False),
            template=options.get("hypothesis_template", "This example is {}."),
            **self.common(options),
        )
        rows: list[Record] = []
        for text, each in zip(texts, results, strict=True):
            ranked = sorted(each.scores.items(), key=lambda item: -item[1])
            rows.append(
                {"sequence": text, "labels": [name for name, _ in ranked], "scores": [score for _, score in ranked]}
            )
        return rows[0] if isinstance(inputs, str) else rows


CLASSES: tuple[type[Pipeline], ...] = (
    TextClassificationPipeline,
    TokenClassificationPipeline,
    QuestionAnsweringPipeline,
    FillMaskPipeline,
    FeatureExtractionPipeline,
    ZeroShotClassificationPipeline,
)
