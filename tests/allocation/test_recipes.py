"""A constraint and a sharing rule of one's own: one decorated class or function is all it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from backsim import allocate, allocation, read_book
from backsim.allocation.book.template import describe
from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import CONSTRAINTS, WISH, Columns, Constraint, constraint
from backsim.allocation.model.flow import Flow
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.plan.allocate import all_plans, compared, rule_names
from backsim.allocation.plan.conflict import InfeasibleError
from backsim.allocation.plan.shares import SHARING, sharing
from backsim.allocation.solver.program import INF, Builder
from backsim.tables.faults import TableError
from backsim.tables.spec import Column


@pytest.fixture(autouse=True)
def none_left_behind() -> Iterator[None]:
    before, rules = dict(CONSTRAINTS), dict(SHARING)
    yield
    CONSTRAINTS.clear()
    CONSTRAINTS.update(before)
    SHARING.clear()
    SHARING.update(rules)


def at_least_some() -> None:
    """Each line gets `sure` units; the setting `sure_less` takes some off."""

    @constraint
    class Sure(Constraint):
        name = "sure"
        kind = WISH
        columns: ClassVar[Columns] = {
            "lines": (Column("sure", "units", "units that it gets at any price", default="0"),)
        }
        settings = (Column("sure_less", "units", "units fewer for everybody"),)

        def applies(self, book: Book) -> bool:
            return bool(np.any(self.least(book) > 0))

        def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
            options = book.options
            every = np.arange(len(options))
            least = self.least(book)
            builder.add_rows(self.name, len(least), least, INF, [(options.line, every, 1.0)])

        def broken(self, plan: Outcome) -> str:
            short = int((plan.served < self.least(plan.book)).sum())
            return f"what is sure of {short} lines" if short else ""

        def say(self, book: Book, i: int) -> str:
            return f"line {book.lines.ids[i]}: {self.least(book)[i]:g} for sure"

        @staticmethod
        def least(book: Book) -> np.ndarray:
            less = book.own.get("settings.sure_less", 0.0)
            return np.asarray(np.maximum(0.0, book.own.get("lines.sure", np.zeros(1)) - less))


def book(folder: Path, *lines: str, header: str = "id,product,units,weight,sure") -> Path:
    """10 units in stock; the lines weigh what they say."""
    (folder / "lines.csv").write_text("\n".join([header, *lines]) + "\n")
    (folder / "stock.csv").write_text("product,units\nkettle,10\n")
    (folder / "settings.csv").write_text("name,value\ntoday,2026-11-24\n")
    return folder


def test_a_constraint_of_ones_own_limits_the_plan(tmp_path: Path):
    """B is worth less than A, and gets what is sure all the same; fcfs gives it nothing."""
    at_least_some()
    plan = allocate(read_book(book(tmp_path, "A,kettle,10,2,", "B,kettle,5,1,4")))
    assert plan.served.tolist() == [6.0, 4.0]
    rows = compared(all_plans(plan))
    breaks = dict(zip(rows["rule"], rows["breaks"], strict=True))
    assert breaks["lp"] == ""
    assert breaks["fcfs"] == "what is sure of 1 lines"


def test_it_reads_settings_and_columns_in_the_order_of_the_books_lines(tmp_path: Path):
    at_least_some()
    folder = book(tmp_path, "B,kettle,5,1,4", "A,kettle,10,2,1")
    (folder / "settings.csv").write_text("name,value\nsure_less,1\n")
    found = read_book(folder)
    assert found.lines.ids == ("A", "B")
    assert found.own["lines.sure"].tolist() == [1.0, 4.0]
    assert allocate(found).served.tolist() == [7.0, 3.0]


def test_a_conflict_tells_of_it_in_its_own_words(tmp_path: Path):
    at_least_some()
    folder = book(tmp_path, "A,kettle,8,2,8", "B,kettle,5,1,4")
    with pytest.raises(InfeasibleError) as caught:
        allocate(read_book(folder))
    text = str(caught.value)
    assert "line A: 8 for sure" in text
    assert "line B: 4 for sure" in text
    assert "short)" in text
    assert "10 of kettle at main" in text


def test_its_column_is_read_as_others_are_and_documented(tmp_path: Path):
    at_least_some()
    with pytest.raises(TableError, match=r"lines\.csv:2: sure: expected a number of at least 0"):
        read_book(book(tmp_path, "A,kettle,10,2,-1"))
    text = "\n".join(describe())
    assert "| `sure` | number >= 0 | units that it gets at any price | 0 |" in text
    assert "- `sure_less`: units fewer for everybody" in text


def test_without_it_its_column_is_not_known(tmp_path: Path):
    with pytest.raises(TableError, match="sure"):
        read_book(book(tmp_path, "A,kettle,10,2,1"))


def test_two_constraints_of_one_name():
    at_least_some()
    with pytest.raises(ValueError, match="new name"):
        at_least_some()


def test_a_column_where_none_may_be():
    with pytest.raises(ValueError, match="columns of lines, classes, products, lanes"):

        @constraint
        class Nowhere(Constraint):
            name = "nowhere"
            kind = WISH
            columns: ClassVar[Columns] = {"stock": (Column("x", "units", "x"),)}

    assert "nowhere" not in CONSTRAINTS


def test_a_sharing_rule_of_ones_own(tmp_path: Path):
    """Half of what each line asks for, whatever is there."""

    @sharing
    def halves(book: Book) -> np.ndarray:
        return np.asarray(book.lines.units[book.options.line] / 2)

    folder = book(tmp_path, "A,kettle,10,2", "B,kettle,6,1", header="id,product,units,weight")
    found = read_book(folder)
    assert "halves" in rule_names()
    assert allocate(found, "halves").served.tolist() == [5.0, 3.0]
    assert "halves" in compared(all_plans(allocate(found)))["rule"]


def test_a_notebook_shows_a_plan_as_a_sentence_and_its_shipments(tmp_path: Path):
    folder = book(tmp_path, "A<b>,kettle,10,2", header="id,product,units,weight")
    html = allocate(read_book(folder))._repr_html_()
    assert "<b>lp</b>: 10 of 10 units served" in html
    assert "A&lt;b&gt;" in html


def test_all_names_for_python_are_there():
    assert set(allocation.__all__) <= set(dir(allocation))
    for name in allocation.__all__:
        assert getattr(allocation, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'alocate'"):
        _ = allocation.alocate
