"""Which errors say that memory ran out: of Python, of the system, of PyTorch or of an accelerator."""

from __future__ import annotations

import errno
import re

# The words of PyTorch, of C++ and of the system's linker, which have no type or number for it. A place among threads'
# own variables is not memory, though the linker's words begin alike; and a folder may have any name.
_WORDS = re.compile(
    r"(?<![/\\])(\bout of memory\b|\bnot enough memory\b|\bcan(?:'|no)t allocate memory\b(?! in static TLS)"
    r"|\bfailed to map segment from shared object\b|\bbad_alloc\b)(?![/\\])",
    re.IGNORECASE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # PyTorch's is a RuntimeError of its own type, known by its words, so that torch need not be there.
    return isinstance(error, (RuntimeError, ImportError)) and _WORDS.search(str(error)) is not None
