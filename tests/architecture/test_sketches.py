"""What later families need fits the signatures: shared biases as T5's, rotary and grouped heads as Llama's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from torso import Batch, Layout, blocks, nn, unpack

SIZES = (5, 1, 7, 5)
WIDTH, HEADS, SIZE = 24, 4, 6


@dataclass(frozen=True, eq=False)
class Own(blocks.Part):
    """A part of these tests', with the module of the same name and parts of its own."""

    inner: Mapping[str, blocks.Part]

    def children(self) -> Mapping[str, blocks.Part | None]:
        return self.inner


class Bias(Own):
    implementation: ClassVar[str] = f"{__name__}.BucketBias"


class Turning(Own):
    implementation: ClassVar[str] = f"{__name__}.Rotary"


class Feed(Own):
    implementation: ClassVar[str] = f"{__name__}.Gated"


class Block(Own):
    implementation: ClassVar[str] = f"{__name__}.PreNormBlock"


class BucketBias(nn.Module[Bias]):
    """T5's bias: one learned number per head and bucketed distance."""

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        distance = k_positions[:, None, :] - q_positions[:, :, None]
        return self.table(distance.clamp(-3, 3) + 3).permute(0, 3, 1, 2)


class Rotary(nn.Module[Turning]):
    """Llama's turning of queries and keys by their position."""

    def forward(self, heads: Tensor, layout: Layout) -> Tensor:
        """heads [T, H, d] -> [T, H, d]."""
        rates = 10000.0 ** -(torch.arange(0, SIZE, 2) / SIZE)
        turn = torch.cat([layout.positions[:, None] * rates] * 2, -1)[:, None]
        left, right = heads.chunk(2, -1)
        return heads * turn.cos() + torch.cat([-right, left], -1) * turn.sin()


class Gated(nn.Module[Feed]):
    """down(silu(gate) * up)."""

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, -1)
        return self.down(F.silu(gate) * up)


class PreNormBlock(nn.Module[Block]):
    """x + f(norm(x)), twice."""

    def forward(self, x: Tensor, ctx: nn.Context) -> Tensor:
        x = x + self.attn(self.attn_norm(x), ctx)
        return x + self.ffn(self.ffn_norm(x))


def gated() -> Feed:
    return Feed({"gate_up": blocks.Linear(WIDTH, 80, bias=False), "down": blocks.Linear(40, WIDTH, bias=False)})


def block(attn: blocks.Part, ffn: blocks.Part) -> Block:
    norms = {name: blocks.RMSNorm(WIDTH, 1e-6) for name in ("attn_norm", "ffn_norm")}
    return Block({"attn": attn, "ffn": ffn, **norms})


