"""The models that the page may show, by name, and what of them is in memory."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from torso.architecture import find
from torso.errors import NotFoundError, TorsoError
from torso.inspection.opened_config import Opened

if TYPE_CHECKING:
    from torso.architecture import Task
    from torso.tasks.ready import Ready
    from torso.text import Tokenizer

_KEPT = 2
"""Models that stay loaded."""
BUNDLED = ("torso:sentiment", "torso:tagger")


Turn = Callable[[], AbstractContextManager[None]]
"""A turn on the cores, where others run models in this process too; its context is left when the turn is over."""


class Running:
    """A reentrant lock around what runs a model; whoever holds it holds one turn, however often it enters.

    Args:
        turn: gives a turn.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn, self._lock, self._depth = turn, threading.RLock(), 0
        self._open_turn: AbstractContextManager[None] = nullcontext()

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            if not self._depth:
                self._open_turn = self._turn()
                self._open_turn.__enter__()
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1

    def __exit__(self, *raised: Any) -> None:
        self._depth -= 1
        try:
            if not self._depth:
                self._open_turn.__exit__(*raised)
        finally:
            self._lock.release()


class ShownModels:
    """Models by name.

    Args:
        given: names with what each is: a folder, a name, a loaded model, or one made ready.
        of_machine: whether the models in the caches of this machine, and those that torso brings, are shown too.
        turn: what is waited for before a model runs.
        sources: what Python names the models by whose names here are other ones.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        *,
        of_machine: bool,
        turn: Turn = nullcontext,
        sources: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._given, self.sources = dict(given), sources
        self._of_machine = of_machine
        self._loaded: OrderedDict[str, tuple[Ready[Any], tuple[Task[Any], ...]]] = OrderedDict()
        self._tokenizers: dict[Path, Tokenizer] = {}
        self._loading = threading.Lock()
        self.running = Running(turn)

    def names(self) -> list[str]:
        """Return every name that can be asked for, those that were given first."""
        found = list(self._given)
        if self._of_machine:
            from torso.hub import models

            found += [*BUNDLED, *(model.name for model in models() if not model.missing)]
        return list(dict.fromkeys(found))

    def source(self, name: str) -> str:
        """Return what Python names a model by."""
        return self.sources.get(name, name)

    def require(self, name: str) -> None:
        """Refuse a name that is not shown.

        Raises:
            NotFoundError: ``E_MODEL_NOT_SHOWN``.
        """
        if name not in self._given and name not in self.names():
            raise NotFoundError(
                "E_MODEL_NOT_SHOWN",
                "This page shows no model {name}.",
                cure="Choose one of those it lists; on this machine: torso view MODEL",
                values=dict(name=repr(name[:100])),
            )

    def _source(self, name: str) -> Any:
        self.require(name)
        return self._given.get(name, name)

    def opened(self, name: str) -> Opened:
        """Return a model's small files.

        Raises:
            TorsoError: as `torso.AutoConfig.from_pretrained`.
        """
        source = self._source(name)
        if isinstance(source, (str, os.PathLike)):
            from dataclasses import replace

            return replace(Opened.of(_named(source)), name=name)
        config = getattr(source, "runner", source).config
        return Opened(name, self.folder(name) or Path(), find(config.model_type), config)

    def folder(self, name: str) -> Path | None:
        """Return the folder of a model; None for one that was never loaded from any."""
        source = self._source(name)
        if isinstance(source, (str, os.PathLike)):
            from torso.hub import resolve

            return resolve(_named(source), config_only=True).folder
        folder = getattr(source, "folder", None)
        report = getattr(source, "report", None)
        return folder or (Path(report.source) if report is not None else None)

    def tokenizer(self, name: str) -> Tokenizer:
        """Return a model's tokenizer."""
        from torso.loading.load import load_tokenizer

        source = self._source(name)
        own = getattr(source, "tokenizer", None)
        if own is not None:
            return own
        folder = self.folder(name)
        if folder is None:
            raise NotFoundError(
                "E_NO_TOKENIZER",
                "{name} has no folder to read a tokenizer in.",
                cure="Pass it ready: torso.tasks.Ready(model, tokenizer, None).",
                values=dict(name=name),
            )
        if folder not in self._tokenizers:
            self._tokenizers[folder] = load_tokenizer(folder)
        return self._tokenizers[folder]

    def ready(self, name: str) -> tuple[Ready[Any], tuple[Task[Any], ...]]:
        """Return a model that texts can be given to, with the tasks whose heads its checkpoint holds.

        Raises:
            TorsoError: as `torso.load`.
        """
        from torso.inspection.looking import opened_model

        source = self._source(name)
        with self._loading:
            if name not in self._loaded:
                found = opened_model(source)
                self._loaded[name] = found[:2]
                while len(self._loaded) > _KEPT:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(name)
            return self._loaded[name]

    def loaded(self) -> list[str]:
        """Return the names of the models in memory."""
        return list(self._loaded)

    def hide_folders(self, text: str) -> str:
        """Return a message with the folder of each given model replaced by its name."""
        for name in self._given:
            folder = self._folder_here(name)
            if folder is not None:
                text = text.replace(str(folder), name)
        return text

    def _folder_here(self, name: str) -> Path | None:
        """Return the folder of a given model without any request; None if it is not on this machine."""
        from torso.hub import resolve

        source = self._given[name]
        if not isinstance(source, (str, os.PathLike)):
            return self.folder(name)
        try:
            return resolve(_named(source), config_only=True, local_files_only=True).folder
        except TorsoError:
            return None


def _named(source: Any) -> str:
    return str(source)
