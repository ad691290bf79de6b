"""Lead times by supplier and item: pooled, in parts, in sequence, late."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.data.exports import SHOP, write

from backsim.api import simulate
from backsim.backtest.simulated import tables_of
from backsim.cli import run as cli
from backsim.data.calibrate import calibrate
from backsim.data.fit.byday import positions
from backsim.data.fit.items import item_factors, without
from backsim.data.fit.laws import LAWS
from backsim.data.fit.supply import Crossing
from backsim.data.fit.survival import fit_all
from backsim.data.fit.times import Times
from backsim.data.writing import write_export
from backsim.report.data import missing
from backsim.scenario import from_dict

GENERATOR = np.random.default_rng


def purchases_of_items(spread: float, seed: int, each: int = 12) -> tuple[Times, np.ndarray]:
    """Gamma times (mean 20, cv 0.3) of 40 items, a sixth open; and the true factors."""
    generator = GENERATOR(seed)
    factors = np.exp(generator.normal(0, spread, 40))
    item = np.repeat(np.arange(40), each)
    length = generator.gamma(1 / 0.09, 20 * 0.09, len(item)) * factors[item]
    limit = generator.uniform(0, 150, len(item))
    low = np.minimum(length, limit)
    return Times.of(low, np.where(length < limit, low, np.inf), label=item), factors


def test_items_that_differ_have_factors():
    """Nearer to the truth than one lead time for all, and than each item's own mean."""
    times, factors = purchases_of_items(0.25, 1, each=4)
    law = fit_all(times, LAWS[1:2])[0]
    found = item_factors(times, law)
    assert found is not None
    assert found.spread == pytest.approx(0.25, abs=0.08)
    true = np.log(factors[found.items])
    error = np.log(found.factors) - true
    assert error.std() < 0.6 * true.std()
    within = fit_all(without(times, found), LAWS[1:2])[0]
    assert within.sd.value / within.mean.value == pytest.approx(0.3, abs=0.05)
    assert law.sd.value / law.mean.value > 0.36


def test_items_that_do_not_differ_share_their_lead_times():
    """False alarm: 1 % for each of 30 suppliers; more than 2 have 0.3 %."""
    believed = 0
    for seed in range(30):
        times, _ = purchases_of_items(0.0, 100 + seed)
        believed += item_factors(times, fit_all(times, LAWS[1:2])[0]) is not None
    assert believed <= 2


@pytest.mark.parametrize(
    ("seen", "by_chance", "allowed"),
    [(0, 2, True), (0, 12, False), (2, 12, False), (6, 12, True), (40, 41, True)],
)
def test_purchases_are_in_sequence_where_far_fewer_overtake_than_by_chance(
    seen: int, by_chance: float, allowed: bool
):
    assert Crossing(seen, by_chance).allowed is allowed


RECEIPTS = {
    "purchases.csv": """
        purchase,supplier,product,ordered,units,confirmed
        P1,acme,mug,2024-03-04,12,2024-03-08
        P2,acme,mug,2024-03-05,12,2024-03-20
        P3,acme,mug,2024-03-06,12,
    """,
    "receipts.csv": """
        purchase,received,units
        P1,2024-03-08,6
        P1,2024-03-10,6
        P2,2024-03-09,4
        P3,,12
        P9,2024-03-09,12
    """,
}


def test_what_came_in_parts_is_open_until_the_last(tmp_path: Path):
    """P1 came in two receipts, the second two days late; of P2 a third is here, of P3 nothing."""
    found = calibrate(write(tmp_path, {**SHOP, **RECEIPTS}))
    bought = found.history.purchases
    assert bought.received.tolist() == pytest.approx([6, np.nan, np.nan], nan_ok=True)
    assert bought.first.tolist() == pytest.approx([4, 5, np.nan], nan_ok=True)
    assert bought.parts.tolist() == [2, 1, 0]
    assert found.history.came.units.tolist() == [6, 6, 4]
    receipts = next(rows for rows in found.history.rows if rows.table == "receipts")
    assert receipts.dropped == {"no date or units": 1, "of no purchase": 1}
    (supplier,) = found.lead_times
    assert (supplier.parts.share, supplier.parts.usual, supplier.parts.days) == (1, 2, 2)
    assert (supplier.late.known, supplier.late.share, supplier.late.days) == (1, 1, 2)


@pytest.mark.parametrize(
    ("parts", "together", "shipment"),
    [(True, False, "partial"), (False, False, "line"), (False, True, "order")],
)
def test_how_a_class_is_shipped(tmp_path: Path, parts: bool, together: bool, shipment: str):
    """Sixty orders of two lines of which the second waits: in parts, whole, or both together."""
    lines = ["order,line,product,units,ordered", "0,1,mug,1,2024-03-01"]
    lines.append("99,1,mug,1,2024-07-05")  # orders go on until the last shipment
    shipments = ["order,line,units,shipped", "0,1,1,2024-03-01", "99,1,1,2024-07-05"]
    for k in range(1, 61):
        day = f"2024-{3 + k // 28:02d}-{1 + k % 28:02d}"
        later = f"2024-{5 + k // 28:02d}-{1 + k % 28:02d}"
        lines += [f"{k},1,mug,2,{day}", f"{k},2,cup,4,{day}"]
        shipments.append(f"{k},1,2,{later if together else day}")
        shipments += [f"{k},2,1,{day}", f"{k},2,3,{later}"] if parts else [f"{k},2,4,{later}"]
    texts = {"lines.csv": "\n".join(lines), "shipments.csv": "\n".join(shipments)}
    (found,) = calibrate(write(tmp_path, texts)).shipping
    assert found.shipment == shipment


