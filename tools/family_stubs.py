"""Write the stubs of the families: their classes and configs as type checkers and editors see them.

Editors read no docstring that is made at run time, and no meaning within a declaration: the stub of the configs writes
each parameter's out. ``--check`` only compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import Field
from inspect import cleandoc
from pathlib import Path
from typing import Any

from torso.architecture import Task, architectures
from torso.config.ecosystem_names import explained
from torso.config.hub_config import HubConfig

COMPAT = Path(__file__).parents[1] / "src" / "torso" / "compat"
STUB = COMPAT / "family_names.pyi"
CONFIGS = COMPAT / "family_configs.pyi"
OUTPUTS = {Task.FEATURES: "FeaturesOutput", Task.QUESTION_ANSWERING: "QuestionAnsweringOutput"}


def stub() -> str:
    """Return the text of the stub."""
    lines = [
        '"""Made by `python -m tools.family_stubs`: the classes of every family under their names on the Hub."""',
        "",
        "from torso.compat.auto import AutoTokenizer",
        *(f"from torso.compat.family_configs import {each.__name__} as {each.__name__}" for each in config_kinds()),
        "from torso.compat.padded_model import PaddedModel",
        "from torso.compat.padded_outputs import FeaturesOutput, LogitsOutput, QuestionAnsweringOutput",
        "from torso.compat.pretrained_model import PreTrainedModel",
    ]
    own = [each for each in architectures() if each.config.__module__.startswith("torso.")]
    every = sorted(own, key=lambda each: each.family)
    lines.append("")
    seen: set[str] = set()
    for architecture in every:
        family = architecture.family
        classes = [
            (f"{family}PreTrainedModel", "PreTrainedModel"),
            (f"{family}Tokenizer", "AutoTokenizer"),
            (f"{family}TokenizerFast", "AutoTokenizer"),
        ]
        for task in architecture.tasks:
            output = OUTPUTS.get(task, "LogitsOutput")
            classes.append((architecture.class_name(task), f"PaddedModel[{output}], {family}PreTrainedModel"))
        for name, bases in classes:
            if name not in seen:
                seen.add(name)
                lines.append(f"class {name}({bases}): ...")
    return "\n".join(lines) + "\n"


def config_kinds() -> list[type[HubConfig]]:
    """Return the configs of torso's families, each once, by name."""
    kinds = {each.config for each in architectures() if each.config.__module__.startswith("torso.")}
    return sorted(kinds, key=lambda kind: kind.__name__.lower())


def configs() -> str:
    """Return the text of the configs' stub."""
    shared = {each.name for each in HubConfig.declared()}
    lines = [
        '"""Made by `python -m tools.family_stubs`: the configs of every family, each parameter with its meaning."""',
        "",
        "# ruff: noqa: E501",
        "from typing import Any",
        "",
        "from torso.config.hub_config import HubConfig",
        "",
        *config_class("FamilyConfig", "HubConfig", "Parameters that every family has.", HubConfig.declared(), ()),
    ]
    for kind in config_kinds():
        about, _, _ = cleandoc(kind.__doc__ or "").partition("\n\nArgs:")
        every = kind.declared()
        apart = [each for each in every if each.name not in shared or each.default != _default(each.name)]
        lines += config_class(kind.__name__, "FamilyConfig", about, apart, every)
    return "\n".join(lines).rstrip() + "\n"


def config_class(
    name: str, base: str, about: str, fields: Sequence[Field[Any]], listed: Sequence[Field[Any]]
) -> Iterator[str]:
    """Yield the lines of a config's class: each field with its meaning; those listed in the docstring of the class."""
    yield f"class {name}({base}):"
    yield f'    r"""{about}' + ('"""' if not listed else "")
    if listed:
        yield "\n    Args:"
        yield from (f"        {each.name} ({each.type}): {explained(each)}" for each in listed)
        yield '    """'
    yield ""
    for each in fields:
        shown = json.dumps(each.default) if isinstance(each.default, str) else repr(each.default)
        yield f"    {each.name}: {each.type} = {shown}"
        yield f'    r"""{explained(each)}"""'
    yield ""


def _default(name: str) -> object:
    return next(each.default for each in HubConfig.declared() if each.name == name)


def main() -> int:
    """Write the stubs, or compare them."""
    for path, text in ((STUB, stub()), (CONFIGS, configs())):
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
