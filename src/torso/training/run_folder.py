"""The folder of a run: the model in it, and ``run/`` with settings, history, scores, predictions and plots."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from torso.adapters.lora_settings import Lora
from torso.errors import FileFormatError, InputError
from torso.io.files import make_folder, read_json, shown, write_atomically
from torso.training.ranks import is_first
from torso.training.run_state import holds_state

_LIMIT = 64 << 20


class RunFolder:
    """A run's folder.

    Args:
        path: the model's folder; what is about the run is in ``run`` below it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = path / "run"
        self.last = self.run / "last"

    def check(self, *, resume: bool, replace: bool) -> None:
        """Make sure that nothing will be overwritten by mistake. Nothing is changed.

        Raises:
            InputError: ``E_EXISTS``, for a folder with something in it, unless resumed or replaced; ``E_NO_RUN``.
        """
        values = dict(folder=shown(self.path))
        if resume and replace:
            raise InputError(
                "E_ARGUMENT",
                "resume and replace contradict each other.",
                cure="Leave one of them out: --resume goes on, --replace begins again.",
            )
        if resume:
            if not holds_state(self.last):
                if (self.run / "scores.json").exists():
                    raise InputError(
                        "E_NO_RUN",
                        "The run in {folder} has ended: there is nothing left to resume.",
                        cure="Use the model in it, or begin again in its place: --replace.",
                        values=values,
                    )
                raise InputError(
                    "E_NO_RUN",
                    "There is no run to resume in {folder}.",
                    cure="Leave --resume out, or name the folder of a run that was interrupted.",
                    values=values,
                )
            return
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            return
        own = (self.run / "run.json").exists()
        if not replace:
            raise InputError(
                "E_EXISTS",
                "{folder} is there already, and nothing was written to it.",
                cure="Go on with its run: --resume; or begin again in its place: --replace."
                if holds_state(self.last)
                else "Name another folder with --out, or train in its place: --replace.",
                values=values,
            )
        if not own:
            raise InputError(
                "E_EXISTS",
                "{folder} holds something else than a run of torso train, so it is not replaced.",
                cure="Name another folder with --out, or remove that one yourself.",
                values=values,
            )

    def clear(self) -> None:
        """Remove what an earlier run wrote about itself; its model stays until there is a new one."""
        if is_first() and (self.run / "run.json").exists():
            shutil.rmtree(self.run)

    def write_json(self, name: str, value: object) -> None:
        """Write a JSON file below ``run``; of several processes the first does."""
        if not is_first():
            return
        make_folder(self.run)
        with write_atomically(self.run / name) as file:
            file.write((json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n").encode())

    def write_lines(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Write JSON lines below ``run``; of several processes the first does."""
        if not is_first():
            return
        make_folder(self.run)
        with write_atomically(self.run / name) as file:
            for row in rows:
                file.write((json.dumps(row, ensure_ascii=False, default=str) + "\n").encode())

    def finish(self) -> None:
        """Remove what only a run that goes on needs."""
        if is_first():
            shutil.rmtree(self.last, ignore_errors=True)

    def clear_unstarted(self) -> None:
        """Remove the folder of a run that was interrupted before it had anything to keep."""
        if holds_state(self.last) or (self.path / "config.json").exists():
            return
        shutil.rmtree(self.run, ignore_errors=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()


def settings_of(path: Path) -> dict[str, Any]:
    """Return the settings in a run.json, or in a file that holds them alone, to repeat a run.

    Raises:
        FileFormatError: ``E_SETTINGS``, for a file that holds none.
        NotFoundError: ``E_MISSING_FILE``.
    """
    whole = _object(path, read_json(path, limit=_LIMIT, code="E_SETTINGS"))
    return _object(path, whole.get("settings", whole))


def lora_of(path: Path) -> Lora | None:
    """Return the adapter in a run.json; None of a run without one.

    Raises:
        FileFormatError: ``E_SETTINGS``, for what is no adapter.
        InputError: ``E_LORA``, for a value that means nothing.
        NotFoundError: ``E_MISSING_FILE``.
    """
    found = _object(path, read_json(path, limit=_LIMIT, code="E_SETTINGS")).get("lora")
    if found is None:
        return None
    values = _object(path, found)
    if not values.keys() <= Lora.__dataclass_fields__.keys():
        raise _no_settings(path)
    return Lora(**values)


def _object(path: Path, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _no_settings(path)
    return cast("dict[str, Any]", value)


def _no_settings(path: Path) -> FileFormatError:
    return FileFormatError(
        "E_SETTINGS",
        "{path} holds no settings.",
        cure="Name a run.json of torso train.",
        values=dict(path=shown(path)),
    )
