"""What the tasks that write share: a model with a vocabulary to write from, how it writes, and what it gives."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from torso.architecture import Task
from torso.errors import InputError, InputTypeError, TooLongError
from torso.generation.completed_text import BATCH, Completion, Piece, Why
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompts import Prompt, prompts_of
from torso.generation.settings_files import settings_of, with_task
from torso.generation.vocabulary_ids import require_ids
from torso.io.shown import Shown
from torso.loading.load import read_config
from torso.outputs import VocabLogits
from torso.tasks.chunking import Portion, joined, portions
from torso.tasks.extents import Extent, Measured
from torso.tasks.reading import predict
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.sequence_mixin import Several
from torso.tasks.windows import LengthPolicy
from torso.text import Tokenizer
from torso.text.input_checks import checked_text

if TYPE_CHECKING:
    import torch

Settings = GenerationSettings | Mapping[str, Any]
"""Settings instead of the checkpoint's, or changes to them by name."""

_WRITING: tuple[Task[VocabLogits], ...] = (Task.CAUSAL_LM, Task.SEQ2SEQ_LM)


@dataclass(frozen=True, slots=True, repr=False)
class Generated(Shown, Measured, Several[Completion]):
    """What a model wrote for a prompt, the best first; iterates as completions.

    Attributes:
        prompt: as it was given; of a chat, as the model read it.
        completions: ``num_return_sequences`` of them, drawn ones in no order.
        extent: how much of the prompt was read.
    """

    prompt: str
    completions: tuple[Completion, ...]
    extent: Extent

    @property
    def text(self) -> str:
        """The text of the first."""
        return self.completions[0].text

    @property
    def _parts(self) -> tuple[Completion, ...]:
        return self.completions


@dataclass(frozen=True, slots=True, eq=False)
class TextGenerator:
    """A model with its tokenizer and its settings.

    Attributes:
        ready: the model, of causal-lm or seq2seq-lm.
        settings: the checkpoint's, with what was asked for.
        prefix: what a checkpoint puts before every text of a task.
    """

    ready: Ready[VocabLogits]
    settings: GenerationSettings
    prefix: str = ""

    def write(self, texts: Any, *, special: bool = True, batch: int = BATCH, policy: LengthPolicy | None = None) -> Any:
        """Generate for a text; of a list, a list; of an iterator, an iterator.

        Args:
            texts: a string, a list of strings, or an iterator of them.
            special: whether special tokens are put around them.
            batch: texts written side by side, beams among them.
            policy: what is done with texts that are too long; None to refuse them.
        """

        def one(some: Iterable[Any]) -> Iterator[Generated]:
            from torso.generation.completion import complete

            read: deque[Source] = deque()

            def ids() -> Iterator[Sequence[int]]:
                for index, text in enumerate(some):
                    read.append(self._source(checked_text(text, index), index, special, policy))
                    yield from read[-1].ids

            prompts = prompts_of(self.ready.generative_model, ids(), self.settings)
            # Of a list every text is held to the model's length before any is run.
            given = list(prompts) if isinstance(some, Sequence) else prompts
            found = complete(self.ready.generative_model, given, self.settings, self.ready.tokenizer, batch=batch)
            for first in found:
                source = read.popleft()
                written = [first, *islice(found, len(source.ids) - 1)]
                yield Generated(source.text, tuple(_joined(written, source.portions)), source.extent)

        return predict(texts, one)

    def stream(self, text: str, *, special: bool = True) -> Iterator[Piece]:
        """Stream what is generated for one text."""
        from torso.generation.completion import pieces

        return pieces(
            self.ready.generative_model, [self.prompt(text, special=special)], self.settings, self.ready.tokenizer
        )

    def prompt(self, text: str, *, special: bool = True) -> Prompt:
        """Return the prompt of one text, as `stream` reads it.

        Raises:
            TooLongError, InputError, ConfigError: as `prompts_of`.
        """
        return next(prompts_of(self.ready.generative_model, [self._ids(checked_text(text), special)], self.settings))

    def _ids(self, text: str, special: bool) -> Sequence[int]:
        tokenizer = self.ready.tokenizer
        encoding = tokenizer.encoding(self.prefix + text, special=special)
        if self.ready.runner.task is Task.SEQ2SEQ_LM:
            return encoding.ids
        # What is to be gone on with has not ended: BERT's template, say, ends every text with [SEP].
        ends = (tokenizer.eos_token_id, tokenizer.sep_token_id)
        length = len(encoding)
        while length > 1 and encoding.special[length - 1] and encoding.ids[length - 1] in ends:
            length -= 1
        return encoding.ids[:length]

    def _source(self, text: str, index: int, special: bool, policy: LengthPolicy | None) -> Source:
        ids = self._ids(text, special)
        size = len(ids)
        if policy is None or policy.limit is None or size <= policy.limit:
            return Source(text, (Portion(text, False),), (ids,), Extent(size, size))
        if policy.long == "error":
            raise TooLongError(
                "E_TOO_LONG",
                "Text {index} is {size} tokens; this model takes {limit}. Nothing was run.",
                cure='Shorten it; torso.translate and torso.summarise also read it in parts: long="window".',
                values=dict(index=index, size=size, limit=policy.limit),
            )
        if policy.long == "truncate":
            kept = self.ready.tokenizer(self.prefix + text, truncation=True, max_length=policy.limit).encodings[0]
            own = [(begin, end) for begin, end in kept.spans if end > len(self.prefix)]
            span = (max(min(own)[0] - len(self.prefix), 0), max(end for _, end in own) - len(self.prefix))
            return Source(text, (Portion(text, False),), (kept.ids,), Extent(size, len(kept), span=span))
        if not text.strip():
            raise InputError(
                "E_EMPTY_TEXT",
                "Text {index} holds nothing but white space, {size} tokens of it.",
                cure="Leave it out.",
                values=dict(index=index, size=size),
            )
        parts = portions(text, lambda part: len(self._ids(part, special)), policy.limit, index)
        read = tuple(self._ids(part.text, special) for part in parts)
        return Source(text, tuple(parts), read, Extent(size, size, len(parts), policy.merge))


