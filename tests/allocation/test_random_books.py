"""Many small random books: what holds for every plan, whatever the book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.allocation.books import cost_by_hand, faults, plans
from tests.allocation.small import small_book

from backsim.allocation.book.assemble import read_book
from backsim.allocation.model.book import Book, Capacity, Limits
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.fair import fair_shares
from backsim.allocation.model.flow import flow_of
from backsim.allocation.model.statement import state
from backsim.allocation.plan.allocate import optimise, with_owed
from backsim.allocation.plan.conflict import InfeasibleError
from backsim.allocation.plan.greedy import Serving, rules_for_books
from backsim.allocation.solver import highs
from backsim.allocation.solver.pulpform import has_cbc
from backsim.allocation.solver.solve import solve

CLOSE = 1e-6
INF = float("inf")
KINDS = ("plain", "whole orders", "smallest", "whole units", "limits")


def random_book(seed: int) -> tuple[Book, str]:
    """One product; few costs, so that many plans cost the same."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    lines, sources = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    book = small_book(
        rng.integers(0, 5, sources),
        rng.integers(1, 4, lines),
        cost=rng.integers(0, 2, (sources, lines)),
        lost=rng.integers(2, 5, lines),
        weight=rng.integers(0, 2, lines),
        arrives=rng.integers(0, 4, sources),
        due=rng.integers(-1, 4, lines),
        promised=rng.choice([-2.0, 1.0, 3.0, INF], lines) if kind == "limits" else INF,
        classes=rng.integers(1, 3, lines).tolist(),
    )
    own, limits = book.lines, Limits()
    if kind == "whole orders":
        order = rng.integers(0, 3, lines)
        own = replace(own, order=order, complete=rng.integers(0, 2, 3)[order] == 1)
        limits = Limits(together=bool(rng.integers(2)))
    elif kind == "smallest":
        own = replace(own, smallest=rng.integers(0, 3, lines).astype(float))
    elif kind == "whole units":
        limits = Limits(whole=True)
    elif kind == "limits":
        dock = np.flatnonzero(rng.integers(0, 2, len(book.options)))
        limits = Limits(
            min_fill={0: float(rng.choice([0.0, 0.5]))},
            fairness=[None, 0.0, 0.5][int(rng.integers(3))],
            promise_penalty=float(rng.choice([INF, 3.0])),
            capacity=Capacity(("dock",), np.array([3.0]), np.zeros(len(dock), np.int64), dock),
        )
    return replace(book, lines=own, limits=limits), kind


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_what_holds_for_every_book(first: int):
    """Limits are kept, no rule is cheaper, and the bound is one; a conflict is one."""
    for seed in range(first, first + 50):
        book, _ = random_book(seed)
        book = with_owed(book)
        rules = [Serving(book).plan(rule) for rule in rules_for_books()]
        kept = [plan.cost for plan in rules if not broken_limits(plan)]
        try:
            plan = optimise(book)
        except InfeasibleError:
            assert not kept, seed
            continue
        yielded = book.over.any() and set(faults(plan)) == {"promise"}
        assert not faults(plan) or yielded, (seed, faults(plan))
        assert plan.cost == pytest.approx(
            plan.terms["transport"]
            + sum(cost for name, cost in plan.terms.items() if name != "transport")
        )
        assert plan.cost <= min(kept, default=INF) + CLOSE, seed
        assert plan.bound <= plan.cost + CLOSE, seed


@pytest.mark.parametrize("first", range(0, 150, 50))
def test_of_all_equal_plans_the_preferred_is_taken(first: int):
    """Against every plan in whole units: the cost, then who is served, then when."""
    for seed in range(first, first + 50):
        book, kind = random_book(seed)
        if kind == "limits" or len(book.options) > 6:
            continue
        plan, tie = optimise(book), state(book).tie[: len(book.options)]
        if kind == "plain":
            plan = replace(plan, units=np.round(plan.units, 9))
        every = list(plans(book))
        least = min(map(cost_by_hand, every))
        assert plan.cost == pytest.approx(least, abs=CLOSE), seed
        equal = [p.units for p in every if cost_by_hand(p) <= least + CLOSE]
        assert tie @ plan.units == pytest.approx(min(tie @ units for units in equal)), seed


