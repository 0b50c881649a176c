"""Which files of a repository make a model: one weight format, and no copy of it in another framework's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

OWN = "torso.lock.json"
"""The name of torso's own file in a plain folder: a repository's file of that name is never taken."""
_TEXTS = (".json", ".txt", ".model", ".jinja", ".md", ".vocab", ".bpe", ".spm", ".tiktoken")
_WEIGHTS = (".safetensors", ".bin")
_MODULE = re.compile(r"\d+_\w+")  # the folders of sentence-transformers, such as 1_Pooling
_SHARD = r"{stem}-\d+-of-\d+\.{suffix}"
_FORMATS = (("model", "safetensors"), ("pytorch_model", "bin"))
_VOCABULARIES = (
    ("tokenizer.json",),
    ("vocab.txt",),
    ("vocab.json", "merges.txt"),
    ("sentencepiece.bpe.model",),
    ("spiece.model",),
    ("spm.model",),
    ("tokenizer.model",),
    ("source.spm", "target.spm", "vocab.json"),
)
_SENTENCE_MODELS = ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
VOCABULARIES = tuple(dict.fromkeys(kind[0] for kind in _VOCABULARIES))
"""Files by which a folder shows that it holds a tokenizer."""
ADAPTER = "adapter_config.json"
"""The file by which a repository, or a folder, is an adapter of a base model that is elsewhere."""
_ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_VECTOR_LAYERS = ("colbert_linear.pt", "sparse_linear.pt")
"""Weights of BGE-M3's sparse and multi-vector results, beside those of its transformer."""
_COLBERT = "artifact.metadata"
"""Settings of a ColBERT of colbert-ir."""
_BESIDE = (
    "config.json",
    ADAPTER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "modules.json",
    "config_sentence_transformers.json",
    _COLBERT,
    *(f"sentence_{name}_config.json" for name in _SENTENCE_MODELS),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The files to take and those to leave, in the order of their names.

    Attributes:
        take: what makes the model, weights last.
        leave: the same weights again in other formats, and what no loader reads.
    """

    take: tuple[str, ...]
    leave: tuple[str, ...]


def choose(
    paths: Iterable[str],
    *,
    config_only: bool = False,
    everything: bool = False,
    pytorch: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Choice:
    """Return the files of a model among the ``paths`` of a repository.

    safetensors are preferred, else ``pytorch_model.bin``, as one file or as shards with their index. Configuration,
    vocabulary and the modules of sentence-transformers come along; other frameworks' weights, other precisions,
    checkpoints of training, images and code stay, and so does a lock of torso's that came with the model.

    Args:
        paths: names in the repository, with "/".
        config_only: no weights.
        everything: all files.
        pytorch: ``pytorch_model.bin`` is preferred instead.
        include: patterns in the form of the shell (``*`` also matches "/"); these files and no others.
        exclude: patterns of files to leave, applied last.
    """
    names = sorted(set(paths))
    if everything:
        take = set(names)
    elif include:
        take = {name for name in names if matches(name, include)}
    else:
        weights: set[str] = (
            set()
            if config_only
            else {
                *weight_files(names, pytorch=pytorch),
                *_module_weights(names),
                *(name for name in _VECTOR_LAYERS if name in names),
            }
        )
        take = {name for name in names if _is_text(name, config_only)} | weights
    take = {name for name in take if not matches(name, exclude) and name.casefold() != OWN}
    ordered = sorted(take, key=lambda name: (name.endswith((*_WEIGHTS, ".pt")), name))
    return Choice(tuple(ordered), tuple(name for name in names if name not in take))


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name fits one of the patterns; a pattern that ends in "/" means all below that folder."""
    return any(fnmatchcase(name, pattern + "*" if pattern.endswith("/") else pattern) for pattern in patterns)


def transformer_home(names: Collection[str]) -> str:
    """Return the folder of a repository's transformer, with "/"; empty for the top, its usual place.

    Old versions of sentence-transformers gave the first module a folder too: ``0_Transformer/``, ``0_BERT/``.
    """
    if "config.json" in names or "modules.json" not in names:
        return ""
    homes = {name.rpartition("/")[0] + "/" for name in names if _in_module(name) and name.startswith("0_")}
    return min(homes, default="")


def weight_files(names: Collection[str], *, pytorch: bool = False) -> tuple[str, ...]:
    """Return the weights of a repository's transformer, in one format, with their index; empty where there are none.

    Of an adapter they are the adapter's own.
    """
    home = transformer_home(names)
    for stem, suffix in reversed(_FORMATS) if pytorch else _FORMATS:
        single, index = f"{home}{stem}.{suffix}", f"{home}{stem}.{suffix}.index.json"
        if single in names:
            return (single,)
        shard = re.compile(re.escape(home) + _SHARD.format(stem=stem, suffix=suffix))
        shards = sorted(name for name in names if shard.fullmatch(name))
        if index in names and shards:
            return (index, *shards)
    if ADAPTER in names:
        present = [name for name in _ADAPTER_WEIGHTS if name in names]
        return tuple(present[-1:] if pytorch else present[:1])
    return ()


def required(names: Collection[str], *, config_only: bool = False) -> tuple[str, ...]:
    """Return the files of a repository without which its model cannot be loaded as intended.

    Configuration, one weight format, one vocabulary, and what changes what the tokenizer or a pooling does. A README,
    or a second form of the vocabulary, is not among them.
    """
    files = [name for name in _BESIDE if name in names]
    vocabulary = next((kind for kind in _VOCABULARIES if all(name in names for name in kind)), ())
    files += [name for name in vocabulary if name not in files]
    if "modules.json" in names:
        # The transformer of old versions lies in such a folder, too, with its vocabulary.
        entries = {name for kind in _VOCABULARIES for name in kind}
        files += sorted(
            name
            for name in names
            if _in_module(name) and (name.endswith("config.json") or PurePosixPath(name).name in entries)
        )
    if not config_only:
        files += [*weight_files(names), *_module_weights(names)]
        files += [name for name in _VECTOR_LAYERS if name in names]
    return tuple(files)


def absent(names: Collection[str], *, config_only: bool = False, has_config: bool = True) -> tuple[str, ...]:
    """Return what a folder with these files lacks to be a model, where no listing says what there should be.

    An adapter needs its own two files: the rest is its base model's.

    Args:
        names: of the files.
        config_only: whether its weights count.
        has_config: whether such a model has a ``config.json``; one that is a table of embeddings has none.
    """
    found = weight_files(names)
    if ADAPTER in names and (not found or found[0] in _ADAPTER_WEIGHTS):
        return () if found or config_only else _ADAPTER_WEIGHTS[:1]
    home = transformer_home(names)
    missing: list[str] = [] if home + "config.json" in names or not has_config else [home + "config.json"]
    if not any(all(home + name in names for name in kind) for kind in _VOCABULARIES):
        missing.append(home + "tokenizer.json")
    if not config_only:
        missing += _absent_weights(names)
    return tuple(missing)


def has_weights(names: Collection[str]) -> bool:
    """Return whether these are weights of the transformer in one of the two formats that torso reads."""
    return bool(weight_files(names))


def _absent_weights(names: Collection[str]) -> list[str]:
    found = weight_files(names)
    if not found:
        return ["model.safetensors"]
    if len(found) == 1:
        return []
    # The name of a shard says how many there are, so that the index need not be read.
    count = re.search(r"-(\d+)-of-(\d+)\.", found[1])
    if count is None:
        return []
    total, digits = int(count[2]), len(count[1])
    start, end = found[1][: count.start()], found[1][count.end() - 1 :]
    every = (f"{start}-{number:0{digits}d}-of-{count[2]}{end}" for number in range(1, min(total, 10_000) + 1))
    return [name for name in every if name not in found]


def _is_text(name: str, config_only: bool) -> bool:
    path = PurePosixPath(name)
    if path.name.endswith(".index.json"):
        return False  # comes with its shards, or not at all
    if len(path.parts) > 1 and not _in_module(name):
        return False
    if config_only and path.suffix.lower() == ".md":
        return False
    return name == _COLBERT or path.suffix.lower() in _TEXTS or path.name.upper().startswith(("LICENSE", "NOTICE"))


def _in_module(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and _MODULE.fullmatch(parts[0]) is not None


def _module_weights(names: Collection[str]) -> tuple[str, ...]:
    """Return the weights of the dense layers of sentence-transformers, one format for each."""
    if "modules.json" not in names:
        return ()
    ends, home = ("/model.safetensors", "/pytorch_model.bin"), transformer_home(names)
    present = {
        name for name in names if _in_module(name) and name.endswith(ends) and name.rpartition("/")[0] + "/" != home
    }
    return tuple(
        sorted(
            name
            for name in present
            if name.endswith(".safetensors") or str(PurePosixPath(name).with_name("model.safetensors")) not in present
        )
    )
