"""Tables: one definition, and the workbook."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from tests.report.standin import StandIn, bounds_of, study_of

from backsim.errors import InputError
from backsim.present.table import cell_text
from backsim.report.excel import sheet_name, write_excel
from backsim.report.finding import finding
from backsim.report.management import summary
from backsim.report.slides import write_pptx
from backsim.report.tables import best_table, ranking_table, tables
from backsim.results.spec import MetricSpec
from backsim.statistics import Estimate, Feasible, differences
from backsim.study.analysis import rank
from backsim.study.effects import main_effects
from backsim.study.warm_up import warm_up_verdict


@pytest.fixture(scope="module")
def study() -> StandIn:
    policies = {
        f"{rule} {s}": {"policy.priority": rule, "policy.reorder.s": s}
        for rule in ("fcfs", "class_priority")
        for s in (10, 20)
    }
    return study_of(policies, constraints=("fill_rate[gold] >= 0.5",))


def test_cells() -> None:
    assert cell_text(Estimate(412.3456, 80.2, 1, 5, 0.95)) == "412 ± 80"
    assert cell_text(Estimate(0.96123, 0.00421, 1, 5, 0.95)) == (
        "0.9612 \N{PLUS-MINUS SIGN} 0.0042"
    )
    assert cell_text(Estimate(12345.678, 1234.5, 1, 5, 0.95)) == "12,346 ± 1,234"
    assert cell_text(Estimate(math.nan, math.nan, math.nan, 0, 0.95)) == "-"
    assert cell_text(Estimate(3.0, 0.0, 0, 5, 0.95)) == "3.000"
    assert cell_text(0.0) == "0"
    assert cell_text(20) == "20"
    assert cell_text(None) == cell_text(math.nan) == "-"


def test_every_row_fits_its_columns(study: StandIn) -> None:
    found = tables(study)
    assert [t.name for t in found] == [
        "ranking", "differences", "best", "costs", "yearly", "classes", "reorder_levels",
        "cancellations", "effects", "settings", "provenance",
    ]  # fmt: skip
    for table in found:
        assert all(len(row) == len(table.columns) for row in table.rows), table.name


def test_of_many_policies_the_best_and_the_reference_are_told_by_class(
    study: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backsim.report.breakdown.MOST_ROWS", 4)
    table = next(t for t in tables(study) if t.name == "classes")
    best = rank(study).order[0]
    told = list(dict.fromkeys(str(row[0]).removesuffix(" (reference)") for row in table.rows))
    names = [p.name for p in study.policies]
    assert told[0] == names[best]
    assert names[rank(study).reference] in told
    assert 2 <= len(told) < len(names)
    assert table.note == f"{len(told)} of 4 policies: the best and the reference."


def test_the_numbers_are_the_statistics(study: StandIn) -> None:
    by_name = {t.name: t for t in tables(study)}
    cost = study.array("cost.total")
    row = next(r for r in by_name["ranking"].rows if r[0] == "class_priority 20")
    at = [c.label for c in by_name["ranking"].columns].index("total cost")
    assert row[at].mean == pytest.approx(cost[3].mean())  # type: ignore[union-attr]
    expected = differences(cost, 0).of(3)
    row = next(r for r in by_name["differences"].rows if r[0] == "class_priority 20")
    assert row[1] == expected
    assert by_name["ranking"].rows[0][0] == [p.name for p in study.policies][
        int(cost.mean(axis=1).argmin())
    ].replace("fcfs 10", "fcfs 10 (reference)")


def test_a_class_that_only_some_policies_have() -> None:
    """A metric that is missing for one policy is a dash, not a fault."""
    written = {"mean_wait": [[1.0, 2.0, 3.0], [math.nan] * 3, [2.0, 3.0, math.nan]]}
    one = study_of(
        {n: {"policy.reorder.s": 9 + i} for i, n in enumerate("ABC")},
        replications=3, metrics=("mean_wait",), written=written,
    )  # fmt: skip
    found = {t.name: t for t in tables(one)}["differences"]
    texts = {row[0]: cell_text(row[2]) for row in found.rows}
    assert texts["B"] == "-"
    assert texts["C"].startswith("1.000")


def test_main_effects_of_a_plan() -> None:
    """cost = 10 rule + s + noise: the rule's effect is +-5, that of s its distance from 15."""
    noise = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    plan = [(rule, s) for rule in (0, 1) for s in (10, 20)]
    written = {"cost.total": [10 * rule + s + noise for rule, s in plan]}
    names = ("fcfs", "class_priority")
    one = study_of(
        {
            f"{rule} {s}": {"policy.priority": names[rule], "policy.reorder.s": s}
            for rule, s in plan
        },
        replications=1,
        written=written,
    )
    effects = main_effects(one, MetricSpec("cost.total"))
    found = {(e.factor, e.level): e.estimate.mean for e in effects}
    assert found == pytest.approx(
        {
            ("policy.priority", "fcfs"): -5,
            ("policy.priority", "class_priority"): 5,
            ("policy.reorder.s", "10"): -5,
            ("policy.reorder.s", "20"): 5,
        }
    )
    assert all(e.estimate.half_width == pytest.approx(0, abs=1e-9) for e in effects)


