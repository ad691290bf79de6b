"""`bound`: what no clearing rule could have beaten, and how far the rules are above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backsim.cli.console import Format, Found, say, show
from backsim.cli.progress import counting
from backsim.hindsight import TERMS, Regret, regrets
from backsim.hindsight.regret import rules_for
from backsim.present.table import Block, Column, Table
from backsim.results.units import unit_words
from backsim.scenario import load
from backsim.scenario.model import Model
from backsim.streams import fresh_seed


def show_bound(
    scenario: Path,
    seed: int | None,
    replications: int,
    against: Sequence[str] | None,
    format: Format,
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
    values = {"seed": seed, "replications": replications, "rules": rows}
    show(
        Found("", lambda: _blocks(model, found, seed, replications), lambda: rows, lambda: values),
        format,
    )


def _row(found: Regret) -> dict[str, Any]:
    pairs = {"realised": found.realised, "bound": found.least, "regret": found.regret}
    figures = {
        name: value
        for what, known in pairs.items()
        for name, value in ((what, known.mean), (f"{what}_half_width", known.half_width))
    }
    return {"rule": found.rule, **figures, "given_receipts": found.given_receipts}


def _blocks(model: Model, found: Sequence[Regret], seed: int, replications: int) -> Iterator[Block]:
    costs = ", ".join(name.removeprefix("cost.") for name in TERMS)
    unit = unit_words("money per day", model.scenario)
    yield f"{unit[:1].upper()}{unit[1:]}: {costs}; {replications} replications; seed {seed}"
    columns = (Column("rule", kind="text"), *map(Column, ("realised", "bound", "regret")))
    first, *others = found
    rows = tuple(
        (regret.rule, regret.realised, regret.least, regret.regret)
        for regret in [first, *sorted(others, key=lambda r: r.realised.mean)]
    )
    yield Table("regret", "", columns, rows)
    reasons = dict.fromkeys(r.given_receipts for r in found if r.given_receipts)
    if reasons:
        yield "\nEach bound holds with the receipts of its own runs: " + "; ".join(reasons)
    else:
        yield "\nNo clearing rule costs less than the bound on these tapes."
