"""The resolved scenario of a policy as flat fields: which of them has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from backsim.files import text_digest
from backsim.scenario.yamlfile import Location, spell

MOST_FIELDS = 3000
"""Fields that are kept one by one; of larger scenarios a hash of each part."""
LONGEST = 60
"""Characters of a value that is kept as it is; of a longer one a hash."""
GONE = "not there"


def flat(described: Mapping[str, Any]) -> dict[str, str]:
    """Path -> value of everything that a policy's results depend on, of its description."""
    parts = {
        **described["scenario"],
        "data files": described["traces"],
        "rules": described["rules"],
    }
    found = dict(_leaves(parts, ()))
    if len(found) <= MOST_FIELDS:
        return {spell(path): value for path, value in found.items()}
    together: dict[str, list[str]] = {}
    for path, value in found.items():
        together.setdefault(spell(path[:2]), []).append(f"{path}{value}")
    return {name: _hash("".join(texts)) for name, texts in together.items()}


def against(first: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """What another policy sets otherwise than the first."""
    return {
        name: other.get(name, GONE)
        for name in dict.fromkeys([*first, *other])
        if first.get(name) != other.get(name)
    }


def whole(first: Mapping[str, str], sets: Mapping[str, str]) -> dict[str, str]:
    """All fields of a policy, from those of the first and what it sets otherwise."""
    return {name: value for name, value in {**first, **sets}.items() if value != GONE}


def _leaves(value: Any, path: Location) -> Iterator[tuple[Location, str]]:
    """Each value that is no mapping; a list of plain values is one."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, list | tuple) and any(isinstance(i, Mapping | list) for i in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        text = json.dumps(value, ensure_ascii=False)
        yield path, text if len(text) <= LONGEST else _hash(text)


def _hash(text: str) -> str:
    return f"sha256 {text_digest(text)[:16]}"
