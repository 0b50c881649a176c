"""Data of causal language modelling: texts, prompts with completions, and chats of which answers alone are learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torso.architecture import Task
from torso.language import say
from torso.losses import IGNORED
from torso.model import Model
from torso.text import Tokenizer
from torso.training.chat_spans import Spans, messages_of, rendered_spans, shown_labels, span_labels
from torso.training.columns import CHATS, COMPLETIONS, PROMPTS, TEXTS, column, column_if_any, nth
from torso.training.data_checks import unusable_row
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.masked_data import refuse_label
from torso.training.metrics import token_scores
from torso.training.objective import Objective
from torso.training.saved_generation import set_end_token
from torso.training.task_data import TaskData
from torso.training.text_reader import TextReader, require_text
from torso.training.train_settings import TrainSettings
from torso.training.vocabulary_objective import VocabularyObjective


class CausalData(TaskData):
    """Texts to write on; prompts with completions, and chats, have a loss on completions and answers alone.

    A completion follows its prompt as it is written. An instruction (``instruction``, ``input``, ``output``, as Alpaca
    has it) is a chat where the tokenizer has a chat template, else a line of its own. Chats are lists of
    ``{"role", "content"}``, or ``{"from", "value"}`` as ShareGPT has them, in the form of the tokenizer's chat
    template. What is no chat ends with the tokenizer's end token.

    Args:
        table: rows.
        text: column of the text, of the prompt, or of the chat; None finds it.
        label: column of the completion; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for a chat that is none.
    """

    task = Task.CAUSAL_LM
    metric = "loss"

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        chats = column_if_any(table, CHATS, nth(text, 0) if nth(text, 0) in _nested(table) else None, "text")
        self.chats = chats if chats in _nested(table) else None
        self.completion: str | None = None
        self.further: str | None = None
        self.end: int | None = None
        self.instructs = False
        if self.chats is not None:
            refuse_label(label)
            self.text = self.chats
            return
        self.completion = column_if_any(table, COMPLETIONS, label, "label")
        known = PROMPTS if self.completion is not None else TEXTS
        alone = table.columns[0] if len(table.columns) == 1 and text is None else None
        self.text = alone or column(table, known, nth(text, 0), "text")
        if self.completion is not None:  # Alpaca's rows: an instruction and, mostly, what it is about
            self.further = nth(text, 1) or column_if_any(table, ("input",), None, "text")
            self.instructs = self.text.strip().lower() != "prompt"

    def _cell(self, row: int, name: str) -> str:
        return require_text(self.table.rows[row].get(name), self.table.lines[row], name, self.table.name)

    def _parts(self, row: int) -> tuple[str, str]:
        """Return the prompt, empty for a plain text, and what is learnt."""
        if self.completion is None:
            return "", self._cell(row, self.text)
        prompt = self._cell(row, self.text)
        further = self._cell(row, self.further) if self.further is not None else ""
        return f"{prompt}\n{further}" if further else prompt, self._cell(row, self.completion)

    def _chat(self, row: int) -> list[Mapping[str, Any]]:
        found = messages_of(self.table.rows[row].get(self.text))
        if found is None or not any(each["role"] == "assistant" for each in found):
            raise unusable_row(self.table, row, f"column {self.text} holds no messages with an answer")
        return found

    def with_table(self, table: Table) -> CausalData:
        """Return the data of another table, with the same columns."""
        text = (self.text,) if self.further is None else (self.text, self.further)
        return CausalData(table, text, self.completion)

    def keys(self) -> list[str]:
        """Return the prompt of each row, or the text; of a chat what comes before its first answer."""
        rows = range(len(self.table.rows))
        if self.chats is None:
            return [prompt or text for prompt, text in map(self._parts, rows)]
        return ["\n".join(map(str, (each.get("content") for each in self._chat(row)[:2]))) for row in rows]

    def answers(self) -> list[Any]:
        """Return the completion or the chat of each row."""
        rows = range(len(self.table.rows))
        return [self._chat(row) for row in rows] if self.chats is not None else [self._parts(row)[1] for row in rows]

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return texts with their tokens as labels, -100 for those of prompts."""
        tokenizer = reader.tokenizer
        found: list[Example] = []
        for row in rows:
            line = self.table.lines[row]
            as_chat = self._is_chat(tokenizer)
            text, spans = self._rendered(row, tokenizer) if as_chat else self._joined(row)
            # A chat's template writes all special tokens itself.
            encoding = tokenizer.encoding(text, special=not as_chat)
            labels = span_labels(encoding, spans)
            ids = list(encoding.ids)
            if not as_chat:
                self.end = tokenizer.eos_token_id
                if self.end is not None and ids[-1:] != [self.end]:
                    ids, labels = [*ids, self.end], [*labels, self.end]
                elif self.end is not None:
                    labels[-1] = self.end
            else:
                learnt = [label for label in labels if label != IGNORED]
                if learnt and learnt[-1] in tokenizer.all_special_ids:
                    self.end = learnt[-1]
            if not reader.kept(encoding, line):
                continue
            limit = reader.limit or len(ids)
            if any(label != IGNORED for label in labels[1:limit]):
                found.append(Example((Tokens.plain(ids[:limit]),), labels[:limit], line))
            else:
                reader.empty_rows.append(line)
        return found

    def _is_chat(self, tokenizer: Tokenizer) -> bool:
        """Whether rows are rendered by the chat template: chats, and instructions where there is one."""
        return self.chats is not None or (self.instructs and tokenizer.chat_template is not None)

    def _rendered(self, row: int, tokenizer: Tokenizer) -> tuple[str, Spans]:
        if self.chats is not None:
            chat = self._chat(row)
        else:
            prompt, answer = self._parts(row)
            chat = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        return rendered_spans(tokenizer, chat, self.table.lines[row], self.table.name)

    def _joined(self, row: int) -> tuple[str, Spans]:
        prompt, text = self._parts(row)
        if prompt and self.instructs and not (prompt[-1].isspace() or text[:1].isspace()):
            prompt += "\n"
        return prompt + text, [(len(prompt), len(prompt + text))]

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective."""
        return VocabularyObjective(shifted=True)

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Say how many tokens have a loss, and show them in the first example."""
        counted = sum(label != IGNORED for each in examples for label in each.label)
        values = dict(count=f"{counted:,}", total=f"{sum(each.size for each in examples):,}")
        lines = [(say("learnt"), say("{count} of {total} tokens have a loss", values))]
        if self.completion is not None or self.chats is not None:
            lines.append((say("row {row}", dict(row=examples[0].row)), shown_labels(examples[0], tokenizer)))
        return lines

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return perplexity, and the share of tokens that are foretold."""
        return token_scores(predictions)

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return the mean loss of a text's learnt tokens."""
        loss, right, count = prediction
        return {"row": example.row, "loss": loss / max(count, 1), "tokens": count, "foretold": right}

    def complete(self, folder: Path, tokenizer: Tokenizer, model: Model[Any]) -> None:
        """Let the model stop at the token that ended what it learnt."""
        set_end_token(folder, self.end)


def _nested(table: Table) -> set[str]:
    """Return the columns whose cells are lists of objects."""
    first = table.rows[0]
    return {
        name
        for name in table.columns
        if isinstance(first.get(name), (list, tuple)) and first[name] and isinstance(first[name][0], Mapping)
    }
