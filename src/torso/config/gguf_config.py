"""Configs of GGUF files: ``config.json``, ``generation_config.json`` and how to pool, as the Hub writes them.

Source: ``convert_hf_to_gguf.py`` of llama.cpp, of which this is the inverse; what that leaves out of a file follows the
model's sizes there too (``llama-model.cpp``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from torso.config.gguf_families import CONFIGS, MIXTURE_CONFIGS
from torso.weights.gguf_metadata import GgufMetadata

Table = dict[str, Any]

_DTYPES = {"F16": "float16", "BF16": "bfloat16"}
_ENDS = ("eos", "eot", "eom")
_POOLING = {1: "mean_tokens", 2: "cls_token", 3: "lasttoken"}


def config_of(said: GgufMetadata) -> Table:
    """Return the ``config.json`` of a GGUF file's model.

    Raises:
        UnsupportedError: E_UNSUPPORTED, for an architecture, or a part of one, that torso does not have.
        FileFormatError: E_HEADER, for metadata that describes no model.
    """
    naming = said.naming()
    if said.get("split.count") not in (None, 0, 1):
        raise said.unsupported("split.count", said.get("split.count"), "1")
    config: Table = {"model_type": naming.model_type}
    if naming.causal:
        config["architectures"] = [naming.causal]
    config |= (MIXTURE_CONFIGS if said.experts else CONFIGS)[said.architecture](said)
    if naming.causal:
        config["tie_word_embeddings"] = "output.weight" not in said.file.tensors
    for name in ("bos", "eos"):
        if (token := said.token(f"tokenizer.ggml.{name}_token_id")) is not None:
            config[f"{name}_token_id"] = token
    if (padding := said.token("tokenizer.ggml.padding_token_id")) is not None:
        config["pad_token_id"] = padding
    kinds = Counter(tensor.kind for tensor in said.file.tensors.values() if len(tensor.shape) > 1)
    return {**config, "dtype": _DTYPES.get(kinds.most_common(1)[0][0], "float32") if kinds else "float32"}


def generation_of(said: GgufMetadata) -> Table | None:
    """Return the ``generation_config.json`` of a GGUF file: all tokens that end a text; None if one ends all.

    Raises:
        FileFormatError: E_HEADER.
    """
    found = [said.token(f"tokenizer.ggml.{name}_token_id") for name in _ENDS]
    ends = list(dict.fromkeys(each for each in found if each is not None))
    if len(ends) < 2:
        return None
    others = {name: said.token(f"tokenizer.ggml.{key}_token_id") for name, key in (("bos", "bos"), ("pad", "padding"))}
    stated = {f"{name}_token_id": token for name, token in others.items() if token is not None}
    return {**stated, "eos_token_id": ends}


def pooling_of(said: GgufMetadata) -> Mapping[str, object]:
    """Return the files that say how a text becomes a vector, by name; none where the file does not say.

    Raises:
        UnsupportedError: E_UNSUPPORTED, for a kind that torso does not have.
    """
    kind = said.get(".pooling_type")
    if kind in (None, 0, 4):  # none; a head that ranks
        return {}
    if not isinstance(kind, int) or kind not in _POOLING:
        raise said.unsupported(".pooling_type", kind, "0, 1, 2, 3, 4")
    own = "sentence_transformers.models."
    modules = (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))
    listed = [
        {"idx": number, "name": str(number), "path": path, "type": own + name}
        for number, (name, path) in enumerate(modules)
    ]
    modes = {f"pooling_mode_{mode}": mode == _POOLING[kind] for mode in _POOLING.values()}
    width = said.whole(".embedding_length")
    return {"modules.json": listed, "1_Pooling/config.json": {"word_embedding_dimension": width, **modes}}
