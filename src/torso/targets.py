"""What the decoder of an encoder-decoder reads, where a padded call leaves it to torso."""

from __future__ import annotations

from torch import Tensor

from torso.checkpoint.config import HubConfig
from torso.losses import IGNORED


def targets_of(labels: Tensor, config: HubConfig) -> tuple[Tensor, Tensor]:
    """Labels [N, S] as ids that a decoder can read, and where they are, [N, S].

    Labels of -100 at the end of a row are padding; elsewhere they count for nothing and are read as the padding token,
    as in the reference.
    """
    counted = labels != IGNORED
    # A row of nothing but -100 still has its start token.
    mask = counted.flip(1).cumsum(1).flip(1) > 0
    mask[:, 0] = True
    return labels.masked_fill(~counted, config.pad_token_id or 0), mask.long()
