"""What is said before the first step: data, labels, lengths, model, run, and about how long it takes."""

from __future__ import annotations

import time

import torch

from torso.engines.model_state import Modes
from torso.language import clauses, say
from torso.training.durations import duration
from torso.training.learning_rates import warmup_steps
from torso.training.parameter_groups import learning
from torso.training.preparing import PARTS, Prepared
from torso.training.step_order import Step, cut

_SAMPLE = 32  # texts that are timed
_SHOWN = 8  # labels that are listed


def plan_lines(run: Prepared, *, seconds: float | None = None) -> list[tuple[str, str]]:
    """Return heading and text of each line.

    Args:
        run: before its first step.
        seconds: how long it takes; None leaves it out.
    """
    settings, count = run.settings, len(run.examples["train"])
    total = settings.total_steps(count)
    lines = [(say("data"), _data(run)), *_labels(run), (say("lengths"), _lengths(run))]
    lines += [*run.data.notes(run.examples["train"], run.tokenizer), (say("model"), _model(run))]
    values = dict(
        steps=f"{total:,}",
        batch=settings.batch,
        tokens=f"{settings.tokens:,}",
        optimiser="Muon, AdamW" if settings.optimiser == "muon" else "AdamW",
        rate=_rates(run),
        schedule=settings.schedule,
        warmup=warmup_steps(settings.warmup, total),
        device=run.model.device,
        seed=settings.seed,
    )
    text = say(
        "{steps} steps of {batch} texts, {tokens} tokens at a time; {optimiser} {rate}, {schedule}, "
        "warm-up {warmup}; {device}; seed {seed}",
        values,
    )
    lines.append((say("run"), text))
    if seconds is not None:
        lines.append((say("time"), say("about {time}", dict(time=duration(seconds)))))
    return lines


def _rates(run: Prepared) -> str:
    rate, head = _power(run.rate), run.settings.head_rate
    return rate if head is None else say("{rate} (head {head})", dict(rate=rate, head=_power(head)))


def _power(rate: float) -> str:
    """Return a rate as it is written: 5e-4."""
    digits, _, exponent = f"{rate:.2e}".partition("e")
    return f"{float(digits):g}e{int(exponent)}"


def _data(run: Prepared) -> str:
    parts = run.parts
    values: dict[str, object] = {name: f"{len(run.examples[name]):,}" for name in PARTS}
    values |= dict(file=run.data.table.name, rows=f"{len(run.data.table.rows):,}")
    text = say("{file}: {rows} rows; train {train}, dev {dev}, test {test}", values)
    said = [text]
    if parts.repeats:
        said.append(say("{count} repeats left out", dict(count=f"{len(parts.repeats):,}")))
    if parts.contradictions:
        said.append(say("{count} with several labels, in train alone", dict(count=f"{len(parts.contradictions):,}")))
    if parts.leaks:
        said.append(say("{count} training texts are in dev or test too", dict(count=f"{len(parts.leaks):,}")))
    if run.reader.empty_rows:
        said.append(say("{count} empty texts dropped", dict(count=f"{len(run.reader.empty_rows):,}")))
    return clauses(said)


def _labels(run: Prepared) -> list[tuple[str, str]]:
    shares = run.data.shares(run.examples["train"])
    if not shares:
        return []
    total = sum(shares.values())
    shown = [f"{name} {count:,} ({count / max(total, 1):.0%})" for name, count in shares.items()]
    more = say(" and {count} more", dict(count=len(shown) - _SHOWN)) if len(shown) > _SHOWN else ""
    return [(say("labels"), " · ".join(shown[:_SHOWN]) + more)]


def _lengths(run: Prepared) -> str:
    reader = run.reader
    sizes = sorted(reader.sizes)
    values = dict(median=sizes[len(sizes) // 2], longest=f"{sizes[-1]:,}")
    said = [say("median {median}, longest {longest} tokens", values)]
    if reader.long_rows:
        cut = dict(count=f"{len(reader.long_rows):,}", limit=reader.limit)
        if reader.long == "truncate":
            said.append(say("longer than {limit} and cut: {count} texts", cut))
        else:
            said.append(say("longer than {limit} and dropped: {count} texts", cut))
    if reader.unknown:
        share = reader.unknown / max(sum(sizes), 1)
        said.append(say("{share} of the tokens are unknown to the model", dict(share=f"{share:.2%}")))
    return clauses(said)


def _model(run: Prepared) -> str:
    parameters = dict(run.model.named_parameters())
    learnt = sum(each.numel() for each in learning(run.model).values())
    count = sum(each.numel() for each in parameters.values())
    values = dict(name=run.base, count=_millions(count), learnt=_millions(learnt), frozen=len(run.frozen))
    said = [say("{name}, {count} parameters", values)]
    said.append(say("all learn") if learnt == count else say("{learnt} learn, the others are frozen", values))
    if run.new:
        modules = list(dict.fromkeys(name.rpartition(".")[0] or name for name in run.new))
        names = ", ".join(modules[:4]) + (", ..." if len(modules) > 4 else "")
        said.append(say("new: {names}", dict(names=names)))
    return clauses(said)


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 100_000 else f"{count:,}"


def estimate(run: Prepared) -> float:
    """Return about how many seconds the steps take: a forward and backward pass over some of the texts is timed."""
    examples = run.examples["train"]
    stride = max(len(examples) // _SAMPLE, 1)
    chosen = run.objective.drawn(examples[::stride][:_SAMPLE], Step(0, 0, ()))
    modes, model = Modes(run.model), run.model.train()
    seconds = 0.0
    try:
        with torch.random.fork_rng([]):
            for _ in range(2):  # the first one warms up
                began = time.monotonic()
                for part in cut([each.size for each in chosen], run.settings.tokens):
                    some = [chosen[index] for index in part]
                    run.objective.total(model(run.objective.batch(model, some)), some).backward()
                seconds = time.monotonic() - began
    finally:
        modes.restore()
        model.zero_grad(set_to_none=True)
    texts = run.settings.total_steps(len(examples)) * min(run.settings.batch, len(examples))
    return seconds * texts / len(chosen)
