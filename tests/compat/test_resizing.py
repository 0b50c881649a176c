"""A vocabulary that grows: tokens added, rows added, and folders that both libraries read with equal numbers."""

from __future__ import annotations

import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import TorsoError

transformers = LazyModule("transformers")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh", "good", "bad", "."]
TINY = dict(vocab_size=len(WORDS), initializer_range=0.3, pad_token_id=0, bos_token_id=2, eos_token_id=3)
BERT = dict(TINY, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16)
T5 = dict(
    TINY, d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2, decoder_start_token_id=0, initializer_factor=2.0
)
BART = dict(
    TINY, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
    encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=48, decoder_start_token_id=3,
    forced_eos_token_id=None,
)  # fmt: skip
KINDS = {
    "BertModel": ("BertConfig", BERT),
    "BertForMaskedLM": ("BertConfig", BERT),
    "BertForSequenceClassification": ("BertConfig", dict(BERT, num_labels=3)),
    "GPT2LMHeadModel": ("GPT2Config", dict(TINY, n_embd=16, n_layer=2, n_head=2, n_positions=48)),
    "LlamaForCausalLM": ("LlamaConfig", dict(BERT, num_key_value_heads=1, tie_word_embeddings=False)),
    "T5ForConditionalGeneration": ("T5Config", T5),
    "BartForConditionalGeneration": ("BartConfig", BART),
    "XLMRobertaForMaskedLM": ("XLMRobertaConfig", dict(BERT, max_position_embeddings=48)),
}
ADDED = ["好词", "<tag>"]
TEXT = "a 好词 good <tag> b"


def first(model, ids):
    extra = {"decoder_input_ids": ids[:, :3]} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), **extra)[0]


@pytest.fixture(scope="module", params=list(KINDS))
def folder(request, tmp_path_factory):
    name, values = KINDS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(3)
    getattr(transformers, request.param)(getattr(transformers, name)(**values)).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return request.param, folder


def grown(library, kind, folder):
    """The model and tokenizer of a library with two tokens more."""
    model = getattr(library, kind).from_pretrained(folder).eval()
    tokenizer = (library if library is torso else transformers).AutoTokenizer.from_pretrained(folder)
    assert tokenizer.add_tokens(ADDED) == 2
    table = model.resize_token_embeddings(len(tokenizer))
    assert table.weight.shape[0] == len(tokenizer) == len(WORDS) + 2 == model.config.vocab_size
    assert table is model.get_input_embeddings()
    return model, tokenizer


def test_both_libraries_grow_alike_and_read_each_others_folders(folder, tmp_path) -> None:
    kind, source = folder
    ours, theirs = grown(torso, kind, source), grown(transformers, kind, source)
    ids = ours[1](TEXT, return_tensors="pt").input_ids
    assert ids.tolist() == theirs[1](TEXT, return_tensors="pt").input_ids.tolist()
    assert ids.max() == len(WORDS) + 1
    wanted = first(ours[0], ids)
    torch.testing.assert_close(
        wanted, first(theirs[0], ids), rtol=0, atol=2e-4
    )  # there new rows are drawn about a mean
    for saved, reader, (model, tokenizer) in ((tmp_path / "a", transformers, ours), (tmp_path / "b", torso, theirs)):
        model.save_pretrained(saved)
        tokenizer.save_pretrained(saved)
        again = getattr(reader, kind).from_pretrained(saved).eval()
        torch.testing.assert_close(first(again, ids), first(model, ids), rtol=0, atol=1e-5)
        assert reader.AutoTokenizer.from_pretrained(saved)(TEXT)["input_ids"] == ids[0].tolist()


def test_new_rows_learn_and_old_parameters_are_the_same(folder) -> None:
    kind, source = folder
    model = getattr(torso, kind).from_pretrained(source)
    before = dict(model.named_parameters())
    model.resize_token_embeddings(len(WORDS) + 1, pad_to_multiple_of=8)
    rows = model.get_input_embeddings().weight
    assert rows.shape[0] == 24 == model.config.vocab_size
    after = dict(model.named_parameters())
    same = [name for name in after if after[name] is before[name]]
    changed = [name for name in after if after[name] is not before[name]]
    assert all(24 in after[name].shape for name in changed)
    assert len(same) > len(changed)
    first_of = model(torch.tensor([[5, 23]]), **({"decoder_input_ids": torch.tensor([[23]])} if kind[0] in "TB" and
                     model.config.is_encoder_decoder else {}))[0]  # fmt: skip
    first_of.square().sum().backward()
    assert rows.grad is not None
    assert rows.grad[23].abs().sum() > 0


