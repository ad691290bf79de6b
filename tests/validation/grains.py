"""Files of known answers where theory's quantities are not whole numbers, and what that changes.

The unit of the scenario is a grain, so small that levels in whole grains are close to theory's.
What the grain changes is derived here and is the `allowance` of each value; nothing is fitted.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

Values = dict[str, Any]


def one_point(customers: Values, policy: Values, supplier: Values, costs: Values) -> Values:
    """A scenario of one product at one site."""
    return {
        "products": "item",
        "customers": {"customers": customers},
        "suppliers": {"maker": supplier},
        "stock": [{}],
        "policy": policy,
        "costs": costs,
    }


def steadily(apart: float) -> Values:
    """A customer for one unit at a time; none at the limits of a cycle."""
    arrivals = {"period": {"every": apart, "first": apart / 2}}
    return {"demand": {"arrivals": arrivals, "products": "item", "size": 1}}


class EconomicOrder:
    """Order Q whenever the position has fallen to the mean demand of the lead time, or xQ less.

    Net stock of theory and of the scenario differ at each phase of a cycle by a grain, as stock
    falls in steps; by half a grain, as levels are rounded; by one more where there is a lead time,
    in which one customer more or less may come: in all by `off` grains at most.  The backlog
    differs no more, and only while it is not 0 in both: the share x of time, and off / Q more.
    What is on hand differs in the rest of the time.  Orders are placed as often as in theory.
    Source: Harris, Factory 10 (1913) 135-136; Zipkin, Foundations of Inventory Management (2000),
    section 3.3 (planned backorders).
    """

    def __init__(
        self,
        rate: float,
        cost: Values,
        quantity: float,
        share: float = 0.0,
        lead_time: float = 0.0,
        grains: int = 10_000,
    ) -> None:
        self.rate, self.cost, self.quantity, self.share = rate, cost, quantity, share
        self.lead_time, self.grains = lead_time, grains
        self.fine = grains / quantity  # grains in a unit of theory

    def scenario(self) -> Values:
        fine, cost = self.fine, self.cost
        cycle = self.quantity / self.rate
        costs = {"ordering": float(cost["K"]), "holding": cost["h"] / fine}
        if "b" in cost:
            costs["backorder_time"] = cost["b"] / fine
        level = round((self.rate * self.lead_time - self.share * self.quantity) * fine)
        found = one_point(
            steadily(1.0 / (self.rate * fine)),
            {"reorder": {"rule": "r_nQ", "r": level, "Q": self.grains}},
            {"lead_time": float(self.lead_time)},
            costs,
        )
        warm_up = cycle * math.ceil(1 + self.lead_time / cycle)
        return {**found, "warm_up": warm_up, "horizon": warm_up + cycle}

    def known(self) -> Values:
        """What theory says: (value, allowance) by name."""
        share, cost, quantity = self.share, self.cost, self.quantity
        on_hand, late = quantity * (1 - share) ** 2 / 2, quantity * share**2 / 2
        off = 2.5 if self.lead_time else 1.5
        of_late = off / self.fine * (share + off / self.grains)
        of_on_hand = off / self.fine * (1.0 - share + off / self.grains)
        total = cost["K"] * self.rate / quantity + cost["h"] * on_hand + cost.get("b", 0) * late
        return {
            "cost.total": (total, cost["h"] * of_on_hand + cost.get("b", 0) * of_late),
            "largest_backlog": (share * quantity, off / self.fine),
            "mean_on_hand": (on_hand, of_on_hand),
            "mean_backlog": (late, of_late),
        }

    def file(self) -> Values:
        """All that is known."""
        expect = {
            name: {
                "value": value,
                "allowance": allowance,
                "tolerance": 1e-9,
                "unit": 1.0 if name == "cost.total" else self.fine,
            }
            for name, (value, allowance) in self.known().items()
        }
        return {
            "source": "Zipkin (2000), section 3.3",
            "about": "see EconomicOrder",
            "random": False,
            "scenario": self.scenario(),
            "expect": expect,
        }


class WithDisruptions:
    """Order Q when the stock is out; while the supplier is down nothing comes, and sales are lost.

    After recovery the next customer comes within the time tau between two, on average after more
    than half of it: the stock then lasts up to tau / 2 less than in theory.  With psi, the
    probability that the supplier is down when the stock is out, a cycle of mean length T is shorter
    by at most psi tau / 2, and a little as psi grows with the time since recovery.  The rate of
    orders, 1 / T, and that of sales, Q / T, change accordingly, and with it what is lost.  What is
    on hand differs by at most a grain.
    Source: Parlar and Berkin, Naval Research Logistics 38 (1991) 107-118, as corrected by Berk and
    Arreola-Risa, Naval Research Logistics 41 (1994) 129-132.
    """

    def __init__(
        self, rate: float, cost: Values, fails: float, recovers: float, quantity: float
    ) -> None:
        self.rate, self.cost, self.quantity = rate, cost, quantity
        self.fails, self.recovers = fails, recovers
        self.fine = 500 / quantity
        self.cycle = quantity / rate
        self.down = fails / (fails + recovers) * (1 - math.exp(-(fails + recovers) * self.cycle))

    def scenario(self) -> Values:
        fine, cycle = self.fine, self.cycle
        found = one_point(
            {**steadily(1.0 / (self.rate * fine)), "tolerance": "none"},
            {"reorder": {"rule": "r_nQ", "r": 0, "Q": 500}},
            {
                "lead_time": 0,
                "disruptions": {
                    "up": {"exponential": {"rate": self.fails}},
                    "down": {"exponential": {"rate": self.recovers}},
                },
            },
            {
                "ordering": float(self.cost["K"]),
                "holding": self.cost["h"] / fine,
                "lost_margin": self.cost["p"] / fine,
            },
        )
        per_day = self.rate * fine
        warm_up = cycle * math.ceil(20_000 / per_day / cycle)
        horizon = warm_up + cycle * math.ceil(100_000 / per_day / cycle)
        return {**found, "warm_up": warm_up, "horizon": horizon}

    def total_cost(self) -> float:
        """Theory's cost."""
        mean_cycle = self.cycle + self.down / self.recovers
        lost = self.cost["p"] * self.rate * self.down / self.recovers
        held = self.cost["h"] * self.quantity**2 / (2 * self.rate)
        return (self.cost["K"] + held + lost) / mean_cycle

    def allowance(self) -> float:
        """By how much the scenario's cost may differ."""
        apart = 1.0 / (self.rate * self.fine)
        forgets = self.fails + self.recovers
        grows = self.fails / self.recovers * math.exp(-forgets * (self.cycle - apart))
        shorter = self.down * apart * (0.5 + grows)
        mean_cycle = self.cycle + self.down / self.recovers
        more_often = shorter / mean_cycle / (mean_cycle - shorter)
        per_cycle = self.cost["K"] + self.cost["p"] * self.quantity
        return per_cycle * more_often + self.cost["h"] / self.fine

    def file(self, wrong: float = 0.0) -> Values:
        """The cost, or a wrong one."""
        expect = {"value": self.total_cost() + wrong, "allowance": self.allowance()}
        return {
            "source": "Berk and Arreola-Risa (1994)",
            "about": "see WithDisruptions",
            "cycle": self.cycle,
            "scenario": self.scenario(),
            "expect": {"cost.total": expect},
        }


