"""`regret`: what no clearing rule could have beaten, and how far the rules are above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import (
    Engine,
    PrintAs,
    RuleFiles,
    ScenarioFile,
    Seed,
    Sets,
    UseEngine,
    Workers,
    known_seed,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.errors import capitalized, counted
from backsim.present.table import Block, Column, Table

if TYPE_CHECKING:
    from backsim.hindsight import Regret
    from backsim.scenario.model import Model


@command("Simulate", formerly="bound")
def regret(
    scenario: ScenarioFile,
    seed: Seed = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=1, help="Number of independent replications.")
    ] = 5,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="Priority rule to compare, with default parameters; repeatable. Default: all that "
            "need no parameters.",
        ),
    ] = None,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    format: PrintAs = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Compute each rule's regret against a lower bound.

    The bound is the lowest cost that any clearing rule could have achieved on the same random
    numbers; the regret is what a rule costs above it.
    Without --seed, a seed is drawn and printed.
    """
    from backsim.hindsight import regrets
    from backsim.hindsight.bound import rules_for
    from backsim.scenario import load

    with counting("runs") as meter:
        meter.stage(f"loading {scenario}")
        model = load(scenario, set_ or [])
        seed = known_seed(seed)
        fitting, left_out = rules_for(model) if against is None else (against, {})
        for name, reason in left_out.items():
            say(f"rule {name} is not compared: {reason}")
        meter.stage("drawing random numbers, preparing the engine")
        found = regrets(
            model,
            seed=seed,
            replications=replications,
            rules=fitting,
            engine=engine.value,
            workers=workers,
            progress=meter,
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
    from backsim.hindsight import TERMS
    from backsim.results.units import unit_words

    costs = ", ".join(name.removeprefix("cost.") for name in TERMS)
    unit = unit_words("money per day", model.scenario)
    yield (f"{capitalized(unit)}: {costs}; {counted(replications, 'replication')}; seed {seed}")
    columns = (Column("rule", kind="text"), *map(Column, ("realised", "bound", "regret")))
    first, *others = found
    rows = tuple(
        (regret.rule, regret.realised, regret.least, regret.regret)
        for regret in [first, *sorted(others, key=lambda r: r.realised.mean)]
    )
    yield Table("regret", "", columns, rows)
    reasons = dict.fromkeys(r.given_receipts for r in found if r.given_receipts)
    if reasons:
        yield "\nEach bound is conditional on the receipts of its own runs: " + "; ".join(reasons)
    else:
        yield "\nNo clearing rule can cost less than the bound on these random numbers."
