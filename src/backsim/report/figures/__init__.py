"""The figures, each a file: a function of a study (or a run) and matplotlib axes."""

from importlib import import_module
from pkgutil import iter_modules

from backsim.report.figures.registry import FIGURES, Figure, Page

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["FIGURES", "Figure", "Page"]
