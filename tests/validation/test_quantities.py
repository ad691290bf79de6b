"""Quantities that are not whole numbers: what the scenario's grain changes, and what is found out.

At most 1 % of right simulations differ in any of the answers that are validated together.
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.validation.files import Values, answers_of, changed, shipped, verdicts, write
from tests.validation.grains import EconomicOrder, Newsvendor, WithDisruptions

from backsim.scenario.yamlfile import read_yaml
from backsim.validation import read, validate
from backsim.validation.case import Look
from backsim.validation.sampling import Effort, run_case

# -- what the package's files say ------------------------------------------------------------------


def check(instance: str, scenario: Values, allowances: dict[str, float]) -> None:
    """A file says the scenario that is derived here, and its allowances."""
    values = read_yaml(shipped(instance)).values
    assert values["scenario"] == scenario
    for name, allowance in allowances.items():
        assert values["expect"][name]["allowance"] == pytest.approx(allowance, rel=1e-12)
    (total,) = answers_of(instance, "cost_opt")
    assert total.tolerance == 1e-9 + values["expect"]["cost_opt"]["allowance"]


def optimum(instance: str, name: str = "Q_opt") -> float:
    return answers_of(instance, name)[0].value


def test_the_allowances_of_economic_order_quantities_are_the_derived_ones():
    plain = EconomicOrder(1300, {"K": 8, "h": 0.225}, optimum("EOQ_31"))
    check("EOQ_31", plain.scenario(), {"cost_opt": plain.known()["cost.total"][1]})
    cost = {"K": 8, "h": 0.225, "b": 5}
    share = optimum("EOQB_38", "backorder_fraction_opt")
    planned = EconomicOrder(1300, cost, optimum("EOQB_38"), share)
    known = planned.known()
    check(
        "EOQB_38",
        planned.scenario(),
        {
            "cost_opt": known["cost.total"][1],
            "max_backorders": known["largest_backlog"][1],
            "mean_on_hand": known["mean_on_hand"][1],
            "mean_backorders": known["mean_backlog"][1],
        },
    )


def test_the_allowance_of_disruptions_is_the_derived_one():
    cost = {"K": 8, "h": 0.225, "p": 5}
    disrupted = WithDisruptions(1300, cost, 1.5, 14.0, optimum("EOQD_91"))
    check("EOQD_91", disrupted.scenario(), {"cost_opt": disrupted.allowance()})


def test_the_allowance_of_continuous_demand_is_the_derived_one():
    news = Newsvendor({"normal": {"mean": 50.0, "sd": 8.0}}, 8.0, 0.18, 0.70)
    check("NV_43", news.scenario(optimum("NV_43", "S_opt")), {"cost_opt": news.allowance()})


# -- order quantities ------------------------------------------------------------------------------

COST = {"K": 20, "h": 3.0, "b": 9.0}


def best(rate: float, cost: Values) -> tuple[float, float]:
    """(Q, share backordered).  Source: Zipkin (2000), section 3.3."""
    share = cost["h"] / (cost["h"] + cost["b"]) if "b" in cost else 0.0
    return math.sqrt(2 * cost["K"] * rate / cost["h"] / (1 - share)), share


@pytest.mark.parametrize("lead_time", [0.0, 0.37, 2.5])
def test_planned_backorders(lead_time: float, tmp_path: Path):
    """The last lead time is longer than a cycle."""
    quantity, share = best(7.3, COST)
    eoq = EconomicOrder(7.3, COST, quantity, share, lead_time)
    found = verdicts(write(tmp_path, eoq.file()))
    assert len(found) == 4
    assert set(found.values()) == {"agrees"}, found


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("cost_opt", 1.002),
        ("max_backorders", 1.01),
        ("mean_on_hand", 0.998),
        ("mean_backorders", 1.01),
    ],
)
def test_what_is_a_little_wrong_is_found_out(name: str, factor: float, tmp_path: Path):
    def wrong(file: Values) -> None:
        del file["optimal"]
        entry = file["expect"][name]
        file["expect"] = {name: {**entry, "value": factor * entry["value"]}}

    (verdict,) = validate([changed(tmp_path, "EOQB_38", wrong)])
    assert verdict.verdict == "differs"


@pytest.mark.parametrize(("more", "longer"), [(1.02, 1.0), (1.0, 1.1)])
def test_levels_a_little_beside_the_optimum_are_found_out(
    more: float, longer: float, tmp_path: Path
):
    """A quantity 2 % larger, a share 10 % larger; neighbours as in the package's file."""
    quantity, share = best(7.3, COST)
    quantity, share = quantity * more, share * longer

    def other(q: float, x: float) -> Values:
        scenario = EconomicOrder(7.3, COST, q, x).scenario()
        return {name: scenario[name] for name in ("customers", "policy", "costs", "horizon")} | {
            "warm_up": scenario["warm_up"]
        }

    levels = {
        "Q_opt": {
            "value": quantity,
            "neighbours": {f"{f * quantity}": other(f * quantity, share) for f in (0.99, 1.01)},
        },
        "share_opt": {
            "value": share,
            "neighbours": {f"{share + d}": other(quantity, share + d) for d in (-0.002, 0.002)},
        },
    }
    file = EconomicOrder(7.3, COST, quantity, share).file()
    file = {**file, "optimal": {**levels, "of": "cost.total"}}
    found = verdicts(write(tmp_path, file))
    assert found["Q_opt"] == ("differs" if more > 1 else "agrees")
    assert found["share_opt"] == ("differs" if longer > 1 else "agrees")


