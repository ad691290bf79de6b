"""What practice asks of a plan, in books so small that the best plan can be worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.allocation.files import TODAY, book, said, write

from backsim.allocation.book.assemble import read_book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.plan.allocate import allocate, optimise
from backsim.allocation.plan.conflict import InfeasibleError
from backsim.allocation.plan.showing import pick_tables, remarks, shipments_table
from backsim.allocation.solver import parts, solve

LOST = "id,product,units,lost\nL1,mug,10,9\nL2,mug,7,5\n"


def test_units_are_sent_in_whole_cases(tmp_path: Path):
    """14 mugs in cases of 4: two cases of the dear line's 10, one of the other's 7; 2 stay."""
    found = book(
        tmp_path,
        lines=LOST,
        stock="product,units\nmug,14\n",
        products="product,case_pack\nmug,4\n",
    )
    plan = optimise(found)
    assert plan.served.tolist() == [8.0, 4.0]
    assert plan.cost == 2 * 9 + 3 * 5
    assert plan.unfilled["reason"].tolist() == ["less is left, or asked for, than a case"] * 2
    assert allocate(found, "fcfs").served.tolist() == [8.0, 4.0]
    assert not broken_limits(allocate(found, "fcfs"))
    assert broken_limits(allocate(found, "pro_rata")) == ["whole cases of 2 shipments"]


def test_a_case_stands_in_one_place(tmp_path: Path):
    """3 mugs here and 3 on their way make no case of 4."""
    found = book(
        tmp_path,
        lines="id,product,units,complete\nL1,mug,4,yes\n",
        stock="product,units\nmug,3\n",
        inbound="id,product,units,arrives\nP1,mug,3,2026-11-30\n",
        products="product,case_pack\nmug,4\n",
    )
    assert optimise(found).served.tolist() == [0.0]


def test_a_case_stands_in_one_bin(tmp_path: Path):
    """5 and 3 mugs in two bins are a case of 4 and 4 loose ones, not two cases."""
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,8\n",
        stock="product,units,bin\nmug,5,A\nmug,3,B\n",
        products="product,case_pack\nmug,4\n",
    )
    for rule in ("lp", "fcfs"):
        plan = allocate(found, rule)
        assert plan.picks[["bin", "units", "cases"]].values.tolist() == [["A", 4.0, 1.0]]
        assert plan.unfilled["reason"].tolist() == ["less is left, or asked for, than a case"]


def test_an_order_that_ships_whole_needs_whole_cases(tmp_path: Path):
    lines = "id,product,units,complete\nL1,mug,6,yes\nL2,mug,8,yes\n"
    found = book(
        tmp_path,
        lines=lines,
        stock="product,units\nmug,99\n",
        products="product,case_pack\nmug,4\n",
    )
    for rule in ("lp", "fcfs"):
        assert allocate(found, rule).served.tolist() == [0.0, 8.0]


def test_a_shipment_has_a_price(tmp_path: Path):
    """3 mugs today and 3 in two days: whoever waits for the rest pays 3 x 2 more, not twice."""
    files = {
        "lines": "id,product,units,lost\nL1,mug,6,99\n",
        "stock": "product,units\nmug,3\n",
        "inbound": "id,product,units,arrives\nP1,mug,3,2026-11-26\n",
    }
    plan = optimise(book(tmp_path, **files))
    assert plan.cost == 3 * 2
    lanes = "from,to,shipment\nmain,main,{}\n"
    plan = optimise(book(tmp_path, **files, lanes=lanes.format(5)))
    assert (plan.terms["shipments"], plan.cost) == (10.0, 16.0)
    plan = optimise(book(tmp_path, **files, lanes=lanes.format(10)))
    assert (plan.terms["shipments"], plan.cost) == (10.0, 22.0)
    assert set(plan.shipments["arrives"]) == {"2026-11-26"}


def test_lines_of_an_order_share_a_shipment(tmp_path: Path):
    """Each line alone is not worth 10; both of an order are, and so for the rules."""
    files = {
        "stock": "product,units\nmug,9\nplate,9\n",
        "lanes": "from,to,shipment\nmain,main,10\n",
    }
    alone = "id,product,units,lost\nL1,mug,2,4\nL2,plate,1,5\n"
    together = "id,product,units,lost,order\nL1,mug,2,4,O\nL2,plate,1,5,O\n"
    found = book(tmp_path, lines=alone, **files)
    for rule in ("lp", "fcfs"):
        plan = allocate(found, rule)
        assert (plan.served.tolist(), plan.cost) == ([0.0, 0.0], 13.0)
    reasons = optimise(found).unfilled["reason"].tolist()
    assert reasons == ["a shipment costs more than it saves"] * 2
    plan = optimise(book(tmp_path, lines=together, **files))
    assert (plan.served.tolist(), plan.cost) == ([2.0, 1.0], 10.0)
    whole = together.replace("order\n", "order,complete\n").replace(",O\n", ",O,yes\n")
    plan = allocate(book(tmp_path, lines=whole, **files), "fcfs")
    assert (plan.served.tolist(), plan.cost) == ([2.0, 1.0], 10.0)


CLASSES = "id,product,units,class,lost\nL1,mug,{},gold,9\nL2,mug,10,silver,5\n"


@pytest.mark.parametrize(
    ("gold", "served"),
    [
        (4, [4.0, 3.0]),  # gold may use what is kept; 3 are left for tomorrow
        (0, [0.0, 7.0]),
        (9, [9.0, 0.0]),  # none for silver: not so many would be left
    ],
)
def test_stock_is_kept_back_from_a_class(tmp_path: Path, gold: int, served: list[float]):
    found = book(
        tmp_path,
        lines=CLASSES.format(gold),
        stock="product,units\nmug,10\n",
        classes="class,rank,keep\ngold,1,0\nsilver,2,3\n",
    )
    plan = optimise(found)
    assert plan.served.tolist() == served
    assert plan.unfilled["reason"].tolist()[-1] == "what is left is kept back"
    assert allocate(found, "class_priority").served.tolist() == served
    for rule in ("fcfs", "class_priority"):
        assert not broken_limits(allocate(found, rule))


def test_what_comes_is_not_kept_back(tmp_path: Path):
    found = book(
        tmp_path,
        lines=CLASSES.format(0),
        stock="product,units\nmug,3\n",
        inbound="id,product,units,arrives\nP1,mug,4,2026-11-26\n",
        classes="class,keep\ngold,\nsilver,3\n",
    )
    assert optimise(found).served.tolist() == [0.0, 4.0]


def test_a_site_keeps_units_for_itself(tmp_path: Path):
    """South gets what leaves 4 in the north, when the north has its own too."""
    found = book(
        tmp_path,
        lines="id,product,units,site,weight\nL1,mug,9,south,1\nL2,mug,2,north,2\n",
        stock="product,units,site\nmug,10,north\nmug,0,south\n",
        lanes="from,to,keep\nnorth,south,4\n",
    )
    assert optimise(found).served.tolist() == [4.0, 2.0]
    assert allocate(found, "fcfs").served.tolist() == [6.0, 0.0]


def test_units_kept_back_are_named_in_a_conflict(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,class,promised\nL1,mug,2,gold,\nL2,mug,10,silver,2026-11-24\n",
        stock="product,units\nmug,12\n",
        classes="class,keep\ngold,0\nsilver,3\n",
    )
    with pytest.raises(InfeasibleError) as error:
        optimise(found)
    assert "line L2: 10 of mug promised for 2026-11-24 (1 short)" in str(error.value)
    assert "3 kept back of mug at main" in str(error.value)


@pytest.mark.parametrize(("penalty", "served"), [(3, [10.0, 0.0]), (5, [5.0, 5.0])])
def test_a_least_fill_has_a_price(tmp_path: Path, penalty: int, served: list[float]):
    """Each unit for silver saves 5 + penalty up to its half, and costs gold 9."""
    found = book(
        tmp_path,
        lines=CLASSES.format(10),
        stock="product,units\nmug,10\n",
        classes=f"class,min_fill,fill_penalty\ngold,,\nsilver,0.5,{penalty}\n",
    )
    plan = optimise(found)
    assert plan.served.tolist() == served
    short = 5.0 - served[1]
    assert plan.terms["short_fills"] == penalty * short
    assert plan.cost == 9 * (10 - served[0]) + 5 * (10 - served[1]) + penalty * short
    assert not broken_limits(allocate(found, "class_priority"))


def test_a_least_fill_with_a_price_is_no_conflict(tmp_path: Path):
    classes = "class,min_fill,fill_penalty\ngold,1,\nsilver,1,{}\n"
    files = {"lines": CLASSES.format(10), "stock": "product,units\nmug,12\n"}
    with pytest.raises(InfeasibleError, match="fill_penalty"):
        optimise(book(tmp_path, **files, classes=classes.format("")))
    plan = optimise(book(tmp_path, **files, classes=classes.format("0.5")))
    assert plan.served.tolist() == [10.0, 2.0]
    assert plan.terms["short_fills"] == 8 * 0.5


def test_days_that_are_gone_are_told_apart(tmp_path: Path):
    """Both are late by 10 days; serving one of them today, the other in 3 days, costs 3 a unit."""
    found = book(
        tmp_path,
        lines="id,product,units,due\nL1,mug,4,2026-11-14\nL2,mug,2,2026-11-14\n",
        inbound="id,product,units,arrives\nP1,mug,2,2026-11-27\n",
    )
    plan = optimise(found)
    assert plan.past_lateness == 6 * 10
    assert plan.cost == plan.terms["lateness"] == 2 * 3
    assert plan.shipments["days_late"].tolist() == [10.0, 13.0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"products": "product,case_pack\nmug,-4\nplate,\n"},
            "products.csv:2: case_pack: expected a number of at least 0, got '-4'",
        ),
        (
            {"classes": "class,keep\nall,x\n"},
            "classes.csv:2: keep: expected a number of at least 0, got 'x'",
        ),
        (
            {"lanes": "from,to,shipment\nmain,main,-1\n"},
            "lanes.csv:2: shipment: expected a number of at least 0, got '-1'",
        ),
        (
            {"classes": "class,min_fill,fill_penalty\nall,0.5,free\n"},
            "classes.csv:2: fill_penalty: expected a number of at least 0, got 'free'",
        ),
        (
            {"classes": "class,min_fill,fill_penalty\nall,,3\n"},
            "classes.csv:2: fill_penalty: expected a min_fill that it is the price of, got '3'",
        ),
        (
            {"stock": "product,units,bin\nmug,1,A\nplate,1,\nmug,1,A\n"},
            "stock.csv:4: product: expected each product once (row 2 has it too), "
            "got 'mug at main at A'",
        ),
        (
            {"inbound": "id,product,units,arrives,latest\nP,mug,1,2026-12-04,2026-12-03\n"},
            "inbound.csv:2: latest: expected a day no earlier than it arrives, and at most 366 "
            "days later, got '2026-12-03'",
        ),
        (
            {"inbound": "id,product,units,arrives,latest\nP,mug,1,2026-12-04,9999-12-31\n"},
            "inbound.csv:2: latest: expected a day no earlier than it arrives, and at most 366 "
            "days later, got '9999-12-31'",
        ),
        (
            {"calendars": "site,customer\nmain,ann\n"},
            "calendars.csv:2: site: expected one of a site, a customer and a supplier, "
            "got 'main, ann'",
        ),
        (
            {"closures": "site,supplier,from\n,,2026-12-01\n"},
            "closures.csv:2: site: expected one of a site, a customer and a supplier, got nothing",
        ),
        (
            {"calendars": "supplier\nforge\nforge\n"},
            "calendars.csv:3: site: expected each site once (row 2 has it too), "
            "got 'supplier forge'",
        ),
        (
            {"inbound": "id,product,units,arrives,transit\nP,mug,1,2026-12-04,-1\n"},
            "inbound.csv:2: transit: expected a number of at least 0, got '-1'",
        ),
        (
            {"calendars": "site,customer\n,\nmian,\n"},
            "calendars.csv:3: site: expected all, or a known site (main), got 'mian'",
        ),
        (
            {"calendars": "site,working_days\nall,monday; fryday\n"},
            "calendars.csv:2: working_days: expected weekdays such as monday; tuesday, "
            "got 'monday; fryday'",
        ),
        (
            {"calendars": "site,country\nall,XX\n"},
            "calendars.csv:2: country: expected the code of a country or of a part of it, "
            "such as DE or US-CA, got 'XX'",
        ),
        (
            {"closures": "site,from,to\nall,2026-12-24,2026-12-23\n"},
            "closures.csv:2: to: expected a day no earlier than `from`, got '2026-12-23'",
        ),
        (
            {"customers": "customer,text\nann,A\nann,B\n"},
            "customers.csv:3: customer: expected each customer once (row 2 has it too), got 'ann'",
        ),
        (
            {"settings": "name,value\nsure,2\n"},
            "settings.csv:2: sure: expected a number from 0 to 1, got '2'",
        ),
    ],
)
def test_faults_are_told_with_file_and_row(tmp_path: Path, files: dict[str, str], message: str):
    assert message in said(tmp_path, **files)


def test_what_is_not_said_limits_nothing(tmp_path: Path):
    found = book(tmp_path)
    assert np.all(found.own["products.case_pack"] == 0)
    assert np.all(found.own["lanes.shipment"] == 0)
    assert np.all(found.own["classes.keep"] == 0)


def test_strict_ranks_come_before_money(tmp_path: Path):
    """By money silver's 8 mugs are worth 100 each; by rank gold has its 5 first, at any price."""
    files = {
        "lines": "id,product,units,class,lost\nL1,mug,8,silver,100\nL2,mug,5,gold,1\n",
        "stock": "product,units\nmug,10\n",
        "classes": "class,rank\ngold,1\nsilver,2\n",
    }
    plan = optimise(book(tmp_path, **files))
    assert (plan.served.tolist(), plan.cost) == ([8.0, 2.0], 3.0)
    found = book(tmp_path, **files, settings="name,value\nstrict_ranks,yes\n")
    for solver in ("highs", "pulp"):
        plan = optimise(found, form="pulp" if solver == "pulp" else "matrix")
        assert plan.served.tolist() == pytest.approx([5.0, 5.0])
        assert plan.cost == pytest.approx(300.0)
        assert np.isnan(plan.worth).all()
    assert not plan.bounded


