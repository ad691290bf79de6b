"""Parts of a scenario in words: each field by its path, its value, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from backsim.experiment.design import label_of
from backsim.present.table import Column, Table
from backsim.rules.kinds import REGISTRIES
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.meanings import meaning
from backsim.scenario.part import Part
from backsim.scenario.schema.rule_use import RuleUse

MOST = 40
"""Members of a kind of which a table says how they differ."""


def said(value: Any) -> str:
    """A value of the explicit form in words."""
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | date):
        return str(value).replace("_", " ")
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else _number(value)
    if isinstance(value, RuleUse):
        return label_of("", value.to_file())
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {said(one)}" for name, one in value.items())
    if isinstance(value, tuple):
        return "; ".join(map(said, value))
    return _part(value) if isinstance(value, Part) else str(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value % 1 == 0 and abs(value) < 1e15 else f"{value:.6g}"


def _part(part: Part) -> str:
    if isinstance(part, Deterministic):
        return said(part.value)
    fields = {name: getattr(part, name) for name in type(part).model_fields}
    given = {name: value for name, value in fields.items() if value not in (None, (), {})}
    inner = ", ".join(f"{name} {said(value)}" for name, value in given.items())
    kind = next((r.name_of(part) for r in REGISTRIES if type(part) in r.values()), "")
    return f"{kind} ({inner})" if kind and inner else kind or inner


def fields_of(
    part: Part, without: tuple[str, ...] = (), path: str = ""
) -> Iterator[tuple[str, str, str]]:
    """(path, value, meaning) of each field; the fields of parts within it each on its own."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if not path and name in without:
            continue
        plain = not any(type(value) in registry.values() for registry in REGISTRIES)
        if isinstance(value, Part) and plain:
            yield from fields_of(value, path=f"{path}{name}.")
        else:
            yield f"{path}{name}", said(value), " ".join(meaning(type(part), name).split())


def compared(
    title: str, members: Mapping[str, Part], without: tuple[str, ...] = ()
) -> Iterator[Table]:
    """Tables of the fields of several members: what all share with its meaning, then the rest."""
    found = {name: list(fields_of(part, without)) for name, part in members.items()}
    paths = dict.fromkeys(path for fields in found.values() for path, _, _ in fields)
    values = {n: {path: value for path, value, _ in fields} for n, fields in found.items()}
    meanings = {path: text for fields in found.values() for path, _, text in fields}
    same = [p for p in paths if len({values[name].get(p) for name in members}) == 1]
    rows = tuple((p, next(iter(values.values()))[p], meanings[p]) for p in same)
    columns = (
        Column("field", kind="text"),
        Column("value", kind="prose"),
        Column("meaning", kind="prose"),
    )
    whose = "" if len(members) == 1 else " (all)"
    yield Table(f"{title.lower()} shared", f"{title}{whose}", columns, rows)
    differing = [p for p in paths if p not in same]
    if differing:
        shown = list(members)[:MOST]
        notes = [f"{p}: {meanings[p]}" for p in differing if meanings[p]]
        note = " ".join([*notes, more(len(members))])
        each = tuple((name, *(values[name].get(p, "") for p in differing)) for name in shown)
        heads = (Column("name", kind="text"), *(Column(p, kind="text") for p in differing))
        yield Table(title.lower(), f"{title}: where they differ", heads, each, note.strip())


def more(rows: int) -> str:
    """The note below a table of at most `MOST` rows."""
    return f"And {rows - MOST:,} more: `backsim resolve` prints all." if rows > MOST else ""
