"""Collators under transformers' names: rows of a data set to padded tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from torso.errors import InputError
from torso.io.arguments import checked_calls, known_arguments
from torso.losses import IGNORED
from torso.text import Tokenizer

Features = Sequence[Mapping[str, Any]]


@known_arguments
def default_data_collator(features: Features) -> dict[str, Tensor]:
    """Stack rows of equal lengths: ``label`` and ``label_ids`` become ``labels``; text columns are left out.

    Raises:
        InputError: ``E_BATCH``, for rows of different lengths, naming the column.
    """
    batch: dict[str, Tensor] = {}
    for name, first in features[0].items():
        if first is None or isinstance(first, str):
            continue
        values = [row[name] for row in features]
        try:
            stacked = torch.stack([torch.as_tensor(each) for each in values])
        except (RuntimeError, ValueError, TypeError):
            raise InputError(
                "E_BATCH",
                "The rows of the column {name} have different lengths and cannot be stacked.",
                cure="Pad them with DataCollatorWithPadding(tokenizer), or in the tokenizer with padding=True.",
                values=dict(name=name),
            ) from None
        batch["labels" if name in ("label", "label_ids") else name] = stacked
    return batch


@checked_calls
class DefaultDataCollator:
    """`default_data_collator` as an object."""

    def __call__(self, features: Features) -> dict[str, Tensor]:
        """Stack rows."""
        return default_data_collator(features)


@checked_calls
@dataclass
class DataCollatorWithPadding:
    """Pads the tokenizer's columns to the longest row, and stacks the others; rows of several texts are stacked.

    Attributes:
        tokenizer: pads on its own side.
        padding: True or ``"longest"``, or ``"max_length"``.
        max_length: the length with ``"max_length"``.
        pad_to_multiple_of: lengths are multiples of it.
    """

    tokenizer: Tokenizer
    padding: bool | str = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None

    def __call__(self, features: Features) -> dict[str, Tensor]:
        """Return padded tensors [N, S] of the rows."""
        columns = [name for name in features[0] if name in _PADDED]
        rest = [{name: value for name, value in row.items() if name not in _PADDED} for row in features]
        if _several(features[0]["input_ids"]):  # alternatives or pairs, which the tokenizer has padded
            return default_data_collator(features)
        length = self._length(max(len(row["input_ids"]) for row in features))
        batch = {
            name: padded([row[name] for row in features], length, self._fill(name), self._side) for name in columns
        }
        if "attention_mask" not in batch:
            sizes = [[1] * len(row["input_ids"]) for row in features]
            batch["attention_mask"] = padded(sizes, length, 0, self._side)
        return {**batch, **(default_data_collator(rest) if rest[0] else {})}

    @property
    def _side(self) -> str:
        return self.tokenizer.padding_side

    def _length(self, longest: int) -> int:
        length = max(longest, self.max_length or 0) if self.padding == "max_length" else longest
        multiple = self.pad_to_multiple_of or 1
        return -(-length // multiple) * multiple

    def _fill(self, name: str) -> int:
        return (self.tokenizer.pad_token_id or 0) if name == "input_ids" else _PADDED[name]


_PADDED: Mapping[str, int] = {"input_ids": 0, "attention_mask": 0, "token_type_ids": 0, "special_tokens_mask": 1}


def _several(value: Any) -> bool:
    """Whether a row's ids are those of several texts."""
    return bool(len(value)) and hasattr(value[0], "__len__")


def padded(rows: Sequence[Sequence[int]], length: int, fill: int, side: str) -> Tensor:
    """Return rows of numbers as one tensor [N, length], filled on one side."""
    out = torch.full((len(rows), length), fill, dtype=torch.int64)
    for index, row in enumerate(rows):
        values = torch.as_tensor(list(row), dtype=torch.int64)
        place = slice(length - len(values), length) if side == "left" else slice(0, len(values))
        out[index, place] = values
    return out


