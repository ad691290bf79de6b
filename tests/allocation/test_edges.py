"""Books at the edge of what a rule or the program was made for, with the plan that is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.allocation.files import book

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.fair import fair_shares
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.plan.allocate import all_plans, allocate, compared, optimise
from backsim.allocation.plan.sentences import outcome
from backsim.allocation.plan.showing import remarks

WHOLE = "name,value\nwhole_units,yes\n"


@pytest.mark.parametrize("rule", ["pro_rata", "class_pro_rata"])
def test_a_share_in_whole_units_is_no_more_than_the_line_has_open(tmp_path: Path, rule: str):
    """Of 1.6 and 1.4 open one whole unit each can be sent, and the third goes to the long line."""
    files = {"stock": "product,units\nmug,3\n", "settings": WHOLE}
    two = book(tmp_path, lines="id,product,units\nL1,mug,1.6\nL2,mug,1.4\n", **files)
    assert allocate(two, rule).served.tolist() == [1.0, 1.0]
    third = "id,product,units\nL1,mug,1.6\nL2,mug,1.4\nL3,mug,4\n"
    assert allocate(book(tmp_path, lines=third, **files), rule).served.sum() == 3.0


def test_more_than_a_line_has_open_breaks_a_limit(tmp_path: Path):
    found = book(tmp_path, lines="id,product,units\nL1,mug,1.5\n")
    assert broken_limits(Outcome(found, np.array([1.5]))) == []
    assert broken_limits(Outcome(found, np.array([2.0]))) == ["open units of 1 lines"]


@pytest.mark.parametrize("rule", ["lp", "fcfs"])
def test_units_without_a_bin_are_counted_in_cases(tmp_path: Path, rule: str):
    """12 mugs that stand nowhere in particular are two cases of 6, next to 2 loose ones in B1."""
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,12\n",
        stock="product,units,bin\nmug,12,\nmug,2,B1\n",
        products="product,case_pack\nmug,6\n",
    )
    plan = allocate(found, rule)
    assert (plan.served.tolist(), plan.cost, broken_limits(plan)) == ([12.0], 0.0, [])
    assert plan.picks[["bin", "units", "cases"]].values.tolist() == [["", 12.0, 2.0]]


def test_units_in_a_bin_are_picked_before_those_without(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,5\n",
        stock="product,units,bin\nmug,12,\nmug,2,B1\n",
    )
    assert optimise(found).picks[["bin", "units"]].values.tolist() == [["", 3.0], ["B1", 2.0]]


@pytest.mark.parametrize(("due", "kind"), [("2026-11-24", "expedited"), ("2026-12-09", "inbound")])
def test_free_expediting_over_a_long_lane_is_told(tmp_path: Path, due: str, kind: str):
    """It leaves on 1 December, three days before the purchase is there; it may do so by the 4th."""
    found = book(
        tmp_path,
        lines=f"id,product,units,site,due,not_before\nL1,mug,5,south,{due},{due}\n",
        stock="product,units,site\nmug,0,main\n",
        inbound="id,product,units,arrives,expedited,site\nP1,mug,5,2026-12-04,2026-12-01,main\n",
        lanes="from,to,days\nmain,south,5\n",
    )
    assert optimise(found).shipments["kind"].tolist() == [kind]


def test_whole_units_are_whole_next_to_an_order_that_ships_whole(tmp_path: Path):
    """Of 1.1 here and 1.5 tomorrow one whole unit each: the other line's two, one a day late."""
    found = book(
        tmp_path,
        lines="id,product,units,order,complete\nL1,mug,2,O1,\nL2,mug,30,O2,yes\n",
        stock="product,units\nmug,1.1\n",
        inbound="id,product,units,arrives\nP,mug,1.5,2026-11-25\n",
        settings=WHOLE,
    )
    plan = optimise(found)
    assert (plan.served.tolist(), broken_limits(plan)) == ([2.0, 0.0], [])
    assert plan.shipments["units"].tolist() == [1.0, 1.0]
    assert plan.cost == 61.0


@pytest.mark.parametrize("rule", ["lp", "fcfs", "pro_rata", "class_pro_rata", "max_min"])
def test_a_line_that_costs_nothing_to_leave_is_served_for_nothing(tmp_path: Path, rule: str):
    """Serving a line of weight 0 costs no more than leaving it."""
    lines = "id,product,units,weight,promised\nL1,mug,5,0,{}\n"
    stock = "product,units\nmug,9\n"
    for promised in ("", "2026-11-20"):
        plan = allocate(book(tmp_path, lines=lines.format(promised), stock=stock), rule)
        assert (plan.served.tolist(), plan.cost) == ([5.0], 0.0)
    short = book(tmp_path, lines=lines.format(""), stock="product,units\nmug,3\n")
    assert fair_shares(short).tolist() == pytest.approx([0.6])
    plan = allocate(short, rule)
    assert plan.unfilled["reason"].tolist() == ["the units go to other lines"]


