"""Operations counted from descriptions, beside what PyTorch counts while the model built of them runs."""

from __future__ import annotations

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from contract.families import FAMILIES, registered
from torso.batch import Batch, Layout
from torso.blocks import SequenceConvolution, walk
from torso.blocks.flops import flops
from torso.model import new_model

CASES = [(model_type, config) for model_type, family in FAMILIES.items() for config in family.configs]
TOKENS, SOURCE = 9, 13


@pytest.mark.parametrize(("model_type", "config"), CASES)
def test_every_task_of_every_family_as_the_counter_of_torch(model_type, config) -> None:
    architecture = registered()[model_type]
    settings = architecture.config(**FAMILIES[model_type].configs[config], num_labels=3)
    for task in architecture.tasks:
        model = new_model(settings, task, seed=0).eval().requires_grad_(False)
        translates = hasattr(model.description.trunk, "decoder")
        batch = Batch(torch.arange(4, 4 + TOKENS) % 7 + 3, Layout.of([TOKENS]))
        source = Batch(torch.arange(4, 4 + SOURCE) % 7 + 3, Layout.of([SOURCE])) if translates else None
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(Batch(batch.tokens, batch.layout, source=source))
        found = flops(model.description, TOKENS, source=SOURCE)
        # The convolution of PyTorch also computes the padding that parts a sequence from the next.
        padding = [each for _, each in walk(model.description) if isinstance(each, SequenceConvolution)]
        found += sum(2 * each.width * (each.width // each.groups) * each.size * (each.size // 2) for each in padding)
        assert found == counter.get_total_flops(), task.name
