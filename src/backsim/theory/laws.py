"""Probability laws of the records' models, as scenario files spell them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Any

from backsim.theory.records import Unsupported

Law = Any
"""A distribution as a scenario file holds it: a number, or a name with parameters."""

NOTES = {"dist", "iid", "per_order", "crossing_allowed", "unit", "support", "process", "rate_unit"}
"""Keys that describe how a law is used; whoever uses it reads them."""


def number(value: Any) -> float:
    """A number, also where it is written `1/6`, `7/2`, `48/min` or `10 per month`."""
    if isinstance(value, str):
        found = re.match(r"\s*(-?\d+(?:\.\d+)?)(?:/(\d+))?", value)
        if not found:
            raise Unsupported(f"the number {value!r}")
        return float(Fraction(found[1]) / int(found[2] or 1))
    return float(value)


def whole(value: Any) -> int:
    """A number of units."""
    found = number(value)
    if found != round(found):
        raise Unsupported("quantities that are not whole numbers")
    return round(found)


def law(spec: Any) -> Law:
    """The law of a time: lead time, service, patience."""
    return _law(spec, TIMES)


def units(spec: Any) -> Law:
    """The law of a number of units."""
    if isinstance(spec, int | float):
        return whole(spec)
    return _law(spec, UNITS)


def _law(spec: Any, table: Mapping[str, Callable[[dict[str, Any]], Law]]) -> Law:
    if not isinstance(spec, Mapping):
        return number(spec)
    name, given = str(spec["dist"]), {k: v for k, v in spec.items() if k not in NOTES}
    if phases := re.fullmatch(r"erlang[-_ ]?(\d+)", name):
        name, given = "erlang", {"k": int(phases[1]), **given}
    if name.startswith("any"):
        name = "any"
    if name not in table:
        raise Unsupported(f"the {name} distribution for {'units' if table is UNITS else 'times'}")
    try:
        return table[name](given | {"support": str(spec.get("support", ""))})
    except KeyError as missing:
        raise Unsupported(f"the {name} distribution without {missing}") from None


def _mean(p: Mapping[str, Any]) -> float:
    return number(p["mean"]) if "mean" in p else 1.0 / number(p["rate"])


def _given(*choices: tuple[str, ...], name: str) -> Callable[[dict[str, Any]], Law]:
    """A distribution by the first set of keys that is there."""

    def read(p: dict[str, Any]) -> Law:
        for keys in choices:
            if all(key in p for key in keys):
                return {name: {key: number(p[key]) for key in keys}}
        raise KeyError(" and ".join(choices[0]))

    return read


def _erlang(p: Mapping[str, Any]) -> Law:
    shape = number(next(p[key] for key in ("k", "shape", "phases", "n", "stages") if key in p))
    if "rate" in p:
        return {"gamma": {"shape": shape, "scale": 1.0 / number(p["rate"])}}
    scale = number(p["scale"]) if "scale" in p else number(p["mean"]) / shape
    return {"gamma": {"shape": shape, "scale": scale}}


def _discrete(p: Mapping[str, Any]) -> Law:
    values = p["values"]
    weights = p.get("probs") or p.get("probabilities") or p.get("weights") or [1] * len(values)
    return {
        "discrete": {
            "values": [number(value) for value in values],
            "weights": [number(weight) for weight in weights],
        }
    }


def _geometric(p: Mapping[str, Any]) -> Law:
    """On 1, 2, ... with success probability p; on 0, 1, ... where the support says so."""
    if p["support"].startswith("0"):
        return {"negative_binomial": {"n": 1.0, "p": number(p["p"])}}
    return {"geometric": {"p": number(p["p"]) if "p" in p else 1.0 / number(p["mean"])}}


def _from_zero(name: str, p: Mapping[str, Any]) -> None:
    """Refuse a law on 0, 1, ... that is shifted."""
    if p["support"].startswith("1"):
        raise Unsupported(f"the {name} distribution on 1, 2, ...")


def _poisson(p: Mapping[str, Any]) -> Law:
    _from_zero("poisson", p)
    return {"poisson": {"mean": number(p["mean"])}}


def _gamma(p: dict[str, Any]) -> Law:
    if "mean" in p and "shape" in p:
        p = {"shape": p["shape"], "scale": number(p["mean"]) / number(p["shape"])}
    return _given(("shape", "scale"), ("mean", "cv"), ("mean", "sd"), name="gamma")(p)


def _negative_binomial(p: Mapping[str, Any]) -> Law:
    _from_zero("negative binomial", p)
    n = next((p[key] for key in ("n", "r", "k", "size") if key in p), None)
    if n is None:
        return {"negative_binomial": {key: number(p[key]) for key in ("mean", "variance")}}
    key = "mean" if "mean" in p else "p"
    return {"negative_binomial": {"n": number(n), key: number(p[key])}}


def _any(p: Mapping[str, Any]) -> Law:
    """Theory says that only the mean counts: neither constant nor exponential, to see whether."""
    mean = number(p["mean"])
    return {"uniform": {"low": 0.5 * mean, "high": 1.5 * mean}}


def _value(p: Mapping[str, Any]) -> Law:
    return number(p["value"] if "value" in p else p["mean"])


TIMES: dict[str, Callable[[dict[str, Any]], Law]] = {
    "deterministic": _value,
    "constant": _value,
    "exponential": lambda p: {"exponential": {"mean": _mean(p)}},
    "gamma": _gamma,
    "lognormal": _given(("mean", "cv"), ("mean", "sd"), ("mu", "sigma"), name="lognormal"),
    "weibull": _given(("shape", "scale"), ("shape", "mean"), name="weibull"),
    "uniform": _given(("low", "high"), name="uniform"),
    "triangular": _given(("low", "mode", "high"), name="triangular"),
    "erlang": _erlang,
    "discrete": _discrete,
    "two_point": _discrete,
    "geometric": _geometric,
    "any": _any,
}
UNITS: dict[str, Callable[[dict[str, Any]], Law]] = {
    "deterministic": lambda p: whole(_value(p)),
    "constant": lambda p: whole(_value(p)),
    "poisson": _poisson,
    "geometric": _geometric,
    "negative_binomial": _negative_binomial,
    "logarithmic": lambda p: {"logarithmic": {"p": number(p["p"])}},
    "discrete": _discrete,
    "two_point": _discrete,
}


SCALED = {
    "normal": ("mean", "sd"),
    "uniform": ("low", "high"),
    "exponential": ("mean",),
    "gamma": ("mean", "sd", "scale"),
    "lognormal": ("mean", "sd"),
}
"""Parameters of continuous laws that are in units."""
GRAINS = 10_000
"""Units of the scenario in a standard deviation of theory."""
OFTEN = 0.01
"""The largest probability of a negative value at which a normal law is still one of units."""


@dataclass(frozen=True, slots=True)
class FineUnits:
    """A continuous law of units: `parts` units of the scenario are one of theory.

    `below` is what values are too high on average, in units of theory, as none is below 0.
    """

    law: Law
    parts: float
    below: float


def is_continuous(spec: Any) -> bool:
    """Whether a law of units is one of quantities that are not whole numbers."""
    return isinstance(spec, Mapping) and spec.get("dist") in SCALED


def fine_units(spec: Mapping[str, Any]) -> FineUnits:
    """A continuous law of units.

    Of a normal law, values below 0 become 0: their mean is E[D-] = sd (phi(z) - z Phi(-z)) with
    z = mean / sd.  Source: Hadley and Whitin, Analysis of Inventory Systems (1963), appendix 4.
    """
    from pydantic import TypeAdapter

    from backsim.scenario.distributions import AnyDistribution, Distribution

    name = str(spec["dist"])
    if set(spec) - {"mean", "sd"} - NOTES and name == "normal":
        raise Unsupported("a normal distribution by other parameters than mean and sd")
    whole_law = (
        {"normal": {key: number(spec[key]) for key in ("mean", "sd")}}
        if name == "normal"
        else law(spec)
    )
    distribution: Distribution = TypeAdapter(AnyDistribution).validate_python(whole_law)
    mean, variance = distribution.moments()
    sd = math.sqrt(variance)
    ((kind, given),) = whole_law.items()
    if set(given) - set(SCALED[kind]) - {"cv", "shape"}:
        raise Unsupported(f"the {kind} distribution by {', '.join(given)}")
    parts, below = GRAINS / sd, 0.0
    if name == "normal":
        standard, z = NormalDist(), mean / sd
        if standard.cdf(-z) > OFTEN:
            raise Unsupported("a normal distribution for units that is often negative")
        below = sd * (standard.pdf(z) - z * standard.cdf(-z))
    scaled = {key: value * (parts if key in SCALED[kind] else 1.0) for key, value in given.items()}
    return FineUnits({kind: scaled}, parts, below)
