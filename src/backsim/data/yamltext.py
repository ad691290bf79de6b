"""Values as YAML that is easy to read: on one line, or broken after commas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100
BREAKS = re.compile(r"[\t\n\r\x85\u2028\u2029\ufeff]")
"""Characters that YAML reads as the end of a line, or leaves out."""
PARTS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",]|,(?! ))+(?=, |$)')
"""Of a value in YAML on one line: what stands between commas."""


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) else repr(float(value))
    return quoted(str(value))


def quoted(text: str) -> str:
    """A text as YAML, in quotes unless it is a plain word."""
    first, rest = text[:1], text[1:]
    plain = first.isalpha() and all(c.isalnum() or c in "_" for c in rest) and text.isascii()
    if plain and text.lower() not in ("yes", "no", "true", "false", "null", "on", "off", "y", "n"):
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'


def wrapped(head: str, text: str) -> Iterator[str]:
    """A value on one line, or broken after commas that are not in quotes, and set in."""
    room = WIDTH - len(head)
    if len(text) <= room:
        yield head + text
        return
    indent = " " * (len(head) - len(head.lstrip(" -")) + 2)
    line = head
    for part in PARTS.findall(text):
        piece = part.strip() + ", "
        if len(line) + len(piece) > WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += piece
    yield line[:-2]