def test_within_a_strict_rank_money_decides(tmp_path: Path):
    """Gold's promise costs 2 a unit and its lateness 1; silver would pay 50 for each."""
    found = book(
        tmp_path,
        lines="id,product,units,class,lost,promised\n"
        "L1,mug,4,gold,3,2026-11-24\nL2,mug,4,gold,4,\nL3,mug,9,silver,50,\n",
        stock="product,units\nmug,6\n",
        classes="class,rank\ngold,1\nsilver,2\n",
        settings="name,value\nstrict_ranks,yes\npromise_penalty,2\n",
    )
    assert optimise(found).served.tolist() == pytest.approx([4.0, 2.0, 0.0], abs=1e-6)


def test_strict_ranks_with_whole_orders_and_many_products(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As a whole and part by part: gold's whole order first, then silver with what is left."""
    lines = ["id,product,units,class,lost,complete"]
    stock = ["product,units"]
    for k in range(12):
        lines += [f"G{k},p{k},4,gold,1,yes", f"S{k},p{k},3,silver,9,yes"]
        stock.append(f"p{k},{6 if k % 2 else 7}")
    found = book(
        tmp_path,
        lines="\n".join(lines) + "\n",
        stock="\n".join(stock) + "\n",
        classes="class,rank\ngold,1\nsilver,2\n",
        settings="name,value\nstrict_ranks,yes\n",
    )
    whole = optimise(found)
    for module in (solve, parts):
        monkeypatch.setattr(module, "PART", 4)
    for plan in (whole, optimise(found)):
        served = dict(zip(found.lines.ids, plan.served.tolist(), strict=True))
        assert all(served[f"G{k}"] == 4.0 for k in range(12))
        assert all(served[f"S{k}"] == (0.0 if k % 2 else 3.0) for k in range(12))


def test_a_pick_list_goes_from_bin_to_bin(tmp_path: Path):
    """Cases of 4 come from bins that hold whole ones; what leaves later stands below."""
    found = book(
        tmp_path,
        lines="id,product,units,customer,order,lost,site\nL1,mug,8,ann,O1,99,main\n"
        "L2,mug,4,bob,O2,99,main\nL3,plate,3,bob,O2,99,far\n",
        stock="product,units,site,bin\nmug,5,main,A\nmug,4,main,B\nplate,9,far,\n",
        inbound="id,product,units,arrives\nP1,mug,4,2026-11-26\n",
        lanes="from,to,days,carrier\nmain,main,1,van\n",
        products="product,case_pack,text\nmug,4,Big mug\nplate,,\n",
        customers="customer,text\nann,Ann Ltd\nzoe,\n",
    )
    assert found.sources.units.tolist() == [9.0, 9.0, 4.0]
    plan = optimise(found)
    columns = ["site", "leaves", "bin", "product", "units", "cases", "line", "carrier", "arrives"]
    assert plan.picks[columns].fillna(0).values.tolist() == [
        ["main", "2026-11-24", "A", "mug", 4.0, 1.0, "L1", "van", "2026-11-25"],
        ["main", "2026-11-24", "B", "mug", 4.0, 1.0, "L1", "van", "2026-11-25"],
        ["main", "2026-11-26", "", "mug", 4.0, 1.0, "L2", "van", "2026-11-27"],
        ["far", "2026-11-24", "", "plate", 3.0, 0.0, "L3", "", "2026-11-24"],
    ]
    assert plan.picks["product_text"].tolist() == ["Big mug", "Big mug", "Big mug", ""]
    assert plan.picks["customer_text"].tolist() == ["Ann Ltd", "Ann Ltd", "", ""]
    assert plan.picks["order"].tolist() == ["O1", "O1", "O2", "O2"]
    assert [table.name for table in pick_tables(plan)] == ["main", "far"]
    texts = [column.label for column in shipments_table(plan).columns]
    assert texts[:5] == ["line", "customer", "name", "product", "description"]


CALENDARS = "site,customer,working_days,country,supplier\n"
WEEKEND = "site,customer,working_days,country\nall,,monday; tue; wednesday; thursday; friday,\n"


@pytest.mark.parametrize(
    ("files", "leaves", "arrives"),
    [
        ({}, "2026-11-28", "2026-11-29"),  # a Saturday, and a day on the road
        ({"calendars": WEEKEND}, "2026-11-30", "2026-12-01"),
        ({"calendars": WEEKEND + ",all,tuesday,\n"}, "2026-11-30", "2026-12-01"),
        ({"calendars": WEEKEND + ",ann,friday,\n"}, "2026-12-03", "2026-12-04"),
        ({"calendars": WEEKEND + "main,,sunday,\n"}, "2026-11-29", "2026-11-30"),
        (
            {"calendars": WEEKEND, "closures": "site,from,to\nmain,2026-11-30,2026-12-01\n"},
            "2026-12-02",
            "2026-12-03",
        ),
        ({"closures": "site,customer,from\n,ann,2026-11-29\n"}, "2026-11-29", "2026-11-30"),
    ],
)
def test_nothing_leaves_or_arrives_on_closed_days(
    tmp_path: Path, files: dict[str, str], leaves: str, arrives: str
):
    """The purchase comes on Saturday, 28 November 2026."""
    found = book(
        tmp_path,
        lines="id,product,units,customer,lost\nL1,mug,4,ann,99\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives\nP1,mug,4,2026-11-28\n",
        lanes="from,to,days\nmain,main,1\n",
        **files,
    )
    plan = optimise(found)
    assert plan.picks["leaves"].tolist() == [leaves]
    assert plan.shipments["arrives"].tolist() == [arrives]
    late = (date.fromisoformat(arrives) - TODAY).days
    assert plan.cost == 4 * late


def test_a_line_without_a_due_date_is_wanted_on_the_first_day_on_which_it_may_come(tmp_path: Path):
    """Ten days of lateness would cost more than leaving it; a day that has passed is today."""
    for held, due, past in (("2026-12-04", 10.0, 0.0), ("2026-11-20", 0.0, 0.0), ("", 0.0, 0.0)):
        found = book(
            tmp_path,
            lines=f"id,product,units,not_before,lost\nL1,mug,4,{held},3\n",
            stock="product,units\nmug,4\n",
        )
        assert found.lines.due.tolist() == [due]
        assert found.past_lateness.tolist() == [past]
        plan = optimise(found)
        assert (plan.served.tolist(), plan.cost) == ([4.0], 0.0)


FORGE = ",,monday; tuesday; wednesday; thursday; friday,,forge\n"


@pytest.mark.parametrize(
    ("purchase", "files", "arrives"),
    [
        # Sent and received on Saturday, 28 November, unless somebody is closed.
        (",", {"calendars": CALENDARS + FORGE}, "2026-11-28"),
        ("forge,", {"calendars": CALENDARS + FORGE}, "2026-11-30"),
        ("smith,", {"calendars": CALENDARS + FORGE}, "2026-11-28"),
        ("smith,", {"calendars": CALENDARS + FORGE.replace("forge", "all")}, "2026-11-30"),
        # Sent on Saturday, and three days on the road; sent on Friday, and one.
        ("forge,3", {"calendars": CALENDARS + FORGE, "arrives": "2026-12-01"}, "2026-12-03"),
        ("forge,1", {"calendars": CALENDARS + FORGE}, "2026-11-28"),
        # On the road since yesterday.
        ("forge,5", {"closures": "supplier,from,to\nforge,2026-11-24,2027-01-08\n"}, "2026-11-28"),
        ("forge,4", {"closures": "supplier,from,to\nforge,2026-11-24,2027-01-08\n"}, "2027-01-13"),
        # Sent on Monday, and the site is closed on Tuesday.
        (
            "forge,1",
            {
                "calendars": CALENDARS + FORGE,
                "closures": "site,from\nmain,2026-12-01\n",
                "arrives": "2026-11-29",
            },
            "2026-12-02",
        ),
    ],
)
def test_suppliers_send_nothing_on_closed_days(
    tmp_path: Path, purchase: str, files: dict[str, str], arrives: str
):
    """Today is Tuesday, 24 November 2026; who is not in the table is open every day."""
    stated = files.get("arrives", "2026-11-28")
    found = book(
        tmp_path,
        lines="id,product,units,lost\nL1,mug,4,999\n",
        stock="product,units\nmug,0\n",
        inbound=f"id,product,units,arrives,supplier,transit\nP1,mug,4,{stated},{purchase}\n",
        **{name: text for name, text in files.items() if name != "arrives"},
    )
    plan = optimise(found)
    assert plan.shipments["arrives"].tolist() == [arrives]
    assert plan.cost == 4 * (date.fromisoformat(arrives) - TODAY).days
    told = [] if arrives == stated else [f"P1 ({stated}, now {arrives})"]
    assert [text.split(": ")[1] for text in remarks(found)] == told


def test_what_is_overdue_or_expedited_asks_for_no_open_supplier(tmp_path: Path):
    """Two units that were due yesterday count as here; two more come faster than the supplier."""
    found = book(
        tmp_path,
        lines="id,product,units,lost\nL1,mug,4,999\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives,supplier,expedited,expedite_cost\n"
        "P1,mug,2,2026-11-23,forge,,\nP2,mug,2,2026-11-28,forge,2026-11-26,3\n",
        closures="supplier,from,to\nforge,2026-11-23,2026-12-31\n",
    )
    plan = optimise(found)
    assert found.overdue == ("P1",)
    assert plan.shipments["arrives"].tolist() == ["2026-11-24", "2026-11-26"]
    assert plan.cost == 2 * (2 + 3)


def test_units_that_wait_for_room_leave_on_working_days(tmp_path: Path):
    """A dock of 2 a day: Thursday, Friday, then Monday."""
    found = read_book(
        write(
            tmp_path,
            lines="id,product,units,lost\nL1,mug,6,99\n",
            stock="product,units\nmug,6\n",
            capacity="name,units\nmain,2\n",
            calendars=WEEKEND,
        ),
        date(2026, 11, 26),
    )
    plan = optimise(found)
    assert plan.picks["leaves"].tolist() == ["2026-11-26", "2026-11-27", "2026-11-30"]
    assert plan.cost == 2 * (0 + 1 + 4)


def test_public_holidays_are_closed(tmp_path: Path):
    pytest.importorskip("holidays")
    found = book(
        tmp_path,
        lines="id,product,units,lost\nL1,mug,4,99\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives\nP1,mug,4,2026-12-24\n",
        calendars="site,country\nall,DE\n",
        closures="site,from\nall,2026-12-24\n",
    )
    assert optimise(found).picks["leaves"].tolist() == ["2026-12-28"]


def test_an_arrival_that_is_not_sure(tmp_path: Path):
    """Any of 1 to 5 days from today, due on day 2: late by (0 + 0 + 1 + 2 + 3) / 5 on average."""
    files = {
        "lines": "id,product,units,due,lost\nL1,mug,2,2026-11-26,99\n",
        "stock": "product,units\nmug,0\n",
        "inbound": "id,product,units,arrives,latest\nP1,mug,2,2026-11-25,2026-11-29\n",
    }
    for share, day in (("", 28), ("0.2", 25), ("0.6", 27), ("1", 29)):
        settings = f"name,value\nsure,{share}\n" if share else "name,value\ntoday,2026-11-24\n"
        plan = optimise(book(tmp_path, **files, settings=settings))
        assert plan.shipments["arrives"].tolist() == [f"2026-11-{day}"]
        assert plan.cost == pytest.approx(2 * 6 / 5)


@pytest.mark.parametrize("held", ["", "2026-12-01"])
@pytest.mark.parametrize("calendars", ["", WEEKEND, CALENDARS + FORGE])
def test_expected_lateness_is_the_mean_over_the_days_of_arrival(
    tmp_path: Path, calendars: str, held: str
):
    """One book whose purchase comes on any of eight days, and eight books in which it is sure."""

    def cost(arrives: int, latest: str) -> float:
        day = date(2026, 11, arrives)
        found = book(
            tmp_path,
            lines=f"id,product,units,lost,weight,due,not_before\nL1,mug,4,99,2,2026-11-27,{held}\n",
            stock="product,units\nmug,0\n",
            inbound="id,product,units,arrives,latest,supplier,transit\n"
            f"P1,mug,4,{day},{latest},forge,1\n",
            lanes="from,to,days\nmain,main,1\n",
            calendars=calendars,
        )
        return optimise(found).cost

    each = [cost(day, "") for day in range(23, 31)]
    assert cost(23, "2026-11-30") == pytest.approx(np.mean(each[1:]))  # today is the 24th


def test_a_sure_purchase_is_worth_more_to_who_is_in_a_hurry(tmp_path: Path):
    """Both come on day 2 or, one of them, on day 2 to 6: 2 days later on average."""
    found = book(
        tmp_path,
        lines="id,product,units,due,lost,weight\nL1,mug,2,2026-11-26,99,1\n"
        "L2,mug,2,2026-11-26,99,3\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives,latest\nP1,mug,2,2026-11-26,2026-11-30\n"
        "P2,mug,2,2026-11-26,\n",
    )
    plan = optimise(found)
    assert dict(zip(plan.shipments["line"], plan.shipments["source"], strict=True)) == {
        "L1": "P1",
        "L2": "P2",
    }
    assert plan.cost == pytest.approx(2 * 2)


def test_an_overdue_purchase_that_may_still_take_days(tmp_path: Path):
    """Expected last week, here by the day after tomorrow at the latest: 1 day late on average."""
    found = book(
        tmp_path,
        lines="id,product,units,lost\nL1,mug,3,99\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives,latest\nP1,mug,3,2026-11-17,2026-11-26\n",
    )
    assert found.overdue == ()
    assert optimise(found).cost == pytest.approx(3.0)
