"""Tokenizer saving: files from which transformers and torso read equal ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from torso.io.files import make_folder, write_atomically
from torso.text.convert_wordpiece import vocabulary_text
from torso.text.load_tokenizer import Loaded
from torso.text.tokenizer_families import Form
from torso.text.tokenizer_files import FULL, WORDS
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import CONFIG, NAMES, SPECIAL
from torso.text.vocabulary_models import vocabulary_of

# The classes that transformers builds from switches.
_REBUILT = ("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer", "ConvBertTokenizer")
_TRUNCATION: Table = {"direction": "Right", "strategy": "LongestFirst", "stride": 0}
# Paths of the machine a file came from, and code that does not come along.
_NOT_WRITTEN = (
    "name_or_path",
    "special_tokens_map_file",
    "tokenizer_file",
    "auto_map",
    "add_bos_token",
    "add_eos_token",
)


def save(loaded: Loaded, folder: Path, *, max_tokens: int | None) -> tuple[str, ...]:
    """Write tokenizer.json, tokenizer_config.json and special_tokens_map.json; a vocab.txt if it came from one.

    Args:
        loaded: the tokenizer. Marian's and M2M-100's are written as the files they came from, which say more.
        folder: where to; made where it is not there.
        max_tokens: the limit to write; None keeps what the file said.

    Returns:
        the files that were written.
    """
    make_folder(folder)
    config = _config(loaded, max_tokens)
    names = [FULL]
    if loaded.source.form is not None and loaded.source.form.renumbers:
        for path, content in zip(loaded.source.paths, loaded.source.contents, strict=True):
            with write_atomically(folder / path.name) as file:
                file.write(content)
        names = [path.name for path in loaded.source.paths]
        config["tokenizer_class"] = "MarianTokenizer" if loaded.source.form is Form.PAIR else "M2M100Tokenizer"
    else:
        document = loaded.backend.document()
        if not loaded.framed and max_tokens is not None:  # whoever reads no special tokens reads no other file
            document["truncation"] = _TRUNCATION | {"max_length": max_tokens}
        _write(folder / FULL, document)
        config |= _class_and_switches(document, loaded)
        if loaded.source.form is Form.WORDS:
            with write_atomically(folder / WORDS) as file:
                file.write(vocabulary_text(vocabulary_of(cast(Table, document["model"]))).encode())
            names.append(WORDS)
    _write(folder / CONFIG, config)
    _write(folder / SPECIAL, {name: token for name, token in loaded.ready.named.items() if name in NAMES})
    return tuple(str(folder / name) for name in (CONFIG, SPECIAL, *names))


def _config(loaded: Loaded, max_tokens: int | None) -> Table:
    config = {key: value for key, value in loaded.settings.config.items() if key not in _NOT_WRITTEN}
    config |= {name: token for name, token in loaded.ready.named.items() if name in NAMES}
    if loaded.ready.extra and not isinstance(config.get("extra_special_tokens"), dict):
        config["extra_special_tokens"] = list(loaded.ready.extra)
        config.pop("additional_special_tokens", None)
    if loaded.chats:
        several = [{"name": name, "template": template} for name, template in loaded.chats.items()]
        only = loaded.chats.get("default")
        config["chat_template"] = several if only is None or len(several) > 1 else only
    if max_tokens is not None:
        config["model_max_length"] = max_tokens
    config["padding_side"], config["truncation_side"] = loaded.padding_side, loaded.truncation_side
    fields = ["input_ids", "token_type_ids", "attention_mask"]
    config["model_input_names"] = fields if loaded.with_segments else [fields[0], fields[2]]
    if loaded.spoken is not None:
        config["src_lang"], config["tgt_lang"] = loaded.spoken
    return config


def _class_and_switches(document: Table, loaded: Loaded) -> Table:
    """Return the class for transformers, which rebuilds a BertTokenizer from switches, not from its pipeline.

    So BertTokenizer is named only where that rebuilding gives this very pipeline, and then the switches are those of
    the pipeline; otherwise the class that takes tokenizer.json as it is.
    """
    named = loaded.ready.named
    normalizer = cast(Table, document.get("normalizer") or {})
    model = cast(Table, document["model"])
    plain = (
        normalizer.get("type") == "BertNormalizer"
        and normalizer.get("clean_text") is True
        and cast(Table, document.get("pre_tokenizer") or {}).get("type") == "BertPreTokenizer"
        and model.get("continuing_subword_prefix") == "##"
        and model.get("max_input_chars_per_word") == 100
        and model.get("unk_token") == named.get("unk_token")
        and _is_bert_template(cast(Table, document.get("post_processor") or {}), named)
    )
    if plain:
        return {
            "tokenizer_class": loaded.settings.config.get("tokenizer_class", "BertTokenizer"),
            "do_lower_case": normalizer.get("lowercase"),
            "strip_accents": normalizer.get("strip_accents"),
            "tokenize_chinese_chars": normalizer.get("handle_chinese_chars"),
        }
    return {"tokenizer_class": "PreTrainedTokenizerFast"}


def _is_bert_template(processor: Table, named: Mapping[str, str]) -> bool:
    cls, sep = named.get("cls_token"), named.get("sep_token")
    if processor.get("type") == "BertProcessing":
        return cast("list[object]", processor["cls"])[0] == cls and cast("list[object]", processor["sep"])[0] == sep
    return processor.get("type") == "TemplateProcessing" and processor.get("pair") == [
        {"SpecialToken": {"id": cls, "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": sep, "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 1}},
        {"SpecialToken": {"id": sep, "type_id": 1}},
    ]


def _write(path: Path, value: object) -> None:
    with write_atomically(path) as file:
        file.write((json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())
