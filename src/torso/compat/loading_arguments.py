"""The further keyword arguments of ``from_pretrained``: followed, passed over, or refused. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from torso.architecture import architectures
from torso.config.hub_config import HubConfig
from torso.errors import InputError, NotFoundError, UnsupportedError
from torso.io.arguments import own_arguments, unknown_argument

if TYPE_CHECKING:
    import torch


class DownloadArguments(TypedDict, total=False):
    """Arguments about getting files that have no effect here, for all that notebooks load."""

    mirror: str | None
    proxies: Mapping[str, str] | None
    resume_download: bool | None
    subfolder: str
    trust_remote_code: bool | None
    use_auth_token: str | bool | None


class ModelArguments(DownloadArguments, total=False):
    """Arguments of the ecosystem for loading a model, beside those that `AutoModel.from_pretrained` documents.

    ``torch_dtype`` is ``dtype``, ``device_map`` chooses one device, and keys of the config change it as ``changes``
    does. Others change nothing here, or are refused with the reason.
    """

    torch_dtype: str | torch.dtype | None
    device_map: str | int | torch.device | Mapping[str, str | int | torch.device] | None
    add_pooling_layer: bool
    # keys of the config that notebooks change; those of every family are taken
    label2id: Mapping[str, int] | None
    problem_type: str | None
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float
    classifier_dropout: float | None
    dropout: float
    attention_dropout: float
    pad_token_id: int | None
    bos_token_id: int | None
    eos_token_id: int | list[int] | None
    # without effect
    attn_implementation: str | None
    low_cpu_mem_usage: bool | None
    max_memory: Mapping[str | int, str | int] | None
    offload_folder: str | None
    return_dict: bool | None
    use_cache: bool | None
    use_safetensors: bool | None
    # refused
    from_flax: bool
    from_tf: bool
    load_in_4bit: bool | None
    load_in_8bit: bool | None
    quantization_config: object
    variant: str | None


class TokenizerArguments(DownloadArguments, total=False):
    """Arguments for loading a tokenizer, beside those that `AutoTokenizer.from_pretrained` documents."""

    clean_up_tokenization_spaces: bool | None
    legacy: bool | None
    model_max_length: int | None
    padding_side: str | None
    truncation_side: str | None


_PASSED_OVER = frozenset(
    (
        "attn_implementation",
        "low_cpu_mem_usage",
        "max_memory",
        "mirror",
        "offload_folder",
        "proxies",
        "resume_download",
        "return_dict",
        "use_cache",
        "use_safetensors",
    )
)
_CONFIG = frozenset(("label2id", "problem_type"))
_NO_BITS = (
    "{name} loads weights in fewer bits with a library that torso does not use.",
    "Leave it out; for fewer bits here: torso.optimise(model, ...) after loading.",
)
_REFUSED: Mapping[str, tuple[str, str]] = {
    "load_in_4bit": _NO_BITS,
    "load_in_8bit": _NO_BITS,
    "quantization_config": _NO_BITS,
    "from_tf": ("{name} asks for weights of TensorFlow, which torso does not read.", "Convert the weights once."),
    "from_flax": ("{name} asks for weights of Flax, which torso does not read.", "Convert the weights once."),
    "variant": (
        "{name} chooses among several files of weights by their names, which torso does not do.",
        "Leave it out: the repository's usual file is read; choose the number format with dtype.",
    ),
}


@dataclass(frozen=True, slots=True)
class ResolvedArguments:
    """What a call's arguments come to.

    Attributes:
        changes: parameters of the config, by name.
        dtype: number format asked for; None for the usual one.
        device: where to load the weights; None for the usual one.
        subfolder: the folder within the repository; empty for the repository itself.
        pooler: whether a pooler is loaded where the checkpoint holds one.
        use_auth_token: the older name of ``token``.
    """

    changes: Mapping[str, Any]
    dtype: str | torch.dtype | None = None
    device: str | torch.device | None = None
    subfolder: str = ""
    pooler: bool = True
    use_auth_token: str | bool | None = None


def resolve_arguments(
    function: str,
    given: Mapping[str, Any],
    offered: Callable[..., object],
    *,
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | None = None,
    documented: Iterable[str] = (),
) -> ResolvedArguments:
    """Check the arguments beyond the documented ones, and return their meaning, before anything is fetched.

    Args:
        function: what the message calls the function.
        given: the arguments.
        offered: the function, whose own arguments a misspelt one may mean.
        dtype: what the documented argument says.
        device: likewise.
        documented: names beside the function's own that it takes and has read.

    Raises:
        UnsupportedError: ``E_ARGUMENT``, for what cannot hold here, with the reason.
        InputTypeError: ``E_ARGUMENT``, for an argument that does not exist, with a plausible nearest name or none.
    """
    refuse(given)
    known = _PASSED_OVER | _CONFIG | _REFUSED.keys() | ModelArguments.__annotations__.keys()
    known |= DownloadArguments.__annotations__.keys()
    handled = {"torch_dtype", "device_map", "add_pooling_layer", "subfolder", "trust_remote_code", "use_auth_token"}
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if name in _PASSED_OVER or name in _REFUSED or name in handled:
            continue
        if name not in known and name not in config_keys():
            every = (*own_arguments(offered), *documented, *sorted(known), *sorted(config_keys()))
            raise unknown_argument(function, name, dict.fromkeys(every))
        changes[name] = value
    return ResolvedArguments(
        changes,
        dtype if dtype is not None else given.get("torch_dtype"),
        device if device is not None else mapped_device(given.get("device_map")),
        given.get("subfolder") or "",
        given.get("add_pooling_layer", True) is not False,
        given.get("use_auth_token"),
    )


def refuse(given: Mapping[str, Any]) -> None:
    """Raise for arguments that have no meaning here.

    Raises:
        UnsupportedError: ``E_ARGUMENT``, with the reason.
    """
    if given.get("trust_remote_code"):
        raise UnsupportedError(
            "E_ARGUMENT",
            "trust_remote_code=True asks to run code that comes with a checkpoint; torso never does.",
            cure="Leave it out: the families that torso has need no such code; torso models lists them.",
        )
    for name, (what, cure) in _REFUSED.items():
        if given.get(name):
            raise UnsupportedError("E_ARGUMENT", what, cure=cure, values=dict(name=name))


def config_keys() -> frozenset[str]:
    """Return every parameter of every family's config."""
    names = {each.name for architecture in architectures() for each in architecture.config.declared()}
    return frozenset(names | HubConfig.aliases.keys())


