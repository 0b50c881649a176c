"""Decoders compiled from files: the same texts as PyTorch writes, in every mode that this processor has."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import torso
from torso.architecture import Task, find
from torso.engines.compiled_decoder import CompiledDecoder, compiled_decoder
from torso.engines.model_source import on_host
from torso.engines.torch_runner import TorchRunner
from torso.errors import InputError, UnsupportedError
from torso.generation.compiled_texts import PIECE, CompiledTexts
from torso.generation.decoder import Decoder
from torso.host_batch import Wanted
from torso.kernels import library as native
from torso.kernels.causal_decoder import KINDS
from torso.tasks.ready import make_ready

from . import small

pytestmark = pytest.mark.skipif(native.library() is None, reason="torso was installed without its compiled kernels")
PROMPTS = ["the cat", "a", "one two three four five six seven", "hello there the"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small.llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def plain(folder) -> torso.Model:
    return torso.load(folder, Task.CAUSAL_LM)


def test_a_folder_is_written_with_by_the_kernels(folder) -> None:
    ready = make_ready(folder, Task.CAUSAL_LM)
    assert isinstance(ready.runner, CompiledDecoder)
    assert ready.generative_model is ready.runner


@pytest.mark.parametrize("options", [{}, {"num_beams": 3, "num_return_sequences": 2}, {"do_sample": True, "seed": 3}])
def test_the_texts_of_pytorch(folder, plain, options) -> None:
    mine = torso.generate(PROMPTS, model=compiled_decoder(folder), max_new_tokens=20, **options)
    other = torso.generate(PROMPTS, model=plain, max_new_tokens=20, **options)
    assert [[each.ids for each in one] for one in mine] == [[each.ids for each in one] for one in other]


def test_texts_that_come_go_and_are_copied(folder, plain) -> None:
    model = compiled_decoder(folder)
    mine, other = CompiledTexts(model, 3, capacity=4), Decoder(plain, 3, sources=None, capacity=4)
    tokens = [[5, 6, 7], [8], [9, 10, 11, 12, 13, 14]]
    # As many twice: a step keeps what it set up, in other regions and of other sources.
    for chosen in ([0, 0, 2, 1], [3, 1, 1], [2, 0, 0], [1, 2, 0], [2, 0], [0, 1, 0, 1, 0], [4]):
        np.testing.assert_allclose(mine.read(tokens), other.read(tokens), atol=1e-5, rtol=1e-5)
        mine.select(chosen)
        other.select(chosen)
        tokens = [[3 + number] for number in range(len(chosen))]


def test_prompts_are_read_in_pieces(folder) -> None:
    model = compiled_decoder(folder)
    text = [3 + number % 20 for number in range(2 * PIECE + 100)]
    whole = model.decoder.step(model.decoder.new_cache(len(text)), [0], [0], [text], [True])
    read = CompiledTexts(model, 2, capacity=8).read([text, text[:PIECE]])
    assert np.array_equal(read[:1], whole)


@pytest.mark.parametrize("mode", list(KINDS))
def test_modes(folder, mode) -> None:
    model = compiled_decoder(folder, mode)
    assert model.done.mode == mode
    assert len(torso.generate(PROMPTS, model=model, max_new_tokens=5)) == len(PROMPTS)
    others = {compiled_decoder(folder, other).fingerprint() for other in KINDS if other != mode}
    assert model.fingerprint() == compiled_decoder(folder, mode).fingerprint()
    assert model.fingerprint() not in others


def test_fewer_bits_take_less_memory(folder) -> None:
    sizes = [compiled_decoder(folder, mode).bytes for mode in ("exact", "int8", "int4")]
    assert sizes == sorted(sizes, reverse=True)
    exact, half = (compiled_decoder(folder, mode).decoder for mode in ("exact", "int8"))
    assert (half.tokens.nbytes, half.row_bytes) == (exact.tokens.nbytes // 2, exact.row_bytes // 2)


def test_what_cannot_be_is_refused(folder, tmp_path) -> None:
    with pytest.raises(InputError, match="exact, bf16, int8, int4") as unknown:
        compiled_decoder(folder, "int3")  # type: ignore[arg-type]
    assert unknown.value.code == "E_MODE"
    projected = torso.new_model(
        find("opt").config(
            vocab_size=20,
            hidden_size=16,
            ffn_dim=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            word_embed_proj_dim=8,
        ),
        Task.CAUSAL_LM,
        seed=1,
    )
    projected.save(tmp_path / "opt")
    with pytest.raises(UnsupportedError, match="blocks of unlike sizes") as other:
        compiled_decoder(tmp_path / "opt")
    assert other.value.code == "E_MODE"


def test_ids_without_a_row_are_named(folder) -> None:
    model = compiled_decoder(folder)
    with pytest.raises(InputError) as caught:
        model.require_ids(np.array([1, 10**6]))
    assert caught.value.code == "E_IDS"


def test_many_threads_write_the_same(folder) -> None:
    """PyTorch's own threads run the steps of each; they neither hang nor change a bit."""
    model = compiled_decoder(folder)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        alone = [torso.generate(text, model=model, max_new_tokens=12)[0] for text in PROMPTS]
        with ThreadPoolExecutor(6) as pool:
            calls = [pool.submit(torso.generate, PROMPTS[n % 4], model=model, max_new_tokens=12) for n in range(36)]
            for number, call in enumerate(calls):
                made, wanted = call.result(120)[0], alone[number % 4]
                assert (made.ids, made.log_probabilities) == (wanted.ids, wanted.log_probabilities)
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return small.t5(tmp_path_factory.mktemp("t5"))


