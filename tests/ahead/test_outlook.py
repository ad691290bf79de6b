"""Today's book, looked ahead from: worked by hand where nothing is random."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backsim.ahead.calibration import state
from backsim.ahead.outlook import Outlook, date_met, outlook
from backsim.ahead.showing import _expected, finding, line_rows, lines_table, write_outlook
from backsim.ahead.tips import tips
from backsim.cli import run as cli
from backsim.engines import simpy
from backsim.errors import InputError
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw

TODAY = date(2026, 11, 24)


def on(day: int) -> str:
    """A day, counted from today, as a book says it."""
    return (TODAY + timedelta(days=day)).isoformat()


BOOK = {
    "lines": [
        "id,product,units,ordered,promised",
        f"A,mug,2,{on(-5)},{on(3)}",
        f"B,mug,2,{on(-3)},{on(1)}",
        f"C,mug,4,{on(-2)},",
    ],
    "stock": ["product,units", "mug,3", "jug,9"],
    "inbound": [
        "id,product,units,arrives,expedited,expedite_cost,ordered",
        f"P1,mug,5,{on(2)},{on(0)},0.1,",
    ],
    "substitutes": ["product,instead,cost", "mug,jug,1"],
    "settings": ["name,value", f"today,{TODAY}"],
}


def book(folder: Path, **tables: list[str] | None) -> Path:
    """A book of these tables; those given stand in place of the usual ones, None for no table."""
    folder.mkdir(exist_ok=True)
    for name, rows in (BOOK | tables).items():
        if rows is not None:
            (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return folder


def shop(**fields: Any) -> Model:
    """A shop in which nobody else orders, and nothing is bought."""
    return from_dict(
        {
            "horizon": 100,
            "products": ["mug", "jug"],
            "suppliers": {"maker": {"lead_time": 5}},
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": 1e-9}}, "products": "mug"}}
            },
            "policy": {"reorder": "none"},
            **fields,
        }
    )


def look(folder: Path, model: Model | None = None, **options: Any) -> Outlook:
    options = {"replications": 3, "seed": 1, "days": 20, "engine": "simpy", **options}
    return outlook(folder, model or shop(), **options)


def test_a_day_worked_by_hand(tmp_path: Path):
    """3 mugs: A takes 2 of them, B the third; the purchase of day 2 brings B's other one, and C's.

    A week later they would come a week later.  Today, 2 days earlier, they save 2 x 2 + 4 x 2 days,
    all due today, for 0.1 a unit.
    """
    found = look(book(tmp_path / "book"))
    rows = {line.line: line for line in found.lines}
    assert {name: row.in_time for name, row in rows.items()} == {"A": 1.0, "B": 0.0, "C": 0.0}
    assert {name: row.dates[0.8] for name, row in rows.items()} == {"A": 0.0, "B": 2.0, "C": 2.0}
    assert rows["A"].waits_for == "nothing: it ships today"
    assert rows["B"].waits_for == rows["C"].waits_for == "purchase P1"
    (purchase,) = found.purchases
    assert [(e.line, e.later, e.less) for e in purchase.hurts] == [("B", 7, 0), ("C", 7, 0)]
    assert purchase.cost.mean == 7 * 6
    assert (purchase.earlier, purchase.saves.mean, purchase.price) == (2, 12, 0.5)
    assert repr(found) == "Outlook of 3 open lines in 3 plays"
    shown = found._repr_html_()
    assert shown.count("<table") == 2
    assert "offer a substitute" in shown


def test_lines_that_are_late_already_are_said_to_be(tmp_path: Path):
    """Probably none of them ships in time, but that is no news of the days ahead."""
    lines = ["id,product,units,ordered,due", f"A,mug,2,{on(-5)},{on(-5)}", f"B,mug,2,{on(-3)},"]
    assert finding(look(book(tmp_path / "one", lines=lines[:2]))) == (
        "The only line is past its due date: with a probability of 100.0 % it ships before its "
        "customer leaves."
    )
    both = [*lines[:2], f"B,mug,2,{on(-3)},{on(-2)}"]
    assert finding(look(book(tmp_path / "both", lines=both))) == (
        "All 2 lines are past their due dates; about 2 will ship before the customer leaves."
    )
    found = look(book(tmp_path / "book", lines=lines))
    assert finding(found) == (
        "1 of 2 lines are past their due dates; of the 1 not yet due probably none will ship in "
        "time."
    )
    assert "due" in [column.label for column in lines_table(found).columns]


def test_the_four_tips_of_that_day_are_one_list(tmp_path: Path):
    found = [(tip.action, tip.subject, tip.date) for tip in tips(look(book(tmp_path / "book")))]
    assert found == [
        ("tell", "B", 2.0),
        ("expedite", "P1", 0.0),
        ("offer a substitute", "B", 0.0),
        ("offer a substitute", "C", 0.0),
        ("serve first", "A", 0.0),
    ]


def test_a_customer_who_leaves_first_is_to_be_told(tmp_path: Path):
    """Nobody waits two days for the purchase: it is not the reason, and there is no date."""
    customers = {
        "all": {
            "demand": {"arrivals": {"poisson": {"rate": 1e-9}}, "products": "mug"},
            "tolerance": {"deterministic": {"value": 5}},
        }
    }
    lines = [*BOOK["lines"][:1], f"A,mug,9,{on(-4)},{on(3)}"]
    found = look(book(tmp_path / "book", lines=lines), shop(customers=customers))
    (line,) = found.lines
    assert (line.leaves, line.in_time, line.dates[0.5]) == (1.0, 0.0, None)
    assert line.waits_for == "nothing: its customer leaves first"
    (tip,) = [tip for tip in tips(found) if tip.action == "tell"]
    assert tip.subject == "A"
    assert tip.why.endswith("likely to leave before it ships: 100 %")


def test_a_substitute_is_offered_only_as_far_as_it_is_there(tmp_path: Path):
    stock = ["product,units", "mug,3", "jug,5"]
    found = tips(look(book(tmp_path / "book", stock=stock)))
    assert [tip.subject for tip in found if tip.action == "offer a substitute"] == ["B"]


def test_a_lead_time_that_has_lasted_gives_dates_by_their_probability(tmp_path: Path):
    """Uniform on 0 to 10 days, ordered 4 days ago: it comes on days 0 to 6, and by day 2 (its end)
    with a half; with 80 % by 4.8."""
    inbound = [*BOOK["inbound"][:1], f"P1,mug,5,{on(2)},,,{on(-4)}"]
    lines = [*BOOK["lines"][:1], f"A,mug,5,{on(-3)},{on(2)}"]
    model = shop(suppliers={"maker": {"lead_time": {"uniform": {"low": 0, "high": 10}}}})
    folder = book(tmp_path / "book", inbound=inbound, lines=lines)
    (line,) = look(folder, model, replications=400, delay=0).lines
    assert line.in_time == pytest.approx(0.5, abs=4 * 0.5 / 20)
    assert line.dates[0.5] in (2.0, 3.0)
    assert line.dates[0.8] in (4.0, 5.0)


def test_lines_are_shown_with_the_texts_of_the_book(tmp_path: Path):
    folder = book(
        tmp_path / "book",
        lines=["id,product,units,customer", "A,mug,2,7001", "B,mug,1,7002"],
        customers=["customer,text", "7001,Adler & Sons"],
        products=["product,text", "mug,Big mug", "jug,"],
    )
    found = look(folder, shop(start=TODAY.isoformat()), delay=0)
    assert [row["customer_text"] for row in line_rows(found)] == ["Adler & Sons", ""]
    assert [row["product_text"] for row in line_rows(found)] == ["Big mug", "Big mug"]
    labels = [column.label for column in lines_table(found).columns]
    assert labels[:5] == ["line", "customer", "name", "product", "description"]


def test_what_only_plans_keep_to_is_not_played_and_a_note_says_so(tmp_path: Path):
    model = shop(start=TODAY.isoformat())
    folder = book(
        tmp_path / "book",
        products=["product,case_pack", "mug,2", "jug,"],
        calendars=["site", "all"],
        inbound=["id,product,units,arrives,latest", f"P1,mug,5,{on(2)},{on(4)}"],
    )
    note = (
        "of the book these are not played: case_pack, working days of sites and customers, latest"
    )
    assert note in look(folder, model, delay=0).remarks
    plain = look(book(tmp_path / "plain"), model, delay=0).remarks
    assert not any("not played" in remark for remark in plain)


@pytest.mark.parametrize(("review", "told"), [(7, True), ({"dates": "monday"}, False)])
def test_reviews_of_a_period_count_from_today_and_a_note_says_so(
    tmp_path: Path, review: Any, told: bool
):
    policy = {"review": review, "reorder": {"rule": "s_S", "s": 0, "S": 5}}
    model = shop(start=TODAY.isoformat(), policy=policy)
    remarks = look(book(tmp_path / "book"), model, delay=0).remarks
    assert any("periodic reviews" in remark for remark in remarks) is told


@pytest.mark.parametrize(
    ("lead_time", "comes"),
    [
        ({"lead_time_in": "working_days", "calendar": "office"}, 3.0),
        ({"lead_time_factors": [{"starts": 50, "factor": 2}]}, 2.0),
    ],
)
def test_a_purchase_comes_as_the_book_says_where_its_age_tells_nothing(
    tmp_path: Path, lead_time: dict[str, Any], comes: float
):
    """Of five working days two, Friday and Monday, are over; by season, an age says nothing."""
    assert TODAY.weekday() == 1
    inbound = [*BOOK["inbound"][:1], f"P1,mug,5,{on(2)},,,{on(-4)}"]
    lines = [*BOOK["lines"][:1], f"A,mug,5,{on(-3)},{on(9)}"]
    maker = {"lead_time": 5, **lead_time}
    model = shop(start=TODAY.isoformat(), calendars={"office": {}}, suppliers={"maker": maker})
    folder = book(tmp_path / "book", inbound=inbound, lines=lines)
    (line,) = look(folder, model, delay=0).lines
    assert line.dates[0.5] == comes


def test_customers_who_are_told_leave_over_a_broken_promise(tmp_path: Path):
    """B was promised day 1, and leaves at its end: the purchase then serves C alone."""
    told = shop(policy={"reorder": "none", "notice": "at_order"})
    rows = {line.line: line for line in look(book(tmp_path / "book"), told).lines}
    assert rows["B"].dates[0.5] is None
    assert rows["C"].dates[0.8] == 2.0


def test_rules_play_in_the_same_worlds(tmp_path: Path):
    """Latest first: C takes all 3 mugs; day 2 brings its last one, and the 4 of A and B."""
    found = look(book(tmp_path / "book"), against=["lifo", "lp"]).rules
    rows = {row.rule: row for row in found}
    assert found[0].rule == "as it is"
    assert rows["as it is"].cost.mean == 2 * 2 + 4 * 2
    assert rows["lifo"].cost.mean == 8 * 2
    assert rows["lifo"].more.mean == 4
    assert rows["lp"].cost.mean == 12


def test_lines_of_an_order_are_one_order(tmp_path: Path):
    lines = ["id,product,units,order", "A,mug,1,7", "B,jug,1,7", "C,mug,1,7", "D,mug,0,7"]
    model = look(book(tmp_path / "book", lines=lines)).today.model
    assert model.scenario.opening is not None
    orders = [dict(order.lines) for order in model.scenario.opening.orders]
    assert orders == [{"mug": 1, "jug": 1}, {"mug": 1}]


def test_who_has_waited_longer_than_anybody_does_waits_on(tmp_path: Path):
    customers = {**shop().to_dict()["customers"]["all"], "tolerance": 4}
    found = look(book(tmp_path / "book"), shop(customers={"all": customers}))
    assert any("waited longer than their customers ever do" in remark for remark in found.remarks)
    assert {line.line: line.dates[0.8] for line in found.lines}["C"] == 2.0  # after 4 days


@pytest.mark.parametrize(
    ("tables", "fields", "message"),
    [
        ({"lines": ["id,product,units,class", "A,mug,1,gold"]}, {}, "a class of the scenario"),
        ({"stock": ["product,units,site", "mug,1,north"], "lines": ["id,product,units,site",
          "A,mug,1,north"], "inbound": None, "substitutes": None}, {}, "a site of the scenario"),
        ({"stock": ["product,units", "mug,1", "jug,2", "pan,3"]}, {}, "a product of the scenario"),
        ({"lines": ["id,product,units", "A,mug,1.5"]}, {}, "whole units, or .* parts of units for"),
        (
            {},
            {"customers": {"all": {"demand": {"orders": [{"time": 1, "lines": {"mug": 1}}]}}}},
            "got orders that are replayed",
        ),
    ],
    ids=["class", "site", "product", "parts", "replayed"],
)  # fmt: skip
def test_a_book_and_a_scenario_that_do_not_go_together(
    tmp_path: Path, tables: dict[str, Any], fields: dict[str, Any], message: str
):
    with pytest.raises(InputError, match=message):
        look(book(tmp_path / "book", **tables), shop(**fields))


def test_the_files_and_the_page(tmp_path: Path):
    found = look(book(tmp_path / "book"), against=["lifo"])
    written = write_outlook(found, tmp_path / "out", "Outlook")
    names = {path.name for path in written}
    assert names == {
        *("tips.csv", "lines.csv", "purchases.csv", "rules.csv"),
        *("outlook.json", "outlook.html"),
    }
    page = (tmp_path / "out" / "outlook.html").read_text()
    assert "What 7 days of delay would do" in page
    values = json.loads((tmp_path / "out" / "outlook.json").read_text())
    assert values["lines"][1]["by_80"] == on(2)
    assert values["tips"][0]["action"] == "tell"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from backsim.results.store import to_yaml

    folder, scenario = book(tmp_path / "book"), tmp_path / "shop.yaml"
    scenario.write_text(to_yaml(shop().to_dict()))
    what = ["outlook", str(folder), str(scenario), "--seed", "1", "-n", "3", "--engine", "simpy"]
    assert cli(what) == 0
    assert "0 customers" not in capsys.readouterr().out
    assert cli([*what, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "action,subject,customer,product,date,why"
    assert cli([*what, "--set", "horizon=-1"]) == 2


def test_a_date_is_met_by_the_next_play_as_often_as_it_says():
    """The k-th of n days is no earlier than another one with probability k / (n + 1)."""
    days = np.arange(1.0, 10.0)
    assert date_met(days, 0.8) == 8
    assert date_met(days, 0.9) == 9
    assert date_met(np.array([1.0, np.inf]), 0.9) is None


def test_the_state_of_a_day_is_the_opening_of_the_next():
    """What the state of day 3 says is what the run then has: stock, who waits, what comes."""
    model = from_dict(
        {
            "horizon": 20,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": 6}},
            "customers": {
                "all": {
                    "demand": {
                        "orders": [
                            {"time": 1, "lines": {"mug": 3}},
                            {"time": 2, "lines": {"mug": 4}},
                        ]
                    }
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 5}, "notice": "at_order"},
        }
    )
    log = simpy.run(model, draw(model, 1), record=True)
    opening, lines = state(model, log, 3.0)
    assert opening["stock"] == [{"product": "mug", "site": "main", "units": 0}]
    assert [(p["units"], p["age"]) for p in opening["purchases"]] == [(3, 2.0), (4, 1.0)]
    (order,) = opening["orders"]
    assert (order["lines"], order["age"], order["promised"], order["told"]) == ({"mug": 2}, 1, 5, 1)
    assert lines == [1]
    later = model.replace({"opening": opening, "customers.all.demand": {
        "orders": [{"time": 19, "lines": {"mug": 1}}]}})  # fmt: skip
    again = simpy.run(later, draw(later, 1), record=True)
    assert again.lines["closed"][0] == log.lines["closed"][1] - 3


@pytest.mark.parametrize(
    ("mean", "number", "said"),
    [
        (0.98, 1, "With a probability of 98.0 %, the only promise will"),
        (1.0, 1, "The only promise will very likely"),
        (8.6, 12, "About 9 of 12 promises will"),
        (12.0, 12, "All 12 promises will very likely"),
        (0.2, 3, "Probably none of 3 promises will"),
    ],
)
def test_what_is_expected_of_promises_reads_well(mean: float, number: int, said: str) -> None:
    assert _expected(mean, number, "promise") == said