def mapped_device(device_map: object) -> str | torch.device | None:
    """Return the one device of a ``device_map``: ``auto`` is a CUDA card where there is one, and else the CPU.

    Raises:
        UnsupportedError: ``E_ARGUMENT``, for a map over several devices.
    """
    if device_map is None:
        return None
    if isinstance(device_map, Mapping):
        places = {str(place): place for place in cast("Mapping[str, object]", device_map).values()}
        if len(places) == 1:
            return mapped_device(next(iter(places.values())))
    elif isinstance(device_map, int) and not isinstance(device_map, bool):
        return f"cuda:{device_map}"
    elif device_map in ("auto", "balanced", "balanced_low_0", "sequential"):
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"
    else:
        return cast("str | torch.device", device_map)
    raise UnsupportedError(
        "E_ARGUMENT",
        "device_map is {value}; torso puts a model on one device.",
        cure="Write device_map='auto', or one device such as 'cuda:0'.",
        values=dict(value=repr(cast("object", device_map))),
    )


def subfolder_of(source: str | os.PathLike[str], subfolder: str) -> str | os.PathLike[str]:
    """Return the source of a model that lies in a folder of another.

    Raises:
        UnsupportedError: ``E_ARGUMENT``, for a name on the Hub.
        NotFoundError: ``E_FOLDER``, if there is no such folder.
    """
    if not subfolder:
        return source
    if not Path(source).is_dir():
        raise UnsupportedError(
            "E_ARGUMENT",
            "subfolder={subfolder!r} of {source}: torso takes folders of a repository from its copy on this machine.",
            cure="Get it whole, torso get {source} --to FOLDER, and load FOLDER/{subfolder}.",
            values=dict(subfolder=subfolder, source=source),
        )
    inner = Path(source) / subfolder
    if not inner.is_dir():
        raise NotFoundError(
            "E_FOLDER",
            "There is no folder {path}.",
            cure="Correct subfolder.",
            values=dict(path=inner),
        )
    return inner


def tokenizer_settings(function: str, given: Mapping[str, Any], offered: Callable[..., object]) -> dict[str, Any]:
    """Of a tokenizer's arguments those that are followed: sides, and the longest text.

    Raises:
        UnsupportedError: ``E_ARGUMENT``, for what cannot hold here.
        InputError: ``E_ARGUMENT``, for an unknown side.
        InputTypeError: ``E_ARGUMENT``, for an argument that does not exist.
    """
    refuse(given)
    known = [*own_arguments(offered), *TokenizerArguments.__annotations__, *DownloadArguments.__annotations__]
    followed: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise unknown_argument(function, name, known)
        if name.endswith("_side") and value not in (None, "left", "right"):
            raise InputError(
                "E_ARGUMENT",
                "{name} is {value!r}; it must be left or right.",
                cure="Write {name}='left' or 'right'.",
                values=dict(name=name, value=value),
            )
        if value is not None:
            followed[name] = value
    return followed
