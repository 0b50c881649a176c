"""Public names of the library and the command line as they were before the layout changed: each is still there."""

from __future__ import annotations

from importlib import import_module

import click
import pytest

import torso
from torso.cli.group import OTHER_NAMES, TABLE

NAMES = """
    AutoConfig AutoModel AutoModelForCausalLM AutoModelForMaskedLM AutoModelForMultipleChoice
    AutoModelForNextSentencePrediction AutoModelForQuestionAnswering AutoModelForSeq2SeqLM
    AutoModelForSequenceClassification AutoModelForTokenClassification AutoTokenizer Batch BertConfig
    BertForMaskedLM BertForMultipleChoice BertForNextSentencePrediction BertForQuestionAnswering
    BertForSequenceClassification BertForTokenClassification BertModel Encoding GenerationSettings Layout Model
    Task Tokenizer TorsoError answer chat chat_stream choose classify embed encode fill generate load
    load_tokenizer new_model optimise pack rerank search similar stream summarise tag translate unpack zero_shot
"""
"""Names of ``torso``."""

COMMANDS: dict[str, tuple[str, str]] = {
    "tour": ("--json --lang --model -m", "text"),
    "classify": ("--column --csv --device --file --json --long --merge --model --stride --top --untrained -m", "texts"),
    "tag": (
        "--aggregation --column --csv --device --file --json --long --merge --model --stride --untrained -m",
        "texts",
    ),
    "fill": (
        "--column --csv --device --file --json --long --model --stride --target --top --untrained --whole-words -m",
        "texts",
    ),
    "answer": (
        "--column --csv --device --file --impossible --json --long --longest --model --stride --top --untrained -m",
        "question texts",
    ),
    "choose": ("--column --csv --device --file --json --long --merge --model --stride --untrained -m", "texts"),
    "zero-shot": (
        "--column --csv --device --file --json --label --long --merge --model --several --stride --template "
        "--top --untrained -l -m",
        "texts",
    ),
    "embed": (
        "--column --csv --device --dimensions --file --json --long --merge --model --no-normalize --normalize "
        "--output --pooling --prompt --prompt-name --stride -m",
        "texts",
    ),
    "similar": (
        "--column --csv --device --file --json --long --merge --model --pooling --stride --top -m",
        "query texts",
    ),
    "rerank": (
        "--column --csv --device --file --json --long --merge --model --stride --top --untrained -m",
        "query texts",
    ),
    "search": ("--csv --device --json --model --no-keep --pooling --top -m", "query folder"),
    "generate": (
        "--answers --bad-word --batch --column --device --file --json --max-new-tokens --model --no-sample "
        "--num-beams --sample --seed --set --stop --stream --temperature --top-k --top-p --untrained -m",
        "texts",
    ),
    "chat": (
        "--device --json --max-new-tokens --model --no-sample --no-thinking --sample --seed --set --system "
        "--temperature --thinking --top-p --untrained -m",
        "message",
    ),
    "translate": (
        "--batch --column --device --file --from --json --long --max-new-tokens --model --num-beams --set "
        "--to --untrained -m",
        "texts",
    ),
    "summarise": (
        "--batch --column --device --file --json --long --max-new-tokens --model --num-beams --set --untrained -m",
        "texts",
    ),
    "config": ("--diff --json --set", "model"),
    "tokenize": ("--column --file --json --model --pair -m", "texts"),
    "bench": ("--column --file --json --mode --model --rounds -m", ""),
    "models": ("--json", "name"),
    "get": (
        "--all --config-only --dry-run --exclude --force --git --include --json --offline --pytorch "
        "--remember --revision --source --to --update",
        "name",
    ),
    "check": ("--json --revision", "model"),
    "repair": ("--from --json", "model"),
    "list": ("--json", ""),
    "remove": ("--dry-run --json --parts --revision --yes -y", "model"),
}
"""Options and arguments of each command."""

OTHER = {"encode": "embed", "summarize": "summarise"}


@pytest.mark.parametrize("name", NAMES.split())
def test_a_name_of_the_library_is_there(name: str) -> None:
    assert name in dir(torso)
    assert getattr(torso, name) is not None


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_what_it_took(name: str) -> None:
    module, _, attribute = TABLE[name][1].partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    options = {option for each in command.params if isinstance(each, click.Option) for option in _spellings(each)}
    assert set(COMMANDS[name][0].split()) <= options
    assert [each.name for each in command.params if isinstance(each, click.Argument)] == COMMANDS[name][1].split()


def test_other_names_of_commands() -> None:
    assert OTHER.items() <= OTHER_NAMES.items()


def _spellings(option: click.Option) -> list[str]:
    return [*option.opts, *option.secondary_opts]
