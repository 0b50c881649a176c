"""Compiles the kernels when torso is installed, and turns README into its description there.

Without a compiler torso is installed all the same, in pure Python.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


def load(root: str, path: str) -> ModuleType:
    """Load a module of ``root`` by its path, without what stands around it."""
    place = Path(root, path)
    spec = importlib.util.spec_from_file_location(f"torso_build_{place.stem}", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


class Description(MetadataHookInterface):
    """Gives README's links the address of the repository: on PyPI nothing lies beside it."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set what pyproject.toml calls dynamic."""
        links = load(self.root, "tools/links.py")
        readme = Path(self.root, "README.md").read_text("utf-8")
        text = links.described(readme, links.source(Path(self.root)), f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class Kernels(BuildHookInterface[Any]):
    """Puts the compiled library beside its Python, and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a wheel is built, or an editable installation made."""
        kernels = load(self.root, "src/torso/kernels/compile.py")
        platforms = load(self.root, "tools/wheel_platforms.py")
        if platform := os.environ.get(platforms.SETTING):
            self._cross_compile(kernels, platforms.PLATFORMS[platform], build_data)
            return
        try:
            # A wheel may be installed anywhere; an editable installation stays on this processor, and beside what the
            # checkout has compiled already, for this environment or another.
            if version != "editable":
                kernels.compile_library()
            elif not kernels.is_current():
                kernels.compile_library(sets=kernels.sets_here())
        except kernels.CompileError as error:
            self.app.display_warning(f"torso is installed without its compiled kernels, and slower: {error}")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        build_data["artifacts"].append(f"src/torso/kernels/{kernels.LIBRARY.name}")

    def _cross_compile(self, kernels: ModuleType, platform: Any, build_data: dict[str, Any]) -> None:
        """Compile for another platform, whose library never lies among the sources."""
        build_data["tag"] = f"py3-none-{platform.tag}"
        if platform.target is None:
            return
        self._folder = tempfile.TemporaryDirectory()  # gone with this process, when the wheel holds what is in it
        made = kernels.compile_library(
            Path(self._folder.name, platform.library), sets=kernels.every_set(platform.machine), tool=platform.compiler
        )
        build_data["pure_python"] = False
        build_data["force_include"][str(made)] = f"torso/kernels/{platform.library}"
