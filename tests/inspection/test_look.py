"""The numbers of a look: those of the reference library, and what follows from them."""

from __future__ import annotations

import math

import pytest
import torch

import torso
from generation import small as writing
from tasks import small
from torso.architecture import Task
from torso.errors import InputError, NotAvailableError, TooLongError
from torso.inspection.layer_rows import principal_components
from torso.inspection.trained_heads import trained_heads

TEXT = "弱小的我也有大梦想！"


@pytest.fixture(scope="module")
def filler(tmp_path_factory):
    return small.save(tmp_path_factory.mktemp("masked"), Task.MASKED_LM)


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    return writing.llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    return writing.t5(tmp_path_factory.mktemp("t5"))


def reference(folder, text, kind):
    """Attention weights and hidden states of the reference library, for one text."""
    import transformers

    model = getattr(transformers, kind).from_pretrained(folder, attn_implementation="eager").eval()
    ids = torch.tensor([torso.load_tokenizer(folder).encoding(text).ids])
    with torch.no_grad():
        return model(ids, output_attentions=True, output_hidden_states=True)


def entropy(row):
    return -sum(value * math.log(value) for value in row.tolist() if value > 0)


@pytest.mark.parametrize(("model", "kind"), [("filler", "AutoModelForMaskedLM"), ("writer", "AutoModelForCausalLM")])
def test_attention_and_hidden_states_are_the_reference_s(model, kind, request) -> None:
    folder = request.getfixturevalue(model)
    text = TEXT if model == "filler" else "hello world, how are you"
    its, mine = reference(folder, text, kind), torso.look(folder, text)
    assert mine.depth() == len(its.attentions) == 2
    for layer, weights in enumerate(its.attentions):
        assert torch.allclose(mine.attention(layer), weights[0], atol=1e-5)
    assert repr(mine).startswith(f"Look({mine.name!r}, {text!r}, tokens={len(mine.tokens)}, layers=2, heads=[")
    rows = mine.layer_rows()
    states = torch.stack(its.hidden_states)[:, 0]
    assert torch.allclose(rows.norms, states.norm(dim=-1), rtol=1e-5, atol=1e-4)
    cosines = torch.nn.functional.cosine_similarity(states[1:], states[:-1], dim=-1)
    assert torch.allclose(rows.cosines, cosines, atol=1e-5)
    last = its.logits[0].softmax(-1).topk(5)
    lens = mine.logit_lens()
    assert torch.allclose(lens.probabilities[-1], last.values, atol=1e-5)
    assert torch.equal(lens.ids[-1, :, 0], last.indices[:, 0])


def test_the_lens_reads_earlier_layers_through_the_final_norm(writer) -> None:
    import transformers

    text = "hello world"
    its = reference(writer, text, "AutoModelForCausalLM")
    model = transformers.AutoModelForCausalLM.from_pretrained(writer)
    with torch.no_grad():
        wanted = model.lm_head(model.model.norm(its.hidden_states[1][0])).softmax(-1).topk(3).values
    assert torch.allclose(torso.look(writer, text).logit_lens(3).probabilities[1], wanted, atol=1e-5)


def test_heads_are_summarised_as_their_weights_say(filler) -> None:
    look = torso.look(filler, TEXT)
    summary = look.head_summary()
    assert summary.thumbnails.shape == (2, 4, 12, 12)
    for layer in range(2):
        for head in range(4):
            weights = look.attention(layer)[head]
            size = weights.shape[0]
            wanted = {
                "special": sum(float(weights[i, 0] + weights[i, -1]) for i in range(size)) / size,
                "itself": sum(float(weights[i, i]) for i in range(size)) / size,
                "previous": sum(float(weights[i, i - 1]) for i in range(1, size)) / (size - 1),
                "following": sum(float(weights[i, i + 1]) for i in range(size - 1)) / (size - 1),
                "entropy": sum(entropy(weights[i]) for i in range(size)) / size,
            }
            for name, value in wanted.items():
                assert float(getattr(summary, name)[layer, head]) == pytest.approx(value, abs=1e-5), name
            # There are fewer tokens than a thumbnail has cells.
            assert torch.allclose(summary.thumbnails[layer, head], weights, atol=1e-5)


def test_thumbnails_of_a_long_text_keep_the_largest_weights(filler, monkeypatch) -> None:
    monkeypatch.setattr("torso.inspection.look._ATTENTION_BYTES", 1)  # a pass for each layer
    look = torso.look(filler, TEXT * 4)
    thumbnails = look.head_summary().thumbnails
    assert thumbnails.shape == (2, 4, 16, 16)
    whole = torch.stack([look.attention(layer) for layer in range(2)])
    assert torch.allclose(thumbnails.amax((2, 3)), whole.amax((2, 3)), atol=1e-5)


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (1, 5), (5, 1), (3, 2)])
def test_the_projection_is_that_of_the_singular_values_and_the_same_each_time(shape) -> None:
    rows = torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    points, shares = principal_components(rows)
    again, _ = principal_components(rows.clone())
    assert torch.equal(points, again)
    values = torch.linalg.svdvals(rows.double() - rows.double().mean(0))
    for axis in range(2):
        wanted = float(values[axis]) if axis < len(values) else 0.0
        assert float(points[:, axis].double().norm()) == pytest.approx(wanted, abs=1e-5)
        total = float(values.square().sum())
        assert shares[axis] == pytest.approx(wanted**2 / total if total > 1e-20 else 0.0, abs=1e-9)


