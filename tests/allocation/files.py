"""Small books as files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backsim.allocation.book.assemble import read_book
from backsim.allocation.model.book import Book
from backsim.errors import InputError

TODAY = date(2026, 11, 24)
"""A Tuesday."""
LINES = "id,product,units\nL1,mug,5\nL2,plate,3\n"
STOCK = "product,units\nmug,4\nplate,0\n"


def write(folder: Path, **files: str) -> Path:
    """A book of two lines, with some of its files replaced ("" leaves one out)."""
    for name, text in {"lines": LINES, "stock": STOCK, **files}.items():
        if text:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def book(folder: Path, **files: str) -> Book:
    """The book of such files."""
    return read_book(write(folder, **files), TODAY)


def said(folder: Path, **files: str) -> str:
    """What is said of such files that cannot be read."""
    with pytest.raises(InputError) as error:
        book(folder, **files)
    return str(error.value).replace(f"{folder}/", "").replace(str(folder), "BOOK")
