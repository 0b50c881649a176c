"""Reference checkpoints made by transformers, and the padded batches that both libraries read."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from conftest import seed
from lazy import LazyModule
from torso import load
from torso.architecture import Task
from torso.compat.padded_model import PaddedModel

from .families import FAMILIES, cases_of, registered
from .families.kinds import Case, Family

transformers = LazyModule("transformers")

EAGER = {"attn_implementation": "eager", "experts_implementation": "eager"}
"""Each sum as it is written: of a mixture too, whose faster one wants widths that are a multiple of four."""
SIZES = (7, 1, 12, 12, 3, 16)
IGNORED = -100
TARGETS = 8
"""Columns of the labels that a decoder behind an encoder learns from."""


@dataclass(frozen=True)
class Reference:
    """A random model of transformers, in evaluation mode, and the folder it was saved to."""

    model: Any
    folder: Path
    case: Case
    family: Family

    @property
    def config(self) -> Any:
        return self.model.config

    @property
    def two_sided(self) -> bool:
        """Whether a decoder follows an encoder here; a head may leave the decoder out."""
        return self.takes("decoder_input_ids")

    @property
    def offset(self) -> int:
        """What the reference adds to positions before its table."""
        offset = self.family.offset
        return offset if isinstance(offset, int) else offset(self.config)

    def takes(self, name: str) -> bool:
        """Whether the reference's forward has a parameter of that name."""
        return name in signature(self.model.forward).parameters

    def torso(self, **options: Any) -> PaddedModel[Any]:
        """The same checkpoint in torso, as a padded model of its own."""
        return PaddedModel(load(self.folder, self.case.task, **options))

    @property
    def shared(self) -> PaddedModel[Any]:
        """The same checkpoint in torso, loaded once for all tests that change nothing of it."""
        _IN_USE[id(self)] = (self._loaded, _state(self._loaded))
        return self._loaded

    @cached_property
    def _loaded(self) -> PaddedModel[Any]:
        return self.torso()

    def read_again(self, **changes: float) -> Any:
        """The reference model with other values of its config, and the same weights."""
        settings = transformers.AutoConfig.from_pretrained(self.folder)
        for name, value in changes.items():
            setattr(settings, name, value)
        return type(self.model).from_pretrained(self.folder, config=settings, **EAGER)

    def __call__(self, given: Padded, **options: Any) -> tuple[Any, Tensor]:
        """What the reference gives, and where its tokens are: [texts, S], in the order of ``given.here``.

        A reference that takes no positions counts them by columns, so its texts begin in the first one.
        """
        if not self.takes("position_ids"):
            return self.aligned(given, **options), given.aligned_here
        chosen = {**given.shared, "position_ids": given.positions + self.offset}
        return self._of(chosen, options), given.here

    def aligned(self, given: Padded, **options: Any) -> Any:
        """What the reference gives of the same texts with their first tokens in the first column."""
        return self._of(given.aligned, options)

    def _of(self, given: Mapping[str, Tensor], options: Mapping[str, Any]) -> Any:
        if self.case.labels == "choice" and "attention_mask" not in given:
            # ModernBERT's multiple choice takes no mean without a mask.
            given = {**given, "attention_mask": torch.ones_like(given["input_ids"])}
        out = self.model(**given, **options)
        if "logits" in out and out.logits.ndim == 1:
            # DeBERTa drops the axis of a single label where it is given one to learn from.
            out["logits"] = out.logits[:, None]
        return out


_IN_USE: dict[int, tuple[PaddedModel[Any], object]] = {}


def _state(padded: PaddedModel[Any]) -> object:
    """What changes where a test trains, moves or writes to a model."""
    model = padded.packed
    tensors = (*model.parameters(), *model.buffers())
    written = [(id(each), each._version, each.requires_grad, each.grad is None) for each in tensors]
    return written, padded.training, {each.training for each in model.modules()}


def unchanged() -> None:
    """Holds the shared models that a test used to what they were before."""
    while _IN_USE:
        _, (padded, before) = _IN_USE.popitem()
        assert _state(padded) == before, "the test changed a model that others share: it needs one of its own"


@cache
def drawn(model_type: str) -> Mapping[str, Any]:
    """This run's own config of a family."""
    return FAMILIES[model_type].drawn(random.Random(seed()))


def config_values(model_type: str, config: str) -> Mapping[str, Any]:
    """The values of one config of a family, by its name; ``drawn`` is this run's own."""
    return drawn(model_type) if config == "drawn" else FAMILIES[model_type].configs[config]