@settings(max_examples=examples(40))
@given(
    st.integers(5, 60),
    *(st.floats(0.1, 20) for _ in range(4)),
    st.floats(0.02, 0.9),
    st.sampled_from([0.0, 0.3, 1.7]),
)
def test_the_grain_changes_no_more_than_what_is_allowed(
    tmp_path_factory: pytest.TempPathFactory,
    grains: int,
    rate: float,
    h: float,
    b: float,
    quantity: float,
    share: float,
    cycles_late: float,
):
    """However coarse it is.  Lead times are in cycles."""
    cost = {"K": 5.0, "h": h, "b": b}
    eoq = EconomicOrder(rate, cost, quantity, share, cycles_late * quantity / rate, grains)
    answers = read(write(tmp_path_factory.mktemp("own"), eoq.file()))
    case = answers[0].case
    look = Look(run_case(case, Effort(1, engine="simpy"), 0), case)
    for answer in answers:
        off = abs(answer.measure(look) - answer.value)
        assert off <= answer.tolerance + 1e-9 * (1 + answer.value), answer.metric


# -- a supplier that is down -----------------------------------------------------------------------


def test_a_supplier_that_is_down_at_times(tmp_path: Path):
    """The wrong cost is that of lost units that cost 6 instead of 4."""
    cost: dict[str, Any] = {"K": 30, "h": 2.0, "p": 4.0}
    disrupted = WithDisruptions(40.0, cost, 2.0, 6.0, 30.5)
    dearer = WithDisruptions(40.0, {**cost, "p": 6.0}, 2.0, 6.0, 30.5)
    assert verdicts(write(tmp_path, disrupted.file())) == {"cost.total": "agrees"}
    wrong = disrupted.file(dearer.total_cost() - disrupted.total_cost())
    assert verdicts(write(tmp_path, wrong)) == {"cost.total": "differs"}


# -- a newsvendor ----------------------------------------------------------------------------------


def test_a_newsvendor_with_continuous_demand(tmp_path: Path):
    mean, sd, normal = 7.0, 2.0, NormalDist()
    z = normal.inv_cdf(0.75)
    news = Newsvendor({"normal": {"mean": mean, "sd": sd}}, sd, 1.0, 3.0)
    right = news.file(mean + z * sd, 0.1 * sd, 4.0 * sd * normal.pdf(z))
    assert verdicts(write(tmp_path, right)) == {"cost.total": "agrees", "S_opt": "agrees"}
    low = news.file(mean + (z - 0.3) * sd, 0.1 * sd)
    assert verdicts(write(tmp_path, low)) == {"S_opt": "differs"}
    # h (S - a)^2 / 2 (b - a) + b (b - S)^2 / 2 (b - a) with a = 0.2, b = 0.6, S = 0.5
    width = 0.4 / math.sqrt(12)
    even = Newsvendor({"uniform": {"low": 0.2, "high": 0.6}}, width, 1.0, 3.0)
    cost = (0.3**2 + 3 * 0.1**2) / 0.8
    found = verdicts(write(tmp_path, even.file(0.5, 0.1 * width, cost)))
    assert set(found.values()) == {"agrees"}, found
