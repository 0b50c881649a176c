"""One library's side: runs the cells of one notebook in its folder, and writes what each was worth."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import random
import re
import sys
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.compat.course.cells import cells_of, is_timed, prepared
from tests.compat.course.worth import worth


def run(notebook: Path, library: str, names: dict[str, str]) -> list[dict[str, Any]]:
    """What each cell comes to: its worth, what it printed, and the error that stopped it."""
    import numpy
    import torch

    torch.manual_seed(0)
    space: dict[str, Any] = {"__name__": "__main__"}
    results: list[dict[str, Any]] = []
    for number, source in enumerate(cells_of(notebook)):
        result: dict[str, Any] = {"cell": number}
        results.append(result)
        try:
            cell = prepared(source, library, names)
        except SyntaxError as error:
            result["left_out"] = f"no Python: {error.msg}"
            continue
        if cell.left_out:
            result["left_out"] = cell.left_out
            continue
        random.seed(0)
        numpy.random.seed(0)
        torch.manual_seed(0)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                value = _executed(cell.source, f"cell {number}", space)
                result["worth"] = _with_history(worth(value), cell.source, space)
        except (Exception, SystemExit) as error:
            result["error"] = {
                "kind": type(error).__name__,
                "code": getattr(error, "code", "") or "",
                "text": str(error)[:600],
                "trace": traceback.format_exc()[-3000:],
            }
        if "save_pretrained" in source:  # its value is the files, of which each library writes its own
            result.pop("worth", None)
        if not (is_timed(source) or "SUPPORTED_TASKS" in source):
            result["said"] = re.sub(r"\s+", " ", said.getvalue())[:20000]
    return results


def _executed(source: str, name: str, space: dict[str, Any]) -> Any:
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), space)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), name, "eval"), space)
    # The last name that the cell binds: a call whose result is kept is compared too.
    final = tree.body[-1] if tree.body else None
    target = final.targets[0] if isinstance(final, ast.Assign) else None
    return space.get(target.id) if isinstance(target, ast.Name) else None


def _with_history(value: Any, source: str, space: dict[str, Any]) -> Any:
    """Of training also the losses and metrics of every step."""
    if not source.startswith("trainer.train"):
        return value
    return {"result": value, "history": worth(space["trainer"].state.log_history)}


def main() -> None:
    """Run the notebooks that a file lists for a library, each in a process of its own with everything imported."""
    library, listing = sys.argv[1:]
    # Imported once for all of them.
    for name in ("datasets", "evaluate", "peft", "sklearn.metrics", library):
        import_module(name)
    for name in ("AutoModel", "Trainer", "pipeline"):
        getattr(sys.modules[library], name)
    for job in json.loads(Path(listing).read_text(encoding="utf-8")):
        child = os.fork()
        if child == 0:
            _run_one(library, job)
        os.waitpid(child, 0)


def _run_one(library: str, job: dict[str, Any]) -> None:
    os.chdir(job["folder"])
    sys.path.insert(0, job["folder"])
    warnings.simplefilter("ignore")
    try:
        results = run(Path(job["notebook"]), library, job["names"])
        Path(job["out"]).write_text(json.dumps(results, ensure_ascii=False), encoding="utf-8")
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
