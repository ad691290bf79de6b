"""The list of the figures: what draws each, where the page shows it, and with which words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from backsim.errors import InputError
from backsim.report.captions import Captions
from backsim.results.run import Run
from backsim.scenario.model import Model
from backsim.study.analysis import Ranking
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

P = ParamSpec("P")


@dataclass(frozen=True)
class Page:
    """What the page is made from."""

    study: Study
    ranking: Ranking
    text: Captions
    bounds: pd.DataFrame | None = None
    legend: str = ""
    """What the short names of the best policy and the reference stand for."""
    answer: str = ""
    """What to do, where that is another answer than the figures give."""


@dataclass(frozen=True)
class Drawing:
    """A figure as the page shows it: what it is for those who cannot see it, and what is below."""

    title: str
    caption: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A figure, and where the page shows it."""

    draw: Callable[..., Axes]
    section: str
    order: int
    on_page: Callable[[Page], Iterable[Drawing]]
    """What the page draws with it: nothing where there is nothing to see."""


FIGURES: dict[str, Figure] = {}
"""By name, as in `backsim.plot`."""


def figure(
    section: str,
    title: str = "",
    caption: str | Callable[[Captions], str] = "",
    *,
    order: int = 0,
    several: bool = False,
    lacks: Callable[[Study], str] = lambda study: "",
    on_page: Callable[[Page], Iterable[Drawing]] | None = None,
) -> Callable[[Callable[Concatenate[Any, P], Axes]], Callable[Concatenate[Any, P], Axes]]:
    """Register a function of a study as a figure of a section of the page.

    A run is given to it as a study of one policy.  With `several` it asks for 2 policies or more;
    `lacks` says what else a study lacks for it, or nothing; in both cases the figure raises
    InputError and the page leaves it out.  `order` is its place in the section.  `on_page` says
    what the page draws, where that is not one drawing with `title` and `caption`.
    """

    def register(
        make: Callable[Concatenate[Any, P], Axes],
    ) -> Callable[Concatenate[Any, P], Axes]:
        name = make.__name__

        def missing(study: Study) -> str:
            if several and len(study.policies) < 2:
                return f"expected a study of 2 policies or more, got {len(study.policies)}"
            return lacks(study)

        @wraps(make)
        def draw(subject: Any, /, *args: P.args, **options: P.kwargs) -> Axes:
            study = Study.of(subject) if isinstance(subject, Run) else subject
            if not isinstance(study, Model) and not hasattr(study, "policies"):
                raise InputError(f"{name}: expected a study or a run, got {type(study).__name__}")
            if isinstance(study, Study) and (reason := missing(study)):
                raise InputError(f"{name}: {reason}")
            return make(study, *args, **options)

        def drawings(page: Page) -> Iterable[Drawing]:
            if missing(page.study):
                return ()
            if on_page is not None:
                return on_page(page)
            return (Drawing(title, caption if isinstance(caption, str) else caption(page.text)),)

        FIGURES[name] = Figure(draw, section, order, drawings)
        return draw

    return register
