"""Who gets the units where a planner would see at once that something is wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pulp
import pytest

from backsim.allocation.book.assemble import read_book
from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.fair import fair_shares
from backsim.allocation.model.flow import flow_of
from backsim.allocation.model.statement import state
from backsim.allocation.plan.allocate import all_plans, allocate, floor_of, optimise, prepared
from backsim.allocation.plan.conflict import NoPlanError
from backsim.allocation.plan.shares import class_pro_rata, max_min, pro_rata
from backsim.allocation.solver import pulpform
from backsim.allocation.solver.highs import _again
from backsim.allocation.solver.improve import improve
from backsim.allocation.solver.program import OPTIMAL, Effort, Program, Solution
from backsim.allocation.solver.pulpform import has_cbc
from backsim.allocation.solver.ties import told_apart
from backsim.cli import run as cli
from backsim.errors import BacksimError

TODAY = date(2026, 11, 24)
SOLVERS = ["highs", pytest.param("cbc", marks=pytest.mark.skipif(not has_cbc(), reason="no CBC"))]


def folder(path: Path, **tables: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in tables.items():
        (path / f"{name}.csv").write_text(text.replace(" ", "\n") + "\n")
    return path


def book(path: Path, **tables: str) -> Book:
    return read_book(folder(path, **tables), TODAY)


EQUAL = " ".join(f"L{i},x,10,2026-11-0{i},2026-12-20" for i in range(1, 7))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("column", "value", "settings"),
    [
        ("complete", "yes", ""),
        ("smallest", "10", ""),
        ("smallest", "4", ""),
        ("site", "main", " whole_units,yes"),
        ("site", "main", ""),
    ],
)
@pytest.mark.parametrize("coming", [30, 0])
def test_of_equal_orders_the_oldest_are_served_first(
    tmp_path: Path, solver: str, column: str, value: str, settings: str, coming: int
):
    lines = f"id,product,units,ordered,due,{column} " + EQUAL.replace("12-20", f"12-20,{value}")
    found = book(
        tmp_path,
        lines=lines,
        stock="product,units x,30",
        inbound=f"id,product,units,arrives P1,x,{coming},2026-12-10",
        settings="name,value" + settings,
    )
    plan = optimise(found, solver=solver)
    assert plan.cost == pytest.approx(0.0 if coming else 30 * found.lines.lost[0])
    assert plan.served.tolist() == [10.0] * (6 if coming else 3) + [0.0] * (0 if coming else 3)
    assert plan.complete_on[:3].tolist() == [0.0] * 3
    assert (plan.complete_on[3:] == (16.0 if coming else float("inf"))).all()


def test_of_equal_lines_the_better_rank_is_first(tmp_path: Path):
    """And a warning says that rank weighs nothing else."""
    tables = {
        "classes": "class,rank gold,1 silver,2",
        "lines": "id,product,units,class,ordered,due "
        "L1,x,10,silver,2026-11-01,2026-11-10 L2,x,10,gold,2026-11-20,2026-11-24",
        "stock": "product,units x,10",
    }
    found = book(tmp_path, **tables)
    assert optimise(found).served.tolist() == [0.0, 10.0]
    assert found.silent_ranks == [("gold", "silver")]


def test_ranks_that_say_nothing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tables = {
        "lines": "id,product,units,class L1,x,10,silver L2,x,10,gold",
        "stock": "product,units x,10",
    }
    path = folder(tmp_path, classes="class,rank gold,1 silver,2", **tables)
    assert cli(["allocate", str(path)]) == 0
    assert "class gold is not above class silver" in capsys.readouterr().err
    for classes in ("class,rank,weight gold,1,3 silver,2,1", "class,rank gold,1 silver,1"):
        folder(tmp_path, classes=classes)
        assert cli(["allocate", str(path)]) == 0
        assert "rank" not in capsys.readouterr().err


def test_a_shipment_may_come_from_several_stocks(tmp_path: Path):
    """Ten is the least that is of use: six on hand and six that come today are twelve."""
    tables = {
        "lines": "id,product,units,smallest L1,x,12,10",
        "stock": "product,units x,6",
    }
    today = book(tmp_path, inbound="id,product,units,arrives P1,x,6,2026-11-24", **tables)
    for rule in ("lp", "fcfs"):
        plan = allocate(today, rule)
        assert plan.served.tolist() == [12.0]
        assert not broken_limits(plan)
    tomorrow = book(tmp_path, inbound="id,product,units,arrives P1,x,6,2026-11-25", **tables)
    for rule in ("lp", "fcfs"):
        assert allocate(tomorrow, rule).served.tolist() == [0.0]


def test_shipments_of_two_sites_are_two(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,smallest L1,x,12,10",
        stock="product,units,site x,6,main x,6,far",
        lanes="from,to far,main",
    )
    for rule in ("lp", "fcfs"):
        assert allocate(found, rule).served.tolist() == [0.0]


def test_a_purchase_of_another_product_decides_nothing(tmp_path: Path):
    lines = "id,product,units,due,weight P,x,1,2026-11-24,1 Q,x,1,2026-12-04,2"
    plain = book(tmp_path / "a", lines=lines, stock="product,units x,1")
    other = book(
        tmp_path / "b",
        lines=lines + " R,y,9,2026-12-30,1",
        stock="product,units,site x,1,main y,0,main y,0,far",
        inbound="id,product,units,arrives P9,y,5,2026-12-30",
        lanes="from,to,days far,main,30",
    )
    lost = [dict(zip(b.lines.ids, b.lines.lost, strict=True)) for b in (plain, other)]
    assert lost[0] == {name: lost[1][name] for name in "PQ"} == {"P": 1.0, "Q": 2.0}
    served = [dict(zip(b.lines.ids, optimise(b).served, strict=True)) for b in (plain, other)]
    assert served[0] == {"P": 0.0, "Q": 1.0}
    assert {name: served[1][name] for name in "PQ"} == served[0]


@pytest.mark.parametrize("share", [pro_rata, class_pro_rata, max_min])
def test_shares_in_whole_units(tmp_path: Path, share):
    """Ten over three times seven: the largest remainders get one more, the oldest first."""
    found = book(
        tmp_path,
        lines="id,product,units,ordered L1,x,7,2026-11-01 L2,x,7,2026-11-02 L3,x,7,2026-11-03",
        stock="product,units x,10",
        settings="name,value whole_units,yes",
    )
    plan = share(found)
    assert plan.served.tolist() == [4.0, 3.0, 3.0]
    assert not broken_limits(plan)


def test_the_largest_remainder_gets_the_last_unit(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units L1,x,5 L2,x,3 L3,x,2",  # of 9: 4.5, 2.7, 1.8
        stock="product,units x,9",
        settings="name,value whole_units,yes",
    )
    assert pro_rata(found).served.tolist() == [4.0, 3.0, 2.0]


def test_fairness_holds_nobody_down(tmp_path: Path):
    """Nothing is there for Ben, and Ada's units are of no use to him."""
    for bound in ("0", "0.2", "1"):
        found = book(
            tmp_path,
            lines="id,product,units,customer L1,x,10,Ada L2,y,10,Ben",
            stock="product,units x,10 y,0",
            settings=f"name,value fairness,{bound}",
        )
        assert optimise(found).served.tolist() == [10.0, 0.0]


