"""A GGUF file is a model: config, weights and tokenizer of it give what the model that it was made of gives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import torso
from lazy import LazyModule
from torso.architecture import Task
from torso.batch import Batch, Layout
from torso.engines.compiled_decoder import compiled_decoder
from torso.errors import TorsoError
from torso.generation.compiled_texts import CompiledTexts
from torso.weights.gguf_blocks import BLOCKS, CODES, values_of

from .gguf_of_models import write

transformers = LazyModule("transformers")
gguf = LazyModule("gguf")

SIZES = {
    "vocab_size": 64,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
GEMMA = {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 4}
EXPERTS = {"num_experts_per_tok": 2}
ENCODER = {key: value for key, value in SIZES.items() if key != "num_key_value_heads"}
MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "llama": ("llama", "Llama", {"tie_word_embeddings": False}),
    "llama-tied": ("llama", "Llama", {"head_dim": 32, "tie_word_embeddings": True, "rms_norm_eps": 1e-5}),
    "llama3": ("llama", "Llama", {"rope_parameters": LLAMA3}),
    "linear": ("llama", "Llama", {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4}}),
    "qwen2": ("qwen2", "Qwen2", {}),
    "qwen3": ("qwen3", "Qwen3", {"head_dim": 32}),
    "gemma": ("gemma", "Gemma", {"head_dim": 16}),
    "gemma2": ("gemma2", "Gemma2", GEMMA),
    "gemma3": ("gemma3", "Gemma3", {**GEMMA, "num_hidden_layers": 7}),
    "phi3": ("phi3", "Phi3", {"original_max_position_embeddings": 64}),
    "olmo": ("olmo", "Olmo", {"clip_qkv": 0.5}),
    "olmo2": ("olmo2", "Olmo2", {}),
    "olmo3": ("olmo2", "Olmo3", {"sliding_window": 5, "num_hidden_layers": 5}),
    "exaone4": ("exaone4", "Exaone4", {"sliding_window": 5, "head_dim": 32, "num_hidden_layers": 4}),
    "seed_oss": ("seed_oss", "SeedOss", {"head_dim": 16}),
    "starcoder2": ("starcoder2", "Starcoder2", {"hidden_act": "gelu_pytorch_tanh"}),
    "mixtral": ("llama", "Mixtral", {**EXPERTS, "num_local_experts": 4}),
    "qwen2_moe": (
        "qwen2moe",
        "Qwen2Moe",
        {**EXPERTS, "num_experts": 4, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 64},
    ),
    "qwen3_moe": (
        "qwen3moe",
        "Qwen3Moe",
        {**EXPERTS, "num_experts": 4, "moe_intermediate_size": 32, "head_dim": 32, "norm_topk_prob": True},
    ),
    "olmoe": ("olmoe", "Olmoe", {**EXPERTS, "num_experts": 4}),
    "gpt2": ("gpt2", "GPT2", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64, "vocab_size": 64}),
}


def made(name: str, *, seed: int = 0) -> tuple[str, Any]:
    """A reference model with weights that are not those of a fresh one: norms and biases too."""
    architecture, family, own = MODELS[name]
    values = own if family == "GPT2" else {**SIZES, **own}
    kind = "Gemma3TextConfig" if family == "Gemma3" else f"{family}Config"
    config = getattr(transformers, kind)(**values)
    head = "LMHeadModel" if family == "GPT2" else "ForCausalLM"
    return architecture, disturbed(getattr(transformers, f"{family}{head}")(config), seed)


def disturbed(model: Any, seed: int = 0) -> Any:
    some = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=some) * 0.05)
    return model.eval()


def text(length: int = 40) -> torch.Tensor:
    return torch.randint(1, 64, (length,), generator=torch.Generator().manual_seed(1))


def logits(path: Path, ids: torch.Tensor, task: Task[Any] = Task.CAUSAL_LM) -> torch.Tensor:
    with torch.inference_mode():
        found = torso.load(path, task)(Batch(ids, Layout.of([len(ids)])))
    return found.logits if task is Task.CAUSAL_LM else found.hidden.rows


@pytest.mark.parametrize("name", MODELS)
def test_logits_of_the_model_that_a_file_was_made_of(tmp_path: Path, name: str) -> None:
    architecture, model = made(name)
    write(tmp_path / "m.gguf", architecture, model)
    with torch.inference_mode():
        wanted = model(text()[None]).logits[0]
    assert torch.allclose(logits(tmp_path / "m.gguf", text()), wanted, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"])
@pytest.mark.parametrize("name", ["llama", "gpt2", "phi3", "mixtral", "qwen2_moe"])
def test_logits_of_quantised_files(tmp_path: Path, name: str, kind: str) -> None:
    architecture, model = made(name)
    write(tmp_path / "m.gguf", architecture, model, kind=kind)
    with torch.inference_mode():
        wanted = model(text()[None]).logits[0]
    assert torch.allclose(logits(tmp_path / "m.gguf", text()), wanted, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["mixtral", "qwen2_moe", "qwen3_moe", "olmoe"])
def test_kernels_run_the_experts_of_a_file(tmp_path: Path, name: str) -> None:
    architecture, model = made(name)
    write(tmp_path / "m.gguf", architecture, model, kind="Q8_0")
    with torch.inference_mode():
        wanted = model(text()[None]).logits[0]
    texts = CompiledTexts(compiled_decoder(tmp_path / "m.gguf", "exact"), 1, capacity=64)
    found = torch.as_tensor(np.asarray(texts.read([text().tolist()])))[0]
    assert torch.allclose(found, wanted[-1], atol=5e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("key", "value"),
    [("expert_count", 5), ("expert_count", 1 << 20), ("expert_count", "4"), ("expert_used_count", 0)],
)
def test_other_numbers_of_experts_than_the_tensors_have(tmp_path: Path, key: str, value: object) -> None:
    architecture, model = made("qwen3_moe")
    write(tmp_path / "m.gguf", architecture, model, said={f"{architecture}.{key}": value})
    with pytest.raises(TorsoError) as caught:
        torso.load(tmp_path / "m.gguf", Task.CAUSAL_LM)
    assert caught.value.code == "E_HEADER"


@pytest.mark.parametrize("family", ["bert", "nomic-bert"])
def test_hidden_states_of_encoders(tmp_path: Path, family: str) -> None:
    kind = "Bert" if family == "bert" else "NomicBert"
    config = getattr(transformers, f"{kind}Config")(**ENCODER)
    model = disturbed(getattr(transformers, f"{kind}Model")(config))
    if family == "bert":
        write(tmp_path / "m.gguf", family, model)
    else:
        write(tmp_path / "m.gguf", family, Fused(model))
    with torch.inference_mode():
        wanted = model(text()[None]).last_hidden_state[0]
    assert torch.allclose(logits(tmp_path / "m.gguf", text(), Task.FEATURES), wanted, atol=2e-5, rtol=1e-5)


class Fused:
    """NomicBERT under the names of its own repository, which the converter reads."""

    def __init__(self, model: Any) -> None:
        self.config, self._model = model.config, model

    def state_dict(self) -> dict[str, torch.Tensor]:
        state = self._model.state_dict()
        found = {
            "embeddings.word_embeddings.weight": state["embeddings.word_embeddings.weight"],
            "embeddings.token_type_embeddings.weight": state["embeddings.token_type_embeddings.weight"],
        }
        for kind in ("weight", "bias"):
            found[f"emb_ln.{kind}"] = state[f"embeddings.LayerNorm.{kind}"]
        for layer in range(self.config.num_hidden_layers):
            at, to = f"layers.{layer}", f"encoder.layers.{layer}"
            parts = [state[f"{at}.self_attn.{each}_proj.weight"] for each in "qkv"]
            found[f"{to}.attn.Wqkv.weight"] = torch.cat(parts)
            found[f"{to}.attn.out_proj.weight"] = state[f"{at}.self_attn.o_proj.weight"]
            for theirs, ours in {"up": "fc11", "gate": "fc12", "down": "fc2"}.items():
                found[f"{to}.mlp.{ours}.weight"] = state[f"{at}.mlp.{theirs}_proj.weight"]
            for theirs, ours in {"post_attention_layernorm": "norm1", "post_mlp_layernorm": "norm2"}.items():
                for kind in ("weight", "bias"):
                    found[f"{to}.{ours}.{kind}"] = state[f"{at}.{theirs}.{kind}"]
        return found


@pytest.mark.parametrize("kind", [each for each in BLOCKS if each != "F32"])
def test_blocks_to_the_bit_of_the_package(kind: str) -> None:
    own = gguf.GGMLQuantizationType[kind]
    assert CODES[kind] == own.value
    assert BLOCKS[kind] == gguf.GGML_QUANT_SIZES[own]
    raw = np.random.default_rng(0).integers(0, 256, (512, BLOCKS[kind][1]), dtype=np.uint8)
    with np.errstate(all="ignore"):
        wanted = gguf.quants.dequantize(raw, own).reshape(-1)
    found = values_of(kind, raw).reshape(-1)
    assert np.array_equal(found, wanted, equal_nan=True)


def test_llama3_is_found_in_the_factors_of_frequencies(tmp_path: Path) -> None:
    architecture, model = made("llama3")
    write(tmp_path / "m.gguf", architecture, model)
    found = torso.AutoConfig.from_pretrained(tmp_path / "m.gguf").rope_scaling
    assert found == {key: value for key, value in LLAMA3.items() if key != "rope_theta"}


def test_tables_for_long_and_short_texts(tmp_path: Path) -> None:
    lists = {"long": [1.0 + each for each in range(8)], "short": [1.0] * 8}
    own = {"rope_type": "longrope", "rope_theta": 1e4, **{f"{name}_factor": each for name, each in lists.items()}}
    config = transformers.Phi3Config(**SIZES, rope_parameters=own, original_max_position_embeddings=16)
    model = disturbed(transformers.Phi3ForCausalLM(config))
    at = "phi3.rope.scaling."
    said = {at + "original_context_length": 16, at + "attn_factor": math.sqrt(1 + math.log(4) / math.log(16))}
    tables = {f"rope_factors_{name}.weight": np.array(each, np.float32) for name, each in lists.items()}
    write(tmp_path / "m.gguf", "phi3", model, said=said, tables=tables)
    for length in (12, 40):
        with torch.inference_mode():
            wanted = model(text(length)[None]).logits[0]
        assert torch.allclose(logits(tmp_path / "m.gguf", text(length)), wanted, atol=2e-5, rtol=1e-5)
