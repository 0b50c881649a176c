"""``tag`` gives what the reference pipeline gives, in every way it has, and reads long texts in windows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import torso
from torso.architecture import Task
from torso.errors import InputError
from torso.tasks import make_ready, tag

from .reference import save, text_of, texts_of

pytestmark = pytest.mark.filterwarnings("ignore")
NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"]
WAYS = ["none", "simple", "first", "average", "max"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("ner"), "ForTokenClassification", id2label=dict(enumerate(NAMES)))


@pytest.fixture(scope="module")
def reference(folder: Path):
    import transformers

    return transformers.pipeline("token-classification", model=str(folder), tokenizer=str(folder), device="cpu")


def rows(text: str, wanted: list[dict]) -> list[tuple]:
    label = "entity" if wanted and "entity" in wanted[0] else "entity_group"
    return [
        (row[label], row["start"], row["end"], text[row["start"] : row["end"]], pytest.approx(row["score"], abs=1e-5))
        for row in wanted
    ]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_the_reference(folder: Path, reference, way: str) -> None:
    texts = [*texts_of(), "北京王明在清华大学读书 Wolfgang", "  a  b\tc\n"]
    for text, made in zip(texts, tag(texts, model=folder, aggregation=way), strict=True):
        found = [(span.label, span.start, span.end, span.text, span.score) for span in made]
        assert found == rows(text, reference(text, aggregation_strategy=way))


@pytest.mark.parametrize("way", WAYS[1:])
def test_windows_as_the_reference_reads_them(folder: Path, reference, way: str) -> None:
    text = text_of(1200)
    wanted = reference(text, aggregation_strategy=way, stride=64)
    made = tag(text, model=folder, aggregation=way, long="window", stride=64, merge="longest")
    found = [(span.label, span.start, span.end, span.text, span.score) for span in made]
    assert found == rows(text, wanted)
    assert made.extent.windows > 3


def test_chinese_without_spaces(tmp_path: Path) -> None:
    labels = ["O", "B-PER", "I-PER"]
    made = save(tmp_path, "ForTokenClassification", id2label=dict(enumerate(labels)))
    text = "王小明和李红在北京"
    spans = tag(text, model=made).spans
    assert all(text[span.start : span.end] == span.text for span in spans)
    by_character = tag(text, model=made, aggregation="none")
    assert all(len(span.text) == 1 for span in by_character)


def test_each_token_has_the_mean_of_its_windows(folder: Path) -> None:
    """Worked out once more from the model's own logits, token by token."""
    ready = make_ready(torso.load(folder, Task.TOKEN_CLASSIFICATION), Task.TOKEN_CLASSIFICATION)
    text = text_of(700)
    whole = ready.tokenizer.encoding(text, special=False)
    step = 510 - 100
    sums, times = torch.zeros(len(whole), len(NAMES)), torch.zeros(len(whole), 1)
    begin = 0
    while True:
        part = whole.ids[begin : begin + 510]
        ids = [101, *part, 102]
        size = len(ids)
        encoding = torso.Encoding(ids, [0] * size, [(0, 0)] * size, [""] * size, [False] * size, [0] * size, [0] * size)
        with torch.no_grad():
            sums[begin : begin + len(part)] += ready.model(torso.pack([encoding])).logits[1:-1]
        times[begin : begin + len(part)] += 1
        if begin + 510 >= len(whole):
            break
        begin += step
    scores = (sums / times).softmax(-1)
    wanted = [
        (NAMES[int(row.argmax())], *span, pytest.approx(float(row.max()), abs=1e-5))
        for row, span in zip(scores, whole.spans, strict=True)
        if int(row.argmax())
    ]
    made = tag(text, model=ready, aggregation="none", long="window", stride=100)
    assert [(span.label, span.start, span.end, span.score) for span in made] == wanted
    assert made.extent.merge == "mean"


def test_an_unknown_way_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="no aggregation 'word'"):
        tag("x", model=folder, aggregation="word")  # pyright: ignore[reportArgumentType, reportCallIssue]


BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def tagger(folder: Path, words: list[str], labels: list[str], gives: dict[str, str]) -> Path:
    """A folder whose model gives each token the label that ``gives`` names, and others the first one."""
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *words])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder.mkdir()
    made.save(str(folder / "tokenizer.json"))
    settings = '{"tokenizer_class": "BertTokenizer", "do_lower_case": false, "model_max_length": 64}'
    (folder / "tokenizer_config.json").write_text(settings)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=64, id2label=dict(enumerate(labels)), label2id={x: i for i, x in enumerate(labels)},
    )  # fmt: skip
    model = transformers.BertForTokenClassification(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "output.dense" in name or "position_emb" in name or "token_type" in name:
                parameter.zero_()
        table = model.bert.embeddings.word_embeddings.weight
        for word, number in vocabulary.items():
            table[number, labels.index(gives.get(word, labels[0]))] += 3
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
        for number in range(len(labels)):
            model.classifier.weight[number, number] = 1
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("text", "words", "labels", "gives", "wanted"),
    [
        ("ผมไปกรุงเทพ", ["ผม", "##ไป", "##กรุงเทพ"], BIO, {"##กรุงเทพ": "B-LOC"}, [("กรุงเทพ", "LOC")]),
        ("ຂ້ອຍໄປວຽງ", ["ຂ້ອຍ", "##ໄປ", "##ວຽງ"], BIO, {"##ວຽງ": "B-LOC"}, [("ວຽງ", "LOC")]),
        ("श्याम दिल्ली", ["श्", "##याम", "दिल्ली"], BIO, {"श्": "B-PER"}, [("श्याम", "PER")]),
        ("Jose\u0301 in", ["Jose", "##\u0301", "in"], BIO, {"Jose": "B-PER"}, [("Jose\u0301", "PER")]),
        ("שָׁלוֹם in", ["שָׁ", "##לוֹם", "in"], BIO, {"שָׁ": "B-PER"}, [("שָׁלוֹם", "PER")]),
        ("مح\u0651مد in", ["مح", "##\u0651مد", "in"], BIO, {"مح": "B-PER"}, [("مح\u0651مد", "PER")]),
        ("சென்னை in", ["சென்", "##னை", "in"], BIO, {"சென்": "B-LOC"}, [("சென்னை", "LOC")]),
        ("ｶﾞ in", ["ｶ", "##ﾞ", "in"], BIO, {"ｶ": "B-PER"}, [("ｶﾞ", "PER")]),
        (
            "Ann Lee in", ["Ann", "Lee", "in"], ["O", "PER-B", "PER-I"], {"Ann": "PER-B", "Lee": "PER-I"},
            [("Ann Lee", "PER")],
        ),
        (
            "Ann Lee id", ["Ann", "Lee", "id"], ["O", "F_NAME", "L_NAME", "U_ID"],
            {"Ann": "F_NAME", "Lee": "L_NAME", "id": "U_ID"}, [("Ann", "F_NAME"), ("Lee", "L_NAME"), ("id", "U_ID")],
        ),
        (
            "Ann Lee in", ["Ann", "Lee", "in"], ["o", "b-per", "i-per"], {"Ann": "b-per", "Lee": "i-per"},
            [("Ann Lee", "per")],
        ),
    ],
)  # fmt: skip
def test_words_and_labels_of_many_kinds(
    tmp_path: Path, text: str, words: list[str], labels: list[str], gives: dict[str, str], wanted: list[tuple[str, str]]
) -> None:
    made = tag(text, model=tagger(tmp_path / "model", words, labels, gives))
    assert [(span.text, span.label) for span in made] == wanted


@pytest.mark.parametrize("aggregation", ["none", "simple", "first", "average", "max"])
def test_a_byte_level_vocabulary_with_a_token_of_two_hashes(tmp_path: Path, aggregation: str) -> None:
    """GPT-2's and RoBERTa's have it; what goes on a word is then still judged by spaces, as the reference does."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    settings = {"special_tokens": special, "initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
    trainer = trainers.BpeTrainer(vocab_size=280, show_progress=False, **settings)
    made.train_from_iterator(["## the cat sits outside the cat sits ##"] * 9, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=64, **{f"{name}_token": token for name, token in names.items()}
    ).save_pretrained(tmp_path)
    config = transformers.RobertaConfig(
        vocab_size=made.get_vocab_size(), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, initializer_range=0.5,
        id2label=dict(enumerate(BIO)), label2id={label: number for number, label in enumerate(BIO)},
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.RobertaForTokenClassification(config).save_pretrained(tmp_path)
    assert "##" in made.get_vocab()
    text = "Müller ## visits Köln and Żabno often, the cat outsides"
    reference = transformers.pipeline(
        "token-classification", str(tmp_path), aggregation_strategy=aggregation, device="cpu", ignore_labels=["O"]
    )
    wanted = [(each["start"], each["end"]) for each in reference(text)]
    assert [(span.start, span.end) for span in tag(text, model=tmp_path, aggregation=aggregation)] == wanted  # pyright: ignore[reportArgumentType, reportCallIssue]
