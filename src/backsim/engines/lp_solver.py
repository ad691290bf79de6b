"""What a linear program that decides who gets what is told of the tables of a run.

Both engines come here with rows of their tables, as records of the entities' types; so both solve
the same programs in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backsim.entities import BY_ORDER, BY_UNIT, NEVER, NONE
from backsim.errors import BacksimError
from backsim.kernel.communication.arrival_dates import expected_of_part
from backsim.kernel.supply.parts import good_units_of_part, parts_to_come
from backsim.rules import PROGRAM
from backsim.scenario.model import Model
from backsim.scenario.schema.rule_use import of_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.plan.clearing import Case
    from backsim.engines.initial_state.start import Setup

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Records = NDArray[Any]


SOON = 1e-3
"""Days until a purchase comes that is overdue: any moment, but it is not on hand."""


class Tables(Protocol):
    """What both engines say of their tables while a decision is made."""

    @property
    def world(self) -> Any:
        """The tables as the kernel reads them."""

    def rows(self, name: str, indices: Sequence[int]) -> Records:
        """Rows of a table as records."""

    def pipeline(self, first: int) -> list[int]:
        """The purchases under way from one on, in order of their expected dates."""


class LPSolver:
    """Solves the programs of a run."""

    def __init__(self, model: Model, setup: Setup) -> None:
        from backsim.allocation.solver.highs import Solver

        self.solver = Solver()
        self.informs = "INFORMS" in setup.switches
        self.in_parts = any(row.parts > 1 or row.mean_yield < 1.0 for row in setup.suppliers)
        self.classes = len(setup.classes)
        sites = [model.sites[row.site] for row in setup.classes[len(model.classes) :]]
        self.names = [*model.classes, *sites]
        self.points = model.scenario.stock
        self.on_grid = model.on_grid
        self.shipment = np.array([row.shipment for row in setup.classes])
        self.allocation_groups = setup.allocation_groups
        self.rates: dict[int, Records] = {}

    def allot(self, tables: Tables, first: int, rows: Records, now: float) -> None:
        """Decide over the lines in the rows of the table of allocations: put their units there.

        Raises BacksimError when that is more than there is.
        """
        from backsim.allocation.plan.clearing import decide

        lines = tables.rows("lines", rows["line"].tolist())
        order = np.lexsort((rows["line"], lines["time"]))
        rows["line"] = rows["line"][order]
        case = self.case(tables, first, lines[order], now)
        rows["units"] = units = decide(case, self.solver)
        free = np.bincount(case.of, case.held * (case.arrive == 0.0), len(self.points))
        given = np.bincount(case.product, units, len(self.points))
        if (units < 0).any() or (units > case.units).any() or (given > free).any():
            raise BacksimError(f"{PROGRAM}: on day {now:g} more is given out than there is")

    def case(self, tables: Tables, first: int, lines: Records, now: float) -> Case:
        """What a group has to decide: its waiting lines, in order of time of order."""
        from backsim.allocation.plan.clearing import ALONE, Case
        from backsim.allocation.solver.program import INF

        own = tables.rows("allocation_groups", [first])[0]
        of, held, arrive = self.sources(tables, np.unique(lines["stock"]), now)
        params = self.points[first].priority.params
        due, leaves, promised = self.dates(tables, lines)
        if params["promise_penalty"] == 0.0:
            promised[:] = NEVER
        weight, lost = self.money(lines)
        shipment = self.shipment[lines["customer_class"]]
        together = (shipment == BY_ORDER) & (own["whole"] != 0)
        group = np.where(together, lines["head"], np.arange(len(lines)) - len(lines) - 1)
        codes = np.unique(group, return_inverse=True)[1]
        today = self.on_grid(float(int(now) + 1) - now)
        limit = float(own["capacity"]) or INF
        sent = int(own["sent"]) if own["day"] == int(now) else 0
        return Case(
            product=lines["stock"].astype(np.int64),
            group=np.where(shipment == BY_UNIT, ALONE, codes),
            ordered=self.on_grid(lines["time"] - now),
            due=self.on_grid(due - now),
            leaves=self.on_grid(leaves - now),
            units=lines["open"].astype(float),
            weight=weight,
            lost=lost,
            customer_class=lines["customer_class"].astype(np.int64),
            promised=np.maximum(
                0.0, self.on_grid(promised - now)
            ),  # one that is over is owed at once
            of=of,
            held=held,
            arrive=arrive,
            classes=self.classes,
            min_fill=self.min_fill(first, lines),
            fairness=params["fairness"],
            promise_penalty=params["promise_penalty"],
            capacity=limit,
            left=max(0.0, limit - sent),
            today=today,
        )

    def sources(self, tables: Tables, points: Codes, now: float) -> tuple[Codes, Floats, Floats]:
        """(stock point, units, days until they arrive): on hand, then what is under way."""
        stocks = tables.rows("stocks", points.tolist())
        ways = [tables.pipeline(at) for at in stocks["pipeline_first"].tolist()]
        index = [purchase for way in ways for purchase in way]
        if self.in_parts:
            index, units, expected = parts_of(tables.world, index, now)
        under_way = tables.rows("purchases", index)
        if not self.in_parts:
            units, expected = under_way["units"].astype(float), under_way["expected"]
        of = np.concatenate([points, under_way["stock"]]).astype(np.int64)
        held = np.concatenate([stocks["on_hand"].astype(float), units])
        days = np.maximum(SOON, self.on_grid(expected - now))
        arrive = np.concatenate([np.zeros(len(points)), days])
        known = (held > 0.0) & (arrive < NEVER)
        return of[known], held[known], arrive[known]

    def dates(self, tables: Tables, lines: Records) -> tuple[Floats, Floats, Floats]:
        """When each line is due and its customer leaves, and what they were promised."""
        heads = tables.rows("lines", lines["head"].tolist())
        due, leaves = lines["due"], self.on_grid(heads["time"] + heads["tolerance"])
        promised = np.full(len(lines), NEVER)
        told = np.flatnonzero(heads["contact"] != NONE)
        if self.informs and len(told):
            contacts = tables.rows("contacts", heads["contact"][told].tolist())
            leaves[told] = contacts["leave_at"]
            promised[told] = contacts["promise"]
        return np.where(promised < NEVER, promised, due), leaves, promised

    def money(self, lines: Records) -> tuple[Floats, Floats]:
        """Weight and cost of losing a unit of each line."""
        found = np.array(
            [
                self.rate(point)[code]
                for point, code in zip(
                    lines["stock"].tolist(), lines["customer_class"].tolist(), strict=True
                )
            ]
        )
        return found[:, 0], found[:, 1]

    def rate(self, point: int) -> Records:
        """(weight, lost) by class at a stock point."""
        if point not in self.rates:
            params = self.points[point].priority.params
            rest = {"weight": 1.0, "lost": 0.0}
            self.rates[point] = np.array(
                [[of_class(params[key], name, rest[key]) for key in rest] for name in self.names],
                float,
            )
        return self.rates[point]

    def min_fill(self, first: int, lines: Records) -> dict[int, float]:
        """Least shares of the classes that wait and have one."""
        given = self.points[first].priority.params["min_fill"]
        waiting = np.unique(lines["customer_class"]).tolist()
        shares = {code: float(of_class(given, self.names[code], 0.0)) for code in waiting}
        return {code: share for code, share in shares.items() if share > 0.0}


def parts_of(world: Any, purchases: list[int], now: float) -> tuple[list[int], Floats, Floats]:
    """(purchase, units thought to be good, expected date) of each part that is to come."""
    rows = [
        (index, good_units_of_part(world, index, part), expected_of_part(world, index, part, now))
        for index in purchases
        for part in range(parts_to_come(world, index))
    ]
    found = np.array(rows, float).reshape(-1, 3)
    return found[:, 0].astype(int).tolist(), found[:, 1], found[:, 2]
