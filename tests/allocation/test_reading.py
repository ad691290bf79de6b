"""Books as files: what is read, and one fault at a time with its whole message."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.allocation.files import LINES, STOCK, TODAY, book, said, write

from backsim.allocation.book import tables
from backsim.allocation.book.assemble import read_book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.plan.allocate import allocate, optimise
from backsim.allocation.plan.shares import pro_rata
from backsim.errors import InputError


def test_defaults(tmp_path: Path):
    found = book(tmp_path)
    assert found.lines.ids == ("L1", "L2")
    assert found.lines.weight.tolist() == [1.0, 1.0]
    assert found.lines.lost.tolist() == [1.0, 1.0]  # as if it came tomorrow
    assert found.names.products == ("mug", "plate")
    assert found.names.customers == ("line L1", "line L2")
    assert found.options.line.tolist() == [0, 1]
    assert optimise(found).served.tolist() == [4.0, 0.0]


def test_everything(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,customer,class,site,order,ordered,due,promised,tolerance,weight,"
        "lost,smallest,complete,substitutes,sites\n"
        "L2,mug,5,ann,gold,north,O1,2026-11-20,2026-11-22,2026-11-30,30,2,9,1,no,none,none\n"
        "L1,mug,3,bob,silver,south,O1,2026-11-20,2026-11-25,,,,,,yes,plate,\n",
        stock="product,units,site\nmug,4,north\nmug,1,south\nplate,6,south\n",
        inbound="id,product,units,arrives,site,expedited,expedite_cost\n"
        "P1,mug,7,2026-12-04,north,2026-11-26,0.5\n",
        lanes="from,to,days,transport,transfer,carrier\nnorth,south,2,0.1,0.2,van\n",
        substitutes="product,instead,cost\nmug,plate,3\n",
        classes="class,rank,weight,lost,min_fill\ngold,1,4,,0.5\nsilver,2,1,8,\n",
        products="product,price\nmug,10\nplate,4\n",
        settings="name,value\nfairness,0.5\npromise_penalty,2\n",
    )
    lines = found.lines
    assert lines.ids == ("L1", "L2")  # by day of order, then id
    assert lines.weight.tolist() == [1.0, 2.0]
    assert lines.lost.tolist() == [8.0, 9.0]
    assert lines.due.tolist() == [1.0, -2.0]
    assert lines.promised.tolist() == [np.inf, 6.0]
    assert lines.complete.tolist() == [True, True]  # it is one order
    assert found.limits.min_fill == {0: 0.5}
    assert (found.limits.fairness, found.limits.promise_penalty) == (0.5, 2.0)
    options = [
        (
            lines.ids[found.options.line[k]],
            found.sources.ids[found.options.source[k]],
            float(found.options.day[k]),
            round(float(found.unit_costs[k]), 10),
        )
        for k in range(len(found.options))
    ]
    assert set(options) >= {
        ("L1", "mug at north", 2.0, 1.3),  # a day late, transport and transfer
        ("L1", "mug at south", 0.0, 0.0),
        ("L1", "plate at south", 0.0, 3.0),
        ("L1", "P1", 4.0, 3.8),  # expedited
        ("L1", "P1", 12.0, 11.3),
        ("L2", "mug at north", 0.0, 0.0),
        ("L2", "P1", 2.0, 4.5),
        ("L2", "P1", 10.0, 20.0),
    }
    # The order ships whole, so that each may come on every day on which one of them can.
    assert {day for *_, day, _ in options} == {0.0, 2.0, 4.0, 10.0, 12.0}
    assert len(options) == len(set(options)) == 29


def test_who_would_be_gone_is_not_served(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,ordered,tolerance\nL1,mug,5,2026-11-20,10\nL2,mug,3,2026-11-24,\n",
        stock="product,units\nmug,0\n",
        inbound="id,product,units,arrives\nP1,mug,9,2026-12-01\n",
    )
    plan = optimise(found)
    assert plan.served.tolist() == [0.0, 3.0]
    assert found.too_late.tolist() == [1, 0]
    assert plan.unfilled["reason"].tolist() == [
        "all that is under way comes after the customer has gone"
    ]


def test_who_has_waited_long_is_not_given_up(tmp_path: Path):
    """84 days late at 3 a day, against 60 for a lost unit: those days are gone whatever is done."""
    found = book(
        tmp_path,
        lines="id,product,units,due,weight,lost\nL1,mug,5,2026-09-01,3,60\nL2,mug,2,2026-11-20,3,60\n",
        stock="product,units\nmug,6\n",
    )
    plan = optimise(found)
    assert plan.served.sum() == 6.0
    assert plan.terms["lost"] == 60.0
    assert plan.past_lateness == 5 * 84 * 3 + 2 * 4 * 3  # told apart: no plan can change it
    assert plan.terms["lateness"] == 0.0
    assert plan.cost == plan.bound == 60.0


def test_a_promise_whose_day_is_over_is_broken_and_goes_before_newer_ones(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,promised\nL1,mug,5,2026-11-23\nL2,mug,2,2026-11-24\n",
    )
    plan = optimise(found)
    assert plan.served.tolist() == [4.0, 0.0]
    assert plan.promises["promised_before"].tolist() == ["2026-11-23", "2026-11-24"]
    assert plan.broken.tolist() == [5.0, 2.0]


def test_a_purchase_that_should_be_here(tmp_path: Path):
    text = "id,product,units,arrives\nP1,mug,3,2026-11-20\nP2,mug,3,2026-11-24\n"
    assert book(tmp_path, inbound=text).overdue == ("P1",)


def test_why_not(tmp_path: Path):
    """Nothing is there; and what is left is too dear once the others have theirs."""
    found = book(
        tmp_path,
        lines="id,product,units,customer,lost\nL1,mug,4,ann,9\nL2,plate,4,bob,9\n",
        settings="name,value\nfairness,0\n",
    )
    assert optimise(found).unfilled["reason"].tolist() == ["nothing in stock or under way"]
    found = book(
        tmp_path,
        lines="id,product,units,lost,weight\nL1,mug,4,90,1\nL2,mug,4,9,1\n",
        stock="product,units,site\nmug,4,main\nmug,4,far\nplate,0,main\n",
        lanes="from,to,transfer\nfar,main,10\n",
        settings="",
    )
    (tmp_path / "settings.csv").unlink()
    found = read_book(tmp_path, TODAY)
    assert optimise(found).unfilled["reason"].tolist() == [
        "units go to other lines; serving it from what is left costs more than leaving it"
    ]


def test_sharing_keeps_to_whole_units(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units\nL1,mug,4\nL2,mug,3\n",
        settings="name,value\nwhole_units,yes\n",
    )
    plan = pro_rata(found)  # 2 2/7 and 1 5/7
    assert not broken_limits(plan)
    assert plan.served.tolist() == [2.0, 2.0]


def test_no_day_is_too_far(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,lost\nL1,mug,1,1e9\n",
        stock="product,units,site\nmug,0,far\n",
        inbound="id,product,units,arrives,site\nP1,mug,1,9999-12-31,far\n",
        lanes="from,to,days\nfar,main,2\n",
    )
    assert optimise(found).promises["promise"].tolist() == [
        f"in {(date.max - TODAY).days + 2} days"
    ]


def test_what_comes_by_a_long_lane_is_worth_sending(tmp_path: Path):
    """Where no price of a lost unit is given, it counts as if served a day after all else."""
    found = book(
        tmp_path,
        stock="product,units,site\nmug,9,far\nplate,0,far\n",
        lanes="from,to,days\nfar,main,5\n",
    )
    assert optimise(found).served.tolist() == [5.0, 0.0]


@pytest.mark.parametrize("days", [0, 0.1, 0.7])
def test_a_closed_day_is_closed_for_every_lane(tmp_path: Path, days: float):
    found = book(
        tmp_path,
        lines="id,product,units,site,lost\nL1,mug,10,n,99\n",
        stock="product,units\nmug,0\nplate,0\n",
        inbound="id,product,units,arrives\nP1,mug,10,2026-11-28\n",
        lanes=f"from,to,days\nmain,n,{days}\n",
        capacity="name,units,from,to\nmain,0,2026-11-28,2026-11-28\n",
    )
    plan = optimise(found)
    assert found.options.day[plan.units > 0].tolist() == [5 + days]


@pytest.mark.parametrize("rule", ["lp", "fcfs"])
def test_an_order_that_ships_whole_waits_for_its_last_part(tmp_path: Path, rule: str):
    """The mugs that are here wait for the plates, unless others are worth more today."""
    found = book(
        tmp_path,
        lines="id,product,units,order,complete,lost,weight\n"
        "L1,mug,5,O1,yes,99,1\nL2,plate,3,O1,,99,1\nL3,mug,2,O2,,99,1\n",
        stock="product,units\nmug,7\nplate,1\n",
        inbound="id,product,units,arrives\nP1,plate,4,2026-12-04\n",
    )
    plan = allocate(found, rule)
    sent = plan.shipments[["line", "units", "arrives"]].values.tolist()
    assert sorted(sent) == [
        ["L1", 5.0, "2026-12-04"],
        ["L2", 1.0, "2026-12-04"],
        ["L2", 2.0, "2026-12-04"],
        ["L3", 2.0, "2026-11-24"],
    ]
    assert broken_limits(plan) == []
    (tmp_path / "capacity.csv").write_text("name,units,from\nmain,4,2026-12-01\n")
    (tmp_path / "settings.csv").write_text("name,value\nshipping_days,2\n")
    plan = allocate(read_book(tmp_path, TODAY), rule)
    assert plan.served.tolist() == [0.0, 0.0, 2.0]  # the dock never moves all eight in a day


def test_a_dock_moves_so_many_a_day(tmp_path: Path):
    """Three a day from today on, in the order of what waiting costs; after five days it ends."""
    found = book(
        tmp_path,
        lines="id,product,units,weight,lost\nL1,mug,5,1,9\nL2,mug,3,2,9\nL3,mug,20,1,9\n",
        stock="product,units\nmug,40\n",
        capacity="name,units\nmain,3\n",
    )
    plan = optimise(found)
    assert plan.served.sum() == 18.0
    assert plan.served[:2].tolist() == [5.0, 3.0]
    today = found.options.day == 0
    assert found.options.line[today & (plan.units > 0)].tolist() == [1]
    assert set(plan.unfilled["reason"]) == {"the carrier or dock has no room"}
    assert found.limits.capacity.names[0] == "main on day 0"


def test_a_carrier_has_days_off(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,site,lost\nL1,mug,5,south,9\n",
        stock="product,units\nmug,40\n",
        lanes="from,to,days,carrier\nmain,south,1,van\n",
        capacity="name,units,from,to\nvan,0,2026-11-24,2026-11-25\nvan,4,2026-11-26,\n",
    )
    plan = optimise(found)
    assert plan.shipments[["units", "arrives"]].values.tolist() == [
        [4.0, "2026-11-27"],
        [1.0, "2026-11-28"],
    ]


def test_dates_in_another_form(tmp_path: Path):
    write(tmp_path, lines="id;product;units;due\nL1;mug;5;31/01/2027\nL2;plate;3;02/12/2026\n")
    found = read_book(tmp_path, TODAY, "%d/%m/%Y")
    assert found.lines.due.tolist() == [68.0, 8.0]


def test_files_in_a_form_that_is_not_found_but_said(tmp_path: Path):
    """One that no header tells: `#` between fields, in the encoding of old DOS."""
    (tmp_path / "stock.csv").write_text("product#units\nmug#4\nplate#0\n")
    lines = "id#product#units#customer\nL1#mug#5#Müller\nL2#plate#3#Ødegård\n"
    (tmp_path / "lines.csv").write_bytes(lines.encode("cp850"))
    found = read_book(tmp_path, TODAY, delimiter="#", encoding="cp850")
    assert found.names.customers == ("Müller", "Ødegård")
    (tmp_path / "settings.csv").write_text("name,value\ndelimiter,#\nencoding,cp850\n")
    assert read_book(tmp_path, TODAY).names.customers == ("Müller", "Ødegård")
    (tmp_path / "settings.csv").write_text("name,value\ndelimiter,tab\nencoding,cp850\n")
    with pytest.raises(InputError, match=r"lines.csv:1: expected a column 'id'"):
        read_book(tmp_path, TODAY)


def test_where_a_file_is_in_another_encoding(tmp_path: Path):
    path = write(tmp_path, settings="name,value\nencoding,utf-8\n")
    (path / "lines.csv").write_bytes((LINES + "L3,mug,1\n").replace("L3", "L\xe9").encode("cp1252"))
    message = r"lines.csv:4: expected a CSV file in utf-8 \(byte 38\)"
    with pytest.raises(InputError, match=message):
        read_book(path, TODAY)


@pytest.mark.parametrize("ending", ["xlsx", "xlsm"])
def test_a_workbook_is_the_same_book(tmp_path: Path, ending: str):
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "lines"
    for row in (
        ["id", "product", "units", "due"],
        ["L1", "mug", 5, date(2026, 12, 1)],
        [None],
        ["L2", "mug", 1],
    ):
        sheet.append(row)
    sheet = workbook.create_sheet("stock")
    for row in (["product", "units"], ["mug", 4.0]):
        sheet.append(row)
    file = tmp_path / f"book.{ending}"
    workbook.save(file)
    found = read_book(file, TODAY)
    assert found.lines.due.tolist() == [7.0, 0.0]
    assert found.sources.units.tolist() == [4.0]
    sheet.append(["mugg", -1])
    workbook.save(file)
    with pytest.raises(InputError) as error:
        read_book(file, TODAY)
    assert str(error.value) == (f"{file}:stock:3: units: expected a number of at least 0, got '-1'")


def test_dates_that_a_spreadsheet_has_turned_round_are_refused(tmp_path: Path):
    """Due on every third day from 1 March, in a file with 04/03/2026 for 4 March."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "lines"
    sheet.append(["id", "product", "units", "due"])
    for k in range(20):
        day = date(2026, 3, 1) + timedelta(days=3 * k)
        turned = date(day.year, day.day, day.month) if day.day <= 12 else f"{day:%d/%m/%Y}"
        sheet.append([f"L{k}", "mug", 1, turned])
    sheet = workbook.create_sheet("stock")
    for row in (["product", "units"], ["mug", 4]):
        sheet.append(row)
    file = tmp_path / "book.xlsx"
    workbook.save(file)
    with pytest.raises(InputError, match=r"lines:6: due: expected dates as they were written"):
        read_book(file, TODAY)