def test_an_encoder_decoder_has_three_kinds_of_attention(translator) -> None:
    look = torso.look(translator, "hello world", "hello")
    assert look.parts == ("encoder", "decoder", "cross")
    source, target = len(look.tokens), len(look.target_tokens)
    assert look.target_tokens[0].id == 0
    assert [token.id for token in look.target_tokens[1:]] == torso.load_tokenizer(translator).encoding("hello").ids[:-1]
    for part, shape in (("encoder", (source, source)), ("decoder", (target, target)), ("cross", (target, source))):
        weights = look.attention(0, part=part)
        assert weights.shape == (4, *shape)
        assert tuple(map(len, look.axes(part))) == shape
        assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-5)
        assert look.head_summary(part).thumbnails.shape[:2] == (1, 4)
    assert float(look.head_summary("cross").previous.sum()) == 0
    assert look.layer_rows("encoder").norms.shape == (2, source)
    assert look.layer_rows("decoder").norms.shape == (2, target)
    (answer,) = look.answers()
    assert answer.kind == "text"


def test_answers_are_the_tasks_own(filler, writer) -> None:
    (masks,) = torso.look(filler, "弱小的[MASK]").answers()
    assert masks.kind == "masks"
    wanted = torso.fill("弱小的[MASK]", model=filler)[0]
    assert [each["score"] for each in masks.data["masks"][0]] == pytest.approx(
        [each.score for each in wanted], abs=1e-5
    )
    (tokens,) = torso.look(writer, "hello").answers()
    assert tokens.kind == "next"
    scores = [each["score"] for each in tokens.data["tokens"]]
    assert scores == sorted(scores, reverse=True)
    found = torso.look("torso:sentiment", TEXT).answers()
    assert [each.task for each in found] == ["sequence-classification", "masked-lm"]
    label = torso.classify(TEXT)
    assert {each["label"]: each["score"] for each in found[0].data["scores"]} == pytest.approx(label.scores, abs=1e-5)


@pytest.mark.parametrize(
    ("task", "pair", "kind"),
    [
        (Task.QUESTION_ANSWERING, "大梦想", "answers"),
        (Task.QUESTION_ANSWERING, None, "needs"),
        (Task.MULTIPLE_CHOICE, "大梦想\n书", "scores"),
        (Task.MULTIPLE_CHOICE, "书", "needs"),
        (Task.NEXT_SENTENCE, "书", "scores"),
        (Task.NEXT_SENTENCE, None, "needs"),
        (Task.MASKED_LM, "书", "masks"),
        (Task.FEATURES, None, "needs"),
    ],
)
def test_each_head_answers_or_says_what_it_needs(task, pair, kind, tmp_path) -> None:
    small.save(tmp_path, task)
    assert trained_heads(tmp_path) == (() if task is Task.FEATURES else (task,))
    (answer,) = torso.look(tmp_path, "弱小的我", pair).answers()
    assert (answer.kind, answer.task, answer.trained) == (kind, task.name, True)


def test_heads_with_the_same_weights_are_told_apart_by_the_config(tmp_path) -> None:
    for task in (Task.SEQUENCE_CLASSIFICATION, Task.TOKEN_CLASSIFICATION):
        folder = small.save(tmp_path / task.name, task, labels=["a", "b"])
        assert trained_heads(folder) == (task,)
    # A config that names no class leaves both.
    config = tmp_path / "sequence-classification" / "config.json"
    config.write_text(config.read_text().replace('"BertForSequenceClassification"', '"Unknown"'))
    assert set(trained_heads(config.parent)) == {Task.SEQUENCE_CLASSIFICATION, Task.TOKEN_CLASSIFICATION}


def test_a_model_in_hand_is_looked_at_with_its_own_head(tmp_path) -> None:
    folder = small.save(tmp_path, Task.FEATURES)
    model = torso.load(folder, Task.TOKEN_CLASSIFICATION, labels=["a", "b"], new_head=True)
    look = torso.look(model, TEXT)
    assert look.heads == (Task.TOKEN_CLASSIFICATION,)
    (answer,) = look.answers()
    assert not answer.trained


def test_texts_that_are_too_long_are_refused_or_cut_and_said(filler) -> None:
    with pytest.raises(TooLongError) as caught:
        torso.look(filler, TEXT * 20)
    assert caught.value.code == "E_TOO_LONG"
    look = torso.look(filler, TEXT * 20, long="truncate", max_tokens=20)
    assert len(look.tokens) == 20
    assert (look.extent.tokens, look.extent.read, look.extent.span) == (202, 20, (0, 18))


def test_tokens_say_where_they_come_from(filler) -> None:
    look = torso.look(filler, "hello 弱𝄞", "书")
    assert [(token.token, token.piece, token.sequence) for token in look.tokens] == [
        ("[CLS]", "", None),
        ("hello", "hello", 0),
        ("弱", "弱", 0),
        ("[UNK]", "𝄞", 0),
        ("[SEP]", "", None),
        ("书", "书", 1),
        ("[SEP]", "", None),
    ]


def test_what_is_not_there_is_refused(filler, tmp_path) -> None:
    look = torso.look(filler, TEXT)
    for wrong, code in ((lambda: look.attention(2), "E_LAYER"), (lambda: look.attention(-1), "E_LAYER")):
        with pytest.raises(InputError) as caught:
            wrong()
        assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        look.attention(0, part="cross")
    assert caught.value.code == "E_PART"
    with pytest.raises(NotAvailableError) as caught:
        torso.look(small.save(tmp_path, Task.FEATURES), TEXT).logit_lens()
    assert caught.value.code == "E_NO_VOCABULARY_HEAD"
