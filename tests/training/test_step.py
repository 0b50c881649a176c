"""A step does not depend on how it is cut into micro-batches, and does depend on what it says it does."""

from __future__ import annotations

import pytest
import torch

from torso.errors import DivergedError, InputError, LimitError
from torso.training.loop import fit
from torso.training.optimiser_step import RatePlan, Stepper
from torso.training.parameter_groups import adamw, parameter_groups
from torso.training.step_order import Step, cut, steps
from torso.training.train_settings import TrainSettings

from . import drawn

STEP = Step(1, 0, ())


def stepper(model, objective, **options) -> Stepper:
    settings = TrainSettings()
    optimiser = adamw(model, parameter_groups(model, settings, 1e-3), settings)
    return Stepper(model, objective, optimiser, RatePlan(1e-3, "constant", 0, 10), **options)


def gradients(name: str, examples, tokens: int) -> tuple[float, int, dict[str, torch.Tensor]]:
    model, objective = drawn.made(name)
    taken = stepper(model.train(), objective, clip=None, tokens=tokens).take(STEP, examples)
    return taken.loss, taken.parts, {key: each.grad for key, each in model.named_parameters() if each.requires_grad}


@pytest.mark.parametrize("name", drawn.OBJECTIVES)
def test_gradients_do_not_depend_on_the_micro_batches(name) -> None:
    texts = drawn.examples(name, 32)
    whole = gradients(name, texts, 10**6)
    total = sum(each.size for each in texts)
    for tokens, at_least in ((total // 3, 4), (1, 32)):
        loss, parts, found = gradients(name, texts, tokens)
        assert parts >= at_least
        assert loss == pytest.approx(whole[0], rel=1e-6)
        for key, gradient in whole[2].items():
            torch.testing.assert_close(found[key], gradient, rtol=1e-5, atol=1e-6, msg=lambda text, key=key: key + text)
    assert whole[1] == 1


@pytest.mark.parametrize("name", drawn.OBJECTIVES)
def test_the_loss_is_the_mean_over_what_counts(name) -> None:
    """Not the mean of the micro-batches' means: those of one text each differ from it."""
    texts = drawn.examples(name, 6, seed=3)
    model, objective = drawn.made(name)
    model.eval()
    with torch.no_grad():
        alone = [float(objective.total(model(objective.batch(model, [each])), [each])) for each in texts]
    counts = [objective.count([each]) for each in texts]
    taken = stepper(model, objective, tokens=20).take(STEP, texts)
    assert taken.count == pytest.approx(sum(counts))
    assert taken.loss == pytest.approx(sum(alone) / sum(counts), rel=1e-5)


@pytest.mark.parametrize("name", drawn.OBJECTIVES)
def test_a_micro_batch_that_runs_out_of_memory_is_halved(name, monkeypatch) -> None:
    texts = drawn.examples(name, 16)
    loss, _, wanted = gradients(name, texts, 10**6)
    model, objective = drawn.made(name)
    real, met = objective.batch, []

    def small_memory(model, chosen):
        met.append(sum(each.size for each in chosen))
        if met[-1] > 40:
            raise torch.OutOfMemoryError("out of memory")
        return real(model, chosen)

    monkeypatch.setattr(objective, "batch", small_memory)
    tight = stepper(model.train(), objective, clip=None, tokens=10**6)
    taken = tight.take(STEP, texts)
    assert taken.loss == pytest.approx(loss, rel=1e-6)
    assert met[0] > 40 >= met[-1]
    assert tight.tokens <= 40
    for key, each in model.named_parameters():
        torch.testing.assert_close(each.grad, wanted[key], rtol=1e-5, atol=2e-6)
    tight.tokens = 10**6
    monkeypatch.setattr(objective, "batch", lambda *_: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(LimitError, match=f"Row 9, {texts[8].size} tokens"):
        tight.take(STEP, texts[8:9])


def test_memory_is_not_mistaken_for_another_error(monkeypatch) -> None:
    model, objective = drawn.made("token")
    monkeypatch.setattr(objective, "total", lambda *_: (_ for _ in ()).throw(RuntimeError("shapes differ")))
    with pytest.raises(RuntimeError, match="shapes differ"):
        stepper(model, objective).take(STEP, drawn.examples("token", 2))


@pytest.mark.parametrize("module", ["trunk.layers.1.ffn.down", "trunk.embed.tokens", "head.out"])
def test_a_loss_that_is_not_finite_names_rows_and_module(module) -> None:
    model, objective = drawn.made("sequence-single")
    found = [name for name, _ in model.named_modules() if name.endswith(module)]
    chosen = found[0] if found else next(name for name, _ in model.named_modules() if name.startswith("trunk.layers.1"))
    target = model.get_submodule(chosen)
    weight = next(target.parameters())
    with torch.no_grad():
        weight.fill_(float("inf"))
    before = {name: each.clone() for name, each in model.named_parameters()}
    with pytest.raises(DivergedError) as caught:
        stepper(model.train(), objective, tokens=10).take(STEP, drawn.examples("sequence-single", 4))
    assert caught.value.code == "E_DIVERGED"
    assert chosen.split(".")[0] in caught.value.what
    assert "Rows" in caught.value.where
    for name, each in model.named_parameters():
        assert torch.equal(each, before[name]), name


@pytest.mark.parametrize("name", drawn.OBJECTIVES)
def test_every_head_stops_where_its_loss_is_not_finite(name) -> None:
    model, objective = drawn.made(name)
    with torch.no_grad():
        model.get_parameter("trunk.embed.tokens.weight").fill_(float("nan"))
    with pytest.raises(DivergedError, match="trunk"):
        stepper(model.train(), objective, tokens=30).take(STEP, drawn.examples(name, 4))


def test_of_equal_scores_the_lower_loss_is_the_best() -> None:
    model, objective = drawn.made("token")
    scores = iter([{"loss": 2.0, "f1": 0.0}, {"loss": 1.0, "f1": 0.0}, {"loss": 3.0, "f1": 0.0}])
    settings = TrainSettings(steps=3, batch=4, evaluate_every=1)
    progress = fit(
        model,
        objective,
        drawn.examples("token", 6),
        settings,
        rate=1e-3,
        evaluate=lambda: next(scores),
        better=lambda found: found["f1"],
    )
    assert progress.best_step == 2


def test_a_step_without_a_label_that_counts_is_an_error_with_its_rows() -> None:
    model, objective = drawn.made("token")
    texts = drawn.examples("token", 3)
    for each in texts:
        each.label[:] = [drawn.IGNORED] * len(each.label)
    with pytest.raises(InputError, match=r"Rows 1, 2, 3\."):
        stepper(model, objective).take(STEP, texts)


def test_weights_of_half_precision_are_refused() -> None:
    model, objective = drawn.made("token")
    with pytest.raises(InputError, match="bfloat16: updates smaller"):
        stepper(model.bfloat16(), objective)


def test_bf16_computes_in_bfloat16_and_keeps_float32_weights() -> None:
    texts = drawn.examples("token", 8)
    losses = {}
    for precision in ("float32", "bf16"):
        model, objective = drawn.made("token")
        losses[precision] = stepper(model.train(), objective, precision=precision).take(STEP, texts).loss
        assert {each.dtype for each in model.parameters()} == {torch.float32}
    assert losses["bf16"] != losses["float32"]
    assert losses["bf16"] == pytest.approx(losses["float32"], rel=0.05)


def test_the_caller_s_random_state_and_mode_are_left_alone() -> None:
    model, objective = drawn.made("token", dropout=True)
    model.eval()
    model.trunk.embed.train()
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    fit(model, objective, drawn.examples("token", 6), TrainSettings(steps=2, batch=4), rate=1e-3)
    assert torch.equal(torch.rand(3), wanted)
    assert (model.training, model.trunk.embed.training) == (False, True)


def test_dropout_acts_after_an_evaluation_too() -> None:
    model, objective = drawn.made("token", dropout=True)
    seen = []

    class Modes:
        def started(self, total, step): ...
        def stepped(self, step, result):
            seen.append(model.training)

        def evaluated(self, row): ...
        def saved(self, folder, step): ...
        def finished(self, step): ...

    def evaluate():
        model.eval()
        return {"loss": 1.0}

    settings = TrainSettings(steps=3, batch=4, evaluate_every=1)
    fit(model, objective, drawn.examples("token", 6), settings, rate=1e-3, evaluate=evaluate, watch=[Modes()])
    assert seen == [True, True, True]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 33])
def test_steps_are_a_pure_function_and_go_on_where_they_were(count) -> None:
    options = dict(batch=4, total=11, seed=3)
    whole = list(steps(count, **options))
    assert [each.number for each in whole] == list(range(1, 12))
    for after in range(12):
        assert list(steps(count, after=after, **options)) == whole[after:]
    first = [text for each in whole if each.epoch == 0 for text in each.texts]
    if len(whole) > max(-(-count // 4), 1):
        assert sorted(first) == list(range(count))
    assert all(len(each.texts) in (4, count % 4, count) for each in whole)
    if count > 4:
        assert list(steps(count, batch=4, total=11, seed=4)) != whole


@pytest.mark.parametrize("tokens", [1, 5, 17, 1000])
def test_a_cut_loses_nothing_and_begins_with_the_longest(tokens) -> None:
    sizes = [3, 9, 1, 9, 4, 2, 7]
    parts = cut(sizes, tokens)
    assert sorted(index for part in parts for index in part) == list(range(len(sizes)))
    assert all(len(part) == 1 or sum(sizes[index] for index in part) <= tokens for part in parts)
    assert sizes[parts[0][0]] == 9
