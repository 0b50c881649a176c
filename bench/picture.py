"""Draws the picture of README from bench/encoders.json: one text kind, torso and its peers, tokens a second.

python bench/picture.py                       # writes docs/pictures/speed.svg and speed.zh.svg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SYSTEMS = {
    "sentence-transformers": "sentence-transformers",
    "transformers sdpa": "transformers",
    "onnxruntime fp32": "ONNX Runtime",
    "onnxruntime int8": "ONNX Runtime, 8 bits",
    "openvino f32": "OpenVINO",
    "openvino default": "OpenVINO, bfloat16",
    "openvino int8": "OpenVINO, 8 bits",
    "torso exact": "torso",
    "torso bf16": "torso, bfloat16",
    "torso int8": "torso, 8 bits",
}
"""Rows that are shown, by their names in the file."""
TITLES = {
    "": "Tokens per second: mixed texts, all-MiniLM-L6-v2, two cores",
    ".zh": "每秒词元数：长短不一的文本，all-MiniLM-L6-v2，双核",
}
WIDTH, LEFT, STEP, TOP = 760, 180, 26, 44


def drawn(rows: dict[str, Any], title: str) -> str:
    """Return the picture as SVG. It is drawn by hand, so that it is small and reads in light and dark."""
    shown = sorted(((rows[name]["tokens/s"], said) for name, said in SYSTEMS.items() if name in rows), reverse=True)
    most = shown[0][0]
    height = TOP + STEP * len(shown) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="13"><title>{title}</title>',
        "<style>text{fill:#24292f}.p{fill:#8c959f}.t{fill:#00796b}"
        "@media (prefers-color-scheme: dark){text{fill:#e6edf3}.p{fill:#6e7681}.t{fill:#26a69a}}</style>",
        f'<text x="0" y="20" font-size="15" font-weight="600">{title}</text>',
    ]
    for at, (value, said) in enumerate(shown):
        y, long = TOP + STEP * at, round((WIDTH - LEFT - 70) * value / most)
        kind = "t" if said.startswith("torso") else "p"
        weight = ' font-weight="600"' if kind == "t" else ""
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end"{weight}>{said}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{long}" height="18" rx="2"/>',
            f'<text x="{LEFT + long + 6}" y="{y + 14}"{weight}>{value:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>\n"])


def main() -> None:
    """Draw both languages."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kept", type=Path, default=HERE / "encoders.json")
    asked.add_argument("--out", type=Path, default=HERE.parent / "docs" / "pictures")
    given = asked.parse_args()
    rows = json.loads(given.kept.read_text("utf-8"))["minilm, mixed"]["rows"]
    given.out.mkdir(parents=True, exist_ok=True)
    for suffix, title in TITLES.items():
        (given.out / f"speed{suffix}.svg").write_text(drawn(rows, title), encoding="utf-8")


if __name__ == "__main__":
    main()
