"""What small configs and short texts do not show of later encoders: far distances, and files as they once were."""

from __future__ import annotations

import json

import pytest
import torch

from lazy import LazyModule
from torso import Task, blocks, load
from torso.compat.padded_model import PaddedModel
from torso.errors import TorsoError
from torso.inspection.trained_heads import trained_heads
from torso.nn import build
from torso.nn.disentangled import DisentangledBias
from torso.serve.model_functions import task_of

from .forms import rewritten, weights
from .reference import Reference, batch, close

transformers = LazyModule("transformers")


@pytest.mark.parametrize(("buckets", "furthest"), [(256, 512), (8, 20), (5, 30), (4, 1000), (32, 128), (255, 512)])
def test_buckets_are_the_reference_s_at_every_distance(buckets, furthest) -> None:
    """A logarithm that is rounded otherwise would fall into the next bucket."""
    from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

    places = torch.arange(2000)
    rows = torch.zeros(1, 2000, 1)
    wanted = build_relative_position(rows, rows, bucket_size=buckets, max_position=furthest)[0]
    found = build(blocks.LogDistances(1, buckets, furthest)).bucket(places[:, None] - places)
    assert found.equal(wanted)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (5, 5), (1, 6), (3, 7)])
def test_scores_are_those_of_each_pair(a, b) -> None:
    """The last query stands at the last key, however many queries there are."""
    dice = torch.Generator().manual_seed(a * b)
    table = build(blocks.Distances(2, 4))
    q, k = (torch.randn(2, 3, size, 2, generator=dice) for size in (a, b))
    keys, queries = (torch.randn(8, 3, 2, generator=dice) for _ in range(2))
    places = torch.zeros(0)
    found = DisentangledBias(table.index, keys, queries, 0.5).scores(q, k, places, places)
    for i in range(a):
        for j in range(b):
            row = min(max(i + b - a - j + 4, 0), 7)
            wanted = (q[:, :, i] * keys[row]).sum(-1) + (k[:, :, j] * queries[row]).sum(-1)
            torch.testing.assert_close(found[:, :, i, j], 0.5 * wanted)


def test_distances_are_dropped_in_training_after_their_norm() -> None:
    """In a whole model the same chance takes away all else too."""
    table = build(blocks.Distances(4, 3, norm=blocks.LayerNorm(4), dropout=1.0))
    assert not table.train().within(5)[0].any()
    assert table.eval().within(5)[0].all()