def make(model_type: str, config: str, case: str, folder: Path, **values: Any) -> Reference:
    """A reference checkpoint in ``folder``."""
    about = cases_of(model_type)[case]
    torch.manual_seed(sum(map(ord, f"{model_type} {config} {case}")) + (seed() if config == "drawn" else 0))
    settings = transformers.AutoConfig.for_model(
        model_type, **{**config_values(model_type, config), **about.values, **values, "initializer_range": 0.2}
    )
    settings._attn_implementation = settings._experts_implementation = "eager"
    model = reference_class(model_type, about.task)(settings).eval()
    shake(model)
    model.save_pretrained(folder)
    return Reference(model, folder, about, FAMILIES[model_type])


def reference_class(model_type: str, task: Task[Any]) -> Any:
    """The class of transformers for a family and a head."""
    return getattr(transformers, registered()[model_type].class_name(task))


def as_written(model: Any, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What belongs to each of a reference model's weights, fused and named as it fuses and names them in files."""
    from transformers.core_model_loading import revert_weight_conversion  # it imports all that models are built of

    return dict(revert_weight_conversion(model, dict(tensors)))


@torch.no_grad()
def shake(model: torch.nn.Module) -> None:
    """Makes norms, biases and saved buffers other than the constants they are born as: mixing two of them up shows."""
    for parameter in model.parameters():
        # A matrix that is born small whatever the config says, as GPT's are, is made as large as the others.
        if parameter.ndim > 1 and 0 < parameter.std() < 0.03:
            parameter *= 0.2 / parameter.std()
    saved = {*model.state_dict()}
    buffers = [each for name, each in model.named_buffers() if name in saved and each.is_floating_point()]
    for each in (*(parameter for parameter in model.parameters() if parameter.ndim < 2), *buffers):
        each += 0.1 * torch.randn_like(each)


@dataclass(frozen=True)
class Padded:
    """A batch for both libraries.

    Attributes:
        shared: what both read alike.
        positions: for transformers alone, which counts from the first column and not from the first token.
        here: where the tokens are, [texts, S].
    """

    shared: Mapping[str, Tensor]
    positions: Tensor
    here: Tensor

    @property
    def aligned(self) -> dict[str, Tensor]:
        """The same texts with their first tokens in the first column, where transformers' poolers look for them."""
        first = self.here.int().argmax(1)
        return {name: self._moved(name, value, first) for name, value in self.shared.items()}

    @property
    def aligned_here(self) -> Tensor:
        """Where the tokens are then."""
        return torch.arange(self.here.shape[1]) < self.here.sum(1, keepdim=True)

    def _moved(self, name: str, value: Tensor, first: Tensor) -> Tensor:
        if name.endswith("_positions"):
            return value - first
        # What has another shape counts no columns of the texts: targets, labels of whole texts.
        if name.startswith("decoder_") or value.numel() != self.here.numel():
            return value
        width = self.here.shape[1]
        columns = (torch.arange(width) + first[:, None]) % width
        return value.reshape(self.here.shape).gather(1, columns).view(value.shape)


def batch(reference: Reference, side: str, *, with_labels: bool = True, without: int | None = None) -> Padded:
    """A batch with padding on the ``right`` or ``left``, or ``none``: all of one length and no mask given.

    The token ``without`` stands nowhere in it.
    """
    config, dice = reference.config, torch.Generator().manual_seed(len(side))
    sizes = (9,) * len(SIZES) if side == "none" else SIZES
    here = places(sizes, side)
    texts = here.shape[0]
    padding = config.pad_token_id if reference.family.pads else None
    ids = words(config, here, {without, padding}, dice)
    if padding is not None:
        ids = torch.where(here, ids, padding)
    if reference.two_sided and reference.case.labels in ("number", "numbers", "class", "classes"):
        # Their classifiers read the decoder's row at the end token, and want as many of them in every text.
        ids = torch.where(ids == config.eos_token_id, (ids + 2) % config.vocab_size, ids)
        last = here.cumsum(1).argmax(1)
        ids[torch.arange(texts), last] = config.eos_token_id
    segments = torch.randint(0, getattr(config, "type_vocab_size", 1) or 1, here.shape, generator=dice)
    tensors = {"input_ids": ids, "token_type_ids": segments * here}
    # GPT and GPT-2 read them as words of the vocabulary, which no tokenizer of theirs gives.
    if not (reference.takes("token_type_ids") and hasattr(config, "type_vocab_size")):
        del tensors["token_type_ids"]
    if side != "none":
        tensors["attention_mask"] = here.long()
    positions = (here.cumsum(1) - 1).clamp(min=0)
    if reference.two_sided and reference.case.labels == "none":
        targets = places(tuple(1 + size // 2 for size in reversed(sizes)), "right")
        tensors |= {
            "decoder_input_ids": words(config, targets, {padding}, dice),
            "decoder_attention_mask": targets.long(),
        }
    labels: dict[str, Tensor] = {}
    if with_labels:
        labels = made_labels(reference.case, config, here, dice, {padding})
    if reference.case.labels == "choice":
        # Positions stay flat: not every reference flattens them itself.
        tensors = {name: each.view(texts // 3, 3, -1) for name, each in tensors.items()}
    return Padded({**tensors, **labels}, positions, here)


def places(sizes: tuple[int, ...], side: str) -> Tensor:
    """Where the tokens of texts of these sizes are, [texts, S]."""
    columns, lengths = torch.arange(max(sizes)), torch.tensor(sizes)[:, None]
    return columns >= max(sizes) - lengths if side == "left" else columns < lengths


def words(config: Any, here: Tensor, without: set[int | None], dice: torch.Generator) -> Tensor:
    """Random ids [texts, S], none of them in ``without``."""
    allowed = torch.tensor([token for token in range(config.vocab_size) if token not in without])
    return allowed[torch.randint(0, len(allowed), here.shape, generator=dice)]


def made_labels(
    case: Case, config: Any, here: Tensor, dice: torch.Generator, without: set[int | None]
) -> dict[str, Tensor]:
    """Labels of the form that a head learns from; -100 wherever there is padding, and at some tokens.

    Targets hold no token in ``without``.
    """
    texts = here.shape[0]

    def whole(high: int, *shape: int) -> Tensor:
        return torch.randint(0, high, shape, generator=dice)

    def per_token(high: int) -> Tensor:
        dropped = ~here | (torch.rand(here.shape, generator=dice) < 0.3)
        return whole(high, *here.shape).masked_fill(dropped, IGNORED)

    match case.labels:
        case "number":
            return {"labels": torch.randn(texts, generator=dice)}
        case "numbers":
            return {"labels": torch.randn(texts, config.num_labels, generator=dice)}
        case "class":
            labels = whole(2 if case.task.name == "next-sentence" else config.num_labels, texts)
            return {"labels": labels.index_fill(0, torch.tensor([1]), IGNORED)}
        case "classes":
            return {"labels": whole(2, texts, config.num_labels).float()}
        case "tokens":
            return {"labels": per_token(config.num_labels)}
        case "replaced":
            return {"labels": whole(2, *here.shape).masked_fill(~here, IGNORED)}
        case "words":
            return {"labels": per_token(config.vocab_size)}
        case "next":
            # In front of a text there is nothing that could foretell its first token.
            return {"labels": per_token(config.vocab_size).masked_fill(here.cumsum(1) == 1, IGNORED)}
        case "targets":
            sizes = torch.tensor([5, 1, 8, 3, 2, 6])[:, None]
            targets = torch.arange(TARGETS) < sizes
            return {"labels": words(config, targets, without, dice).masked_fill(~targets, IGNORED)}
        case "span":
            first, last = here.int().argmax(1), here.sum(1) - 1
            return {"start_positions": first + last // 3, "end_positions": first + last}
        case "choice":
            return {"labels": whole(3, texts // 3)}
        case _:
            return {}


def close(ours: Tensor, theirs: Tensor, what: str = "", tolerance: float = 1e-5) -> None:
    """Holds two tensors to each other, relatively and absolutely.

    What is absolute is so to the largest of the numbers: sums of large ones leave small ones with their rounding.
    """
    absolute = tolerance * max(1.0, float(theirs.abs().max())) if theirs.numel() else tolerance
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=absolute, msg=lambda text: f"{what}: {text}")


class Deviations:
    """The largest difference met, by what was compared; printed at the end of a run."""

    def __init__(self) -> None:
        self.largest: dict[str, float] = {}

    def close(self, what: str, ours: Tensor, theirs: Tensor, tolerance: float = 1e-5) -> None:
        """Holds two tensors to each other, see `close`, and notes how far they are apart."""
        close(ours, theirs, what, tolerance)
        if ours.numel():
            self.largest[what] = max(self.largest.get(what, 0.0), float((ours - theirs).abs().max()))
