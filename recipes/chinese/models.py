"""What is trained: the tokenizer, the examples, the fresh network, and the stages of each model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from torso.architecture import Task
from torso.models.bert import BertConfig
from torso.text import Tokenizer

from . import data, vocabulary
from .cooccurrence import embeddings
from .examples import Example, Variants, label_names, paragraph_variants, review_example
from .masking import Masking
from .network import BERT, Network, start
from .objective import Item
from .training import Stage

SENTIMENTS = ("negative", "positive")
TOKENIZER_CONFIG = """{
  "tokenizer_class": "BertTokenizer",
  "do_lower_case": true,
  "strip_accents": null,
  "tokenize_chinese_chars": true,
  "model_max_length": 512,
  "unk_token": "[UNK]",
  "sep_token": "[SEP]",
  "pad_token": "[PAD]",
  "cls_token": "[CLS]",
  "mask_token": "[MASK]"
}
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the split, as examples: every review, and every paragraph in its three spellings."""

    reviews: list[Example]
    paragraphs: list[Variants]

    @property
    def printed(self) -> list[Example]:
        """The paragraphs as the newspaper prints them."""
        return [each.spellings[0] for each in self.paragraphs]

    @property
    def half_width(self) -> list[Example]:
        """The paragraphs with half-width digits and letters, as people type them."""
        return [each.spellings[1] for each in self.paragraphs]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that training and evaluation read."""

    corpora: data.Corpora
    vocabulary: list[str]
    labels: list[str]
    masking: Masking
    train: Part
    dev: Part
    test: Part


def write_tokenizer(folder: Path, lines: Sequence[str]) -> None:
    """Writes vocab.txt and tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(TOKENIZER_CONFIG, encoding="utf-8")


def prepare(corpora: data.Corpora, work: Path) -> Prepared:
    """The corpora as examples, read with a vocabulary and labels of the training part alone."""
    train = corpora.reviews.train, corpora.paragraphs.train
    texts = [review.text for review in train[0]] + [paragraph.text for paragraph in train[1]]
    lines = vocabulary.build(texts, at_least=2)
    write_tokenizer(work / "tokenizer", lines)
    encode = Tokenizer.from_folder(work / "tokenizer").encoding
    labels = label_names(train[1])
    numbers = {label: number for number, label in enumerate(labels)}

    def part(reviews: Sequence[data.Review], paragraphs: Sequence[data.Paragraph]) -> Part:
        return Part(
            [review_example(review, encode) for review in reviews],
            [each for paragraph in paragraphs for each in paragraph_variants(paragraph, encode, numbers)],
        )

    return Prepared(
        corpora,
        lines,
        labels,
        Masking(mask=lines.index("[MASK]"), first=len(vocabulary.RESERVED), size=len(lines)),
        part(*train),
        part(corpora.reviews.dev, corpora.paragraphs.dev),
        part(corpora.reviews.test, corpora.paragraphs.test),
    )


def configs(prepared: Prepared) -> dict[Task[Any], BertConfig]:
    """The config of each task."""
    size = len(prepared.vocabulary)
    return {
        Task.MASKED_LM: config(size),
        Task.TOKEN_CLASSIFICATION: config(size, prepared.labels),
        Task.SEQUENCE_CLASSIFICATION: config(size, SENTIMENTS),
    }


def config(vocabulary_size: int, labels: Sequence[str] | None = None) -> BertConfig:
    """The shape of both models, and the labels of a head that has some."""
    return BERT.config(
        vocab_size=vocabulary_size,
        hidden_size=192,
        num_hidden_layers=3,
        num_attention_heads=6,
        intermediate_size=768,
        max_position_embeddings=512,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.0,
        id2label=None if labels is None else dict(enumerate(labels)),
    )


def fresh_network(prepared: Prepared, seed: int) -> Network:
    """The network before its first step."""
    torch.manual_seed(seed)
    network = Network(configs(prepared))
    size = len(prepared.vocabulary)
    texts = [example.ids for example in (*prepared.train.reviews, *prepared.train.printed)]
    counts = torch.cat(texts).bincount(minlength=size) + 1.0
    width = network.config.hidden_size - network.config.hidden_size // network.config.num_attention_heads
    rows = embeddings((text[1:-1] for text in texts), size, width)
    start(network, counts / counts.sum(), rows, generator=torch.Generator().manual_seed(seed))
    return network


def tagger_stages(part: Part) -> list[tuple[Stage, list[Item]]]:
    """Tagging with masked LM beside it, then tagging alone."""
    paragraphs: list[Item] = [*part.paragraphs]
    both = Stage("tagger", 2, 1.5e-3, 0.015, {Task.TOKEN_CLASSIFICATION: 1.0, Task.MASKED_LM: 0.1}, masked=0.06)
    alone = Stage("tagger-finetune", 1, 1e-3, 0.01, {Task.TOKEN_CLASSIFICATION: 1.0}, masked=0.03)
    last = Stage("tagger-slow", 0.5, 7e-4, 0.007, {Task.TOKEN_CLASSIFICATION: 1.0, Task.MASKED_LM: 0.1}, masked=0.06)
    return [(both, paragraphs), (alone, paragraphs), (last, paragraphs)]


def sentiment_stages(part: Part) -> list[tuple[Stage, list[Item]]]:
    """Masked LM with sentiment beside it, then sentiment with masked LM beside it, the last time more slowly."""
    reviews: list[Item] = [*part.reviews]
    first = {Task.MASKED_LM: 1.0, Task.SEQUENCE_CLASSIFICATION: 0.5}
    then = {Task.MASKED_LM: 0.5, Task.SEQUENCE_CLASSIFICATION: 1.0}
    both = Stage("sentiment-pretrain", 1, 1e-3, 0.01, first, masked=0.15, decay=False, averaged=False)
    more = Stage("sentiment-finetune", 2, 1e-3, 0.01, then, masked=0.15, dropout=0.1, averaged=False)
    last = Stage("sentiment-slow", 1, 7e-4, 0.007, then, masked=0.15, dropout=0.1)
    return [(both, reviews), (more, reviews), (last, reviews)]