LONG = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 20}
DEBERTA = {
    "relative_attention": True,
    "pos_att_type": "p2c|c2p",
    "position_biased_input": False,
    "share_att_key": True,
    "position_buckets": 256,
}


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("deberta-v2", DEBERTA),
        ("deberta", {**DEBERTA, "max_relative_positions": 100}),
        ("modernbert", {"pad_token_id": 0, "local_attention": 128, "hidden_activation": "gelu"}),
    ],
)
def test_a_text_longer_than_every_window_and_span(family, values, tmp_path) -> None:
    settings = transformers.AutoConfig.for_model(family, **LONG, **values, initializer_range=0.2)
    settings._attn_implementation = "eager"
    reference = transformers.AutoModel.from_config(settings).eval()
    reference.save_pretrained(tmp_path)
    ids = torch.randint(1, 50, (1, 700), generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        ours, theirs = PaddedModel(load(tmp_path))(ids), reference(ids)
    close(ours.last_hidden_state, theirs.last_hidden_state)


@pytest.mark.parametrize("family", ["deberta", "deberta-v2"])
def test_a_masked_lm_head_under_its_later_names(family, reference, tmp_path) -> None:
    """The published files hold the head under the later names, and their configs say nothing: transformers drops it."""
    made: Reference = reference(family, "plain", "masked-lm")
    later = {
        "cls.predictions.transform.dense": "lm_predictions.lm_head.dense",
        "cls.predictions.transform.LayerNorm": "lm_predictions.lm_head.LayerNorm",
        "cls.predictions.bias": "lm_predictions.lm_head.bias",
    }
    tensors = {}
    for key, value in weights(made.folder).items():
        renamed = next((key.replace(old, new) for old, new in later.items() if key.startswith(old)), key)
        tensors[renamed] = value
    folder = rewritten(made.folder, tmp_path / "later", tensors)
    given = batch(made, "right", with_labels=False).shared
    with torch.no_grad():
        found = PaddedModel(load(folder, Task.MASKED_LM))(**given).logits
        wanted = made.torso()(**given).logits
    assert found.equal(wanted)


def test_the_words_of_the_first_modernbert_files(reference, tmp_path) -> None:
    """transformers writes none of them any more, but reads them."""
    made: Reference = reference("modernbert", "plain", "features")
    older = {"rope_parameters": None, "global_rope_theta": 200.0, "local_rope_theta": 20.0}
    pattern = {"layer_types": None, "global_attn_every_n_layers": 2}
    folder = rewritten(made.folder, tmp_path / "older", weights(made.folder), **older, **pattern)
    given = batch(made, "right").shared
    other = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        ours, theirs = PaddedModel(load(folder))(**given), other(**given)
    here = given["attention_mask"].bool()
    close(ours.last_hidden_state[here], theirs.last_hidden_state[here])


def test_the_words_of_the_first_nomic_files(reference, tmp_path) -> None:
    """They are GPT-2's; transformers skips them, and takes the sizes of the published models for all."""
    made: Reference = reference("nomic_bert", "stretched", "features")
    config = json.loads((made.folder / "config.json").read_text())
    names = {
        "hidden_size": "n_embd",
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
        "intermediate_size": "n_inner",
        "max_position_embeddings": "n_positions",
        "attention_probs_dropout_prob": "attn_pdrop",
        "layer_norm_eps": "layer_norm_epsilon",
    }
    older = {names.get(key, key): value for key, value in config.items() if key not in ("rope_parameters", "head_dim")}
    folder = rewritten(made.folder, tmp_path / "older", weights(made.folder))
    (folder / "config.json").write_text(json.dumps({**older, "rotary_emb_base": 300.0, "prenorm": False}))
    given = batch(made, "right").shared
    with torch.no_grad():
        linear = {"rope_parameters": {"rope_type": "linear", "factor": 2.0}}
        ours, wanted = PaddedModel(load(folder, changes=linear))(**given), made.torso()(**given)
    assert ours.last_hidden_state.equal(wanted.last_hidden_state)


NEW = {
    "model_type": "new",
    "rope_parameters": None,
    "rope_theta": 300.0,
    "position_embedding_type": "rope",
    "pack_qkv": True,
    "unpad_inputs": False,
    "logn_attention_scale": False,
}


@pytest.mark.parametrize("factor", [8.0, 2, 1])
def test_a_file_of_the_type_new_is_a_gte_with_ntk_angles(factor, reference, tmp_path) -> None:
    """Its code stands in no library; the angles are computed here as that code computes them."""
    made: Reference = reference("gte", "plain", "sequence-two")
    tensors = {f"new.{key.removeprefix('gte.')}": value for key, value in weights(made.folder).items()}
    tensors = {key.replace("new.classifier", "classifier"): value for key, value in tensors.items()}
    stated = {
        **NEW,
        "rope_scaling": {"type": "ntk", "factor": factor},
        "architectures": ["NewForSequenceClassification"],
    }
    folder = rewritten(made.folder, tmp_path / "new", tensors, **stated)
    other = type(made.model).from_pretrained(made.folder, attn_implementation="eager").eval()
    rotary = next(each for name, each in other.named_modules() if name.endswith("rotary_emb"))
    size = other.config.hidden_size // other.config.num_attention_heads
    rates = 1.0 / ((300.0 * factor) ** (torch.arange(0, size, 2).float() / size)) / factor ** (2 / size)
    rotary.inv_freq.copy_(rates)
    given = batch(made, "right", with_labels=False).shared
    model = load(folder, Task.SEQUENCE_CLASSIFICATION)
    with torch.no_grad():
        close(PaddedModel(model)(**given).logits, other(**given).logits)
    assert task_of(folder) is Task.SEQUENCE_CLASSIFICATION
    assert [*trained_heads(folder)][:1] == [Task.SEQUENCE_CLASSIFICATION]
    model.save(tmp_path / "again")
    assert load(tmp_path / "again", Task.SEQUENCE_CLASSIFICATION).config.rope() == model.config.rope()
    assert json.loads((tmp_path / "again/config.json").read_text())["model_type"] == "new"


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("nomic_bert", {"activation_function": "gelu"}),
        ("nomic_bert", {"prenorm": True}),
        ("gte", {"rope_parameters": None, "rope_scaling": {"type": "ntk", "factor": 2, "mixed_b": 0.6}}),
        ("gte", {"rope_parameters": None, "rope_scaling": {"type": "ntk", "factor": "2"}}),
        ("gte", {"rope_parameters": None, "rope_scaling": {"type": "ntk"}}),
        ("gte", {"logn_attention_scale": True}),
        ("gte", {"position_embedding_type": "absolute"}),
        ("deberta", {"talking_head": True}),
        ("deberta", {"pos_att_type": "p2p|c2p"}),
        ("deberta-v2", {"conv_kernel_size": 4}),
        ("modernbert", {"layer_types": ["full_attention"]}),
        ("modernbert", {"classifier_pooling": "max"}),
    ],
)
def test_what_is_not_implemented_is_refused_by_name(family, change, reference, tmp_path) -> None:
    made: Reference = reference(family, "plain", "features")
    folder = rewritten(made.folder, tmp_path / "other", weights(made.folder), **change)
    with pytest.raises(
        TorsoError, match="factor|mixed_b" if "rope_scaling" in change else next(iter(change))
    ) as caught:
        load(folder)
    assert caught.value.code in ("E_UNSUPPORTED", "E_CONFIG")
