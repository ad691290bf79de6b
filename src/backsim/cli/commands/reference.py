"""The reference page: every field, distribution, rule, metric and event, from its declaration."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from backsim.cli.commands.rules import parameter
from backsim.cli.registry import command
from backsim.present.markdown import grid

HEAD = """# Reference

Every field, distribution, rule, metric and kind of event. Made by `backsim reference` from where
each is declared.
A distribution may be a plain number, which is always that value. `{days: 14}` may stand for a
number of units: that many days of mean demand at the stock point. A level of a reorder rule may
also be written as [Above](#above), [Target](#target) or [SafetyStock](#safetystock). A share or
probability may be in percent: `15 %` is 0.15. No number is larger than 1,000,000,000,000, none that
has to be above 0 is smaller than 1e-12, and numbers of units and other whole numbers are at most
2,000,000,000."""


@command("Explain")
def reference() -> None:
    """Print the reference page (Markdown).

    Every field, distribution, rule, metric and kind of event, from where each is declared.
    """
    typer.echo("\n".join([HEAD, *_fields(), *_distributions(), *_rules(), *_metrics(), *_events()]))


def _fields() -> Iterator[str]:
    from backsim.scenario.distributions.base import distribution
    from backsim.scenario.jsonschema import json_schema
    from backsim.search.schema import SearchFile

    hidden = {cls.__name__ for cls in distribution.values()}
    scenario, search = json_schema(), json_schema(SearchFile)
    known = {"Scenario": scenario, **scenario["$defs"]}
    yield from _parts("Fields", known, hidden)
    found = {"SearchFile": search, **search["$defs"]}
    yield from _parts("Fields of a search", found, hidden | set(known))


def _parts(title: str, parts: dict[str, Any], hidden: set[str]) -> Iterator[str]:
    yield f"\n## {title}"
    for name, part in parts.items():
        if part.get("type") != "object" or name in hidden or not name[0].isupper():
            continue
        yield f"\n### {name}\n\n{part.get('description', '')}\n"
        if part.get("properties"):
            yield from _table(part)


def _table(part: dict[str, Any]) -> list[str]:
    required = part.get("required", [])
    rows = [
        (
            f"`{field}`",
            kind_text(value),
            "required" if field in required else default_text(value.get("default")),
            " ".join(value.get("description", "").split()),
        )
        for field, value in part["properties"].items()
    ]
    return grid(["field", "value", "default", "meaning"], rows)


def default_text(value: Any) -> str:
    """A default as a table shows it; nothing where there is none worth a word."""
    if value is None or value in ({}, [], ""):
        return ""
    if isinstance(value, dict):
        inner = value.get("rule", value.get("value"))
        return f"`{inner:g}`" if isinstance(inner, float) else f"`{inner}`" if inner else ""
    if isinstance(value, list):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def kind_text(value: dict[str, Any]) -> str:
    """A property's type in a few words."""
    unit = f" ({value['unit']})" if value.get("unit") else ""
    members = _members(value)
    if any("exponential" in m.get("properties", {}) for m in members):
        words = [_one(m) for m in members if "const" in m or "enum" in m]
        return " or ".join([*words, "distribution" + unit])
    if any("rule" in m.get("properties", {}) or "reorder_" in m.get("$ref", "") for m in members):
        return "rule"
    kinds = dict.fromkeys(_one(m) for m in members if m.get("type") != "null")
    text = " or ".join(kind for kind in kinds if kind)
    return text if text.endswith(unit) else text + unit


def _members(value: dict[str, Any]) -> list[dict[str, Any]]:
    for key in ("anyOf", "oneOf", "allOf"):
        if key in value:
            return [m for member in value[key] for m in _members(member)]
    return [value]


def _one(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})" if name[0].isupper() else "rule"
    if "const" in value:
        return f"`{value['const']}`"
    if value.get("title", "").endswith("_"):  # one of several, by its name
        ((name, part),) = value["properties"].items()
        return f"`{name}` {_one(part)}"
    if "enum" in value:
        return " or ".join(f"`{item}`" for item in value["enum"])
    kind = {"integer": "whole number", "string": "text", "array": "list", "object": "mapping"}
    named = "integer" if value.get("whole") else value.get("type", "")
    named = "number" if "pattern" in value else named  # a share, which may be in percent
    text = kind.get(named, named)
    if value.get("format") == "date":
        text = "date"
    inner = value.get("additionalProperties") or value.get("items")
    if isinstance(inner, dict):
        members = dict.fromkeys(map(_one, _members(inner)))
        text += f" of {' or '.join(members)}" if any("[" in m for m in members) else ""
    signs = {
        "exclusiveMinimum": "> ",
        "minimum": ">= ",
        "exclusiveMaximum": "< ",
        "maximum": "<= ",
    }
    bounds = [f"{sign}{value[key]:g}" for key, sign in signs.items() if key in value]
    unit = f" ({value['unit']})" if value.get("unit") else ""
    return " ".join([text, ", ".join(bounds)]).strip() + unit


def _distributions() -> list[str]:
    from backsim.scenario.distributions.base import distribution

    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{field}`" for field in cls.model_fields),
            " ".join((inspect.getdoc(cls) or "").split()),
        )
        for name, cls in distribution.items()
    ]
    return ["\n## Distributions\n", *grid(["name", "parameters", "meaning"], rows)]


def families() -> str:
    """The families of rules and what each offers, as a table in Markdown."""
    from backsim.rules import FAMILIES

    rows = [
        (
            f"`{family.name}`",
            " ".join(family.doc.split()),
            ", ".join(f"`{name}`" for name in family.offers),
        )
        for family in FAMILIES.values()
    ]
    return "\n".join(grid(["family", "what it answers", "offers"], rows)) + "\n"


def _rules() -> Iterator[str]:
    from backsim.rules import FAMILIES

    for family in FAMILIES.values():
        yield f"\n## Rules: {family.name}\n\n{family.doc}\n"
        yield f"Offered arguments: {', '.join(f'`{name}`' for name in family.offers)}."
        for rule in family.rules.values():
            yield f"\n### {rule.name}\n\n{rule.doc}"
            for p in rule.parameters:
                yield f"\n- `{p.name}`: {parameter(p)}"


SLASH = "&#124;"
"""A vertical bar within a table."""


def _metrics() -> Iterator[str]:
    from backsim.results.metrics import groups

    yield "\n## Metrics\n"
    for group, members in groups().items():
        yield f"\n### {group.capitalize()}\n"
        rows = [
            (f"`{m.name}`", m.unit, m.better, m.definition.replace("|", SLASH)) for m in members
        ]
        yield from grid(["metric", "unit", "better", "definition"], rows)


def _events() -> Iterator[str]:
    """The kinds of event in order; where a handler has two, the second is after the demand."""
    from backsim.engines.link import kernel_events

    yield "\n## Order of events\n\nEvents at the same time happen in this order.\n"
    seen, number = set(), 0
    for event in kernel_events():
        if event.unless:  # the same, where customers are told nothing
            continue
        number += 1
        late = " (After the demand of that instant.)" if event.handler in seen else ""
        seen.add(event.handler)
        yield f"{number}. {event.doc}{late}"
