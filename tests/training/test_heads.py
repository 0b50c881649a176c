"""Every head from rows to a saved folder, by the same road; and what its rows may look like."""

from __future__ import annotations

import json
import random
import warnings

import pytest
import torch

import torso
from cli.conftest import call  # noqa: F401 - a fixture
from lazy import LazyModule
from tasks import small
from torso.architecture import find
from torso.errors import TorsoError
from torso.training.data_files import read_table
from torso.training.task_kinds import data_of, task_of
from torso.training.text_reader import TextReader
from torso.training.train_settings import TrainSettings

transformers = LazyModule("transformers")

CHARACTERS = "我今天读书看在北京气很"
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}[SEP]{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def texts(count: int, seed: int = 0, least: int = 4) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices(CHARACTERS, k=dice.randint(least, 12))) for _ in range(count)]


def tagged(count: int = 60) -> list[dict]:
    """北京 is a place."""
    rows = []
    for text in texts(count):
        where = len(text) // 2
        words = [*text[:where], "北", "京", *text[where:]]
        tags = ["O"] * where + ["B-place", "I-place"] + ["O"] * (len(text) - where)
        rows.append({"tokens": words, "tags": tags})
    return rows


def spanned(count: int = 60) -> list[dict]:
    rows = []
    for row in tagged(count):
        start = row["tags"].index("B-place")
        rows.append(
            {"text": "".join(row["tokens"]), "entities": [{"start": start, "end": start + 2, "label": "place"}]}
        )
    return rows


def asked(count: int = 60) -> list[dict]:
    rows = []
    for number, text in enumerate(texts(count)):
        context = text + "！好书，" + text[::-1] * (8 if number % 7 == 0 else 1)
        answers = {"text": ["好书"], "answer_start": [context.index("好书")]}
        rows.append({"question": "看？", "context": context, "answers": answers})
    return rows


def chosen(count: int = 60) -> list[dict]:
    rows = []
    for number, text in enumerate(texts(count)):
        choices = ["不" + text[:2], "好" + text[:2], *(["不看"] if number % 3 else [])]
        random.Random(number).shuffle(choices)
        rows.append({"question": text, "choices": choices, "label": choices.index("好" + text[:2])})
    return rows


def chats(count: int = 60) -> list[dict]:
    return [
        {
            "messages": [
                {"role": "user", "content": text},
                {"role": "assistant", "content": "好" + text[0]},
                {"role": "user", "content": text[:2]},
                {"role": "assistant", "content": "不" + text[1]},
            ]
        }
        for text in texts(count)
    ]


def prompts(count: int = 60) -> list[dict]:
    return [{"prompt": text + "？", "completion": "好" + text[0]} for text in texts(count)]


def translated(count: int = 60) -> list[dict]:
    return [{"source": text, "target": text[0] + "好"} for text in texts(count)]


def plain(count: int = 60) -> list[dict]:
    return [{"text": text} for text in texts(count, least=8)]


HEADS = {
    "token-classification": (tagged, "f1"),
    "question-answering": (asked, "f1"),
    "multiple-choice": (chosen, "accuracy"),
    "masked-lm": (plain, "perplexity"),
    "causal-lm": (chats, "perplexity"),
    "seq2seq-lm": (translated, "rougeL"),
}
CLASSES = {
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "multiple-choice": "AutoModelForMultipleChoice",
    "masked-lm": "AutoModelForMaskedLM",
    "causal-lm": "AutoModelForCausalLM",
    "seq2seq-lm": "AutoModelForSeq2SeqLM",
}


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> dict[str, object]:
    """A small model for each task: a BERT, a GPT-2 and a T5 with one vocabulary."""
    folder = tmp_path_factory.mktemp("bases")
    bert = small.save(folder / "bert", torso.Task.MASKED_LM, initializer_range=0.1)
    words = (bert / "vocab.txt").read_text().split()
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "initializer_range": 0.1}
    gpt = find("gpt2").config(
        vocab_size=len(words), n_embd=32, n_layer=2, n_head=4, n_positions=96, **{**ends, "bos_token_id": 3}
    )
    t5 = find("t5").config(
        vocab_size=len(words),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
        **{name: ends[name] for name in ("eos_token_id", "pad_token_id")},
    )
    found = dict.fromkeys(HEADS, bert)
    for name, config in (("causal-lm", gpt), ("seq2seq-lm", t5)):
        found[name] = folder / name
        torso.new_model(config, torso.Task.named(name), seed=1).save(found[name])
        (found[name] / "vocab.txt").write_text("\n".join(words) + "\n")
        settings = {"tokenizer_class": "BertTokenizer", "eos_token": "[SEP]", "chat_template": TEMPLATE}
        (found[name] / "tokenizer_config.json").write_text(json.dumps(settings))
    return found


