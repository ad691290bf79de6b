"""Tables as text: lined up, never wider than the terminal, and saying what is left out."""

from __future__ import annotations

import pytest

from backsim.cli.console import say
from backsim.present.console import Medium, document, table_text
from backsim.present.markdown import document as markdown
from backsim.present.table import Column, Heading, Table, cell_text, from_records
from backsim.statistics import estimate

COST = [estimate([10.0, 14.0, 18.0]), estimate([100.0, 104.0, 109.0])]


def ranking(metrics: int) -> Table:
    """Policies with a verdict, an objective and other metrics."""
    columns = (
        Column("policy"),
        Column("verdict", keep=True),
        Column("total cost", "money per day", keep=True),
        *(Column(f"mean wait of customer {i}", "days") for i in range(metrics)),
    )
    rows = tuple(
        (name, "may be best", cost, *[cost] * metrics)
        for name, cost in zip(("first come first served", "class"), COST, strict=True)
    )
    return Table("ranking", "Ranking", columns, rows, "Mean and half-width of the interval.")


def test_signs_and_units_stand_below_one_another() -> None:
    lines = table_text(ranking(0), Medium()).splitlines()
    assert lines[1].endswith("   total cost")
    assert lines[2].endswith("money per day")
    assert lines[3].index("±") == lines[4].index("±")
    assert lines[3].startswith("first come first served  may be best  ")


@pytest.mark.parametrize("width", [60, 80, 100, 132])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = table_text(ranking(9), Medium(width))
    assert max(map(len, text.splitlines())) <= width
    assert "may be best" in text
    assert "money per day" in text or "money" in text
    assert text.count("±") >= 2
    assert "(no room for mean wait of customer" in text
    for line in text.splitlines():
        assert line.count("±") in (0, text.splitlines()[6].count("±"))


def test_in_a_pipe_a_table_is_whole() -> None:
    text = table_text(ranking(9), Medium(None))
    assert "no room" not in text
    assert text.count("±") == 20


def test_headings_are_broken_before_columns_go() -> None:
    text = table_text(ranking(2), Medium(85))
    assert "no room" not in text
    assert max(map(len, text.splitlines())) <= 85


def test_prose_is_broken_over_lines() -> None:
    rows = [{"name": "x", "meaning": "word " * 40}]
    table = from_records("Words", rows, {"name": "text", "meaning": "prose"})
    lines = table_text(table, Medium(60)).splitlines()
    assert max(map(len, lines)) <= 60
    assert sum(line.count("word") for line in lines[2:]) == 40


def test_a_wide_sign_takes_two_columns() -> None:
    table = from_records(
        "", [{"a": "日本", "b": "x"}, {"a": "abcd", "b": "x"}], {"a": "text", "b": ""}
    )
    _, first, second = table_text(table, Medium()).splitlines()
    assert second.index("x") == 6
    assert first.index("x") == 4


def test_nothing_of_a_name_reaches_the_terminal_as_an_order() -> None:
    table = from_records("", [{"a": "x\x1b[31m\ny"}], {"a": "text"})
    assert "\x1b" not in table_text(table, Medium())


def test_rows_that_are_not_shown_are_counted() -> None:
    table = from_records("", [{"a": i} for i in range(1_500)], {"a": ""})
    assert "(1,490 more rows" in table_text(table, Medium(most=10))
    assert "1,499" in markdown("", [table])


def test_groups_stand_above_their_rows() -> None:
    columns = (Column("metric", kind="text"), Column("value"))
    table = Table("m", "", columns, (("fill_rate", 0.5), ("cost", 2.0)), "", ("service", "cost"))
    assert table_text(table, Medium()).splitlines() == [
        "metric        value",
        "service",
        "  fill_rate  0.5000",
        "cost",
        "  cost        2.000",
    ]
    assert "| **service** |  |" in markdown("", [table])


@pytest.mark.parametrize(
    ("kind", "text"),
    [("money", "1,234.50"), ("units", "1,234"), ("share", "123450.0 %"), ("", "1,234")],
)
def test_a_number_is_written_by_its_kind(kind: str, text: str) -> None:
    assert cell_text(1234.5, kind=kind) == text  # type: ignore[arg-type]
    assert cell_text(None, kind=kind) == "-"  # type: ignore[arg-type]


def test_markdown_shows_text_as_it_is() -> None:
    text = document("T", ["a ± b"], Medium())
    assert text == "T\na ± b\n"
    table = from_records("A | b", [{"x": "<i>|*"}], {"x": "text"})
    assert "| &lt;i&gt;\\|\\* |" in markdown("T", [table])


def test_headings_are_no_wider_than_the_terminal() -> None:
    table = Table("rules", f"reorder: {'when and how much ' * 9}", (Column("rule"),), (("s_S",),))
    lines = document("A title " * 20, [Heading("A heading " * 20), table], Medium(80)).split("\n")
    assert max(map(len, lines)) <= 80
    assert sum("when and how much" in line for line in lines) > 1


def test_remarks_are_no_wider_than_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for a path, which stays whole; in a file they are as they were written."""
    monkeypatch.setenv("COLUMNS", "60")
    path = "/a/path/of-many-parts" * 4
    remark = f"  warning: {'a long remark ' * 9}\nwritten: {path}"
    say(remark)
    assert capsys.readouterr().err == f"{remark}\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    say(remark)
    *lines, last = capsys.readouterr().err.splitlines()
    assert last.strip() == path
    assert max(map(len, lines)) <= 60
    assert [line[:4] for line in lines[:2]] == ["  wa", "    "]
