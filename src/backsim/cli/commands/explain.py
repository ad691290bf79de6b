"""`explain`: whatever has a name, from where it is declared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from backsim.cli.console import display
from backsim.cli.options import RuleFiles
from backsim.cli.registry import command
from backsim.errors import InputError, nearest
from backsim.present.table import Block, Column, Table


@dataclass(frozen=True)
class Topic:
    """Something with a name: what it is, and what there is to say of it."""

    kind: str
    name: str
    blocks: Callable[[], Iterator[Block]]
    also: tuple[str, ...] = ()
    """Other names under which it is found."""


def complete_names(incomplete: str) -> list[str]:
    """The names that begin so, for the shell's completion; those with blanks are left out."""
    names = {name for topic in topics() for name in (topic.name, *topic.also)}
    return sorted(n for n in names if n.startswith(incomplete) and " " not in n)


@command("Explain")
def explain(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="A rule, metric, field, column, distribution, event or term.",
            autocompletion=complete_names,
        ),
    ],
    rules: RuleFiles = None,
) -> None:
    """Explain a rule, metric, field, event or term."""
    known: dict[str, list[Topic]] = {}
    for topic in topics():
        for key in dict.fromkeys(map(_key, (topic.name, *topic.also))):
            known.setdefault(key, []).append(topic)
    if _key(" ".join(names)) in known:  # `explain lead time`
        names = [" ".join(names)]
    for name in names:
        # `customers.gold.tolerance` and `policy.priority` are paths: the field is their end.
        ends = [".".join(_key(name).split(".")[place:]) for place in range(name.count(".") + 1)]
        ends += [end.removesuffix("s") for end in ends]  # `lost sales`
        found = next((known[end] for end in ends if end in known), [])
        if not found:
            near = _near(_key(name), sorted(known))
            raise InputError(f"explain: expected a name that is known ({near}), got {name!r}")
        for topic in found:
            display(f"{topic.name} ({topic.kind})", topic.blocks())
            print()


def _key(name: str) -> str:
    """What a name is looked up by: "Warm-up", "warm up" and "warm_up" are one."""
    return name.lower().replace("-", "_").replace(" ", "_")


def _near(key: str, known: list[str]) -> str:
    """Names that hold the same words, or else those that are spelt alike."""
    words = set(key.split("_"))
    same = [one for one in known if words & set(re.split(r"[_.]", one))]
    return nearest(key, same or known)


def topics() -> Iterator[Topic]:
    """All that can be explained."""
    for source in (_terms, _rules, _metrics, _fields, _books, _distributions, _events):
        yield from source()


TERM = re.compile(r"^(\S.*)\n: (.*(?:\n  .*)*)$", re.MULTILINE)
"""An entry of the glossary: a term, or several, and what it means."""


def _terms() -> Iterator[Topic]:
    """The glossary, which is a page of the documentation."""
    from backsim.examples import example

    for terms, meaning in TERM.findall(example("docs/glossary.md").read_text(encoding="utf-8")):
        said = (" ".join(meaning.split()),)
        yield Topic("a term", terms, partial(iter, said), tuple(terms.split(", ")))


def _rules() -> Iterator[Topic]:
    from backsim.cli.commands.rules import parameter, rules_table
    from backsim.rules import FAMILIES, Rule

    def blocks(rule: Rule) -> Iterator[Block]:
        yield rule.doc
        rows = tuple((p.name, parameter(p)) for p in rule.parameters)
        yield from _listed("parameter", "unit and default", rows)
        written = ", ".join([f"rule: {rule.name}", *(f"{p.name}: ..." for p in rule.parameters)])
        yield f"\nIn a scenario: policy.{rule.family}: {{{written}}}"

    for family in FAMILIES.values():
        table = rules_table(family)
        yield Topic("a family of rules", family.name, partial(iter, (table,)))
        for rule in family.rules.values():
            yield Topic(f"a {family.name} rule", rule.name, partial(blocks, rule))