@pytest.mark.parametrize("name", HEADS)
def test_every_head_learns_from_rows_and_transformers_loads_it(name, bases, tmp_path) -> None:
    rows, metric = HEADS[name]
    settings = TrainSettings(steps=60, batch=8, rate=5e-3, evaluate_every=20, precision="float32", seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = torso.train(
            bases[name],
            rows(),
            task=None if name != "masked-lm" and name != "seq2seq-lm" else name,
            out=tmp_path / "m",
            settings=settings,
        )
    assert run.model.task.name == name
    assert run.history[-1].loss < run.history[0].loss
    assert {"loss", metric} <= run.scores["test"].keys()
    if name in ("token-classification", "question-answering", "multiple-choice"):
        assert run.scores["test"][metric] > 0.5  # of half a dozen texts
    if name == "seq2seq-lm":
        assert run.scores["test"]["rougeL"] > 0.4
    theirs, about = getattr(transformers, CLASSES[name]).from_pretrained(run.folder, output_loading_info=True)
    assert not about["missing_keys"]
    assert not about["unexpected_keys"]
    assert theirs.config.architectures
    again = torso.evaluate(run.folder, rows(), task=name)
    assert again.scores.keys() == run.scores["test"].keys()
    assert {"predictions.test.jsonl", "curve.png", "scores.json"} <= {
        each.name for each in (run.folder / "run").iterdir()
    }
    given = [json.loads(line) for line in (run.folder / "run/predictions.test.jsonl").read_text().splitlines()]
    assert given
    if "right" in given[0]:
        assert {"mistakes.test.jsonl"} <= {each.name for each in (run.folder / "run").iterdir()}
    card = (run.folder / "README.md").read_text()
    assert f"{run.scores['test'][metric]:.4f}" in card


def encoded(rows, base, **columns):
    data = data_of(read_table(rows), columns.pop("task", None), columns.get("text"), columns.get("label"), None)
    reader = TextReader(torso.load_tokenizer(base).limited(64), "truncate")
    return data, data.examples(range(len(rows)), reader), reader


def test_the_columns_say_the_task() -> None:
    for name, (rows, _) in HEADS.items():
        expected = "sequence-classification" if name in ("masked-lm", "seq2seq-lm") else name
        assert task_of(read_table(rows(3))) == expected
    assert task_of(read_table(prompts(2))) == "causal-lm"
    assert task_of(read_table(spanned(2))) == "token-classification"


def test_labels_stand_at_the_first_token_of_a_word(bases) -> None:
    rows = [
        {"tokens": ["washington", "你", "hello"], "tags": ["B-a", "O", "I-a"]},
        {"tokens": "hello world", "tags": "O B-a"},
        {"tokens": "弱小的", "tags": ["O", "B-a", "I-a"]},
    ]
    data, (first, second, third), _ = encoded(rows, bases["masked-lm"])
    assert data.labels == ["O", "B-a", "I-a"]
    assert first.label == [-100, 1, -100, 0, 2, -100]
    assert second.label == [-100, 0, 1, -100]
    assert third.label == [-100, 0, 1, 2, -100]
    scores = data.scores([[0, 1, 1, 0, 2, 0], [0, 0, 1, 0], [0, 0, 1, 2, 0]], [first, second, third])
    assert scores["f1"] == 1.0
    scores = data.scores([[0, 0, 1, 0, 2, 0], [0, 0, 1, 0], [0, 0, 1, 0, 0]], [first, second, third])
    assert scores["f1"] == pytest.approx(4 / 7)  # four spans, three found, two right


def test_spans_of_characters_become_labels_of_words(bases) -> None:
    rows = [
        {
            "text": "washington 今天",
            "spans": [{"start": 0, "end": 10, "label": "p"}, {"start": 11, "end": 13, "label": "t"}],
        },
        {"text": "washington", "spans": [{"start": 0, "end": 4, "label": "p"}]},
        {"text": "你", "spans": []},
    ]
    data, examples, _ = encoded(rows, bases["masked-lm"])
    assert data.labels == ["O", "B-p", "I-p", "B-t", "I-t"]
    assert examples[0].label == [-100, 1, -100, 3, 4, -100]
    assert data.misfits == 1
    assert "1 begin or end" in data.notes(examples, torso.load_tokenizer(bases["masked-lm"]))[0][1]


def test_answers_stand_in_their_windows(bases) -> None:
    context = "今天" * 30 + "好书" + "北京" * 30
    rows = [
        {"question": "看？", "context": context, "answers": {"text": ["好书"], "answer_start": [60]}},
        {"question": "看？", "context": "好书", "answers": "好书"},
        {"question": "不？", "context": "好书", "answers": []},
    ]
    data, examples, _ = encoded(rows, bases["masked-lm"])
    windows = [each for each in examples if each.row == 1]
    assert len(windows) > 2
    tokenizer = torso.load_tokenizer(bases["masked-lm"])
    held = [each for each in windows if each.label != (0, 0)]
    assert held
    for each in held:
        first, last = each.label
        assert tokenizer.convert_ids_to_tokens(list(each.inputs[0].ids[first : last + 1])) == ["好", "书"]
    assert [each.label for each in examples if each.row == 3] == [(0, 0)]
    perfect = [([(each.label[0], 5.0), (0, 1.0)], [(each.label[1], 5.0), (0, 1.0)]) for each in examples]
    scores = data.scores(perfect, examples)
    assert (scores["f1"], scores["exact"], scores["unanswerable"]) == (1.0, 1.0, 1.0)
    wrong = [([(0, 9.0)], [(0, 9.0)]) for _ in examples]
    assert data.scores(wrong, examples)["exact"] == pytest.approx(1 / 3)
    with pytest.raises(TorsoError, match="Row 1"):
        encoded([{"question": "?", "context": "好", "answers": "不"}], bases["masked-lm"])


def test_the_scores_of_answers_are_squad_s() -> None:
    from torso.training.answer_metrics import exact, overlap, pieces

    assert exact("The  Eiffel-Tower!", ["eiffeltower"]) == 1
    assert overlap("in the big city", ["the city"]) == pytest.approx(2 * 1 / (3 + 1))
    assert pieces("北京，2008年 Olympic") == ["北", "京", "2008", "年", "olympic"]
    assert overlap("北京市", ["北京"]) == pytest.approx(0.8)
    assert (exact("", []), overlap("好", []), exact("好", [])) == (1, 0, 0)


def test_only_answers_of_a_chat_are_learnt(bases) -> None:
    base = bases["causal-lm"]
    tokenizer = torso.load_tokenizer(base)
    data, (first, *_), _ = encoded(chats(2), base)
    learnt = tokenizer.decode([label for label in first.label if label != -100], skip_special_tokens=False)
    text = texts(2)[0]
    assert learnt.replace(" ", "") == f"好{text[0]}[SEP]不{text[1]}[SEP]"
    note = dict(data.notes([first], tokenizer))["row 1"].replace(" ", "")
    assert note.endswith(f"⟦不{text[1]}[SEP]⟧")
    shared = [{"conversations": [{"from": "human", "value": "好"}, {"from": "gpt", "value": "不"}]}]
    _, (same,), _ = encoded(shared, base)
    assert tokenizer.decode([label for label in same.label if label != -100]).replace(" ", "") == "不[SEP]"
    _, (joined,), _ = encoded(prompts(1), base)
    assert (
        tokenizer.decode([each for each in joined.label if each != -100]).replace(" ", "") == f"好{texts(1)[0][0]}[SEP]"
    )
    assert joined.label[-1] == tokenizer.eos_token_id
    alpaca = [{"instruction": "好", "input": "书", "output": "不"}]
    _, (rendered,), _ = encoded(alpaca, base)
    assert [label for label in rendered.label if label != -100] == tokenizer.convert_tokens_to_ids(["不", "[SEP]"])


def test_a_template_that_rewrites_earlier_turns_is_refused_with_the_turn(bases, tmp_path) -> None:
    import shutil

    folder = shutil.copytree(bases["causal-lm"], tmp_path / "b")
    template = "{% for m in messages %}{% if loop.last or m.role == 'user' %}<{{ m.content }}>{% endif %}{% endfor %}"
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "chat_template": template}))
    with pytest.raises(TorsoError, match="turn 2") as caught:
        encoded(chats(1), folder)
    assert caught.value.code == "E_CHAT_TEMPLATE"
    assert "Row 1" in caught.value.where


