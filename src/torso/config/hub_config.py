"""Base config under the Hub's own key names: strict for callers, lenient for files, rewritten losslessly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from torso.config.config_file import ALIASES, NEVER_WRITTEN, UNSAID, ConfigFile
from torso.config.declared import Declared
from torso.config.ecosystem_names import EcosystemNames
from torso.config.fields import check_value, fixed, option, plain, refuse_unknown, unknown
from torso.config.labels import numbered, reconcile
from torso.config.resolved_values import stated
from torso.errors import ConfigError, NoParameterError, TorsoError, UnsupportedError
from torso.weights.tensor_entry import Note

if TYPE_CHECKING:
    from torso.config.describe import Description

Self = TypeVar("Self", bound="HubConfig")


class HubConfig(EcosystemNames, Declared):
    """Base config: the parameters that every family shares; a family's own class adds its keys.

    A config is frozen, but for what acts when a model is called (``id2label``) or nowhere (``use_cache``). `replace`
    gives a changed copy; of a model, ``model.set(...)`` changes what can change live.
    """

    model_type: ClassVar[str] = ""
    aliases: ClassVar[Mapping[str, str]] = ALIASES
    unsaid: ClassVar[Mapping[int, str]] = UNSAID

    architectures: list[str] | None = option(None, "classes of transformers that the file was saved for", acts="none")
    num_labels: int | None = option(None, "labels of the task's head; follows from id2label", acts="shape", least=1)
    id2label: dict[int, str] | None = option(None, "name of each label", acts="run")
    label2id: dict[str, int] | None = option(None, "number of each label, the inverse of id2label", acts="run")
    problem_type: str | None = option(
        None,
        "loss of a sequence head; null decides by the labels given",
        acts="train",
        choices=("regression", "single_label_classification", "multi_label_classification"),
    )
    output_attentions: bool = option(False, "whether padded models return attention weights by default", acts="run")
    output_hidden_states: bool = option(False, "whether padded models return every layer's rows by default", acts="run")
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    initializer_range: float = option(0.02, "spread of the weights of a new head", acts="train", least=0)
    dtype: str | None = option(None, "number format the weights were saved in; the file itself decides", acts="none")
    pad_token_id: int | None = option(None, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(None, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(None, "id of the token that ends a text", acts="none")
    sep_token_id: int | None = option(None, "id of the token between two texts", acts="none")
    cls_token_id: int | None = option(None, "id of the classification token", acts="none")
    is_encoder_decoder: bool = fixed(False, "whether the model has an encoder and a decoder")
    is_decoder: bool = fixed(False, "whether the blocks see earlier tokens only")
    add_cross_attention: bool = fixed(False, "whether the blocks read another model's rows")

    def __post_init__(self) -> None:
        object.__setattr__(self, "_file", None)
        object.__setattr__(self, "_notes", ())
        object.__setattr__(self, "id2label", numbered(self.id2label))
        for declared in self.declared():
            value = getattr(self, declared.name)
            if (own := plain(type(self), declared, value)) is not value:
                object.__setattr__(self, declared.name, own)
            check_value(type(self), declared, own)
        for name, value in reconcile(self.num_labels, self.id2label, self.label2id).items():
            object.__setattr__(self, name, value)
        self.check()

    def check(self) -> None:
        """Check parameters against each other. A family with such rules overrides this and raises `ConfigError`."""

    @classmethod
    def declared(cls) -> tuple[Field[Any], ...]:
        """Return every parameter of this class, inherited ones too: the family's own first."""
        every = fields(cls)
        shared = {each.name for each in fields(HubConfig)}
        return tuple(sorted(every, key=lambda each: each.name in shared))

    @classmethod
    def refuse_unknown(cls, given: Iterable[str]) -> None:
        """Raise on parameters that do not exist.

        Raises:
            UnknownParameterError: ``E_UNKNOWN_PARAMETER``, with the nearest known name.
        """
        refuse_unknown(cls, given, [each.name for each in cls.declared()])

    @classmethod
    def from_file(cls: type[Self], file: ConfigFile) -> Self:
        """Build the config of a file. Keys this family lacks are kept, shown as unused, and written back.

        Raises:
            ConfigError: ``E_CONFIG``, for a value that changes the model and cannot be.
            UnsupportedError: ``E_UNSUPPORTED``, for a value that torso does not implement.
        """
        if file.values.get("pruned_heads"):
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{path} says that heads were pruned away (pruned_heads).",
                cure="Use the checkpoint from before the pruning.",
                values=dict(path=file.path),
            )
        given, notes = stated(cls, file)
        try:
            config = cls(**given)
        except TorsoError as error:
            what, _, cure = error.templates
            values = {**error.values, "path": file.path}
            raise type(error)(error.code, what, where="In {path}.", cure=cure, values=values) from None
        object.__setattr__(config, "_file", file)
        object.__setattr__(config, "_notes", tuple(notes))
        object.__setattr__(config, "_origin", dict.fromkeys(given, "file"))
        return config

    def replace(self: Self, changes: Mapping[str, Any]) -> Self:
        """Return a copy with some parameters changed: ``config.replace({"hidden_dropout_prob": 0.0})``.

        Raises:
            UnknownParameterError, ConfigError, UnsupportedError: as the constructor does.
        """
        self.refuse_unknown(changes)
        fields = {each.name: each for each in self.declared()}
        values = {name: getattr(self, name) for name in fields}
        count = plain(type(self), fields["num_labels"], changes.get("num_labels"))
        if changes.keys() & {"num_labels", "id2label"} and not (
            type(count) is int and count == self.num_labels and "id2label" not in changes
        ):
            # A new statement of the labels replaces all three; the number that is there anyway replaces no names.
            values |= {"num_labels": None, "id2label": None, "label2id": None}
        copy = type(self)(**{**values, **changes})
        object.__setattr__(copy, "_file", self._file)
        object.__setattr__(copy, "_notes", self._notes)
        object.__setattr__(copy, "_origin", {**self._origin, **dict.fromkeys(changes, "you")})
        return copy

    @property
    def max_tokens(self) -> int | None:
        """Maximum text length of the trunk, in tokens; None for no limit."""
        return None

    def reads_on(self, before: int, after: int) -> bool:
        """Return whether a decoder's cached keys of ``before`` tokens stay valid once the text has ``after``."""
        return True

    @property
    def labels(self) -> int:
        """Number of labels of the head.

        Raises:
            ConfigError: ``E_LABELS``, if the number is unknown.
        """
        if self.num_labels is None:
            raise ConfigError(
                "E_LABELS",
                "The number of labels of the head is unknown: neither the config nor the call states it.",
                cure="Name them: labels=['negative', 'positive'].",
            )
        return self.num_labels

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on how the file was read: duplicate keys, values that were corrected."""
        return self._notes

    @property
    def unused(self) -> dict[str, Any]:
        """Keys of the file beyond this family's parameters: kept, written back, without effect."""
        known = {each.name for each in self.declared()} | self.aliases.keys() | {"model_type"}
        return {} if self._file is None else {k: v for k, v in self._file.values.items() if k not in known}

    def source(self, name: str) -> str:
        """Return where a parameter's value came from: ``file``, ``you`` or ``default``."""
        return self._origin.get(name, "default")

    def text(self) -> str:
        """Return the config as ``config.json``: a file's own keys in its order and characters, then the changes."""
        stated = {each.name: getattr(self, each.name) for each in self.declared() if each.name not in NEVER_WRITTEN}
        if self.id2label == self.unsaid and "id2label" not in (self._file.values if self._file else {}):
            stated |= {"id2label": None, "label2id": None}
        if self._file is None:
            defaults = {each.name: each.default for each in self.declared()}
            said = {key: value for key, value in stated.items() if value is not None or defaults[key] is not None}
            whole = {"model_type": self.model_type, **said}
            return ConfigFile(Path(), {}, {}).text(whole)
        pristine = type(self).from_file(self._file)
        changed: dict[str, Any] = {}
        for key, value in stated.items():
            if value != getattr(pristine, key):
                spelled = [key, *(alias for alias, name in self.aliases.items() if name == key)]
                there = [each for each in spelled if each in self._file.values]
                changed |= dict.fromkeys(there or [key], value)
        return self._file.text(changed)

    def get_text_config(self: Self, decoder: bool | None = None, encoder: bool | None = None) -> Self:
        """Return the config itself, of models of text alone; what transformers' Trainer asks for."""
        return self

    def describe(self) -> Description:
        """Describe every parameter, inherited and unprinted ones too: value, default, source, effect, meaning."""
        from torso.config.describe import describe

        return describe(self)

    def __repr__(self) -> str:
        return repr(self.describe())

    def _repr_html_(self) -> str:
        return self.describe().html()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    __hash__ = None  # pyright: ignore[reportAssignmentType]  label tables can be changed by whoever holds them

    def _values(self) -> list[object]:
        return [getattr(self, each.name) for each in self.declared()]

    def __contains__(self, name: object) -> bool:
        """Return whether there is a parameter of that name, or an unused key of the file."""
        return name in self.unused or any(each.name == name for each in self.declared())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.aliases:
            return getattr(self, self.aliases[name])
        unused = self.unused
        if name in unused:
            return unused[name]
        raise unknown(NoParameterError, type(self), name, [*(each.name for each in self.declared()), *unused])


def check_divides(whole: int, whole_name: str, parts: int, parts_name: str) -> None:
    """Check that one size is a multiple of another.

    Raises:
        ConfigError: ``E_CONFIG``, if it is not.
    """
    if whole % parts:
        raise ConfigError(
            "E_CONFIG",
            "{whole_name} {whole} is not a multiple of {parts_name} {parts}.",
            cure="Change {parts_name} to a divisor of {whole}.",
            values=dict(whole=whole, whole_name=whole_name, parts=parts, parts_name=parts_name),
        )


PretrainedConfig = HubConfig
"""The name of `HubConfig` in transformers."""