class Newsvendor:
    """A newsvendor with continuous demand, day after day.

    Demand and S are rounded to whole grains, each by half of one at most, and where theory's normal
    demand is negative there is none, which adds E[D-] = sd (phi(z) - z Phi(-z)), z = mean / sd, to
    its mean.  The cost of a day moves by no more than the dearer of h and b with what is left over
    or missing.  Source: Hadley and Whitin, Analysis of Inventory Systems (1963), appendix 4.
    """

    def __init__(self, law: Values, sd: float, h: float, b: float, grains: int = 10_000) -> None:
        ((self.kind, given),) = law.items()
        self.fine, self.h, self.b = grains / sd, h, b
        self.law = {self.kind: {key: value * self.fine for key, value in given.items()}}
        self.below = 0.0
        if self.kind == "normal":
            z, standard = given["mean"] / sd, NormalDist()
            self.below = sd * (standard.pdf(z) - z * standard.cdf(-z))

    def scenario(self, level: float) -> Values:
        found = one_point(
            {
                "demand": {
                    "arrivals": {"period": {"every": 1}},
                    "products": "item",
                    "size": self.law,
                }
            },
            {"reorder": {"rule": "base_stock", "S": round(level * self.fine)}, "review": 1},
            {},
            {"holding": self.h / self.fine, "backorder_time": self.b / self.fine},
        )
        return {**found, "warm_up": 20_000.0, "horizon": 120_000.0}

    def allowance(self) -> float:
        """By how much the scenario's cost may differ."""
        return (
            self.fine * max(self.h / self.fine, self.b / self.fine) * (1 / self.fine + self.below)
        )

    def file(self, level: float, step: float, cost: float | None = None) -> Values:
        """That a level is optimal, and its cost."""
        neighbours = {
            f"{other}": {"policy.reorder.S": round(other * self.fine)}
            for other in (level - step, level + step)
        }
        found: Values = {
            "source": "the newsvendor's formula",
            "about": "see Newsvendor",
            "scenario": self.scenario(level),
            "optimal": {"S_opt": {"value": level, "neighbours": neighbours}, "of": "cost.total"},
        }
        if cost is not None:
            found["expect"] = {"cost.total": {"value": cost, "allowance": self.allowance()}}
        return found
