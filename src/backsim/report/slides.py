"""The study as slides: the finding, the summary, and charts and tables that a client can edit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backsim.errors import InputError, counted, listed
from backsim.files import beside
from backsim.present.table import Table
from backsim.report.charts import COLOURS, Chart, charts
from backsim.report.excel import legal
from backsim.report.finding import finding
from backsim.report.management import summary
from backsim.report.shortnames import named
from backsim.report.tables import tables
from backsim.study.analysis import rank
from backsim.study.study import Study

WIDTH, HEIGHT, MARGIN = 13.333, 7.5, 0.6
"""Inches."""
TITLE_ONLY = 5
"""The layout of python-pptx's own template."""
MOST_ROWS, MOST_COLUMNS = 12, 6
"""Of a table on a slide."""


def check_pptx(file: str | Path) -> None:
    """Raise InputError unless python-pptx is there and the name ends in .pptx."""
    try:
        import pptx  # noqa: F401
    except ImportError:
        raise InputError(
            "slides: expected python-pptx to be installed: pip install 'backsim[pptx]'"
        ) from None
    if Path(file).suffix.lower() != ".pptx":
        raise InputError(f"{file}: expected a name that ends in .pptx")


def write_pptx(study: Study, file: str | Path) -> Path:
    """Write the finding, the summary, native charts and the ranking as slides.

    Raises InputError for too few replications, without python-pptx, or when the file cannot be
    written.
    """
    check_pptx(file)
    from pptx import Presentation
    from pptx.util import Inches

    short = named(study)
    ranking = rank(short.study)
    made = tables(short.study)
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    experiment = study.experiment
    lines = [text for text in (experiment.question, finding(short.study)) if text]
    _words(_slide(deck, experiment.heading), lines, 20)
    legend = short.legend(ranking.order[0], ranking.reference)
    facts = [f"{what}: {text}" for what, text in summary(short.study, ranking, legend)]
    if facts:
        _words(_slide(deck, "Summary"), facts, 16)
    for chart in charts(made):
        _chart(_slide(deck, chart.title), chart)
    _table(_slide(deck, made[0].title), made[0])
    path = Path(file)
    with beside(path) as partial:
        deck.save(str(partial))
    return path


def _slide(deck: Any, title: str) -> Any:
    from pptx.util import Inches, Pt

    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    head = slide.shapes.title
    head.left, head.top = Inches(MARGIN), Inches(0.35)
    head.width, head.height = Inches(WIDTH - 2 * MARGIN), Inches(1.0)
    head.text_frame.text = legal(title)
    head.text_frame.word_wrap = True
    head.text_frame.paragraphs[0].font.size = Pt(28 if len(title) <= 70 else 22)
    return slide


def _place(top: float = 1.5, height: float = HEIGHT - 2.0) -> tuple[Any, ...]:
    """Where the body of a slide is: left, top, width, height."""
    from pptx.util import Inches

    return tuple(map(Inches, (MARGIN, top, WIDTH - 2 * MARGIN, height)))


def _words(slide: Any, lines: Sequence[str], size: int) -> None:
    from pptx.util import Pt

    frame = slide.shapes.add_textbox(*_place()).text_frame
    frame.word_wrap = True
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = legal(line)
        paragraph.font.size, paragraph.space_after = Pt(size), Pt(8)


def _note(slide: Any, text: str) -> None:
    from pptx.util import Pt

    frame = slide.shapes.add_textbox(*_place(HEIGHT - 0.8, 0.6)).text_frame
    frame.word_wrap = True
    frame.text = legal(text)
    frame.paragraphs[0].font.size = Pt(11)


def _chart(slide: Any, chart: Chart) -> None:
    """Bars with the first row on top."""
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
    from pptx.util import Pt

    data = CategoryChartData()
    data.categories = [legal(name) for name in chart.names]
    for name, values in chart.series():
        data.add_series(legal(name), values)
    several = len(chart.columns) > 1
    kind = XL_CHART_TYPE.BAR_STACKED if several else XL_CHART_TYPE.BAR_CLUSTERED
    drawn = slide.shapes.add_chart(kind, *_place(1.4, HEIGHT - 2.3), data).chart
    drawn.has_title, drawn.has_legend = False, several
    if several:
        drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    drawn.font.size = Pt(14)
    drawn.category_axis.reverse_order = True
    drawn.value_axis.has_title = True
    drawn.value_axis.axis_title.text_frame.text = legal(chart.axis)
    drawn.plots[0].gap_width = 60
    if several:
        drawn.plots[0].overlap = 100
    for series, colour in zip(drawn.plots[0].series, COLOURS * len(chart.columns), strict=False):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor.from_string(colour)
        series.invert_if_negative = False
    if chart.table.note:
        _note(slide, chart.table.note)


def _table(slide: Any, table: Table) -> None:
    """The first rows and columns of a table, which can be edited."""
    from pptx.util import Pt

    heads = [column.heading for column in table.columns[:MOST_COLUMNS]]
    rows = [heads, *(row[:MOST_COLUMNS] for row in table.texts(MOST_ROWS))]
    shape = slide.shapes.add_table(len(rows), len(heads), *_place(1.4, 0.4 * len(rows)))
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            cell = shape.table.cell(i, j)
            cell.text = legal(text)
            cell.text_frame.paragraphs[0].font.size = Pt(13)
    rest = {"row": len(table.rows) - MOST_ROWS, "column": len(table.columns) - MOST_COLUMNS}
    left_out = [counted(n, f"more {what}") for what, n in rest.items() if n > 0]
    more = f" {listed(left_out)} in the report." if left_out else ""
    _note(slide, table.note + more)
