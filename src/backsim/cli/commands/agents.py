"""`agents`: what learning agents are measured by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backsim.cli.console import Format, Found, show
from backsim.cli.options import PrintAs
from backsim.cli.registry import command
from backsim.present.table import Block, Column, Table

if TYPE_CHECKING:
    from backsim.gym.baselines import Result


@command("Verify")
def agents(
    episodes: Annotated[
        int, typer.Option("--episodes", "-n", min=2, help="Episodes of each agent.")
    ] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.", min=0)] = 1,
    format: PrintAs = Format.table,
) -> None:
    """Play baseline agents where the optimum is known.

    The least cost per day of three instances, and what the optimal policy, a textbook's rule and a
    random agent cost in the environments of `backsim.gym` (needs `backsim[gym]`).
    """
    from backsim.gym.baselines import baselines

    found = baselines(episodes, seed)
    rows = [_row(result) for result in found]
    show(Found("", lambda: _blocks(found, episodes, seed), lambda: rows, lambda: rows), format)


def _row(found: Result) -> dict[str, Any]:
    parts = {"optimal": found.optimal, "textbook": found.textbook, "random": found.random}
    figures = {
        name: value
        for what, known in parts.items()
        for name, value in ((what, known.mean), (f"{what}_half_width", known.half_width))
    }
    one = found.instance
    return {"instance": one.name, "decide": one.decide, "optimum": one.optimum, **figures}


def _blocks(found: list[Result], episodes: int, seed: int) -> Iterator[Block]:
    yield f"Cost per day; {episodes} episodes; seed {seed}"
    columns = (
        Column("instance", kind="text", keep=True),
        Column("decides", kind="text"),
        *map(Column, ("exact optimum", "optimal policy", "textbook rule", "random agent")),
    )
    rows = tuple(
        (one.name, one.decide, one.optimum, r.optimal, r.textbook, r.random)
        for r in found
        for one in [r.instance]
    )
    note = "Mean and half-width of the 95 % interval. " + " ".join(
        f"{r.instance.name}: {r.instance.source}." for r in found
    )
    yield Table("agents", "", columns, rows, note)
