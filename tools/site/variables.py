"""Reference of the environment variables. The sources say which there are; what they do is said here, in both languages."""

from __future__ import annotations

import ast
import re
from dataclasses import fields

from tools.message_sources import trees
from tools.site.markdown import code, table
from torso.hub.settings import Patience

TITLE = {"en": "Environment variables", "zh": "环境变量"}
INTRODUCTION = {
    "en": "Read at each call, so that a notebook may set one at any time. The Hub's own have the Hub's own meaning.",
    "zh": "每次调用时读取，因此笔记本中随时可以设置。Hub 自己的变量含义不变。",
}
HEADINGS = {"en": ("variable", "what it does"), "zh": ("变量", "作用")}
TABLE: dict[str, tuple[str, str]] = {
    "TORSO_SOURCE": (
        "where models come from: `auto`, `huggingface`, `hf-mirror`, `modelscope`, or an address",
        "模型来源：`auto`、`huggingface`、`hf-mirror`、`modelscope` 或一个地址",
    ),
    "TORSO_ENDPOINTS": ("further mirrors, with commas between", "更多镜像，以逗号分隔"),
    "TORSO_TRUSTED_ENDPOINTS": ("mirrors that may see the Hub's token", "可以收到 Hub 令牌的镜像"),
    "TORSO_OFFLINE": ("`1`: no network", "`1`：不使用网络"),
    "TORSO_CONNECTIONS": ("connections of one download, 1 to 32 (4)", "一次下载的连接数，1 至 32(默认 4)"),
    "TORSO_CONNECT": ("seconds for a connection to stand (5)", "建立连接的秒数(默认 5)"),
    "TORSO_READ": ("seconds without a single byte (30)", "一个字节也没有收到的秒数(默认 30)"),
    "TORSO_MINIMUM_RATE": (
        "bytes a second below which a transfer counts as stuck (1024)",
        "低于此速率(字节/秒)即视为停滞(默认 1024)",
    ),
    "TORSO_RATE_WINDOW": ("seconds over which that rate is measured (30)", "测量该速率的秒数(默认 30)"),
    "TORSO_RETRIES": (
        "attempts in a row without progress, for each source (5)",
        "每个来源连续无进展的尝试次数(默认 5)",
    ),
    "TORSO_BACKOFF": (
        "seconds before the second attempt, then doubled (0.5)",
        "第二次尝试前的秒数，之后加倍(默认 0.5)",
    ),
    "TORSO_LONGEST_WAIT": (
        "the longest `Retry-After` that is obeyed, in seconds (60)",
        "遵守的最长 `Retry-After` 秒数(默认 60)",
    ),
    "TORSO_LISTING": ("seconds that a listing may take (300)", "列出文件的最长秒数(默认 300)"),
    "TORSO_SETTINGS": ("the file of saved settings", "保存设置的文件"),
    "TORSO_CACHE": (
        "folder of tokenizers and packed weights made ready once; not used where others may write it",
        "存放准备好的分词器与打包权重的文件夹；他人可写时不使用",
    ),
    "TORSO_PACKED_CACHE": (
        "most GiB of packed weights that are kept there for the next start (8); `0`: none",
        "为下次启动而在其中保留的打包权重的最大 GiB 数(默认 8)；`0`：不保留",
    ),
    "TORSO_KERNELS": (
        "`0` for none, or an instruction set: `avx512_bf16`, `avx512_vnni`, `avx512`, `avx2`, `baseline`",
        "`0` 表示不用，或指定指令集：`avx512_bf16`、`avx512_vnni`、`avx512`、`avx2`、`baseline`",
    ),
    "TORSO_LANG": (
        "language of messages: `en`, `zh`; otherwise the locale's",
        "消息的语言：`en`、`zh`；未设置时依系统语言",
    ),
    "TORSO_DEBUG": ("`1`: tracebacks instead of one line", "`1`：显示完整的回溯，而不是一行"),
    "TORSO_API_KEYS": ("keys of `torso serve`, with commas between", "`torso serve` 的密钥，以逗号分隔"),
    "HF_HOME": ("home of the Hub's cache and token", "Hub 缓存与令牌所在的文件夹"),
    "HF_HUB_CACHE": ("the Hub's cache itself", "Hub 的缓存"),
    "HUGGINGFACE_HUB_CACHE": ("its earlier name", "它从前的名称"),
    "HF_ENDPOINT": ("the only endpoint", "唯一的端点"),
    "HF_TOKEN": ("token for the Hub, sent to it alone", "Hub 的令牌，只发给 Hub"),
    "HUGGING_FACE_HUB_TOKEN": ("its earlier name", "它从前的名称"),
    "HF_TOKEN_PATH": ("file of the token that a login saved", "登录后保存令牌的文件"),
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": ("`1`: send no token unless one is given", "`1`：除非明确给出，否则不发送令牌"),
    "HF_HUB_OFFLINE": ("`1`: no network", "`1`：不使用网络"),
    "TRANSFORMERS_OFFLINE": ("the same", "同上"),
    "HF_HUB_DISABLE_PROGRESS_BARS": ("`1`: no progress bars", "`1`：不显示进度条"),
    "HF_HUB_ETAG_TIMEOUT": ("as `TORSO_CONNECT`, which comes first", "同 `TORSO_CONNECT`，后者优先"),
    "HF_HUB_DOWNLOAD_TIMEOUT": ("as `TORSO_READ`, which comes first", "同 `TORSO_READ`，后者优先"),
    "MODELSCOPE_CACHE": ("ModelScope's cache", "ModelScope 的缓存"),
    "MODELSCOPE_ENDPOINT": ("ModelScope's address", "ModelScope 的地址"),
    "MODELSCOPE_API_TOKEN": ("token for ModelScope, sent to it alone", "ModelScope 的令牌，只发给 ModelScope"),
}
_NAME = re.compile(r"(TORSO|HF|HUGGINGFACE|HUGGING_FACE|MODELSCOPE|TRANSFORMERS)(_[A-Z]+)+")


def read_by_torso() -> set[str]:
    """Find the variables that the sources name."""
    named = {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value)
    }
    return named | {f"TORSO_{each.name.upper()}" for each in fields(Patience)}


def page(language: str) -> str:
    """Write the page in a language."""
    at = 0 if language == "en" else 1
    rows = [(code(name), meaning[at]) for name, meaning in TABLE.items()]
    return f"# {TITLE[language]}\n\n{INTRODUCTION[language]}\n\n{table(HEADINGS[language], rows)}"
