"""Weights in forms that torso does not read: recognised by the names of files and tensors, and named."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from torso.errors import NotFoundError, TorsoError, UnsupportedError
from torso.io.paths import shown
from torso.language import say

KINDS: tuple[tuple[str, str], ...] = (
    (r".*\.h5|.*\.pb|.*\.ckpt\.(index|meta|data-.*)|.*\.tflite", "of TensorFlow"),
    (r".*\.keras", "of Keras"),
    (r".*\.msgpack", "of Flax"),
    (r".*\.onnx(_data)?", "of ONNX"),
    (r".*\.(gguf|ggml)|ggml-.*\.bin", "of llama.cpp"),
    (r"openvino_.*\.(bin|xml)", "of OpenVINO"),
    (r".*\.ot", "of rust-bert"),
    (r".*\.(mlmodel|mlpackage)", "of Core ML"),
    (r".*\.pdparams", "of Paddle"),
    (r".*\.(nemo|engine|plan)", "of another framework"),
)
"""Files of weights of other libraries: names in lower case, and whose they are."""
_SHOWN = 8
_TENSORS = (
    ("bitsandbytes, 4 bits", r".+\.(quant_state\.bitsandbytes__.+|absmax)"),
    ("HQQ", r".+\.W_q"),
    ("MLX", r".+\.scales"),
)
"""Formats of quantised weights that are not read, each with names that others lack."""
_ANY_TENSOR = re.compile("|".join(pattern for _, pattern in _TENSORS), re.DOTALL)


def format_of_file(name: str) -> str | None:
    """Return whose weights a file holds, as ``of ONNX``, by its name without folders; None where that says nothing."""
    return next((kind for pattern, kind in KINDS if re.fullmatch(pattern, name.lower(), re.DOTALL)), None)


def format_of_tensors(names: Collection[str]) -> tuple[str, str] | None:
    """Return the format of quantised weights, and a tensor that shows it; None where none is quantised."""
    if not any(map(_ANY_TENSOR.fullmatch, names)):
        return None
    for form, pattern in _TENSORS:
        shows = next((name for name in names if re.fullmatch(pattern, name, re.DOTALL)), None)
        if shows is not None:
            return form, shows
    return None


def refuse_quantised(names: Collection[str], folder: Path) -> None:
    """Raise if tensors of these names hold quantised weights.

    Raises:
        UnsupportedError: E_QUANTISED, naming the format.
    """
    found = format_of_tensors(names)
    if found is not None:
        raise quantised_otherwise(*found, folder)


def quantised_otherwise(form: str, tensor: str, folder: Path) -> UnsupportedError:
    """Build the error for quantised weights that are not read.

    Args:
        form: the format.
        tensor: what shows it.
        folder: of the weights.
    """
    return UnsupportedError(
        "E_QUANTISED",
        "The weights in {folder} are quantised in a form that torso does not read: {format} ({tensor}).",
        cure="Get the same model in float32, float16 or bfloat16: the repository that this one was made from, "
        "which its card names. torso.optimise makes 8 bits of it.",
        values=dict(folder=shown(folder), format=form, tensor=shown(tensor[:100])),
    )


def foreign_weights(folder: Path) -> TorsoError | None:
    """Return the error of a folder that holds weights of another library alone, or None where it holds none.

    Of folders within it, those that converters make (``onnx/``, ``openvino/`` ...) are looked into.
    """
    try:
        names = [path.relative_to(folder).as_posix() for path in (*folder.glob("*"), *folder.glob("*/*"))]
    except OSError:
        return None
    models = sorted(name for name in names if name.lower().endswith(".gguf"))
    if models:
        return NotFoundError(
            "E_MISSING_WEIGHTS",
            "{folder} holds {count} GGUF files, each of them a model: {files}.",
            cure="Name one of them in place of the folder: {folder}/{first}",
            values=dict(
                folder=shown(folder),
                count=len(models),
                files=", ".join(shown(name[:100]) for name in models[:_SHOWN]) + (", …" if models[_SHOWN:] else ""),
                first=shown(models[0][:100]),
            ),
        )
    for name in sorted(names, key=lambda each: (each.count("/"), each)):
        kind = format_of_file(name.rpartition("/")[2])
        if kind is not None:
            return NotFoundError(
                "E_MISSING_WEIGHTS",
                "{folder} has no weights that torso loads, but weights {kind}: {file}.",
                cure="Get the same model as safetensors: the repository that this one was made from often has it, and "
                "the model card names it.",
                values=dict(folder=shown(folder), kind=say(kind), file=shown(name[:100])),
            )
    return None
