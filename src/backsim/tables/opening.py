"""From a path to text: files read, decompressed and decoded."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from pathlib import Path

from backsim.tables.faults import Unreadable

MOST_BYTES = 4_000_000_000
"""Decompressed size of a file; a damaged or hostile one may claim to be endless."""

GZIP, ZIP, OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENDINGS = (".csv", ".csv.gz", ".txt", ".tsv", ".xlsx", ".xlsm")


def is_workbook(path: Path) -> bool:
    """Whether a file's name says that it is an Excel workbook."""
    return path.suffix.lower() in (".xlsx", ".xlsm")


def read_bytes(path: Path) -> bytes:
    """A file's bytes as they are on the disk.  Raises Unreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Unreadable("a file that exists") from None
    except OSError as error:
        raise Unreadable(f"a readable file ({error.strerror})") from None


def decompressed(data: bytes, path: Path) -> bytes:
    """The contents of a file that may be compressed.  Raises Unreadable."""
    if data.startswith(GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                contents = stream.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise Unreadable("a whole gzip file, as the name ends in .gz") from None
        if len(contents) > MOST_BYTES:
            raise Unreadable(f"at most {MOST_BYTES:,} bytes when decompressed")
        return contents
    if path.suffix == ".gz":
        raise Unreadable("a whole gzip file, as the name ends in .gz")
    return data


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """(text, encoding): as given, by its byte order mark, UTF-8, UTF-16, or else cp1252.

    Raises Unreadable.
    """
    if data.startswith(OLD_EXCEL):
        raise Unreadable("a CSV file or an Excel workbook saved as .xlsx", "an old .xls workbook")
    known = encoding or _encoding(data)
    try:
        text = data.decode(known)
    except UnicodeDecodeError as error:
        row = data[: error.start].decode(known, "replace").count("\n") + 1
        wanted = encoding or "UTF-8, UTF-16 or cp1252"
        raise Unreadable(f"a CSV file in {wanted} (byte {error.start})", row=row) from None
    except UnicodeError:
        raise Unreadable(f"a CSV file in {known}") from None
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable("text without null characters", row=row)
    return text.removeprefix("\ufeff"), "utf-8" if known == "utf-8-sig" else known


def _encoding(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:4096]
    if len(head) >= 4 and head.count(0) >= len(head) // 3:  # text with a null in each other byte
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def check_encoding(name: str) -> str:
    """The name of an encoding that is known.  Raises ValueError."""
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError, TypeError):
        raise ValueError("a known encoding, such as utf-8, utf-16 or cp1252") from None
    return name