@checked_calls
@dataclass
class DataCollatorForTokenClassification(DataCollatorWithPadding):
    """`DataCollatorWithPadding` that pads ``labels`` too.

    Attributes:
        label_pad_token_id: label of padding; -100 does not count.
    """

    label_pad_token_id: int = IGNORED

    def __call__(self, features: Features) -> dict[str, Tensor]:
        """Return padded tensors [N, S], labels among them."""
        name = "label" if "label" in features[0] else "labels"
        if name not in features[0]:
            return super().__call__(features)
        batch = super().__call__([{key: value for key, value in row.items() if key != name} for row in features])
        length = batch["input_ids"].shape[1]
        batch["labels"] = padded([row[name] for row in features], length, self.label_pad_token_id, self._side)
        return batch


@checked_calls
@dataclass
class DataCollatorForSeq2Seq(DataCollatorWithPadding):
    """`DataCollatorWithPadding` whose ``labels`` have a length of their own.

    Attributes:
        model: taken, and not needed: a torso model makes its decoder inputs itself.
        label_pad_token_id: label of padding; -100 does not count.
    """

    model: object = None
    label_pad_token_id: int = IGNORED

    def __call__(self, features: Features) -> dict[str, Tensor]:
        """Return padded tensors [N, S], and labels [N, target]."""
        name = "label" if "label" in features[0] else "labels"
        if features[0].get(name) is None:
            return super().__call__([{key: value for key, value in row.items() if key != name} for row in features])
        batch = super().__call__([{key: value for key, value in row.items() if key != name} for row in features])
        longest = max(len(row[name]) for row in features)
        length = max(longest, self.max_length or 0) if self.padding == "max_length" else longest
        multiple = self.pad_to_multiple_of or 1
        length = -(-length // multiple) * multiple
        batch["labels"] = padded([row[name] for row in features], length, self.label_pad_token_id, self._side)
        return batch


@checked_calls
@dataclass
class DataCollatorForLanguageModeling(DataCollatorWithPadding):
    """Labels for language modelling: masked tokens, or with ``mlm=False`` the tokens themselves.

    Attributes:
        mlm: whether tokens are masked.
        mlm_probability: share of tokens to foretell: 80 % of them masked, 10 % replaced by any, 10 % left.
        seed: makes the draw repeatable; None takes torch's own state.
    """

    mlm: bool = True
    mlm_probability: float = 0.15
    seed: int | None = None

    def __post_init__(self) -> None:
        """Check that the tokenizer has a mask, where one is needed.

        Raises:
            InputError: ``E_MASK_TOKEN``.
        """
        if self.mlm and self.tokenizer.mask_token_id is None:
            raise InputError(
                "E_MASK_TOKEN",
                "This tokenizer has no mask token, which masked language modelling needs.",
                cure="For a model that writes on, say mlm=False.",
            )
        self._rng = None if self.seed is None else torch.Generator().manual_seed(self.seed)

    def __call__(self, features: Features) -> dict[str, Tensor]:
        """Return padded tensors [N, S] with labels."""
        given = cast("Sequence[Any]", features)
        rows: list[Mapping[str, Any]] = [row if hasattr(row, "keys") else {"input_ids": row} for row in given]
        batch = super().__call__(rows)
        special = batch.pop("special_tokens_mask", None)
        ids = batch["input_ids"]
        labels = ids.clone()
        if self.mlm:
            special = self._special(ids) if special is None else special.bool()
            # Drawn in the order of transformers: from the same state come the same masks.
            share = torch.full(ids.shape, self.mlm_probability).masked_fill(special, 0.0)
            chosen = torch.bernoulli(share, generator=self._rng).bool()
            labels[~chosen] = IGNORED
            masked = chosen & torch.bernoulli(torch.full(ids.shape, 0.8), generator=self._rng).bool()
            other = chosen & ~masked & torch.bernoulli(torch.full(ids.shape, 0.5), generator=self._rng).bool()
            words = torch.randint(len(self.tokenizer), ids.shape, generator=self._rng)
            ids = ids.masked_fill(masked, cast("int", self.tokenizer.mask_token_id))
            batch["input_ids"] = torch.where(other, words, ids)
        elif self.tokenizer.pad_token_id is not None:
            labels[labels == self.tokenizer.pad_token_id] = IGNORED
        batch["labels"] = labels
        return batch

    def _special(self, ids: Tensor) -> Tensor:
        return torch.isin(ids, torch.tensor(sorted(self.tokenizer.all_special_ids)))
