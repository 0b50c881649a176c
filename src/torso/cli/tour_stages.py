"""The stages of a tour: what each found, as plain data, and the two lines of Python that find the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.cli.tour_heads import head_stage, tagged
from torso.cli.tour_stage import Stage
from torso.config.fields import field_info
from torso.config.hub_config import HubConfig
from torso.loading.load import load_tokenizer, read_config
from torso.tasks.reading import read
from torso.tasks.windows import EncodedText, length_policy

if TYPE_CHECKING:
    from torch import Tensor

    from torso.host_batch import Rows
    from torso.hub import Snapshot
    from torso.outputs import Features
    from torso.text import Tokenizer

TAGGER = "torso:tagger"
_PURPOSES = {
    "config.json": "the config",
    "tokenizer.json": "the tokenizer, whole",
    "vocab.txt": "the vocabulary",
    "vocab.json": "the vocabulary",
    "merges.txt": "how pieces become tokens",
    "tokenizer.model": "the tokenizer, by SentencePiece",
    "spiece.model": "the tokenizer, by SentencePiece",
    "sentencepiece.bpe.model": "the tokenizer, by SentencePiece",
    "added_tokens.json": "tokens that were added",
    "chat_template.jinja": "the form of a chat",
    "generation_config.json": "how it writes",
    "sentence_bert_config.json": "how long texts may be",
    "config_sentence_transformers.json": "prompts, and how vectors are compared",
    "model.safetensors.index.json": "which part holds which weight",
    "pytorch_model.bin.index.json": "which part holds which weight",
    "tokenizer_config.json": "how texts are prepared",
    "special_tokens_map.json": "names of the special tokens",
    "model.safetensors": "the weights",
    "pytorch_model.bin": "the weights",
    "README.md": "the model card",
    "modules.json": "how one vector is made of a text",
    "training.json": "the log of its training",
}
_SHORT = 128  # tokens up to which every layer's attention is looked at


def stages(text: str, model: str, *, tagger: bool) -> Iterator[Stage]:
    """Return the stages of a text's way through a model, each worked out when it is asked for.

    Args:
        text: of at most as many tokens as the model takes.
        model: a folder, a name or a bundled model.
        tagger: whether the bundled tagger comes last.

    Raises:
        TooLongError: E_TOO_LONG, at the stage of tokens.
        TorsoError: as `torso.load`.
    """
    from torso.hub import resolve

    snapshot = resolve(model)
    yield _source(snapshot, model)
    yield _config(snapshot.folder, model)
    tokenizer = load_tokenizer(snapshot.folder)
    encoding = next(read([text], tokenizer, length_policy(tokenizer.max_tokens, "error")))
    yield _tokens(encoding, tokenizer, text, model)
    yield from _trunk(encoding, snapshot.folder, model)
    yield head_stage(encoding, tokenizer, snapshot.folder, model)
    if tagger:
        from torso.tasks import tag

        code = ("from torso.tasks import tag", f"tag({text!r})")
        yield Stage("tagger", "A second model: words and names", code, tagged(tag(text), TAGGER))


def _source(snapshot: Snapshot, model: str) -> Stage:
    files = [
        {"name": path.name, "size": path.stat().st_size, "purpose": _PURPOSES.get(path.name, _purpose(path.name))}
        for path in (sorted(snapshot.folder.iterdir()) if snapshot.folder.is_dir() else [snapshot.folder])
        if path.is_file() and not path.name.startswith(".")
    ]
    data = {
        "model": model,
        "origin": snapshot.origin,
        "revision": snapshot.revision,
        "folder": str(snapshot.folder),
        "files": files,
    }
    code = ("from torso.hub import resolve", f"resolve({model!r}).folder")
    return Stage("source", "Where the model comes from", code, data)


def _purpose(name: str) -> str:
    if name.lower().endswith(".gguf"):
        return "the weights"
    return "the weights, a part of them" if name.endswith((".safetensors", ".bin")) else "not used"


def _config(folder: Path, model: str) -> Stage:
    from torso.config.sentence_modules import transformer_folder
    from torso.weights.weights import open_weights

    architecture, config = read_config(folder)
    # The family's own parameters that give the model its form; the rest is one command away.
    shared = {each.name for each in fields(HubConfig)} - {"id2label"}
    own = {each.name: field_info(each) for each in config.declared() if each.name not in shared}
    acting = {name for name, about in own.items() if about.acts in ("shape", "run") and about.fixed is None}
    short = [row for row in config.describe() if row.name in acting and row.value is not None]
    entries = [entry for entry in open_weights(transformer_folder(folder)).entries.values() if entry.is_float]
    data = {
        "family": architecture.family,
        "weights": sum(prod(entry.shape) for entry in entries),
        "saved_as": entries[0].dtype,
        "max_tokens": config.max_tokens,
        "parameters": [{"name": row.name, "value": row.value, "meaning": row.meaning} for row in short],
        "command": f"torso config {model}",
    }
    return Stage(
        "config", "Its config, in short", ("import torso", f"torso.AutoConfig.from_pretrained({model!r})"), data
    )


def _tokens(encoding: EncodedText, tokenizer: Tokenizer, text: str, model: str) -> Stage:
    from torso.cli.tokenize import rows_of

    data = {
        "text": text,
        "tokens": encoding.tokens,
        "ids": encoding.ids,
        "spans": encoding.spans,
        "special": encoding.special,
        "max_tokens": tokenizer.max_tokens,
        "pieces": [row[4] for row in rows_of(encoding, text)],
    }
    code = (
        f"tokenizer = torso.AutoTokenizer.from_pretrained({model!r})",
        f"encoding = tokenizer.encoding({text!r})",
    )
    return Stage("tokens", "The text as tokens", code, data)


def _trunk(encoding: EncodedText, folder: Path, model: str) -> Iterator[Stage]:
    from torso.host_batch import to_host

    features, depth = _features(encoding, folder)
    rows, pooled = features.hidden.rows, features.pooled_or_none
    data: dict[str, Any] = {
        "layers": depth,
        "shape": list(rows.shape),
        "last_hidden_state": _numbers(rows),
        "pooled_shape": None if pooled is None else list(pooled.shape),
        "pooled": None if pooled is None else _numbers(pooled[0]),
        "tokens": encoding.tokens,
    }
    code = (
        f"model = torso.load({model!r})",
        "features = model(torso.pack([encoding]))",
    )
    yield Stage("features", "The model without a head", code, data)
    # In most models most layers rest on the special tokens; a layer that looks at the text shows more.
    means = {layer: to_host(weights[0]).mean(0) for layer, weights in features.hidden.attentions.items()}
    special = [place for place, is_special in enumerate(encoding.special) if is_special]
    layer = min(means, key=lambda layer: float(means[layer][:, special].sum()))
    picture = {
        "layer": layer,
        "heads": features.hidden.attentions[layer][0].shape[0],
        "tokens": encoding.tokens,
        "weights": means[layer].tolist(),
        "resting_on_special": float(means[layer][:, special].sum(1).mean()),
    }
    code = (
        f"attended = model(torso.pack([encoding]), attentions=[{layer}])",
        f"attended.hidden.attentions[{layer}][0].mean(0)",
    )
    yield Stage("attention", "What attends to what", code, picture)


def _features(encoding: EncodedText, folder: Path) -> tuple[Features, int]:
    """Return the outputs of a model without a head, with weights of attention, and its number of blocks."""
    from torso.architecture import Task
    from torso.engines.compiled_model import CompiledModel
    from torso.engines.opened import opened

    runner = opened(folder, Task.FEATURES)
    compiled = isinstance(runner, CompiledModel)
    depth: int = runner.encoder.depth if compiled else cast("Any", runner).model.trunk.depth
    looked_at = range(depth) if len(encoding) <= _SHORT else [depth - 1]
    if compiled:
        from torso.host_batch import HostBatch

        return runner.run(HostBatch.of([encoding]), attentions=looked_at), depth
    import torch

    from torso.batch import pack

    model = cast("Any", runner).model.eval()
    with torch.inference_mode():
        return model(pack([encoding], device=model.device), attentions=looked_at), depth


def _numbers(array: Tensor | Rows) -> Any:
    from torso.host_batch import to_host

    return to_host(array).tolist()
