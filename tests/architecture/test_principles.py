"""The principles that can be checked by a machine."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from torso.config.fields import ACTIVATIONS
from torso.nn.activations import TABLE

from .count import count, lines_of_code, lines_of_cpp
from .sources import ROOT, checker_imports, imported, printed_by, statements, trees

HEAVY = ("torch", "numpy", "transformers", "safetensors", "tokenizers", "huggingface_hub")
LAZY = ("torso", "torso.nn", "torso.hub", "torso.kernels", "torso.serve", "torso.tasks")


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The heavy packages that a fresh process holds after some code."""
    told = f"{code}\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    return set(printed_by(told, *arguments))


def test_importing_torso_loads_nothing_heavy() -> None:
    assert loaded_by("import torso") == set()


def test_english_messages_load_no_catalogue() -> None:
    code = "import sys\nfrom torso.errors import InputError\nstr(InputError('E_X', 'is {a}', values={'a': 1}))\n"
    assert printed_by(f"{code}print('torso.locale' in sys.modules)") == ["False"]


def test_getting_checking_configuring_and_naming_load_no_torch() -> None:
    modules = "torso.hub torso.text torso.loading.load torso.architecture torso.models.bert torso.compat.auto torso.nn"
    modules += " torso.cli torso.config.hub_config torso.config.describe torso.weights.weights torso.weights.names"
    code = "\n".join(f"import {name}" for name in modules.split()) + "\nfrom torso import *"
    everything = loaded_by(f"from importlib import import_module\n{code.rpartition(chr(10))[0]}")
    assert not everything & {"torch", "numpy", "transformers", "safetensors", "huggingface_hub"}


def test_a_folder_is_read_configured_and_tokenized_without_torch(tmp_path) -> None:
    from torso import BertConfig, Task, new_model

    config = BertConfig(vocab_size=7, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4)
    new_model(config, Task.FEATURES).save(tmp_path)
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n中\n文\n", encoding="utf-8")
    code = """
import sys
from pathlib import Path
from torso import AutoConfig, AutoTokenizer
from torso.weights.weights import open_weights
from torso.loading.load import read_config
folder = sys.argv[1]
config = AutoConfig.from_pretrained(folder)
repr(config), config._repr_html_(), config.text()
tokenizer = AutoTokenizer.from_pretrained(folder)
assert tokenizer("中文")["input_ids"] == [2, 5, 6, 3]
assert len(open_weights(Path(folder)).entries) == 23
architecture, config = read_config(Path(folder))
"""
    assert loaded_by(code, str(tmp_path)) <= {"tokenizers"}


ALLOWED_IN_NN = {
    "torch",
    "numpy",
    "torso.blocks",
    "torso.tables",
    "torso.batch",
    "torso.host_batch",
    "torso.outputs",
    "torso.errors",
    "torso.io.lazy_names",
    "torso.nn",
}


def test_nn_knows_torch_and_the_layout_alone() -> None:
    for module in trees():
        if module.startswith("torso.nn"):
            foreign = {
                name
                for name in imported(module)
                if name.partition(".")[0] not in sys.stdlib_module_names
                and not any(name == each or name.startswith(f"{each}.") for each in ALLOWED_IN_NN)
            }
            assert foreign == set(), module


# From the bottom up: a part imports from its own line and from those above it in this table.
LINES = (
    ("terminal",),
    ("locale",),
    ("errors", "language"),
    ("blocks", "tables"),
    ("io",),
    ("host_batch",),
    ("batch", "outputs"),
    ("config", "weights", "text", "nn"),
    ("architecture", "hub"),
    ("models", "bundled"),
    ("model", "losses"),
    ("kernels",),
    ("loading", "adapters"),
    ("engines", "generation"),
    ("compat", "tasks"),
    ("scale", "serve", "inspection", "view", "training"),
    ("cli", "__main__"),
)
LATE = {
    # What is looked up by name at run time, through the registry, and `Model.save`.
    ("architecture", "models"),
    ("model", "loading"),
}
# The same within the hub: its wings, then its modules.
HUB_LINES = (
    ("source", "settings", "remote_file", "existing_folder"),
    ("file_selection", "unread_weights"),
    ("transfer",),
    ("local", "remote"),
    ("destination",),
    ("planning",),
    ("announcement", "download_many"),
    ("git",),
    ("getting",),
    ("resolution",),
    ("checking", "repairing"),
)
LAZY_CALL = ("torso.model", "torso.loading.save")


def line_of(part: str, lines: tuple[tuple[str, ...], ...] = LINES) -> int:
    return next(number for number, parts in enumerate(lines) if part in parts)


def test_imports_point_downwards() -> None:
    parts = {name.split(".")[1] for name in trees() if "." in name}
    assert parts == {part for line in LINES for part in line}, "a part of the package has its line above"
    upwards: set[str] = set()
    for module in set(trees()) - {"torso"}:
        part = module.split(".")[1]
        upwards |= {
            f"{module} imports {name}"
            for name in imported(module)
            if name.startswith("torso.")
            and (part, name.split(".")[1]) not in LATE
            and line_of(name.split(".")[1]) > line_of(part)
        }
    assert upwards == set()


