"""How people write a metric: `cost.total`, `fill_rate[gold]`, `mean_wait[product:mug]`.

Read here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from backsim.errors import InputError, listed, nearest
from backsim.quantities import from_percent
from backsim.results.metrics import METRICS, Metric

_TEXT = re.compile(r"\s*(?P<metric>[\w.]+)\s*(?:\[(?P<inside>(?s:.*))\])?\s*")
_CONSTRAINT = re.compile(r"(?P<metric>.+?)(?P<relation>[<>]=)(?P<bound>.+)")
SENSES = {
    "minimise": "minimise",
    "minimize": "minimise",
    "maximise": "maximise",
    "maximize": "maximise",
}


class SpecError(InputError):
    """A metric is not one, or has no such member: what was expected, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}, got {found}")


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric overall (dimension "") or of one class, product, site or group of products."""

    metric: str
    dimension: str = ""
    member: str = ""

    def __str__(self) -> str:
        if not self.dimension:
            return self.metric
        inside = self.member if self.dimension == "class" else f"{self.dimension}:{self.member}"
        return f"{self.metric}[{inside}]"

    @property
    def sense(self) -> str:
        """Minimise or maximise: which way is better, as most people see it."""
        return self.declared.sense

    @property
    def unit(self) -> str:
        """What it is measured in."""
        return self.declared.unit

    @property
    def is_share(self) -> bool:
        """Whether people read it in percent."""
        return self.declared.is_share

    @property
    def point(self) -> float:
        """What people call one more of it: a point of a share, else a unit."""
        return 0.01 if self.is_share else 1.0

    @property
    def declared(self) -> Metric:
        """The metric's declaration."""
        return METRICS[self.metric]


@dataclass(frozen=True, slots=True)
class Objective:
    """What is to be made small or large: `minimise cost.total`."""

    sense: str
    """minimise or maximise"""
    metric: MetricSpec

    def __str__(self) -> str:
        return f"{self.sense} {self.metric}"


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a policy must keep to be acceptable: `fill_rate[gold] >= 0.95`."""

    metric: MetricSpec
    relation: str
    """>= or <="""
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.relation} {self.bound:g}"

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.relation == ">=" else -1.0

    def holds(self, value: float) -> bool:
        """Whether a value keeps it."""
        return value >= self.bound if self.relation == ">=" else value <= self.bound


Views = Iterable[tuple[str, str]]


def parse_metric(text: str, views: Views) -> MetricSpec:
    """The metric that a text names, among the views (dimension, member) there are.

    Raises SpecError, which names the nearest metrics or members.
    """
    if not isinstance(text, str):
        raise SpecError("a metric such as cost.total or fill_rate[gold]", repr(text))
    words = " ".join(text.split())
    for name, declared in METRICS.items():  # as tables show it
        if name != words and words in (declared.label, name.replace("_", " ")):
            raise SpecError(name, repr(text))
    found = _TEXT.fullmatch(text)
    if found is None:
        raise SpecError("a metric such as cost.total or fill_rate[gold]", repr(text))
    metric, inside = found["metric"], found["inside"]
    if metric not in METRICS:
        raise SpecError(_nearest(metric, f"[{inside}]" if inside else ""), repr(metric))
    return MetricSpec(metric) if inside is None else MetricSpec(metric, *_view(inside, views))


def _nearest(name: str, view: str) -> str:
    """A metric in place of one that there is not; of other days, on-time orders say the same."""
    days = re.fullmatch(r"shipped_within_(\d+)", name)
    if days is None:
        return f"a metric ({nearest(name, list(METRICS))})"
    known = listed([metric for metric in METRICS if metric.startswith("shipped_within_")], 9)
    return (
        f"a metric ({known}; or otif{view}, orders shipped whole by their due date, with "
        f"`due_in: {days[1]}` of the customers)"
    )


def parse_objective(text: str, views: Views) -> Objective:
    """The objective that a text names.  Raises SpecError."""
    sense, _, metric = text.strip().partition(" ")
    if sense not in SENSES or not metric:
        raise SpecError("minimise or maximise, and a metric: minimise cost.total", repr(text))
    return Objective(SENSES[sense], parse_metric(metric, views))


def split_objective(text: str) -> tuple[str, tuple[str, ...]]:
    """An objective, and the constraints that stand behind `subject to`, joined by `and`."""
    objective, _, constraints = text.partition(" subject to ")
    return objective, tuple(constraints.split(" and ")) if constraints else ()


def parse_constraint(text: str, views: Views) -> Constraint:
    """The constraint that a text names.  Raises SpecError."""
    found = _CONSTRAINT.fullmatch(text)
    form = "a metric, >= or <=, and a number: fill_rate[gold] >= 0.95, or >= 95 %"
    if found is None:
        raise SpecError(form, repr(text))
    stated = found["bound"].strip()
    share = from_percent(stated)
    percent = share is not stated
    try:
        bound = float(share)
    except ValueError:
        raise SpecError(form, repr(text)) from None
    if bound - bound != 0:
        raise SpecError("a finite bound", stated)
    metric = parse_metric(found["metric"], views)
    if percent and not metric.is_share:
        raise SpecError(f"a number ({metric} is in {metric.unit})", stated)
    if metric.declared.within_one and not 0 <= bound <= 1:
        raise SpecError(f"as a bound of {metric} a share from 0 to 1 (write 95 % or 0.95)", stated)
    return Constraint(metric, found["relation"], bound)


def _view(inside: str, views: Views) -> tuple[str, str]:
    """The one (dimension, member) that `gold` or `class:gold` names."""
    views = [view for view in dict.fromkeys(views) if view[0]]
    name = inside.strip()
    plain = [view for view in views if view[1] == name]
    spelt = [view for view in views if ":".join(view) == name]
    if len(plain) > 1:
        several = " or ".join(":".join(view) for view in plain)
        raise SpecError(several, f"'{name}', which is both")
    if plain or spelt:
        return (plain or spelt)[0]
    dimension, colon, _ = name.partition(":")
    dimensions = list(dict.fromkeys(d for d, _ in views))
    if colon and dimension in dimensions:
        members = [m for d, m in views if d == dimension]
        raise SpecError(
            f"a {dimension} ({nearest(name[len(dimension) + 1 :], members)})", repr(name)
        )
    members = [member for _, member in views]
    kinds = "class, product or site" if len(dimensions) < 4 else "class, product, site or group"
    raise SpecError(f"a {kinds} ({nearest(name, members)})", repr(name))