def test_purchases_that_are_all_left_out_are_none(tmp_path: Path):
    """The scenario has a supplier all the same, of an assumed lead time."""
    purchases = "purchase,supplier,product,ordered,units,received\nP1,acme,mug,2024-03-04,0,"
    export = write(tmp_path / "export", {**SHOP, "purchases.csv": purchases})
    assert cli(["calibrate", str(export), "--out", str(tmp_path / "out")]) == 0
    assert "supplier:" in (tmp_path / "out" / "scenario.yaml").read_text()


def test_purchases_that_wait_for_earlier_ones(tmp_path: Path):
    """Seven under way at a time, of 20 days: one slow one holds the others, which is no outage."""
    scenario = {
        "start": "2024-01-01",
        "warm_up": 100,
        "horizon": 1300,
        "products": ["mug", "cup"],
        "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 20, "cv": 0.3}}, "crossing": False}},
        "customers": {
            "all": {"demand": {"arrivals": {"poisson": {"rate": 5}}, "products": ["mug", "cup"]}}
        },
        "policy": {"reorder": {"rule": "r_nQ", "r": 60, "Q": 7}},
    }
    write_export(tables_of(simulate(from_dict(scenario), seed=2)), "plain", tmp_path)
    (one,) = calibrate(tmp_path).lead_times
    assert not one.crossing
    assert one.fit is not None
    assert one.fit.mean.holds(20), one.fit.mean
    assert one.fit.sd.holds(6), one.fit.sd
    assert one.mean_days == one.completed_mean > 22
    assert not one.outages


@pytest.mark.parametrize("shape", [None, 0.5])
def test_orders_that_vary_more_than_a_poisson_process(tmp_path: Path, shape: float | None):
    """Ten per day on average, of days that are alike, or that vary by a gamma factor."""
    draw = GENERATOR(1)
    rows = ["order,line,product,units,ordered"]
    for k in range(200):
        rate = 10 if shape is None else 10 * draw.gamma(shape, 1 / shape)
        day = datetime.date(2024, 3, 4) + datetime.timedelta(days=k)
        rows += [f"{k}-{i},1,mug,1,{day}" for i in range(draw.poisson(rate))]
    (tmp_path / "lines.csv").write_text("\n".join(rows))
    told = [text for text in missing(calibrate(tmp_path)) if "variance" in text]
    assert len(told) == (0 if shape is None else 1)


def test_weekdays_without_a_receipt_are_closed(tmp_path: Path):
    """Sixty purchases placed on every day of the week, none of which arrives at a weekend."""
    rows = ["purchase,supplier,product,ordered,units,received"]
    for k in range(60):
        placed = datetime.date(2024, 3, 4) + datetime.timedelta(days=k)
        came = placed + datetime.timedelta(days=3)
        came += datetime.timedelta(days=max(0, 7 - came.weekday()) if came.weekday() > 4 else 0)
        rows.append(f"P{k},acme,mug,{placed},12,{came}")
    days = calibrate(write(tmp_path, {**SHOP, "purchases.csv": "\n".join(rows)})).calendars
    assert days.reviews.weekdays == tuple(range(7))
    assert days.receiving[0].weekdays == tuple(range(5))


@pytest.mark.parametrize(
    ("suppliers", "said"),
    [
        (["acme"], "Supplier acme has few receipts: lead times of all are taken."),
        (
            list("abcdef"),
            "6 suppliers have few receipts, and the lead times of all: a, b, c and 3 ",
        ),
    ],
)
def test_suppliers_with_few_receipts_are_told_in_a_sentence(
    tmp_path: Path, suppliers: list[str], said: str
):
    rows = ["purchase,supplier,product,ordered,units,received"]
    rows += [f"P{name},{name},mug,2024-03-04,12,2024-03-14" for name in suppliers]
    found = calibrate(write(tmp_path, {**SHOP, "purchases.csv": "\n".join(rows)}))
    assert sum(said in sentence for sentence in missing(found)) == 1
    assert sum("few receipts" in sentence for sentence in missing(found)) == 1


def test_the_rest_of_a_purchase_that_will_not_come_makes_no_lead_time_longer(tmp_path: Path):
    """A fifth of the purchases bring 95 of 100, and are closed; lead times are 6 to 12 days."""
    day = datetime.date(2024, 1, 1)

    def date(number: int) -> str:
        return str(day + datetime.timedelta(days=number))

    bought, came = (
        ["purchase,line,supplier,product,ordered,units"],
        ["purchase,line,received,units"],
    )
    for k in range(200):
        bought.append(f"P{k},1,acme,mug,{date(2 * k)},100")
        came.append(f"P{k},1,{date(2 * k + 6 + k % 7)},{95 if k % 5 == 0 else 100}")
    orders = [f"{k},1,mug,50,{date(k)}" for k in range(415)]
    files = {
        "lines.csv": "order,line,product,units,ordered\n" + "\n".join(orders),
        "purchases.csv": "\n".join([*bought, f"P200,1,acme,mug,{date(100)},100"]),
        "receipts.csv": "\n".join(came),
        "stock.csv": "day,product,units\n" + "\n".join(f"{date(k)},mug,500" for k in (0, 410)),
    }
    found = calibrate(write(tmp_path, files))
    (supplier,) = found.lead_times
    assert supplier.open == 1
    assert supplier.completed_mean == pytest.approx(8, abs=0.1)  # from the evening to the morning
    assert supplier.fit is not None
    assert supplier.fit.mean.value == pytest.approx(8, abs=0.5)
    known = positions(found.history)
    assert known is not None
    assert known[0, 400] - known[0, 0] == 200 * 100 - 39 * 5 - 400 * 50
    assert any("40 purchases came in part, and nothing more" in n for n in found.history.notes)
    assert any("1 purchase under way for longer than any" in n for n in found.history.notes)
