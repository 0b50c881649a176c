"""Write ``family_names.pyi``: the family classes as type checkers and editors see them. ``--check`` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from torso.architecture import Task, architectures

STUB = Path(__file__).parents[1] / "src" / "torso" / "compat" / "family_names.pyi"
OUTPUTS = {Task.FEATURES: "FeaturesOutput", Task.QUESTION_ANSWERING: "QuestionAnsweringOutput"}


def stub() -> str:
    """Return the text of the stub."""
    lines = [
        '"""Made by `python -m tools.family_stubs`: the classes of every family under their names on the Hub."""',
        "",
        "from torso.compat.auto import AutoTokenizer",
        "from torso.compat.padded_model import PaddedModel",
        "from torso.compat.padded_outputs import FeaturesOutput, LogitsOutput, QuestionAnsweringOutput",
        "from torso.compat.pretrained_model import PreTrainedModel",
    ]
    own = [each for each in architectures() if each.config.__module__.startswith("torso.")]
    every = sorted(own, key=lambda each: each.family)
    configs = {each.family: each.config for each in every}
    kinds = {(kind.__module__, kind.__name__) for kind in configs.values()}
    lines += [f"from {module} import {name} as {name}" for module, name in sorted(kinds)]
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


def main() -> int:
    """Write the stub, or compare it."""
    if "--check" in sys.argv[1:]:
        return 0 if STUB.read_text(encoding="utf-8") == stub() else 1
    STUB.write_text(stub(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
