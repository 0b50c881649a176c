"""Reference of the families of models and of their files, from what is registered."""

from __future__ import annotations

from tools.site.markdown import code, table
from torso.cli.model_catalogue import catalogue

TITLE = {"en": "Families and formats", "zh": "模型家族与文件格式"}
INTRODUCTION = {
    "en": "What `torso models` lists. *Kernels*: torso's own compiled kernels run its encoder, or write with its decoder, by "
    "the family's default config; PyTorch runs the others. *Refused*: parameters of which one value is implemented, with it.",
    "zh": "即 `torso models` 所列。*内核*：按该家族的默认配置，torso 自己编译的内核可以运行其编码器，或用其解码器写作；其余由 "
    "PyTorch 运行。*只支持*：只实现了一个取值的参数，及该值。",
}
HEADINGS = {
    "en": ("family", "`model_type`", "kernels", "heads", "refused but for"),
    "zh": ("家族", "`model_type`", "内核", "头", "只支持"),
}
WORDS = {"en": ("yes", "no"), "zh": ("有", "无")}
FORMATS = {
    "en": """\
## Formats

| | read | written |
|---|---|---|
| weights | safetensors and `pytorch_model.bin` (zip and legacy), whole or in shards; float32, float16, bfloat16 | safetensors |
| quantised weights | GPTQ, AWQ, bitsandbytes, compressed-tensors, FP8, MXFP4; a GGUF file as a whole model: [forms of weights](../formats.md) | – |
| tokenizers | `tokenizer.json`; `vocab.txt`; `vocab.json` with `merges.txt`; SentencePiece models | `tokenizer.json` |
| configs | `config.json`, `generation_config.json`, the files of sentence-transformers | the same, with keys that torso does not know |
| adapters | PEFT's `adapter_config.json` with safetensors or `adapter_model.bin` (LoRA) | the same |
| tables | lines, CSV, TSV, JSON lines, JSON, Parquet | `.npy`, JSON lines, CSV, Parquet |

ONNX, TensorFlow, Flax, Keras, MLX and HQQ are named and refused.
""",
    "zh": """\
## 格式

| | 读取 | 写出 |
|---|---|---|
| 权重 | safetensors 与 `pytorch_model.bin`(zip 与旧格式)，单个或分片；float32、float16、bfloat16 | safetensors |
| 量化的权重 | GPTQ、AWQ、bitsandbytes、compressed-tensors、FP8、MXFP4；GGUF 文件作为完整的模型：[权重的格式](../formats.md) | – |
| 分词器 | `tokenizer.json`；`vocab.txt`；`vocab.json` 与 `merges.txt`；SentencePiece 模型 | `tokenizer.json` |
| 配置 | `config.json`、`generation_config.json`、sentence-transformers 的文件 | 同左，torso 不认识的键也原样写回 |
| 适配器 | PEFT 的 `adapter_config.json`，权重为 safetensors 或 `adapter_model.bin`(LoRA) | 同左 |
| 表格 | 文本行、CSV、TSV、JSON 行、JSON、Parquet | `.npy`、JSON 行、CSV、Parquet |

ONNX、TensorFlow、Flax、Keras、MLX 与 HQQ 会被指明并拒绝。
""",
}


def page(language: str) -> str:
    """Write the page in a language."""
    yes, no = WORDS[language]
    rows = [
        (
            card.family,
            ", ".join(code(each) for each in card.model_types),
            yes if card.kernels else no,
            ", ".join(card.tasks),
            ", ".join(code(f"{name}={value!r}") for name, value in card.refuses.items()),
        )
        for card in catalogue()
    ]
    listed = table(HEADINGS[language], rows)
    return f"# {TITLE[language]}\n\n{INTRODUCTION[language]}\n\n{listed}\n{FORMATS[language]}"
