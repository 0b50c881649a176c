"""Compiles the kernels when torso is installed; without a compiler torso is installed all the same, in pure Python."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Kernels(BuildHookInterface[Any]):
    """Puts the compiled library beside its Python, and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a wheel is built, or an editable installation made."""
        place = Path(self.root, "src", "torso", "kernels", "compile.py")
        spec = importlib.util.spec_from_file_location("torso_compile", place)
        assert spec is not None
        assert spec.loader is not None
        compile_ = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(compile_)
        try:
            # A wheel may be installed anywhere; an editable installation stays on this processor.
            compile_.compile_library(sets=compile_.sets_here() if version == "editable" else None)
        except compile_.CompileError as error:
            self.app.display_warning(f"torso is installed without its compiled kernels, and slower: {error}")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        build_data["artifacts"].append("src/torso/kernels/_native.so")
