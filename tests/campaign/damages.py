"""Damage to files: of their bytes, of their structure and of their values; each by its seed."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from random import Random

ODD = (
    *("null", "[]", "{}", "-1", "0", "1e400", "1e-300", "1e308", "99999999999999999999"),
    *(".nan", "-.inf", "true", "''", "*x", "!!a b", "2024-13-45", "0001-01-01", "9999-12-31"),
    *("#REF!", "1.000,5", "3,5", "00.00.0000", "2147483648", "a: b", "text"),
)
SIGNS = "{}[]:,;\"'-#&*\t\x00\ufeff\u202e"


def of_bytes(data: bytes, source: Random) -> bytes:
    """Bits turned, bytes overwritten, a piece lost, doubled or moved, the end cut off."""
    changed = bytearray(data or b"\0")
    at, to = source.randrange(len(changed)), source.randrange(len(changed))
    size = source.choice((1, 1, 4, 16, 100, 2000))
    match source.randrange(7):
        case 0:
            changed[at] ^= 1 << source.randrange(8)
        case 1:
            changed[at : at + size] = source.randbytes(size)
        case 2:
            del changed[at : at + size]
        case 3:
            changed[at:at] = changed[at : at + size]
        case 4:
            del changed[at:]
        case 5:
            changed[at : at + size] = bytes(size)
        case _:
            changed[to:to] = changed[at : at + size]
    return bytes(changed)


def of_structure(data: bytes, source: Random) -> bytes:
    """Lines lost, doubled, moved, indented otherwise or joined; signs put in; another encoding."""
    lines = data.decode("utf-8", "replace").splitlines(keepends=True) or ["\n"]
    at, to = source.randrange(len(lines)), source.randrange(len(lines))
    line = lines[at]
    match source.randrange(9):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, line)
        case 2:
            lines[at], lines[to] = lines[to], line
        case 3:
            lines[at] = " " * source.randrange(5) + line.lstrip()
        case 4:
            lines[at] = line.rstrip("\n")
        case 5:
            place = source.randrange(len(line))
            lines[at] = line[:place] + source.choice(SIGNS) + line[place:]
        case 6:
            lines[at] = line.replace(",", ";") if "," in line else "x" * 5000 + line
        case 7:
            lines[at] = re.sub(r"[A-Za-z_]{3,}", lambda m: m[0][:-1], line, count=1)
        case _:
            text = "".join(lines)
            return text.encode(source.choice(("utf-16", "cp1252", "utf-8-sig")), "replace")
    return "".join(lines).encode()


def of_values(data: bytes, source: Random) -> bytes:
    """One to three values that are others: extreme numbers, other kinds, those of elsewhere."""
    text = data.decode("utf-8", "replace")
    for _ in range(source.choice((1, 1, 2, 3))):
        values = list(re.finditer(r"(?<=[:,\[\s])\s*[^\s:,\[\]{}#]+(?=[,\]}\s])", text))
        if not values:
            return of_bytes(data, source)
        found = source.choice(values)
        match source.randrange(4):
            case 0:
                new = source.choice(ODD)
            case 1:
                new = source.choice(values)[0].strip()
            case 2:
                new = re.sub(r"\d+", lambda m: m[0] * source.choice((2, 9)), found[0].strip())
            case _:
                new = f"-{found[0].strip()}"
        text = f"{text[: found.start()]} {new}{text[found.end() :]}"
    return text.encode("utf-8", "replace")


def of_a_part(data: bytes, source: Random) -> bytes:
    """A part of a workbook damaged and packed again, so that the damage is in its XML."""
    pairs = [(b't="n"', b't="d"'), (b"<v>", b"<v>x"), (b'r="B', b'r="ZZZZ'), (b'r="2"', b'r="-2"')]
    pairs += [(b's="', b's="9'), (b't="inlineStr"', b't="s"'), (b"sheetData", b"sheetDatum")]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = [name for name in old.namelist() if "sheet" in name or "work" in name]
        victim = source.choice(names)
        for name in old.namelist():
            part = old.read(name)
            if name == victim:
                before, after = source.choice(pairs)
                swapped = part.replace(before, after)
                part = swapped if source.random() < 0.5 else of_bytes(part, source)
            new.writestr(name, part)
    return out.getvalue()


def of_what_is_packed(data: bytes, source: Random) -> bytes:
    """What is compressed damaged, and packed again."""
    damage = source.choice((of_bytes, of_structure, of_values))
    return gzip.compress(damage(gzip.decompress(data), source), mtime=0)


TEXT = (of_bytes, of_structure, of_values)
BINARY = (of_bytes,)
WORKBOOK = (of_bytes, of_a_part, of_a_part)
PACKED = (of_bytes, of_what_is_packed, of_what_is_packed)