def test_many_levels_are_grouped() -> None:
    one = study_of(
        {f"s = {s}": {"policy.reorder.s": s} for s in range(10, 30)},
        replications=1,
        written={"cost.total": [[float(s), s + 1.0] for s in range(10, 30)]},
    )
    effects = main_effects(one, MetricSpec("cost.total"))
    assert [(e.level, e.policies) for e in effects] == [
        ("10 to 14", 5), ("15 to 19", 5), ("20 to 24", 5), ("25 to 29", 5),
    ]  # fmt: skip
    assert [e.estimate.mean for e in effects] == pytest.approx([-7.5, -2.5, 2.5, 7.5])


def test_the_ranking_puts_what_breaks_a_constraint_last() -> None:
    noise = np.array([-1.0, 0.0, 1.0])
    one = study_of(
        {n: {"policy.reorder.s": 9 + i} for i, n in enumerate("ABC")},
        replications=1,
        constraints=("fill_rate[gold] >= 0.9",),
        written={
            "cost.total": [5 + noise, 1 + noise, 3 + noise],
            "fill_rate[gold]": [[0.95] * 3, [0.5] * 3, [0.91, 0.88, 0.94]],
        },
    )
    found = rank(one)
    assert found.order == (2, 0, 1)
    verdicts = [found.verdict(i) for i in found.order]
    assert verdicts == ["may be best", "may be best", "violates a constraint"]
    assert [found.kept[i] for i in range(3)] == [
        (Feasible.surely,),
        (Feasible.no,),
        (Feasible.perhaps,),
    ]
    table = ranking_table(one, found)
    column = [c.heading for c in table.columns].index("fill rate of gold >= 90 %")
    assert column == 3  # right after the objective
    assert [row[column] for row in table.rows] == ["may be satisfied", "satisfied", "violated"]
    best = best_table(one, found)
    assert [row[0].split(" (")[0] for row in best.rows] == ["C", "A"]  # type: ignore[union-attr]
    assert best.rows[1][1] is None  # there may be no other that keeps the constraint


def test_the_warm_up_is_judged(study: StandIn) -> None:
    """A start far above the rest, after a warm-up that is too short, is seen."""
    fine = warm_up_verdict(study, 0)
    assert fine is not None
    late = study_of(
        {"a": {"warm_up": 0, "policy.reorder.s": 10}, "b": {}},
        base={**FULL, "horizon": 300},
    )
    found = warm_up_verdict(late, 0)
    assert found is not None
    assert not found.enough
    assert found.day >= 20
    told = dict(summary(late, rank(late)))["Stability"]
    assert told == (
        "The run is too short for stock and backlog to become stable under 'a': lengthen the "
        "horizon. The warm-up is too short under 'b': it should end at day 120."
    )


FULL = {
    "horizon": 120,
    "products": "mug",
    "suppliers": {"acme": {"lead_time": 6}},
    "customers": {
        "gold": {"demand": {"arrivals": {"poisson": {"rate": 5}}, "products": "mug"}},
    },
    "policy": {"reorder": {"rule": "s_S", "s": 20, "S": 60}},
    "stock": [{"products": "mug", "initial": 500}],
    "costs": {"holding": 1},
}


def test_a_workbook(study: StandIn, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_excel(study, tmp_path / "study.xlsx"))
    assert book.sheetnames == ["finding", *(t.name for t in tables(study))]
    rows = list(book["ranking"].iter_rows(values_only=True))
    at = rows[0].index("total cost (money per day)")
    assert rows[0][at + 1] == "total cost half-width"
    cost = study.array("cost.total").mean(axis=1)
    assert rows[1][at] == pytest.approx(cost.min())
    assert book["ranking"].freeze_panes == "B2"


