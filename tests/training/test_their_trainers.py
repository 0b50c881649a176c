"""torso's Auto models under other libraries' training: accelerate and TRL, beside transformers' models."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

import torso
from lazy import LazyModule

transformers = LazyModule("transformers")
datasets = LazyModule("datasets")
accelerate = LazyModule("accelerate")
trl = LazyModule("trl")

pytestmark = pytest.mark.filterwarnings("ignore")
QUIET: dict[str, Any] = {"report_to": [], "use_cpu": True, "disable_tqdm": True, "seed": 3, "learning_rate": 1e-2}


def needs(*packages: str) -> pytest.MarkDecorator:
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


@pytest.fixture
def classifier(tmp_path) -> Path:
    folder = tmp_path / "classifier"
    config = transformers.BertConfig(
        vocab_size=15, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]))
    return folder


def texts() -> list[dict[str, Any]]:
    return [{"text": "a b c" if i % 2 else "d e f g h", "label": i % 2} for i in range(16)]


def collate(chosen: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    width = max(len(row["input_ids"]) for row in chosen)
    ids, mask = (
        torch.tensor([row[name] + [0] * (width - len(row[name])) for row in chosen])
        for name in ("input_ids", "attention_mask")
    )
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([row["labels"] for row in chosen])}


@needs("accelerate")
def test_a_loop_of_accelerate_trains_the_same(classifier) -> None:
    tokenizer = torso.AutoTokenizer.from_pretrained(classifier)
    rows = [{**tokenizer(row["text"]), "labels": row["label"]} for row in texts()]

    curves = []
    for kind in (transformers.AutoModelForSequenceClassification, torso.AutoModelForSequenceClassification):
        helper = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
        model = kind.from_pretrained(classifier).train()
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
        batches = torch.utils.data.DataLoader(rows, batch_size=4, collate_fn=collate)
        model, optimiser, batches = helper.prepare(model, optimiser, batches)
        curve = []
        for _ in range(3):
            for batch in batches:
                with helper.accumulate(model):
                    loss = model(**batch).loss
                    helper.backward(loss)
                    if helper.sync_gradients:
                        helper.clip_grad_norm_(model.parameters(), 1.0)
                    optimiser.step()
                    optimiser.zero_grad()
                    curve.append(float(loss))
        curves.append(curve)
    assert curves[1] == pytest.approx(curves[0], rel=1e-4)
    assert len(set(curves[0])) >= 6


@needs("accelerate", "datasets")
def test_the_trainer_of_transformers_accumulates(classifier, tmp_path) -> None:
    """A step of two batches is that of one batch of both; transformers' own BERT divides neither, and doubles."""
    tokenizer = torso.AutoTokenizer.from_pretrained(classifier)
    rows = datasets.Dataset.from_list([{**tokenizer(row["text"]), "labels": row["label"]} for row in texts()])

    def curve(kind: Any, batches: int) -> list[tuple[float, float]]:
        trainer = transformers.Trainer(
            model=kind.from_pretrained(classifier),
            args=transformers.TrainingArguments(
                output_dir=str(tmp_path / "run"), max_steps=4, per_device_train_batch_size=8 // batches,
                gradient_accumulation_steps=batches, logging_steps=1, save_strategy="no", **QUIET,
            ),
            data_collator=collate,
            train_dataset=rows,
        )  # fmt: skip
        trainer.train()
        return [(row["loss"], row["grad_norm"]) for row in trainer.state.log_history if "loss" in row]

    theirs, own = transformers.AutoModelForSequenceClassification, torso.AutoModelForSequenceClassification
    wanted = curve(theirs, 1)
    for batches in (1, 2):
        for found, each in zip(curve(own, batches), wanted, strict=True):
            assert found == pytest.approx(each, rel=1e-4, abs=1e-6)
    doubled = curve(theirs, 2)[0]
    assert doubled == pytest.approx([2 * value for value in wanted[0]], rel=1e-4)
    assert wanted[0][0] != pytest.approx(wanted[-1][0], rel=1e-4)


@needs("accelerate", "datasets")
def test_a_step_of_unequal_batches_divides_by_its_labels(tmp_path) -> None:
    """Where transformers' own model takes the number of labels, GPT-2, curve and norm are equal."""
    config = transformers.GPT2Config(
        vocab_size=15, n_embd=16, n_layer=2, n_head=2, n_positions=32, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    )
    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "base")
    rows = [{"input_ids": [5 + (i + n) % 10 for n in range(2 + 3 * (i % 4))]} for i in range(16)]
    data = datasets.Dataset.from_list([{**row, "labels": [-100, *row["input_ids"][1:]]} for row in rows])

    def padded(chosen: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in chosen)
        fills = {"input_ids": 0, "labels": -100}
        batch = {
            name: torch.tensor([row[name] + [fill] * (width - len(row[name])) for row in chosen])
            for name, fill in fills.items()
        }
        return {**batch, "attention_mask": (batch["input_ids"] != 0).long()}

    curves = []
    for library, batches in ((transformers, 4), (torso, 4), (torso, 1)):
        trainer = transformers.Trainer(
            model=library.AutoModelForCausalLM.from_pretrained(tmp_path / "base"),
            args=transformers.TrainingArguments(
                output_dir=str(tmp_path / "run"), max_steps=4, per_device_train_batch_size=8 // batches,
                gradient_accumulation_steps=batches, logging_steps=1, save_strategy="no", **QUIET,
            ),
            data_collator=padded,
            train_dataset=data,
        )  # fmt: skip
        trainer.train()
        curves.append(
            [row[name] for row in trainer.state.log_history if "loss" in row for name in ("loss", "grad_norm")]
        )
    assert len(curves[0]) == 8
    assert curves[1] == pytest.approx(curves[0], rel=1e-3, abs=1e-4)  # transformers rounds what it logs
    assert curves[2] == pytest.approx(curves[1], rel=1e-3, abs=1e-4)


@needs("trl", "accelerate", "datasets")
def test_trl_learns_completions(tmp_path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: number for number, word in enumerate(["<unk>", "<eos>", "<pad>", *"abcdefghij"])}
    raw = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="<unk>", eos_token="<eos>", pad_token="<pad>"
    )
    config = transformers.GPT2Config(
        vocab_size=13, n_embd=16, n_layer=2, n_head=2, n_positions=64, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0, eos_token_id=1, bos_token_id=1, pad_token_id=2,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "base")
    pairs = [("a b c", " d e"), ("f g", " h i j a")]
    rows = [dict(zip(("prompt", "completion"), pairs[i % 2], strict=True)) for i in range(16)]
    curves = []
    for kind in (transformers.AutoModelForCausalLM, torso.AutoModelForCausalLM):
        trainer = trl.SFTTrainer(
            model=kind.from_pretrained(tmp_path / "base"),
            args=trl.SFTConfig(
                output_dir=str(tmp_path / "run"), max_steps=5, per_device_train_batch_size=4, logging_steps=1,
                bf16=False, save_strategy="no", gradient_checkpointing=False, **QUIET,
            ),
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=tokenizer,
        )  # fmt: skip
        trainer.train()
        curves.append([row["loss"] for row in trainer.state.log_history if "loss" in row])
    assert curves[1] == pytest.approx(curves[0], rel=1e-4)
    assert curves[0][-1] < 0.9 * curves[0][0]