@pytest.mark.parametrize(
    "options",
    [{}, {"num_beams": 3, "num_return_sequences": 2}, {"do_sample": True, "seed": 3, "num_return_sequences": 2}],
)
def test_an_encoder_decoder_writes_the_texts_of_pytorch(pair, options) -> None:
    plain, model = torso.load(pair, Task.SEQ2SEQ_LM), compiled_decoder(pair)
    assert model.task is Task.SEQ2SEQ_LM
    mine = torso.generate(PROMPTS, model=model, max_new_tokens=20, **options)
    other = torso.generate(PROMPTS, model=plain, max_new_tokens=20, **options)
    assert [[each.ids for each in one] for one in mine] == [[each.ids for each in one] for one in other]


def test_sources_go_with_their_texts(pair) -> None:
    plain, model = torso.load(pair, Task.SEQ2SEQ_LM), compiled_decoder(pair)
    sources = [[5, 6, 7], [8], [9, 10, 11, 12]]
    mine, other = CompiledTexts(model, 3, capacity=4, sources=sources), Decoder(plain, 3, sources=sources, capacity=4)
    tokens = [[0], [0, 4], [0, 7, 8]]
    # As many twice: a step keeps what it set up, in other regions and of other sources.
    for chosen in ([0, 0, 2, 1], [3, 1, 1], [2, 0, 0], [1, 2, 0], [2, 0], [0, 1, 0, 1, 0], [4]):
        np.testing.assert_allclose(mine.read(tokens), other.read(tokens), atol=1e-5, rtol=1e-5)
        mine.select(chosen)
        other.select(chosen)
        tokens = [[3 + number] for number in range(len(chosen))]


@pytest.mark.parametrize("mode", list(KINDS))
def test_modes_of_an_encoder_decoder(pair, mode) -> None:
    model = compiled_decoder(pair, mode)
    assert len(torso.summarise(PROMPTS, model=model, max_new_tokens=5)) == len(PROMPTS)
    assert model.fingerprint() == compiled_decoder(pair, mode).fingerprint()


def test_whole_texts_are_their_own_sources(pair) -> None:
    plain, model = torso.load(pair, Task.SEQ2SEQ_LM), compiled_decoder(pair)
    batch = on_host(torso.pack(torso.load_tokenizer(pair).encodings(PROMPTS)))
    got, wanted = (each.run(batch, Wanted()).logits for each in (model, TorchRunner(plain)))
    np.testing.assert_allclose(got, np.asarray(wanted), atol=1e-5, rtol=1e-5)


def test_an_encoder_decoder_writes_without_loading_torch(pair) -> None:
    code = "import sys, torso; print(torso.summarise('a b', model=sys.argv[1]).text, *sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code, str(pair)], capture_output=True, text=True, check=True)
    written, *modules = done.stdout.split("\n")
    assert written == torso.summarise("a b", model=torso.load(pair, Task.SEQ2SEQ_LM)).text
    assert "torch" not in modules
