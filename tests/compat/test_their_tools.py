"""The installed transformers', datasets' and PyTorch's own tools on torso's models: what works, and what is refused."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import torso
from lazy import LazyModule
from torso.compat.remote_methods import INSTEAD
from torso.errors import InputError, NotAvailableError, TorsoError, UnsupportedError

transformers = LazyModule("transformers")
datasets = LazyModule("datasets")

pytestmark = pytest.mark.filterwarnings("ignore")
SIZES: dict[str, Any] = dict(
    vocab_size=15, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
    max_position_embeddings=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)  # fmt: skip
TEXTS = ["a b c", "d e f g h"]


def needs(*packages: str) -> pytest.MarkDecorator:
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A BERT classifier with its vocabulary."""
    return checkpoint(tmp_path, "BertForSequenceClassification")


def checkpoint(root: Path, kind: str) -> Path:
    made = root / kind
    torch.manual_seed(0)
    getattr(transformers, kind)(transformers.BertConfig(**SIZES)).save_pretrained(made)
    (made / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]))
    return made


PIPELINES = {
    "text-classification": ("SequenceClassification", "a b c"),
    "token-classification": ("TokenClassification", "a b c"),
    "fill-mask": ("MaskedLM", "a [MASK] c"),
    "feature-extraction": ("", "a b c"),
}


def numbers(value: Any) -> list[float]:
    """Every number of a nested answer, in order."""
    if isinstance(value, dict):
        return [each for key in sorted(value) for each in numbers(value[key])]
    if isinstance(value, list):
        return [each for part in value for each in numbers(part)]
    return [] if value is None or isinstance(value, str) else [float(value)]


@pytest.mark.parametrize("task", PIPELINES)
def test_a_pipeline_of_transformers_answers_as_with_its_own_model(task, tmp_path) -> None:
    head, text = PIPELINES[task]
    made = checkpoint(tmp_path, f"BertFor{head}" if head else "BertModel")
    auto = f"AutoModelFor{head}" if head else "AutoModel"
    theirs = transformers.AutoTokenizer.from_pretrained(made)
    answers = [
        transformers.pipeline(task, model=getattr(library, auto).from_pretrained(made), tokenizer=theirs)(text)
        for library in (transformers, torso)
    ]
    assert numbers(answers[0])
    assert numbers(answers[1]) == pytest.approx(numbers(answers[0]), abs=1e-5)


def test_a_pipeline_of_transformers_writes_as_with_its_own_model(tmp_path) -> None:
    """Of the tasks that write, version 5 has text-generation alone."""
    config = transformers.GPT2Config(
        vocab_size=15, n_embd=16, n_layer=2, n_head=2, n_positions=32, eos_token_id=14, bos_token_id=2, pad_token_id=0
    )
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(config)
    for each in model.parameters():
        each.data.mul_(8)  # scores far apart, and texts that are not one token
    model.save_pretrained(tmp_path / "writer")
    (tmp_path / "writer" / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"])
    )
    tokenizer = transformers.BertTokenizerFast.from_pretrained(tmp_path / "writer")
    texts = [
        transformers.pipeline(
            "text-generation",
            model=library.AutoModelForCausalLM.from_pretrained(tmp_path / "writer"),
            tokenizer=tokenizer,
        )("a b c", max_new_tokens=6, do_sample=False)
        for library in (transformers, torso)
    ]
    assert texts[1] == texts[0]
    assert len(texts[0][0]["generated_text"]) > len("a b c")


def test_a_pipeline_of_transformers_chooses_among_labels_alike(tmp_path) -> None:
    names = {0: "entailment", 1: "neutral", 2: "contradiction"}
    sizes = {**SIZES, "id2label": names, "label2id": {name: number for number, name in names.items()}}
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(transformers.BertConfig(**sizes)).save_pretrained(tmp_path / "nli")
    (tmp_path / "nli" / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"])
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "nli")
    found = [
        transformers.pipeline(
            "zero-shot-classification",
            model=library.AutoModelForSequenceClassification.from_pretrained(tmp_path / "nli"),
            tokenizer=tokenizer,
        )("a b c", candidate_labels=["a", "b d", "e"])
        for library in (transformers, torso)
    ]
    assert found[1]["labels"] == found[0]["labels"]
    assert found[1]["scores"] == pytest.approx(found[0]["scores"], abs=1e-5)


