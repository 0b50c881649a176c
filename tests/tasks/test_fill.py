"""``fill`` gives what the reference pipeline gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from torso.errors import InputError
from torso.tasks import fill

from .reference import save, text_of

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["[MASK]", "the [MASK] of 弱小 🎉 is [MASK] !", f"{text_of(60)} [MASK] {text_of(50)}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("mlm"), "ForMaskedLM")


@pytest.fixture(scope="module")
def reference(folder: Path):
    import transformers

    return transformers.pipeline("fill-mask", model=str(folder), tokenizer=str(folder), device="cpu")


@pytest.mark.parametrize("targets", [None, ["good", "bad", "paris"]])
def test_tokens_and_scores(folder: Path, reference, targets: list[str] | None) -> None:
    for text, made in zip(TEXTS, fill(TEXTS, model=folder, top=4, targets=targets), strict=True):
        wanted = reference(text, top_k=4, targets=targets)
        for mask, rows in zip(made, wanted if isinstance(wanted[0], list) else [wanted], strict=True):
            tokens = [reference.tokenizer.convert_ids_to_tokens(row["token"]) for row in rows]
            assert [each.token for each in mask] == tokens
            assert [each.score for each in mask] == pytest.approx([row["score"] for row in rows], abs=1e-5)


def test_whole_words(folder: Path) -> None:
    everything = fill("the [MASK]", model=folder, top=300)[0]
    assert any(each.token.startswith("##") for each in everything)
    words = fill("the [MASK]", model=folder, top=300, whole_words=True)[0]
    assert not any(each.token.startswith(("##", "[CLS")) for each in words)
    kept = [each.token for each in everything if each.token in {word.token for word in words}]
    assert kept == [word.token for word in words][: len(kept)]


def test_targets_that_are_no_tokens(folder: Path) -> None:
    with pytest.raises(InputError, match=r"'unbelievablest' .*E_TARGET"):
        fill("the [MASK]", model=folder, targets=["good", "unbelievablest"])
    assert [each.token for each in fill("[MASK]", model=folder, targets=["Paris", "good"])[0]] != []
    with pytest.raises(InputError, match="E_ARGUMENT"):
        fill("the [MASK]", model=folder, targets="good")
    with pytest.raises(InputError, match="whole word"):
        fill("the [MASK]", model=folder, targets=["##s"], whole_words=True)


def test_each_mask_is_read_in_the_window_that_holds_most_around_it(folder: Path) -> None:
    text = f"[MASK] {text_of(500)} [MASK] {text_of(400, 1)} [MASK]"
    made = fill(text, model=folder, long="window", top=3)
    assert (len(made), made.extent.merge) == (3, "widest")
    beginning = fill(text, model=folder, long="truncate", top=3)
    assert beginning.truncated
    assert [each.token for each in beginning[0]] == [each.token for each in made[0]]
    assert made[2][0].text.startswith("[MASK] ")
    assert not made[2][0].text.endswith("[MASK]")

    apart = fill(text, model=folder, long="window", top=3, budget=1)  # a batch without a mask gives none
    assert apart.extent == made.extent
    for mine, its in zip(apart, made, strict=True):
        assert [(each.token, each.text) for each in mine] == [(each.token, each.text) for each in its]
        assert [each.score for each in mine] == pytest.approx([each.score for each in its], abs=1e-5)


def test_a_long_text_without_a_mask_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match=r"Text 1 has no .*E_NO_MASK"):
        fill(["[MASK]", text_of(900)], model=folder, long="window")


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa whose byte-level vocabulary marks spaces."""
    import transformers
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    folder = tmp_path_factory.mktemp("byte_level")
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=300, show_progress=False, special_tokens=special, initial_alphabet=made.pre_tokenizer.alphabet()
    )
    made.train_from_iterator(["the cat sits outside the cat sits", "## outside"] * 9, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=64, **{f"{name}_token": token for name, token in names.items()}
    ).save_pretrained(folder)
    config = transformers.RobertaConfig(
        vocab_size=made.get_vocab_size(), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=66, type_vocab_size=1, pad_token_id=1,
    )  # fmt: skip
    transformers.RobertaForMaskedLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("text", ["the <mask> sits", "the cat<mask>", "(<mask>)", "the  <mask>", "a<mask> b"])
def test_proposals_as_text(byte_level: Path, text: str) -> None:
    import transformers

    reference = transformers.pipeline("fill-mask", model=str(byte_level), tokenizer=str(byte_level), device="cpu")
    for target in ("Ġcat", "cat", "s", "!", "Ġ", "##"):  # the last goes on no word here: RoBERTa has it too
        [[made]] = fill(text, model=byte_level, targets=[target])
        [wanted] = reference(text, targets=[target])
        assert (made.token, made.text) == (wanted["token_str"], wanted["sequence"])
    [[made]] = fill("<mask> sits", model=byte_level, targets=["Ġcat"])
    assert (made.token, made.text) == (" cat", "cat sits")
    [[made]] = fill("the <mask>", model=byte_level, targets=["å"])  # a byte that is no character by itself
    assert made.token == "å"
    assert fill("the <mask>", model=byte_level, targets=[" cat"])[0][0].token == " cat"


def test_marks_of_other_vocabularies_are_plain_text(byte_level: Path, tmp_path: Path) -> None:
    """RoBERTa has a token ``##``, and vocabularies of WordPiece have letters that byte-level ones mark spaces with."""
    [[made]] = fill("<mask>", model=byte_level, targets=["Ġcat", "##"], whole_words=True, top=1)
    assert made.token == " cat"

    from torso.architecture import Task

    from .small import save as small

    folder = small(tmp_path, Task.MASKED_LM)
    vocabulary = (folder / "vocab.txt").read_text("utf-8").replace("old\n", "Ġa\n")
    (folder / "vocab.txt").write_text(vocabulary, "utf-8")
    [[made]] = fill("how[MASK]", model=folder, targets=["Ġa"])
    assert made.text == "howĠa"
    words = fill("how [MASK]", model=folder, whole_words=True, top=300)[0]
    assert {"how", "Ġa"} <= {each.token for each in words}