def test_whole_words_are_masked_as_a_function_of_seed_epoch_and_text(bases) -> None:
    from torso.training.masked_objective import MaskedObjective
    from torso.training.step_order import Step

    tokenizer = torso.load_tokenizer(bases["masked-lm"])
    rows = [{"words": ["washington", "今天", "hello", "北京", "弱小的", "大", "梦想"] * 3} for _ in range(40)]
    _, examples, _ = encoded(rows, bases["masked-lm"], task="masked-lm")
    objective = MaskedObjective(tokenizer, seed=3)
    drawn = objective.drawn(examples, Step(1, 0, ()))
    masked = [label != -100 for each in drawn for label in each.label]
    assert 0.10 < sum(masked) / len(masked) < 0.2
    for each, before in zip(drawn, examples, strict=True):
        for word in before.extra.words:
            assert len({each.label[place] != -100 for place in word}) == 1
        for place, label in enumerate(each.label):
            assert label in (-100, before.inputs[0].ids[place])
            assert label != -100 or each.inputs[0].ids[place] == before.inputs[0].ids[place]
    assert [each.label for each in objective.drawn(examples[5:9], Step(9, 0, ()))] == [
        each.label for each in drawn[5:9]
    ]
    assert [each.label for each in objective.drawn(examples, Step(1, 1, ()))] != [each.label for each in drawn]
    ids = [each.inputs[0].ids[place] for each in drawn for place, label in enumerate(each.label) if label != -100]
    assert 0.7 < sum(number == tokenizer.mask_token_id for number in ids) / len(ids) < 0.9


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ([{"tokens": ["a"], "tags": ["O", "O"]}], {}),
        ([{"tokens": 3, "tags": ["O"]}], {"task": "token-classification"}),
        ([{"text": "a", "spans": [{"start": 0, "end": 5, "label": "x"}]}], {}),
        ([{"question": "a", "choices": ["b"], "label": 0}], {}),
        ([{"question": "a", "choices": ["b", "c"], "label": 2}], {}),
        ([{"messages": [{"role": "user", "content": "a"}]}], {}),
    ],
)
def test_rows_that_cannot_be_learnt_from_are_named(rows, columns, bases) -> None:
    with pytest.raises(TorsoError) as caught:
        encoded([*rows], bases["causal-lm"], **columns)
    assert caught.value.code == "E_ROW"
    assert "Row 1" in str(caught.value)


