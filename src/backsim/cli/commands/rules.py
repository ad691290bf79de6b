"""`rules`: what a scenario can name, a line each, or one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import display
from backsim.cli.options import RuleFiles
from backsim.cli.registry import command
from backsim.errors import InputError, nearest
from backsim.present.table import Column, Table

if TYPE_CHECKING:
    from backsim.rules import Family, Parameter, Rule


def complete_rules(incomplete: str) -> list[str]:
    """The rules whose names begin so, for the shell's completion."""
    from backsim.rules import REGISTERED

    names = {name for family in REGISTERED.values() for name in family.rules}
    return sorted(name for name in names if name.startswith(incomplete))


@command("Explain", "rules")
def list_rules(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE", help="Explain this rule in full.", autocompletion=complete_rules
        ),
    ] = None,
    rules: RuleFiles = None,
) -> None:
    """List the rules that scenarios can use, or explain one."""
    from backsim.rules import FAMILIES, REGISTERED, process

    if name is None:
        shown = [*FAMILIES.values(), *([process] if process.rules else [])]
        display("", map(rules_table, shown))
        return
    found = [f.rules[name] for f in REGISTERED.values() if name in f.rules]
    if not found:
        known = nearest(name, sorted({n for f in REGISTERED.values() for n in f.rules}))
        raise InputError(f"rules: expected a known rule ({known}), got {name!r}")
    for rule in found:
        _print(rule)


def rules_table(family: Family) -> Table:
    """The rules of a family, a line each."""
    columns = (
        Column("rule", kind="text"),
        Column("parameters", kind="prose", keep=True),
        Column("what it does", kind="prose", keep=True),
    )
    rows = tuple(
        (rule.name, _parameters(rule), rule.doc.partition("\n")[0])
        for rule in family.rules.values()
    )
    return Table(family.name, f"{family.name}: {' '.join(family.doc.split())}", columns, rows)


def _print(rule: Rule) -> None:
    """One rule in full: its docstring, and its parameters with unit and default."""
    parameters = [f"  {p.name}: {parameter(p)}" for p in rule.parameters]
    text = "\n".join([rule.doc, *(["", "parameters:"] if parameters else []), *parameters])
    display(f"{rule.family}: {rule.name}", ["", text])


def _parameters(rule: Rule) -> str:
    names = [
        p.name if p.default is None else f"{p.name}={_spoken(p.default)}" for p in rule.parameters
    ]
    return ", ".join(names)


def parameter(p: Parameter) -> str:
    """Unit and default of a rule's parameter."""
    default = "required" if p.default is None else f"default {_spoken(p.default)}"
    rest = f", {_spoken(p.rest)} for the others" if p.default is None and p.rest is not None else ""
    classes = f", for all or by customer class{rest}" if p.each_class else ""
    return f"{p.unit}, {default}{classes}"


def _spoken(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