def test_an_overdue_line_that_costs_nothing_to_leave_is_owed_its_units(tmp_path: Path):
    """None is expedited for it, as for any other line whose promise is over."""
    found = book(
        tmp_path,
        lines="id,product,units,weight,promised\nL1,mug,5,0,2026-11-20\nL2,mug,5,1,\n",
        stock="product,units\nmug,2\n",
        inbound="id,product,units,arrives,expedited,expedite_cost\n"
        "P1,mug,8,2026-12-01,2026-11-25,9\n",
    )
    owed = optimise(found).book
    assert (owed.owed[0], owed.owed_units.tolist()) == (7.0, [5.0, 0.0])


def test_a_line_with_nothing_open_is_in_time(tmp_path: Path):
    found = book(
        tmp_path, lines="id,product,units\nL1,mug,0\nL2,mug,3\n", stock="product,units\nmug,9\n"
    )
    table = compared([allocate(found, rule) for rule in ("lp", "fcfs")])
    assert table["lines_whole"] == table["lines_in_time"] == [1.0, 1.0]


def compared_with_the_usual(found: Book) -> str:
    """What is said of the best plan and its cost next to that of the usual rule."""
    plan = optimise(found)
    return outcome(plan, all_plans(plan))


def test_first_come_first_served_is_compared_with_what_it_violates(tmp_path: Path):
    """It is cheaper by parts of units that may not be sent, or costs what a broken promise does."""
    divided = book(
        tmp_path,
        lines="id,product,units\nL1,mug,1.6\nL2,mug,1.4\n",
        stock="product,units\nmug,3\n",
        settings=WHOLE,
    )
    said = "First come, first served would cost 1.00 less, but violates whole units of 2 shipments."
    assert compared_with_the_usual(divided).endswith(said)
    promised = book(
        tmp_path,
        lines="id,product,units,ordered,promised,weight\n"
        "L1,mug,5,2026-11-01,,2\nL2,mug,5,2026-11-02,2026-11-24,1\n",
        stock="product,units\nmug,5\n",
        settings="name,value\n",
    )
    said = "First come, first served would cost 5.00 less, but violates 1 promise."
    assert compared_with_the_usual(promised).endswith(said)


def test_what_is_dearer_and_violates_a_limit_is_told_with_it(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,ordered,promised,weight\n"
        "L1,mug,5,2026-11-01,,1\nL2,mug,5,2026-11-02,2026-11-24,2\n",
        stock="product,units\nmug,5\n",
    )
    said = "First come, first served would cost 5.00 more, and violates 1 promise."
    assert compared_with_the_usual(found).endswith(said)


@pytest.mark.parametrize("rule", ["lp", "pro_rata"])
def test_less_than_a_whole_unit_is_a_reason(tmp_path: Path, rule: str):
    """Of 1.6 open 0.6 stay, and of 3 in stock 1: no other line has it."""
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,1.6\nL2,mug,1.4\nL3,plate,3\n",
        stock="product,units\nmug,3\nplate,2.5\n",
        settings=WHOLE,
    )
    plan = allocate(found, rule)
    assert plan.unfilled["reason"].tolist() == ["less is left, or asked for, than a whole unit"] * 3


@pytest.mark.parametrize("until", ["2031-12-31", "2099-12-31", "9999-12-31"])
@pytest.mark.parametrize("who", ["main,,", ",L1,"])
@pytest.mark.parametrize("rule", ["lp", "fcfs"])
def test_who_is_closed_for_good_sends_and_receives_nothing(
    tmp_path: Path, until: str, who: str, rule: str
):
    """Calendars know five years; a closure that lasts longer does not end with them."""
    found = book(
        tmp_path,
        lines="id,product,units,customer\nL1,mug,5,L1\nL2,plate,3,L2\n",
        stock="product,units,site\nmug,9,main\nplate,3,main\n",
        inbound="id,product,units,arrives,site\nP1,mug,9,2026-12-01,main\n",
        closures=f"site,customer,from,to\n{who}2026-11-01,{until}\n",
    )
    plan = allocate(found, rule)
    assert plan.served.tolist() == ([0.0, 0.0] if who == "main,," else [0.0, 3.0])
    closed = "the site, customer or supplier is closed for good"
    assert set(plan.unfilled["reason"]) == {closed}
    assert plan.cost == (8.0 if who == "main,," else 5.0)