def test_right_alternatives_may_be_letters_and_texts_and_columns_numbered(bases) -> None:
    rows = [{"question": "好", "option_a": "不", "option_b": "书", "answer": "B"}]
    _, (example,), _ = encoded(rows, bases["masked-lm"], task="multiple-choice")
    assert (len(example.inputs), example.label) == (2, 1)
    rows = [{"context": "今天", "question": "好", "choices": ["不", "书", "读"], "answer": "读"}]
    _, (example,), _ = encoded(rows, bases["masked-lm"], task="multiple-choice")
    assert (len(example.inputs), example.label) == (3, 2)


def test_written_texts_are_scored_as_rouge_and_sacrebleu_do() -> None:
    from torso.training.generation_metrics import generation_scores

    scores = generation_scores(["the cat sat"], ["the cat sat down"])
    assert scores["rougeL"] == pytest.approx(2 * 3 / 7)
    assert scores["rouge2"] == pytest.approx(2 * 2 / 5)
    chinese = generation_scores(["北京很好"], ["北京很大"])
    assert chinese["rougeL"] == pytest.approx(0.75)
    assert generation_scores(["北京很好"] * 3, ["北京很好"] * 3)["bleu"] == pytest.approx(100)


def test_the_model_stops_at_what_ended_its_answers(bases, tmp_path) -> None:
    import shutil

    folder = shutil.copytree(bases["causal-lm"], tmp_path / "b")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "eos_token_id": 1}))
    run = torso.train(folder, chats(20), out=tmp_path / "m", settings=TrainSettings(steps=1, batch=4))
    assert json.loads((run.folder / "generation_config.json").read_text())["eos_token_id"] == [3, 1]
    assert transformers.GenerationConfig.from_pretrained(run.folder).eos_token_id == [3, 1]


