"""A model of which only the small files are read: its config, and what stands beside it. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.loading.load import read_config

if TYPE_CHECKING:
    from torso.architecture import Architecture
    from torso.config.describe import Description
    from torso.config.hub_config import HubConfig


@dataclass(frozen=True, slots=True)
class Opened:
    """A model of which only the small files are read."""

    name: str
    folder: Path
    architecture: Architecture[Any]
    config: HubConfig

    @classmethod
    def of(cls, model: str) -> Opened:
        """Return the model of that name, its weights left where they are."""
        from torso.hub import resolve

        folder = resolve(model, config_only=True).folder
        return cls(model, folder, *read_config(folder))

    def sentence_settings(self) -> list[dict[str, Any]]:
        """Return every key of the files of sentence-transformers, known or not, with the file that says it."""
        from torso.config.sentence_modules import read_modules, transformer_folder
        from torso.io.files import inside
        from torso.tasks.sentence_settings import MODEL_FILE, TEXT_FILES, read_table

        modules = read_modules(self.folder)
        if not modules:
            return []
        paths = [self.folder / MODEL_FILE, *(transformer_folder(self.folder) / name for name in TEXT_FILES)]
        paths += [
            inside(self.folder, f"{each.path}/config.json")
            for each in modules
            if each.path and each.kind != "Transformer"
        ]
        return [
            {"file": path.relative_to(self.folder).as_posix(), "key": key, "value": value}
            for path in paths
            for key, value in read_table(path).items()
        ]

    def generation_settings(self) -> Description | None:
        """Return how a model that writes does so, as its files say."""
        from torso.generation.settings_files import settings_of

        return settings_of(self.folder, self.config).describe() if self.architecture.decodes else None

    def tokenizer_notes(self) -> tuple[str, ...]:
        """Return what the files of its tokenizer ask for that is not followed; nothing where they make none."""
        from torso.errors import TorsoError
        from torso.text import Tokenizer

        try:
            return Tokenizer.from_folder(self.folder).notes
        except TorsoError:  # which every command that reads text reports
            return ()

    def weights_follow(self, changed: HubConfig) -> bool:
        """Return whether the weights are here; then the sizes of a changed config fit them.

        Raises:
            WeightsError: ``E_CONFIG_WEIGHTS``, naming the parameter that does not fit.
        """
        from torso.config.sentence_modules import transformer_folder
        from torso.errors import NotFoundError, WeightsError
        from torso.loading.contents import Contents, check_sizes
        from torso.weights.weights import open_weights

        try:
            weights = open_weights(transformer_folder(self.folder))
        except NotFoundError:
            return False
        contents = Contents.of(weights, self.architecture)
        check_sizes(changed, self.architecture, contents)
        there = [contents.labels(plan.names) for task, plan in self.architecture.tasks.items() if task.labelled]
        heads = [count for count in there if count]
        if heads and changed.num_labels not in (None, *heads):
            raise WeightsError(
                "E_CONFIG_WEIGHTS",
                "The config would say {name} = {said}; the head in the weights has {found}.",
                where="In {folder}.",
                cure="For a new head, to be trained: torso.load(..., num_labels={said}, new_head=True).",
                values=dict(name="num_labels", said=changed.num_labels, found=heads[0], folder=self.folder),
            )
        return True
