"""Keys of config files that are not parameters of a family, and how parameters are spelled in files."""

from __future__ import annotations

from collections.abc import Mapping

NEUTRAL: Mapping[str, str] = {
    "_name_or_path": "where the file was once loaded from",
    "transformers_version": "the version of transformers that wrote the file",
    "use_cache": "whether transformers keeps keys and values while generating; torso decides per call",
    "return_dict": "form of transformers' outputs; torso's are always typed",
    "torchscript": "an export mode of transformers",
    "gradient_checkpointing": "a training mode of transformers",
    "chunk_size_feed_forward": "a memory mode of transformers that does not change results",
    "auto_map": "code that comes with the checkpoint: never run by torso",
}
"""Keys that change nothing here and are kept for exact rewriting."""

ALIASES: Mapping[str, str] = {"torch_dtype": "dtype"}
"""Other spellings of a key, kept as the file has them; a family's own are in its config's ``aliases``."""

UNSAID = {0: "LABEL_0", 1: "LABEL_1"}
"""The labels that the Hub's files leave unsaid: two without names; a family's own are in its config's ``unsaid``."""

NEVER_WRITTEN = frozenset({"num_labels"})
"""Fields that the Hub's files say in another way: labels by ``id2label``."""