def test_a_table_of_ones_own_is_taken(folder) -> None:
    kind, source = folder
    model = getattr(torso, kind).from_pretrained(source)
    table = torch.nn.Embedding(30, model.get_input_embeddings().embedding_dim)
    model.set_input_embeddings(table)
    assert model.get_input_embeddings().weight is table.weight
    assert model.config.vocab_size == 30
    with pytest.raises(TorsoError, match="E_ROWS"):
        model.set_input_embeddings(torch.nn.Embedding(30, 5))
    with pytest.raises(TorsoError, match="E_ROWS"):
        model.resize_token_embeddings(0)


def test_a_part_refers_to_the_whole_and_a_class_of_ones_own_to_its_part(folder) -> None:
    kind, source = folder
    if kind == "BertForSequenceClassification":
        model = torso.BertForSequenceClassification.from_pretrained(source)
        with pytest.raises(TorsoError, match=r"model\.resize_token_embeddings"):
            model.bert.resize_token_embeddings(40)
    if kind == "BertModel":

        class Mine(torso.BertPreTrainedModel):
            def __init__(self, config):
                super().__init__(config)
                self.bert = torso.BertModel(config)

        mine = Mine.from_pretrained(source)
        mine.resize_token_embeddings(40)
        assert mine.config.vocab_size == mine.bert.config.vocab_size == 40


@pytest.fixture
def tokenizer(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    transformers.BertTokenizerFast(vocab=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    return torso.AutoTokenizer.from_pretrained(tmp_path), transformers.AutoTokenizer.from_pretrained(tmp_path)


def test_special_tokens_are_named_and_added_as_there(tokenizer, tmp_path) -> None:
    ours, theirs = tokenizer
    asked = {"pad_token": "<p>", "eos_token": "good"}
    assert ours.add_special_tokens(asked) == theirs.add_special_tokens(asked) == 2
    assert (ours.pad_token, ours.pad_token_id, ours.eos_token_id) == (theirs.pad_token, theirs.pad_token_id, 13)
    assert ours.add_special_tokens({"additional_special_tokens": ["<u>"]}) == 1
    assert ours.add_tokens("a") == theirs.add_tokens("a") == 1
    assert ours.decode(ours("a <u> b")["input_ids"], skip_special_tokens=True) == "a b"
    ours.save_pretrained(tmp_path / "saved")
    for library in (torso, transformers):
        again = library.AutoTokenizer.from_pretrained(tmp_path / "saved")
        assert again("a <u> good b")["input_ids"] == ours("a <u> good b")["input_ids"]
        assert (again.pad_token, again.eos_token, len(again)) == ("<p>", "good", len(ours))


def test_names_sides_and_the_limit_can_be_assigned(tokenizer) -> None:
    ours, theirs = tokenizer
    other = torso.AutoTokenizer.from_pretrained(ours._folder)
    for each in (ours, theirs):
        each.pad_token = each.sep_token
        each.padding_side = "left"
        each.truncation_side = "left"
        each.model_max_length = 5
    texts = ["a b c d e f", "a"]
    assert dict(ours(texts, padding=True, truncation=True)) == dict(theirs(texts, padding=True, truncation=True))
    ours.pad_token_id = 4
    assert ours.pad_token == "[MASK]"
    assert (other.pad_token, other.padding_side, other.model_max_length) == ("[PAD]", "right", other.max_tokens)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("pad_token", "<new>", "E_TOKEN"),
        ("pad_token", 3, "E_FROZEN"),
        ("padding_side", "up", "E_ARGUMENT"),
        ("model_max_length", 0, "E_FROZEN"),
        ("vocab_size", 3, "E_FROZEN"),
        ("anything", 3, "E_FROZEN"),
    ],
)
def test_what_cannot_be_assigned_says_what_can(name, value, code, tokenizer) -> None:
    with pytest.raises(TorsoError) as caught:
        setattr(tokenizer[0], name, value)
    assert caught.value.code == code


@pytest.mark.parametrize("given", [3, "", [""], [None], {"a": 1}])
def test_what_is_no_token_is_refused(given, tokenizer) -> None:
    with pytest.raises(TorsoError, match="E_TOKEN"):
        tokenizer[0].add_tokens(given)
    with pytest.raises(TorsoError, match="pad_token"):
        tokenizer[0].add_special_tokens({"pad_tokn": "a"})