@pytest.mark.skipif(not has_cbc(), reason="PuLP brings no CBC here")
def test_cbc_has_the_same_plan():
    for seed in range(20):
        book, _ = random_book(seed)
        try:
            plan = optimise(book)
        except InfeasibleError:
            with pytest.raises(InfeasibleError):
                optimise(book, solver="cbc")
            continue
        other = optimise(book, solver="cbc")
        assert other.cost == pytest.approx(plan.cost, abs=CLOSE), seed
        np.testing.assert_allclose(other.units, plan.units, atol=CLOSE, err_msg=str(seed))


def test_no_plan_is_fairer_than_the_fair_shares():
    """Sorted from the least, no plan's shares come after the fair ones; and these can be had."""
    for seed in range(0, 200, len(KINDS)):
        book, _ = random_book(seed)
        fair = fair_shares(book)
        useful = book.unit_costs < book.lines.lost[book.options.line]
        for plan in plans(book) if len(book.options) <= 6 else ():
            if (plan.units[~useful] == 0.0).all():
                share = np.sort(plan.served / book.lines.units)
                assert share.tolist() <= (np.sort(fair) + CLOSE).tolist(), seed
        exact = replace(
            book, limits=Limits(fairness=0.0), lines=replace(book.lines, lost=book.lines.lost + 9.0)
        )
        served = optimise(replace(exact, fair=fair)).served / book.lines.units
        assert (served >= fair - 1e-5).all(), seed