def test_a_broken_workbook(tmp_path: Path):
    file = tmp_path / "book.xlsx"
    file.write_bytes(b"PK\x03\x04 this is no workbook")
    with pytest.raises(InputError, match=r"expected an Excel workbook \(.xlsx\): BadZipFile"):
        read_book(file)
    with pytest.raises(InputError, match="expected a file that exists"):
        read_book(tmp_path / "none.xlsx")


def test_compressed_files(tmp_path: Path):
    write(tmp_path, lines="")
    (tmp_path / "lines.csv.gz").write_bytes(gzip.compress(LINES.encode()))
    assert len(read_book(tmp_path, TODAY).lines) == 2
    write(tmp_path)
    with pytest.raises(
        InputError, match=r"lines.csv.gz: expected each table once, got .*lines.csv"
    ):
        read_book(tmp_path, TODAY)
    (tmp_path / "lines.csv").unlink()
    (tmp_path / "lines.csv.gz").write_bytes(gzip.compress(LINES.encode())[:-9])
    with pytest.raises(InputError, match=r"lines.csv.gz: expected a whole gzip file"):
        read_book(tmp_path, TODAY)


FAULTS = [
    (
        {"lines": "id;product;units\nL1;mug;1.200\nL2;mug;3\n"},
        "lines.csv:2: units: expected the setting `decimal` ('.' or ','), as this may be 1.2 with "
        "a decimal point, 1200 with a decimal comma, got '1.200'",
    ),
    (
        {"lines": "id;product;units\nL1;mug;1.5\nL2;mug;2,5\n"},
        "lines.csv:3: units: expected one decimal sign in the column (`decimal`), "
        "not 1.5 and 2,5, got '2,5'",
    ),
    (
        {"lines": "id,product,units,due\nL1,mug,5,31/01/2027\nL2,mug,5,01/31/2027\n"},
        "lines.csv:3: due: expected a date written as YYYY-MM-DD, or a date_format, "
        "got '01/31/2027'",
    ),
    (
        {"lines": "id,product,units\nL1,#N/A,5\n"},
        "lines.csv:2: product: expected a name, not a formula that failed, got '#N/A'\n"
        "lines.csv:2: product: expected a known product (mug, plate), got '#N/A'",
    ),
    (
        {"settings": "name,value\ndecimal,dot\n"},
        "settings.csv:2: decimal: expected point or comma, got 'dot'",
    ),
    (
        {"settings": "name,value\ndelimiter,semicolon\nencoding,utf-88\n"},
        "settings.csv:2: delimiter: expected one character, such as ';', got 'semicolon'\n"
        "settings.csv:3: encoding: expected a known encoding, such as utf-8, utf-16 or cp1252, "
        "got 'utf-88'",
    ),
    (
        {"columns": "table,column,heading\nlimes,units,Menge\n"},
        "columns.csv:2: table: expected a known table (lines, lanes, classes), got 'limes'",
    ),
    (
        {"columns": "table,column,heading\nlines,unit,Menge\n"},
        "columns.csv:2: column: expected a known column of lines (units, site), got 'unit'",
    ),
    (
        {"columns": "table,column,heading\nlines,units,Menge\n"},
        "lines.csv:1: expected a column 'Menge' (units still open), got id, product, units",
    ),
    (
        {"columns": "table,column,heading\nlines,units,units\nlines,units,u\n"},
        "columns.csv:3: heading: expected each column once, got 'u'",
    ),
    (
        {"lines": "id,product,units,site\nL1,mug,5,nroth\n"},
        "lines.csv:2: site: expected a known site (main), got 'nroth'",
    ),
    (
        {"lines": "id,product,units,substitutes\nL1,mug,5,palte;mug\n"},
        "lines.csv:2: substitutes: expected none, or known names (plate), got 'palte'",
    ),
    (
        {"lines": "id,product,units,sites\nL1,mug,5,None\n"},
        "lines.csv:2: sites: expected none, or known names (main), got 'None'",
    ),
    (
        {"classes": "class,rank\nall,1.5\n"},
        "classes.csv:2: rank: expected a whole number, got '1.5'",
    ),
    (
        {"capacity": "name,units,from,to\nmain,5,2026-12-02,2026-12-01\n"},
        "capacity.csv:2: to: expected a day no earlier than `from`, got '2026-12-01'",
    ),
    (
        {"lanes": "from,to,carrier\nmain,main,main\n"},
        "lanes.csv:2: carrier: expected a name that no site has, got 'main'",
    ),
    (
        {"stock": "product,units\nmug,1_0\nplate,0\n"},
        "stock.csv:2: units: expected a number of at least 0, got '1_0'",
    ),
    (
        {"stock": "product,units\nmug,-4\nplate,0\n"},
        "stock.csv:2: units: expected a number of at least 0, got '-4'",
    ),
    (
        {"lines": "id,product,units\nL1,mug,5\nL2,mug,3\nL1,plate,2\n"},
        "lines.csv:4: id: expected each id once (row 2 has it too), got 'L1'",
    ),
    (
        {"stock": "product,units\nmug,4\nplate,0\nmug,3\n"},
        "stock.csv:4: product: expected each product once (row 2 has it too), got 'mug at main'",
    ),
    (
        {"lines": "id,product,units\nL1,mgu,5\n"},
        "lines.csv:2: product: expected a known product (mug), got 'mgu'",
    ),
    (
        {"lines": "id,product,units,due\nL1,mug,5,05/02/2027\n"},
        "lines.csv:2: due: expected a `date_format`, as this may be 2027-02-05 or 2027-05-02, "
        "got '05/02/2027'",
    ),
    (
        {"lines": "id,product,units,due\nL1,mug,5,2027-02-30\n"},
        "lines.csv:2: due: expected a date written as YYYY-MM-DD, or a date_format, got "
        "'2027-02-30'",
    ),
    (
        {
            "lines": "id,product,units,due\nL1,mug,5,01/31/2027\n",
            "settings": "name,value\ndate_format,%d/%m/%Y\n",
        },
        "lines.csv:2: due: expected a date written as %d/%m/%Y, got '01/31/2027'",
    ),
    ({"lines": "\n"}, "lines.csv: expected a file with a header row, got an empty file"),
    (
        {"lines": "id,product,units\n"},
        "lines.csv: expected at least one row below the header, got none",
    ),
    (
        {"lines": "id,product,unit\nL1,mug,5\n"},
        "lines.csv:1: expected a known column (units, site), got 'unit'\n"
        "lines.csv:1: expected a column 'units' (units still open), got id, product, unit",
    ),
    (
        {"lines": "id,product,units,units\nL1,mug,5,6\n"},
        "lines.csv:1: expected each column once, got 'units' twice",
    ),
    (
        {"lines": "id,product,units\nL1,mug\n"},
        "lines.csv:2: expected 3 fields, as in the header, got 2",
    ),
    ({"lines": "id,product,units\n,mug,5\n"}, "lines.csv:2: id: expected a name, got nothing"),
    ({"lines": "id,product,units\nL1,mug,\n"}, "lines.csv:2: units: expected a value, got nothing"),
    (
        {"lines": "id,product,units\nL1,mug,nan\n"},
        "lines.csv:2: units: expected a number of at least 0, got 'nan'",
    ),
    (
        {"lines": "id,product,units\nL1,mug,1e13\n"},
        "lines.csv:2: units: expected a number of at least 0 and at most 1e+12, got '1e13'",
    ),
    (
        {"lines": "id,product,units,complete\nL1,mug,5,maybe\n"},
        "lines.csv:2: complete: expected yes or no, got 'maybe'",
    ),
    (
        {"lines": "id,product,units,class\nL1,mug,5,gol\n", "classes": "class\ngold\n"},
        "lines.csv:2: class: expected a known class (gold), got 'gol'",
    ),
    (
        {"classes": "class,min_fill\nall,1.5\n"},
        "classes.csv:2: min_fill: expected a number of at least 0 and at most 1, got '1.5'",
    ),
    (
        {"inbound": "id,product,units,arrives\nP1,mug,5,\n"},
        "inbound.csv:2: arrives: expected a value, got nothing",
    ),
    (
        {
            "inbound": "id,product,units,arrives,expedited\n"
            "P1,mug,5,2026-12-01,2026-12-02\nP2,mug,5,2026-12-01,\n"
        },
        "inbound.csv:2: expedited: expected a day no later than it arrives, got '2026-12-02'",
    ),
    (
        {"lanes": "from,to\nmain,nroth\n"},
        "lanes.csv:2: to: expected a known to (main), got 'nroth'",
    ),
    (
        {"substitutes": "product,instead\nmug,palte\n"},
        "substitutes.csv:2: instead: expected a known instead (plate), got 'palte'",
    ),
    (
        {"capacity": "name,units\nmian,5\n"},
        "capacity.csv:2: name: expected a known name (main), got 'mian'",
    ),
    (
        {"settings": "name,value\nfairnes,0.1\n"},
        "settings.csv:2: name: expected a known setting (fairness), got 'fairnes'",
    ),
    (
        {"settings": "name,value\nfairness,2\n"},
        "settings.csv:2: fairness: expected a number from 0 to 1, got '2'",
    ),
    (
        {"settings": "name,value\ndate_format,%d/%m\n"},
        "settings.csv:2: date_format: expected a format with day, month and year, such as "
        "%d/%m/%Y, got '%d/%m'",
    ),
    (
        {"settings": "name,value\ntoday,24.11.2026\n"},
        "settings.csv:2: today: expected a date written as YYYY-MM-DD, got '24.11.2026'",
    ),
    (
        {"stocks": STOCK},
        "stocks.csv: expected the name of a table (stock, customers), got 'stocks'",
    ),
    ({"stock": ""}, "BOOK: expected a table stock (units on hand), got lines"),
    (
        {"lines": 'id,product,units\nL1,"mug,5\n'},
        'lines.csv:2: expected a closing quote ("), got none',
    ),
]