def test_the_command_trains_every_head(call, bases, tmp_path) -> None:  # noqa: F811
    data = tmp_path / "chats.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in chats(30)))
    arguments = [
        "train",
        "--data",
        data,
        "--out",
        tmp_path / "m",
        "-m",
        bases["causal-lm"],
        "--steps",
        "2",
        "--batch",
        "4",
    ]
    done = call(*arguments)
    assert done.status == 0, done.err
    assert "tokens have a loss" in done.out
    assert "⟦" in done.out
    scored = call("evaluate", "--model", tmp_path / "m", "--data", data, "--json")
    assert scored.status == 0, scored.err
    assert scored.json["scores"]["perplexity"] > 0


def test_targets_of_an_adapter_and_the_adapter_of_another_run(call, bases, tmp_path) -> None:  # noqa: F811
    data = tmp_path / "ner.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in tagged()))
    arguments = ["train", "--data", data, "-m", bases["token-classification"], "--steps", "2", "--batch", "4"]
    one = call(*arguments, "--out", tmp_path / "one", "--lora", "4", "--lora-targets", "key", "--lora-targets", "value")
    assert one.status == 0, one.err
    said = json.loads((tmp_path / "one/adapter_config.json").read_text())
    assert (said["r"], sorted(said["target_modules"])) == (4, ["key", "value"])
    again = call(*arguments, "--out", tmp_path / "two", "--config", tmp_path / "one/run/run.json")
    assert again.status == 0, again.err
    repeated = json.loads((tmp_path / "two/adapter_config.json").read_text())
    assert (repeated["r"], sorted(repeated["target_modules"])) == (4, ["key", "value"])
    alone = call(*arguments, "--out", tmp_path / "three", "--lora-targets", "key", "--json")
    assert (alone.status, json.loads(alone.out.splitlines()[-1])["error"]["code"]) == (3, "E_ARGUMENT")


def test_intervals_of_scores_are_those_of_a_bootstrap() -> None:
    from torso.training.metrics import class_scores, intervals

    dice = random.Random(4)
    labels = [dice.randrange(3) for _ in range(200)]
    found = [each if dice.random() < 0.8 else dice.randrange(3) for each in labels]
    table = [[sum(a == i and b == j for a, b in zip(labels, found, strict=True)) for j in range(3)] for i in range(3)]
    made = intervals(table)
    drawn = []
    for _ in range(1500):
        chosen = dice.choices(range(200), k=200)
        drawn.append(class_scores([found[i] for i in chosen], [labels[i] for i in chosen], 3))
    for name, half in made.items():
        values = sorted(each[name] for each in drawn)
        assert half == pytest.approx((values[1462] - values[37]) / 2, rel=0.12), name
    assert intervals([[0, 0], [0, 0]]) == {}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # PEFT's, of transformers
def test_an_adapter_learns_in_place_of_the_model(call, bases, tmp_path) -> None:  # noqa: F811
    data = tmp_path / "ner.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in tagged()))
    base = bases["token-classification"]
    arguments = ["train", "--data", data, "--out", tmp_path / "m", "-m", base, "--steps", "60", "--batch", "8"]
    done = call(*arguments, "--rate", "1e-2", "--lora", "--json")
    assert done.status == 0, done.err
    assert json.loads((tmp_path / "m/run/run.json").read_text())["lora"]["rank"] == 8
    assert (tmp_path / "m/adapter_model.safetensors").exists()
    assert not (tmp_path / "m/model.safetensors").exists()
    assert done.rows[-1]["scores"]["test"]["f1"] > 0.3
    assert torso.evaluate(tmp_path / "m", data).scores["f1"] > 0.3
    from peft import PeftModel

    plain = transformers.AutoModelForTokenClassification.from_pretrained(base, num_labels=3)
    theirs = PeftModel.from_pretrained(plain, str(tmp_path / "m")).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    with torch.no_grad():
        wanted = theirs(**tokenizer("我今天北京", return_tensors="pt")).logits
        ours = torso.load(tmp_path / "m", torso.Task.TOKEN_CLASSIFICATION).eval()
        found = ours(torso.pack([torso.load_tokenizer(base).encoding("我今天北京")])).logits
    torch.testing.assert_close(found, wanted[0], rtol=1e-5, atol=1e-5)