def test_fairness_shares_out_what_two_want_and_not_what_one_wants(tmp_path: Path):
    """Ada and Ben want the ten x, Cy alone the ten y, of which there are enough."""
    found = book(
        tmp_path,
        lines="id,product,units,customer,weight L1,x,10,Ada,9 L2,x,10,Ben,1 L3,y,10,Cy,1",
        stock="product,units x,10 y,10",
        settings="name,value fairness,0.2",
    )
    assert fair_shares(found).tolist() == pytest.approx([0.5, 0.5, 1.0])
    assert optimise(found).served.tolist() == pytest.approx([7.0, 3.0, 10.0])


def test_the_fair_shares_of_who_buys_both(tmp_path: Path):
    """Ben wants x, of which Ada wants some, and y, which is there: he has most by y."""
    found = book(
        tmp_path,
        lines="id,product,units,customer L1,x,10,Ada L2,x,10,Ben L3,y,10,Ben L4,z,1,Cy",
        stock="product,units x,10 y,10 z,0",
        settings="name,value fairness,0",
    )
    assert fair_shares(found).tolist() == pytest.approx([20 / 30, 20 / 30, 0.0])


def test_fairness_forces_no_unit_that_costs_more_than_it_saves(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,customer,lost L1,x,10,Ada,5 L2,x,10,Ben,5",
        stock="product,units,site x,10,main x,10,far",
        lanes="from,to,transfer far,main,9",
        settings="name,value fairness,0",
    )
    plan = optimise(found)
    assert plan.served.tolist() == pytest.approx([5.0, 5.0])
    assert plan.terms["transfer"] == 0.0