def plain_attention(
    attn: nn.Attention, x: Tensor, groups: int, *, scale: float, mask: Tensor, bias=0.0, turn=None
) -> Tensor:
    """One text, x [S, D], by plain products."""
    q, k, v = attn.qkv(x).split([HEADS * SIZE, groups * SIZE, groups * SIZE], -1)
    q, k, v = (each.view(len(x), -1, SIZE) for each in (q, k, v))
    if turn is not None:
        q, k = (turn(each, Layout.of((len(x),))) for each in (q, k))
    k, v = (each.repeat_interleave(HEADS // groups, 1) for each in (k, v))
    scores = torch.einsum("ahd,bhd->hab", q, k) * scale + bias
    weights = scores.masked_fill(mask, -torch.inf).softmax(-1)
    return attn.out(torch.einsum("hab,bhd->ahd", weights, v).flatten(1))


def run(trunk: nn.Trunk, plain) -> None:
    torch.manual_seed(0)
    for parameter in trunk.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    tokens = torch.randint(0, 30, (sum(SIZES),))
    layout = Layout.of(SIZES)
    with torch.no_grad():
        hidden = trunk(Batch(tokens, layout), hidden_states=range(3), attentions=(1,))
        rows = trunk(Batch(tokens, layout)).rows
        for text, mine, also in zip(
            unpack(tokens, layout), unpack(hidden.rows, layout), unpack(rows, layout), strict=True
        ):
            wanted = plain(text)
            torch.testing.assert_close(mine, wanted, rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(also, wanted, rtol=1e-5, atol=1e-5)
    assert [each.shape for each in hidden.attentions[1]] == [(HEADS, size, size) for size in SIZES]
    assert sorted(hidden.hidden_states) == [0, 1, 2]


def test_a_bias_that_all_blocks_share() -> None:
    bias = Bias({"table": blocks.Embedding(7, HEADS)})
    described = blocks.Trunk(
        blocks.Embeddings(30, WIDTH),
        [
            block(
                blocks.Attention(
                    WIDTH, HEADS, bias=False, out_bias=False, rule=blocks.Rule(scale=1.0), score_bias=bias
                ),
                blocks.FeedForward(WIDTH, 40, "relu", bias=False),
            )
            for _ in range(2)
        ],
        norm=blocks.RMSNorm(WIDTH, 1e-6),
        score_bias=bias,
    )
    trunk = nn.build(described)
    assert [name for name, _ in trunk.named_parameters() if "table" in name] == ["score_bias.table.weight"]

    def plain(text: Tensor) -> Tensor:
        x, places = trunk.embed.tokens(text), torch.arange(len(text))
        added = trunk.score_bias.table((places[None] - places[:, None]).clamp(-3, 3) + 3).permute(2, 0, 1)
        nothing = torch.zeros(len(text), len(text), dtype=torch.bool)
        for block in trunk.layers:
            x = x + plain_attention(block.attn, block.attn_norm(x), HEADS, scale=1.0, mask=nothing, bias=added)
            x = x + block.ffn.down(F.relu(block.ffn.up(block.ffn_norm(x))))
        return trunk.norm(x)

    run(trunk, plain)
    loss = trunk(Batch(torch.arange(12), Layout.of((5, 7)))).rows.sum()
    loss.backward()
    assert trunk.score_bias.table.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(("groups", "left"), [(4, None), (2, None), (1, None), (2, 2)])
def test_causal_rotary_and_grouped_heads(groups, left) -> None:
    rotary = Turning({})
    described = blocks.Trunk(
        blocks.Embeddings(30, WIDTH),
        [
            block(
                blocks.Attention(
                    WIDTH,
                    HEADS,
                    kv_heads=groups,
                    head_size=SIZE,
                    bias=False,
                    out_bias=False,
                    rotary=rotary,
                    rule=blocks.Rule(left=left, right=0),
                ),
                gated(),
            )
            for _ in range(2)
        ],
        norm=blocks.RMSNorm(WIDTH, 1e-6),
    )
    trunk = nn.build(described)
    turn = trunk.layers[0].attn.rotary

    def plain(text: Tensor) -> Tensor:
        x, size = trunk.embed.tokens(text), len(text)
        hidden = torch.ones(size, size, dtype=torch.bool).triu(1)
        if left is not None:
            hidden |= torch.ones(size, size, dtype=torch.bool).tril(-left - 1)
        for block in trunk.layers:
            x = x + plain_attention(
                block.attn, block.attn_norm(x), groups, scale=1 / math.sqrt(SIZE), mask=hidden, turn=turn
            )
            x = x + block.ffn(block.ffn_norm(x))
        return trunk.norm(x)

    run(trunk, plain)


def test_norms_of_each_head_s_queries_and_keys() -> None:
    attn = nn.build(blocks.Attention(WIDTH, HEADS, head_norm=lambda: blocks.RMSNorm(SIZE, 1e-6)))
    assert {name for name, _ in attn.named_parameters()} >= {"q_norm.weight", "k_norm.weight"}
    x, layout = torch.randn(5, WIDTH), Layout.of((5,))
    with torch.no_grad():
        one = attn(x, nn.Context(layout))
        attn.qkv.weight[: 2 * WIDTH] *= 3
        attn.qkv.bias[: 2 * WIDTH] *= 3
        torch.testing.assert_close(attn(x, nn.Context(layout)), one, rtol=1e-4, atol=1e-5)


def test_the_same_block_may_stand_several_times() -> None:
    """As ALBERT's."""
    attn, ffn = blocks.Attention(WIDTH, HEADS), blocks.FeedForward(WIDTH, 8, "gelu")
    described = blocks.PostNormBlock(attn, ffn, blocks.LayerNorm(WIDTH), blocks.LayerNorm(WIDTH))
    trunk = nn.build(blocks.Trunk(blocks.Embeddings(30, WIDTH), [described] * 3))
    block = trunk.layers[0]
    batch = Batch(torch.arange(6), Layout.of((6,)))
    with torch.no_grad():
        x = trunk.embed(batch)
        for _ in range(3):
            x = block(x, nn.Context(batch.layout))
        assert trunk(batch).rows.equal(x)
    assert trunk.depth == 3
    assert len(list(trunk.parameters())) == 1 + len(list(block.parameters()))


def test_a_position_table_may_begin_later() -> None:
    """As RoBERTa's: rows before the first position are reserved."""
    places = nn.build(blocks.LearnedPositions(10, WIDTH, offset=2))
    assert places(torch.tensor([0, 7])).equal(places.table.weight[[2, 9]])
