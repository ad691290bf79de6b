"""matplotlib's writer of SVG, for figures that are pieces of one page.

Import it only where a figure is drawn: it loads matplotlib.
"""

from __future__ import annotations

from functools import cache
from io import StringIO
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.figure import Figure
from matplotlib.textpath import text_to_path


class _Renderer(RendererSVG):
    """Writes no group around each part of a figure, and measures a text once for all figures."""

    def open_group(self, s: str, gid: Any = None) -> None:
        """Nothing: a page has no use for groups."""

    def close_group(self, s: str) -> None:
        """Nothing."""

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
        """Points."""
        return _measured(s, prop, ismath)


@cache
def _measured(text: str, font: Any, formula: Any) -> Any:
    return text_to_path.get_text_width_height_descent(text, font, formula)


def draw(figure: Figure) -> str:
    """Lay a figure out and draw it, as SVG.

    `Figure.savefig` draws a figure twice, the first time without result, and measures each text
    three times.
    """
    figure.set_dpi(FigureCanvasSVG.fixed_dpi)
    width, height = figure.get_size_inches() * FigureCanvasSVG.fixed_dpi
    buffer = StringIO()
    writer: Any = _Renderer  # matplotlib has no types for it
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    renderer = writer(width, height, buffer, metadata=metadata)
    canvas: Any = FigureCanvasSVG(figure)
    canvas.get_renderer = lambda: renderer
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    figure.draw(renderer)
    renderer.finalize()
    return buffer.getvalue()