@dataclass(frozen=True, slots=True)
class Source:
    """A text as the model reads it.

    Attributes:
        text: as it was given.
        portions: what is read one by one.
        ids: of each.
        extent: how much of the text they are.
    """

    text: str
    portions: tuple[Portion, ...]
    ids: tuple[Sequence[int], ...]
    extent: Extent


def _joined(written: Sequence[Sequence[Completion]], parts: Sequence[Portion]) -> Iterator[Completion]:
    """Yield the best of each portion as one text, then the second best, and so on."""
    if len(parts) == 1:
        yield from written[0]
        return
    for each in zip(*written, strict=True):
        ended: Why = next((one.why for one in each if one.why != "end"), "end")
        yield Completion(
            joined([one.text for one in each], parts),
            tuple(number for one in each for number in one.ids),
            tuple(log for one in each for log in one.log_probabilities),
            ended,
        )


def make_text_generator(
    model: Usable[VocabLogits],
    settings: Settings | None,
    asked: Mapping[str, Any],
    *,
    tokenizer: Tokenizer | None = None,
    device: str | torch.device | None = None,
    untrained: bool = False,
    task: str | None = None,
    prepare: Callable[[Ready[VocabLogits]], tuple[Tokenizer, Mapping[str, Any]]] | None = None,
    bad_words: Sequence[str] | None = None,
) -> TextGenerator:
    """Return a model ready to write.

    Args:
        model: a folder, a name, a loaded model, or one made `Ready`.
        settings: instead of the checkpoint's, or changes to them.
        asked: further changes; a value of None means not given.
        tokenizer: instead of the one in the model's folder.
        device: where to load the weights.
        untrained: whether a head that was never trained is accepted.
        task: a name of ``task_specific_params``, whose settings and prefix hold.
        prepare: says which tokenizer the task needs, and what it changes in the settings.
        bad_words: what is never written, beside what the settings say.

    Raises:
        InputError: E_TASK, for a model of no generative task; E_ARGUMENT, for a bad word of no token.
        InputTypeError: E_ARGUMENT, for settings of another library.
        ConfigError, UnknownParameterError: for settings that cannot be.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, task_of(model), tokenizer=tokenizer, device=device, untrained=untrained)
    if not isinstance(settings, (GenerationSettings, Mapping, type(None))):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputTypeError(
            "E_ARGUMENT",
            "settings is {kind}, which torso does not read.",
            cure='Pass torso.GenerationSettings(num_beams=4), or changes by their names: settings={{"num_beams": 4}}.',
            values=dict(kind=f"{type(settings).__module__}.{type(settings).__qualname__}"),
        )
    own = settings if isinstance(settings, GenerationSettings) else settings_of(ready.folder, ready.runner.config)
    prefix = ""
    if task is not None:
        changed, prefix = with_task(own, ready.runner.config, task)
        if not isinstance(settings, GenerationSettings):  # these stand in place of what files say of a task, too
            own = changed
    changes: Mapping[str, Any] = {}
    if prepare is not None:
        spoken, changes = prepare(ready)
        ready = Ready(ready.runner, spoken, ready.folder)
    more: Mapping[str, Any] = settings if isinstance(settings, Mapping) else {}
    changes = {**changes, **more, **{name: value for name, value in asked.items() if value is not None}}
    changed = own.replace(changes)
    given = None if isinstance(settings, GenerationSettings) else changes
    require_ids(changed, ready.runner.config.vocab_size, given)
    if bad_words:
        never = [*(changed.bad_words_ids or ()), *spellings(ready.tokenizer, bad_words)]
        changed = changed.replace({"bad_words_ids": never})
    return TextGenerator(ready, changed, prefix)


def spellings(tokenizer: Tokenizer, words: Sequence[str]) -> list[list[int]]:
    """Return the ids of each word at the start of a text and after a space, which most vocabularies spell differently.

    Raises:
        InputError: E_ARGUMENT, for what is no word.
    """
    found: list[list[int]] = []
    for word in words:
        ids = [list(tokenizer.encoding(form, special=False).ids) for form in (word, f" {word}")]
        if isinstance(words, str) or not word.strip() or not all(ids):
            raise InputError(
                "E_ARGUMENT",
                "bad_words holds {word!r}, which is no word.",
                cure='Write a list of words: bad_words=["one", "another one"].',
                values=dict(word=word),
            )
        found += [each for each in ids if each not in found]
    return found


def task_of(model: Usable[VocabLogits]) -> Task[VocabLogits]:
    """Return the task of a model that writes.

    Raises:
        InputError: E_TASK, for a loaded model of another task.
        TorsoError: as `read_config`.
    """
    if isinstance(model, (str, os.PathLike)):
        from torso.hub import resolve

        tasks = read_config(resolve(model).folder)[0].tasks
        return Task.SEQ2SEQ_LM if Task.SEQ2SEQ_LM in tasks else Task.CAUSAL_LM
    task: Task[Any] = model.runner.task if isinstance(model, Ready) else model.task
    if task not in _WRITING:
        raise InputError(
            "E_TASK",
            "The model was loaded for {has}, which writes no text.",
            cure="Load it with torso.Task.CAUSAL_LM, or torso.Task.SEQ2SEQ_LM.",
            values=dict(has=task.name),
        )
    return task
