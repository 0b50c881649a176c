"""Pipelines that write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from torso.architecture import Task
from torso.compat.pipeline_base import GENERATING, LENGTHS, WRITING, Pipeline, Record, texts_of
from torso.tasks import summarise, translate
from torso.tasks.text_generator import Generated

NEW_TOKENS = 256
"""Default maximum of new tokens in the reference's pipelines."""


class TextGenerationPipeline(Pipeline):
    """``[{"generated_text"}]`` of a prompt, which the text begins with; of a chat its messages and the answer.

    ``return_full_text=False`` leaves the prompt out.
    """

    task: ClassVar[str] = "text-generation"
    head: ClassVar[Task[Any]] = Task.CAUSAL_LM
    takes: ClassVar[frozenset[str]] = LENGTHS | GENERATING | {"return_full_text"}

    def run(self, inputs: Any, options: Record) -> Any:
        """Return the continuation of each prompt."""
        if _is_chat(inputs):
            return self._chat(cast("list[Record]", inputs), options)
        if isinstance(inputs, list) and inputs and all(_is_chat(each) for each in cast("list[Any]", inputs)):
            return [self._chat(each, options) for each in cast("list[list[Record]]", inputs)]
        full = options.get("return_full_text", True)
        rows = [
            [{"generated_text": text + new if full else new} for new in self._written(text, options, special=True)]
            for text in texts_of(inputs)
        ]
        return rows[0] if isinstance(inputs, str) else rows

    def _chat(self, messages: list[Record], options: Record) -> list[Record]:
        # As the reference has it: an answer that was begun is gone on with.
        begun = messages[-1]["role"] == "assistant"
        text = cast(
            "str",
            self.tokenizer.apply_chat_template(
                messages, add_generation_prompt=not begun, continue_final_message=begun, tokenize=False
            ),
        )
        full = options.get("return_full_text", True)
        answers = self._written(text, options, special=False)
        before, start = (messages[:-1], messages[-1]) if begun else (messages, {"role": "assistant", "content": ""})
        return [
            {"generated_text": [*before, {**start, "content": start["content"] + each}] if full else each}
            for each in answers
        ]

    def _written(self, text: str, options: Record, *, special: bool) -> list[str]:
        inputs: Any = self.tokenizer(
            text, add_special_tokens=special, return_tensors="pt", return_token_type_ids=False
        ).to(self.model.device)
        ids = self.model.generate(**inputs, **_asked(self, options))
        behind = ids[:, inputs["input_ids"].shape[1] :]
        return [self.tokenizer.decode(cast("list[int]", row.tolist()), skip_special_tokens=True) for row in behind]


def _asked(pipe: Pipeline, options: Record) -> Record:
    """Return the arguments of ``generate``, with the reference's length where neither a call nor settings state one."""
    asked: Record = {name: value for name, value in options.items() if name in GENERATING}
    if "generation_config" not in asked:
        asked = {"do_sample": False, **asked}
        if not {"max_new_tokens", "max_length"} & asked.keys():
            asked["max_new_tokens"] = NEW_TOKENS
    if "stop_strings" in asked:
        asked["tokenizer"] = pipe.tokenizer
    return asked


def _is_chat(inputs: Any) -> bool:
    messages = cast("list[Any]", inputs) if isinstance(inputs, list) else []
    return bool(messages) and all(isinstance(each, Mapping) and "role" in each for each in messages)


class Text2TextGenerationPipeline(Pipeline):
    """``[{"generated_text"}]`` of a text or texts, by an encoder-decoder."""

    task: ClassVar[str] = "text2text-generation"
    head: ClassVar[Task[Any]] = Task.SEQ2SEQ_LM
    takes: ClassVar[frozenset[str]] = LENGTHS | GENERATING

    def run(self, inputs: Any, options: Record) -> Any:
        """Return the text generated for each input."""
        asked = _asked(self, options)
        rows: list[Record] = []
        for text in texts_of(inputs):
            read: Any = self.tokenizer(
                text,
                truncation=True if options.get("truncation") else None,
                return_tensors="pt",
                return_token_type_ids=False,
            ).to(self.model.device)
            rows += [
                {"generated_text": self.tokenizer.decode(cast("list[int]", ids.tolist()), skip_special_tokens=True)}
                for ids in self.model.generate(**read, **asked)
            ]
        return rows


class _Task(Pipeline):
    """What summaries and translations share."""

    head: ClassVar[Task[Any]] = Task.SEQ2SEQ_LM
    key: ClassVar[str]

    def settings(self, options: Record) -> Record:
        """Return the options of the task."""
        asked = {name: value for name, value in options.items() if name in WRITING}
        return {**self.common(options), "settings": {"do_sample": False, **asked}}

    def rows(self, results: list[Generated]) -> list[Record]:
        """One table for each text written."""
        return [{self.key: text.text} for each in results for text in each.completions]


class SummarizationPipeline(_Task):
    """``[{"summary_text"}]`` of a text or texts."""

    task: ClassVar[str] = "summarization"
    takes: ClassVar[frozenset[str]] = LENGTHS | WRITING
    key: ClassVar[str] = "summary_text"

    def run(self, inputs: Any, options: Record) -> Any:
        """Summaries, with the prefix that the checkpoint names."""
        return self.rows(summarise(texts_of(inputs), **self.settings(options)))


class TranslationPipeline(_Task):
    """``[{"translation_text"}]`` of a text or texts."""

    task: ClassVar[str] = "translation"
    takes: ClassVar[frozenset[str]] = LENGTHS | WRITING | {"src_lang", "tgt_lang"}
    key: ClassVar[str] = "translation_text"

    def run(self, inputs: Any, options: Record) -> Any:
        """Translations, from and to the languages that were named."""
        source, target = options.get("src_lang"), options.get("tgt_lang")
        results = translate(texts_of(inputs), source=source, target=target, **self.settings(options))
        return self.rows(results)


CLASSES: tuple[type[Pipeline], ...] = (
    TextGenerationPipeline,
    Text2TextGenerationPipeline,
    SummarizationPipeline,
    TranslationPipeline,
)
