"""From a fresh process to the first vector of all-MiniLM-L6-v2: import, tokenizer, weights, one text.

python bench/cold_start.py [rounds]
"""

from __future__ import annotations

import sys

from side_by_side import interleaved, minilm, show

FOLDER = str(minilm())
PROGRAMS = {
    "import torch": "import torch",
    "torso": f"""
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

if __name__ == "__main__":
    show(interleaved(PROGRAMS, int(sys.argv[1]) if len(sys.argv) > 1 else 7), "import torch")
