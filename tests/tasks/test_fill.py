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
