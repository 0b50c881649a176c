"""Run README's first block, and compare what it shows: ``python first_block.py README.md FOLDER``.

Needs torso alone, and ``FOLDER/all-MiniLM-L6-v2``.
"""

from __future__ import annotations

import doctest
import os
import sys
from pathlib import Path


def main(readme: str, folder: str) -> None:
    text = Path(readme).read_text("utf-8")
    block = text.partition("```python\n")[2].partition("```")[0]
    test = doctest.DocTestParser().get_doctest(block, {}, "README", readme, 0)
    assert len(test.examples) >= 2, block
    os.chdir(folder)
    sys.exit(bool(doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed))


if __name__ == "__main__":
    main(*sys.argv[1:])
