"""The models of bench/writing.py, and the systems that write in its own process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models

import torso
from torso.engines.compiled_decoder import CompiledDecoder, compiled_decoder
from torso.generation.compiled_texts import CompiledTexts
from torso.generation.completion import complete
from torso.generation.decoder import Decoder
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import settings_of

Times = Callable[[list[list[int]]], tuple[float, float, list[list[int]]]]
"""Writes behind prompts: seconds of these with their first token, of each further token, and the ids."""

ROOM = 700
ALONE = ("llama", "qwen3_moe", "gpt2")
"""Shapes without an encoder."""


def saved(shape: str, layers: int, folder: Path, dtype: str = "float32") -> tuple[Path, int]:
    """Save a model of random weights, with a tokenizer of made-up words; return where, and how many words there are."""
    config = _config(shape, layers)
    made = {
        "llama": transformers.LlamaForCausalLM,
        "qwen3_moe": transformers.Qwen3MoeForCausalLM,
        "gpt2": transformers.GPT2LMHeadModel,
        "t5": transformers.T5ForConditionalGeneration,
        "marian": transformers.MarianMTModel,
    }[shape](config)
    made.to(getattr(torch, dtype)).save_pretrained(folder)
    words: int = config.vocab_size
    # CTranslate2 drops the last row of a Marian's table, and the last word where it has this name.
    pad = "<pad>" if shape == "marian" else f"w{words - 1}"
    names = [*(f"w{number}" for number in range(words - 1)), pad]
    given = Tokenizer(models.WordLevel({name: number for number, name in enumerate(names)}, unk_token="w0"))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=given, unk_token="w0", bos_token="w1", eos_token="w2", pad_token=pad
    ).save_pretrained(folder)
    return folder, words - 1


def _config(shape: str, layers: int) -> Any:
    if shape == "llama":
        return transformers.LlamaConfig(
            vocab_size=32000,
            hidden_size=1024,
            num_hidden_layers=layers or 20,
            num_attention_heads=16,
            num_key_value_heads=8,
            intermediate_size=2816,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
        )
    if shape == "qwen3_moe":
        return transformers.Qwen3MoeConfig(
            vocab_size=32000,
            hidden_size=1024,
            num_hidden_layers=layers or 8,
            num_attention_heads=16,
            num_key_value_heads=8,
            head_dim=64,
            intermediate_size=2816,
            num_experts=32,
            num_experts_per_tok=4,
            moe_intermediate_size=512,
            norm_topk_prob=True,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
        )
    ends: dict[str, Any] = dict(bos_token_id=1, eos_token_id=2)
    if shape == "gpt2":
        return transformers.GPT2Config(n_layer=layers or 12, **ends)
    if shape == "t5":
        return transformers.T5Config(
            d_model=768, d_ff=3072, num_layers=layers or 12, num_heads=12, decoder_start_token_id=0, **ends
        )
    each = layers or 6
    return transformers.MarianConfig(
        vocab_size=58101,
        d_model=512,
        encoder_layers=each,
        decoder_layers=each,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        encoder_ffn_dim=2048,
        decoder_ffn_dim=2048,
        max_position_embeddings=1024,
        pad_token_id=58100,
        decoder_start_token_id=58100,
        **ends,
    )


def describe(folder: Path, shape: str) -> tuple[int, int]:
    """Return the number of weights, and of those that a token reads.

    They are no encoder's, no positions, no keys of sources, and of a mixture's experts as many as a token has.
    """
    from torso import blocks
    from torso.loading.load import read_config

    architecture, config = read_config(folder)
    task = torso.Task.CAUSAL_LM if shape in ALONE else torso.Task.SEQ2SEQ_LM
    whole = architecture.describe(config, task)
    trunk = whole.trunk.decoder if isinstance(whole.trunk, blocks.EncoderDecoder) else whole.trunk
    assert isinstance(trunk, blocks.Trunk)
    read = 0.0
    for layer in trunk.layers:
        mixture = layer.parts["ffn"]
        share = mixture.router.top / mixture.router.experts if isinstance(mixture, blocks.Mixture) else 1.0
        read += sum(
            int(np.prod(weight.shape)) * (share if name.startswith("ffn.experts.") else 1.0)
            for name, weight in blocks.named_weights(layer)
            if not name.startswith("cross.kv.")
        )
    return blocks.parameter_count(whole), round(read) + config.vocab_size * trunk.embed.width


def of_transformers(folder: Path, new: int) -> Times:
    """transformers: its cache, greedy."""
    config = transformers.AutoConfig.from_pretrained(folder)
    if config.is_encoder_decoder:
        pair = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()

        def translate(prompts: list[list[int]], count: int) -> list[list[int]]:
            with torch.inference_mode():
                out = pair.generate(
                    torch.tensor(prompts), min_new_tokens=count, max_new_tokens=count, num_beams=1, do_sample=False
                )
            return out[:, 1:].tolist()

        return lambda prompts: in_two_calls(translate, prompts, new)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()

    def begin(_: list[list[int]]) -> tuple[list[list[int]], Any]:
        state = transformers.DynamicCache()

        def read(tokens: list[list[int]]) -> np.ndarray:
            with torch.inference_mode():
                out = model(torch.tensor(tokens), past_key_values=state, use_cache=True, logits_to_keep=1)
                return out.logits[:, -1].numpy()

        return _, read

    return lambda prompts: step_by_step(*begin(prompts), new)


def searching(system: str, folder: Path, new: int, beams: int) -> Times:
    """Beam search of one system in this process: ``transformers``, or torso in the mode of this name."""
    if system == "transformers":
        config = transformers.AutoConfig.from_pretrained(folder)
        pair = config.is_encoder_decoder
        kind = transformers.AutoModelForSeq2SeqLM if pair else transformers.AutoModelForCausalLM
        theirs = kind.from_pretrained(folder).eval()

        def write(prompts: list[list[int]], count: int) -> list[list[int]]:
            limits = dict(min_new_tokens=count, max_new_tokens=count)
            with torch.inference_mode():
                out = theirs.generate(torch.tensor(prompts), num_beams=beams, do_sample=False, **limits)
            return out[:, 1 if pair else len(prompts[0]) :].tolist()

    else:
        model = compiled_decoder(folder, system)  # type: ignore[arg-type]
        plain = settings_of(folder, model.config)

        def write(prompts: list[list[int]], count: int) -> list[list[int]]:
            settings = plain.replace({"num_beams": beams, "min_new_tokens": count, "max_new_tokens": count})
            given = prompts_of(model, prompts, settings)
            return [list(best.ids) for best, *_ in complete(model, given, settings, batch=len(prompts) * beams)]

    return lambda prompts: in_two_calls(write, prompts, new)


def of_torso(model: torso.Model | CompiledDecoder, new: int) -> Times:
    """torso's kernels, or its PyTorch engine."""

    def begin(prompts: list[list[int]]) -> tuple[list[list[int]], Any]:
        pair = model.task is torso.Task.SEQ2SEQ_LM
        sources, first = (prompts, [[model.trunk.start]] * len(prompts)) if pair else (None, prompts)  # type: ignore[union-attr]
        if isinstance(model, CompiledDecoder):
            return first, CompiledTexts(model, len(prompts), capacity=ROOM, sources=sources).read
        return first, Decoder(model, len(prompts), sources=sources, capacity=ROOM).read

    def times(prompts: list[list[int]]) -> tuple[float, float, list[list[int]]]:
        start = time.perf_counter()
        first, read = begin(prompts)  # an encoder runs here
        begun = time.perf_counter() - start
        prompt, token, written = step_by_step(first, read, new)
        return begun + prompt, token, written

    return times


def step_by_step(prompts: list[list[int]], read: Any, new: int) -> tuple[float, float, list[list[int]]]:
    """Write greedily, one step after another."""
    start = time.perf_counter()
    scores = np.asarray(read(prompts))
    prompt = time.perf_counter() - start
    written: list[list[int]] = [[] for _ in prompts]
    start = time.perf_counter()
    for _ in range(new):
        chosen = scores.argmax(-1).tolist()
        for text, token in zip(written, chosen, strict=True):
            text.append(token)
        scores = np.asarray(read([[token] for token in chosen]))
    return prompt, (time.perf_counter() - start) / new, written


def in_two_calls(write: Any, prompts: list[list[int]], new: int) -> tuple[float, float, list[list[int]]]:
    """Write one token, then that and all others: the difference is what a token takes."""
    start = time.perf_counter()
    write(prompts, 1)
    first = time.perf_counter() - start
    start = time.perf_counter()
    ids = write(prompts, 1 + new)
    rest = time.perf_counter() - start - first
    return first, rest / new, [each[:new] for each in ids]
