"""Architectures, tasks and their registry. Loads without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from torso import blocks
from torso.config.hub_families import KNOWN_TO_THE_HUB
from torso.errors import InputError, UnsupportedError
from torso.io.arguments import checked_calls
from torso.weights.names import Names, Parts

if TYPE_CHECKING:
    from torso.config.hub_config import HubConfig
    from torso.outputs import (
        ChoiceLogits,
        Features,
        ReplacedLogits,
        SequenceLogits,
        SpanLogits,
        TokenLogits,
        VocabLogits,
    )

Out = TypeVar("Out", covariant=True)
C = TypeVar("C", bound="HubConfig")


@checked_calls
@dataclass(frozen=True, slots=True)
class Task(Generic[Out]):
    """Task of a model, typed by the model's output.

    Attributes:
        name: name on the command line and in messages.
        labelled: whether the user chooses its number of labels.
        suffix: suffix of the Hub's class names (``architectures``) with this head, after the family's name.
    """

    name: str
    labelled: bool
    suffix: str

    FEATURES: ClassVar[Task[Features]]
    SEQUENCE_CLASSIFICATION: ClassVar[Task[SequenceLogits]]
    TOKEN_CLASSIFICATION: ClassVar[Task[TokenLogits]]
    REPLACED_TOKENS: ClassVar[Task[ReplacedLogits]]
    QUESTION_ANSWERING: ClassVar[Task[SpanLogits]]
    MULTIPLE_CHOICE: ClassVar[Task[ChoiceLogits]]
    MASKED_LM: ClassVar[Task[VocabLogits]]
    CAUSAL_LM: ClassVar[Task[VocabLogits]]
    SEQ2SEQ_LM: ClassVar[Task[VocabLogits]]
    NEXT_SENTENCE: ClassVar[Task[SequenceLogits]]
    # Shorter names of the same tasks.
    SEQUENCE: ClassVar[Task[SequenceLogits]]
    TOKEN: ClassVar[Task[TokenLogits]]
    REPLACED: ClassVar[Task[ReplacedLogits]]
    SPAN: ClassVar[Task[SpanLogits]]
    CHOICE: ClassVar[Task[ChoiceLogits]]

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy of a model, or a pickled one, has the very same task.
        return (Task.named, (self.name,)) if self in TASKS else (Task, (self.name, self.labelled, self.suffix))

    @staticmethod
    def named(name: str) -> Task[Any]:
        """Return the task of that name.

        Raises:
            InputError: ``E_TASK``, for an unknown name, with the nearest one.
        """
        for task in TASKS:
            if task.name == name:
                return task
        nearest = get_close_matches(name, [task.name for task in TASKS], 1)
        raise InputError(
            "E_TASK",
            "There is no task {name!r}.",
            cure="Use {nearest}; the tasks are {known}.",
            values=dict(name=name, nearest=(nearest or ["features"])[0], known=", ".join(task.name for task in TASKS)),
        )


Task.FEATURES = Task("features", False, "Model")
Task.SEQUENCE_CLASSIFICATION = Task("sequence-classification", True, "ForSequenceClassification")
Task.TOKEN_CLASSIFICATION = Task("token-classification", True, "ForTokenClassification")
Task.REPLACED_TOKENS = Task("replaced-tokens", False, "ForPreTraining")
Task.QUESTION_ANSWERING = Task("question-answering", False, "ForQuestionAnswering")
Task.MULTIPLE_CHOICE = Task("multiple-choice", False, "ForMultipleChoice")
Task.MASKED_LM = Task("masked-lm", False, "ForMaskedLM")
Task.CAUSAL_LM = Task("causal-lm", False, "ForCausalLM")
Task.SEQ2SEQ_LM = Task("seq2seq-lm", False, "ForConditionalGeneration")
Task.NEXT_SENTENCE = Task("next-sentence", False, "ForNextSentencePrediction")
Task.SEQUENCE, Task.TOKEN, Task.REPLACED = Task.SEQUENCE_CLASSIFICATION, Task.TOKEN_CLASSIFICATION, Task.REPLACED_TOKENS
Task.SPAN, Task.CHOICE = Task.QUESTION_ANSWERING, Task.MULTIPLE_CHOICE
TASKS: tuple[Task[Any], ...] = (
    Task.FEATURES,
    Task.SEQUENCE_CLASSIFICATION,
    Task.TOKEN_CLASSIFICATION,
    Task.REPLACED_TOKENS,
    Task.QUESTION_ANSWERING,
    Task.MULTIPLE_CHOICE,
    Task.MASKED_LM,
    Task.CAUSAL_LM,
    Task.SEQ2SEQ_LM,
    Task.NEXT_SENTENCE,
)


@dataclass(frozen=True, slots=True)
class HeadPlan(Generic[C]):
    """How an architecture describes the head of a task.

    Attributes:
        build: describes the head of a config.
        names: maps the head's parameter names to the Hub's.
        trunk: describes a trunk other than the family's, such as an encoder without its decoder; None for the family's.
        prefix: prefix of the trunk's names on the Hub with this head; None for the family's.
        suffix: suffix of the Hub's class name, where it differs from the task's (``GPT2LMHeadModel``).
    """

    build: Callable[[C], blocks.Head]
    names: Names = field(default_factory=Names)
    trunk: Callable[[C], blocks.AnyTrunk] | None = None
    prefix: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, eq=False)
class Architecture(Generic[C]):
    """Model family: its config, trunk, heads, and the names of its weights on the Hub.

    Attributes:
        model_types: the ``model_type`` of its config files.
        family: prefix of the Hub's class names, as ``Bert`` in ``BertForMaskedLM``.
        config: its config class.
        trunk: describes the trunk of a config.
        names: maps the trunk's parameter names to the Hub's.
        tasks: a head plan for each task the family has.
        shares: whether float labels of sequences are a distribution over classes, unless the config names a problem.
        also: prefixes of the class names under which files of the Hub have the family besides.
        adds_special_tokens: whether its texts are read with the special tokens of their tokenizer around them.
    """

    model_types: tuple[str, ...]
    family: str
    config: type[C]
    trunk: Callable[[C], blocks.AnyTrunk]
    names: Names
    tasks: Mapping[Task[Any], HeadPlan[C]]
    shares: bool = False
    also: tuple[str, ...] = ()
    adds_special_tokens: bool = True

    def __reduce__(self) -> tuple[Any, ...]:
        # By name, as a class: it is not copied, and what it is made of need not be pickled.
        return find, (self.model_types[0],)

    def class_name(self, task: Task[Any]) -> str:
        """Return the Hub's class name of this family with the head of a task."""
        return self.family + (self.tasks[task].suffix or task.suffix)

    def named_tasks(self, names: Iterable[str]) -> list[Task[Any]]:
        """Return the tasks whose classes are among ``names``, as the ``architectures`` of a config are."""
        given = set(names)
        ours = (self.family, *self.also)
        return [
            task
            for task, plan in self.tasks.items()
            if not given.isdisjoint(f"{family}{plan.suffix or task.suffix}" for family in ours)
        ]

    @property
    def decodes(self) -> bool:
        """Whether the family is autoregressive, and so can use a key/value cache."""
        return Task.CAUSAL_LM in self.tasks or Task.SEQ2SEQ_LM in self.tasks

    def describe(self, config: C, task: Task[Any]) -> blocks.Whole:
        """Describe the model of a config with the head of a task.

        Raises:
            UnsupportedError: ``E_TASK_UNSUPPORTED``, if the family has no such head.
        """
        plan = self.plan(task)
        return blocks.Whole((plan.trunk or self.trunk)(config), plan.build(config))

    def plan(self, task: Task[Any]) -> HeadPlan[C]:
        """Return the head plan of a task.

        Raises:
            UnsupportedError: ``E_TASK_UNSUPPORTED``, if the family has no such head.
        """
        if task not in self.tasks:
            raise UnsupportedError(
                "E_TASK_UNSUPPORTED",
                "A {family} model has no head for {task}.",
                cure="It has heads for: {known}.",
                values=dict(family=self.family, task=task.name, known=", ".join(each.name for each in self.tasks)),
            )
        return self.tasks[task]


