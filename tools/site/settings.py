"""Reference of the parameters that have a name: those of writing, and those of configs."""

from __future__ import annotations

import json
from collections import defaultdict

from tools.site.markdown import cell, code, table
from torso.architecture import architectures
from torso.config.describe import ACTS
from torso.config.fields import field_info
from torso.generation.generation_settings import GenerationSettings
from torso.language import say, speaking

TITLE = {"en": "Parameters", "zh": "参数"}
WRITING = {
    "en": "## Writing\n\nOf `torso.generate`, `torso.chat`, `torso.translate`, `torso.summarise`, `model.generate`, "
    "`generation_config.json`, and `--set NAME=VALUE` of the commands. Those of training and of the server are in the API: "
    "[TrainSettings](api/training.md), [ServeSettings](api/serving.md).",
    "zh": "## 写作\n\n用于 `torso.generate`、`torso.chat`、`torso.translate`、`torso.summarise`、`model.generate`、"
    "`generation_config.json`，以及命令的 `--set 名称=值`。训练与服务器的参数见 API："
    "[TrainSettings](api/training.md)、[ServeSettings](api/serving.md)。",
}
CONFIGS = {
    "en": "## Configs\n\nEvery parameter that a family reads. `torso config MODEL` shows those of one model with their values.",
    "zh": "## 配置\n\n各家族读取的每个参数。`torso config 模型` 显示某个模型的全部参数及其值。",
}
HEADINGS = {
    "en": ("parameter", "default", "acts on", "meaning", "families"),
    "zh": ("参数", "默认", "影响", "含义", "家族"),
}
ALL = {"en": "all", "zh": "全部"}


def page(language: str) -> str:
    """Write the page in a language."""
    headings = HEADINGS[language]
    with speaking(language):
        writing = table((*headings[:2], headings[3]), _writing())
        configs = table(headings, _configs(ALL[language]))
    return "\n\n".join([f"# {TITLE[language]}", WRITING[language], writing, CONFIGS[language], configs])


def _shown(value: object) -> str:
    return code(json.dumps(value, ensure_ascii=False, default=str))


def _writing() -> list[tuple[str, str, str]]:
    return [(code(each.name), _shown(each.default), cell(each.meaning)) for each in GenerationSettings().describe()]


def _configs(everywhere: str) -> list[tuple[str, ...]]:
    """One row for each name and meaning, with the families where it has it."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    defaults: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    known = architectures()
    for each in known:
        empty = each.config()
        for declared in each.config.declared():
            about = field_info(declared)
            key = (declared.name, about.acts, about.meaning)
            found[key].append(each.family)
            defaults[key][_shown(getattr(empty, declared.name))] = None
    return [
        (
            code(name),
            ", ".join(list(defaults[name, acts, meaning])[:4])
            + (" …" if len(defaults[name, acts, meaning]) > 4 else ""),
            say(ACTS[acts]),
            cell(say(meaning)),
            everywhere if len(families) == len(known) else ", ".join(sorted(families)),
        )
        for (name, acts, meaning), families in sorted(found.items())
    ]
