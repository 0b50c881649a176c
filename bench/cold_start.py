"""From a fresh process to the first vector of all-MiniLM-L6-v2: import, tokenizer, weights, one text.

python bench/cold_start.py [rounds]

Once by function, once by command, beside the classes with PyTorch, and peers; and the bundled model's first label.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from side_by_side import interleaved, minilm, show

FOLDER = str(minilm())
PROGRAMS = {
    "torso.embed": f"""
import torso
torso.embed("a first text", model={FOLDER!r})
""",
    "torso embed": f"""
from torso.cli import main
main(["embed", "a first text", "--model", {FOLDER!r}])
""",
    "torso classify, bundled": """
from torso.cli import main
main(["classify", "a first text"])
""",
    "import torch": "import torch",
    "torso, with PyTorch": f"""
import torso
tokenizer = torso.AutoTokenizer.from_pretrained({FOLDER!r})
model = torso.AutoModel.from_pretrained({FOLDER!r})
model(**tokenizer("a first text", return_tensors="pt")).last_hidden_state.mean(1)
""",
    "transformers": f"""
from transformers import AutoModel, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained({FOLDER!r})
model = AutoModel.from_pretrained({FOLDER!r})
model(**tokenizer("a first text", return_tensors="pt")).last_hidden_state.mean(1)
""",
    "sentence-transformers": f"""
from sentence_transformers import SentenceTransformer
SentenceTransformer({FOLDER!r}, device="cpu").encode("a first text")
""",
}


def onnx(folder: Path) -> str:
    """The same by onnxruntime and tokenizers, of a model that is exported first."""
    from peers import exported

    path = exported(Path(shutil.copytree(FOLDER, folder / "model")))
    return f"""
import numpy, onnxruntime, tokenizers
tokenizer = tokenizers.Tokenizer.from_file({str(Path(FOLDER) / "tokenizer.json")!r})
session = onnxruntime.InferenceSession({str(path)!r}, providers=["CPUExecutionProvider"])
tokenizer.no_padding()
made = tokenizer.encode("a first text")
numbers = [numpy.array([made.ids]), numpy.array([made.attention_mask])]
session.run(None, dict(zip(["input_ids", "attention_mask"], numbers)))[0].mean(1)
"""


if __name__ == "__main__":
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    programs = dict(PROGRAMS)
    with tempfile.TemporaryDirectory() as name:
        if find_spec("onnxruntime") is not None:
            programs["onnxruntime + tokenizers"] = onnx(Path(name))
        base = "onnxruntime + tokenizers" if "onnxruntime + tokenizers" in programs else "torso, with PyTorch"
        show(interleaved(programs, rounds), base)
