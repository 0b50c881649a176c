"""Pages of the Python API: every public class and function once, each by its docstring."""

from __future__ import annotations

from importlib import import_module

import torso

PAGES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "tasks": ("Tasks", "任务", ("torso.tasks",)),
    "models": (
        "Models, batches, tokenizers",
        "模型、批次、分词器",
        ("torso.loading", "torso.model", "torso.architecture", "torso.batch", "torso.text"),
    ),
    "engines": ("Engines and speed", "引擎与速度", ("torso.engines", "torso.kernels")),
    "writing": ("Writing", "写作", ("torso.generation",)),
    "training": ("Fine-tuning and adapters", "微调与适配器", ("torso.training", "torso.adapters")),
    "looking": ("Looking into a model", "看进模型", ("torso.inspection",)),
    "serving": ("Server and batch jobs", "服务器与批处理作业", ("torso.serve", "torso.scale")),
    "compat": ("Names of the ecosystem", "生态系统中的名称", ("torso.compat", "torso.config", "torso.models")),
    "errors": ("Error classes", "错误类", ("torso.errors",)),
}
"""Pages by name: their title in both languages, and the packages whose names they have."""
NAMESPACES = ("torso", "torso.tasks", "torso.scale", "torso.serve", "torso.kernels", "torso.errors")
"""What a person imports from."""


def homes() -> dict[str, str]:
    """Find every public class and function: from where it is defined to the name that a person writes.

    The classes that a family's name denotes, such as ``BertModel``, are made when they are asked for, and not listed.
    """
    found: dict[str, str] = {}
    for namespace in NAMESPACES:
        module = import_module(namespace)
        for name in getattr(module, "__all__", [each for each in vars(module) if each.endswith("Error")]):
            value = getattr(module, name)
            home, own = getattr(value, "__module__", "torso"), getattr(value, "__qualname__", name)
            if home not in ("torso", "typing"):
                found.setdefault(f"{home}.{own}", f"{namespace}.{name}")
    return found


def page(name: str, language: str) -> str:
    """Write the page of that name in a language; the docstrings are English in both."""
    english, chinese, packages = PAGES[name]
    parts = [f"# {english if language == 'en' else chinese}"]
    for home, public in sorted(homes().items(), key=lambda pair: pair[1].lower()):
        if any(home.startswith(f"{each}.") for each in packages):
            parts.append(f"::: {home}\n    options:\n      heading: {public}\n      toc_label: {public}")
    return "\n\n".join(parts) + "\n"


def unlisted() -> set[str]:
    """Find the public names that no page has."""
    known = tuple(f"{each}." for _, _, packages in PAGES.values() for each in packages)
    return {public for home, public in homes().items() if not home.startswith(known)}


def version() -> str:
    """Return the version that the pages describe."""
    return torso.__version__
