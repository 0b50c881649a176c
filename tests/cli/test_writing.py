"""The commands that write give what the functions give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import torso
from generation import small
from torso.kernels.library import library

from .conftest import Result, finish


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.llama(tmp_path_factory.mktemp("m") / "llama")


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.t5(tmp_path_factory.mktemp("m") / "t5")


def test_generate(call: Callable[..., Result], llama: Path) -> None:
    wanted = torso.generate("hello world", model=llama, max_new_tokens=5)
    assert call("generate", "hello world", "--model", llama, "--max-new-tokens", 5).out == wanted.text + "\n"
    streamed = call("generate", "hello world", "--model", llama, "--max-new-tokens", 5, "--stream")
    assert streamed.out == wanted.text + "\n"
    done = call("generate", "hello world", "--model", llama, "--max-new-tokens", 5, "--json")
    [told] = done.json["completions"]
    assert (done.json["prompt"], told["text"], tuple(told["ids"])) == ("hello world", wanted.text, wanted[0].ids)
    assert told["why"] in ("length", "end")
    pieces = call("generate", "hello world", "--model", llama, "--max-new-tokens", 5, "--stream", "--json").rows
    assert "".join(piece["text"] for piece in pieces) == wanted.text


def test_generate_with_every_option(call: Callable[..., Result], llama: Path) -> None:
    values = dict(do_sample=True, temperature=2.0, top_p=0.9, top_k=20, seed=4)
    wanted = torso.generate(
        ["hello", "world"], model=llama, **values, num_return_sequences=2, settings={"repetition_penalty": 1.5}
    )
    options = "--sample --temperature 2 --top-p 0.9 --top-k 20 --seed 4 --answers 2 --set repetition_penalty=1.5"
    done = call("generate", "hello", "world", "--model", llama, *options.split(), "--batch", 1, "--json")
    assert [[each["text"] for each in row["completions"]] for row in done.rows] == [
        [each.text for each in each_prompt] for each_prompt in wanted
    ]
    beams = call("generate", "hello", "--model", llama, "--num-beams", 2, "--json").json["completions"]
    assert beams[0]["ids"] == list(torso.generate("hello", model=llama, num_beams=2)[0].ids)
    stop = torso.generate("hello", model=llama).text[3:5]
    cut = call("generate", "hello", "--model", llama, "--stop", stop, "--json").json["completions"][0]
    assert cut["why"] == "stop"


def test_texts_of_a_file_are_a_line_each(call: Callable[..., Result], llama: Path, tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("hello\nworld\n", encoding="utf-8")
    done = call("generate", "--file", tmp_path / "prompts.txt", "--model", llama)
    assert (done.status, len(done.out.splitlines())) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["hello", "--temperature", "0.5"], "E_NO_EFFECT"),
        (["hello", "--set", "temprature=1"], "E_UNKNOWN_PARAMETER"),
        (["hello", "--set", "temperature"], "E_USAGE"),
        (["hello", "--stream", "--num-beams", "2"], "E_NO_STREAM"),
        (["hello", "world", "--stream"], "E_USAGE"),
    ],
)
def test_what_cannot_be_is_told(call: Callable[..., Result], llama: Path, arguments: list[str], code: str) -> None:
    done = call("generate", *arguments, "--model", llama, "--json")
    assert done.status in (2, 3)
    assert json.loads(done.out)["error"]["code"] == code


def test_chat(call: Callable[..., Result], llama: Path) -> None:
    wanted = torso.chat([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}], model=llama)
    assert call("chat", "Hi", "--system", "Be kind.", "--model", llama).out == wanted.text + "\n"
    told = call("chat", "Hi", "--system", "Be kind.", "--model", llama, "--json").json
    assert told["completions"][0]["text"] == wanted.text


def test_a_chat_without_template_is_told_in_the_command_line_s_words(call: Callable[..., Result], t5: Path) -> None:
    assert "torso generate" in call("chat", "Hi", "--model", t5).err


def test_a_chat_goes_on_from_line_to_line(llama: Path) -> None:
    first = torso.chat("Hi", model=llama, max_new_tokens=4)
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": first.text},
        {"role": "user", "content": "And?"},
    ]
    second = torso.chat(messages, model=llama, max_new_tokens=4)
    done = finish("chat", "--model", llama, "--max-new-tokens", 4, input=b"Hi\nAnd?\n\nnever read\n")
    assert done.out == f"{first.text}\n{second.text}\n"


def test_translate_and_summarise(call: Callable[..., Result], t5: Path) -> None:
    wanted = torso.translate("hello", model=t5, source="en", target="de")
    assert call("translate", "hello", "--from", "en", "--to", "de", "--model", t5).out == wanted.text + "\n"
    wanted = torso.summarise("hello", model=t5, num_beams=3)
    for name in ("summarise", "summarize"):
        assert call(name, "hello", "--num-beams", 3, "--model", t5).out == wanted.text + "\n"


@pytest.mark.skipif(library() is None, reason="torso was installed without its compiled kernels")
@pytest.mark.parametrize("mode", ["bf16", "int8", "int4"])
def test_modes(call: Callable[..., Result], llama: Path, t5: Path, mode: str) -> None:
    few = torso.compiled_decoder(t5, mode)  # type: ignore[arg-type]
    wanted = torso.summarise("hello world", model=few).text
    assert call("summarise", "hello world", "--model", t5, "--mode", mode).out == wanted + "\n"
    wanted = torso.translate("hello world", model=few, source="en", target="de").text
    told = call("translate", "hello world", "--model", t5, "--mode", mode, "--from", "en", "--to", "de")
    assert told.out == wanted + "\n"
    wanted = torso.generate("hello world", model=torso.compiled_decoder(llama, mode)).text  # type: ignore[arg-type]
    assert call("generate", "hello world", "--model", llama, "--mode", mode).out == wanted + "\n"


def test_config_shows_how_a_model_writes(call: Callable[..., Result], llama: Path) -> None:
    done = call("config", llama)
    assert "GenerationSettings" in done.out
    assert "repetition_penalty" in done.out
    told = call("config", llama, "--json").json["generation"]
    assert next(row for row in told if row["name"] == "max_new_tokens")["source"] == "file"
    assert "generation" not in call("config", "torso:sentiment", "--json").json


def test_a_chat_that_is_piped_in_is_utf_8_whatever_the_locale(llama: Path) -> None:
    wanted = torso.chat("你好 é", model=llama, max_new_tokens=4)
    environment = {"LC_ALL": "C", "LANG": "C", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    given = ("chat", "--model", llama, "--max-new-tokens", 4, "--json")
    done = finish(*given, input="\ufeff你好 é\n".encode(), env=environment)
    assert done.status == 0, done.err
    assert done.rows[0]["completions"][0]["ids"] == list(wanted[0].ids)
    refused = finish(*given, input="你好\n".encode("gbk"), env=environment)
    assert refused.status == 3
    assert "E_TEXT" in refused.out


def test_results_are_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    from torso.cli.generated_output import show
    from torso.generation.completion import Completion
    from torso.tasks import Extent, Generated

    long = "wort\n" * 4_000
    written = Generated("x", (Completion(long, (1,), (0.0,), "end"),), Extent(1, 1))
    show([written, written], [], False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.replace("\\u000a", "\n") for line in lines] == [long, long]
