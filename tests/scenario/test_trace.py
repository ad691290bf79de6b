"""Traces: which rows of a CSV file are used, as which orders, and why the others are not."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path
from typing import Any

import pytest

from backsim.errors import InputError
from backsim.scenario import Model, from_dict

COLUMNS = {"time": "day", "product": "item", "units": "count"}


def write(
    folder: Path, *rows: str, header: str = "day,item,count", name: str = "lines.csv"
) -> None:
    data = "\n".join([header, *rows, ""]).encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def read(folder: Path, trace: dict[str, Any] | None = None, **fields: Any) -> Model:
    entry = {"file": "lines.csv", "columns": COLUMNS, "date_format": "%Y-%m-%d", **(trace or {})}
    values = {
        "horizon": 100,
        "products": "traced",
        "suppliers": {"acme": {}},
        "customers": {"all": {"demand": {"trace": entry}}},
        "policy": {"reorder": {"rule": "base_stock", "S": {"days": 2}}},
    }
    return from_dict({**values, **fields}, folder=folder)


def lines(model: Model) -> list[tuple[float, int, str, int]]:
    trace = model.traces["all", 0]
    return list(
        zip(
            trace.time.tolist(),
            trace.order.tolist(),
            trace.product.tolist(),
            trace.units.tolist(),
            strict=True,
        )
    )


def test_rows_become_orders_in_order_of_time(tmp_path: Path) -> None:
    write(tmp_path, "2024-01-03,mug,3", "2024-01-01,plate,1", "2024-01-01,mug,2")
    model = read(tmp_path)
    assert lines(model) == [(0.0, 0, "plate", 1), (0.0, 1, "mug", 2), (2.0, 2, "mug", 3)]
    assert model.products == ("mug", "plate")  # most lines first
    assert model.scenario.start == datetime.date(2024, 1, 1)
    assert model.expected_orders == 3


def test_lines_of_an_order_stand_together_at_its_first_time(tmp_path: Path) -> None:
    write(
        tmp_path,
        "2024-01-01 12:00,mug,1,A",
        "2024-01-01 18:00,mug,2,B",
        "2024-01-01 20:00,plate,3,A",
        header="day,item,count,order",
    )
    model = read(
        tmp_path, {"columns": {**COLUMNS, "order": "order"}, "date_format": "%Y-%m-%d %H:%M"}
    )
    assert lines(model) == [(0.5, 0, "mug", 1), (0.5, 0, "plate", 3), (0.75, 1, "mug", 2)]
    assert model.traces["all", 0].report.orders == 2


def test_rows_are_skipped_with_a_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        "2024-01-01,mug,1,UK",
        "2024-01-01,mug,1,FR",
        "2024-01-01,postage,1,UK",
        "2024-01-01,,1,UK",
        "2024-01-01,mug,0,UK",
        "2024-01-01,mug,-4,UK",
        "2024-01-01,mug,900,UK",
        ",,999,Total",
        ",,1,Summe:",
        "2024-01-01,plate,1,UK",
        ",mug,1,UK",
        header="day,item,count,country",
    )
    where = [
        {"column": "country", "matches": "UK|.*mme.*"},
        {"column": "item", "excludes": "post.*"},
        {"column": "count", "max": 100},
    ]
    report = read(tmp_path, {"where": where, "top_products": 1}).traces["all", 0].report
    assert report.skipped == {
        "country fails matches 'UK|.*mme.*'": 2,
        "item fails excludes 'post.*'": 1,
        "count fails max 100": 1,
        "a row of totals": 1,
        "count is below 0 (a return)": 1,
        "count is 0": 1,
        "day is empty": 1,
        "item is empty": 1,
        "not one of the 1 products with most lines": 1,
    }
    assert report.read == report.used + sum(report.skipped.values()) == 11
    assert str(report).startswith("lines.csv: 11 lines read, 1 used, 1 order\n  skipped 2: country")


def test_gzip_bom_quotes_and_plain_days(tmp_path: Path) -> None:
    write(tmp_path, '0.25,"mug, ""large""",2', header="\ufeffday,item,count", name="lines.csv.gz")
    model = read(tmp_path, {"file": "lines.csv.gz", "date_format": "days"})
    assert lines(model) == [(0.25, 0, 'mug, "large"', 2)]
    assert model.scenario.start is None


def test_sites_and_prices(tmp_path: Path) -> None:
    write(
        tmp_path,
        "2024-01-01,mug,1,north,2.00",
        "2024-01-01,mug,1,south,3.00",
        "2024-01-02,plate,1,south,",
        header="day,item,count,shop,price",
    )
    columns = {**COLUMNS, "site": "shop", "price": "price"}
    model = read(tmp_path, {"columns": columns}, sites=["south", "north"])
    assert model.traces["all", 0].site.tolist() == ["north", "south", "south"]
    assert {name: p.price for name, p in model.scenario.products.items()} == {
        "mug": 2.5,
        "plate": 0,
    }
    levels = {
        pair: point.initial
        for pair, point in zip(model.stock_points, model.scenario.stock, strict=True)
    }
    assert levels["mug", "north"] == 1  # 2 days of 1 unit in 2 days
    assert levels["plate", "north"] == 0


def test_cancelled_orders_are_dropped_with_what_cancels_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        "2024-01-01,mug,5,1,ann",
        "2024-01-01,mug,5,2,bob",
        "2024-01-02,mug,5,3,ann",
        "2024-01-03,mug,-5,C4,ann",  # the latest of ann's
        "2024-01-03,mug,-7,C5,bob",  # of nothing
        header="day,item,count,order,who",
    )
    cancelled = {"column": "order", "matches": "C.*", "same": ["who", "item"]}
    model = read(tmp_path, {"cancelled": cancelled})
    assert lines(model) == [(0.0, 0, "mug", 5), (0.0, 1, "mug", 5)]
    assert model.traces["all", 0].report.skipped == {
        "cancelled later": 1,
        "order says it is a cancellation": 1,
        "order says it is a cancellation, of an order that the file does not hold": 1,
    }


def test_days_count_from_the_start_that_is_given(tmp_path: Path) -> None:
    write(tmp_path, "2024-01-01,mug,1", "2024-01-05,mug,2")
    model = read(tmp_path, start="2024-01-03")
    assert lines(model) == [(2.0, 0, "mug", 2)]
    assert model.traces["all", 0].report.skipped == {"before the start (2024-01-03)": 1}


def test_several_traces_count_from_the_same_day(tmp_path: Path) -> None:
    write(tmp_path, "2024-01-05,mug,1")
    write(tmp_path, "2024-01-01,plate,1", name="early.csv")
    entry = {"file": "lines.csv", "columns": COLUMNS, "date_format": "%Y-%m-%d"}
    demand = [{"trace": entry}, {"trace": {**entry, "file": "early.csv"}}]
    model = read(tmp_path, customers={"all": {"demand": demand}})
    assert model.traces["all", 0].time.tolist() == [4.0]
    assert model.traces["all", 1].time.tolist() == [0.0]
    assert model.scenario.start == datetime.date(2024, 1, 1)
    assert set(model.products) == {"mug", "plate"}


def test_names_of_traced_products_are_checked_once_they_are_known(tmp_path: Path) -> None:
    write(tmp_path, "2024-01-05,mug,1")
    with pytest.raises(InputError, match=r"stock\[0\].products: expected a known product \(mug\)"):
        read(tmp_path, stock=[{"products": "cup"}])
