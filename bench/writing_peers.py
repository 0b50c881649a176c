"""One peer of bench/writing.py in a process of its own: ``bench/writing_peers.py SYSTEM MODE FOLDER [BEAMS]``.

Each line of its input is ``{"prompts": [[id, ...], ...], "new": N}`` (of an encoder-decoder they are its sources); it
answers with the seconds of the prompts with their first token, those of each further token, and the ids. Every system
has all cores, its own best kernels, and greedy choice or its own beam search; what ends a text is never chosen.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# Nothing else is imported up here: each system's process holds what that system needs.
Write = Callable[[list[list[int]], int], list[list[int]]]
THREADS = len(os.sched_getaffinity(0))


def ctranslate2(mode: str, folder: Path, beams: int) -> Write:
    """CTranslate2, of a folder that its own converter makes of transformers' files."""
    import ctranslate2 as peer
    from ctranslate2.converters import TransformersConverter

    made = folder.with_name(f"{folder.name}-ctranslate2")
    if not made.exists():
        TransformersConverter(str(folder)).convert(str(made))
    asked: dict[str, Any] = dict(compute_type=mode, intra_threads=THREADS, inter_threads=1)
    words = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    ids = {number: word for word, number in words.items()}
    if not any("ForCausalLM" in each or "LMHead" in each for each in _architectures(folder)):
        translator = peer.Translator(str(made), **asked)

        def translate(prompts: list[list[int]], new: int) -> list[list[int]]:
            out = translator.translate_batch(
                [[ids[number] for number in prompt] for prompt in prompts],
                beam_size=beams,
                max_decoding_length=new,
                min_decoding_length=new,
                max_input_length=0,
            )
            return [[words[word] for word in each.hypotheses[0]] for each in out]

        return translate
    generator = peer.Generator(str(made), **asked)

    def write(prompts: list[list[int]], new: int) -> list[list[int]]:
        tokens = [[ids[number] for number in prompt] for prompt in prompts]
        out = generator.generate_batch(
            tokens,
            max_length=new,
            min_length=new,
            beam_size=beams,
            sampling_topk=1,
            include_prompt_in_result=False,
        )
        return [list(each.sequences_ids[0]) for each in out]

    return write


def llama_cpp(mode: str, folder: Path, beams: int) -> Write:
    """llama.cpp, of a GGUF file with the same weights; it has no beam search."""
    assert beams == 1
    import ctypes

    import llama_cpp as peer

    file = folder.with_name(f"{folder.name}-{mode}.gguf")
    if not file.exists():
        from writing_gguf import convert

        convert(folder, file, mode)
    peer.llama_backend_init()
    model = peer.llama_model_load_from_file(str(file).encode(), peer.llama_model_default_params())
    options = peer.llama_context_default_params()
    options.n_ctx, options.n_batch, options.n_seq_max = 8192, 2048, 8
    options.n_threads = options.n_threads_batch = THREADS
    vocabulary = peer.llama_vocab_n_tokens(peer.llama_model_get_vocab(model))

    def write(prompts: list[list[int]], new: int) -> list[list[int]]:
        context = peer.llama_init_from_model(model, options)
        batch = peer.llama_batch_init(sum(map(len, prompts)), 0, 1)
        past, given = [0] * len(prompts), [list(prompt) for prompt in prompts]
        written: list[list[int]] = [[] for _ in prompts]
        for _ in range(new):
            place, last = 0, list[int]()
            for text, tokens in enumerate(given):
                for token in tokens:
                    batch.token[place], batch.pos[place] = token, past[text]
                    batch.n_seq_id[place], batch.seq_id[place][0], batch.logits[place] = 1, text, 0
                    place, past[text] = place + 1, past[text] + 1
                batch.logits[place - 1] = 1
                last.append(place - 1)
            batch.n_tokens = place
            if peer.llama_decode(context, batch):
                raise SystemExit("llama_decode failed")
            for text, row in enumerate(last):
                scores = peer.llama_get_logits_ith(context, row)
                chosen = int(
                    np.argmax(np.ctypeslib.as_array(ctypes.cast(scores, ctypes.POINTER(ctypes.c_float)), (vocabulary,)))
                )
                written[text].append(chosen)
                given[text] = [chosen]
        peer.llama_batch_free(batch)
        peer.llama_free(context)
        return written

    return write


def openvino_genai(mode: str, folder: Path, beams: int) -> Write:
    """OpenVINO GenAI, of a model that OpenVINO's converter makes of the same weights."""
    import openvino_genai as peer
    from openvino import Tensor

    made = folder.with_name(f"{folder.name}-openvino-{mode}")
    if not made.exists():
        from writing_openvino import convert

        made.mkdir()
        convert(folder, made, mode)
    precision = "f32" if mode == "float32" else "bf16"
    options = dict(INFERENCE_PRECISION_HINT=precision, INFERENCE_NUM_THREADS=THREADS)
    scheduler = peer.SchedulerConfig()
    scheduler.enable_prefix_caching = False  # rounds repeat their prompts
    pipeline = peer.LLMPipeline(str(made), "CPU", scheduler_config=scheduler, **options)

    def write(prompts: list[list[int]], new: int) -> list[list[int]]:
        ids = np.array(prompts)
        given = peer.TokenizedInputs(Tensor(ids), Tensor(np.ones_like(ids)))
        asked = peer.GenerationConfig()
        asked.max_new_tokens, asked.ignore_eos = new, True
        if beams > 1:
            asked.num_beams = beams
        return [list(each) for each in pipeline.generate(given, asked).tokens]

    return write


def _architectures(folder: Path) -> list[str]:
    return list(json.loads((folder / "config.json").read_text())["architectures"])


SYSTEMS = {"CTranslate2": ctranslate2, "llama.cpp": llama_cpp, "OpenVINO GenAI": openvino_genai}
MODES = {
    "CTranslate2": ("float32", "bfloat16", "int8"),
    "llama.cpp": ("F32", "BF16", "Q8_0", "Q4_0"),
    "OpenVINO GenAI": ("float32", "int8"),
}
SHAPES = {
    "CTranslate2": ("llama", "gpt2", "t5", "marian"),
    "llama.cpp": ("llama", "qwen3_moe"),
    "OpenVINO GenAI": ("llama",),
}
"""What each peer can take."""


def main() -> None:
    system, mode, folder, *beams = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):  # converters tell how far they are
        write = SYSTEMS[system](mode, Path(folder), int(beams[0]) if beams else 1)
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        start = time.perf_counter()
        write(asked["prompts"], 1)
        first = time.perf_counter() - start
        start = time.perf_counter()
        ids = write(asked["prompts"], 1 + asked["new"])
        rest = time.perf_counter() - start - first
        print(json.dumps({"prompt": first, "token": rest / asked["new"], "ids": ids}), flush=True)


if __name__ == "__main__":
    main()
