"""Parameters that may differ by customer class, and conditions between parameters."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import (
    all_parts,
    assert_same_outcome,
    build,
    check,
    inbound,
    orders,
    play,
)
from tests.rules.test_priority import BASE

import backsim
from backsim import streams
from backsim.engines import compiled, simpy
from backsim.engines.choose import one_kernel
from backsim.errors import RuleError
from backsim.quantities import Level, PerClass, Weight
from backsim.results.run import Run
from backsim.rules import above, ages_by
from backsim.rules.registry import APART, ASKED_AGAIN, KEPT, Family, Offer
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

GOLD_SILVER = {
    name: {
        "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": ["mug"]},
        "due_in": {"uniform": {"low": 0, "high": 4}},
    }
    for name in ("gold", "silver")
}


def log_of(rule: dict[str, Any]) -> Any:
    stock = {"reorder": {"rule": "base_stock", "S": 6}, "priority": rule}
    suppliers = {"maker": {"lead_time": {"exponential": {"mean": 2}}}}
    return play(build(GOLD_SILVER, stock=[stock], suppliers=suppliers, horizon=60))


def test_one_number_for_all_is_the_same_as_that_number_for_each():
    one = log_of({"rule": "accumulating_priority", "rate": 2})
    each = log_of({"rule": "accumulating_priority", "rate": {"gold": 2, "silver": 2}})
    own = log_of({"rule": "accumulating_priority", "rate": {"gold": 9, "silver": 2}})
    for name in set(one.lines.dtype.names) - {"key", "child", "sibling", "previous"}:
        assert (one.lines[name] == each.lines[name]).all(), name  # with one number none moves
    assert (one.lines["closed"] != own.lines["closed"]).any()


def test_classes_not_named_have_the_default():
    some = log_of({"rule": "weighted_slack", "weight": {"gold": 5}})
    all_named = log_of({"rule": "weighted_slack", "weight": {"gold": 5, "silver": 1}})
    assert some.lines.tobytes() == all_named.lines.tobytes()


def test_levels_by_class_may_be_days_of_demand_and_are_rounded_up():
    levels = {"silver": {"days": 1.6}}
    model = build(
        {name: {**c, "priority": 1} for name, c in GOLD_SILVER.items()},
        stock=[{"rationing": {"rule": "critical_level", "levels": levels}, "initial": 9}],
    )
    # Both classes order 2 a day: 1.6 days of 4 units a day.
    assert model.scenario.stock[-1].rationing.params == {"levels": {"gold": 0, "silver": 7}}


def mean_waits(rule: Any, due: Any) -> tuple[float, float]:
    customers = {name: {**c, "due_in": due} for name, c in BASE["customers"].items()}
    policy = {**BASE["policy"], "priority": rule}
    model = from_dict({**BASE, "customers": customers, "policy": policy})
    run: Run = backsim.simulate(model, seed=11, engine="simpy")
    gold, silver = (run.metrics.get("mean_wait", "class", name) for name in ("gold", "silver"))
    return gold, silver


@pytest.mark.parametrize("due", [0, 500], ids=["late", "early"])
def test_a_heavier_class_waits_less_before_and_after_its_date(due: int):
    even = mean_waits({"rule": "weighted_slack"}, due)
    assert mean_waits("fcfs", due) == even
    gold, silver = mean_waits({"rule": "weighted_slack", "weight": {"gold": 4}}, due)
    assert gold < 0.8 * even[0]
    assert silver > even[1]


def test_the_faster_a_class_grows_urgent_the_less_it_waits():
    gold = [
        mean_waits({"rule": "accumulating_priority", "rate": {"gold": rate, "silver": 1}}, 0)[0]
        for rate in (0.25, 1, 4)
    ]
    assert gold[0] > gold[1] > gold[2]


def test_slack_runs_to_the_promise_where_there_is_one():
    """Due on days 21 and 2, both promised day 10: then first come, first served."""
    stays = {"informed": {"grace": "unlimited"}}
    customers = {
        "early": {"demand": orders((1, 1)), "due_in": 20, **stays},
        "late": {"demand": orders((2, 1)), **stays},
    }
    stock = {"initial": 0, "inbound": inbound((10, 1), (12, 1))}
    for notice, closed in (("silent", [12.0, 10.0]), ("at_order", [10.0, 12.0])):
        policy = {"priority": "weighted_slack", "notice": notice, "estimate": "quoted"}
        log = play(build(customers, stock=[stock], policy=policy))
        assert log.lines["closed"].tolist() == closed


@pytest.mark.parametrize("rate", [0.1, {"gold": 0.1, "silver": 0.1}], ids=["one", "each"])
def test_a_customer_is_told_by_the_keys_of_the_moment(rate: Any):
    """Gold comes last, and by then silver has waited long enough to be served before."""
    patient = {"informed": {"grace": "unlimited"}}
    customers = {
        "gold": {**patient, "demand": orders((20, 1)), "priority": 1},
        "silver": {**patient, "demand": orders((1, 1)), "priority": 2},
    }
    stock = {"initial": 0, "inbound": inbound((30, 1), (50, 1))}
    policy = {
        "priority": {"rule": "urgency_ageing", "rate": rate},
        "notice": "at_order",
        "estimate": {"rule": "live", "padding": 0},
    }
    log = play(build(customers, stock=[stock], policy=policy, horizon=60))
    assert log.notices["promise"].tolist() == log.lines["closed"][[0, 1]].tolist() == [30, 50]


# -- what a rule may declare -------------------------------------------------------------------


def test_a_condition_names_parameters_of_its_rule():
    family = Family("reorder", "reorder_units", "{}", {"position": Offer("position")}, "")

    @above("S", "t")
    def misspelt(position: int, s: Level, S: Level) -> int:
        return 0

    with pytest.raises(RuleError, match="a condition names 't', which is not a parameter"):
        family(misspelt)


def test_only_a_family_that_is_asked_about_a_customer_has_parameters_by_class():
    family = Family("reorder", "reorder_units", "{}", {"position": Offer("position")}, "")

    def wrong(position: int, weight: PerClass[Weight]) -> int:
        return 0

    with pytest.raises(RuleError, match="'weight' cannot differ by customer class"):
        family(wrong)


@pytest.mark.parametrize(
    ("name", "parameter", "told"),
    [
        ("urgency_ageing", "rate", KEPT),
        ("accumulating_priority", "rate", KEPT),
        ("weighted_slack", "weight", ASKED_AGAIN),
    ],
)
def test_lines_that_keep_their_order_are_asked_once(name: str, parameter: str, told: str) -> None:
    """So that a clearing does not look at all of them; by the promise they do not keep it."""
    parts = {"INFORMS", "STANDS"}
    for value, alone, informed in (
        (0.5, KEPT, told),
        ({"gold": 0.5, "silver": 0.25}, APART, ASKED_AGAIN),
        ({"gold": 0.5, "silver": 0.5}, APART, ASKED_AGAIN),  # others have another
    ):
        reorder = {"rule": "base_stock", "S": 6}
        stock = {"reorder": reorder, "priority": {"rule": name, parameter: value}}
        stock_point = build(GOLD_SILVER, stock=[stock]).scenario.stock[-1]
        (rule,) = (found for found in stock_point.rules if found.name == name)
        assert (rule.order(set()), rule.order(parts)) == (alone, informed)


BY_CLASS = [
    {"rule": "urgency_ageing", "rate": {"gold": 0.1, "silver": 0.7}},
    {"rule": "accumulating_priority", "rate": {"gold": 2, "silver": 1, "iron": 0.3}},
    {"rule": "weighted_slack", "weight": {"gold": 3, "iron": 0.4}},
    {"rule": "weighted_slack", "weight": 2},
]
PLAYED: dict[str, dict[str, Any]] = {
    "plain": {},
    "held back": {"rationing": {"rule": "critical_level", "levels": {"iron": 2}}},
    "shared": {"sharing": "proportional"},
    "taken back": {"clearing": {"every": 3, "reallocate": True}},
    "whole lines": {"overtaking": "strict"},
    "changed": {"changes": [{"starts": 20, "priority": "fcfs"}, {"starts": 40}]},
}


def waiting_shop(rule: dict[str, Any], policy: dict[str, Any]) -> Model:
    """A shop that is short of stock, where some cancel."""
    if "changes" in policy:
        first, second = policy["changes"]
        policy = {"changes": [first, {**second, "priority": rule}]}
    each = {
        "due_in": {"uniform": {"low": 0, "high": 6}},
        "tolerance": {"exponential": {"mean": 15}},
        "demand": {
            "arrivals": {"poisson": {"rate": 1}},
            "products": "mug",
            "size": {"geometric": {"mean": 2}},
        },
    }
    shipment = {"gold": "line", "silver": "partial", "iron": "line"}
    return from_dict(
        {
            "horizon": 90,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": {"exponential": {"mean": 4}}}},
            "customers": {
                name: {**each, "priority": rank, "shipment": shipment[name]}
                for rank, name in enumerate(("gold", "silver", "iron"))
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 15}, "priority": rule, **policy},
        }
    )


@pytest.mark.parametrize("policy", PLAYED.values(), ids=PLAYED)
def test_a_queue_for_each_class_serves_as_one_that_is_put_in_order_at_each_clearing(
    policy: dict[str, Any],
) -> None:
    """With all parts of the kernel on, it is asked where lines stand, and there is one queue."""
    linked = one_kernel([waiting_shop(rule, p) for rule in BY_CLASS for p in PLAYED.values()])
    for rule in BY_CLASS:
        model = waiting_shop(rule, policy)
        tape = streams.draw(model, 5)
        apart = simpy.run(model, tape)
        with all_parts():
            together = simpy.run(model, tape)
        assert_same_outcome(apart, together)
        assert_same_outcome(apart, compiled.run(model, tape, linked=linked))
        check(model, apart)
        assert len(apart.shipments) > 30


def test_a_rule_that_asks_for_what_moves_otherwise_is_asked_again() -> None:
    waited = Offer("", moves=True, even="0")
    offers = {"line": Offer(""), "waited": waited, "now": Offer("", moves=True)}
    family = Family("test", "", "{}", offers, "")

    @family
    @ages_by("rate")
    def mine(waited: float, now: float, rate: PerClass[Weight]) -> float:
        return now - rate * waited

    assert family.of("mine", {"rate": 1.0}).order(set()) == ASKED_AGAIN


def test_what_a_rule_ages_by_is_a_parameter() -> None:
    family = Family("test", "", "{}", {"waited": Offer("", moves=True)}, "")
    with pytest.raises(RuleError, match="a condition names 'speed', which is not a parameter"):

        @family
        @ages_by("speed")
        def mine(waited: float) -> float:
            return -waited