def test_imports_within_the_hub_point_downwards() -> None:
    modules = [name for name in trees() if name.startswith("torso.hub.")]
    assert {name.split(".")[2] for name in modules} == {part for line in HUB_LINES for part in line}
    upwards = {
        f"{module} imports {name}"
        for module in modules
        for name in imported(module)
        if name.startswith("torso.hub.")
        and line_of(name.split(".")[2], HUB_LINES) > line_of(module.split(".")[2], HUB_LINES)
    }
    assert upwards == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Neither when they are imported nor later, in a function; what only type checkers read does not count."""
    edges = {module: imported(module) & set(trees()) - {module} for module in trees()}
    for module in [name for name in trees() if f"{name}.__init__" in _packages()]:
        edges[module] = set()  # a lazy namespace imports what it is asked for
    edges[LAZY_CALL[0]].discard(LAZY_CALL[1])
    while leaves := {module for module, targets in edges.items() if not targets}:
        edges = {module: targets - leaves for module, targets in edges.items() if module not in leaves}
    in_circles = {module for module, targets in edges.items() if targets}
    assert not in_circles, sorted(in_circles)


def _packages() -> set[str]:
    found = (path.relative_to(ROOT.parent).with_suffix("").parts for path in ROOT.rglob("__init__.py"))
    return {".".join(parts) for parts in found}


SAME_THING = {
    # Names that stand in several packages for one and the same thing.
    "attention",  # attention: as a description, by PyTorch, and by the kernels
    *(
        "bias",
        "block",
        "bottleneck",
        "embeddings",
        "heads",
        "latent_attention",
        "relative_attention",
        "mixture",
        "trunk",
    ),  # descriptions, and modules
    "__init__",
    "__main__",
}


def test_no_file_name_stands_in_two_packages_for_two_things() -> None:
    homes: dict[str, list[str]] = {}
    for path in ROOT.rglob("*.py"):
        homes.setdefault(path.stem, []).append(str(path.relative_to(ROOT).parent))
    assert {stem: found for stem, found in homes.items() if len(found) > 1 and stem not in SAME_THING} == {}


def test_the_top_level_is_small() -> None:
    """The spine that a newcomer must know, and nothing beside it."""
    assert len({path.stem for path in ROOT.glob("*.py")} - {"__init__", "__main__"}) <= 9


@pytest.mark.parametrize("part", ["hub", "text", "weights", "config"])
def test_what_stands_beside_knows_nothing_of_models(part) -> None:
    for module in trees():
        if module.startswith(f"torso.{part}"):
            others = {name.split(".")[1] for name in imported(module) if name.startswith("torso.")}
            assert not others & {"models", "nn", "compat", "tasks", "cli"}, module


@pytest.mark.parametrize(
    "part", ["hub", "text", "weights", "config", "architecture", "models", "loading", "compat.auto", "cli"]
)
def test_nothing_that_works_without_torch_imports_it_on_top(part) -> None:
    with_torch = {"torso.loading.save"}  # writes weights: there is nothing to save without torch
    for module in trees():
        if module.startswith(f"torso.{part}") and module not in with_torch:
            tops = {name.partition(".")[0] for name in imported(module, inner=False)}
            assert not tops & {"torch", "numpy"}, module


EXTRA_OF = {"serve": "serve", "view": "serve", "scale": "scale", "training": "train"}


def test_no_other_library_is_needed() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {"torso", *(re.match(r"[\w-]+", each)[0] for each in project["dependencies"])}
    assert "torch" not in needed, "it is the extra torso[torch]; which parts import it is held above"
    needed |= {"torch"}
    extras = {
        name: {re.match(r"[\w-]+", each)[0].replace("-", "_") for each in packages}
        for name, packages in project["optional-dependencies"].items()
    }
    for module in trees():
        # A package of torso that is an extra imports that extra's packages; nothing else imports it on top.
        own = extras.get(EXTRA_OF.get(module.split(".")[1] if "." in module else "", ""), set())
        outside = {name.partition(".")[0] for name in imported(module)} - set(sys.stdlib_module_names)
        assert outside <= needed | own, module


def test_importing_the_server_loads_nothing_of_its_extra() -> None:
    extra = ("uvicorn", "starlette", "msgspec", "orjson", "prometheus_client", "httptools")
    code = "import sys, torso.serve, torso.cli.serve; torso.serve.app, torso.serve.ServeSettings()"
    assert set(printed_by(f"{code}\nprint(*[name for name in {(*extra, *HEAVY)} if name in sys.modules])")) == set()


@pytest.mark.parametrize("package", LAZY)
def test_a_lazy_namespace_is_what_a_type_checker_sees(package) -> None:
    module, seen = import_module(package), checker_imports(package)
    assert set(module.__all__) == set(seen)
    assert len(module.__all__) == len(set(module.__all__))
    assert list(module.__all__) == sorted(module.__all__)
    for name, home in seen.items():
        assert getattr(module, name) is getattr(import_module(home), name), name
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError):
        _ = module.no_such_name


@pytest.mark.parametrize("package", LAZY)
def test_no_lazy_name_is_also_a_module_s(package) -> None:
    """Importing such a module would put it in the name's place."""
    names = {name.removeprefix(f"{package}.") for name in trees() if name.startswith(f"{package}.")}
    assert not names & set(import_module(package).__all__)