def test_whole_orders_are_as_fair_as_they_can_be(tmp_path: Path):
    """Two of ten for ten units: half each would be fair, and neither can have that."""
    found = book(
        tmp_path,
        lines="id,product,units,customer,complete L1,x,10,Ada,yes L2,x,10,Ben,yes",
        stock="product,units x,10",
        settings="name,value fairness,0.2",
    )
    plan = optimise(found)
    assert plan.served.tolist() == [10.0, 0.0]
    assert broken_limits(plan) == ["fairness to 1 customers"]


LATE = {
    "lines": "id,product,units,ordered,due,promised "
    "L1,x,5,2026-10-01,2026-10-10,2026-11-01 L2,x,5,2026-11-20,2026-11-30,2026-12-05",
    "stock": "product,units x,0",
}


@pytest.mark.parametrize(
    ("settings", "weight", "older_first"),
    [
        ("name,value", 1, True),
        ("name,value", 9, True),
        ("name,value promise_penalty,9", 1, True),
        ("name,value promise_penalty,9", 9, False),
    ],
)
def test_a_promise_that_is_over_is_broken_and_still_owed(
    tmp_path: Path, settings: str, weight: int, older_first: bool
):
    """Both want the purchase of 4 December.  The newer promise gives way, whatever it weighs;
    where promises have a price, units that are owed have the same, and weights decide."""
    inbound = "id,product,units,arrives P1,x,5,2026-12-04 P2,x,5,2026-12-20"
    first, second = LATE["lines"].rsplit(" ", 1)
    lines = f"{first},1 {second},{weight}".replace("promised ", "promised,weight ")
    found = book(tmp_path, inbound=inbound, settings=settings, lines=lines, stock=LATE["stock"])
    plan = optimise(found)
    assert plan.complete_on.tolist() == ([10.0, 26.0] if older_first else [26.0, 10.0])
    assert plan.broken.tolist() == ([5.0, 5.0] if older_first else [5.0, 0.0])
    days = ["2026-12-04", "2026-12-20"]
    assert plan.promises["promise"].tolist() == (days if older_first else days[::-1])


def test_a_newer_promise_is_kept_where_both_can_be(tmp_path: Path):
    inbound = "id,product,units,arrives P1,x,9,2026-12-04 P2,x,5,2026-12-20"
    plan = optimise(book(tmp_path, inbound=inbound, **LATE))
    assert plan.served.tolist() == [5.0, 5.0]
    assert plan.broken.tolist() == [5.0, 1.0]  # four of the five are there in time
    plan = optimise(book(tmp_path, inbound=inbound.replace(",9,", ",10,"), **LATE))
    assert plan.broken.tolist() == [5.0, 0.0]


def test_promises_that_cannot_be_kept_anyway_are_a_conflict(tmp_path: Path):
    """Not for what is owed: ten are promised for a day on which five are there."""
    lines = LATE["lines"] + " L3,x,5,2026-11-21,2026-11-30,2026-12-05"
    inbound = "id,product,units,arrives P1,x,5,2026-12-04 P2,x,50,2026-12-20"
    with pytest.raises(NoPlanError, match="line L3: 5 of x promised"):
        optimise(book(tmp_path, inbound=inbound, lines=lines, stock=LATE["stock"]))


def big(path: Path, orders: int = 60) -> Book:
    """Orders of several products that ship whole, for more than there is."""
    lines, stock, inbound = ["id,product,units,order,due,complete,weight"], ["product,units"], []
    for order in range(orders):
        for k in range(1 + order % 3):
            product, units = (order * 7 + k * 5) % 9, 1 + (order * 5 + k * 3) % 8
            day, weight = 1 + (order * 11) % 28, 1 + (order * 3) % 5
            lines.append(f"{order}-{k},p{product},{units},{order},2026-12-{day:02},yes,{weight}")
    for product in range(9):
        stock.append(f"p{product},{9 + product}")
        inbound += [f"{product}{d},p{product},{8 + d},2026-12-{d:02}" for d in (4, 12, 21)]
    return book(
        path,
        lines=" ".join(lines),
        stock=" ".join(stock),
        inbound="id,product,units,arrives " + " ".join(inbound),
    )


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seconds", [0.01, 0.02, 0.3, 2.0])
def test_out_of_time_the_plan_is_no_worse_than_the_best_rule(
    tmp_path: Path, solver: str, seconds: float
):
    plan = optimise(big(tmp_path), Effort(time_limit=seconds), solver=solver)
    rules = [p for p in all_plans(plan)[1:] if not broken_limits(p)]
    assert rules
    assert not broken_limits(plan)
    assert plan.served.sum() > 0
    assert plan.cost <= min(p.cost for p in rules) + 1e-6
    assert plan.bound <= plan.cost + 1e-6


