"""Folders that sentence-transformers wrote, in the forms of all its versions: the same vectors, scores and order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy
import pytest
import torch

import torso
from torso.errors import TorsoError, UnsupportedError
from torso.tasks import encode, rerank

from .reference import save

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["the cat sits outside", "How to reset a LOGIN, the cat sits outside the cat and waits", "弱小的我也有大梦想"]
PROMPT = "the cat : "


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("base"), "Model")


def written(folder: Path, *modules: object, **settings: object) -> Path:
    """A folder of sentence-transformers with these modules."""
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(modules=list(modules), device="cpu", **settings).save(str(folder))
    return folder


def edited(path: Path, **values: object) -> None:
    table = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps(table | values), "utf-8")


def equal_vectors(folder: Path, **options: object) -> numpy.ndarray:
    """Holds torso's vectors to sentence-transformers', and gives them."""
    from sentence_transformers import SentenceTransformer

    wanted = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(TEXTS)
    made = encode(TEXTS, model=folder, long="truncate", **options)
    ours = numpy.array(made)
    numpy.testing.assert_allclose(ours, wanted, atol=1e-5, rtol=1e-4)
    lengths = numpy.linalg.norm(ours, axis=1)
    assert all(abs(length - 1) < 1e-5 for length, each in zip(lengths, made, strict=True) if each.normalized)
    return ours


def parts(base: Path):
    from sentence_transformers import models

    return models, models.Transformer(str(base)), models.Pooling(32)


@pytest.mark.parametrize(
    "name", ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
)  # fmt: skip
def test_every_name_of_the_file_about_texts(base: Path, tmp_path: Path, name: str) -> None:
    _, body, pooling = parts(base)
    folder = written(tmp_path / "model", body, pooling)
    (folder / "sentence_bert_config.json").unlink()
    edited(folder / f"sentence_{name}_config.json", max_seq_length=7, do_lower_case=True)
    equal_vectors(folder)
    assert encode(TEXTS, model=folder, long="truncate")[1].extent.read == 7


@pytest.mark.parametrize(
    "settings",
    [
        {"processing_kwargs": {"text": {"max_length": 6, "truncation": True}}},
        {"processing_kwargs": {"text": {"max_length": 6}, "common": {"return_tensors": "pt"}}},
        {"processing_kwargs": {"common": {"max_length": 6}, "text": {"max_length": 9, "padding": "longest"}}},
        {"max_seq_length": 9, "tokenizer_args": {"model_max_length": 6}},
        {"max_seq_length": 6, "model_args": {"attn_implementation": "eager"}, "unpad_inputs": False},
        {"max_seq_length": 6, "query_length": None, "document_length": None, "query_expansion": None},
    ],
)
def test_lengths_in_every_form(base: Path, tmp_path: Path, settings: dict[str, object]) -> None:
    _, body, pooling = parts(base)
    folder = written(tmp_path / "model", body, pooling)
    edited(folder / "sentence_bert_config.json", **settings)
    equal_vectors(folder)
    assert encode(TEXTS, model=folder, long="truncate")[1].extent.read == 6


@pytest.mark.parametrize("normalized", [False, True])
def test_dimensions_that_the_folder_states(base: Path, tmp_path: Path, normalized: bool) -> None:
    models, body, pooling = parts(base)
    layers = [models.Normalize()] if normalized else []
    folder = written(tmp_path / "model", body, pooling, *layers, truncate_dim=8)
    assert equal_vectors(folder).shape == (3, 8)
    assert {each.normalized for each in encode(TEXTS, model=folder)} == {False}
    asked = encode(TEXTS, model=folder, dimensions=5, normalize=True)
    assert all(each.normalized and numpy.linalg.norm(each.vector) == pytest.approx(1) for each in asked)
    assert {len(each.vector) for each in encode(TEXTS, model=folder, dimensions=16)} == {16}
    edited(folder / "config_sentence_transformers.json", truncate_dim=1000)
    assert equal_vectors(folder).shape == (3, 32)


def test_layers_behind_the_pooling(base: Path, tmp_path: Path) -> None:
    models, body, pooling = parts(base)
    torch.manual_seed(3)
    layers = [
        models.LayerNorm(32),
        models.Dropout(0.3),
        models.Dense(32, 16, activation_function=torch.nn.LeakyReLU()),
        models.Normalize(),
        models.Dense(16, 8, bias=False, activation_function=torch.nn.Mish(), use_residual=True),
        models.Dense(8, 8, activation_function=torch.nn.Identity(), use_residual=True),
    ]
    folder = written(tmp_path / "model", body, pooling, *layers)
    equal_vectors(folder)
    assert {each.normalized for each in encode(TEXTS, model=folder)} == {False}


@pytest.mark.parametrize("layer", ["Normalize", "Dense"])
def test_layers_before_the_pooling(base: Path, tmp_path: Path, layer: str) -> None:
    models, body, _ = parts(base)
    before = (
        models.Normalize(module_input_name="token_embeddings")
        if layer == "Normalize"
        else models.Dense(32, 24, module_input_name="token_embeddings")
    )
    pooling = models.Pooling(32 if layer == "Normalize" else 24, pooling_mode=("max", "mean"))
    equal_vectors(written(tmp_path / "model", body, before, pooling))


@pytest.mark.parametrize("mode", ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"])
def test_prompts_that_are_not_pooled(base: Path, tmp_path: Path, mode: str) -> None:
    models, body, _ = parts(base)
    pooling = models.Pooling(32, pooling_mode=mode, include_prompt=False)
    folder = written(tmp_path / "model", body, pooling, prompts={"q": PROMPT}, default_prompt_name="q")
    equal_vectors(folder)
    if mode != "lasttoken":
        whole = encode(TEXTS[0], model=folder, prompt="").vector
        assert not numpy.allclose(whole, encode(TEXTS[0], model=folder).vector)


def test_the_prompt_is_left_out_of_the_first_window_alone(base: Path, tmp_path: Path) -> None:
    models, body, _ = parts(base)
    pooling = models.Pooling(32, pooling_mode="mean", include_prompt=False)
    folder = written(tmp_path / "model", body, pooling, prompts={"q": PROMPT}, default_prompt_name="q")
    edited(folder / "sentence_bert_config.json", max_seq_length=12)
    made = encode(" ".join(TEXTS), model=folder, long="window", stride=0)
    ready = torso.tasks.make_ready(torso.load(folder), torso.Task.FEATURES)
    ids = ready.tokenizer.encoding(PROMPT + " ".join(TEXTS), special=False).ids
    windows = [[101, *ids[at : at + 10], 102] for at in range(0, len(ids), 10)]
    wanted: list[torch.Tensor] = []
    for number, own in enumerate(windows):
        size = len(own)
        one = torso.Encoding(own, [0] * size, [(0, 0)] * size, [""] * size, [False] * size, [0] * size, [0] * size)
        with torch.no_grad():
            rows = ready.model(torso.pack([one])).hidden.rows
        wanted.append(rows[4 if number == 0 else 0 :].mean(0))  # [CLS] the cat :
    torch.testing.assert_close(torch.from_numpy(made.vector), torch.stack(wanted).mean(0), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["0_Transformer", "0_BERT"])
def test_a_transformer_in_a_folder_of_its_own(base: Path, tmp_path: Path, name: str) -> None:
    models, body, pooling = parts(base)
    folder = written(tmp_path / "model", body, pooling, models.Normalize())
    (folder / name).mkdir()
    for path in list(folder.iterdir()):
        if path.is_file() and path.name not in ("modules.json", "config_sentence_transformers.json"):
            path.rename(folder / name / path.name)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0] |= {"path": name, "type": "sentence_transformers.models.Transformer"}
    (folder / "modules.json").write_text(json.dumps(modules))
    equal_vectors(folder)
    assert torso.AutoModel.from_pretrained(folder).config.hidden_size == 32
    assert torso.AutoConfig.from_pretrained(folder).hidden_size == 32
    assert torso.AutoTokenizer.from_pretrained(folder)("the cat").input_ids == [101, 1996, 4937, 102]
    assert len(encode("the cat", model=torso.load(folder)).vector) == 32


@pytest.mark.parametrize(
    ("file", "values", "named"),
    [
        ("sentence_bert_config.json", {"max_seq_lenght": 6}, "max_seq_lenght = 6"),
        ("sentence_bert_config.json", {"query_length": 32}, "query_length"),
        ("sentence_bert_config.json", {"config_args": {"hidden_act": "relu"}}, "config_args.hidden_act"),
        ("sentence_bert_config.json", {"processing_kwargs": {"text": {"text_pair": "x"}}}, "text_pair"),
        ("sentence_bert_config.json", {"transformer_task": "fill-mask"}, "transformer_task"),
        ("sentence_bert_config.json", {"modality_config": {"message": {}}}, "modality_config"),
        ("config_sentence_transformers.json", {"sharpen": 0}, "sharpen = 0"),
        ("1_Pooling/config.json", {"power": 3}, "power = 3"),
        ("2_Normalize/config.json", {"p": 1}, "p = 1"),
        ("2_Normalize/config.json", {"module_output_name": "other"}, "module_output_name"),
    ],
)
def test_a_key_that_is_not_known(base: Path, tmp_path: Path, file: str, values: dict, named: str) -> None:
    models, body, pooling = parts(base)
    folder = written(tmp_path / "model", body, pooling, models.Normalize())
    edited(folder / file, **values)
    with pytest.raises(UnsupportedError, match=rf"{named}.*E_POOLING"):
        encode("x", model=folder)
    edited(folder / file, **dict.fromkeys(values))  # null says nothing
    encode("x", model=folder)


@pytest.mark.parametrize("kind", ["BoW", "WordEmbeddings", "Router"])
def test_models_without_a_transformer_are_refused_by_the_name_of_their_module(tmp_path: Path, kind: str) -> None:
    listed = [{"type": f"sentence_transformers.models.{kind}", "path": ""}]
    (tmp_path / "modules.json").write_text(json.dumps(listed))
    with pytest.raises(UnsupportedError, match=rf"'{kind}'.*E_POOLING"):
        encode("x", model=tmp_path)


# -- cross-encoders ----------------------------------------------------------------------------------------------------

QUERY, DOCUMENTS = "how to reset a login", ["the cat sits", "reset the login", "outside", "弱小的我"]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("scorer"), "ForSequenceClassification", num_labels=1)


def equal_scores(folder: Path) -> torso.tasks.Ranked:
    from sentence_transformers import CrossEncoder

    wanted = CrossEncoder(str(folder), device="cpu", local_files_only=True).predict([(QUERY, d) for d in DOCUMENTS])
    made = rerank(QUERY, DOCUMENTS, model=folder, long="truncate")
    assert [each.score for each in sorted(made, key=lambda each: each.index)] == pytest.approx(list(wanted), abs=1e-5)
    assert [each.index for each in made] == sorted(range(len(wanted)), key=lambda place: -wanted[place])
    return made


@pytest.mark.parametrize("activation", ["Identity", "Sigmoid", "Tanh", "Softplus"])
@pytest.mark.parametrize("prompt", [None, PROMPT])
def test_cross_encoders_of_today(scorer: Path, tmp_path: Path, activation: str, prompt: str | None) -> None:
    from sentence_transformers import CrossEncoder

    more = {} if prompt is None else {"prompts": {"q": prompt, "other": "x"}, "default_prompt_name": "q"}
    made = CrossEncoder(str(scorer), device="cpu", activation_fn=getattr(torch.nn, activation)(), **more)
    made.save(str(tmp_path / "model"))
    ranked = equal_scores(tmp_path / "model")
    assert ranked.measure == {"Identity": "logit"}.get(activation, activation.lower())
    assert ranked.query == QUERY


def test_lengths_and_case_of_cross_encoders(scorer: Path, tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    CrossEncoder(str(scorer), device="cpu").save(str(tmp_path / "model"))
    edited(tmp_path / "model" / "sentence_bert_config.json", max_seq_length=9, do_lower_case=True)
    equal_scores(tmp_path / "model")


def test_older_activations_still_count(scorer: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(scorer, tmp_path / "model")
    edited(folder / "config.json", sbert_ce_default_activation_function="torch.nn.modules.linear.Identity")
    assert equal_scores(folder).measure == "logit"


def test_what_a_cross_encoder_must_not_be_silent_about(scorer: Path, tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    folder = tmp_path / "model"
    CrossEncoder(str(scorer), device="cpu").save(str(folder))
    before = (folder / "config_sentence_transformers.json").read_text()
    for values, code in (
        ({"activation_fn": "mine.Softplus"}, "E_ACTIVATION"),
        ({"activation_fn": "torch.nn.Softmax"}, "E_ACTIVATION"),
        ({"scale": 2.5}, "scale = 2.5.*E_POOLING"),
    ):
        edited(folder / "config_sentence_transformers.json", **values)
        with pytest.raises(UnsupportedError, match=code):
            rerank(QUERY, DOCUMENTS, model=folder)
        (folder / "config_sentence_transformers.json").write_text(before)
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(
        json.dumps([*modules, {"type": "sentence_transformers.models.Dense", "path": "1_Dense"}])
    )
    with pytest.raises(TorsoError, match=r"'Dense'.*E_POOLING"):
        rerank(QUERY, DOCUMENTS, model=folder)


@pytest.mark.parametrize("offset", [80.0, 20.0, -120.0])
def test_texts_with_equal_scores_are_in_the_order_of_their_logits(scorer: Path, tmp_path: Path, offset: float) -> None:
    import transformers

    folder = shutil.copytree(scorer, tmp_path / "model")
    model = transformers.BertForSequenceClassification.from_pretrained(scorer)
    model.classifier.weight.data.mul_(10)
    model.classifier.bias.data.fill_(offset)
    model.save_pretrained(folder)
    texts = [*DOCUMENTS, "how to", "a login", "login, the cat"]
    edited(folder / "config.json", sbert_ce_default_activation_function="torch.nn.modules.linear.Identity")
    wanted = [each.index for each in rerank(QUERY, texts, model=folder)]
    edited(folder / "config.json", sbert_ce_default_activation_function=None)
    made = rerank(QUERY, texts, model=folder)
    assert [each.index for each in made] == wanted != list(range(len(texts)))
    scores = torch.tensor([each.score for each in made])
    assert len(set(scores.tolist())) < len(texts) or offset == -120.0, "some are equal in float32"
    assert [each.index for each in rerank(QUERY, texts, model=folder, top=2)] == wanted[:2]


@pytest.mark.parametrize("name", [["a"], {"a": 1}, 3, "b", True])
def test_a_default_prompt_that_is_no_prompt(base: Path, tmp_path: Path, name: object) -> None:
    _, body, pooling = parts(base)
    folder = written(tmp_path / "model", body, pooling)
    edited(folder / "config_sentence_transformers.json", prompts={"a": "x"}, default_prompt_name=name)
    with pytest.raises(TorsoError, match="E_POOLING"):
        encode("a", model=folder)