def test_the_activations_known_without_torch_are_those_there_are() -> None:
    assert tuple(TABLE) == ACTIVATIONS


def test_an_architecture_is_a_short_file() -> None:
    for path in (ROOT / "models").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path.name


def test_no_file_is_long() -> None:
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path


def test_forward_of_a_block_is_short() -> None:
    longest = {"torso.nn.block": 15, "torso.nn.attention": 25}
    for module, most in longest.items():
        for node in statements(trees()[module]):
            if isinstance(node, ast.FunctionDef) and node.name == "forward":
                assert node.end_lineno - node.lineno < most, module


def test_every_learned_projection_and_table_is_of_a_plain_type() -> None:
    """So that adapters, quantisation and export can replace them by type."""
    import torch

    from contract.families import FAMILIES, registered
    from torso import nn
    from torso.model import Model
    from torso.nn.meta_init import weightless

    projections = (torch.nn.Linear, torch.nn.Embedding, torch.nn.Conv1d)
    plain = (*projections, torch.nn.LayerNorm, nn.RMSNorm, nn.OffsetRMSNorm, nn.Shift)
    plain = (*plain, nn.JointRMSNorm, nn.HeadLayerNorm, nn.NoNorm)
    vectors = {nn.SigmoidRouter: {"correction"}, nn.CorrectedRouter: {"correction"}, nn.Sinks: {"sinks"}}
    # In files the matrices of all experts are one tensor, which no layer of PyTorch holds.
    stacked = {"gpt_oss": (nn.ClampedExperts,)}
    for model_type, architecture in registered().items():
        config = architecture.config(**next(iter(FAMILIES[model_type].configs.values())), num_labels=2)
        for task in architecture.tasks:
            with weightless():
                model = Model(config, architecture, task)
            for name, module in model.named_modules():
                own = dict(module.named_parameters(recurse=False))
                if type(module) in (*plain, *stacked.get(model_type, ())):
                    continue
                vector = vectors.get(type(module), {"bias", "offset"} if name == "head" else set[str]())
                assert own.keys() <= vector, name
                # ERNIE's files hold a router's correction as one row.
                assert name == "head" or all(max(each.shape) == each.numel() for each in own.values()), name


def test_blocks_and_families_are_small() -> None:
    """All of nn and models in lines of code: transformers takes 700 and more for each of the same families."""
    from contract.families import FAMILIES

    assert sum(count(ROOT / "nn", ROOT / "models")) <= 110 * len(FAMILIES)


PROSE = """'A module.'

# why
def f():
    '''What it gives.

    More.
    '''
    text = '''two
lines'''  # behind code
    return text
"""


def test_lines_of_code_are_counted_without_prose() -> None:
    assert lines_of_code(PROSE) == 4
    assert lines_of_code("") == 0
    assert lines_of_cpp('int a; // b\n\n/* c\n d */\nchar* e = "// /*";\n  // f\nint g; /* h */\n') == 3
    assert sum(count(ROOT)) > sum(count(ROOT / "nn", ROOT / "models")) > 0


PASSING_ON = {  # what a template passes to a function of its own choice; the variables of a template
    "torso.text.sandbox.call",
    "torso.text.sandbox.filtered",
    "torso.text.sandbox.tested",
    "torso.text.tokenizer.apply_chat_template",
}


def unpacks_a_closed_type(node: ast.FunctionDef) -> bool:
    """Whether a function's keyword arguments are those of a TypedDict, all of whose names are known."""
    kind = None if node.args.kwarg is None else node.args.kwarg.annotation
    return kind is not None and re.fullmatch(r"Unpack\[\w+\]", ast.unparse(kind)) is not None


def test_no_public_function_swallows_arguments() -> None:
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and node.args.kwarg is not None
                and not unpacks_a_closed_type(node)
            ):
                inside = [
                    each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and node in ast.walk(each)
                ]
                assert len(inside) > 1 or f"{module}.{node.name}" in PASSING_ON, f"{module}.{node.name}"


def test_no_code_of_a_checkpoint_can_run() -> None:
    """Neither pickle nor torch.load nor eval is anywhere in the package."""
    forbidden = {"pickle", "marshal", "shelve", "dill", "joblib"}
    for module, tree in trees().items():
        assert not {name.partition(".")[0] for name in imported(module)} & forbidden, module
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "torch.load", "compile", "__import__"), f"{module}: {called}"


def test_the_package_is_typed() -> None:
    assert (ROOT / "py.typed").exists()
