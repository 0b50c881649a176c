"""A Llama of transformers as an OpenVINO model that keeps its keys and values itself, for OpenVINO GenAI.

GenAI's own reader of GGUF makes a graph that its CPU plug-in refuses (2026.4.1: "ReadValue contains dead weak ptr").
Here OpenVINO's converter traces the Llama as PyTorch computes it, with the inputs that GenAI gives; cached keys and
values become states. Eight bits are NNCF's, one scale for each output, as ``optimum-cli export openvino`` makes them.
Needs openvino, openvino-genai, openvino-tokenizers and nncf, beside torch, transformers and safetensors.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Llama(nn.Module):
    """The Llama of a folder: ids, mask, positions, and keys and values before them, to scores and all of these."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        from safetensors.torch import load_file

        config: dict[str, Any] = json.loads((folder / "config.json").read_text())
        self.depth, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.key_heads, self.width = config["num_key_value_heads"], config["hidden_size"]
        self.size, self.epsilon = self.width // self.heads, config["rms_norm_eps"]
        self.rates = 10000.0 ** (-torch.arange(0, self.size, 2) / self.size)
        self.weights = nn.ParameterDict(
            {
                name.replace(".", "/"): nn.Parameter(tensor.float(), requires_grad=False)
                for name, tensor in load_file(folder / "model.safetensors").items()
            }
        )

    def weight(self, name: str) -> Tensor:
        return self.weights[f"model.{name}.weight".replace(".", "/")]

    def norm(self, x: Tensor, name: str) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight(name)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, position_ids: Tensor, past: list[Tensor]
    ) -> tuple[Tensor, ...]:
        texts, count = input_ids.shape
        x, present = F.embedding(input_ids, self.weight("embed_tokens")), list[Tensor]()
        angles = position_ids[..., None].float() * self.rates
        turn = torch.cat([angles, angles], -1)[:, None]
        cosines, sines = turn.cos(), turn.sin()

        def turned(rows: Tensor) -> Tensor:
            left, right = rows.chunk(2, -1)
            return rows * cosines + torch.cat([-right, left], -1) * sines

        before = attention_mask.shape[1] - count
        keys_seen = torch.arange(attention_mask.shape[1])[None] <= torch.arange(count)[:, None] + before
        mask = keys_seen[None, None] & (attention_mask[:, None, None] > 0)
        for layer in range(self.depth):
            own, rows = f"layers.{layer}.self_attn", self.norm(x, f"layers.{layer}.input_layernorm")
            q, k, v = (
                F.linear(rows, self.weight(f"{own}.{part}_proj")).view(texts, count, -1, self.size).transpose(1, 2)
                for part in "qkv"
            )
            k = torch.cat([past[2 * layer], turned(k)], 2)
            v = torch.cat([past[2 * layer + 1], v], 2)
            present += [k, v]
            wide = [
                each[:, :, None]
                .expand(texts, self.key_heads, self.heads // self.key_heads, each.shape[2], self.size)
                .reshape(texts, self.heads, each.shape[2], self.size)
                for each in (k, v)
            ]
            attended = F.scaled_dot_product_attention(turned(q), *wide, attn_mask=mask)
            x = x + F.linear(attended.transpose(1, 2).reshape(texts, count, -1), self.weight(f"{own}.o_proj"))
            rows, feed = self.norm(x, f"layers.{layer}.post_attention_layernorm"), f"layers.{layer}.mlp"
            inner = F.silu(F.linear(rows, self.weight(f"{feed}.gate_proj")))
            inner = inner * F.linear(rows, self.weight(f"{feed}.up_proj"))
            x = x + F.linear(inner, self.weight(f"{feed}.down_proj"))
        return F.linear(self.norm(x, "norm"), self.weight("embed_tokens")), *present


def convert(folder: Path, to: Path, mode: str) -> None:
    """Write the model, in ``float32`` or ``int8``, and a tokenizer that GenAI wants to find beside it."""
    import openvino as ov
    from openvino._offline_transformations import apply_make_stateful_transformation

    model = Llama(folder)
    past = [torch.zeros(2, model.key_heads, 3, model.size) for _ in range(2 * model.depth)]
    example = {
        "input_ids": torch.ones(2, 4, dtype=torch.int64),
        "attention_mask": torch.ones(2, 7, dtype=torch.int64),
        "position_ids": torch.arange(3, 7).expand(2, 4),
        "past": past,
    }
    with torch.no_grad():
        made = ov.convert_model(model, example_input=example)
    kept = [f"{kind}.{number}" for number in range(model.depth) for kind in ("key", "value")]
    for port, name in zip(made.inputs[3:], kept, strict=True):
        port.get_tensor().set_names({f"past.{name}"})
        port.get_node().set_partial_shape(ov.PartialShape([-1, model.key_heads, -1, model.size]))
    for port, name in zip(made.outputs, ["logits", *(f"present.{each}" for each in kept)], strict=True):
        port.get_tensor().set_names({name})
    for port in made.inputs[:3]:
        port.get_node().set_partial_shape(ov.PartialShape([-1, -1]))
    _choose_texts(made, made.inputs[3:])
    made.validate_nodes_and_infer_types()
    apply_make_stateful_transformation(made, {f"past.{each}": f"present.{each}" for each in kept})
    _begin_empty(made)
    if mode == "int8":
        import nncf

        made = nncf.compress_weights(made, mode=nncf.CompressWeightsMode.INT8_SYM)
    ov.save_model(made, str(to / "openvino_model.xml"), compress_to_fp16=False)
    _tokenizer(folder, to)


def _choose_texts(model: Any, caches: list[Any]) -> None:
    """Add the input ``beam_idx``: which texts' keys and values each text goes on with."""
    import openvino as ov
    from openvino import opset13

    chosen = opset13.parameter(ov.PartialShape([-1]), ov.Type.i32, "beam_idx")
    chosen.output(0).get_tensor().add_names({"beam_idx"})
    model.add_parameters([chosen])
    for port in caches:
        consumers = port.get_target_inputs()
        gather = opset13.gather(port, chosen, opset13.constant(0))
        for consumer in consumers:
            consumer.replace_source_output(gather.output(0))


def _begin_empty(model: Any) -> None:
    """Let every state begin without rows, for as many texts as there are ids."""
    from openvino import opset13

    shape = opset13.shape_of(model.input("input_ids"), output_type="i64")
    texts = opset13.gather(shape, opset13.constant([0]), opset13.constant(0))
    for node in model.get_ops():
        if node.get_type_name() == "ReadValue":
            sizes = [each.min_length for each in node.get_output_partial_shape(0)]
            rest = [opset13.constant(np.array([each], np.int64)) for each in sizes[1:]]
            zero = opset13.constant(0.0, dtype=node.get_output_element_type(0))
            node.set_arguments([opset13.broadcast(zero, opset13.concat([texts, *rest], axis=0))])
    model.validate_nodes_and_infer_types()


def _tokenizer(folder: Path, to: Path) -> None:
    import openvino as ov
    from openvino_tokenizers import convert_tokenizer
    from transformers import PreTrainedTokenizerFast

    read, write = convert_tokenizer(PreTrainedTokenizerFast.from_pretrained(folder), with_detokenizer=True)
    ov.save_model(read, str(to / "openvino_tokenizer.xml"))
    ov.save_model(write, str(to / "openvino_detokenizer.xml"))
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        if (folder / name).exists():
            shutil.copy(folder / name, to / name)
