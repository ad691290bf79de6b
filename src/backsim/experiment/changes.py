"""What has changed between two descriptions, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backsim.errors import InputError, few, first_of
from backsim.scenario.yamlfile import Location, show, spell

MOST = 12
_NOTHING: Any = object()


class StudyError(InputError):
    """A study cannot be used: why, and what to do."""


def refuse_changes(
    name: str, known: Mapping[str, Any], now: Mapping[str, Any], instead: str
) -> None:
    """Raise StudyError unless what a study's results depend on is what it was.

    `known` and `now` are descriptions, `instead` says what to do.
    """
    if known and (found := changes(known["numbers"], now["numbers"])):
        raise StudyError(
            f"{name}: holds the results of another study. {instead} What has changed since:\n"
            + "\n".join(f"  {line}" for line in found)
        )


def changes(before: Any, now: Any) -> list[str]:
    """Lines such as `seed: 1 in the study, 2 now`.

    The same change in the scenarios of several policies is told once.  The order of names counts:
    results are kept by the place of a policy, and of a class, product or site in its scenario.
    """
    lines: dict[str, list[str]] = {}
    for path, old, new in differences(before, now, in_order=True):
        if len(path) == 2 and path[0] == "policies":
            there = "in the study, not there now" if new is _NOTHING else "not in the study"
            lines.setdefault(f"policy '{path[1]}': {there}", []).append("")
            continue
        of_policy = len(path) > 2 and path[0] == "policies"
        policy, field = (str(path[1]), path[2:]) if of_policy else ("", path)
        values = before["policies"][policy] if of_policy else before
        line = f"{spell(field, values)}: {_change(old, new)}"
        lines.setdefault(line, []).append(policy)
    told = [line + _of(policies) for line, policies in lines.items()]
    return first_of(told, MOST)


def differences(
    before: Any, now: Any, path: Location = (), in_order: bool = False
) -> Iterator[tuple[Location, Any, Any]]:
    """(path, before, now) of each value that differs; `in_order` also of names in another order."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        if in_order and before.keys() == now.keys() and list(before) != list(now):
            yield path, list(before), list(now)
        for key in dict.fromkeys([*before, *now]):
            old, new = before.get(key, _NOTHING), now.get(key, _NOTHING)
            yield from differences(old, new, (*path, key), in_order)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for i, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from differences(old, new, (*path, i), in_order)
    elif before is _NOTHING or now is _NOTHING or before != now:
        yield path, before, now


def shown(value: Any) -> str:
    """A value as a message shows it, or that it is not there."""
    return "not there" if value is _NOTHING else show(value)


def _change(old: Any, new: Any) -> str:
    """The two values; of lists of names those that only one of them has."""
    if _are_names(old) and _are_names(new):
        come, gone = [n for n in new if n not in old], [n for n in old if n not in new]
        told = [f"{few(come, MOST)} not in the study"] if come else []
        told += [f"{few(gone, MOST)} in the study, not there now"] if gone else []
        if told:
            return "; ".join(told)
        return f"in the order {few(old, MOST)} in the study, {few(new, MOST)} now"
    return f"{shown(old)} in the study, {shown(new)} now"


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _of(policies: list[str]) -> str:
    named = [policy for policy in policies if policy]
    return f" ({few(named, 3)})" if named else ""
