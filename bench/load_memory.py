"""Peak memory of loading a BERT-base-sized checkpoint and running one text, above the bare process, by the weights.

python bench/load_memory.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from side_by_side import report

MAKE = """
from transformers import BertConfig, BertModel
import torch
model = BertModel(BertConfig())
model.save_pretrained({folder!r})
torch.save(model.state_dict(), {folder!r} + "/pytorch_model.bin")
print("{{}}")
"""
MEASURE = """
import json, re
{imports}
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
bare = peak()
{load}
weights = sum(p.numel() * p.element_size() for p in model.parameters())
print(json.dumps({{"share": (peak() - bare) / weights, "weights": weights / 2**20}}))
"""
RUN = "model = AutoModel.from_pretrained({folder!r}); model(input_ids=torch.ones(1, 16, dtype=torch.long))"
LOADS = {
    "torso": ("import torch\nfrom torso import AutoModel\nimport torso.compat.padded_model, torso.models.bert", RUN),
    "transformers": ("import torch\nfrom transformers import AutoModel, BertModel", RUN),
}


def main() -> None:
    """Prints one line per file form and library."""
    with tempfile.TemporaryDirectory() as name:
        report(MAKE.format(folder=name))
        for kept, spare in (("model.safetensors", "pytorch_model.bin"), ("pytorch_model.bin", "model.safetensors")):
            folder = Path(name)
            (folder / spare).rename(folder / "spare")
            for library, (imports, load) in LOADS.items():
                seen = report(MEASURE.format(imports=imports, load=load.format(folder=name)))
                print(f"{kept:20} {library:14} peak {seen['share']:.2f} x the weights ({seen['weights']:.0f} MiB)")
            (folder / "spare").rename(folder / spare)


if __name__ == "__main__":
    main()
