"""From files to a history: joined, counted, and refused where they cannot be read."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from tests.data.exports import SHOP, write

from backsim.data.calibrate import calibrate, history_of, read_mapping, served
from backsim.data.cleaning import clean
from backsim.data.fit.byday import positions
from backsim.data.history import History
from backsim.data.reading import read_export
from backsim.data.scenariofile import scenario_text
from backsim.data.today import open_lines, opening_rows
from backsim.errors import InputError
from backsim.tables.coded import LARGE
from backsim.tables.faults import TableError


def history(folder: Path) -> History:
    mapping, place, _ = read_mapping(folder)
    return clean(mapping, read_export(mapping, place))


def dropped(found: History, table: str) -> dict[str, int]:
    return next(rows.dropped for rows in found.rows if rows.table == table)


def test_a_small_history(tmp_path: Path):
    found = history(write(tmp_path, SHOP))
    assert (found.first, found.last) == (datetime.date(2024, 3, 4), datetime.date(2024, 3, 16))
    assert (found.products, found.classes, found.suppliers) == (
        ("mug", "plate"),
        ("trade", "web"),
        ("acme",),
    )
    lines = found.lines
    assert lines.units.tolist() == [2, 1, 4, 6]
    assert lines.at_once.tolist() == [2, 0, 4, 0]
    assert np.isnan(lines.served).tolist() == [False, False, False, True]
    assert lines.cancelled[3] == 12
    assert lines.cancelled_units[3] == 6
    assert found.purchases.received.tolist()[0] == 10
    assert np.isnan(found.purchases.received[1])


def test_every_row_that_is_left_out_is_counted_by_reason(tmp_path: Path):
    lines = """
        order,line,product,units,ordered,class,text
        1,1,mug,2,2024-03-04 09:00,trade,
        1,1,mug,2,2024-03-04 09:00,trade,
        2,1,mug,4,2024-03-05 10:00,web,
        4,1,mug,-4,2024-03-06 10:00,web,
        5,1,mug,9999,2024-03-06 10:00,web,TEST do not ship
        6,1,mug,3,,web,
        7,1,mug,0,2024-03-07 10:00,web,
        0,1,mug,5,2024-02-07 10:00,web,
        Total,,,10019,,,
    """
    found = history(write(tmp_path, {**SHOP, "lines.csv": lines}))
    assert dropped(found, "lines") == {
        "a row of totals": 1,
        "a test order": 1,
        "a return": 1,
        "no units": 1,
        "a repeated row": 1,
        "no date": 1,
        "ordered before the first day, and open then": 1,
    }
    assert len(found.lines) == 2
    used = next(rows for rows in found.rows if rows.table == "lines")
    assert used.read - used.used == sum(used.dropped.values())


def test_units_of_measure_and_new_numbers_come_from_the_master(tmp_path: Path):
    found = history(
        write(
            tmp_path,
            {
                "VBAK.csv": "VBELN;AUDAT;KUNNR\n1;13.02.2024;7\n2;14.02.2024;7",
                "VBAP.csv": (
                    "VBELN;POSNR;MATNR;KWMENG;VRKME\n1;10;old;1.002,000;ST\n2;10;new;2,000;KAR\n"
                    "2;20;new;2,000;XX"
                ),
                "MARC.csv": ("MATNR;MEINS;VRKME;UMREZ;NFMAT\nold;ST;KAR;12;new\nnew;ST;KAR;12;"),
            },
        )
    )
    assert found.products == ("new",)
    assert found.lines.units.tolist() == [1002, 24]
    assert dropped(found, "lines") == {"a unit that the product master does not know": 1}


def test_orders_without_a_date_take_that_of_the_number_before(tmp_path: Path):
    days = [f"2024-03-{day:02d} 08:00" for day in range(1, 21)]
    days[7] = ""
    rows = "\n".join(f"{100 + i},1,mug,1,{day}" for i, day in enumerate(days))
    found = history(write(tmp_path, {"lines.csv": "order,line,product,units,ordered\n" + rows}))
    assert len(found.lines) == 20
    assert np.floor(found.lines.time[7]) == 6
    assert any("took that of the order number before" in note for note in found.notes)


@pytest.mark.parametrize("clock", ["", " 17:30"], ids=["days", "times"])
def test_lines_that_leave_on_the_next_working_day_did_not_wait(tmp_path: Path, clock: str):
    """Orders from 14:00 on leave the day after, on Friday on Monday; that is no backorder.

    Nor is it where the carrier's hour is written down.
    """
    orders, shipped = [], []
    for day in range(60):
        date = datetime.date(2024, 3, 4) + datetime.timedelta(days=day)
        if date.weekday() > 4:
            continue
        for hour in (9, 16):
            number = f"{day}{hour}"
            out = (
                date
                if hour == 9
                else date + datetime.timedelta(days=3 if date.weekday() == 4 else 1)
            )
            orders.append(f"{number},1,mug,1,{date} {hour:02d}:00")
            shipped.append(f"{number},1,1,{out}{clock}")
    files = {
        "lines.csv": "order,line,product,units,ordered\n" + "\n".join(orders),
        "shipments.csv": "order,line,units,shipped\n" + "\n".join(shipped),
    }
    found = history(write(tmp_path, files))
    assert (found.lines.at_once == 1).all()
    assert "Orders from 16:00 on leave on the next working day." in found.notes
    text = scenario_text(calibrate(tmp_path))
    assert "shipping: {calendar: monday_to_friday, cut_off: 16}" in text


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "lines.csv",
            "2,1,mug,4",
            "2,1,mug,four",
            r"lines.csv:4: units: expected a number, got 'four'",
        ),
        (
            "lines.csv",
            "2024-03-06 11:00",
            "someday",
            r"lines.csv:5: ordered: expected a date written as YYYY-MM-DD.*'someday'",
        ),
        ("lines.csv", "mug,6", "#REF!,6", r"lines.csv:5: product: expected a name, not a formula"),
        ("lines.csv", "1,2,plate,1", "1,2,plate", r"lines.csv:3: expected 6 fields"),
        ("purchases.csv", "P2,acme,mug,2024-03-15,12,", "", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(
    tmp_path: Path, file: str, old: str, new: str, said: str
):
    files = {**SHOP, file: SHOP[file].replace(old, new)}
    if not said:
        assert len(history(write(tmp_path, files)).purchases) == 1
        return
    with pytest.raises(TableError, match=said):
        history(write(tmp_path, files))


def test_dates_that_can_be_read_in_two_ways_are_refused_with_both(tmp_path: Path):
    lines = "order,line,product,units,ordered\n1,1,mug,2,03/04/2024\n2,1,mug,1,04/05/2024"
    with pytest.raises(TableError, match=r"may be 2024-04-03 or 2024-03-04"):
        history(write(tmp_path, {"lines.csv": lines}))


def test_a_row_that_cannot_be_read_is_dropped_and_counted_where_that_is_said(tmp_path: Path):
    write(tmp_path, {**SHOP, "lines.csv": SHOP["lines.csv"].replace("mug,4", "mug,four")})
    columns = "{order: order, line: line, product: product, units: units, ordered: ordered}"
    (tmp_path / "mapping.yaml").write_text(
        "rules: {unreadable: drop}\n"
        f"tables:\n  - {{table: lines, file: lines.csv, columns: {columns}}}\n"
    )
    assert dropped(history(tmp_path), "lines") == {"unreadable": 1}


def test_nothing_left_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="order lines that are demand"):
        history(
            write(
                tmp_path, {"lines.csv": "order,line,product,units,ordered\n1,1,mug,-2,2024-03-04"}
            )
        )


def test_a_name_that_no_scenario_can_hold_is_told_with_its_place(tmp_path: Path):
    """Once it was the written scenario that could not be read."""
    lines = SHOP["lines.csv"].replace("web", "w\x1bb")
    with pytest.raises(TableError) as fault:
        history(write(tmp_path, {**SHOP, "lines.csv": lines}))
    assert "lines.csv:4: class: expected text without control characters" in str(fault.value)


def test_purchases_of_no_product_are_left_out_and_shift_no_other(tmp_path: Path):
    purchases = """
        purchase,supplier,product,ordered,units,received
        P0,acme,,2024-03-04,1,2024-03-05
        P1,acme,plate,2024-03-04,12,2024-03-14
        P2,acme,pan,2024-03-15,20,
    """
    stock = "day,product,units\n2024-03-10,plate,8\n2024-03-10,pan,9"
    found = history(write(tmp_path, {**SHOP, "purchases.csv": purchases, "stock.csv": stock}))
    assert dropped(found, "purchases") == {"no product": 1}
    assert [found.products[i] for i in found.purchases.product] == ["plate", "pan"]
    assert [found.products[i] for i in found.stock.product] == ["plate", "pan"]
    calibrate(tmp_path)


@pytest.mark.parametrize("kind", ["return", "Return", "REFUND", "retoure", "Gutschrift", "Re"])
def test_kinds_of_returns_are_known_in_capitals_or_not(tmp_path: Path, kind: str):
    lines = f"""
        order,line,product,units,ordered,kind
        1,1,mug,2,2024-03-04,Order
        2,1,mug,4,2024-03-05,{kind}
    """
    found = history(write(tmp_path, {"lines.csv": lines}))
    assert dropped(found, "lines") == {"a return": 1}


@pytest.mark.parametrize("ledger", [False, True])
def test_stock_in_several_rows_is_added_or_the_last_of_a_ledger(tmp_path: Path, ledger: bool):
    day, product, units = (
        ("Posting Date", "Item Code", "Qty After Transaction")
        if ledger
        else ("day", "product", "units")
    )
    stock = f"""
        {day},{product},{units},Warehouse
        2024-03-08,mug,8,A
        2024-03-08,plate,2,A
        2024-03-08,mug,5,A
        2024-03-09,mug,4,A
    """
    orders = "ID,Date,Customer\n1,2024-03-04,7"
    lines = "Parent,Item Code,Qty\n1,mug,2\n1,plate,2\n"
    erp = {
        "Sales Order.csv": orders,
        "Sales Order Item.csv": lines,
        "Stock Ledger Entry.csv": stock,
    }
    files = erp if ledger else {**SHOP, "stock.csv": stock}
    counts = history(write(tmp_path, files)).stock
    assert counts.units.tolist() == ([5, 4, 2] if ledger else [13, 4, 2])
    assert counts.day.tolist() == [4, 5, 4]


def test_what_was_shipped_cannot_be_cancelled(tmp_path: Path):
    """Nor is a return after the shipment the end of a wait."""
    cancellations = """
        order,line,cancelled,units,reason
        1,1,2024-03-20,2,returned
        1,2,2024-03-20,1,returned
        3,1,2024-03-16,6,too long
    """
    shipments = SHOP["shipments.csv"] + "3,1,4,2024-03-06"
    lines = history(
        write(tmp_path, {**SHOP, "cancellations.csv": cancellations, "shipments.csv": shipments})
    ).lines
    assert lines.cancelled_units.tolist() == [0, 0, 0, 2]
    assert np.isnan(lines.cancelled).tolist() == [True, True, True, False]


@pytest.mark.parametrize("apart", [False, True])
def test_what_came_after_the_last_day_was_open_on_it(tmp_path: Path, apart: bool):
    lines = """
        order,line,product,units,ordered,shipped,sent,cancelled
        1,1,mug,2,2024-03-04,2024-03-04,2,
        2,1,mug,4,2024-03-06,2024-03-14,4,
        3,1,mug,3,2024-03-06,,0,2024-03-14
        4,1,mug,3,2024-03-14,2024-03-14,3,
    """
    mapping = """
        until: 2024-03-10
        tables:
        - {table: lines, file: lines.csv, columns: {order: order, line: line, product: product,
        units: units, ordered: ordered, %s}}
    """
    if apart:
        mapping = mapping % "price: units" + (
            "- {table: shipments, file: sent.csv, columns: {order: order, line: line, units: units,"
            " shipped: shipped}}\n- {table: cancellations, file: gone.csv, columns: {order: order,"
            " line: line, cancelled: cancelled}}"
        )
    else:
        mapping = mapping % "shipped: shipped, shipped_units: sent, cancelled: cancelled"
    sent = "order,line,units,shipped\n1,1,2,2024-03-04\n2,1,4,2024-03-14\n4,1,3,2024-03-14"
    gone = "order,line,cancelled\n3,1,2024-03-14"
    files = {"lines.csv": lines, "sent.csv": sent, "gone.csv": gone, "mapping.yaml": mapping}
    found = history(write(tmp_path, files))
    assert found.days == 7
    assert found.lines.shipped.tolist() == [2, 0, 0]
    assert np.isnan(found.lines.cancelled).all()
    rows, _ = open_lines(found)
    assert rows.tolist() == [1, 2]
    if apart:
        assert dropped(found, "shipments") == {"after the last day": 2}
        assert dropped(found, "cancellations") == {"after the last day": 1}
    else:
        assert "2 lines shipped after the last day: open on it." in found.notes


UNITS = {
    "products.csv": "product,name,unit,sales_unit,sales_factor\nmug,Mug,pc,box,12",
    "lines.csv": """
        order,line,product,units,unit,price,ordered
        1,1,mug,2,box,120,2024-03-04
        2,1,mug,5,pc,10,2024-03-06
        3,1,mug,3,box,120,2024-03-06
    """,
    "purchases.csv": """
        purchase,line,product,units,unit,ordered
        P1,1,mug,10,box,2024-03-04
        P2,1,mug,10,pc,2024-03-04
    """,
}
SENT = "order,line,units,shipped\n1,1,{},2024-03-04\n2,1,5,2024-03-06\n3,1,{},2024-03-06\n"
GONE = "order,line,units,cancelled\n3,1,{},2024-03-07"
CAME = "purchase,line,units,received\nP1,1,{},2024-03-06\nP2,1,10,2024-03-07\n"


@pytest.mark.parametrize("factor", [1, 12], ids=["boxes", "pieces"])
def test_what_names_no_unit_of_measure_is_in_that_of_its_order(tmp_path: Path, factor: int):
    files = {
        **UNITS,
        "shipments.csv": SENT.format(2 * factor, factor),
        "cancellations.csv": GONE.format(2),
        "receipts.csv": CAME.format(10 * factor),
    }
    found = history(write(tmp_path, files))
    assert found.lines.units.tolist() == [24, 5, 36]
    assert found.lines.shipped.tolist() == [24, 5, 12]
    assert found.sent.units.tolist() == [24, 5, 12]
    assert found.lines.cancelled_units.tolist() == [0, 0, 24]
    assert found.purchases.units.tolist() == [120, 10]
    assert found.purchases.left.tolist() == [0, 0]
    assert found.masters.price.tolist() == [10]


def test_units_of_measure_are_those_of_each_row(tmp_path: Path):
    def named(text: str, units: list[str]) -> str:
        rows = text.strip().split("\n")
        return "\n".join(f"{row},{unit}" for row, unit in zip(rows, ["unit", *units], strict=True))

    files = {
        **UNITS,
        "shipments.csv": named(SENT.format(24, 1), ["pc", "pc", "box"]),
        "cancellations.csv": named(GONE.format(2), ["box"]),
        "receipts.csv": named(CAME.format(120), ["pc", "crate"]),
    }
    found = history(write(tmp_path, files))
    assert found.lines.shipped.tolist() == [24, 5, 12]
    assert found.lines.cancelled_units.tolist() == [0, 0, 24]
    assert found.purchases.left.tolist() == [0, 10]
    assert dropped(found, "receipts") == {"a unit that the product master does not know": 1}


def test_shipped_units_of_a_line_are_in_its_unit_of_measure(tmp_path: Path):
    lines = UNITS["lines.csv"].replace("ordered", "ordered,shipped,shipped_units")
    lines = lines.replace("04\n", "04,2024-03-04,2\n").replace("06\n", "06,2024-03-06,1\n")
    found = history(write(tmp_path, {**UNITS, "lines.csv": lines}))
    assert found.lines.shipped.tolist() == [24, 1, 12]


def test_lines_of_one_order_and_product_share_what_is_shipped(tmp_path: Path):
    """Without line numbers, a line each; what is more than one holds goes to the next."""
    files = {
        "lines.csv": """
            order,product,units,ordered
            1,mug,5,2024-03-04
            1,mug,3,2024-03-04
            2,mug,4,2024-03-05
            2,mug,2,2024-03-05
        """,
        "shipments.csv": """
            order,product,units,shipped
            1,mug,6,2024-03-04
            1,mug,2,2024-03-07
            2,mug,4,2024-03-05
        """,
        "cancellations.csv": "order,product,cancelled\n2,mug,2024-03-09",
    }
    found = history(write(tmp_path, files))
    assert found.lines.shipped.tolist() == [5, 3, 4, 0]
    assert found.lines.at_once.tolist() == [5, 1, 4, 0]
    assert found.lines.served.tolist()[:3] == [0, 3, 1]
    assert found.lines.cancelled_units.tolist() == [0, 0, 0, 2]
    assert found.sent.units.sum() == 12


def test_numbers_that_begin_again_each_year_are_those_of_other_orders(tmp_path: Path):
    rows, sent = [], []
    for year in (2023, 2024, 2025):
        for number in range(1, 29):
            day = f"{year}-02-{number:02d}"
            rows += [f"{number},1,mug,2,{day}", f"{number},2,mug,1,{day}"]
            if number != 7 or year > 2023:  # which nobody shipped
                sent += [f"{number},1,2,{day}", f"{number},2,1,{day}"]
    files = {
        "lines.csv": "order,line,product,units,ordered\n" + "\n".join(rows),
        "shipments.csv": "order,line,units,shipped\n" + "\n".join(sent),
    }
    found = history(write(tmp_path, files))
    lines = found.lines
    missing = lines.time == 6
    assert missing.sum() == 2
    assert (lines.at_once == np.where(missing, 0, lines.units)).all()
    assert len(np.unique(lines.order)) == len(found.orders) == 3 * 28
    assert {found.orders[k] for k in lines.order[missing]} == {"7"}


RECEIVED = {
    **SHOP,
    "purchases.csv": """
        purchase,supplier,product,ordered,units
        P1,acme,mug,2024-03-04,12
        P1,acme,plate,2024-03-04,6
        P2,acme,mug,2024-03-05,10
    """,
}


def test_receipts_are_of_the_product_of_a_purchase(tmp_path: Path):
    receipts = """
        purchase,product,received,units
        P1,plate,2024-03-08,6
        P1,mug,2024-03-09,12
    """
    bought = history(write(tmp_path, {**RECEIVED, "receipts.csv": receipts})).purchases
    assert bought.received.tolist()[:2] == [5, 4]
    assert bought.left.tolist() == [0, 0, 10]


def test_receipts_that_do_not_tell_their_product_are_refused(tmp_path: Path):
    receipts = "purchase,received,units\nP1,2024-03-08,6\nP1,2024-03-09,12"
    with pytest.raises(InputError, match=r"receipts\.csv: expected the column `line` here and in"):
        history(write(tmp_path, {**RECEIVED, "receipts.csv": receipts}))


def test_a_purchase_has_come_when_all_of_it_had(tmp_path: Path):
    """What is sent back, or comes in addition, does not open it again or make it late."""
    receipts = """
        purchase,product,received,units
        P1,mug,2024-03-08,8
        P1,mug,2024-03-09,4
        P1,mug,2024-03-12,-3
        P1,plate,2024-03-08,6
        P1,plate,2024-03-13,1
        P2,mug,2024-03-08,10
        P2,mug,2024-03-09,10
    """
    bought = history(write(tmp_path, {**RECEIVED, "receipts.csv": receipts})).purchases
    assert bought.received.tolist() == [5, 4, 4]
    assert bought.parts.tolist() == [2, 1, 1]
    assert bought.left.tolist() == [3, 0, 0]


def test_a_repeated_purchase_is_one(tmp_path: Path):
    purchases = "purchase,line,product,ordered,units,received\nP1,1,mug,2024-03-04,12,2024-03-09"
    twice = purchases + "\n" + purchases.splitlines()[1]
    found = history(write(tmp_path, {**SHOP, "purchases.csv": twice}))
    assert dropped(found, "purchases") == {"a repeated row": 1}
    assert found.purchases.units.tolist() == [12]


def workbook(folder: Path, cells: list[object]) -> Path:
    """Order lines with these as their dates."""
    book = openpyxl.Workbook()
    book.active.append(["order", "product", "units", "ordered"])
    for number, cell in enumerate(cells):
        book.active.append([number, "mug", 1, cell])
    book.save(folder / "lines.xlsx")
    return folder


def spring() -> list[datetime.date]:
    return [datetime.date(2024, 3, 1) + datetime.timedelta(days=k) for k in range(60)]


def test_dates_that_a_spreadsheet_has_turned_round_are_refused(tmp_path: Path):
    cells = [
        datetime.date(day.year, day.day, day.month) if day.day <= 12 else f"{day:%d/%m/%Y}"
        for day in spring()
    ]
    with pytest.raises(TableError, match=r"xlsx:14: ordered: expected dates as they were written"):
        history(workbook(tmp_path, cells))


def test_dates_and_texts_that_are_right_are_read(tmp_path: Path):
    days = spring()
    cells = [day if k % 2 else f"{day:%d/%m/%Y}" for k, day in enumerate(days)]
    assert history(workbook(tmp_path, cells)).lines.time.tolist() == list(range(60))
    cells = [day if k < 12 else f"{day:%d/%m/%Y}" for k, day in enumerate(days[:31])]
    assert history(workbook(tmp_path, cells)).lines.time.tolist() == list(range(31))


def test_days_that_a_workbook_shows_as_numbers_are_dates(tmp_path: Path):
    found = history(workbook(tmp_path, [45350, 45351.5]))
    assert found.first == datetime.date(2024, 2, 28)
    assert found.lines.time.tolist() == [0, 1.5]


def test_moments_of_several_clocks_are_put_on_that_of_the_orders(tmp_path: Path):
    """Orders by the clock on the wall, in summer and winter; shipments in UTC."""
    files = {
        "lines.csv": """
            order,line,product,units,ordered
            1,1,mug,2,2024-03-30T00:30:00+01:00
            2,1,mug,2,2024-03-30T12:00:00+01:00
            3,1,mug,2,2024-04-02T00:30:00+02:00
            4,1,mug,2,2024-04-02T12:00:00+02:00
        """,
        "shipments.csv": """
            order,line,units,shipped
            1,1,2,2024-03-29T23:30:00Z
            2,1,2,2024-03-30T23:00:00Z
            3,1,2,2024-04-01T22:30:00Z
            4,1,2,2024-04-02T12:00:00Z
        """,
    }
    lines = history_of(*read_mapping(write(tmp_path, files))[:2]).lines
    assert lines.time.tolist() == pytest.approx([1 / 48, 0.5, 3 + 1 / 48, 3.5])
    assert lines.served.tolist() == pytest.approx([1 / 48, 1, 3 + 1 / 48, 3 + 14 / 24])
    assert lines.at_once.tolist() == [2, 0, 2, 0]


def test_formulas_that_nobody_has_computed_are_no_empty_cells(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in (
        ["order", "product", "units", "ordered", "text"],
        [1, "mug", "=2+3", "2024-03-04", "=1&2"],
        [2, '=A2&"x"', 4, "2024-03-05", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "lines.xlsx")
    with pytest.raises(TableError) as error:
        history(tmp_path)
    place, hint = f"{tmp_path / 'lines.xlsx'}", "(not computed: save it in Excel)"
    assert str(error.value).split("\n") == [
        f"{place}:3: product: expected a name, not a formula that failed, got '=A2&\"x\" {hint}'",
        f"{place}:2: units: expected a number, got '=2+3 {hint}'",
    ]


def test_large_files_whose_rows_end_as_on_old_macs_are_read(tmp_path: Path):
    rows = [f"{k},mug,1,2024-03-{1 + k % 28:02d}" for k in range(110_000)]
    text = "\r".join(["order,product,units,ordered", *rows])
    assert len(text) > LARGE
    (tmp_path / "lines.csv").write_bytes(text.encode())
    assert len(history(tmp_path).lines) == 110_000


def daily(first: datetime.date, days: int, heading: str) -> list[str]:
    """A row of order, line, product, units and day for each day."""
    rows = [f"{k},1,mug,2,{first + datetime.timedelta(days=k)}" for k in range(days)]
    return [f"order,line,product,units,{heading}", *rows]


@pytest.mark.parametrize(("day", "said"), [("2042-03-01", "until"), ("1999-03-01", "since")])
def test_an_order_far_from_all_others_is_refused(tmp_path: Path, day: str, said: str):
    rows = [*daily(datetime.date(2024, 1, 1), 200, "ordered"), f"999,1,mug,2,{day}"]
    message = rf"lines\.csv:202: expected an order near the others, got one of {day}.*`{said}` in a"
    with pytest.raises(InputError, match=message):
        history(write(tmp_path, {"lines.csv": "\n".join(rows)}))


def test_days_of_which_there_are_no_orders_are_no_history(tmp_path: Path):
    """Shipments and purchases are exported for other days than orders are."""
    first = datetime.date(2024, 1, 1)
    sent = daily(datetime.date(2022, 1, 1), 700, "shipped")[1:]
    sent = [f"old{row}" for row in sent] + daily(first, 300, "shipped")[1:]
    files = {
        "lines.csv": "\n".join(daily(first, 300, "ordered")),
        "shipments.csv": "\n".join(["order,line,product,units,shipped", *sent]),
        "purchases.csv": "product,ordered,units,received\nmug,2024-02-01,9,2024-02-09\n"
        "mug,2025-12-01,9,",
    }
    found = history(write(tmp_path, files))
    assert (found.first, found.last) == (first, datetime.date(2024, 10, 26))
    assert len(found.lines) == found.days == 300
    assert dropped(found, "purchases") == {"ordered after the last day": 1}
    assert any("The history ends with the last order, on 2024-10-26" in n for n in found.notes)


def test_orders_that_stop_before_the_last_receipt_end_the_history(tmp_path: Path):
    """Orders came daily; of the ten days until the last receipt the export has none."""
    rows = daily(datetime.date(2024, 1, 1), 100, "ordered")
    bought = "product,ordered,units,received\nmug,2024-04-01,9,2024-04-19"
    files = {"lines.csv": "\n".join(rows), "purchases.csv": bought}
    found = history(write(tmp_path, files))
    assert found.last == datetime.date(2024, 4, 9)
    assert np.isnan(found.purchases.received).all()


def test_parts_of_a_unit_go_through_as_they_are(tmp_path: Path):
    """Sizes, levels, stock, open orders and purchases of flour are in quarters of a kilogram."""
    rows = [f"{k},mug,{3 + k % 2},2024-03-{1 + k:02d}" for k in range(20)]
    rows += [f"{k},flour,{0.5 if k % 2 else 0.25},2024-03-{1 + k:02d}" for k in range(20)]
    files = {
        "lines.csv": "\n".join(["order,product,units,ordered", *rows, "99,flour,7.75,2024-03-21"]),
        "shipments.csv": "order,product,units,shipped\n1,flour,0.5,2024-03-02",
        "purchases.csv": "product,ordered,units,received\nflour,2024-03-02,9.5,2024-03-09\n"
        "flour,2024-03-19,12.25,",
        "stock.csv": "day,product,units\n2024-03-21,flour,30.75",
        "products.csv": "product,reorder_point,up_to\nflour,12.3,24.5\nmug,20,40",
    }
    found = calibrate(write(tmp_path, files))
    assert found.history.smallest.tolist() == [1, 0.25]
    assert any(note.startswith("flour: ordered in parts of a unit") for note in found.history.notes)
    text = scenario_text(found)
    assert "flour: {smallest: 0.25}" in text
    assert "{products: flour, sites: main, reorder: {rule: s_S, s: 12.25, S: 24.5}}" in text
    opening = opening_rows(found)
    assert [row["units"] for row in opening["stock"]] == [30.75]
    assert [row["units"] for row in opening["purchases"]] == [12.25]
    assert opening["orders"][-1]["units"] == 7.75
    (demand,) = found.classes
    made = demand.rate.value * demand.mean_lines * demand.mean_size.value * demand.products
    asked = [rate.value for rate in found.products.units_per_day]
    assert made.sum() == pytest.approx(sum(asked), rel=0.01)


def test_a_customer_called_total_is_no_row_of_totals(tmp_path: Path):
    lines = """
        order,line,product,units,ordered,customer,shipped
        1,1,mug,5,2024-03-04,Total,2024-03-04
        2,1,mug,5,2024-03-04,Total,
        3,1,mug,5,2024-03-04,Shell,2024-03-05
        3,,Subtotal,5,,,
        ,,,15,,Total,
    """
    found = history(write(tmp_path, {"lines.csv": lines}))
    assert dropped(found, "lines") == {"a row of totals": 2}
    assert [found.customers[k] for k in found.lines.customer] == ["Total", "Total", "Shell"]


def test_numbers_are_alike_without_the_zeros_that_a_spreadsheet_takes_away(tmp_path: Path):
    files = {
        "lines.csv": """
            order,line,product,units,ordered
            001,010,0815,5,2024-03-04
            002,010,0816,5,2024-03-05
        """,
        "shipments.csv": "order,line,units,shipped\n1,10,5,2024-03-04\n2,10,5,2024-03-07",
        "stock.csv": "day,product,units\n2024-03-05,815,7\n2024-03-05,816,8",
    }
    found = history(write(tmp_path, files))
    assert found.products == ("0815", "0816")
    assert list(found.orders) == ["001", "002"]
    assert found.lines.served.tolist() == [0, 3]
    assert found.stock.units.tolist() == [7, 8]


def test_numbers_that_only_zeros_tell_apart_are_two(tmp_path: Path):
    files = {
        "lines.csv": "order,product,units,ordered\n1,0815,5,2024-03-04\n2,815,5,2024-03-05",
        "stock.csv": "day,product,units\n2024-03-05,815,7",
    }
    found = history(write(tmp_path, files))
    assert found.products == ("0815", "815")
    assert found.stock.product.tolist() == [1]


@pytest.mark.parametrize("rows", [(0, 1), (1, 0)])
def test_the_master_of_the_present_number_counts(tmp_path: Path, rows: tuple[int, int]):
    master = ["new,10,5,50,100,", "old,8,4,0,0,new"]
    head = "product,price,cost,reorder_point,up_to,successor"
    files = {
        "lines.csv": "order,product,units,ordered\n1,new,5,2024-03-04\n2,old,5,2024-03-05",
        "products.csv": "\n".join([head, *(master[k] for k in rows)]),
    }
    found = history(write(tmp_path, files))
    assert found.products == ("new",)
    told = found.masters
    assert (told.price[0], told.cost[0]) == (10, 5)
    assert (told.reorder_point[0, 0], told.up_to[0, 0]) == (50, 100)
    reason = {"an earlier number of a product that has a row": 1}
    assert dropped(found, "products") == reason


def test_shipments_before_their_orders_are_told(tmp_path: Path):
    shipments = SHOP["shipments.csv"].replace("2,1,4,2024-03-05", "2,1,4,2024-03-04")
    found = history(write(tmp_path, {**SHOP, "shipments.csv": shipments}))
    assert "1 shipment before the day of the order: taken as immediate." in found.notes


def test_what_has_no_name_is_not_what_is_called_unknown(tmp_path: Path):
    files = {
        "lines.csv": """
            order,product,units,ordered,class,site
            1,mug,1,2024-03-04,all,main
            2,mug,1,2024-03-04,,
        """,
        "purchases.csv": """
            supplier,product,ordered,units,received,site
            unknown,mug,2024-03-04,1,2024-03-09,main
            ,mug,2024-03-04,1,2024-03-09,
        """,
    }
    found = history(write(tmp_path, files))
    assert found.classes == ("all", "all 2")
    assert found.sites == ("main", "main 2")
    assert found.suppliers == ("unknown", "unknown 2")


def test_lines_that_are_cancelled_by_status_are_not_open(tmp_path: Path):
    lines = """
        order,line,product,units,ordered,shipped,cancelled,status
        1,1,mug,2,2024-03-04,2024-03-04,,Complete
        2,1,mug,4,2024-03-05,,,CANCELLED
        3,1,mug,3,2024-03-05,,2024-03-08,cancelled
        4,1,mug,1,2024-03-06,,,Storniert
        5,1,mug,5,2024-03-07,,,open
    """
    found = history(write(tmp_path, {"lines.csv": lines}))
    assert found.lines.known.tolist() == [True, False, True, False, True]
    assert found.lines.units.sum() == 15
    rows, _ = open_lines(found)
    assert rows.tolist() == [4]
    (all_lines,) = served(found)
    assert all_lines.fill_rate == pytest.approx(2 / 10)
    assert any(note.startswith("2 lines cancelled by status") for note in found.notes)


@pytest.mark.parametrize("nothing", ["NULL", "N/A", "-", "NaT", ""])
def test_what_a_database_writes_for_nothing_is_nothing(tmp_path: Path, nothing: str):
    lines = f"""
        order,line,product,units,ordered,price,shipped
        1,1,mug,2,2024-03-04,4,2024-03-04
        2,1,mug,4,2024-03-05,{nothing},{nothing}
    """
    found = history(write(tmp_path, {"lines.csv": lines}))
    assert found.lines.shipped.tolist() == [2, 0]
    assert found.masters.price.tolist() == [4]


def test_numbers_of_which_a_spreadsheet_has_cut_off_digits_are_refused(tmp_path: Path):
    lines = "order,product,units,ordered\n4.5E+09,mug,2,2024-03-04\n4.5E+09,mug,2,2024-03-05"
    with pytest.raises(TableError, match=r"lines.csv:2: order: expected all digits of a number"):
        history(write(tmp_path, {"lines.csv": lines}))


def test_each_shipment_has_a_wait_of_its_own(tmp_path: Path):
    """Of ten units five leave at noon, three after five days, and two after thirty."""
    files = {
        "lines.csv": """
            order,line,product,units,ordered
            1,1,mug,10,2024-03-04 12:00
            2,1,mug,6,2024-03-05 12:00
        """,
        "shipments.csv": """
            order,line,units,shipped
            1,1,5,2024-03-04 12:00
            1,1,3,2024-03-09 12:00
            1,1,2,2024-04-03 12:00
            2,1,4,2024-03-15 12:00
        """,
    }
    (service,) = served(history(write(tmp_path, files)))
    assert service.mean_wait == pytest.approx((3 * 5 + 2 * 30 + 4 * 10) / 14)


def test_units_that_were_shipped_on_no_day_that_is_told_are_not_open(tmp_path: Path):
    lines = """
        order,line,product,units,ordered,shipped,shipped_units
        1,1,mug,2,2024-03-04,2024-03-04,2
        2,1,mug,4,2024-03-05,,4
        3,1,mug,3,2024-03-05,,0
    """
    found = history(write(tmp_path, {"lines.csv": lines}))
    assert found.lines.shipped.tolist() == [2, 4, 0]
    assert found.lines.known.tolist() == [True, False, True]
    assert open_lines(found)[0].tolist() == [2]
    assert any(note.startswith("1 shipment without a date") for note in found.notes)


def test_stock_below_zero_is_none(tmp_path: Path):
    """What customers wait for is taken off the position once."""
    lines = "order,line,product,units,ordered\n0,1,mug,1,2024-03-01\n1,1,mug,30,2024-03-02"
    files = {
        "lines.csv": lines,
        "shipments.csv": "order,line,units,shipped\n0,1,1,2024-03-01",
        "stock.csv": "day,product,units\n2024-03-02,mug,-30",
    }
    found = history(write(tmp_path, files))
    known = positions(found)
    assert known is not None
    assert known[0, -1] == -30
    assert any(note.startswith("1 count of stock below 0") for note in found.notes)


def test_lines_from_before_the_first_day_that_may_be_open_are_told(tmp_path: Path):
    lines = SHOP["lines.csv"] + "0,1,mug,5,2023-11-07 09:00,trade\n0,2,mug,2,2023-11-07 09:00,web"
    shipments = SHOP["shipments.csv"] + "0,2,2,2024-03-05"
    found = history(write(tmp_path, {**SHOP, "lines.csv": lines, "shipments.csv": shipments}))
    assert len(found.lines) == 4
    assert any(note.startswith("1 line from before the first day with no") for note in found.notes)


def test_several_prices_of_a_product_are_told(tmp_path: Path):
    prices = "product,price,cost\nmug,12,6\nmug,10,5\nplate,7,3"
    found = history(write(tmp_path, {**SHOP, "prices.csv": prices}))
    assert found.masters.price.tolist() == [10, 7]
    assert "1 product in several rows of prices: the last row counts." in found.notes


def test_equal_rows_without_numbers_of_lines_are_counted_and_told(tmp_path: Path):
    lines = """
        order,product,units,ordered
        1,mug,2,2024-03-04
        1,mug,2,2024-03-04
        2,mug,2,2024-03-04
    """
    found = history(write(tmp_path, {"lines.csv": lines}))
    assert found.lines.units.sum() == 6
    assert any(note.startswith("1 row of lines equal to another one") for note in found.notes)


def test_orders_that_are_rare_are_near_enough(tmp_path: Path):
    """The last comes half a year after the one before, which is nothing new."""
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(days=75 * k) for k in range(25)]
    days.append(days[-1] + datetime.timedelta(days=200))
    rows = [f"{k},mug,1,{day}" for k, day in enumerate(days)]
    found = history(
        write(tmp_path, {"lines.csv": "\n".join(["order,product,units,ordered", *rows])})
    )
    assert found.last == days[-1]


@pytest.mark.parametrize("scale", [1, 1000])
def test_unix_times_are_read_and_told(tmp_path: Path, scale: int):
    day = 1_709_596_800  # 2024-03-05
    rows = [f"{i},mug,2,{(day + i * 3600) * scale},0" for i in range(48)]
    found = history(
        write(tmp_path, {"lines.csv": "\n".join(["order,product,units,ordered,shipped", *rows])})
    )
    assert (found.first, found.last) == (datetime.date(2024, 3, 5), datetime.date(2024, 3, 6))
    assert found.lines.time[13] == pytest.approx(13 / 24)
    assert np.isnan(found.lines.served).all()
    unit = "seconds" if scale == 1 else "milliseconds"
    assert any(f"ordered has Unix times in {unit}" in note for note in found.notes)


@pytest.mark.parametrize(("back", "said"), [(4, 0), (60, 1)])
def test_returns_of_many_units_are_noted(tmp_path: Path, back: int, said: int):
    """A hundred units ordered, of which some were taken back."""
    rows = ["order,line,product,units,ordered"]
    rows += [f"{k},1,mug,10,2024-03-{k + 1:02d}" for k in range(10)]
    rows.append(f"C3,1,mug,-{back},2024-03-05")
    (tmp_path / "lines.csv").write_text("\n".join(rows))
    notes = [note for note in calibrate(tmp_path).history.notes if "Returns have" in note]
    assert len(notes) == said
    assert all("60.0 %" in note for note in notes)
