"""Model loading: from a name or folder to a model that is ready to run."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from torso.architecture import Architecture, Task, find
from torso.config.config_file import ConfigFile
from torso.config.hub_config import HubConfig
from torso.config.inferred_model_type import inferred_model_type
from torso.config.rotary_xlm_roberta import in_own_form
from torso.config.sentence_modules import begins_with_table, transformer_folder
from torso.config.static_config import read_static_config
from torso.config.text_part import text_part
from torso.errors import NotFoundError, UnsupportedError
from torso.io.arguments import known_arguments
from torso.io.files import is_there
from torso.io.optional_packages import pytorch_for
from torso.loading.labels_and_dtype import BuildOptions

if TYPE_CHECKING:
    import torch

    from torso.model import Model
    from torso.text import Tokenizer

Out = TypeVar("Out")
Source = str | os.PathLike[str]


def read_config(folder: Path) -> tuple[Architecture[Any], HubConfig]:
    """Return the architecture and config of a model folder, or of the transformer within it. Loads no torch.

    An adapter's are its base model's, unless the folder has a config of its own.

    Raises:
        NotFoundError: ``E_MISSING_FILE``, if there is no config.json.
        ConfigError, FileFormatError, UnsupportedError: if it cannot be used.
    """
    from torso.adapters.adapter_folder import base_folder, is_adapter

    home = transformer_folder(folder)
    if is_adapter(home) and not is_there(home / "config.json"):
        return read_config(base_folder(home, config_only=True))
    file = read_static_config(folder) or in_own_form(text_part(ConfigFile.read(home / "config.json")))
    model_type = inferred_model_type(file.values)
    architecture = find(model_type, path=file.path) if isinstance(model_type, str) else _infer(home)
    return architecture, architecture.config.from_file(file)


def _infer(folder: Path) -> Architecture[Any]:
    # Old checkpoints name no model_type: the names of their weights decide.
    from torso.architecture import architectures
    from torso.weights.names import canonical
    from torso.weights.weights import open_weights

    keys = canonical(open_weights(folder).entries)
    # The family whose table claims the most; of several, BERT, the oldest, or else the one that others are built on.
    # A table of embeddings alone says nothing of what reads its rows.
    claims = {each: each.names.claims(keys) for each in architectures() if len(each.names.rows) > 1}
    best = max(claims, key=lambda each: (claims[each], each.family == "Bert"))
    if claims[best]:
        return best
    raise NotFoundError(
        "E_NO_MODEL_TYPE",
        "{path} names no model_type, and the weights are of no family that torso has.",
        cure='Add the line "model_type": "bert" (or what the model is) to config.json.',
        values=dict(path=folder / "config.json"),
    )


@known_arguments
def load_tokenizer(source: Source, *, src_lang: str | None = None, tgt_lang: str | None = None) -> Tokenizer:
    """Load the tokenizer of a model, limited to the texts that its model can hold. Loads no torch.

    What its files ask for that is not followed, so that texts have other ids, is printed once to standard error.

    Args:
        source: as `load` takes it. Of a model that torso has no architecture of, the tokenizer is read all the same; a
            `Path` may hold the files of a tokenizer alone.
        src_lang: the language of texts, for a tokenizer that marks it.
        tgt_lang: the target language.

    Raises:
        NotFoundError, OfflineError, NetworkError: the model cannot be had.
        TokenizerError: its files do not make a tokenizer.
        InputError: E_LANGUAGE for a language that the tokenizer does not have.
    """
    from torso.adapters.adapter_folder import own_or_base
    from torso.hub import resolve
    from torso.hub.file_selection import VOCABULARIES
    from torso.text import Tokenizer

    whole = source if isinstance(source, Path) else resolve(source, config_only=True).folder
    folder = own_or_base(transformer_folder(whole), *VOCABULARIES)
    tokenizer = Tokenizer.from_folder(folder, src_lang=src_lang, tgt_lang=tgt_lang)
    tokenizer.tell_notes()
    if begins_with_table(whole):
        folder = whole
    elif not is_there(folder / "config.json"):
        return tokenizer
    try:
        architecture, config = read_config(folder)
    except UnsupportedError:
        return tokenizer
    tokenizer = tokenizer if architecture.adds_special_tokens else tokenizer.without_special_tokens()
    return tokenizer.limited(config.max_tokens)


@known_arguments
def load(
    source: Source,
    task: Task[Out] | str = Task.FEATURES,
    *,
    labels: Sequence[str] | None = None,
    num_labels: int | None = None,
    new_head: bool = False,
    changes: Mapping[str, Any] | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    revision: str | None = None,
    allow: Collection[str] = (),
    allow_nonfinite: bool = False,
    adapter: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
    force_download: bool = False,
    token: str | bool | None = None,
) -> Model[Out]:
    """Load a model with the weights of a checkpoint, in evaluation mode.

    Args:
        source: a folder, a GGUF file, a bundled model such as ``torso:sentiment``, or a name such as ``hfl/rbt3``.
        task: such as ``Task.TOKEN_CLASSIFICATION``, from which a type checker knows the outputs, or its name.
        labels: names of a head's labels, in order.
        num_labels: how many labels, where they have no names.
        new_head: whether a head that the checkpoint does not hold, or not with these labels, is made new.
        changes: parameters of the config to set before building.
        device: where to put the weights; the CPU if None.
        dtype: number format to run in. None: the checkpoint's own on an accelerator, float32 on a CPU.
        revision: branch, tag or commit, where ``source`` is a name.
        allow: names of tensors in the file to accept although they do not fit.
        allow_nonfinite: whether NaN and infinity in the weights are accepted.
        adapter: the task whose adapter is added to the weights, of a checkpoint that holds several (Jina Embeddings 3);
            None for none.
        cache_dir: where downloaded models are kept.
        local_files_only: whether the network is left alone.
        force_download: whether to download again what is there.
        token: for private models; True reads the saved one.

    Raises:
        NotFoundError, OfflineError, NetworkError: the model cannot be had.
        FileFormatError, UnsafeFileError, LimitError: a file is not what it should be.
        ConfigError, WeightsError, UnsupportedError: config, weights and task do not fit each other.
        InputError: ``E_DEVICE``, for a device that this machine does not have; ``E_ADAPTER``, for an adapter that the
            checkpoint does not have.
        MissingPackageError: ``E_NO_TORCH``, without PyTorch.
    """
    from torso.hub import resolve

    chosen: Task[Any] = Task.named(task) if isinstance(task, str) else task
    snapshot = resolve(
        source,
        revision=revision,
        cache_dir=cache_dir,
        local_files_only=local_files_only,
        force_download=force_download,
        token=token,
    )
    architecture, config = read_config(snapshot.folder)
    if changes:
        config = config.replace(changes)
    model = build_model(
        snapshot.folder,
        architecture,
        config,
        chosen,
        labels=labels,
        num_labels=num_labels,
        new_head=new_head,
        device=device,
        dtype=dtype,
        allow=allow,
        allow_nonfinite=allow_nonfinite,
        adapter=adapter,
    )
    return name_base(model, source)


def name_base(model: Model[Out], source: Source) -> Model[Out]:
    """Note what an adapter of a loaded model states as its base: the name as given, or the path of a folder."""
    if model.report is not None and model.report.base_name is None:
        name = os.fspath(source)
        name = os.path.abspath(name) if Path(name).exists() else name
        model.report = replace(model.report, base_name=name)
    return model


def build_model(
    folder: Path,
    architecture: Architecture[Any],
    config: HubConfig,
    task: Task[Out],
    **options: Unpack[BuildOptions],
) -> Model[Out]:
    """Build the model of a folder whose config is already read, and load its weights; arguments as for `load`.

    Of an adapter folder: its base model, with the adapter.
    """
    from torso.adapters.adapter_folder import is_adapter

    with pytorch_for("torso.load"):
        if is_adapter(folder):
            from torso.adapters.adapted_model import build_adapted as build
        else:
            from torso.loading.build_plain import build_plain as build
    return build(folder, architecture, config, task, **options)
