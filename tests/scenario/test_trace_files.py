"""Traces as people's systems write them: what is read, what is refused, and what is told."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.errors import InputError
from backsim.scenario import Model, from_dict
from backsim.scenario.traces import read as traces

COLUMNS = {"time": "day", "product": "item", "units": "count"}


def model(folder: Path, text: str | bytes, trace: dict[str, Any] | None = None, **fields: Any):
    """A scenario with a trace of that text."""
    name = (trace or {}).get("file", "lines.csv")
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    return load(folder, {"file": name, **(trace or {})}, **fields)


def load(folder: Path, trace: dict[str, Any], **fields: Any) -> Model:
    values = {
        "horizon": 40,
        "products": "traced",
        "suppliers": {"acme": {"lead_time": 1}},
        "customers": {"all": {"demand": {"trace": {"columns": COLUMNS, **trace}}}},
        "policy": {"reorder": {"rule": "base_stock", "S": 20}},
    }
    return from_dict({**values, **fields}, folder=folder)


def units(found: Model) -> list[tuple[float, str, int]]:
    lines = found.traces["all", 0]
    return list(zip(lines.time.tolist(), lines.product.tolist(), lines.units.tolist(), strict=True))


def report(found: Model) -> Any:
    return found.traces["all", 0].report


def fault(folder: Path, text: str | bytes, trace: dict[str, Any] | None = None) -> str:
    with pytest.raises(InputError) as error:
        model(folder, text, trace)
    return str(error.value).removeprefix("scenario: customers.all.demand.trace.")


# -- quantities ------------------------------------------------------------------------------


def test_thousands_are_read_where_the_file_says_what_the_decimal_sign_is(tmp_path: Path) -> None:
    text = (
        'no,day,item,count,price\n1,01.10.2026,00123,5,12.50\n2,02.10.2026,00123,"1,200",12.50\n'
        "3,05.10.2026,123,3,12.50\n"
    )
    columns = {**COLUMNS, "order": "no", "price": "price"}
    found = model(
        tmp_path,
        text,
        {"columns": columns, "date_format": "%d.%m.%Y"},
        suppliers={"acme": {"lead_time": 5}},
    )
    assert units(found) == [(0.0, "00123", 5), (1.0, "00123", 1200), (4.0, "123", 3)]
    run = backsim.simulate(found, seed=1)
    assert run.metrics["fill_rate"] == pytest.approx(23 / 1208)


@pytest.mark.parametrize("text", ["many", "1.2.3", "12 pcs", "1,20", "inf", "nan", "", "#N/A"])
def test_a_quantity_that_cannot_be_read_is_never_dropped(tmp_path: Path, text: str) -> None:
    rows = f'day,item,count\n2026-01-01,mug,4\n2026-01-02,mug,"{text}"\n2026-01-03,mug,1.5\n'
    said = fault(tmp_path, rows.replace("1.5", "1") if text != "1,20" else rows)
    assert said.startswith("columns.units: expected ")
    assert f"{text!r} in line 3" in said


def test_a_part_of_a_unit_is_refused_with_its_line(tmp_path: Path) -> None:
    said = fault(tmp_path, "day,item,count\n2026-01-01,mug,4\n2026-01-02,mug,1.5\n")
    assert said == (
        "columns.units: expected whole numbers of units (leave other rows out with `where`), "
        "got '1.5' in line 3"
    )


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_number_with_two_readings_is_refused_unless_something_decides(
    tmp_path: Path, delimiter: str
) -> None:
    rows = "day;item;count;price\n2026-01-01;mug;1.200;2\n2026-01-02;mug;3;{price}\n"
    rows = rows.replace(";", delimiter)
    trace = {"columns": {**COLUMNS, "price": "price"}}
    said = fault(tmp_path, rows.format(price="2"), trace)
    assert said == (
        "columns.units: expected the setting `decimal` ('.' or ','), as this may be "
        "1.2 with a decimal point, 1200 with a decimal comma, got '1.200' in line 2"
    )
    asked = [(0.0, "mug", 1200), (1.0, "mug", 3)]
    assert units(model(tmp_path, rows.format(price="2"), {**trace, "decimal": ","})) == asked
    assert units(model(tmp_path, rows.format(price="2,50"), trace)) == asked  # the file decides
    longer = rows.format(price="2") + "2026-01-03;mug;1.200.000;2\n".replace(";", delimiter)
    assert units(model(tmp_path, longer, trace))[:2] == asked  # the column decides
    said = fault(tmp_path, rows.format(price="2"), {**trace, "decimal": "."})
    assert "whole numbers of units" in said
    assert "'1.200' in line 2" in said


def test_two_decimal_signs_in_a_column(tmp_path: Path) -> None:
    rows = "day;item;count;price\n2026-01-01;mug;1;2,50\n2026-01-02;mug;3;2.50\n"
    said = fault(tmp_path, rows, {"columns": {**COLUMNS, "price": "price"}})
    assert said == (
        "columns.price: expected one decimal sign in the column (`decimal`), not 2.50 and 2,50, "
        "got '2,50' in line 2"
    )


def test_filters_read_numbers_as_the_file_writes_them(tmp_path: Path) -> None:
    rows = 'day,item,count\n2026-01-01,mug,"1,200"\n2026-01-02,mug,3\n'
    where = [{"column": "count", "max": 1000}]
    assert report(model(tmp_path, rows, {"where": where})).skipped == {"count fails max 1000": 1}
    said = fault(tmp_path, rows.replace(",3\n", ",three\n"), {"where": where})
    assert "where[0].column: expected numbers, as the filter has a min or max" in said


def test_returns_zeros_and_totals_are_counted_apart(tmp_path: Path) -> None:
    text = (
        "Orders of March\n\nday,item,count\n2026-03-01,mug,4\n2026-03-02,mug,-1\n2026-03-02,mug,0\n"
        '2026-03-05,mug,2-\n,,"5"\nTotal,,5\n\n\n'
    )
    found = report(model(tmp_path, text))
    assert found.skipped == {
        "a row of totals": 1,
        "day is empty": 1,
        "count is below 0 (a return)": 2,
        "count is 0": 1,
    }
    assert (found.read, found.used) == (6, 1)


# -- orders ----------------------------------------------------------------------------------


def test_a_till_begins_again_every_day(tmp_path: Path) -> None:
    rows = [f"{n},2026-02-{day:02},item,2" for day in range(1, 29) for n in (1, 2)]
    text = "\n".join(["no,day,item,count", *rows, ""])
    columns = {**COLUMNS, "order": "no"}
    found = model(tmp_path, text, {"columns": columns}, horizon=30)
    assert report(found).orders == 56
    assert report(found).repeated == 54
    assert "54 orders have a number that came before on another day" in str(report(found))
    unique = model(tmp_path, text, {"columns": columns, "order_numbers": "unique"})
    assert report(unique).orders == 2


def test_numbers_of_two_shops_and_two_customers(tmp_path: Path) -> None:
    text = (
        "no,day,item,count,shop,who\n1,2026-01-01,mug,1,a,x\n1,2026-01-01,cup,1,a,x\n"
        "1,2026-01-01,mug,1,b,x\n1,2026-01-01,mug,1,b,y\n"
    )
    columns = {**COLUMNS, "order": "no", "site": "shop", "customer": "who"}
    found = model(tmp_path, text, {"columns": columns}, sites=["a", "b"])
    assert found.traces["all", 0].order.tolist() == [0, 0, 1, 2]
    assert report(found).repeated == 2


CANCELLED = {
    "columns": {**COLUMNS, "order": "no"},
    "cancelled": {"column": "no", "matches": "C.*", "same": ["who", "item"]},
}


@pytest.mark.parametrize("newest_first", [False, True])
def test_cancellations_are_matched_by_time_not_by_place(tmp_path: Path, newest_first: bool) -> None:
    rows = ["501,2026-03-02,k,mug,40", "502,2026-03-02,k,plate,3", "C503,2026-03-03,k,mug,-40"]
    rows = rows[::-1] if newest_first else rows
    found = model(tmp_path, "\n".join(["no,day,who,item,count", *rows]), CANCELLED)
    assert units(found) == [(0.0, "plate", 3)]
    assert report(found).skipped == {"cancelled later": 1, "no says it is a cancellation": 1}
    run = backsim.simulate(found, seed=1)
    assert run.metrics["fill_rate"] == 1.0


def test_cancellations_of_a_part_and_of_what_the_file_does_not_hold(tmp_path: Path) -> None:
    rows = [
        "1,2026-03-01,k,mug,10",
        "C2,2026-03-02,k,mug,-4",  # of a part
        "C3,2026-03-02,k,plate,-4",  # of an order before the file begins
        "4,2026-03-03,k,plate,4",  # later than its cancellation
        "5,2026-03-04,k,cup,3",
        "6,2026-03-05,k,cup,2",
        "C7,2026-03-06,k,cup,-4",  # of one and a half
    ]
    found = model(tmp_path, "\n".join(["no,day,who,item,count", *rows]), CANCELLED)
    assert units(found) == [(0.0, "mug", 6), (2.0, "plate", 4), (3.0, "cup", 1)]
    assert report(found).reduced == 2
    assert report(found).skipped == {
        "cancelled later": 1,
        "no says it is a cancellation": 2,
        "no says it is a cancellation, of an order that the file does not hold": 1,
    }
    assert "cancelled in part: 2" in str(report(found))


# -- dates -----------------------------------------------------------------------------------

DATES = [
    (["03/04/2026", "25/04/2026"], [0.0, 22.0]),
    (["04/03/2026", "04/25/2026"], [0.0, 22.0]),
    (["1.2.2026", "28.2.2026 06:00"], [0.0, 27.25]),
    (["2026-03-01", "2026-03-02T12:00:00Z"], [0.0, 1.5]),
    (["2026-03-28 10:00:00 +0100", "2026-03-29 10:00:00 +0200"], [10 / 24, 1 + 10 / 24]),
    (["2026-10-24T23:00:00+02:00", "2026-10-25T23:00:00+01:00"], [23 / 24, 1 + 23 / 24]),
    (["2026-01-01 12:00 +0000", "2026-01-01 12:00 +0600"], [0.25, 0.5]),
    (["20260301", "20260303"], [0.0, 2.0]),
    (["3 Mar 2026", "1 Apr 2026"], [0.0, 29.0]),
    (["Mar 3, 2026 1:30 PM", "Mar 4, 2026 12:00 am"], [13.5 / 24, 1.0]),
    (["24-Dec-26", "31-Dec-26"], [0.0, 7.0]),
]


@pytest.mark.parametrize(("texts", "days"), DATES, ids=lambda v: str(v)[:30])
def test_the_form_of_dates_is_told_by_the_column(
    tmp_path: Path, texts: list[str], days: list[float]
) -> None:
    rows = [f'"{text}",mug,1' for text in texts]
    text = "\n".join(["day,item,count", *rows])
    found = model(tmp_path, text)
    assert units(model(tmp_path, text, {"date_format": "mixed"})) == units(found)
    assert sorted(found.traces["all", 0].time.tolist()) == pytest.approx(days)


def test_a_date_with_two_readings_is_refused(tmp_path: Path) -> None:
    text = "day,item,count\n03/04/2026,mug,1\n05/04/2026,mug,1\n"
    assert fault(tmp_path, text) == (
        "date_format: expected a `date_format`, as this may be 2026-04-03 or 2026-03-04, "
        "got '03/04/2026' in line 2"
    )
    found = model(tmp_path, text, {"date_format": "%m/%d/%Y"})
    assert report(found).first_day == date(2026, 3, 4)


def test_a_date_unlike_the_others(tmp_path: Path) -> None:
    text = "day,item,count\n13/04/2026,mug,1\n25/04/2026,mug,1\n04/27/2026,mug,1\n"
    said = fault(tmp_path, text)
    assert "'04/27/2026' in line 4" in said


def test_offsets_with_a_given_format(tmp_path: Path) -> None:
    text = "day,item,count\n2026-10-24 10:00 +0200,mug,1\n2026-10-26 10:00 +0100,mug,1\n"
    found = model(tmp_path, text, {"date_format": "%Y-%m-%d %H:%M %z"})
    assert found.traces["all", 0].time.tolist() == pytest.approx([10 / 24, 2 + 10 / 24])


# -- files -----------------------------------------------------------------------------------

PLAIN = "day;item;count\n2026-01-01; café ;2\n\n2026-01-02;mug;1\n;;\n\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_semicolons_blank_lines_blanks_and_encodings(tmp_path: Path, encoding: str) -> None:
    found = model(tmp_path, PLAIN.encode(encoding))
    assert units(found) == [(0.0, "café", 2), (1.0, "mug", 1)]
    assert report(found).read == 2


def test_what_is_given_is_not_looked_for(tmp_path: Path) -> None:
    text = "day~item~count\n2026-01-01~caf\u00e9~2\n".encode("cp437")
    found = model(tmp_path, text, {"delimiter": "~", "encoding": "cp437"})
    assert units(found) == [(0.0, "café", 2)]
    assert "encoding: expected a known encoding" in fault(tmp_path, text, {"encoding": "klingon"})
    assert "delimiter: expected one character" in fault(tmp_path, text, {"delimiter": ";;"})


def test_a_column_that_is_there_twice(tmp_path: Path) -> None:
    said = fault(tmp_path, "day,item,count,count\n2026-01-01,mug,1,2\n")
    assert said == (
        "columns.units: expected a heading that one column has (row 1), got 'count' 2 times"
    )


def workbook(folder: Path, rows: list[list[Any]], merged: tuple[str, ...] = ()) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(folder / "lines.xlsx")


HEAD = ["day", "item", "count", "no"]


@pytest.mark.parametrize("form", [None, "%d/%m/%Y"])
def test_real_dates_and_texts_in_one_column_of_a_workbook(tmp_path: Path, form: str | None) -> None:
    rows = [HEAD, [date(2026, 3, 4), "mug", 1, 1], ["25/03/2026", "mug", 1200.0, 2]]
    workbook(tmp_path, [["Orders"], *rows, [datetime(2026, 3, 26, 12), 123, 1, 3], [None]])
    found = load(tmp_path, {"file": "lines.xlsx", **({"date_format": form} if form else {})})
    assert units(found) == [(0.0, "mug", 1), (21.0, "mug", 1200), (22.5, "123", 1)]


def test_merged_cells_hold_for_all_their_rows(tmp_path: Path) -> None:
    rows = [
        HEAD,
        [date(2026, 3, 4), "mug", 1, "A"],
        [None, "cup", 2, None],
        [date(2026, 3, 5), "cup", 3, "B"],
    ]
    workbook(tmp_path, rows, ("A2:A3", "D2:D3"))
    trace = {"file": "lines.xlsx", "columns": {**COLUMNS, "order": "no"}}
    lines = load(tmp_path, trace).traces["all", 0]
    assert lines.order.tolist() == [0, 0, 1]
    assert lines.units.tolist() == [1, 2, 3]
    rows[2] = [date(2026, 3, 4), "cup", None, "A"]
    workbook(tmp_path, rows, ("C2:C3",))
    with pytest.raises(InputError, match="units of each row, not one merged cell for several"):
        load(tmp_path, trace)


def test_a_number_of_a_workbook_has_one_reading(tmp_path: Path) -> None:
    workbook(
        tmp_path, [HEAD, [date(2026, 3, 4), "mug", 1200, 1], [date(2026, 3, 5), "mug", "1.200", 1]]
    )
    with pytest.raises(InputError, match=r"as this may be 1\.2 with a decimal point, 1200"):
        load(tmp_path, {"file": "lines.xlsx"})
    assert (
        load(tmp_path, {"file": "lines.xlsx", "decimal": ","}).traces["all", 0].units.sum() == 2400
    )


def test_one_of_several_sheets(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["note"])
    sheet = book.create_sheet("orders")
    for row in (HEAD, [date(2026, 3, 4), "mug", 1, 1]):
        sheet.append(row)
    book.save(tmp_path / "lines.xlsx")
    with pytest.raises(
        InputError, match=r"trace.sheet: expected one of the sheets \(Sheet, orders\)"
    ):
        load(tmp_path, {"file": "lines.xlsx"})
    with pytest.raises(
        InputError, match=r"expected a sheet that is not empty \(orders\), got 'order'"
    ):
        load(tmp_path, {"file": "lines.xlsx", "sheet": "order"})
    assert report(load(tmp_path, {"file": "lines.xlsx", "sheet": "orders"})).used == 1


# -- the horizon -----------------------------------------------------------------------------


def test_a_trace_longer_or_shorter_than_the_horizon_is_told(tmp_path: Path) -> None:
    text = "day,item,count\n" + "".join(f"{day},mug,1\n" for day in range(10))
    longer = report(model(tmp_path, text, {"date_format": "days"}, horizon=7))
    assert (longer.beyond, longer.silent) == (3, 0)
    assert "3 of the lines used come after the horizon" in str(longer)
    shorter = report(model(tmp_path, text, {"date_format": "days"}, horizon=30))
    assert (shorter.beyond, shorter.silent) == (0, 20)
    assert "the last order comes 20 days before the horizon" in str(shorter)
    same = report(model(tmp_path, text, {"date_format": "days"}, horizon=10))
    assert (same.beyond, same.silent) == (0, 0)
    assert "horizon" not in str(same)


# -- a file that is read once ----------------------------------------------------------------


def test_variants_of_a_scenario_read_their_trace_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the contents of the file: one that was edited is read again."""
    read, text = [], "day,item,count\n2026-10-01,mug,5\n2026-10-02,mug,7\n"
    original = traces.read_table
    monkeypatch.setattr(traces, "read_table", lambda *args: read.append(1) or original(*args))
    first = model(tmp_path, text)
    second = first.replace({"policy.priority": "class_priority"})
    assert len(read) == 1
    assert units(first) == units(second) == [(0.0, "mug", 5), (1.0, "mug", 7)]
    assert units(model(tmp_path, text.replace(",7", ",8")))[1] == (1.0, "mug", 8)
    assert len(read) == 2
