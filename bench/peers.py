"""One system that makes vectors of texts, in a process of its own: ``python bench/peers.py SYSTEM FOLDER TEXTS``.

Each is set up as its own documentation advises for a CPU: texts sorted by length, batches of 32, fused graphs, all
cores. The process answers each line of its input: ``run`` with the seconds of one pass over all texts, ``latency`` with
those of many single texts, ``vectors PATH`` with a file of them, ``memory`` with its peak.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Encode = Callable[[list[str]], np.ndarray]
BATCH = 32


def tokenized(folder: Path) -> Any:
    """The tokenizer that the peers without one of their own share: the Rust one, padded to each batch's longest."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    return tokenizer


def in_batches(texts: list[str], forward: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """Vectors in the order of the texts, computed in batches of similar length."""
    order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))
    made: list[np.ndarray] = []
    for start in range(0, len(order), BATCH):
        made.append(forward([texts[n] for n in order[start : start + BATCH]]))
    vectors = np.concatenate(made)
    out = np.empty_like(vectors)
    out[order] = vectors
    return out


def mean(rows: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of each text's rows."""
    weights = mask[..., None].astype(np.float32)
    return (rows * weights).sum(1) / weights.sum(1)


def fields(encodings: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Ids and mask of a batch."""
    return np.array([each.ids for each in encodings]), np.array([each.attention_mask for each in encodings])


def torso(mode: str, folder: Path) -> Encode:
    """torso: as loaded, or optimised."""
    from torso import encode, load, load_tokenizer, optimise

    tokenizer, model = load_tokenizer(folder).limited(256), load(folder)
    if mode != "default":
        optimise(model, mode, fidelity=0.98 if mode == "int8" else None)

    def vectors(texts: list[str]) -> np.ndarray:
        made = encode(texts, model=model, tokenizer=tokenizer, pooling="mean", long="truncate")
        return np.stack([each.vector.numpy() for each in made])

    return vectors


def sentence_transformers(_: str, folder: Path) -> Encode:
    """sentence-transformers' ``encode``."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    body = Transformer(str(folder), max_seq_length=256)
    model = SentenceTransformer(modules=[body, Pooling(body.get_word_embedding_dimension())], device="cpu")
    return lambda texts: model.encode(texts, batch_size=BATCH, convert_to_numpy=True)


def transformers(dtype: str, folder: Path) -> Encode:
    """transformers with SDPA, sorted by length."""
    import torch
    from transformers import AutoModel

    tokenizer = tokenized(folder)
    model = AutoModel.from_pretrained(folder, dtype=getattr(torch, dtype), attn_implementation="sdpa").eval()

    def forward(texts: list[str]) -> np.ndarray:
        ids, mask = fields(tokenizer.encode_batch(texts))
        with torch.inference_mode():
            rows = model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask)).last_hidden_state
        return mean(rows.float().numpy(), mask)

    return lambda texts: in_batches(texts, forward)


