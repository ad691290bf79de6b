"""`bound`: what no clearing rule could have beaten, and how far the rules are above it."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from backsim.cli.console import console, escape, say
from backsim.cli.progress import counting
from backsim.hindsight import TERMS, Regret, regrets
from backsim.hindsight.regret import rules_for
from backsim.results.units import unit_words
from backsim.scenario import load
from backsim.scenario.model import Model
from backsim.statistics import Estimate
from backsim.streams import fresh_seed


def show_bound(
    scenario: Path,
    seed: int | None,
    replications: int,
    against: Sequence[str] | None,
    format: str,
    engine: str,
    overrides: Sequence[str],
) -> None:
    """Play the rules on the same tapes and print each one's regret."""
    model = load(scenario, overrides)
    if seed is None:
        seed = fresh_seed()
        say(f"seed: {seed}")
    rules, left_out = rules_for(model) if against is None else (list(against), {})
    for name, reason in left_out.items():
        say(f"the rule {name} is left out: {reason}")
    with counting("runs") as progress:
        found = regrets(
            model,
            seed=seed,
            replications=replications,
            rules=rules,
            engine=engine,
            progress=progress,
        )
    rows = [_row(regret) for regret in found]
    if format == "json":
        print(json.dumps({"seed": seed, "replications": replications, "rules": rows}, indent=2))
    elif format == "csv":
        writer = csv.DictWriter(sys.stdout, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print(model, found, replications, seed)


def _row(found: Regret) -> dict[str, Any]:
    pairs = {"realised": found.realised, "bound": found.least, "regret": found.regret}
    figures = {
        name: None if math.isnan(value) else value
        for what, known in pairs.items()
        for name, value in ((what, known.mean), (f"{what}_half_width", known.half_width))
    }
    return {"rule": found.rule, **figures, "given_receipts": found.given_receipts}


def _print(model: Model, found: Sequence[Regret], replications: int, seed: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule")
    for name in ("realised", "bound", "regret"):
        table.add_column(name, justify="right")
    first, *others = found
    for regret in [first, *sorted(others, key=lambda r: r.realised.mean)]:
        table.add_row(regret.rule, *map(_text, (regret.realised, regret.least, regret.regret)))
    out = console()
    costs = ", ".join(name.removeprefix("cost.") for name in TERMS)
    unit = unit_words("money per day", model.scenario)
    unit = unit[:1].upper() + unit[1:]
    out.print(f"{escape(unit)}: {costs}; {replications} replications; seed {seed}")
    out.print(table)
    reasons = dict.fromkeys(r.given_receipts for r in found if r.given_receipts)
    if reasons:
        out.print("\nEach bound holds with the receipts of its own runs: " + "; ".join(reasons))
    else:
        out.print("\nNo clearing rule costs less than the bound on these tapes.")


def _text(known: Estimate) -> str:
    if math.isnan(known.half_width):
        return f"{known.mean:,.4g}"
    return f"{known.mean:,.4g} +- {known.half_width:,.2g}"
