"""What the decoder of an encoder-decoder reads, where a padded call leaves it to torso."""

from __future__ import annotations

import torch
from torch import Tensor

from torso.checkpoint.config import HubConfig
from torso.losses import IGNORED


def targets_of(labels: Tensor, config: HubConfig, start: int) -> tuple[Tensor, Tensor]:
    """Decoder ids and mask [N, S] of labels [N, S]: the labels behind the start token, without the last.

    Labels of -100 at the end of a row are padding; elsewhere they count for nothing and are read as the padding token,
    as in the reference.
    """
    counted = labels != IGNORED
    # A row of nothing but -100 still has its start token.
    mask = counted.flip(1).cumsum(1).flip(1) > 0
    mask[:, 0] = True
    read = labels.masked_fill(~counted, config.pad_token_id or 0)
    first = torch.full_like(read[:, :1], start)
    return torch.cat([first, read[:, :-1]], 1), mask.long()