def fused_parts(whole: blocks.Part) -> dict[str, Parts]:
    """Return the parts of each fused projection, such as queries, keys and values of one, by its name."""
    return {
        name: Parts(part.rows, part.head_size)
        for name, part in blocks.walk(whole)
        if isinstance(part, blocks.Linear) and part.rows
    }


_REGISTRY: dict[str, Architecture[Any]] = {}


def register(architecture: Architecture[C]) -> Architecture[C]:
    """Register an architecture under each of its model types; return it."""
    for model_type in architecture.model_types:
        _REGISTRY[model_type] = architecture
    return architecture


def architectures() -> tuple[Architecture[Any], ...]:
    """Return every registered architecture, the package's own included, bases before what is built on them."""
    for name in _modules():
        import_module(f"torso.models.{name}")
    return tuple(dict.fromkeys(_REGISTRY.values()))


def _modules() -> list[str]:
    return [module.name for module in iter_modules(import_module("torso.models").__path__)]


def find(model_type: str, *, path: Path | None = None) -> Architecture[Any]:
    """Return the architecture of a ``model_type``; ``path`` is the file that names it, for the message.

    Raises:
        UnsupportedError: ``E_UNSUPPORTED``, for a type no registered architecture has, with the nearest.
    """
    # Most are in a module of their own name: a first load need not import the others.
    if model_type not in _REGISTRY and (own := model_type.replace("-", "_")) in _modules():
        import_module(f"torso.models.{own}")
    if model_type not in _REGISTRY:
        architectures()
    if model_type not in _REGISTRY:
        if model_type in KNOWN_TO_THE_HUB:
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "torso has no architecture {model_type!r}, a family that the Hub has.",
                where="" if path is None else "In {path}.",
                cure="Choose a model of another family. torso has: {known}.",
                values=dict(model_type=model_type, known=", ".join(sorted(_REGISTRY)), path=path),
            )
        nearest = get_close_matches(model_type, _REGISTRY, 1)
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "torso has no architecture {model_type!r}.",
            where="" if path is None else "In {path}.",
            cure="Nearest: {nearest}. It has: {known}. Code that comes with a checkpoint is never run.",
            values=dict(
                model_type=model_type,
                nearest=nearest[0] if nearest else "none",
                known=", ".join(sorted(_REGISTRY)),
                path=path,
            ),
        )
    return _REGISTRY[model_type]
