"""Configs of models that are a table of token embeddings alone: model2vec, StaticEmbedding. Loads no torch."""

from __future__ import annotations

from pathlib import Path

from torso.config.config_file import ConfigFile, dumped
from torso.config.sentence_modules import begins_with_table, transformer_folder
from torso.errors import NotFoundError
from torso.io.files import is_there
from torso.weights.folded_table import TABLE
from torso.weights.weights import open_weights

MODEL_TYPE = "model2vec"
"""What the config files of model2vec call such a model; those of sentence-transformers have no config file."""


def read_static_config(folder: Path) -> ConfigFile | None:
    """Return the config of a folder whose model is such a table, with the sizes of the table; None for any other model.

    What the file leaves open is read in the weights. Where they are not here, it stays open.

    Args:
        folder: of the model; its table may lie in a folder of its own, as ``modules.json`` says.

    Raises:
        TorsoError: as `ConfigFile.read`, `torso.weights.weights.open_weights`.
    """
    home = transformer_folder(folder)
    path, stated = home / "config.json", begins_with_table(folder)
    file = ConfigFile.read(path) if is_there(path) else None
    if file is None or file.values.get("model_type") != MODEL_TYPE:
        if not stated:
            return None
        file = ConfigFile(path, {}, {})
    values = {"model_type": MODEL_TYPE, **file.values}
    if not {"vocab_size", "hidden_dim"} <= values.keys():
        try:
            table = open_weights(home).entries.get(TABLE)
        except NotFoundError:
            table = None
        if table is not None and len(table.shape) == 2:
            values = {**dict(zip(("vocab_size", "hidden_dim"), table.shape, strict=True)), **values}
    added = {key: dumped(value) for key, value in values.items() if key not in file.written}
    return ConfigFile(path, values, {**added, **file.written}, file.repeated, file.notes)
