"""GTE (https://arxiv.org/abs/2407.19669): BERT's block with rotary positions, for long texts in many languages.

The files of its first code are of the type "new" (gte-multilingual-base, gte-en-v1.5); they hold the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, fixed, option, probability, size
from torso.errors import ConfigError, UnsupportedError
from torso.models.encoders import masked_lm, masked_lm_names
from torso.models.nomic_bert import HEADS, RotaryEncoderConfig, stack
from torso.weights.names import Names


class GteConfig(RotaryEncoderConfig):
    """The keys of a GTE ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gte"

    vocab_size: int = size(250048, "entries of the vocabulary", Axis("embed.tokens", 0))
    type_vocab_size: int = option(
        1, "number of segment types; 0 for none", acts="shape", least=0, measures=Axis("embed.segments", 0)
    )
    attention_probs_dropout_prob: float = probability(0.0, "dropout on attention weights")
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    rope_theta: float = option(160000.0, "base of the rotary angles", acts="run", least=1)
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    # What the files of the type "new" say besides.
    position_embedding_type: str = fixed("rope", "how positions enter the model")
    layer_norm_type: str = fixed("layer_norm", "norm of the blocks")
    pack_qkv: bool = fixed(True, "whether queries, keys and values are one matrix in files")
    logn_attention_scale: bool = fixed(False, "whether scores grow with the logarithm of a text's length")
    logn_attention_clip1: bool = option(False, "bound of that growth", acts="none")
    unpad_inputs: bool = option(False, "a memory mode of the first code", acts="none")
    use_memory_efficient_attention: bool = option(False, "another memory mode of the first code", acts="none")

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Return the rotary parameters in the file; those of type "ntk" as base and linear scaling.

        Fixed NTK scaling (https://kexue.fm/archives/9706) multiplies the base by its factor, and divides every rate by
        the factor to the power of 2 / d.

        Raises:
            UnsupportedError: ``E_UNSUPPORTED``, for mixed NTK scaling.
        """
        given = super().stated(kind)
        if given.get("rope_type", given.get("type")) != "ntk":
            return given
        if given.get("mixed_b") is not None:
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "rope_scaling has mixed_b = {value!r}, which torso does not have.",
                cure="Choose a checkpoint without it: it changes every angle.",
                values=dict(value=given["mixed_b"]),
            )
        factor = given.get("factor")
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not 1 <= factor <= 1e6:
            raise ConfigError(
                "E_CONFIG",
                "The rotary positions of type {name} have {key} = {value!r}.",
                cure="Give {key} as in the original config.json: a positive number, or a list of them.",
                values=dict(name="ntk", key="factor", value=factor),
            )
        theta = self.rope_theta
        return {"rope_type": "linear", "rope_theta": theta * factor, "factor": factor ** (2 / self.head_size)}


def feed(c: GteConfig) -> blocks.GatedFeedForward:
    """Build the gate stands behind what it lets through, and the way back has a bias."""
    width, inner, dropout = c.hidden_size, c.intermediate_size, c.hidden_dropout_prob
    return blocks.GatedFeedForward(
        width, inner, c.hidden_act, bias=False, down_bias=True, gate_behind=True, dropout=dropout
    )


def trunk(c: GteConfig) -> blocks.Trunk:
    """Build blocks whose attention has biases."""
    return stack(c, lambda: feed(c), bias=True)


LAYER = "encoder.layer.{i}"
TRUNK = Names(
    prefix=("gte.", "new.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "embed.norm": "embeddings.LayerNorm",
        "layers.{i}.attn.qkv": f"{LAYER}.attention.qkv_proj",
        "layers.{i}.attn.out": f"{LAYER}.attention.o_proj",
        "layers.{i}.attn_norm": f"{LAYER}.attn_ln",
        "layers.{i}.ffn.gate_up": f"{LAYER}.mlp.up_gate_proj",
        "layers.{i}.ffn.down": f"{LAYER}.mlp.down_proj",
        "layers.{i}.ffn_norm": f"{LAYER}.mlp_ln",
    },
    unused=("pooler.dense", "embeddings.position_ids", "embeddings.rotary_emb.inv_freq"),
)
VOCABULARY = masked_lm_names(
    {"mlp.dense": "lm_head.dense", "mlp.norm": "lm_head.norm"}, bias="lm_head.decoder.bias", decoder="lm_head.decoder"
)
# The activation of this head does not follow the config.
TASKS: dict[Task[Any], HeadPlan[Any]] = {
    **HEADS,
    Task.MASKED_LM: HeadPlan(lambda c: masked_lm(c, "gelu"), VOCABULARY),
}

register(Architecture(("gte", "new"), "Gte", GteConfig, trunk, TRUNK, TASKS, also=("New",)))