def exported(folder: Path) -> Path:
    """The model as ONNX, made once."""
    path = folder / "model.onnx"
    if not path.exists():
        import torch
        from transformers import AutoModel

        model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
        ids = torch.ones(2, 8, dtype=torch.int64)
        names = ["input_ids", "attention_mask"]
        axes = {name: {0: "batch", 1: "sequence"} for name in (*names, "last_hidden_state")}

        class Rows(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
                return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

        torch.onnx.export(
            Rows(),
            (ids, ids),
            str(path),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    return path


def onnxruntime(form: str, folder: Path) -> Encode:
    """ONNX Runtime with its transformer fusions; int8 as its dynamic quantisation, per channel."""
    import onnxruntime as runtime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.optimizer import optimize_model

    config = json.loads((folder / "config.json").read_text())
    fused = folder / "fused.onnx"
    if not fused.exists():
        made = optimize_model(
            str(exported(folder)), "bert", num_heads=config["num_attention_heads"], hidden_size=config["hidden_size"]
        )
        made.save_model_to_file(str(fused))
    chosen = fused
    if form == "int8":
        chosen = folder / "int8.onnx"
        if not chosen.exists():
            more = {"DefaultTensorType": 1}  # float32, where a fused node hides its type
            quantize_dynamic(str(fused), str(chosen), weight_type=QuantType.QInt8, per_channel=True, extra_options=more)
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = runtime.InferenceSession(str(chosen), options, providers=["CPUExecutionProvider"])
    tokenizer = tokenized(folder)

    def forward(texts: list[str]) -> np.ndarray:
        ids, mask = fields(tokenizer.encode_batch(texts))
        return mean(session.run(None, {"input_ids": ids, "attention_mask": mask})[0], mask)

    return lambda texts: in_batches(texts, forward)


def openvino(precision: str, folder: Path) -> Encode:
    """OpenVINO in its default precision, bfloat16 where the processor has it, or in float32."""
    import openvino as ov

    core = ov.Core()
    hints: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": 1}
    if precision == "f32":
        hints["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(core.read_model(str(exported(folder))), "CPU", hints)
    request, tokenizer = compiled.create_infer_request(), tokenized(folder)

    def forward(texts: list[str]) -> np.ndarray:
        ids, mask = fields(tokenizer.encode_batch(texts))
        return mean(request.infer({"input_ids": ids, "attention_mask": mask})[0], mask)

    return lambda texts: in_batches(texts, forward)


def ctranslate2(compute: str, folder: Path) -> Encode:
    """CTranslate2, which removes padding by itself on a CPU."""
    import ctranslate2 as ct

    made = folder / "ctranslate2"
    if not made.exists():
        ct.converters.TransformersConverter(str(folder)).convert(str(made))
    encoder = ct.Encoder(str(made), device="cpu", compute_type=compute, intra_threads=2)
    tokenizer = tokenized(folder)

    def forward(texts: list[str]) -> np.ndarray:
        encodings = tokenizer.encode_batch(texts)
        _, mask = fields(encodings)
        ids = [
            [number for number, here in zip(each.ids, each.attention_mask, strict=True) if here] for each in encodings
        ]
        return mean(np.array(encoder.forward_batch(ids).last_hidden_state), mask)

    return lambda texts: in_batches(texts, forward)


SYSTEMS: dict[str, tuple[Callable[[str, Path], Encode], str]] = {
    "torso": (torso, "default"),
    "torso exact": (torso, "exact"),
    "torso bf16": (torso, "bf16"),
    "torso int8": (torso, "int8"),
    "sentence-transformers": (sentence_transformers, ""),
    "transformers sdpa": (transformers, "float32"),
    "transformers bf16": (transformers, "bfloat16"),
    "onnxruntime fp32": (onnxruntime, "fp32"),
    "onnxruntime int8": (onnxruntime, "int8"),
    "openvino f32": (openvino, "f32"),
    "openvino default": (openvino, "default"),
    "ctranslate2 float32": (ctranslate2, "float32"),
    "ctranslate2 int8": (ctranslate2, "int8_float32"),
}


def main(system: str, folder: Path, texts: list[str]) -> None:
    """Answers the lines of standard input."""
    make, option = SYSTEMS[system]
    encode = make(option, folder)
    single = sorted(texts, key=len)[len(texts) // 8]
    encode(texts[:64])
    print("ready", flush=True)
    for line in sys.stdin:
        asked = line.split()
        start = time.perf_counter()
        if asked[0] == "run":
            encode(texts)
            told: Any = time.perf_counter() - start
        elif asked[0] == "latency":
            told = []
            for _ in range(int(asked[1])):
                start = time.perf_counter()
                encode([single])
                told.append(time.perf_counter() - start)
        elif asked[0] == "vectors":
            np.save(asked[1], encode(texts))
            told = asked[1]
        else:
            told = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()))
