"""What BART and its kin do beyond what every family does: targets, tables, files and blocks left out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lazy import LazyModule
from torso import Batch, Layout, Task, load, new_model
from torso.compat.padded_model import PaddedModel
from torso.errors import ConfigError, InputError, WeightsError
from torso.models.bart import BartConfig
from torso.models.mbart import MBartConfig

from .forms import rewritten, weights
from .reference import Reference, batch, close

transformers = LazyModule("transformers")

FAMILIES = ("bart", "mbart", "marian", "pegasus")
CHANCES = {"dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0}
TABLES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")


def logits(folder, given: dict[str, Tensor], **options) -> Tensor:
    with torch.no_grad():
        return PaddedModel(load(folder, Task.SEQ2SEQ_LM, **options))(**given).logits


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_training_leaves_out_the_blocks_that_the_reference_does(family, side, reference) -> None:
    made: Reference = reference(family, "plain", "features")
    changes = {**CHANCES, f"{side}_layerdrop": 0.5}
    ours = made.torso(changes=changes).train()
    settings = transformers.AutoConfig.from_pretrained(made.folder)
    for name, value in changes.items():
        setattr(settings, name, value)
    theirs = type(made.model).from_pretrained(made.folder, config=settings).train()
    given = batch(made, "right").shared
    here = given["decoder_attention_mask"].bool()
    met: list[Tensor] = []
    for seed in range(8):
        with torch.no_grad():
            torch.manual_seed(seed)
            mine = ours(**given).last_hidden_state[here]
            torch.manual_seed(seed)
            other = theirs(**given).last_hidden_state[here]
        close(mine, other)
        met.append(mine)
    assert len({float(each.sum()) for each in met}) > 2, "some seeds leave out other blocks than others"
    assert ours.eval()(**given).last_hidden_state[here].equal(made.torso()(**given).last_hidden_state[here])


def test_a_block_left_out_has_no_weights_and_the_rows_before_it(reference) -> None:
    made: Reference = reference("bart", "plain", "features")
    model = made.torso(changes={"decoder_layerdrop": 1.0, "dropout": 0.0}).train()
    out = model(**batch(made, "none").shared, output_hidden_states=True, output_attentions=True)
    assert out.decoder_hidden_states[0].equal(out.decoder_hidden_states[-1])
    assert len(out.encoder_attentions) == 2
    with pytest.raises(AttributeError):
        _ = out.cross_attentions


@pytest.mark.parametrize("family", ["bart", "mbart"])
def test_without_targets_the_decoder_reads_the_source(family, reference) -> None:
    made: Reference = reference(family, "plain", "features")
    given = {name: each for name, each in batch(made, "right").shared.items() if not name.startswith("decoder")}
    here = given["attention_mask"].bool()
    with torch.no_grad():
        ours, theirs = made.torso()(**given), made.model(**given)
    close(ours.last_hidden_state[here], theirs.last_hidden_state[here])


SMALL = {
    "vocab_size": 20,
    "d_model": 8,
    **{f"{side}_{name}": 1 for side in ("encoder", "decoder") for name in ("layers", "attention_heads", "ffn_dim")},
}


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (BartConfig(**SMALL, decoder_start_token_id=9), [9, 5, 6, 9, 9, 8]),
        (MBartConfig(**SMALL), [7, 5, 6, 4, 3, 8]),
    ],
)
def test_a_target_stands_behind_its_beginning(config, wanted) -> None:
    trunk = new_model(config, Task.FEATURES).trunk
    read = trunk.shifted(Batch(torch.tensor([5, 6, 7, 4, 8, 3]), Layout.of([3, 1, 2])))
    assert read.tokens.tolist() == wanted


def test_a_start_that_nobody_names_is_an_error_when_it_is_needed() -> None:
    model = PaddedModel(new_model(BartConfig(**SMALL, decoder_start_token_id=None), Task.SEQ2SEQ_LM))
    ids = torch.tensor([[4, 5]])
    assert model(ids, decoder_input_ids=ids).logits.shape == (1, 2, 20)
    with pytest.raises(ConfigError) as caught:
        model(ids, labels=ids)
    assert caught.value.code == "E_START"


@pytest.mark.parametrize("name", ["pad_token_id", "decoder_start_token_id"])
def test_a_token_that_the_table_does_not_have_is_refused(name) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 20; the table of tokens ends at 19") as caught:
        BartConfig(**SMALL | {name: 20})
    assert caught.value.code == "E_CONFIG"


def test_two_labels_without_names_are_two_in_the_reference_too(tmp_path) -> None:
    """The reference writes nothing of them and reads nothing as three."""
    new_model(BartConfig(**SMALL, num_labels=2), Task.SEQUENCE_CLASSIFICATION, seed=1).save(tmp_path)
    other = transformers.BartForSequenceClassification.from_pretrained(tmp_path)
    assert other.config.num_labels == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_every_form_of_a_file_gives_the_same_numbers(family, reference, tmp_path) -> None:
    """With a prefix or none, with the tables repeated or not, with what older versions wrote."""
    made: Reference = reference(family, "plain", "seq2seq-lm")
    given = batch(made, "right").shared
    wanted, tensors = logits(made.folder, given), weights(made.folder)
    shared = tensors["model.shared.weight"]
    repeated = tensors | {f"model.{name}": shared.clone() for name in TABLES} | {"lm_head.weight": shared.clone()}
    older = repeated | {"model.encoder.version": torch.tensor([3.0])}
    bare = {name.removeprefix("model."): each for name, each in older.items()}
    first = {name: each for name, each in repeated.items() if name != "model.shared.weight"}
    for name, form in {"repeated": repeated, "older": older, "bare": bare, "first": first}.items():
        assert logits(rewritten(made.folder, tmp_path / name, form), given).equal(wanted), name
    for name in (f"model.{TABLES[0]}", f"model.{TABLES[1]}", "lm_head.weight"):
        folder = rewritten(made.folder, tmp_path / f"bent-{name}", repeated | {name: shared + 1})
        with pytest.raises(WeightsError, match=name) as caught:
            logits(folder, given)
        assert caught.value.code == "E_TIED"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_without_a_vector_for_the_scores_adds_none(family, reference, tmp_path) -> None:
    made: Reference = reference(family, "plain", "seq2seq-lm")
    given, tensors = batch(made, "right", with_labels=False).shared, weights(made.folder)
    given["decoder_input_ids"] = given["input_ids"][:, :3]
    vector = tensors.pop("final_logits_bias")
    folder = rewritten(made.folder, tmp_path / "none", tensors)
    model = load(folder, Task.SEQ2SEQ_LM)
    assert model.report.absent == ("offset",)
    assert model.head_trained
    torch.testing.assert_close(logits(folder, given) + vector, logits(made.folder, given), rtol=1e-6, atol=1e-6)
    model.save(tmp_path / "again")
    assert "final_logits_bias" not in weights(tmp_path / "again")


def test_two_tables_may_repeat_the_decoder_s_as_output(reference, tmp_path) -> None:
    made: Reference = reference("marian", "two-tables", "seq2seq-lm")
    given, tensors = batch(made, "right").shared, weights(made.folder)
    table = tensors[f"model.{TABLES[1]}"]
    same = rewritten(made.folder, tmp_path / "same", tensors | {"lm_head.weight": table.clone()})
    assert logits(same, given).equal(logits(made.folder, given))
    bent = rewritten(made.folder, tmp_path / "bent", tensors | {"lm_head.weight": table + 1})
    with pytest.raises(WeightsError) as caught:
        logits(bent, given)
    assert caught.value.code == "E_TIED"
    assert load(reference("marian", "two-tables", "features").folder).report.prefix == ""


def test_each_side_is_held_to_its_own_table(reference) -> None:
    made: Reference = reference("marian", "two-tables", "seq2seq-lm")
    model, low, high = made.torso(), torch.tensor([[52]]), torch.tensor([[60]])
    with torch.no_grad():
        assert model(low, decoder_input_ids=high).logits.shape == (1, 1, 61)
        assert model(low, labels=high).loss > 0
    for options in ({"input_ids": high, "decoder_input_ids": low}, {"input_ids": low, "decoder_input_ids": high + 1}):
        with pytest.raises(InputError) as caught:
            model(**options)
        assert caught.value.code == "E_IDS"


def test_a_umt5_file_with_an_output_matrix_of_its_own_is_not_rescaled(reference, tmp_path) -> None:
    """The published ones are such. transformers 4 computed them so; 5 takes every config for tied, and rescales."""
    made: Reference = reference("umt5", "plain", "seq2seq-lm")
    other = type(made.model).from_pretrained(made.folder).eval()
    other.config.tie_word_embeddings = False
    table = torch.randn(other.lm_head.weight.shape, generator=torch.Generator().manual_seed(5))
    other.lm_head.weight = torch.nn.Parameter(table)
    tensors = {**weights(made.folder), "lm_head.weight": table}
    folder = rewritten(made.folder, tmp_path / "untied", tensors, tie_word_embeddings=False)
    given = batch(made, "right").shared
    here = given["labels"] >= 0
    with torch.no_grad():
        close(logits(folder, given)[here], other(**given).logits[here])
