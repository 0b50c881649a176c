"""Pipelines: the reference's words, arguments and shapes, and its numbers where it still has the task."""

from __future__ import annotations

import numpy
import pytest
import torch

import torso
from lazy import LazyModule
from text.vocabularies import folder_of
from torso.compat.pipelines import supported_tasks
from torso.errors import InputTypeError, TorsoError, UntrainedError

transformers = LazyModule("transformers")

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *"abcdefgh",
    "##a",
    "##b",
    "##c",
    "good",
    "bad",
    "is",
    "this",
    ".",
]
SMALL = dict(
    vocab_size=len(WORDS),
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=16,
    max_position_embeddings=48,
    initializer_range=0.4,
)
TEXTS = ["good bad a.", "this is good", "ab c bad bad is a"]
NAMES = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC"}
KINDS = {
    "BertForSequenceClassification": dict(
        id2label={0: "entailment", 1: "neutral", 2: "contradiction"},
        label2id={"entailment": 0, "neutral": 1, "contradiction": 2},
    ),
    "BertForTokenClassification": dict(id2label=NAMES),
    "BertForMaskedLM": {},
    "BertForQuestionAnswering": {},
    "BertModel": {},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for kind, values in KINDS.items():
        folder = made[kind] = tmp_path_factory.mktemp(kind)
        torch.manual_seed(3)
        getattr(transformers, kind)(transformers.BertConfig(**SMALL, **values)).save_pretrained(folder)
        (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
        transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return made


def same(ours, theirs, where: str = "") -> None:
    """Equal in shape and text, and to 1e-5 in numbers."""
    assert isinstance(ours, list) == isinstance(theirs, list), where
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), where
        for key in theirs:
            same(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            same(mine, other, f"{where}[{number}]")
    elif isinstance(theirs, str) or theirs is None:
        assert ours == theirs, where
    else:
        assert float(ours) == pytest.approx(float(theirs), abs=1e-5), where


MASKED = ["good [MASK] a", "this is [MASK]."]
CALLS = [
    ("text-classification", "BertForSequenceClassification", {}, TEXTS[0], {}),
    ("text-classification", "BertForSequenceClassification", {}, TEXTS, {}),
    ("sentiment-analysis", "BertForSequenceClassification", {}, TEXTS, {"top_k": 2}),
    ("text-classification", "BertForSequenceClassification", {}, TEXTS[0], {"top_k": None}),
    ("text-classification", "BertForSequenceClassification", {"top_k": None}, TEXTS[0], {}),
    ("text-classification", "BertForSequenceClassification", {"top_k": 1}, TEXTS[0], {}),
    ("text-classification", "BertForSequenceClassification", {"top_k": 1}, TEXTS, {}),
    ("text-classification", "BertForSequenceClassification", {"top_k": 1}, {"text": "good", "text_pair": "bad"}, {}),
    ("text-classification", "BertForSequenceClassification", {}, {"text": "good", "text_pair": "bad"}, {}),
    ("token-classification", "BertForTokenClassification", {}, TEXTS[2], {}),
    ("ner", "BertForTokenClassification", {}, TEXTS, {}),
    ("ner", "BertForTokenClassification", {"aggregation_strategy": "simple"}, TEXTS, {}),
    ("ner", "BertForTokenClassification", {}, TEXTS, {"aggregation_strategy": "first"}),
    ("ner", "BertForTokenClassification", {"aggregation_strategy": "max"}, TEXTS[2], {}),
    ("fill-mask", "BertForMaskedLM", {}, MASKED[0], {}),
    ("fill-mask", "BertForMaskedLM", {"top_k": 3}, MASKED, {}),
    ("fill-mask", "BertForMaskedLM", {}, "a [MASK] b [MASK]", {"top_k": 2}),
    ("feature-extraction", "BertModel", {}, TEXTS[0], {}),
    ("feature-extraction", "BertModel", {}, TEXTS, {}),
    (
        "zero-shot-classification",
        "BertForSequenceClassification",
        {},
        TEXTS[0],
        {"candidate_labels": ["a", "b", "bad"]},
    ),
    (
        "zero-shot-classification",
        "BertForSequenceClassification",
        {"hypothesis_template": "is {}."},
        TEXTS,
        {"candidate_labels": "a, good", "multi_label": True},
    ),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_results_are_those_of_the_reference(number, folders) -> None:
    task, kind, made, inputs, asked = CALLS[number]
    folder = str(folders[kind])
    ours = torso.pipeline(task, model=folder, **made)(inputs, **asked)
    theirs = transformers.pipeline(task, model=folder, **made)(inputs, **asked)
    same(ours, theirs)


def test_tokens_with_marks_of_spaces_are_those_of_the_reference(tmp_path) -> None:
    folder_of("gpt2", tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.add_special_tokens({"mask_token": "<mask>"})
    tokenizer.save_pretrained(tmp_path)
    torch.manual_seed(1)
    config = transformers.RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=40, initializer_range=0.5,
    )  # fmt: skip
    transformers.RobertaForMaskedLM(config).save_pretrained(tmp_path)
    text = "how<mask> are you"
    ours = torso.pipeline("fill-mask", model=str(tmp_path))(text, top_k=200)
    theirs = transformers.pipeline("fill-mask", model=str(tmp_path))(text, top_k=200)
    assert sum(each["token_str"].startswith(" ") for each in theirs) > 3
    same(ours, theirs)


def test_inputs_come_as_lists_arrays_columns_or_from_a_generator(folders) -> None:
    import pandas

    pipe = torso.pipeline("text-classification", model=str(folders["BertForSequenceClassification"]))
    wanted = pipe(TEXTS)
    for given in (tuple(TEXTS), numpy.array(TEXTS), pandas.Series(TEXTS), iter(TEXTS), (each for each in TEXTS)):
        assert pipe(given) == wanted
    masks = torso.pipeline("fill-mask", model=str(folders["BertForMaskedLM"]))
    assert masks(pandas.Series(MASKED)) == masks(MASKED)
    for wrong in (None, 3, {"txt": "good"}, {"text": 3}, {"text": "good", "label": "bad"}, [{"text": None}], {"good"}):
        with pytest.raises(InputTypeError):
            pipe(wrong)
    for wrong in (None, 3, [3], [None], {"text": "a [MASK]"}):
        with pytest.raises(InputTypeError):
            masks(wrong)


def test_answers_have_the_shapes_that_the_reference_gave(folders) -> None:
    pipe = torso.pipeline("question-answering", model=str(folders["BertForQuestionAnswering"]))
    one = pipe(question="is this good", context="a b bad good c .")
    assert list(one) == ["score", "start", "end", "answer"]
    assert "a b bad good c ."[one["start"] : one["end"]] == one["answer"]
    assert pipe({"question": "is this good", "context": "a b bad good c ."}) == one
    several = pipe(question=["is this good", "bad"], context="a b bad good c .")
    assert several[0] == pytest.approx(one)
    ranked = pipe(question="is this good", context="a b bad good c .", top_k=3)
    assert len(ranked) > 1
    assert ranked[0]["answer"] == one["answer"]
    with pytest.raises(TorsoError, match="question and its context"):
        pipe(question="is this good")
    with pytest.raises(TorsoError, match="2 questions and 1 contexts"):
        pipe(question=["is this good", "bad"], context=["a b bad good c ."])


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("writer")
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(WORDS),
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=64,
        bos_token_id=2,
        eos_token_id=3,
        initializer_range=0.4,
        pad_token_id=0,
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def test_texts_are_those_of_the_reference(writer) -> None:
    """By the model's own generate: BERT's tokenizer gives segments, which the reference's pipeline would read."""
    model = transformers.AutoModelForCausalLM.from_pretrained(writer)
    tokenizer = transformers.AutoTokenizer.from_pretrained(writer)
    pipe = torso.pipeline("text-generation", model=writer, max_new_tokens=6)
    for text in TEXTS:
        ids = tokenizer(text, return_tensors="pt").input_ids
        wanted = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False)
        new = tokenizer.decode(wanted[0, ids.shape[1] :], skip_special_tokens=True)
        assert pipe(text) == [{"generated_text": text + new}]
        assert pipe(text, return_full_text=False) == [{"generated_text": new}]
    assert pipe(TEXTS) == [pipe(text) for text in TEXTS]
    assert len(pipe(TEXTS[0], num_beams=3, num_return_sequences=2)) == 2


def test_encoder_decoders_write_under_the_key_of_their_task(tmp_path) -> None:
    torch.manual_seed(0)
    config = transformers.BartConfig(
        vocab_size=len(WORDS), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=48, init_std=0.4,
        pad_token_id=0, bos_token_id=2, eos_token_id=3, decoder_start_token_id=3, forced_eos_token_id=None,
    )  # fmt: skip
    model = transformers.BartForConditionalGeneration(config).eval()
    model.save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    tokenizer = transformers.BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    tokenizer.save_pretrained(tmp_path)
    wanted = [
        tokenizer.decode(
            model.generate(tokenizer(text, return_tensors="pt").input_ids, max_new_tokens=5, do_sample=False)[0],
            skip_special_tokens=True,
        )
        for text in TEXTS
    ]
    for task, key in {
        "text2text-generation": "generated_text",
        "summarization": "summary_text",
        "translation": "translation_text",
    }.items():
        pipe = torso.pipeline(task, model=str(tmp_path), max_new_tokens=5)
        assert pipe(TEXTS) == [{key: text} for text in wanted]
        assert pipe(TEXTS[0]) == [{key: wanted[0]}]


def test_a_loaded_model_serves_trained_or_not(folders) -> None:
    folder = folders["BertModel"]
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    tokenizer = torso.AutoTokenizer.from_pretrained(folder)
    assert torso.TextClassificationPipeline(model, tokenizer)("good")[0]["label"].startswith("LABEL_")
    assert torso.pipeline("text-classification", model=model, tokenizer=tokenizer, device=-1)("good")
    with pytest.raises(UntrainedError):
        torso.pipeline("text-classification", model=str(folder))


def test_the_bundled_models_are_the_defaults() -> None:
    assert torso.pipeline("sentiment-analysis")("很好")[0].keys() == {"label", "score"}
    with pytest.raises(TorsoError, match="No model is bundled"):
        torso.pipeline("fill-mask")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: torso.pipeline("text-clasification", model=folder), "Use text-classification"),
        (lambda folder: torso.pipeline("image-to-image", model=folder), "not images, video or sound"),
        (lambda folder: torso.pipeline("make-it-so", model=folder), "The pipelines are"),
        (lambda folder: torso.pipeline("ner", model=folder, agregation_strategy="simple"), "aggregation_strategy"),
        (lambda folder: torso.pipeline("ner", model=folder)("a", top_k=3), "It takes"),
        (lambda folder: torso.pipeline("ner", modle=folder), "Did you mean model"),
        (lambda folder: torso.pipeline("ner", model=folder)(3), "Give a text"),
        (lambda folder: torso.pipeline("ner", model=folder, trust_remote_code=True), "never does"),
        (lambda folder: torso.pipeline("ner", model=folder, framework="tf"), "PyTorch"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(make, says, folders) -> None:
    with pytest.raises(TorsoError, match=says):
        make(str(folders["BertForTokenClassification"]))


def test_every_word_has_a_class_whose_options_are_declared() -> None:
    from torso.compat.pipeline_base import PipelineOptions

    for word, kind in supported_tasks().items():
        assert kind.takes <= PipelineOptions.__annotations__.keys(), word
    with pytest.raises(InputTypeError):
        torso.pipeline()


@pytest.mark.parametrize("function", ["none", "sigmoid", "softmax"])
def test_the_function_on_the_scores_can_be_chosen(function) -> None:
    pipe = torso.pipeline("text-classification", function_to_apply=function)
    logits = pipe.model(**pipe.tokenizer("这本书很好看", return_tensors="pt")).logits[0]
    wanted = {"none": logits, "sigmoid": logits.sigmoid(), "softmax": logits.softmax(-1)}[function]
    rows = pipe("这本书很好看", return_all_scores=True)[0]
    found = torch.tensor([row["score"] for row in rows])
    torch.testing.assert_close(found, wanted.detach(), rtol=0, atol=1e-5)
    assert pipe("这本书很好看")[0]["label"] == rows[int(wanted.argmax())]["label"]
    with pytest.raises(TorsoError, match="sigmoid"):
        pipe("好", function_to_apply="tanh")