@needs("accelerate", "datasets")
def test_the_trainer_of_transformers_trains_and_saves_the_same(folder, tmp_path) -> None:
    rows = datasets.Dataset.from_list([{"text": TEXTS[i % 2], "label": i % 2} for i in range(16)])
    curves, weights = [], []
    for name, library in ("theirs", transformers), ("ours", torso):
        tokenizer = library.AutoTokenizer.from_pretrained(folder)
        trainer = transformers.Trainer(
            model=library.AutoModelForSequenceClassification.from_pretrained(folder),
            args=transformers.TrainingArguments(
                output_dir=str(tmp_path / "run"), max_steps=5, per_device_train_batch_size=4, logging_steps=1,
                learning_rate=1e-2, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, seed=3,
            ),
            train_dataset=rows.map(lambda row, ids=tokenizer: dict(ids(row["text"]))),
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        )  # fmt: skip
        trainer.train()
        curves.append([row["loss"] for row in trainer.state.log_history if "loss" in row])
        trainer.save_model(str(tmp_path / f"{name}-weights"))
        trainer.model.save_pretrained(tmp_path / name)
        saved = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / name)
        weights.append(saved.state_dict())
        # Of a model that is none of its own, their Trainer writes the weights alone: under the Hub's names.
        file = load_file(tmp_path / f"{name}-weights" / "model.safetensors")
        assert {key: value.shape for key, value in file.items()} == {key: v.shape for key, v in weights[-1].items()}
    with pytest.raises(TorsoError, match=r"trainer\.model\.save_pretrained") as caught:
        torso.AutoModelForSequenceClassification.from_pretrained(tmp_path / "ours-weights")
    assert caught.value.code == "E_MISSING_FILE"
    assert len(curves[0]) == 5
    assert curves[1] == pytest.approx(curves[0], rel=1e-3)
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-2, atol=1e-3)


def test_the_collator_of_masked_words_masks_the_same(folder) -> None:
    batches = []
    for library in (transformers, torso):
        tokenizer = library.AutoTokenizer.from_pretrained(folder)
        collate = transformers.DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=0.5)
        torch.manual_seed(5)
        batches.append(collate([dict(tokenizer(text)) for text in TEXTS]))
    for name in ("input_ids", "labels", "attention_mask"):
        assert torch.equal(batches[0][name], batches[1][name]), name
    assert (batches[1]["labels"] != -100).any()


@needs("datasets")
@pytest.mark.parametrize("processes", [None, 2])
def test_datasets_map_takes_the_tokenizer(folder, processes) -> None:
    tokenizer = torso.AutoTokenizer.from_pretrained(folder)
    rows = datasets.Dataset.from_dict({"text": TEXTS * 4})
    mapped = rows.map(lambda chosen: tokenizer(chosen["text"]), batched=True, num_proc=processes)
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    assert mapped["input_ids"] == theirs(TEXTS * 4)["input_ids"]


def inputs() -> dict[str, torch.Tensor]:
    return {
        "input_ids": torch.tensor([[2, 5, 6, 7, 3, 0], [2, 8, 9, 10, 11, 3]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]]),
    }


def test_a_compiled_model_gives_the_same(folder) -> None:
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        plain = model(**inputs()).logits
        torch.testing.assert_close(torch.compile(model, backend="eager")(**inputs()).logits, plain)


RECORDERS = {
    "torch.export": lambda model, path: torch.export.export(model, (), kwargs=inputs(), strict=False),
    "torch.jit.trace": lambda model, path: torch.jit.trace(model, (inputs()["input_ids"],)),
    "torch.onnx by tracing": lambda model, path: torch.onnx.export(
        model, (*inputs().values(),), str(path), dynamo=False, verbose=False
    ),
}


