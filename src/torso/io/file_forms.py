"""Files of other forms, given where text or a table of text is read: known by name or first bytes. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from torso.errors import FileFormatError

HEAD = 8
"""First bytes of a file by which its form is known."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of files that is not read as text.

    Attributes:
        endings: of names, in lower case.
        begins: first bytes of contents.
        code: of the error.
        what: message about such a ``{file}``.
        cure: what gives text of it.
    """

    endings: tuple[str, ...]
    begins: tuple[bytes, ...]
    code: str
    what: str
    cure: str


FORMS = (
    Form(
        (".xlsx", ".xlsm", ".xls", ".ods", ".numbers"),
        (b"\xd0\xcf\x11\xe0",),
        code="E_FORM",
        what="{file} is a workbook, which torso does not read.",
        cure="Save its sheet as CSV UTF-8, and name that file.",
    ),
    Form(
        (".parquet", ".arrow", ".feather"),
        (b"PAR1\x15", b"ARROW1\0\0"),
        code="E_FORM",
        what="{file} is a binary table, which is not read here.",
        cure="Save it as .jsonl or .csv; torso scale and torso train read a .parquet itself.",
    ),
    Form(
        (".gz", ".tgz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".rar", ".tar"),
        (b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c"),
        code="E_FORM",
        what="{file} is packed.",
        cure="Unpack it, and name what was in it.",
    ),
    Form(
        (".pdf", ".docx", ".doc", ".odt", ".rtf", ".epub", ".pptx"),
        (b"%PDF-",),
        code="E_FORM",
        what="{file} is a document, not plain text.",
        cure="Save its text as .txt in UTF-8, and name that file.",
    ),
    Form(
        (),
        (b"PK\x03\x04",),
        code="E_FORM",
        what="{file} is a zip archive, as workbooks and documents are.",
        cure="Save a workbook's sheet as CSV UTF-8, a document as .txt; unpack an archive.",
    ),
)


def refuse_name(name: str, reads: tuple[str, ...] = ()) -> None:
    """Refuse a file whose name says that it is no text.

    Args:
        name: of the file.
        reads: endings that are read here all the same.

    Raises:
        FileFormatError: ``E_FORM``.
    """
    lower = name.lower()
    for form in FORMS:
        if lower.endswith(form.endings) and not lower.endswith(reads):
            raise _wrong(form, name)


def refuse_contents(head: bytes, name: str) -> None:
    """Refuse a file whose first bytes say that it is no text.

    Args:
        head: its first `HEAD` bytes, or all if there are fewer.
        name: what messages call it.

    Raises:
        FileFormatError: ``E_FORM``.
    """
    for form in FORMS:
        if head.startswith(form.begins):
            raise _wrong(form, name)


def _wrong(form: Form, name: str) -> FileFormatError:
    return FileFormatError(form.code, form.what, cure=form.cure, values=dict(file=name))
