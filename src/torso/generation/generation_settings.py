"""Generation settings, with the option names of transformers. Loads no torch."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast, dataclass_transform

from torso.config.fields import check_value, field_info, option, plain, refuse_unknown
from torso.errors import ConfigError, UnsupportedError
from torso.io.arguments import checked_calls

if TYPE_CHECKING:
    from torso.config.describe import Description

DEFAULT_NEW_TOKENS = 256
"""Tokens written at most where neither file nor person says how many."""

MOST_TEXTS = 32_768
"""Maximum beams or texts of one prompt: work and memory grow with them."""

Kind = TypeVar("Kind", bound=type)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def _strict(kind: Kind) -> Kind:
    """Make a frozen dataclass whose constructor refuses unknown names with the nearest known one."""
    dataclass(frozen=True, kw_only=True)(kind)
    made: Any = kind.__init__

    @functools.wraps(made)
    def strict(self: GenerationSettings, **given: Any) -> None:
        type(self).refuse_unknown(given)
        made(self, **{"origin": dict.fromkeys(given, "you"), **given})

    setattr(kind, "__init__", strict)  # noqa: B010  so assigned, a checker keeps the fields' own signature
    return kind


@checked_calls
@_strict
class GenerationSettings:
    """Settings of text generation, with the meanings and defaults of transformers.

    Frozen; `replace` returns a changed copy. An unknown name raises, with the nearest known one.
    """

    max_new_tokens: int | None = option(
        None, "tokens written at most; null: as max_length says, else 256", acts="run", least=1
    )
    max_length: int | None = option(
        None, "tokens of prompt and text together at most; where max_new_tokens is not said", acts="run", least=1
    )
    min_new_tokens: int | None = option(None, "tokens written before the text may end", acts="run", least=0)
    min_length: int = option(0, "tokens of prompt and text together before it may end", acts="run", least=0)
    max_time: float | None = option(
        None, "seconds after which the texts of a batch end with the token at hand", acts="run", least=0
    )
    stop_strings: list[str] | None = option(None, "the text ends where one of these is written", acts="run")
    do_sample: bool = option(False, "whether tokens are drawn by chance; otherwise the likeliest is taken", acts="run")
    temperature: float = option(1.0, "scores are divided by it: below 1 safer, above 1 wilder", acts="run", least=0)
    top_k: int = option(50, "only so many likeliest tokens are drawn from; 0 for all", acts="run", least=0)
    top_p: float = option(
        1.0, "only the likeliest tokens that add up to this probability are drawn from", acts="run", least=0, most=1
    )
    min_p: float | None = option(
        None, "only tokens of this share of the likeliest one's probability are drawn from", acts="run", least=0, most=1
    )
    typical_p: float = option(
        1.0, "only the most typical tokens that add up to this are drawn from", acts="run", least=1e-6, most=1
    )
    num_beams: int = option(
        1, "texts followed side by side in a beam search; 1 for none", acts="run", least=1, most=MOST_TEXTS
    )
    length_penalty: float = option(1.0, "a beam's score is divided by its length to this power", acts="run")
    early_stopping: bool | str = option(
        False,
        "whether a beam search ends with as many texts as beams; never: only if none can win",
        acts="run",
        choices=("never",),
    )
    num_return_sequences: int = option(1, "texts written for each prompt", acts="run", least=1, most=MOST_TEXTS)
    repetition_penalty: float = option(
        1.0, "scores of tokens that were there before are worsened by it; 1 for none", acts="run", least=1e-6
    )
    no_repeat_ngram_size: int = option(0, "so many tokens in a row are never repeated; 0 for any", acts="run", least=0)
    bad_words_ids: list[list[int]] | None = option(None, "sequences of ids that are never written", acts="run")
    suppress_tokens: list[int] | None = option(None, "ids that are never written", acts="run")
    begin_suppress_tokens: list[int] | None = option(None, "ids that are never written first", acts="run")
    sequence_bias: list[list[list[int] | float]] | None = option(
        None,
        "numbers added to the score of a sequence's last id where its others end the text: [[ids, number], ...]",
        acts="run",
    )
    forced_bos_token_id: int | None = option(
        None, "id that follows a prompt of one token, such as a target language", acts="run"
    )
    forced_eos_token_id: int | list[int] | None = option(None, "id written last where the length runs out", acts="run")
    eos_token_id: int | list[int] | None = option(None, "ids that end a text", acts="run")
    bos_token_id: int | None = option(None, "id that an empty prompt is replaced by", acts="run")
    pad_token_id: int | None = option(None, "id behind shorter texts in padded results", acts="run")
    decoder_start_token_id: int | list[int] | None = option(
        None,
        "id that a decoder behind an encoder begins with, or one for each text; null: as the config says",
        acts="run",
    )
    prompt_lookup_num_tokens: int | None = option(
        None,
        "tokens guessed from what the text held before, which the kernels read with the next one; no text changes",
        acts="run",
        least=1,
        most=256,
    )
    max_matching_ngram_size: int | None = option(
        None, "last tokens, 16 at most, that a guess has followed before; null: two, or one", acts="run", least=1
    )
    seed: int | None = option(None, "seed of the sampling; null for a random one", acts="run", least=0)
    origin: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    rest: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    def __post_init__(self) -> None:
        for declared in self.declared():
            value = getattr(self, declared.name)
            if (own := plain(type(self), declared, value)) is not value:
                object.__setattr__(self, declared.name, own)
            check_value(type(self), declared, own)
        if self.do_sample and self.temperature == 0:
            raise ConfigError(
                "E_CONFIG",
                "temperature is 0, by which nothing can be divided.",
                cure="For the likeliest token each time: do_sample=False.",
            )
        for pair in self.sequence_bias or ():
            if not (len(pair) == 2 and isinstance(pair[0], list) and pair[0] and not isinstance(pair[1], list)):
                raise ConfigError(
                    "E_CONFIG",
                    "sequence_bias holds {pair!r}, which is not a list of ids with a number.",
                    cure="Write each entry as [[id, ...], number], such as [[5, 6], -2.0].",
                    values=dict(pair=pair),
                )
        most = self.num_beams if self.num_beams > 1 else self.num_return_sequences if self.do_sample else 1
        if self.num_return_sequences > most:
            raise ConfigError(
                "E_CONFIG",
                "num_return_sequences is {asked}, and {most} different texts can come of these settings.",
                cure="Draw them (do_sample=True), or follow as many beams (num_beams={asked}).",
                values=dict(asked=self.num_return_sequences, most=most),
            )

    @classmethod
    def declared(cls) -> tuple[Field[Any], ...]:
        """Return every option."""
        return tuple(each for each in fields(cls) if "info" in each.metadata)

    @classmethod
    def refuse_unknown(cls, given: Iterable[str]) -> None:
        """Raise for options that do not exist.

        Raises:
            UnknownParameterError: ``E_UNKNOWN_PARAMETER``, with the nearest known name.
        """
        refuse_unknown(cls, given, [each.name for each in fields(cls)])

    def replace(self, changes: Mapping[str, Any]) -> GenerationSettings:
        """Return a copy with some options changed: ``settings.replace({"num_beams": 4})``.

        Raises:
            UnknownParameterError, ConfigError, UnsupportedError: as the constructor does.
            ConfigError: ``E_NO_EFFECT``, for an option without effect with these settings.
        """
        self.refuse_unknown(changes)
        if "max_length" in changes:
            changes = {"max_new_tokens": None, **changes}
        copy = replace(self, **changes, origin={**self.origin, **dict.fromkeys(changes, "you")})
        for names, works, wanted in (
            (_OF_SAMPLING, copy.do_sample, "do_sample=True"),
            (_OF_BEAMS, copy.num_beams > 1, "num_beams=4"),
            (_OF_LOOKUP[:1], copy.num_beams == 1, "num_beams=1"),
            (_OF_LOOKUP[1:], copy.prompt_lookup_num_tokens is not None, "prompt_lookup_num_tokens=10"),
        ):
            for name in names:
                if name in changes and not works and changes[name] != self.default(name):
                    raise ConfigError(
                        "E_NO_EFFECT",
                        "{name} changes nothing with these settings.",
                        cure="Add {wanted}, or leave {name} out.",
                        values=dict(name=name, wanted=wanted),
                    )
        return copy

    @classmethod
    def inactive(cls, given: Mapping[str, Any]) -> frozenset[str]:
        """Return the names in a file whose wrong values are never read, since another setting disables the option."""
        found: set[str] = set()
        for names, works in (
            (_OF_SAMPLING, given.get("do_sample") is True),
            (_OF_BEAMS, given.get("num_beams", 1) != 1),
        ):
            for declared in cls.declared():
                if not works and declared.name in names and declared.name in given:
                    value = given[declared.name]
                    try:
                        check_value(cls, declared, plain(cls, declared, value))
                    except (ConfigError, UnsupportedError):
                        found.add(declared.name)
        return frozenset(found)

    def is_active(self, name: str) -> bool:
        """Return whether an option that sampling or a beam search alone reads has an effect, and no call has set it."""
        if self.origin.get(name) == "you":
            return False
        return (name in _OF_SAMPLING and self.do_sample) or (name in _OF_BEAMS and self.num_beams > 1)

    @classmethod
    def default(cls, name: str) -> Any:
        """Return the default value of an option."""
        return next(each.default for each in cls.declared() if each.name == name)

    @property
    def ends(self) -> tuple[int, ...]:
        """Ids that end a text."""
        return ids_of(self.eos_token_id)

    @property
    def biases(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        """Sequences of ids and the number that ``sequence_bias`` adds to the last id; of equal ones the last counts."""
        pairs = ((tuple(cast("list[int]", ids)), cast(float, number)) for ids, number in self.sequence_bias or ())
        return tuple(dict(pairs).items())

    def most_new(self, prompt: int) -> int:
        """Return the maximum new tokens after ``prompt`` tokens; below 1 if the prompt fills all of max_length."""
        if self.max_new_tokens is not None:
            return self.max_new_tokens
        return DEFAULT_NEW_TOKENS if self.max_length is None else self.max_length - prompt

    def describe(self) -> Description:
        """Describe every option: value, default, source and meaning; then other keys of the file."""
        from torso.config.describe import Description, Parameter
        from torso.language import say

        rows = [
            Parameter(
                each.name,
                getattr(self, each.name),
                each.default,
                self.origin.get(each.name, "default"),
                "run",
                say(field_info(each).meaning),
                True,
            )
            for each in self.declared()
        ]
        meaning = say("not used in writing; kept as it is")
        rows += [Parameter(key, value, None, "file", "none", meaning, False) for key, value in self.rest.items()]
        return Description("GenerationSettings", tuple(rows))

    def _repr_html_(self) -> str:
        return self.describe().html()


_OF_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "seed")
_OF_BEAMS = ("length_penalty", "early_stopping")
_OF_LOOKUP = ("prompt_lookup_num_tokens", "max_matching_ngram_size")


def ids_of(value: int | list[int] | None) -> tuple[int, ...]:
    """Return one id, several or none as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, int) else tuple(value)
