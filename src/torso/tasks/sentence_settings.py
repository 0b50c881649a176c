"""What sentence-transformers' files say of a whole model: how texts are read, prompts, how scores are made.

Every key that sentence-transformers reads or has ever written is known here, with the values that change no result. A
key that is not known is refused, since it may change every number. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from torso.config.sentence_modules import LIMIT, unusable
from torso.errors import UnsupportedError
from torso.io.files import is_there, read_json, shown
from torso.tasks.embedding_recipe import SIMILARITIES

TEXT_FILES = tuple(
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""Names under which versions have written how texts are read; the first that is there and not empty holds."""

MODEL_FILE = "config_sentence_transformers.json"

_ARGUMENTS = {
    "model": ("attn_implementation", "use_safetensors", "add_pooling_layer"),
    "processor": ("use_fast", "padding_side", "clean_up_tokenization_spaces"),
    "config": ("use_cache", "add_pooling_layer"),
}
"""Arguments of the classes of transformers that change no result of torso's."""

_CALL = (
    "padding",
    "pad_to_multiple_of",
    "padding_side",
    "return_tensors",
    "return_attention_mask",
    "return_token_type_ids",
    "verbose",
    "logits_to_keep",
)
"""Arguments of a tokenizer's call that change no result of torso's."""

_OUTPUTS = {"feature-extraction": "last_hidden_state"}  # of any other task logits
_NAMED = {"sequence-classification": "scores", "text-generation": "causal_logits"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How texts are read.

    Attributes:
        max_tokens: what texts are cut to, special tokens included; None for the model's own limit.
        lowercase: whether texts are lowercased before they are tokenized.
    """

    max_tokens: int | None = None
    lowercase: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """What the file of the whole model says.

    Attributes:
        prompts: texts that can be put before every text, by name.
        prompt: the one that is put there by default.
        similarity: how vectors are compared, of `SIMILARITIES`.
        dimensions: how many of the first numbers of a vector are kept; None for all.
        activation: dotted path of the class that makes a cross-encoder's scores; None where the file does not say.
        most: how many entries of a sparse vector are kept; None for all.
    """

    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    prompt: str = ""
    similarity: str = "cosine"
    dimensions: int | None = None
    activation: str | None = None
    most: int | None = None


def read_table(path: Path) -> Mapping[str, Any]:
    """Return a JSON file that must hold an object; empty where there is no file.

    Raises:
        FileFormatError, ConfigError: E_POOLING.
    """
    value: object = read_json(path, limit=LIMIT, code="E_POOLING") if is_there(path) else dict[str, Any]()
    if not isinstance(value, Mapping):
        raise unusable(path, "no table")
    return cast("Mapping[str, Any]", value)


def require_known(path: Path, table: Mapping[str, Any], known: Collection[str], inside: str = "") -> None:
    """Refuse keys that are not known, unless their value is null, false, or empty.

    Raises:
        UnsupportedError: E_POOLING, with the file, the key and its value.
    """
    for key, value in table.items():
        if key not in known and (value or value == 0) and value is not False:
            raise unknown(path, inside + key, value)


def unknown(path: Path, key: str, value: object) -> UnsupportedError:
    """Return the error for a setting that torso does not support."""
    return UnsupportedError(
        "E_POOLING",
        "{path} says {key} = {value}, which torso does not follow; it may change every result.",
        cure="Take the key out of the file to go without it.",
        values=dict(path=shown(path), key=key[:80], value=repr(value)[:80]),
    )


def text_table(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the file that says how the texts of a transformer are read, and what it holds; empty without one.

    Raises:
        FileFormatError, ConfigError: E_POOLING for a file that says nothing usable.
    """
    for name in TEXT_FILES:
        found = read_table(folder / name)
        if found:
            return folder / name, dict(found)
    return folder / TEXT_FILES[0], {}


def read_reading(folder: Path, task: str, *, apart: Collection[str] = ()) -> Reading:
    """Return how the texts of a model are read.

    Args:
        folder: of the transformer.
        task: what the file may say that the transformer does: ``feature-extraction``, ``sequence-classification``,
            ``fill-mask`` or ``text-generation``.
        apart: keys that the caller reads by itself.

    Raises:
        UnsupportedError: E_POOLING for what torso does not follow.
        FileFormatError, ConfigError: E_POOLING for a file that says nothing usable.
    """
    path, table = text_table(folder)
    for key in apart:
        table.pop(key, None)
    limits = [count_of(path, table.pop("max_seq_length", None), "max_seq_length")]
    lowercase = table.pop("do_lower_case", None)
    if not isinstance(lowercase, bool | None):
        raise unknown(path, "do_lower_case", lowercase)
    for name, key in (
        *(("model", key) for key in ("model_args", "model_kwargs")),
        *(("processor", key) for key in ("tokenizer_args", "processor_kwargs")),
        *(("config", key) for key in ("config_args", "config_kwargs")),
    ):
        own = dict(inner(path, table, key))
        own.pop("trust_remote_code", None)  # it is left out there, too
        for format_key in ("torch_dtype", "dtype"):
            if name == "model" and own.get(format_key) in ("auto", "float32", "torch.float32"):
                own.pop(format_key)
        if name == "processor":
            limits.append(count_of(path, own.pop("model_max_length", None), "model_max_length"))
        require_known(path, own, _ARGUMENTS[name], f"{key}.")
    limits.append(_of_call(path, inner(path, table, "processing_kwargs")))
    _require_text(path, table, task)
    require_known(path, table, ("unpad_inputs",))
    # What a call of the tokenizer is given holds over what the tokenizer was made with.
    stated = [limit for limit in (limits[-1], limits[1], limits[2], limits[0]) if limit is not None]
    return Reading(stated[0] if stated else None, lowercase is True)


def _of_call(path: Path, table: dict[str, Any]) -> int | None:
    """Return the length that the tokenizer's call cuts to."""
    parts = {key: inner(path, table, key) for key in ("common", "text")}
    for kind in ("audio", "image", "video", "chat_template"):  # none of them is about plain texts
        table.pop(kind, None)
    require_known(path, table, (), "processing_kwargs.")
    call = {**parts["text"], **parts["common"]}
    limit = count_of(path, call.pop("max_length", None), "max_length")
    cuts = call.pop("truncation", True)
    if cuts not in (True, False, None, "longest_first", "do_not_truncate"):
        raise unknown(path, "processing_kwargs.text.truncation", cuts)
    if call.pop("add_special_tokens", True) is not True:
        raise unknown(path, "processing_kwargs.text.add_special_tokens", False)
    require_known(path, call, _CALL, "processing_kwargs.text.")
    return limit if cuts in (True, "longest_first") else None


def _require_text(path: Path, table: dict[str, Any], task: str) -> None:
    """Refuse a transformer that is asked for something else than the rows, or the logits, of plain texts."""
    stated = table.pop("transformer_task", None)
    if stated not in (None, task):
        raise unknown(path, "transformer_task", stated)
    name = table.pop("module_output_name", None)
    if name not in (None, _NAMED.get(task, "token_embeddings")):
        raise unknown(path, "module_output_name", name)
    modalities = inner(path, table, "modality_config")
    plain = {"method": "forward", "method_output_name": _OUTPUTS.get(task, "logits")}
    if modalities and ("message" in modalities or modalities.get("text") != plain):
        raise unknown(path, "modality_config", modalities)


def inner(path: Path, table: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a table within a table, taken out of it; empty where there is none.

    Raises:
        UnsupportedError: E_POOLING for what is no table.
    """
    value = table.pop(key, None)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise unknown(path, key, value)
    return dict(cast("Mapping[str, Any]", value))


def count_of(path: Path, value: object, key: str) -> int | None:
    """Return a setting that is a number of tokens or dimensions, 1 or more; None where it is not stated.

    Raises:
        UnsupportedError: E_POOLING for anything else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise unknown(path, key, value)
    return value


def read_prompts(path: Path, table: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Return the prompts of a file by name, and the one that is put before texts by default, taken out of its table.

    Raises:
        ConfigError: E_POOLING for a prompt without text.
    """
    prompts: dict[str, str] = {}
    for name, prompt in inner(path, table, "prompts").items():
        if not isinstance(prompt, str | None):
            raise unusable(path, "a prompt without text")
        prompts[name] = prompt or ""
    name = table.pop("default_prompt_name", None)
    if name is not None and (not isinstance(name, str) or name not in prompts):
        raise unusable(path, "a prompt without text")
    return prompts, "" if name is None else prompts[name]


def read_stated(folder: Path, *, similarity: str = "cosine") -> Stated:
    """Return what ``config_sentence_transformers.json`` says; the usual where there is no such file.

    Args:
        folder: of a model.
        similarity: how vectors are compared where the file does not say.

    Raises:
        UnsupportedError: E_POOLING for what torso does not follow.
        FileFormatError, ConfigError: E_POOLING for a file that says nothing usable.
    """
    path = folder / MODEL_FILE
    table = dict(read_table(path))
    prompts, prompt = read_prompts(path, table)
    similarity = table.pop("similarity_fn_name", None) or similarity
    if similarity not in SIMILARITIES:
        raise unusable(path, "no known similarity")
    activation = table.pop("activation_fn", None)
    if not isinstance(activation, str | None):
        raise unknown(path, "activation_fn", activation)
    dimensions = count_of(path, table.pop("truncate_dim", None), "truncate_dim")
    most = count_of(path, table.pop("max_active_dims", None), "max_active_dims")
    # Versions of software, and number formats, say nothing of how results are made.
    require_known(path, table, ("__version__", "model_type", "requirements", "keep_in_fp32_modules"))
    return Stated(prompts, prompt, similarity, dimensions, activation, most)
