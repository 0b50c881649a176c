"""One BERT trunk under several heads, as training needs it: torso's own modules, put together and started."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from torso import blocks
from torso.architecture import Architecture, Task, find
from torso.batch import Batch
from torso.models.bert import BertConfig
from torso.nn.module import Builder
from torso.nn.trunk import Trunk
from torso.outputs import Hidden
from torso.weights.names import Names

BERT: Architecture[Any] = find("bert")


class Network(nn.Module):
    """A trunk and any of its heads, all reading the same hidden states.

    Args:
        configs: the config of each task, equal but for labels; the first one's sizes the trunk.
    """

    def __init__(self, configs: Mapping[Task[Any], BertConfig]) -> None:
        super().__init__()
        self.config = next(iter(configs.values()))
        described, build = BERT.trunk(self.config), Builder()
        self.trunk: Trunk = build(described)
        heads = {
            task.name: blocks.Whole(described, BERT.plan(task).build(config)).head for task, config in configs.items()
        }
        self.heads = nn.ModuleDict({name: build(head) for name, head in heads.items()})
        self.learning = tuple(self.heads)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    def learn(self, tasks: Iterable[Task[Any]]) -> None:
        """Lets the heads of these tasks learn, and computes them alone."""
        self.learning = tuple(task.name for task in tasks)
        for name, head in self.heads.items():
            head.requires_grad_(name in self.learning)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The scores of each head that learns, by the name of its task."""
        hidden: Hidden = self.trunk(batch)
        return {name: self.heads[name](hidden, batch).logits for name in self.learning}

    def logits(self, task: Task[Any], batch: Batch) -> Tensor:
        """The scores of one head."""
        return self.heads[task.name](self.trunk(batch), batch).logits

    def hub_tensors(self, *tasks: Task[Any]) -> dict[str, Tensor]:
        """The trunk and the heads of ``tasks`` under the Hub's names, in half precision, as one file holds them."""
        prefix = BERT.names.prefix[0]
        tensors = _hub(self.trunk, BERT.names, prefix)
        for task in tasks:
            tensors |= _hub(self.heads[task.name], BERT.plan(task).names, prefix)
        return tensors


def _hub(module: nn.Module, names: Names, prefix: str) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for name, parameter in module.named_parameters():
        keys = names.keys(name, prefix)
        for key, part in zip(keys, parameter.detach().chunk(len(keys)), strict=True):
            tensors[key] = part.to(torch.float16)
    return tensors


@torch.no_grad()
def start(network: Network, frequencies: Tensor, rows: Tensor, *, generator: torch.Generator) -> None:
    """Fresh weights under which some heads already look at the neighbouring characters.

    From random weights a small BERT spends its first million characters on finding out what stands next to what. Here
    the first ``head_size`` columns of the embeddings hold sines and cosines of the position and nothing of the token,
    and four heads of the first two blocks (two heads of the later ones) compare them rotated by -1, 1, -2 and 2
    positions: a query meets the key that stands so far away. The other columns of the tokens are given, and the
    masked-LM bias starts at the logarithm of each token's frequency. All of it is trained on like any other weight.

    Args:
        network: what to fill.
        frequencies: [V] share of each token in the training texts, above 0.
        rows: [V, D - head_size] first values of the token embeddings, with mean square 1.
        generator: where chance comes from.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0, 0.7 / math.sqrt(module.in_features), generator=generator)
            module.bias.zero_()
    parameters = dict(network.named_parameters())
    size = network.config.hidden_size // network.config.num_attention_heads
    # The golden ratio spreads the speeds of the waves so that no two distances look alike.
    speeds = torch.tensor([0.1 + 0.9 * math.pi * (i * 0.6180339887 % 1.0) for i in range(size // 2)])
    spread = 0.04
    tokens, positions = parameters["trunk.embed.tokens.weight"], parameters["trunk.embed.positions.table.weight"]
    tokens[:, :size] = 0
    tokens[:, size:] = spread * rows
    parameters["trunk.embed.segments.weight"].zero_()
    angles = torch.arange(len(positions))[:, None] * speeds
    positions.zero_()
    positions[:, 0:size:2] = spread * math.sqrt(2) * angles.sin()
    positions[:, 1:size:2] = spread * math.sqrt(2) * angles.cos()
    for number in range(network.trunk.depth):
        query, key, _ = parameters[f"trunk.layers.{number}.attn.qkv.weight"].chunk(3)
        for head, distance in enumerate((-1, 1, -2, 2) if number < 2 else (-1, 1)):
            _look(query, key, slice(head * size, (head + 1) * size), speeds, distance)
    if (bias := parameters.get(f"heads.{Task.MASKED_LM.name}.bias")) is not None:
        bias.copy_(frequencies.log())


def _look(query: Tensor, key: Tensor, rows: slice, speeds: Tensor, distance: int) -> None:
    """Makes one head look ``distance`` positions away, with a score of about 10 there and of 0 elsewhere."""
    size = 2 * len(speeds)
    # After the norm the position columns have unit mean square: waves in step score size, over the root of size.
    sharpness = math.sqrt(10.0 / math.sqrt(size))
    query[rows] *= 0.1
    key[rows] *= 0.1
    query[rows, :size] += sharpness * _rotation(speeds, distance)
    key[rows, :size] += sharpness * torch.eye(size)


def _rotation(speeds: Tensor, distance: int) -> Tensor:
    """[2 x speeds, 2 x speeds]: takes sine and cosine of a position to those of the position ``distance`` further."""
    angles = speeds * distance
    turns = torch.stack([angles.cos(), angles.sin(), -angles.sin(), angles.cos()], -1).view(-1, 2, 2)
    rotation = torch.zeros(2 * len(speeds), 2 * len(speeds))
    for number, turn in enumerate(turns):
        place = slice(2 * number, 2 * number + 2)
        rotation[place, place] = turn
    return rotation