@pytest.mark.parametrize("recorder", RECORDERS)
def test_what_records_a_call_is_refused_by_name(recorder, folder, tmp_path) -> None:
    """Packed rows: the number of rows follows from the mask's numbers, so there is no graph of fixed shapes."""
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with pytest.raises(UnsupportedError, match="exported or traced") as caught:
        RECORDERS[recorder](model, tmp_path / "model")
    assert caught.value.code == "E_EXPORT"
    assert model(**inputs()).logits.shape == (2, 2)


def test_what_reads_a_call_shows_the_reason(folder) -> None:
    """PyTorch's own error, where it reads the code of the call and runs none of it."""
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with pytest.raises(Exception, match=r"exported or traced.*E_EXPORT"):
        torch.export.export(model, (), kwargs=inputs(), strict=True)
    assert model(**inputs()).logits.shape == (2, 2)


@needs("onnx", "onnxscript", "onnxruntime")
def test_onnx_export_is_refused_by_name_and_its_cure_runs(folder, tmp_path) -> None:
    """The saved folder, loaded by transformers and exported, gives in ONNX Runtime what the model gives here."""
    import onnxruntime

    model = torso.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with pytest.raises(Exception, match="exported or traced"):
        torch.onnx.export(model, (), str(tmp_path / "model.onnx"), kwargs=inputs(), dynamo=True, verbose=False)
    model.save_pretrained(tmp_path / "saved")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    file = str(tmp_path / "theirs.onnx")
    torch.onnx.export(theirs, (), file, kwargs=inputs(), dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    (scores, *_) = session.run(None, {name: inputs()[name].numpy() for name in names})
    with torch.no_grad():
        torch.testing.assert_close(torch.tensor(scores), model(**inputs()).logits, rtol=1e-4, atol=1e-5)


def test_what_the_refusal_names_exports(folder, tmp_path) -> None:
    """Its cure: the saved folder, which transformers loads and PyTorch exports."""
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    model.save_pretrained(tmp_path / "saved")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    with torch.no_grad():
        again = torch.export.export(theirs, (), kwargs=inputs(), strict=False).module()(**inputs())
        torch.testing.assert_close(again.logits, model(**inputs()).logits, rtol=1e-5, atol=1e-6)


def test_special_tokens_of_ids(folder) -> None:
    tokenizer = torso.AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("a b")["input_ids"]
    assert tokenizer.get_special_tokens_mask(ids, already_has_special_tokens=True) == [1, 0, 0, 1]
    with pytest.raises(InputError, match="return_special_tokens_mask"):
        tokenizer.get_special_tokens_mask(ids)


def test_a_field_that_was_put_is_shown_and_read(folder) -> None:
    out = torso.AutoModelForSequenceClassification.from_pretrained(folder)(**inputs())
    out["input_ids"] = inputs()["input_ids"]
    out["note"] = "mine"
    assert torch.equal(out["input_ids"], inputs()["input_ids"])
    assert "'mine'" in repr(out)
    assert "mine" in out._repr_html_()


@pytest.mark.parametrize("name", sorted(INSTEAD))
def test_methods_of_a_checkpoints_own_code_name_what_does_the_same(name, folder) -> None:
    model = torso.AutoModel.from_pretrained(folder)
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=rf"no {name}\(\)") as caught:
        getattr(model, name)
    assert isinstance(caught.value, NotAvailableError)
    called = re.search(r"torso\.(\w+)\(", str(caught.value))
    assert called is not None
    assert callable(getattr(torso, called[1]))


def test_a_class_of_ones_own_may_have_such_a_method() -> None:
    class Mine(torso.PreTrainedModel):
        def encode(self, text: str) -> int:
            return len(text)

    assert Mine(torso.BertConfig(**SIZES)).encode("abc") == 3
