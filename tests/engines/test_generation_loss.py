"""What fewer bits cost a decoder is measured beside float32, and told by the command."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from tests.light.decoder_folder import decoder
from torso.cli.bench import bench
from torso.engines.generation_loss import SAMPLE, generates, measure_generation
from torso.errors import InputError
from torso.hub import resolve
from torso.kernels.causal_decoder import KINDS
from torso.kernels.library import library
from torso.loading.load import load_tokenizer

pytestmark = pytest.mark.skipif(library() is None, reason="torso was installed without its compiled kernels")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return decoder(tmp_path_factory.mktemp("m") / "decoder")


@pytest.fixture(scope="module")
def texts(folder) -> list[list[int]]:
    tokenizer = load_tokenizer(folder)
    return [tokenizer(text).input_ids for text in SAMPLE]


def test_float32_is_what_pytorch_scores(folder, texts) -> None:
    import torch

    import torso

    model, losses = torso.load(folder, torso.Task.CAUSAL_LM), []
    for text in texts:
        for portion in (text[i : i + 128] for i in range(0, len(text), 128)):
            ids = torch.tensor(portion)
            with torch.inference_mode():
                logits = model(torso.Batch(ids, torso.batch.Layout.of([len(ids)]))).logits
            losses += torch.nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none").tolist()
    found = measure_generation(folder, texts, ["exact"])
    assert len(found) == 1
    assert found[0].tokens == len(losses)
    assert found[0].perplexity == pytest.approx(math.exp(np.mean(losses)), rel=1e-4)
    assert (found[0].ratio, found[0].agreement) == (1, 1)


def test_fewer_bits_cost_more_and_weigh_less(folder, texts) -> None:
    found = {each.mode: each for each in measure_generation(folder, texts)}
    assert list(found) == list(KINDS)
    assert abs(math.log(found["int8"].ratio)) < abs(math.log(found["int4"].ratio))
    assert 1 >= found["int8"].agreement > found["int4"].agreement > 0
    assert found["exact"].megabytes > found["bf16"].megabytes > found["int8"].megabytes > found["int4"].megabytes


def test_what_writes_is_known_and_nothing_to_score_is_said(folder) -> None:
    assert generates(folder)
    assert not generates(resolve("torso:sentiment").folder)
    with pytest.raises(InputError, match="E_SAMPLE"):
        measure_generation(folder, [[5], []])


def test_the_command_tells_it(folder, tmp_path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("the cat sat on the mat\nthe dog\n", encoding="utf-8")
    line = ["--model", str(folder), "--mode", "int4", "--rounds", "1", "--file", str(file)]
    shown = CliRunner().invoke(bench, line, catch_exceptions=False).output
    assert "same next token" in shown
    told = json.loads(CliRunner().invoke(bench, [*line, "--json"], catch_exceptions=False).output)
    assert [each["mode"] for each in told["writing"]] == ["exact", "int4"]
