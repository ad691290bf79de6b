"""The values of a plain YAML file, parsed in C: in a tenth of the time, and the same values.

Plain is a file without tags, merge keys, directives or tabs, whose keys are text or whole numbers,
and whose anchors, if any, name mappings and lists.  Whatever is not plain, or is wrong, is left to
ruamel, which also knows where each value stands; so is every number that is not written as Python
would write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""Words that are no text, in YAML 1.2."""
ODD = re.compile("[\t\x85\u2028\u2029\ufeff]|^%", re.MULTILINE)
"""What the two parsers may not read alike: in YAML 1.1 more signs break a line."""


class NotPlainError(Exception):
    """A file that is not plain, or not right."""


def plain_values(text: str, number: Callable[[str], Any], most: int, depth: int) -> Any:
    """The values of a file, if they are at most so many and nested no deeper.

    `number` reads what begins as a number does.  Raises NotPlainError.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None or ODD.search(text):
        raise NotPlainError
    try:
        events = list(yaml.parse(text, Loader=loader))
    except (yaml.YAMLError, ValueError):
        raise NotPlainError from None
    one = sum(isinstance(event, DocumentStartEvent) for event in events) == 1
    if not one or len(events) > 2 * most:
        raise NotPlainError
    return _Reader(iter(events[2:]), cache(number), most).first(depth)


class _Reader:
    """Builds values from the events of a parser."""

    def __init__(self, events: Iterator[Any], number: Callable[[str], Any], most: int) -> None:
        self.events, self.number, self.left = events, number, most
        self.anchors: dict[str, Any] = {}

    def first(self, depth: int) -> Any:
        """The value that begins with the next event."""
        return self.value(next(self.events), depth)

    def value(self, event: Any, depth: int) -> Any:
        """The value that begins with an event, nested no deeper than that."""
        if isinstance(event, AliasEvent):
            return self.again(event.anchor, depth)
        if depth < 0 or event.tag:
            raise NotPlainError
        if isinstance(event, ScalarEvent):
            if event.anchor:
                raise NotPlainError
            return self.scalar(event)
        found = self.collection(event, depth)
        if event.anchor:
            if event.anchor in self.anchors:
                raise NotPlainError
            self.anchors[event.anchor] = found
        return found

    def again(self, anchor: str, depth: int) -> Any:
        """A copy of the mapping or list of an anchor, as large and deep as values may be."""
        if anchor not in self.anchors:
            raise NotPlainError
        found = self.anchors[anchor]
        count, levels = _size(found)
        self.left -= count
        if self.left < 0 or levels > depth:
            raise NotPlainError
        return deepcopy(found)

    def collection(self, event: Any, depth: int) -> Any:
        """The list or mapping that begins with an event."""
        if isinstance(event, SequenceStartEvent):
            return [self.value(entry, depth - 1) for entry in self.until(SequenceEndEvent)]
        found: dict[str, Any] = {}
        for key in self.until(MappingEndEvent):
            if not isinstance(key, ScalarEvent):
                raise NotPlainError
            read = self.value(key, 0)
            if isinstance(read, bool) or not isinstance(read, str | int) or key.value in found:
                raise NotPlainError
            found[key.value] = self.first(depth - 1)
        return found

    def until(self, end: type) -> Iterator[Any]:
        """The events that each begin an entry, up to an event of that kind."""
        while not isinstance(event := next(self.events), end):
            yield event

    def scalar(self, event: Any) -> Any:
        """Text, a number, or a word that is no text."""
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in WORDS:
            return WORDS[text]
        if WHOLE.fullmatch(text):
            return int(text)
        if DECIMAL.fullmatch(text):
            return float(text)
        if DATE.fullmatch(text):  # dates stay as they are written
            return text
        if text in {"<<", "="}:
            raise NotPlainError
        return self.number(text) if text[0] in "+-.0123456789" else text


def _size(value: Any) -> tuple[int, int]:
    """(how many values there are in one, how deep they are nested)."""
    inside = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return 1, 0
    sizes = [_size(one) for one in inside]
    return 1 + sum(n for n, _ in sizes), 1 + max((d for _, d in sizes), default=0)
