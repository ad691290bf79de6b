"""Files that are written whole or not at all, and what tells one text from another."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from backsim.errors import InputError


def text_digest(text: str) -> str:
    """The SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_folder(folder: Path) -> None:
    """Make the folder.  Raises InputError when it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{folder}: expected a folder to write to ({error.strerror})") from None


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `file` once that is done.

    Raises InputError when it cannot be written; then `file` is what it was.
    """
    partial = file.parent / f".{file.name}.{os.getpid()}"
    try:
        yield partial
        partial.replace(file)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise InputError(
            f"{file}: expected a file that can be written ({error.strerror})"
        ) from None


def write_text(file: Path, text: str | Callable[[IO[str]], Any]) -> None:
    """Write a text, or what a function writes, beside the file, then put it in its place.

    Raises InputError when that fails.
    """
    import gzip

    opener: Any = gzip.open if file.suffix == ".gz" else open
    with beside(file) as partial, opener(partial, "wt", encoding="utf-8", newline="") as stream:
        stream.write(text) if isinstance(text, str) else text(stream)
