"""Long texts of encoder-decoders: refused, cut, or written of portion by portion; and words that are never written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import torso
from lazy import LazyModule
from torso.errors import InputError, LimitError, TooLongError
from torso.generation import completion as completing
from torso.tasks import make_ready

from . import small

transformers = LazyModule("transformers")

LIMIT = 60
SENTENCES = ["hello world, this is one.", "And this is another one!", "弱小的我也有大梦想！", "The end of it 🎉."]


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small.t5(tmp_path_factory.mktemp("m") / "t5")
    file = folder / "tokenizer_config.json"
    told = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**told, "model_max_length": LIMIT}))
    return folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.llama(tmp_path_factory.mktemp("m") / "llama")


def test_a_translation_of_a_long_text_is_that_of_its_portions(t5: Path) -> None:
    text = " ".join(SENTENCES[:2]) + "\n" + " ".join(SENTENCES[2:])
    ready = make_ready(t5, torso.Task.SEQ2SEQ_LM)
    how = dict(model=ready, source="en", target="de", num_beams=3, settings={"num_return_sequences": 2})
    whole = torso.translate(["y", text, "x"], long="window", **how)
    assert [each.prompt for each in whole] == ["y", text, "x"]
    assert [each.extent.windows > 1 for each in whole] == [False, True, False]
    small.same([whole[0]], [torso.translate("y", **how)])
    long = whole[1]
    assert (long.extent.merge, long.truncated, len(long)) == ("join", False, 2)
    portions = _portions(text, ready)
    assert len(portions) == long.extent.windows >= 2
    made = [torso.translate(each, **how) for each in portions]
    assert all(each.extent.tokens <= LIMIT for each in made)
    for best, completion in enumerate(long):
        assert completion.ids == tuple(number for each in made for number in each[best].ids)
        assert completion.score is None
        assert "".join(completion.text.split()) == "".join("".join(each[best].text.split()) for each in made)
    small.same(torso.translate(iter(["y", text, "x"]), long="window", **how), whole)


def _portions(text: str, ready: torso.Ready) -> list[str]:
    from torso.tasks.chunking import portions

    def size(part: str) -> int:
        return len(ready.tokenizer.encoding(f"translate English to German: {part}"))

    return [each.text for each in portions(text, size, LIMIT, 0)]


def test_a_summary_may_read_the_beginning(t5: Path) -> None:
    text = " ".join(SENTENCES)
    tokenizer = torso.Tokenizer.from_folder(t5)
    cut = torso.summarise(text, model=t5, long="truncate")
    size = len(tokenizer.encoding(f"summarize: {text}"))
    assert (cut.extent.tokens, cut.extent.read, cut.truncated) == (size, LIMIT, True)
    assert cut.extent.span is not None
    begin, end = cut.extent.span
    assert begin == 0
    assert len(tokenizer.encoding(f"summarize: {text[:end]}")) == LIMIT
    assert cut[0] == torso.summarise(text[:end], model=t5)[0]
    whole = torso.summarise(text, model=t5, long="window")
    assert (whole.extent.merge, whole.truncated) == ("join", False)
    with pytest.raises(InputError, match="E_ARGUMENT"):
        torso.summarise(text, model=t5, long="windows")  # pyright: ignore[reportArgumentType]


def test_a_text_that_is_too_long_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "bart"
    small.mbart_like(folder)
    from torso.models.bart import BartConfig

    size = len(torso.Tokenizer.from_folder(folder)) + 3
    config = BartConfig(vocab_size=size, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
                        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
                        max_position_embeddings=30)  # fmt: skip
    torso.new_model(config, torso.Task.SEQ2SEQ_LM, seed=1).save(folder)
    with pytest.raises(TooLongError, match=r"Text 1 .*window.*E_TOO_LONG"):
        torso.translate(["a", "a b " * 40], model=folder, max_new_tokens=3)
    made = torso.translate(["a", "a b " * 40], model=folder, max_new_tokens=3, long="window")
    assert [each.extent.windows > 1 for each in made] == [False, True]


def test_bad_words_are_the_reference_s(llama: Path) -> None:
    """As transformers documents it: the ids of a word alone, and of the word behind a space."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(llama)
    free = torso.generate("hello world", model=llama)
    words = [token for token in tokenizer.convert_ids_to_tokens(free[0].ids) if token.isascii() and token.isalpha()]
    assert words
    ids = [tokenizer(form, add_special_tokens=False).input_ids for word in words for form in (word, f" {word}")]
    wanted = torso.generate("hello world", model=llama, settings={"bad_words_ids": ids})
    made = torso.generate("hello world", model=llama, bad_words=words)
    assert made == wanted
    assert made[0].ids != free[0].ids
    row = transformers.AutoModelForCausalLM.from_pretrained(llama).generate(
        **tokenizer("hello world", return_tensors="pt"), bad_words_ids=ids, pad_token_id=500
    )[0]
    size = len(tokenizer("hello world").input_ids)
    assert list(made[0].ids) == row[size:].tolist()[: len(made[0].ids)]
    pieces = torso.stream("hello world", model=llama, bad_words=words)
    assert tuple(piece.id for piece in pieces) == made[0].ids
    both = torso.generate("hello world", model=llama, bad_words=words, settings={"bad_words_ids": [[made[0].ids[0]]]})
    assert both[0].ids[0] not in (made[0].ids[0], free[0].ids[0])


@pytest.mark.parametrize("wrong", ["word", [""], ["a", " "]])
def test_what_is_no_word_is_refused(llama: Path, wrong: list[str]) -> None:
    with pytest.raises(InputError, match=r"bad_words .*E_ARGUMENT"):
        torso.generate("x", model=llama, bad_words=wrong)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[enforce fail] can't allocate memory")])
def test_prompts_that_do_not_fit_the_memory_are_halved(
    llama: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ready = make_ready(llama, torso.Task.CAUSAL_LM)
    prompts = ["x", "hello world", "a b c d", "y", "hello", "z z", "b"] * 2
    how = dict(model=ready, max_new_tokens=4, do_sample=True, seed=3)
    wanted = torso.generate(prompts, **how)
    sizes: list[int] = []
    real = completing.write

    def small_memory(model, some, *rest):
        sizes.append(len(some))
        steps = real(model, some, *rest)
        yield next(steps)
        if len(some) > 3:
            raise error
        yield from steps

    monkeypatch.setattr(completing, "write", small_memory)
    small.same(torso.generate(prompts, **how, batch=8), wanted)
    assert sizes == [8, 4, 2, 2, 2, 2, 2, 2, 2]


def test_a_prompt_that_does_not_fit_by_itself_is_an_error(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(completing, "write", no_memory)
    with pytest.raises(LimitError, match=r"behind a prompt of \d+ tokens .*E_MEMORY"):
        torso.generate(["x", "hello"], model=llama)

    def broken(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(completing, "write", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        torso.generate(["x", "hello"], model=llama)