def _metrics() -> Iterator[Topic]:
    from backsim.results.metrics import groups

    for group, members in groups().items():
        for one in members:
            said = (one.definition, f"Unit: {one.unit}. Better: {one.better}.")
            also = () if one.label == one.name else (one.label,)
            yield Topic(f"a metric of {group}", one.name, partial(iter, said), also)


def _fields() -> Iterator[Topic]:
    from backsim.cli.commands.reference import default_text, kind_text
    from backsim.data.mapping import Mapping
    from backsim.experiment.schema import ExperimentFile
    from backsim.scenario.jsonschema import json_schema
    from backsim.scenario.schema import Scenario
    from backsim.search.schema import SearchFile

    def field(value: dict[str, Any], required: bool) -> Iterator[Block]:
        yield " ".join(value.get("description", "").split())
        default = "required" if required else f"default {default_text(value['default'])}"
        default = "optional" if default.endswith("default ") else default
        yield f"Value: {kind_text(value)}; {default}."

    def part(said: str, fields: dict[str, Any]) -> Iterator[Block]:
        yield said
        rows = tuple((n, " ".join(v.get("description", "").split())) for n, v in fields.items())
        yield from _listed("field", "meaning", rows)

    seen = set()
    for kind in (Scenario, ExperimentFile, SearchFile, Mapping):
        schema = json_schema(kind)
        for name, entry in {kind.__name__: schema, **schema.get("$defs", {})}.items():
            fields = entry.get("properties", {})
            if (
                name in seen
                or not name[0].isupper()
                or not any("description" in value for value in fields.values())
            ):
                continue
            seen.add(name)
            said = entry.get("description", "")
            yield Topic("fields", name, partial(part, said, fields))
            for one, value in fields.items():
                required = one in entry.get("required", ()) or "default" not in value
                yield Topic(
                    f"a field of {name}",
                    f"{name}.{one}",
                    partial(field, value, required),
                    (one,),
                )


def _books() -> Iterator[Topic]:
    from backsim.allocation.book.columns import TABLES
    from backsim.allocation.book.settings import setting_columns
    from backsim.allocation.book.template import KINDS

    for table in TABLES.values():
        rows = tuple((column.name, column.doc) for column in table.columns)
        said = (table.doc, *_listed("column", "meaning", rows))
        yield Topic("a table of a book", table.name, partial(iter, said))
        for column in table.columns:
            default = f"if empty: {column.default}" if column.default else "required"
            yield Topic(
                f"a column of the table {table.name} of a book",
                f"{table.name}.{column.name}",
                partial(iter, (column.doc, f"Value: {KINDS[column.kind]}; {default}.")),
                (column.name,),
            )
    for name, setting in setting_columns().items():
        yield Topic("a setting of a book", name, partial(iter, (setting.doc,)))


def _distributions() -> Iterator[Topic]:
    from backsim.rules.kinds import REGISTRIES
    from backsim.scenario.schema import Scenario  # noqa: F401 (declares them)

    def blocks(name: str, cls: type) -> Iterator[Block]:
        yield inspect.getdoc(cls) or ""
        fields = ", ".join(getattr(cls, "model_fields", {}))
        yield f"In a scenario: {{{name}: {{...}}}} with {fields or 'no parameters'}."

    for registry in REGISTRIES:
        for name, cls in registry.items():
            yield Topic(f"a {registry.what}", name, partial(blocks, name, cls))


def _events() -> Iterator[Topic]:
    from backsim.engines.link import kernel_events
    from backsim.entities import codes

    named = {value: name for name, value in reversed(vars(codes).items()) if type(value) is int}
    for event in {event.handler: event for event in kernel_events()}.values():
        said = " ".join((inspect.getdoc(event.handler) or "").split())
        name, also = named[event.kind].lower(), (event.handler.__name__,)
        yield Topic("an event", name, partial(iter, (said,)), also)


def _listed(left: str, right: str, rows: tuple[tuple[str, str], ...]) -> Iterator[Block]:
    """A table of names and what they are, if there are any."""
    columns = (Column(left, kind="text", keep=True), Column(right, kind="prose", keep=True))
    if rows:
        yield Table(left, "", columns, rows)
