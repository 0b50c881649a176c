"""One checkpoint in every form it has on the Hub gives the same numbers, through the real loader."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from torso import Task, load
from torso.compat.padded_model import PaddedModel
from torso.errors import TorsoError

from .forms import FORMS, old_norms, rewritten, weights, with_prefix
from .reference import Reference, batch

HEADS = ("classifier", "cls.", "qa_outputs")


@pytest.fixture
def made(reference) -> Reference:
    return reference("bert", "plain", "sequence-single")


def logits(made: Reference, folder, task=Task.SEQUENCE_CLASSIFICATION, **options) -> Tensor:
    with torch.no_grad():
        return PaddedModel(load(folder, task, **options))(**batch(made, "right", with_labels=False).shared)[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", ["bert.", ""])
@pytest.mark.parametrize("norms", ["weight", "gamma"])
def test_every_form_gives_the_same_numbers(made, form, prefix, norms, tmp_path) -> None:
    tensors = with_prefix(weights(made.folder), prefix, HEADS)
    tensors = old_norms(tensors) if norms == "gamma" else tensors
    folder = rewritten(made.folder, tmp_path / "form", tensors, form)
    model = load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert logits(made, folder).equal(logits(made, made.folder))
    assert model.report.prefix == prefix
    assert len(model.report.files) == (3 if form.startswith("sharded") else 1)
    assert model.report.unclaimed == ()


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize(("dtype", "name"), [(torch.float16, "F16"), (torch.bfloat16, "BF16"), (torch.float64, "F64")])
def test_other_number_formats_run_in_fp32_on_a_cpu(made, form, dtype, name, tmp_path) -> None:
    tensors = {key: value.to(dtype) for key, value in weights(made.folder).items()}
    folder = rewritten(made.folder, tmp_path / "other", tensors, form)
    rounded = rewritten(made.folder, tmp_path / "rounded", {key: each.float() for key, each in tensors.items()})
    model = load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert (model.dtype, model.report.saved_dtype) == (torch.float32, name)
    assert logits(made, folder).equal(logits(made, rounded))
    for asked in (dtype, str(dtype), str(dtype).removeprefix("torch."), "auto"):
        assert load(folder, Task.SEQUENCE_CLASSIFICATION, dtype=asked).dtype == dtype
    torch.testing.assert_close(logits(made, folder, dtype=dtype).float(), logits(made, folder), rtol=0.1, atol=0.1)
    again = load(folder, Task.SEQUENCE_CLASSIFICATION, dtype=dtype)
    again.save(tmp_path / "again")
    assert all(value.equal(tensors[key]) for key, value in weights(tmp_path / "again").items())


@pytest.mark.parametrize("dtype", ["int8", "float8", "", torch.int64, 32])
def test_a_format_that_models_do_not_run_in_is_refused(made, dtype) -> None:
    with pytest.raises(TorsoError) as caught:
        load(made.folder, Task.SEQUENCE_CLASSIFICATION, dtype=dtype)
    assert caught.value.code == "E_DTYPE"


def test_position_ids_and_other_heads_are_left_over_in_silence(made, tmp_path, capfd) -> None:
    tensors = weights(made.folder)
    tensors["bert.embeddings.position_ids"] = torch.arange(20)[None]
    tensors["cls.predictions.bias"] = torch.zeros(53)
    folder = rewritten(made.folder, tmp_path / "more", tensors)
    assert logits(made, folder).equal(logits(made, made.folder))
    report = load(folder, Task.FEATURES).report
    assert set(report.unclaimed) == {
        "bert.embeddings.position_ids",
        "cls.predictions.bias",
        "classifier.weight",
        "classifier.bias",
    }
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("prefix", ["bert.", ""])
def test_without_a_pooler_there_is_none_and_never_a_random_one(made, prefix, tmp_path) -> None:
    tensors = {key: value for key, value in weights(made.folder).items() if "pooler" not in key}
    folder = rewritten(made.folder, tmp_path / "bare", with_prefix(tensors, prefix, HEADS))
    model = load(folder)
    given = batch(made, "right", with_labels=False).shared
    with torch.no_grad():
        out = PaddedModel(model)(**given)
    assert model.report.absent == ("pooler",)
    assert model.report.new == ()
    assert list(out.keys()) == ["last_hidden_state"]
    assert (*out,) == (out.last_hidden_state,)
    for ask in (lambda: out.pooler_output, lambda: out["pooler_output"]):
        with pytest.raises(AttributeError) as caught:
            ask()
        assert caught.value.code == "E_NO_POOLER"
    from .test_packing import packed, texts

    with torch.no_grad():
        features = model(packed(texts(made)))
    assert features.pooled_or_none is None
    with pytest.raises(TorsoError) as caught:
        _ = features.pooled
    assert caught.value.code == "E_NO_POOLER"
    model.save(tmp_path / "again")
    assert weights(tmp_path / "again").keys() == {key for key in weights(folder) if not key.startswith(HEADS)}
    model.set({"hidden_dropout_prob": 0.0})
    assert not hasattr(PaddedModel(model)(**given), "pooler_output")


def test_a_head_over_an_absent_pooler_is_partly_new(made, tmp_path) -> None:
    tensors = {key: value for key, value in weights(made.folder).items() if "pooler" not in key}
    folder = rewritten(made.folder, tmp_path / "bare", tensors)
    with pytest.raises(TorsoError, match=r"lacks bert\.pooler\.dense\.weight") as caught:
        load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert caught.value.code == "E_NO_HEAD"
    model = load(folder, Task.SEQUENCE_CLASSIFICATION, new_head=True)
    assert model.report.new == ("head.mlp.dense.weight", "head.mlp.dense.bias")
    assert not model.head_trained
    assert model.head.out.weight.equal(weights(made.folder)["classifier.weight"])


MISSING = "bert.encoder.layer.1.attention.self.key.weight"


def test_a_missing_tensor_of_the_trunk_is_an_error_that_names_it(made, tmp_path) -> None:
    tensors = {
        key: value
        for key, value in weights(made.folder).items()
        if key not in (MISSING, "bert.embeddings.LayerNorm.bias")
    }
    folder = rewritten(made.folder, tmp_path / "less", tensors)
    for options in ({}, {"new_head": True}, {"allow": [MISSING]}):
        with pytest.raises(TorsoError) as caught:
            load(folder, Task.SEQUENCE_CLASSIFICATION, **options)
        assert caught.value.code == "E_MISSING"
        assert (MISSING in str(caught.value)) == (not options.get("allow"))
        assert "bert.embeddings.LayerNorm.bias" in str(caught.value)
    model = load(folder, Task.SEQUENCE_CLASSIFICATION, allow=[MISSING, "bert.embeddings.LayerNorm.bias"])
    assert set(model.report.new) == {
        "trunk.layers.1.attn.qkv.weight",
        "trunk.embed.norm.bias",
    }


@pytest.mark.parametrize("prefix", ["bert.", ""])
@pytest.mark.parametrize(
    "stranger",
    ["encoder.layer.1.attention.self.distance_embedding.weight", "encoder.layer.0.adapter.weight", "embeddings.factor"],
)
def test_a_tensor_the_trunk_has_no_place_for_is_an_error_unless_allowed(made, prefix, stranger, tmp_path) -> None:
    tensors = with_prefix(weights(made.folder), prefix, HEADS) | {prefix + stranger: torch.ones(2, 2)}
    folder = rewritten(made.folder, tmp_path / "more", tensors)
    with pytest.raises(TorsoError) as caught:
        load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert caught.value.code == "E_UNCLAIMED"
    assert prefix + stranger in str(caught.value)
    assert load(folder, Task.SEQUENCE_CLASSIFICATION, allow=[prefix + stranger]).report.unclaimed == (
        prefix + stranger,
    )


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("bert.encoder.layer.0.attention.output.dense.weight", (24, 25)),
        ("bert.encoder.layer.1.attention.self.value.bias", (23,)),
        ("bert.encoder.layer.1.attention.self.query.weight", (24, 25)),
        ("bert.encoder.layer.1.output.LayerNorm.weight", (1,)),
        ("bert.encoder.layer.1.output.LayerNorm.weight", ()),
    ],
)
def test_another_shape_is_an_error_with_both(made, key, shape, tmp_path) -> None:
    folder = rewritten(made.folder, tmp_path / "bent", weights(made.folder) | {key: torch.ones(shape)})
    with pytest.raises(TorsoError) as caught:
        load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert caught.value.code == "E_SHAPE"
    assert key in str(caught.value)


def test_parts_that_do_not_fit_together_although_their_sum_does(made, tmp_path) -> None:
    stem = "bert.encoder.layer.1.attention.self."
    bent = {f"{stem}query.weight": torch.ones(25, 24), f"{stem}key.weight": torch.ones(23, 24)}
    bent |= {f"{stem}query.bias": torch.ones(24), f"{stem}key.bias": torch.ones(24)}
    folder = rewritten(made.folder, tmp_path / "bent", weights(made.folder) | bent)
    with pytest.raises(TorsoError) as caught:
        load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert caught.value.code == "E_SHAPE"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_size", 48),
        ("num_hidden_layers", 3),
        ("num_hidden_layers", 1),
        ("vocab_size", 54),
        ("intermediate_size", 41),
        ("max_position_embeddings", 512),
        ("type_vocab_size", 1),
    ],
)
def test_a_size_that_the_weights_contradict_is_refused_with_both(made, name, value, tmp_path) -> None:
    folder = rewritten(made.folder, tmp_path / "other", weights(made.folder), **{name: value})
    with pytest.raises(TorsoError) as caught:
        load(folder, Task.SEQUENCE_CLASSIFICATION)
    assert caught.value.code == "E_CONFIG_WEIGHTS"
    assert f"{name} = {value}; the weights hold {getattr(made.config, name)}" in str(caught.value)


@pytest.mark.parametrize("form", ["safetensors", "zip"])
def test_a_tied_decoder_may_be_repeated_but_not_differ(reference, form, tmp_path) -> None:
    made = reference("bert", "plain", "masked-lm")
    tensors = weights(made.folder)
    table = tensors["bert.embeddings.word_embeddings.weight"]
    repeated = {
        "cls.predictions.decoder.weight": table.clone(),
        "cls.predictions.decoder.bias": tensors["cls.predictions.bias"].clone(),
    }
    same = rewritten(made.folder, tmp_path / "same", tensors | repeated, form)
    assert logits(made, same, Task.MASKED_LM).equal(logits(made, made.folder, Task.MASKED_LM))
    for key, value in repeated.items():
        bent = value.clone()
        bent.view(-1)[3] += 1e-3
        folder = rewritten(made.folder, tmp_path / key, tensors | {key: bent}, form)
        with pytest.raises(TorsoError) as caught:
            load(folder, Task.MASKED_LM)
        assert caught.value.code == "E_TIED"
        assert key in str(caught.value)
        load(folder, Task.FEATURES)  # what is not used cannot be wrong


def test_a_pooler_that_a_head_does_not_read_is_left_over(made, tmp_path) -> None:
    import json

    folder = rewritten(made.folder, tmp_path / "unnamed", weights(made.folder))
    config = json.loads((folder / "config.json").read_text())
    del config["architectures"]  # which tell whose head it is
    (folder / "config.json").write_text(json.dumps(config))
    model = load(folder, Task.TOKEN_CLASSIFICATION)  # the same key as the sequence head's, and no pooler before it
    assert model.report.unclaimed == ("bert.pooler.dense.bias", "bert.pooler.dense.weight")


def test_without_a_model_type_the_weights_tell(made, tmp_path) -> None:
    import json

    folder = rewritten(made.folder, tmp_path / "old", weights(made.folder))
    config = json.loads((folder / "config.json").read_text())
    del config["model_type"], config["architectures"]
    (folder / "config.json").write_text(json.dumps(config))
    assert logits(made, folder).equal(logits(made, made.folder))
    strange = rewritten(made.folder, tmp_path / "strange", {"weight": torch.ones(2, 2)})
    (strange / "config.json").write_text(json.dumps(config))
    with pytest.raises(TorsoError) as caught:
        load(strange)
    assert caught.value.code == "E_NO_MODEL_TYPE"


def test_labels_of_the_file_and_of_the_call(made, tmp_path) -> None:
    names = ["a", "b", "c", "d"]
    assert list(load(made.folder, Task.SEQUENCE_CLASSIFICATION, labels=names).config.id2label.values()) == names
    assert load(made.folder, Task.SEQUENCE_CLASSIFICATION, labels=names).head_trained
    for options in ({"num_labels": 3}, {"labels": names[:3]}):
        with pytest.raises(TorsoError, match="classifies into 4 labels") as caught:
            load(made.folder, Task.SEQUENCE_CLASSIFICATION, **options)
        assert caught.value.code == "E_LABELS"
        fresh = load(made.folder, Task.SEQUENCE_CLASSIFICATION, new_head=True, **options)
        assert fresh.head.out.weight.shape == (3, 24)
        assert set(fresh.report.new) == {"head.out.weight", "head.out.bias"}
    with pytest.raises(TorsoError, match="has no labels of its own"):
        load(made.folder, Task.FEATURES, num_labels=3)
    for wrong in ("ab", ["a", "a"], []):
        with pytest.raises(TorsoError, match="list of different names"):
            load(made.folder, Task.SEQUENCE_CLASSIFICATION, labels=wrong)


def test_tasks_have_names_and_families_their_tasks(made) -> None:
    assert load(made.folder, "sequence-classification").task is Task.SEQUENCE_CLASSIFICATION
    with pytest.raises(TorsoError, match="Use sequence-classification") as caught:
        load(made.folder, "sequence-clasification")
    assert caught.value.code == "E_TASK"
    with pytest.raises(TorsoError, match="has no head for causal-lm") as caught:
        load(made.folder, Task.CAUSAL_LM)
    assert caught.value.code == "E_TASK_UNSUPPORTED"