def whole_orders(seed: int, path: Path) -> Book:
    """A book of files in which orders of several products wait for purchases."""
    rng = np.random.default_rng(seed)
    lines = ["id,product,units,order,due,complete,weight,tolerance"]
    for i in range(9):
        order, whole = int(rng.integers(5)), ["yes", "no"][int(rng.integers(5)) == 0]
        due, tolerance = rng.integers(1, 20), rng.choice(["", "6", "20"])
        amount, weight = rng.integers(1, 6), rng.integers(1, 4)
        lines.append(
            f"L{i},p{i % 3},{amount},{order},2026-12-{due:02},{whole},{weight},{tolerance}"
        )
    stock = ["product,units,site"]
    stock += [f"p{p},{rng.integers(0, 6)},{site}" for p in range(3) for site in ("main", "far")]
    inbound = ["id,product,units,arrives,site"]
    for n in range(6):
        day, units = rng.integers(1, 20), rng.integers(1, 8)
        inbound.append(f"P{n},p{n % 3},{units},2026-12-{day:02},{rng.choice(['main', 'far'])}")
    lanes = ["from,to,days,transport", f"far,main,{rng.integers(0, 4)},{rng.integers(0, 3)}"]
    tables = {"lines": lines, "stock": stock, "inbound": inbound, "lanes": lanes}
    for name, rows in tables.items():
        (path / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return read_book(path, date(2026, 11, 28))


def test_pools_change_no_cost(tmp_path: Path):
    """What draws on all that has arrived costs as little as what draws on each source."""
    pooled = 0
    for seed in range(30):
        book = whole_orders(seed, tmp_path)
        flow = flow_of(book)
        pooled += len(flow.stands) < len(book.options)
        plan, exact = optimise(book), solve(state(book))
        assert plan.cost == pytest.approx(exact.objective, abs=CLOSE), seed
        assert not faults(plan), seed
        columns = state(book, flow)
        for rule in rules_for_books():
            other = Serving(book).plan(rule)
            values = highs.completed(columns, columns.columns["units"], flow.encode(other.units))
            assert values is not None, (seed, rule.name)
            assert columns.cost @ values + columns.offset == pytest.approx(other.cost), seed
    assert pooled > 20


def practical(seed: int, path: Path) -> Book:
    """A book of files with bins, cases, units kept back, shipments, weekends and unsure days."""
    rng = np.random.default_rng(seed)

    def some(values: str) -> str:
        return str(rng.choice(values.split(",")))

    lines = ["id,product,units,order,customer,class,due,complete,not_before,promised"]
    for i in range(7):
        lines.append(
            f"L{i},p{i % 3},{rng.integers(1, 9)},O{rng.integers(5)},{some('ann,bob')},"
            f"{some('gold,silver')},2026-12-{rng.integers(1, 12):02},{some(',,,yes')},"
            f"{some(',,2026-12-04')},"
        )
    stock = [
        f"p{p},{rng.integers(0, 7)},{site},{bin_}"
        for p in range(3)
        for site in ("main", "far")
        for bin_ in ("A", "B")
    ]
    inbound = [
        f"P{n},p{n % 3},{rng.integers(1, 8)},2026-12-{rng.integers(1, 9):02},"
        f"{some(',2026-12-14')},{some('main,far')},{some(',forge')},{some('0,2')}"
        for n in range(5)
    ]
    tables = {
        "lines": lines,
        "stock": ["product,units,site,bin", *stock],
        "inbound": ["id,product,units,arrives,latest,site,supplier,transit", *inbound],
        "lanes": [
            "from,to,days,transport,shipment,keep",
            f"far,main,{rng.integers(0, 4)},{rng.integers(0, 3)},{some(',4')},{some(',3')}",
            f"main,main,,,{some(',4')},",
        ],
        "classes": [
            "class,rank,weight,lost,keep,min_fill,fill_penalty",
            "gold,1,3,,,,",
            f"silver,2,1,,{some(',2')},{rng.choice([',', '0.5,2'])}",
        ],
        "products": ["product,case_pack", "p0,", f"p1,{some(',2')}", f"p2,{some(',3')}"],
        "calendars": [
            "site,customer,working_days,supplier",
            "all,,,",
            f",bob,{some('friday,tuesday')},",
            f",,{some('monday;thursday,saturday')},forge",
        ],
        "closures": ["site,from,to", "far,2026-12-02,2026-12-03"],
        "settings": ["name,value", f"strict_ranks,{some('no,no,yes')}"],
    }
    for name, rows in tables.items():
        (path / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return read_book(path, date(2026, 11, 28))  # a Saturday


def day_of(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 60))]
)
def test_what_holds_for_practical_books(seed: int, tmp_path: Path):
    """The plan and those of rules: picks fill shipments from bins, on open days, in cases."""
    book = practical(seed, tmp_path)
    best = optimise(book)
    assert not broken_limits(best)
    rules = [Serving(book).plan(rule) for rule in rules_for_books()]
    for plan in (best, *rules):
        assert not broken_limits(plan), plan.rule
        assert plan.cost >= best.cost - CLOSE or book.limits.strict, plan.rule
        picked = plan.picks
        assert picked["units"].sum() == pytest.approx(plan.units.sum(), abs=1e-4)
        for row in picked.to_dict("records"):
            leaves, arrives = day_of(row["leaves"]), day_of(row["arrives"])
            assert leaves.weekday() < 5, row
            assert row["site"] != "far" or leaves not in (date(2026, 12, 2), date(2026, 12, 3))
            assert arrives >= leaves, row
            if row["customer"] == "bob":
                assert arrives.weekday() in (1, 4), row
            assert row["cases"] != row["cases"] or row["cases"] == pytest.approx(
                round(row["cases"])
            )
        for (source, bin_), own in picked.groupby(["source", "bin"]):
            held = dict(book.bins.get(source, ()))
            assert own["units"].sum() <= held.get(bin_, INF) + 1e-4
        for name, stock in book.bins.items():
            mine = picked[picked["source"] == name]
            assert not (mine["bin"] == "").any(), name
            of_class = dict(zip(book.lines.ids, book.lines.customer_class, strict=True))
            levels = [book.own["classes.keep"][of_class[line]] for line in mine["line"]]
            kept = max(levels, default=0.0)
            left = sum(units for _, units in stock) - mine["units"].sum()
            assert left >= kept - 1e-4, (plan.rule, name)
