"""`rules`: its arguments and options."""

from __future__ import annotations

from typing import Annotated

import typer

from backsim.cli.options import RuleFiles
from backsim.cli.registry import command
from backsim.errors import InputError, nearest


@command("Explain", "rules")
def list_rules(
    name: Annotated[str | None, typer.Argument(metavar="RULE", help="One rule, in full.")] = None,
    rules: RuleFiles = None,
) -> None:
    """List the rules a scenario can name, or explain one."""
    from backsim.cli.show import print_rule, print_rules
    from backsim.rules import FAMILIES
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    if name is None:
        print_rules(FAMILIES)
        return
    found = [f.rules[name] for f in FAMILIES.values() if name in f.rules]
    if not found:
        known = nearest(name, sorted({n for f in FAMILIES.values() for n in f.rules}))
        raise InputError(f"rules: expected a known rule ({known}), got {name!r}")
    for rule in found:
        print_rule(rule)
