"""Files of what has been compiled, where every process finds them again."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

SUM = 32
"""Bytes of the checksum that machine code begins with: a damaged file may end the process."""


class Code(NamedTuple):
    """Machine code of a function, and the name that it has there.

    It takes the address of its answer, that of the reason of an error, and its arguments, and
    returns 0 if there was none.
    """

    name: str
    machine: bytes


@cache
def folder(name: str) -> Path | None:
    """A folder for files of one kind; None where none can be written.

    Where the variable NUMBA_CACHE_DIR says, as for numba; else with the package, or with what the
    user's other programs keep.
    """
    for place in _places():
        made = place / name
        try:
            made.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=made).close()
        except OSError:
            continue
        return made
    return None


def _places() -> Iterator[Path]:
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen) / "backsim"
        return
    yield Path(__file__).parent / "__pycache__"
    if sys.platform == "win32":
        yield Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "backsim"
    else:
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "backsim"


def read(kind: str, key: str) -> bytes | None:
    """A file, if there is one."""
    with suppress(OSError):
        if place := folder(kind):
            return (place / key).read_bytes()
    return None


def write(kind: str, key: str, data: bytes) -> None:
    """Keep a file, whole or not at all; what cannot be kept is compiled again."""
    if place := folder(kind):
        partial = place / f".{key}.{os.getpid()}"
        with suppress(OSError):
            partial.write_bytes(data)
            partial.replace(place / key)


def read_code(key: str) -> Code | None:
    """Machine code, if it is kept and whole."""
    data = read("loops", key) or b""
    found = data[SUM:]
    if not found or hashlib.sha256(found).digest() != data[:SUM]:
        return None
    name, _, machine = found.partition(b"\n")
    return Code(name.decode(), machine)


def write_code(key: str, code: Code) -> None:
    """Keep machine code."""
    found = code.name.encode() + b"\n" + code.machine
    write("loops", key, hashlib.sha256(found).digest() + found)


def kept_code(key: str, make: Callable[[], Code | None]) -> Code | None:
    """Machine code that is kept; else what `make` gives, which is kept from then on."""
    code = read_code(key)
    if code is None and (code := make()) is not None:
        write_code(key, code)
    return code
