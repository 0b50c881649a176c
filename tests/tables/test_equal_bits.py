"""Computed tables beside the reference's own code, over the settings of published models, to the bit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from lazy import LazyModule
from torso.models.llama import LlamaConfig
from torso.tables.angles import scaling_of
from torso.tables.distance_buckets import deberta_buckets, t5_buckets
from torso.tables.powers import VECTORISED, powers
from torso.tables.sinusoids import shifted_sinusoids, sinusoids
from torso.tables.slopes import alibi_slopes

transformers = LazyModule("transformers")
rope_utils = LazyModule("transformers.modeling_rope_utils")
llama = LazyModule("transformers.models.llama.modeling_llama")

SIZES = (16, 20, 24, 32, 40, 48, 64, 72, 80, 96, 100, 112, 120, 128, 160, 192, 224, 256)
THETAS = (1e4, 2.5e4, 1e5, 1.6e5, 2.5e5, 3e5, 5e5, 1e6, 1.5e6, 2e6, 5e6, 8e6, 1e7, 5e7)
LONGEST = (2048, 4096, 8192, 16384, 32768, 40960, 65536, 131072)

AVX512 = torch.backends.cpu.get_cpu_capability() == "AVX512"


def sizes(count: int) -> tuple[int, ...]:
    """Sizes of which PyTorch has no value left over on this processor that it computes with others on ours."""
    return tuple(each for each in SIZES if AVX512 or each // 2 % VECTORISED == 0)[:count]


def stretched(size: int, theta: float, longest: int) -> dict[str, dict]:
    """Tables of every type, with the values that published models have."""
    planes = size // 2
    return {
        "default": {},
        "linear": {"factor": 8.0},
        "linear by 2.5": {"factor": 2.5},
        "dynamic": {"factor": 2.0},
        "dynamic by 8": {"factor": 8},
        "llama3": {
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        },
        "llama3 by 32": {
            "factor": 32.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        },
        "yarn": {"factor": 4.0, "original_max_position_embeddings": 32768},
        "yarn by 40": {
            "factor": 40,
            "beta_fast": 32,
            "beta_slow": 1,
            "mscale": 0.707,
            "mscale_all_dim": 0.707,
            "original_max_position_embeddings": 4096,
        },
        "yarn, not truncated": {"factor": 32.0, "truncate": False, "original_max_position_embeddings": 4096},
        "longrope": {
            "short_factor": [1.0 + 0.0137 * i for i in range(planes)],
            "long_factor": [1.07 + 0.83 * i for i in range(planes)],
            "original_max_position_embeddings": 4096,
        },
    }


@pytest.mark.parametrize("theta", THETAS)
def test_rates_of_every_type(theta) -> None:
    for number, size in enumerate(sizes(len(SIZES))):
        longest = LONGEST[number % len(LONGEST)]
        for name, own in stretched(size, theta, longest).items():
            kind = name.split(",")[0].split(" ")[0]
            table = {"rope_type": kind, "rope_theta": theta, **own}
            values = {"hidden_size": 2 * size, "num_attention_heads": 2, "max_position_embeddings": longest}
            theirs = transformers.LlamaConfig(**values, rope_parameters=dict(table))
            found = scaling_of(size, LlamaConfig(**values, rope_parameters=dict(table)).rope())
            for length in (1, longest, 3 * longest + 1):
                rates = found.rates if found.of_length is None else found.of_length(length)
                wanted = (
                    llama.LlamaRotaryEmbedding.compute_default_rope_parameters(theirs)
                    if kind == "default"
                    else rope_utils.ROPE_INIT_FUNCTIONS[kind](theirs, seq_len=torch.tensor(length))
                )
                assert np.array_equal(rates, wanted[0].numpy()), (name, size, length)
                assert found.factor == pytest.approx(wanted[1], rel=1e-12)


def test_powers_of_any_positive_numbers() -> None:
    dice = np.random.default_rng(0)
    for base in np.exp(dice.uniform(-20, 20, 500)).astype(np.float32):
        exponents = dice.uniform(-2, 2, 2 * VECTORISED).astype(np.float32)
        wanted = torch.pow(torch.tensor(base), torch.from_numpy(exponents)).numpy()
        assert np.array_equal(powers(float(base), exponents), wanted), base


def test_slopes_of_alibi() -> None:
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    for heads in range(1, 161):
        wanted = build_alibi_tensor(torch.ones(1, 2), heads, torch.float32)[:, 0, 1].numpy()
        found = alibi_slopes(heads)
        if AVX512:
            assert np.array_equal(found, wanted), heads
        else:
            assert np.abs(found.view(np.int32) - wanted.view(np.int32)).max() <= 1, heads


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize("furthest", [20, 64, 128, 256, 800, 2048])
@pytest.mark.parametrize("buckets", [8, 20, 32, 40, 64, 128, 256])
def test_buckets_of_t5_and_of_mpnet(buckets, furthest, both_ways) -> None:
    from transformers.models.mpnet.modeling_mpnet import MPNetEncoder
    from transformers.models.t5.modeling_t5 import T5Attention

    if furthest <= buckets // (4 if both_ways else 2):
        pytest.skip("no distance is left for the logarithm")
    distances = torch.arange(-5000, 5001)
    found = t5_buckets(distances.numpy(), buckets, furthest, both_ways=both_ways)
    wanted = T5Attention._relative_position_bucket(distances, both_ways, buckets, furthest)
    assert np.array_equal(found, wanted.numpy())
    if both_ways:
        theirs = MPNetEncoder.relative_position_bucket(distances, num_buckets=buckets, max_distance=furthest)
        assert np.array_equal(found, theirs.numpy())


@pytest.mark.parametrize("furthest", [128, 256, 512, 1024, 4096])
@pytest.mark.parametrize("span", [16, 32, 64, 128, 256, 512])
def test_buckets_of_deberta(span, furthest) -> None:
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

    if furthest <= span // 2 + 1:
        pytest.skip("no distance is left for the logarithm")
    distances = torch.arange(-9000, 9001)
    wanted = make_log_bucket_position(distances, span, furthest).numpy()
    assert np.array_equal(deberta_buckets(distances.numpy(), span, furthest), wanted)


@pytest.mark.parametrize("width", [6, 256, 512, 768, 1024])
def test_sinusoids_of_marian_and_of_pegasus(width) -> None:
    for family in ("marian", "pegasus"):
        module = LazyModule(f"transformers.models.{family}.modeling_{family}")
        theirs = getattr(module, f"{family.title()}SinusoidalPositionalEmbedding")(1024, width)
        table = theirs.create_weight() if hasattr(theirs, "create_weight") else theirs._init_weight()
        wanted = (theirs.weight if table is None else table).detach().numpy()
        assert np.array_equal(sinusoids(np.arange(1024), width), wanted)


def test_no_torch_is_loaded() -> None:
    modules = ["angles", "distance_buckets", "powers", "sinusoids", "slopes"]
    code = ";".join(f"import torso.tables.{name}" for name in modules)
    done = subprocess.run(
        [sys.executable, "-c", f"{code};import sys;print('torch' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize("width", [512, 1024, 2048])
def test_shifted_sinusoids_are_m2m_s(width) -> None:
    """Of a rate that PyTorch's exponential rounds otherwise, to the turn that its last bit makes."""
    m2m = LazyModule("transformers.models.m2m_100.modeling_m2m_100")
    theirs = m2m.M2M100SinusoidalPositionalEmbedding.get_embedding(1026, width, 1).numpy()[2:]
    mine = shifted_sinusoids(np.arange(1024), width, 2)
    apart = np.abs(mine - theirs)
    assert apart.max() < 1.3e-4
    assert np.mean(apart.max(0) > 1e-6) < 0.02