def test_charts_follow_the_cells(study: StandIn, tmp_path: Path) -> None:
    """Native bars that refer to the table's own cells, so that a client may recolour and edit."""
    book = openpyxl.load_workbook(write_excel(study, tmp_path / "study.xlsx"))
    drawn = {sheet.title: sheet._charts for sheet in book if sheet._charts}
    assert list(drawn) == ["ranking", "differences", "costs"]
    (ranking,), last = drawn["ranking"], len(study.policies) + 1
    heads = [cell.value for cell in book["ranking"][1]]
    letter = openpyxl.utils.get_column_letter(heads.index("total cost (money per day)") + 1)
    half = openpyxl.utils.get_column_letter(heads.index("total cost half-width") + 1)
    (bars,) = ranking.series
    assert bars.val.numRef.f == f"'ranking'!${letter}$2:${letter}${last}"
    assert bars.cat.numRef.f == f"'ranking'!$A$2:$A${last}"
    assert bars.errBars.plus.numRef.f == f"'ranking'!${half}$2:${half}${last}"
    assert ranking.x_axis.delete is ranking.y_axis.delete is False
    (costs,) = drawn["costs"]
    assert costs.grouping == "stacked"
    parts = {book["costs"][s.tx.strRef.f.split("!")[1]].value for s in costs.series}
    assert "holding cost (money per day)" in parts
    assert "total cost (money per day)" not in parts


def test_slides(study: StandIn, tmp_path: Path) -> None:
    """The finding, the summary, charts with the study's numbers, and the ranking."""
    pptx = pytest.importorskip("pptx")
    deck = pptx.Presentation(str(write_pptx(study, tmp_path / "study.pptx")))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles[1:4] == ["Summary", "Total cost", "Total cost: differences from the reference"]
    assert titles[-2:] == ["Costs", "Ranking"]
    words = " ".join(s.text_frame.text for s in deck.slides[0].shapes if s.has_text_frame)
    assert finding(study) in words
    (chart,) = [shape.chart for shape in deck.slides[2].shapes if shape.has_chart]
    cost = study.array("cost.total").mean(axis=1)
    assert list(chart.plots[0].series[0].values) == pytest.approx(sorted(cost))
    (grid,) = [shape.table for shape in deck.slides[-1].shapes if shape.has_table]
    assert grid.cell(0, 0).text == "policy"
    assert len(grid.rows) == 1 + len(study.policies)


def test_slides_that_cannot_be(study: StandIn, tmp_path: Path) -> None:
    pytest.importorskip("pptx")
    with pytest.raises(InputError, match=r"expected a name that ends in \.pptx"):
        write_pptx(study, tmp_path / "study.ppt")
    with pytest.raises(InputError, match="expected a file that can be written"):
        write_pptx(study, tmp_path / "missing" / "study.pptx")


def test_names_are_never_formulas(tmp_path: Path) -> None:
    policies = {n: {"policy.reorder.s": 9 + i} for i, n in enumerate(["=1+1", "+cmd|x", "a\x07b"])}
    one = study_of(policies, replications=2, title='=HYPERLINK("x")')
    book = openpyxl.load_workbook(write_excel(one, tmp_path / "study.xlsx"))
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    names = {row[0].value for row in book["ranking"].iter_rows(min_row=2)}
    assert names == {"=1+1 (reference)", "+cmd|x", "a b"}


def test_a_workbook_that_cannot_be(study: StandIn, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a name that ends in \.xlsx"):
        write_excel(study, tmp_path / "study.xls")
    with pytest.raises(InputError, match="expected a file that can be written"):
        write_excel(study, tmp_path / "missing" / "study.xlsx")


def test_regret_against_the_bound_in_hindsight(study: StandIn) -> None:
    """Mean of each policy over its own rows; the note says for whom the bounds hold."""
    from backsim.report.regret import regret_table

    frame = bounds_of(study)
    ranking = rank(study)
    table = regret_table(study, ranking, frame)
    names = [p.name for p in study.policies]
    names[ranking.reference] += " (reference)"
    assert [row[0] for row in table.rows] == [names[i] for i in ranking.order]
    for i, row in zip(ranking.order, table.rows, strict=True):
        assert row[1] == 3
        assert [cell.mean for cell in row[2:]] == pytest.approx([11.0 + i, 5.0, 6.0 + i])
    assert "No clearing rule costs less than the bound" in table.note
    given = frame.assign(given_receipts="customers leave")
    note = regret_table(study, ranking, given).note
    assert "conditional on the receipts of its own run: customers leave." in note


def test_a_sheet_has_a_name_that_workbooks_take() -> None:
    """Not these signs, no more than 31 characters, and another than all before it."""
    assert sheet_name("Lager [Nord]: a/b?") == "Lager  Nord   a b"
    assert sheet_name("x" * 40) == "x" * 31
    assert sheet_name("X" * 40, ["x" * 31]) == "X" * 27 + " (2)"
    assert sheet_name("costs", ["Costs", "costs (2)"]) == "costs (3)"
    assert sheet_name("'[]'") == "sheet"
