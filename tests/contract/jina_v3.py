"""Jina Embeddings 3 as the Hub has it, in plain PyTorch: a reference where no library reads these files.

As public copies of the code that its config names compute it (jinaai/xlm-roberta-flash-implementation, of which
modeling_lora.py, embedding.py and custom_st.py were read whole; its blocks are FlashAttention's): XLM-R with rotary
positions, whose matrices and tables each have the factors of an update for every task.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu

from .plain_reference import PlainReference, random_tensors

CODE = "jinaai/xlm-roberta-flash-implementation"
INSTRUCTIONS = {
    "retrieval.query": "Represent the query for retrieving evidence documents: ",
    "retrieval.passage": "Represent the document for retrieval: ",
    "separation": "",
    "classification": "",
    "text-matching": "",
}
TASKS = [*INSTRUCTIONS]
PUBLISHED: dict[str, Any] = {
    "_name_or_path": "jinaai/jina-embeddings-v3",
    "architectures": ["XLMRobertaModel"],
    "attention_probs_dropout_prob": 0.1,
    "auto_map": {
        "AutoConfig": f"{CODE}--configuration_xlm_roberta.XLMRobertaFlashConfig",
        "AutoModel": f"{CODE}--modeling_lora.XLMRobertaLoRA",
        "AutoModelForMaskedLM": f"{CODE}--modeling_xlm_roberta.XLMRobertaForMaskedLM",
        "AutoModelForPreTraining": f"{CODE}--modeling_xlm_roberta.XLMRobertaForPreTraining",
    },
    "bos_token_id": 0,
    "classifier_dropout": None,
    "emb_pooler": "mean",
    "eos_token_id": 2,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 1024,
    "initializer_range": 0.02,
    "intermediate_size": 4096,
    "layer_norm_eps": 1e-05,
    "load_trained_adapters": True,
    "lora_adaptations": TASKS,
    "lora_alpha": 1,
    "lora_dropout_p": 0.0,
    "lora_main_params_trainable": False,
    "lora_rank": 4,
    "matryoshka_dimensions": [32, 64, 128, 256, 512, 768, 1024],
    "max_position_embeddings": 8194,
    "model_type": "xlm-roberta",
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
    "output_past": True,
    "pad_token_id": 1,
    "position_embedding_type": "rotary",
    "rotary_emb_base": 20000.0,
    "task_instructions": INSTRUCTIONS,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.30.2",
    "truncate_dim": None,
    "type_vocab_size": 1,
    "use_cache": True,
    "use_flash_attn": True,
    "vocab_size": 250002,
}
"""From memory, with the parts that public repositories quote: the file itself was not downloaded."""


class JinaV3(PlainReference):
    """The reference: a config, and tensors under their names in files, without ``roberta.``."""

    @classmethod
    def made(cls, values: dict[str, Any]) -> JinaV3:
        """Random weights of every shape that the first code has; of no factor all numbers are 0."""
        values = {**PUBLISHED, "torch_dtype": "float32", **values}
        width, inner = values["hidden_size"], values["intermediate_size"]
        rank, tasks = values["lora_rank"], len(values["lora_adaptations"])
        tables = {"word_embeddings": values["vocab_size"], "token_type_embeddings": values["type_vocab_size"]}
        shapes: dict[str, tuple[int, ...]] = {}

        def adapted(name: str, rows: int, columns: int, *, table: bool = False) -> None:
            stem = f"{name}.parametrizations.weight"
            shapes[f"{stem}.original"] = (rows, columns)
            shapes[f"{stem}.0.lora_A"] = (tasks, rows, rank) if table else (tasks, rank, columns)
            shapes[f"{stem}.0.lora_B"] = (tasks, rank, columns) if table else (tasks, rows, rank)
            shapes.update({} if table else {f"{name}.bias": (rows,)})

        for name, rows in tables.items():
            adapted(f"embeddings.{name}", rows, width, table=True)
        adapted("pooler.dense", width, width)
        norms = ["emb_ln"]
        for i in range(values["num_hidden_layers"]):
            at = f"encoder.layers.{i}"
            adapted(f"{at}.mixer.Wqkv", 3 * width, width)
            adapted(f"{at}.mixer.out_proj", width, width)
            adapted(f"{at}.mlp.fc1", inner, width)
            adapted(f"{at}.mlp.fc2", width, inner)
            norms += [f"{at}.norm1", f"{at}.norm2"]
        return cls(values, random_tensors(shapes, norms, width, 5))

    def saved(self, folder: Path, prefix: str = "roberta.", **more: Tensor) -> Path:
        return super().saved(folder, prefix, **more)

    def weight(self, name: str, task: str | None) -> Tensor:
        """The matrix of a module, with the update of a task."""
        stem = f"{name}.parametrizations.weight"
        original = self.tensors[f"{stem}.original"]
        if task is None:
            return original
        place = self.values["lora_adaptations"].index(task)
        a, b = (self.tensors[f"{stem}.0.lora_{factor}"][place] for factor in "AB")
        product = a @ b if name.startswith("embeddings.") else b @ a
        return original + product * (self.values["lora_alpha"] / self.values["lora_rank"])

    def plain(self, task: str | None) -> dict[str, Tensor]:
        """All weights of one task under their usual names."""
        ending = ".parametrizations.weight.original"
        adapted = [name.removesuffix(ending) for name in self.tensors if name.endswith(ending)]
        whole = {name: value for name, value in self.tensors.items() if ".parametrizations." not in name}
        return whole | {f"{name}.weight": self.weight(name, task) for name in adapted}

    def states(self, ids: Tensor, segments: Tensor, task: str | None) -> list[Tensor]:
        """Every layer's rows [layers + 1][S, D] of one text, then what the pooler makes of its first token."""
        words, kinds = (self.weight(f"embeddings.{name}_embeddings", task) for name in ("word", "token_type"))
        states = [self.norm(words[ids] + kinds[segments], "emb_ln")]
        for i in range(self.values["num_hidden_layers"]):
            at, x = f"encoder.layers.{i}", states[-1]
            x = self.norm(x + self._attended(x, f"{at}.mixer", task), f"{at}.norm1")
            inner = gelu(self._linear(x, f"{at}.mlp.fc1", task))
            states.append(self.norm(x + self._linear(inner, f"{at}.mlp.fc2", task), f"{at}.norm2"))
        return [*states, self._linear(states[-1][0], "pooler.dense", task).tanh()]

    def _attended(self, x: Tensor, at: str, task: str | None) -> Tensor:
        heads, size = self.values["num_attention_heads"], x.shape[0]
        q, k, v = self._linear(x, f"{at}.Wqkv", task).view(size, 3, heads, -1).unbind(1)
        width = q.shape[-1]
        rates = self.values["rotary_emb_base"] ** (-torch.arange(0, width, 2) / width)
        angles = torch.arange(size)[:, None] * rates

        def turned(rows: Tensor) -> Tensor:
            left, right = rows.chunk(2, -1)
            cos, sin = angles.cos()[:, None], angles.sin()[:, None]
            return torch.cat([left * cos - right * sin, right * cos + left * sin], -1).transpose(0, 1)

        scores = turned(q) @ turned(k).transpose(1, 2) * width**-0.5
        return self._linear((scores.softmax(-1) @ v.transpose(0, 1)).transpose(0, 1).flatten(1), f"{at}.out_proj", task)

    def _linear(self, x: Tensor, name: str, task: str | None) -> Tensor:
        return x @ self.weight(name, task).T + self.tensors[f"{name}.bias"]
