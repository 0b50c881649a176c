"""Small tables with the columns that the course's data sets have; their texts are drawn here."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

WHO = ("小明", "老师", "店主", "工程师", "这家酒店", "那座城市", "图书馆", "医生")
WHERE = ("北京", "上海", "西安", "杭州", "河边", "山里", "车站", "学校")
WHAT = ("上班", "写书", "做饭", "修路", "学习汉语", "讲故事", "看日出", "研究机器")
HOW = ("很好", "不太行", "又快又稳", "非常慢", "让人高兴", "让人失望", "干净", "吵闹")
TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

Draw = random.Random
LENGTH = 375 + 247
"""Of a context: two windows without padding. Where a batch is padded, the reference's scores of where an answer starts
are spread over the padding too, and torso's over the tokens alone, so that their losses differ."""


def sentence(draw: Draw) -> str:
    """A sentence of the tables."""
    return f"{draw.choice(WHO)}在{draw.choice(WHERE)}{draw.choice(WHAT)}，{draw.choice(HOW)}。"


def reviews(draw: Draw, count: int = 60) -> list[dict[str, Any]]:
    """Reviews with a label, one of them empty as in the course's table."""
    rows = [
        {"label": int(draw.random() < 0.5), "review": "".join(sentence(draw) for _ in range(draw.randint(1, 4)))}
        for _ in range(count)
    ]
    rows[7]["review"] = ""
    return rows


def _csv(rows: list[dict[str, Any]], path: Path) -> None:
    import pandas

    path.parent.mkdir(parents=True, exist_ok=True)
    pandas.DataFrame(rows).to_csv(path, index=False)


def _split(rows: Callable[[int], list[dict[str, Any]]], features: Any, **counts: int) -> Any:
    from datasets import Dataset, DatasetDict

    return DatasetDict({name: Dataset.from_list(rows(count), features=features) for name, count in counts.items()})


def _answers(draw: Draw, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(count):
        # As long as windows of 384 tokens, 128 of them repeated, are whole: see `LENGTH`.
        context = "".join(sentence(draw) for _ in range(80))[:LENGTH]
        answer = draw.choice([each for each in WHERE if each in context])
        found = {"text": [answer], "answer_start": [context.index(answer)]}
        rows.append({"id": f"R{number}", "context": context, "question": "小明在哪里？", "answers": found})
    return rows


def _choices(draw: Draw, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(count):
        choice = draw.sample(WHERE, draw.randint(2, 4))
        context = [sentence(draw) for _ in range(draw.randint(1, 3))]
        rows.append(
            {"id": number, "context": context, "question": "在哪里？", "choice": choice, "answer": draw.choice(choice)}
        )
    return rows


def _tagged(draw: Draw, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(count):
        who, where, what = draw.choice(WHO[:4]), draw.choice(WHERE), draw.choice(WHAT)
        tags = [1, *[2] * (len(who) - 1), 0, 5, *[6] * (len(where) - 1), *[0] * len(what)]
        rows.append({"id": str(number), "tokens": list(f"{who}在{where}{what}"), "ner_tags": tags})
    return rows


def write_all(root: Path) -> None:
    """Write the tables of every notebook, laid out as the course's folders are."""
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    draw = random.Random(5)
    started, tasks, tuning = root / "01-Getting Started", root / "02-NLP Tasks", root / "03-PEFT"
    for folder in ("04-model", "05-datasets", "05-datasets/all_data", "06-evaluate", "07-trainer"):
        _csv(reviews(draw), started / folder / "ChnSentiCorp_htl_all.csv")
    _csv(reviews(draw), started / "05-datasets" / "all_data" / "ChnSentiCorp_htl_all copy.csv")
    _csv(reviews(draw), tasks / "08-transformers_solution" / "ChnSentiCorp_htl_all.csv")
    news = [{"title": f"中国{sentence(draw)}", "content": sentence(draw) * 3} for _ in range(120)]
    for name, rows in (("train", news), ("validation", news[:20])):
        _json_lines(rows, started / "05-datasets" / "madao33" / "new-title-chinese" / f"{name}.json")
    trial = {"version": "v1.0", "data": _answers(draw, 4)}
    (started / "05-datasets" / "cmrc2018_trial.json").write_text(json.dumps(trial, ensure_ascii=False))
    _boolq(started / "05-datasets" / "super_glue", draw)

    words = Features(
        {"id": Value("string"), "tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=list(TAGS)))}
    )
    counts = dict(train=80, validation=20, test=20)
    _split(lambda n: _tagged(draw, n), words, **counts).save_to_disk(tasks / "09-token_classification" / "ner_data")
    counts = dict(train=24, validation=8, test=6)
    _split(lambda n: _answers(draw, n), None, **counts).save_to_disk(tasks / "10-question_answering" / "mrc_data")
    _split(lambda n: _choices(draw, n), None, **counts).save_to_disk(tasks / "11-multiple_choice" / "c3")
    pairs = [
        {"sentence1": sentence(draw), "sentence2": sentence(draw), "label": str(int(draw.random() < 0.5))}
        for _ in range(80)
    ]
    _json_lines(pairs, tasks / "12-sentence_similarity" / "train_pair_1w.json")
    _csv(
        [{"title": sentence(draw), "reply": sentence(draw)} for _ in range(40)],
        tasks / "13-retrieval_chatbot" / "law_faq.csv",
    )
    wiki = [{"source": "wiki", "completion": "".join(sentence(draw) for _ in range(60))} for _ in range(16)]
    Dataset.from_list(wiki).save_to_disk(tasks / "14-language_model" / "wiki_cn_filtered")
    headlines = [{"title": sentence(draw), "content": sentence(draw) * 4} for _ in range(124)]
    Dataset.from_list(headlines).save_to_disk(tasks / "15-text_summarization" / "nlpcc_2017")
    told = [
        {"output": sentence(draw), "input": draw.choice(["", sentence(draw)]), "instruction": sentence(draw)}
        for _ in range(40)
    ]
    for folder in (tasks / "16-generative_chatbot", tuning / "data"):
        Dataset.from_list(told).save_to_disk(folder / "alpaca_data_zh")


def _json_lines(rows: list[dict[str, Any]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _boolq(folder: Path, draw: Draw) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    kinds = Features(
        {"question": Value("string"), "passage": Value("string"), "label": ClassLabel(names=["no", "yes"])}
    )
    rows = [{"question": "在哪里？", "passage": sentence(draw), "label": number % 2} for number in range(40)]
    folder.mkdir(parents=True)
    Dataset.from_list(rows, features=kinds).to_parquet(folder / "train.parquet")
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: boolq\n  data_files: train.parquet\ndataset_info:\n  config_name: boolq\n"
        "  features:\n  - name: question\n    dtype: string\n  - name: passage\n    dtype: string\n  - name: label\n"
        "    dtype:\n      class_label:\n        names:\n          '0': 'no'\n          '1': 'yes'\n---\n"
    )