@pytest.mark.parametrize(("files", "message"), FAULTS)
def test_one_fault(tmp_path: Path, files: dict[str, str], message: str):
    assert said(tmp_path, **files) == message


def test_all_faults_at_once(tmp_path: Path):
    text = said(
        tmp_path,
        lines="id,product,units\n" + "".join(f"L{i},mug,-1\n" for i in range(30)),
        stock="product,units\nmug,-1\n",
    )
    assert text.count("expected a number") == 20
    assert text.endswith("\nand 11 more faults")


def test_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert (
        said(tmp_path, lines=LINES + "\n\nL3,mug,1\n")
        == "lines.csv:6: expected at most 2 rows, got more"
    )


def test_too_many_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from backsim.allocation.book import options

    monkeypatch.setattr(options, "MAX_OPTIONS", 1)
    assert said(tmp_path) == (
        "book: expected at most 1 pairs of a line and a source that may serve it, got 2: "
        "take the products in parts"
    )


def test_no_folder(tmp_path: Path):
    with pytest.raises(InputError, match="expected a folder with CSV files"):
        read_book(tmp_path / "none")


def test_units_wait_for_the_day_before_which_they_may_not_come(tmp_path: Path):
    found = book(
        tmp_path,
        lines="id,product,units,due,not_before,tolerance,ordered\n"
        "L1,mug,2,2026-11-30,2026-11-28,,\n"
        "L2,mug,2,2026-11-24,,,\n"
        "L3,mug,1,2026-11-25,2026-11-29,2,2026-11-24\n",
        stock="product,units\nmug,5\n",
        inbound="id,product,units,arrives\nP1,mug,3,2026-11-29\n",
    )
    assert found.options.line.tolist() == [0, 0, 1, 1]  # L3 has gone before it may come
    assert found.options.day.tolist() == [4.0, 5.0, 0.0, 5.0]
    assert found.too_late.tolist() == [0, 0, 2]
    plan = optimise(found)
    assert plan.served.tolist() == [2.0, 2.0, 0.0]
