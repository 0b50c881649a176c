"""One system that makes vectors of texts, in a process of its own: ``bench/peers.py SYSTEM FOLDER TEXTS [first]``.

Each is set up as its own documentation advises for a CPU: texts sorted by length, batches of 32, fused graphs, all
cores. The process answers each line of its input: ``run`` with the seconds of one pass over all texts, ``latency`` with
those of many runs of a text of 16 tokens, ``vectors PATH`` with a file of them, ``memory`` with its peak. With
``first`` it makes one vector and ends: what it needs beside the model's own files is then kept for the next process.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# Nothing else is imported up here: each system's process holds what that system needs.
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
    """torso: as loaded, or compiled."""
    from torso import compiled, encode, load, load_tokenizer

    tokenizer = load_tokenizer(folder).limited(256)
    if mode == "default":
        model = load(folder)
    else:
        model = compiled(folder, mode=mode, fidelity=0.98 if mode == "int8" else None)

    def vectors(texts: list[str]) -> np.ndarray:
        made = encode(texts, model=model, tokenizer=tokenizer, pooling="mean", long="truncate")
        return np.array(made)

    return vectors


def sentence_transformers(_: str, folder: Path) -> Encode:
    """sentence-transformers' ``encode``."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    body = Transformer(str(folder), max_seq_length=256)
    model = SentenceTransformer(modules=[body, Pooling(body.get_word_embedding_dimension())], device="cpu")
    return lambda texts: model.encode(texts, batch_size=BATCH, convert_to_numpy=True)


def transformers(dtype: str, folder: Path) -> Encode:
    """transformers with SDPA, where it has that for a family; sorted by length."""
    import torch
    from transformers import AutoModel

    tokenizer = tokenized(folder)
    family = json.loads((folder / "config.json").read_text())["model_type"]
    attention = "eager" if family == "deberta-v2" else "sdpa"
    model = AutoModel.from_pretrained(folder, dtype=getattr(torch, dtype), attn_implementation=attention).eval()

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

    fused = folder / "fused.onnx"
    if not fused.exists():
        from onnxruntime.transformers.optimizer import optimize_model

        config = json.loads((folder / "config.json").read_text())
        made = optimize_model(
            str(exported(folder)), "bert", num_heads=config["num_attention_heads"], hidden_size=config["hidden_size"]
        )
        made.save_model_to_file(str(fused))
    chosen = fused
    if form == "int8":
        chosen = folder / "int8.onnx"
        if not chosen.exists():
            from onnxruntime.quantization import QuantType, quantize_dynamic

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
    """OpenVINO in its default precision, bfloat16 where the processor has it; in float32; in eight bits."""
    import openvino as ov

    core = ov.Core()
    path = calibrated(folder) if precision == "int8" else exported(folder)
    hints: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": 1}
    if precision == "f32":
        hints["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(core.read_model(str(path)), "CPU", hints)
    request, tokenizer = compiled.create_infer_request(), tokenized(folder)

    def forward(texts: list[str]) -> np.ndarray:
        ids, mask = fields(tokenizer.encode_batch(texts))
        return mean(request.infer({"input_ids": ids, "attention_mask": mask})[0], mask)

    return lambda texts: in_batches(texts, forward)


def calibrated(folder: Path) -> Path:
    """The model in eight bits as NNCF makes it for OpenVINO, by the scales met on other texts; made once."""
    path = folder / "int8.xml"
    if not path.exists():
        import nncf
        import openvino as ov

        tokenizer = tokenized(folder)
        chosen = [[text] for text in json.loads((folder / "calibration.json").read_text())]

        def inputs(texts: list[str]) -> dict[str, np.ndarray]:
            return dict(zip(("input_ids", "attention_mask"), fields(tokenizer.encode_batch(texts)), strict=True))

        model = ov.Core().read_model(str(exported(folder)))
        data = nncf.Dataset(chosen, inputs)
        made = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(chosen))
        ov.save_model(made, str(path), compress_to_fp16=False)
    return path


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


@dataclass(frozen=True)
class System:
    """One row of the table.

    Attributes:
        make: gives what makes vectors, of an option and a model's folder.
        option: see ``make``.
        products: the precision that it multiplies in, as bench/ceiling.py names it.
        environment: variables of its process.
    """

    make: Callable[[str, Path], Encode]
    option: str
    products: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


PLAIN = {"TORSO_KERNELS": "0"}
SYSTEMS: dict[str, System] = {
    "torso exact": System(torso, "exact", "float32"),
    "torso bf16": System(torso, "bf16", "bfloat16"),
    "torso int8": System(torso, "int8", "int8"),
    "torso as loaded": System(torso, "default", "float32"),
    "torso exact, PyTorch alone": System(torso, "exact", "float32", PLAIN),
    "torso bf16, PyTorch alone": System(torso, "bf16", "bfloat16", PLAIN),
    "torso int8, PyTorch alone": System(torso, "int8", "int8", PLAIN),
    "sentence-transformers": System(sentence_transformers, "", "float32"),
    "transformers sdpa": System(transformers, "float32", "float32"),
    "transformers bf16": System(transformers, "bfloat16", "bfloat16"),
    "onnxruntime fp32": System(onnxruntime, "fp32", "float32"),
    "onnxruntime int8": System(onnxruntime, "int8", "int8"),
    "openvino f32": System(openvino, "f32", "float32"),
    "openvino default": System(openvino, "default", "bfloat16"),
    "openvino int8": System(openvino, "int8", "int8"),
    "ctranslate2 float32": System(ctranslate2, "float32", "float32"),
    "ctranslate2 int8": System(ctranslate2, "int8_float32", "int8"),
}


def main(system: str, folder: Path, texts: list[str], single: str, first: bool) -> None:
    """Answers the lines of standard input."""
    encode = SYSTEMS[system].make(SYSTEMS[system].option, folder)
    if first:
        encode([single])
        return
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
    given = json.loads(Path(sys.argv[3]).read_text())
    main(sys.argv[1], Path(sys.argv[2]), given["texts"], given["single"], sys.argv[4:] == ["first"])