def test_equals_are_told_apart_in_the_time_that_is_left(tmp_path: Path):
    """What is preferred of equal plans can take longer than the plan: it has no time of its own."""
    found = prepared(big(tmp_path))
    flow = flow_of(found)
    program = state(found, flow)
    start = floor_of(found, flow, program)
    best = Solution(OPTIMAL, start, np.empty(0), 0.0, 0.0)
    limits: list[Effort] = []

    def optimum(asked: Program, effort: Effort, begin: np.ndarray) -> Solution:
        limits.append(effort)
        return Solution(OPTIMAL, begin, np.empty(0), 0.0, 0.0)

    told_apart(program, best, Effort(time_limit=5.0), optimum)
    told_apart(program, best, Effort(time_limit=-5.0), optimum)  # the time is over
    assert [0.01 < effort.time_limit <= 5.0 for effort in limits] == [True, True]


@pytest.mark.skipif(not has_cbc(), reason="no CBC")
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.02, 0.05])
def test_what_cbc_has_when_it_is_stopped_keeps_to_the_limits(
    tmp_path: Path, whole: bool, seconds: float
):
    """A crash of CBC is no plan, and neither is where the simplex method was when it stopped."""
    found = prepared(big(tmp_path))
    flow = flow_of(found)
    program = state(found, flow)
    start = floor_of(found, flow, program)
    if not whole:
        program = replace(program, integer=np.zeros_like(program.integer))
    for begin in (None, start):
        solution = pulpform.solve(program, Effort(time_limit=seconds), "cbc", begin)
        assert not solution.found or program.is_kept_by(solution.values)


@pytest.mark.parametrize("seconds", [0.01, 60.0])
def test_a_solver_that_crashes_before_its_time_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
):
    def crash(*_):
        time.sleep(0.02)
        raise pulp.PulpSolverError("Error while trying to execute")

    monkeypatch.setattr(pulp.LpProblem, "solve", crash)
    monkeypatch.setattr(pulpform, "has_cbc", lambda: True)
    program = state(prepared(big(tmp_path)))
    if seconds < 1.0:
        solution = pulpform.solve(program, Effort(time_limit=seconds), "cbc")
        assert (solution.status, solution.found) == ("time limit", False)
    else:
        with pytest.raises(BacksimError, match="the solver cbc stopped: Error while"):
            pulpform.solve(program, Effort(time_limit=seconds), "cbc")


@pytest.mark.parametrize("solver", SOLVERS)
def test_out_of_time_without_a_plan_is_not_that_there_is_none(tmp_path: Path, solver: str):
    """A least fill that no rule keeps: in no time there is neither a plan nor a conflict."""
    found = big(tmp_path)
    folder(tmp_path, classes="class,min_fill all,0.9")
    found = read_book(tmp_path, TODAY)
    with pytest.raises(NoPlanError, match="there is no plan yet"):
        optimise(found, Effort(time_limit=1e-4), solver=solver)


def test_a_plan_that_ends_by_the_time_limit_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    big(tmp_path)
    assert cli(["allocate", str(tmp_path), "--today", "2026-11-24", "--time-limit", "0.01"]) == 0
    shown = capsys.readouterr()
    assert "stopped at the time limit of 0.01 s (--time-limit): a better plan would" in shown.err
    assert " s (time limit)" in shown.out


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = folder(
        tmp_path,
        lines="id,product,units,promised L1,x,5,2026-11-30",
        stock="product,units x,4",
        settings="name,value today,2026-11-24",
    )
    assert cli(["allocate", str(path)]) == 1
    assert "5 of x promised for 2026-11-30 (1 short)" in capsys.readouterr().err
    folder(tmp_path, stock="product,units x,four")
    assert cli(["allocate", str(path)]) == 2


def test_a_large_book_of_whole_orders_is_nearly_solved(tmp_path: Path, monkeypatch):
    """Part by part, from what branch and bound has after half of the time; never worse."""
    monkeypatch.setattr("backsim.allocation.solver.highs.TWICE", 0)
    found = big(tmp_path)
    exact = optimise(found, Effort(time_limit=4.0))
    program = state(found, flow := flow_of(found))
    start = floor_of(found, flow, program)
    assert start is not None
    better = improve(program, start, 4.0, _again)
    cost, rule = (float(program.cost @ values) + program.offset for values in (better, start))
    assert cost < rule
    assert cost >= exact.bound - 1e-6
    assert not broken_limits(replace(exact, units=flow.decode(better[program.columns["units"]])))