def test_a_supplier_that_is_closed_for_good_sends_nothing(tmp_path: Path):
    """P1 was to be sent on the 29th.  P2 would be on its last day, and comes if it is sooner."""
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,9\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives,latest,supplier,transit\n"
        "P1,mug,5,2026-12-01,,forge,2\nP2,mug,4,2026-11-24,2026-11-29,forge,1\n",
        closures="supplier,from,to\nforge,2026-11-28,2099-12-31\n",
    )
    plan = optimise(found)
    assert plan.served.tolist() == [4.0]
    assert np.isfinite(plan.cost)
    assert next(iter(remarks(found))) == (
        "purchases never come, because the supplier or the site is closed for good: P1"
    )


def test_a_closure_that_ends_within_the_known_days_ends(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,5\n",
        stock="product,units\nmug,9\n",
        closures="site,from,to\nmain,2026-11-01,2031-11-01\n",
    )
    assert optimise(found).shipments["arrives"].tolist() == ["2031-11-02"]


@pytest.mark.parametrize("rule", ["lp", "fcfs"])
@pytest.mark.parametrize(
    ("lane", "promised", "late"), [(0.5, 24, 0), (1.5, 25, 0), (0.5, 23, 1), (1.9, 24, 1)]
)
def test_a_day_is_in_time_until_its_end(
    tmp_path: Path, rule: str, lane: float, promised: int, late: int
):
    """What is half a day on the road today is there today; days late are from date to date."""
    found = book(
        tmp_path,
        lines="id,product,units,site,due,promised,lost\n"
        f"L1,mug,5,south,2026-11-{promised},2026-11-{promised},9\n",
        stock="product,units,site\nmug,9,main\n",
        lanes=f"from,to,days\nmain,south,{lane}\n",
        settings="name,value\npromise_penalty,20\n",
    )
    plan = allocate(found, rule)
    today = max(24, promised)  # days that are over cost nothing any more
    assert plan.shipments["days_late"].tolist() == [late]
    assert plan.promises["broken"].tolist() == [5.0 if late else 0.0]
    assert plan.terms["lateness"] == 5 * max(0, promised + late - today)
    assert compared([plan])["lines_in_time"] == [0.0 if late else 1.0]


def test_a_lost_unit_costs_what_one_costs_that_comes_the_day_after_all_others(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,site\nL1,mug,5,south\n",
        stock="product,units,site\nmug,9,main\n",
        lanes="from,to,days\nmain,south,1.5\n",
    )
    assert found.lines.lost.tolist() == [2.0]
    assert optimise(found).cost == 5.0


def test_lateness_that_is_expected_is_in_whole_days(tmp_path: Path):
    """It comes today, tomorrow or in two days, each with half a day on the road: a day late."""
    found = book(
        tmp_path,
        lines="id,product,units,site,lost\nL1,mug,1,south,9\n",
        stock="product,units,site\nmug,0,main\n",
        inbound="id,product,units,arrives,latest,site\nP1,mug,1,2026-11-24,2026-11-26,main\n",
        lanes="from,to,days\nmain,south,0.5\n",
    )
    assert optimise(found).cost == pytest.approx(1.0)


@pytest.mark.parametrize("complete", ["", "yes"])
@pytest.mark.parametrize("whole", ["", "whole_units,yes\n"])
def test_a_line_of_a_billion_units_and_money_does_not_stop_the_solver(
    tmp_path: Path, complete: str, whole: str
):
    """What is lost if nothing is served, 1e18, hides the 0.003 of the other line."""
    found = book(
        tmp_path,
        lines=f"id,product,units,weight,complete\nL1,mug,1e9,1e9,\nL2,mug,3,0.001,{complete}\n",
        stock="product,units\nmug,1e9\n",
        settings="name,value\n" + whole,
    )
    plan = optimise(found)
    assert plan.served.tolist() == [1e9, 0.0]
    assert plan.cost == pytest.approx(0.003)


def test_a_solver_that_cannot_tell_equal_plans_apart_keeps_the_best(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,weight,complete\nL0,mug,0.06466,2.394e6,\n"
        "L1,mug,1.554e6,0.01585,yes\nL2,mug,1.765e8,1.354e6,\nL3,mug,0.02045,11.36,\n",
        stock="product,units\nmug,2.302e7\n",
        inbound="id,product,units,arrives\nP,mug,0.005901,2026-11-26\n",
    )
    plan = optimise(found)
    assert plan.served[[0, 1]].tolist() == pytest.approx([0.06466, 0.0])
    assert plan.served.sum() == pytest.approx(2.302e7)


def test_a_plan_that_costs_nothing_has_no_gap(tmp_path: Path):
    """The bound of a solver is below 0 by what it leaves unproved."""
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,12\n",
        stock="product,units\nmug,12\n",
        products="product,case_pack\nmug,6\n",
    )
    plan = optimise(found)
    assert (plan.cost, plan.gap) == (0.0, 0.0)
    assert outcome(plan).endswith("costs 0.00, and no plan can cost less.")
