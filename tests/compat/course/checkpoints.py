"""Tiny checkpoints in place of the Hub's, of the same families, made by transformers with every dropout off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from tests.compat.course.tables import HOW, TAGS, WHAT, WHERE, WHO

QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "classifier_dropout": 0.0}
SMALL = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
LABELS = {0: "negative (stars 1, 2 and 3)", 1: "positive (stars 4 and 5)"}
NAMES = dict(enumerate(TAGS))

BERT: Mapping[str, tuple[str, dict[str, Any]]] = {
    "classifier": ("BertForSequenceClassification", {"id2label": LABELS}),
    "ten": ("BertForSequenceClassification", {"num_labels": 10}),
    "tagger": ("BertForTokenClassification", {"num_labels": len(TAGS)}),
    "reader": ("BertForQuestionAnswering", {}),
    "chooser": ("BertForMultipleChoice", {}),
    "pairs": ("BertForSequenceClassification", {"num_labels": 1}),
    "plain": ("BertForPreTraining", {}),
    "filler": ("BertForMaskedLM", {}),
    "wide": ("BertForPreTraining", {"hidden_size": 768, "num_attention_heads": 12}),
    "wide-pairs": ("BertForSequenceClassification", {"num_labels": 1, "hidden_size": 768, "num_attention_heads": 12}),
}
RBT3, MACBERT, LARGE = "hfl/rbt3", "hfl/chinese-macbert-base", "hfl/chinese-macbert-large"
DIANPING, EXTRACTIVE = "uer/roberta-base-finetuned-dianping-chinese", "uer/roberta-base-chinese-extractive-qa"
BLOOM, BLOOM_LARGE, T5 = "Langboat/bloom-389m-zh", "Langboat/bloom-1b4-zh", "Langboat/mengzi-t5-base"
LAST = "./chatbot/checkpoint-500/"
USED: Mapping[str, Mapping[str, str]] = {
    "01-Getting Started/": {RBT3: "classifier", DIANPING: "classifier", EXTRACTIVE: "reader"},
    "01-Getting Started/03": {DIANPING: "classifier", "Skywork/Skywork-13B-base": "bloom"},
    "01-Getting Started/04-model/model": {RBT3: "ten", "rbt3": "ten", "./rbt3/": "ten"},
    "01-Getting Started/05": {RBT3: "classifier", "bert-base-chinese": "classifier"},
    "02-NLP Tasks/08": {LARGE: "classifier", MACBERT: "classifier"},
    "02-NLP Tasks/09": {MACBERT: "tagger"},
    "02-NLP Tasks/10": {MACBERT: "reader"},
    "02-NLP Tasks/11": {MACBERT: "chooser"},
    "02-NLP Tasks/12-sentence_similarity/cross": {MACBERT: "pairs"},
    "02-NLP Tasks/12-sentence_similarity/dual": {MACBERT: "plain"},
    "02-NLP Tasks/13": {
        MACBERT: "wide",
        "../12-sentence_similarity/dual_model/checkpoint-500/": "wide",
        "../12-sentence_similarity/cross_model/checkpoint-500/": "wide-pairs",
    },
    "02-NLP Tasks/14-language_model/masked": {MACBERT: "filler"},
    "02-NLP Tasks/14-language_model/causal": {BLOOM: "bloom"},
    "02-NLP Tasks/15-text_summarization/summarization.": {T5: "t5"},
    "02-NLP Tasks/16": {BLOOM: "bloom"},
    "03-PEFT/": {BLOOM_LARGE: "bloom", BLOOM: "bloom"},
    "03-PEFT/21": {BLOOM_LARGE: "bloom", LAST: "./chatbot/checkpoint-3/"},
}


def names_of(notebook: str, root: Path) -> dict[str, str]:
    """The Hub's names in a notebook, each with the folder that stands in for it."""
    start = max((each for each in USED if notebook.startswith(each)), key=len)
    return {name: kind if kind.startswith("./") else str(root / kind) for name, kind in USED[start].items()}


def characters() -> list[str]:
    """The characters of the tables, those that are common in Chinese, ASCII and punctuation."""
    common = bytes(range(0xB0, 0xC8))
    chinese = [bytes((high, low)).decode("gb2312") for high in common for low in range(0xA1, 0xFF)]
    own = "".join((*WHO, *WHERE, *WHAT, *HOW, "天大梦想弱小的我也有是哪里吗问答你觉得不错喜欢怎样明"))
    return list(dict.fromkeys([*own, *"，。！？：（）、《》“”", *map(chr, range(33, 127)), *chinese]))


def make_all(root: Path) -> None:
    """Write every stand-in with its tokenizer."""
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *characters(),
        *(f"##{chr(each)}" for each in range(97, 123)),
    ]
    for kind, (model, changes) in BERT.items():
        folder = root / kind
        torch.manual_seed(1)
        config = transformers.BertConfig(
            **{"vocab_size": len(words), "initializer_range": 0.1, **SMALL, **QUIET, **changes}
        )
        getattr(transformers, model)(config).save_pretrained(folder)
        (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(
            '{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 512}'
        )
    _bloom(root / "bloom")
    _t5(root / "t5")


def _texts() -> list[str]:
    return ["".join(characters()), "Human: Assistant: 摘要生成", *WHO, *WHERE, *WHAT, *HOW]


def _bloom(folder: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    tokenizer.train_from_iterator(
        _texts(),
        trainers.BpeTrainer(
            vocab_size=900,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = transformers.BloomTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        padding_side="left",
    )  # fmt: skip
    fast.save_pretrained(folder)
    torch.manual_seed(2)
    config = transformers.BloomConfig(
        vocab_size=len(fast), hidden_size=32, n_layer=2, n_head=4, initializer_range=0.1, bos_token_id=1,
        eos_token_id=2, pad_token_id=3, hidden_dropout=0.0, attention_dropout=0.0,
    )  # fmt: skip
    transformers.BloomForCausalLM(config).save_pretrained(folder)


def _t5(folder: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(
        _texts() * 2,
        trainers.UnigramTrainer(vocab_size=3000, special_tokens=special, unk_token="<unk>", show_progress=False),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    fast = transformers.T5TokenizerFast(tokenizer_object=tokenizer, extra_ids=0)
    fast.save_pretrained(folder)
    torch.manual_seed(3)
    config = transformers.T5Config(
        vocab_size=len(fast), d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, initializer_factor=1.0, tie_word_embeddings=False,
    )  # fmt: skip
    model = transformers.T5ForConditionalGeneration(config)
    with torch.no_grad():  # nothing that reads as nothing is ever written: the course's metric stops at an empty text
        silent = [number for number in range(len(fast)) if not fast.decode([number], skip_special_tokens=True).strip()]
        model.lm_head.weight[silent] = 0.0
    model.save_pretrained(folder)
