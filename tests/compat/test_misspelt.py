"""Misspelt keywords of every public signature: an error that names the one that was meant, or none, never a far one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cache, partial
from inspect import Parameter, getmembers_static, isabstract, isfunction, signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import torso
from torso.errors import TorsoError
from torso.io.arguments import own_arguments

CHAT = [{"role": "user", "content": "a"}]
FAR = ("zzzz", "qwertyuiop", "x1")
FAMILIES = ("BertTokenizer", "GPT2LMHeadModel", "LlamaForCausalLM", "Qwen2Config", "RobertaModel", "T5Config")
"""Some of the names that the package makes of its families when they are asked for."""


@dataclass(frozen=True)
class Signature:
    """What people call: with its arguments by name, and those that it needs by place where more are taken by name."""

    call: Callable[..., object]
    known: tuple[str, ...]


def more_names(function: Callable[..., Any]) -> list[str]:
    """The names of a function's closed table of more arguments."""
    for each in signature(function).parameters.values():
        said = str(each.annotation)
        if each.kind is Parameter.VAR_KEYWORD and said.startswith("Unpack["):
            inner: Any = function
            while hasattr(inner, "__wrapped__"):
                inner = inner.__wrapped__
            table = inner.__globals__.get(said.removeprefix("Unpack[").removesuffix("]"))
            return sorted(table.__annotations__) if table is not None else []
    return []


def of_function(function: Callable[..., Any], *first: object, drop: int = 0, more: Any = None) -> Signature:
    takes = list(signature(function).parameters.values())[drop:]
    places: list[Any] = list(first)
    if any(each.kind is Parameter.VAR_KEYWORD for each in takes):
        places += [
            CHAT if each.name == "conversation" else "text-classification"
            for each in takes
            if each.default is each.empty and each.kind < 2
        ]
    names = [name for name in own_arguments(function) if name != "cls"]
    return Signature(partial(function, *places), (*names, *(more_names(function) if more is None else more)))


@cache
def reader() -> torso.Tokenizer:
    """A tokenizer with a chat template that asks for a variable of its own."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]
    settings = {"tokenizer_class": "BertTokenizer", "chat_template": "{{ messages }}{{ topic }}"}
    with TemporaryDirectory() as folder:
        (Path(folder) / "vocab.txt").write_text("\n".join(words))
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(settings))
        return torso.AutoTokenizer.from_pretrained(folder)


@cache
def writer() -> Any:
    """A model that writes."""
    sizes = dict(vocab_size=15, n_embd=16, n_layer=1, n_head=2, n_positions=32)
    return torso.GPT2LMHeadModel(torso.GPT2Config(**sizes))


REAL: Mapping[str, Callable[[], object]] = {"generate": writer, "apply_chat_template": reader}
"""Methods that ask their object before they look at the names, with such an object."""
OPEN: Mapping[str, str] = {
    "prepare_inputs_for_generation": "refuses every call by name",
    "PreTrainedModel()": "takes what a class of one's own hands on",
    "PreTrainedModel.from_pretrained": "refuses: it has no modules of its own",
    "TrainerCallback.on_": "takes what any trainer says beside its arguments",
    "EarlyStoppingCallback.on_": "as TrainerCallback",
    "BertForMaskedLM.__call__": "is forward, which is there",
    "Auto": "makes no object, whatever is given",
    "BertTokenizer()": "as AutoTokenizer",
}
"""What looks at no names, by the beginning or the end of its own, with the reason."""


def is_open(where: str) -> bool:
    if where.startswith("Auto"):
        return where.endswith("()")
    return any(where.startswith(each) or where.endswith(each) for each in OPEN)


def blank(kind: type, method: str) -> object:
    return REAL[method]() if method in REAL else kind.__new__(kind)


def methods(kind: type) -> Iterator[tuple[str, object, Signature]]:
    """The constructor, the call and the public methods of a class, as torso defines them."""
    for name, raw in getmembers_static(kind):
        inner = getattr(raw, "__func__", raw)
        if (name.startswith("_") and name not in ("__call__", "__init__")) or not isfunction(inner):
            continue
        if not str(inner.__module__).startswith("torso"):
            continue
        more = sorted(kind.takes) if issubclass(kind, torso.Pipeline) and name in ("__call__", "__init__") else None
        if name == "__init__":
            made = of_function(inner, blank(kind, name), drop=1, more=more)
            yield f"{kind.__name__}()", inner, Signature(lambda call=made.call, **names: call(**names), made.known)
        elif isinstance(raw, classmethod | staticmethod):
            yield f"{kind.__name__}.{name}", inner, of_function(getattr(kind, name))
        else:
            yield f"{kind.__name__}.{name}", inner, of_function(inner, blank(kind, name), drop=1, more=more)


@cache
def signatures() -> dict[str, Signature]:
    """Every public function of the package, and every constructor and method of its public classes, each once."""
    found: dict[str, Signature] = {}
    seen: set[object] = set()
    for name in (*sorted(torso.__all__), *FAMILIES):
        value = getattr(torso, name)
        if isfunction(value):
            found[name] = of_function(value)
        elif isinstance(value, type) and not issubclass(value, Enum | BaseException) and not isabstract(value):
            for where, inner, each in methods(value):
                if (inner, each.known) not in seen:
                    seen.add((inner, each.known))
                    found[where] = each
    return found


def refused(where: str, wrong: str) -> TorsoError:
    """The error of a call with that keyword."""
    with pytest.raises(TorsoError) as caught:
        signatures()[where].call(**{wrong: None})
    assert wrong in str(caught.value), (wrong, caught.value)
    return caught.value


def slips(name: str) -> Iterator[str]:
    """One letter dropped, doubled, or exchanged with the next, at every place of a name."""
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]
        yield name[: place + 1] + name[place:]
        yield name[:place] + name[place : place + 2][::-1] + name[place + 2 :]


ALL = [where for where in signatures() if not is_open(where)]


@pytest.mark.parametrize("where", ALL)
def test_a_misspelt_keyword_names_the_one_that_was_meant_or_none(where) -> None:
    known = signatures()[where].known
    # Of a long list of names each has a third of its slips: the whole takes minutes.
    step = 3 if len(known) > 25 else 1
    for number, right in enumerate(known):
        for wrong in {*[*slips(right)][number % step :: step]} - {*known, ""}:
            if len(wrong) < 2:
                continue
            meant = refused(where, wrong).values.get("nearest")
            if meant is not None:
                alike = SequenceMatcher(None, wrong, str(meant)).ratio()
                assert meant == right or alike >= SequenceMatcher(None, wrong, right).ratio() - 0.05, (wrong, meant)


@pytest.mark.parametrize("where", ALL)
def test_nonsense_names_none(where) -> None:
    for wrong in FAR:
        assert refused(where, wrong).values.get("nearest") is None, wrong


def test_every_public_class_is_there() -> None:
    """Of the classes that people are given, none is left out but enumerations, errors and what has subclasses alone."""
    kinds = {value for name in torso.__all__ if isinstance(value := getattr(torso, name), type)}
    left = {kind.__name__ for kind in kinds if isabstract(kind) or issubclass(kind, Enum | BaseException)}
    assert left == {"Pipeline", "TaskType", "TorsoError"}
    for kind in kinds:
        assert left & {kind.__name__} or [*methods(kind)], kind
