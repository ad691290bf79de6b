"""A scenario as a game: Gymnasium finds it right, a seed gives one log, rewards add up to costs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gymnasium")

import gymnasium
from gymnasium.utils.env_checker import check_env

import backsim.gym
from backsim import priority, simulate
from backsim.errors import InputError
from backsim.gym import BackorderEnv, make, make_vec
from backsim.results.metrics import measure
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

SHOP: dict[str, Any] = {
    "horizon": 60,
    "warm_up": 5,
    "products": ["mug", "plate"],
    "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 4, "cv": 0.5}}}},
    "customers": {
        "gold": {
            "priority": 1,
            "tolerance": 9,
            "demand": {"arrivals": {"poisson": {"rate": 1}}, "products": ["mug", "plate"]},
        },
        "silver": {
            "priority": 2,
            "backorder_share": 0.8,
            "informed": {"tolerance": {"exponential": {"mean": 6}}, "grace": 1},
            "demand": {
                "arrivals": {"poisson": {"rate": 2}},
                "products": ["mug", "plate"],
                "size": {"geometric": {"mean": 2}},
            },
        },
    },
    "policy": {"reorder": {"rule": "s_S", "s": 8, "S": 14}, "review": 1},
    "costs": {
        "holding": 0.1,
        "ordering": 2,
        "purchase": 1,
        "backorder_time": {"gold": 2, "silver": 1},
        "lost_margin": 3,
        "notice": 0.5,
        "broken_promise": 4,
    },
}
DECIDE = ["reorder", "priority", "promise"]


def shop(**changes: Any) -> Model:
    return from_dict(SHOP, name="shop", changes=changes)


def played(env: BackorderEnv, seed: int) -> tuple[float, list[Any]]:
    """The sum of the rewards, and what was seen, with actions that depend on the step alone."""
    seen, _ = env.reset(seed=seed)
    observations, total, over, step = [seen], 0.0, False, 0
    while not over:
        mask = np.flatnonzero(env.action_masks())
        seen, reward, _, over, _ = env.step(int(mask[step % len(mask)]))
        observations.append(seen)
        total += float(reward)
        step += 1
    return total, observations


@pytest.mark.parametrize("decide", DECIDE)
def test_gymnasium_finds_nothing_wrong(decide: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*maximum value is infinity.*")
        warnings.filterwarnings("ignore", message=".*not within.*render.*")
        check_env(make(shop(), decide), skip_render_check=True)


@pytest.mark.parametrize("decide", DECIDE)
def test_stable_baselines_finds_nothing_wrong(decide: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(make(shop(), decide))


@pytest.mark.parametrize("decide", DECIDE)
def test_the_same_seed_gives_the_same_log(decide: str) -> None:
    one, other = make(shop(), decide), make(shop(), decide)
    assert played(one, 3)[0] == played(other, 3)[0]
    for name in ("lines", "purchases", "shipments", "notices"):
        assert (getattr(one.log, name) == getattr(other.log, name)).all()
    assert played(make(shop(), decide), 4)[0] != played(one, 3)[0]


@pytest.mark.parametrize(
    ("decide", "field"), [("reorder", "reorder.Q"), ("promise", "estimate.days")]
)
def test_one_action_for_ever_is_the_scenario_with_that_rule(decide: str, field: str) -> None:
    env = make(shop(), decide)
    env.reset(seed=7)
    over = False
    while not over:
        _, _, _, over, _ = env.step(1)
    run = simulate(env.model.replace({f"stock.{i}.{field}": 1 for i in range(2)}), seed=7)
    assert env.cost == pytest.approx(run.metrics["cost.total"] * 55, rel=1e-12)


@pytest.mark.parametrize("decide", DECIDE)
def test_the_cost_of_an_episode_is_the_total_cost_of_its_log(decide: str) -> None:
    """Of the log itself, whatever the agent did."""
    env = make(shop(), decide)
    played(env, 11)
    metrics = measure(env.model, env.log)
    assert env.cost == pytest.approx(metrics["cost.total"] * 55, rel=1e-12)


def test_an_illegal_action_is_replaced_and_that_is_said() -> None:
    env = make(shop(**{"policy.multiple": 4, "policy.least_order": 8}), "reorder", most=13)
    env.reset(seed=1)
    assert np.flatnonzero(env.action_masks()).tolist() == [0, 8, 12]
    *_, info = env.step(5)
    assert (info["projected"], info["action"]) == (True, 8)
    *_, info = env.step(13)
    assert (info["projected"], info["action"]) == (True, 12)
    *_, info = env.step(0)
    assert (info["projected"], info["action"]) == (False, 0)
    with pytest.raises(InputError, match="action: expected 0 to 13, got 14"):
        env.step(14)


def test_what_is_ordered_is_what_the_agent_said() -> None:
    env = make(shop(products=["mug"], **{
        "customers.gold.demand.products": "mug", "customers.silver.demand.products": "mug",
    }), "reorder", most=9)  # fmt: skip
    env.reset(seed=1)
    over, ordered = False, []
    while not over:
        ordered.append(len(ordered) % 4)
        *_, over, _ = env.step(ordered[-1])
    purchases = env.log.purchases
    assert purchases["units"].tolist() == [units for units in ordered if units]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_the_class_that_the_agent_named_is_served_first(engine: str) -> None:
    """Also when those who wait have come while another was: each arrival brings a unit for one."""

    def orders(*times: float) -> dict[str, Any]:
        return {"demand": {"orders": [{"time": t, "lines": {"mug": 1}} for t in times]}}

    story = {
        "horizon": 20,
        "products": "mug",
        "suppliers": {"maker": {}},
        "customers": {"gold": orders(1, 3, 5), "silver": orders(2, 4, 6)},
        "policy": {"reorder": "none"},
        "stock": [{"initial": 0, "inbound": [{"arrives": 7 + i, "units": 1} for i in range(6)]}],
    }
    env = make(from_dict(story), "priority", engine=engine)
    env.reset(seed=1)
    for action in (1, 0, 1, 0, 1):  # then one line is left
        *_, over, _ = env.step(action)
    assert over
    assert env.log.lines["closed"].tolist() == [8, 7, 10, 9, 12, 11]


def test_a_decision_about_one_product_leaves_the_others_as_they_stand() -> None:
    """Where a priority of the scenario's own has taken over, the keys are those of the moment."""

    def orders(**times: list[float]) -> dict[str, Any]:
        each = [(t, product) for product, own in times.items() for t in own]
        rows = [{"time": t, "lines": {product: 1}} for t, product in each]
        return {"demand": {"orders": rows}, "informed": {"grace": "unlimited"}}

    later = {"rule": "accumulating_priority", "rate": {"gold": 2, "silver": 1}}
    mugs = [{"arrives": 10 + i, "units": 1} for i in range(4)]
    plates = [{"arrives": 30, "units": 1}, {"arrives": 50, "units": 1}]
    story = {
        "horizon": 60,
        "products": ["mug", "plate"],
        "suppliers": {"maker": {"lead_time": 10}},
        "customers": {"gold": orders(mug=[1, 2]), "silver": orders(mug=[1.5, 2.5], plate=[1, 20])},
        "policy": {
            "reorder": "none",
            "notice": "at_order",
            "estimate": {"rule": "live", "padding": 0},
        },
        "stock": [
            {"products": "mug", "initial": 0, "inbound": mugs},
            {
                "products": "plate",
                "initial": 0,
                "inbound": plates,
                "changes": [{"starts": 5, "priority": later}],
            },
        ],
    }
    env = make(from_dict(story), "priority")
    env.reset(seed=1)
    over, steps = False, 0
    while not over:
        *_, over, _ = env.step(steps % 2)
        steps += 1
    last = env.log.lines["time"] == 20
    assert env.log.lines["closed"][last] == 50
    assert env.log.notices["promise"][env.log.notices["time"] == 20] == 50


def test_a_customer_hears_the_date_that_the_agent_said() -> None:
    env = make(shop(), "promise")
    _, info = env.reset(seed=2)
    when = info["time"]
    env.step(3)
    over = False
    while not over:
        *_, over, _ = env.step(0)
    first = env.log.notices[0]
    assert first["time"] == when
    assert first["promise"] == when + 3


def test_the_registered_names_make_environments() -> None:
    for decide in DECIDE:
        env = gymnasium.make(f"Backorder{decide.capitalize()}-v0", scenario=shop())
        assert isinstance(env.unwrapped, BackorderEnv)
        env.reset(seed=1)
        env.step(0)


def test_units_under_way_are_seen_where_no_customer_is_told_anything() -> None:
    env = make(shop(**{"policy.notice": "silent"}), "reorder", most=9)
    seen, _ = env.reset(seed=1)
    over, under_way = False, 0.0
    while not over:
        slots = [n for n, name in zip(seen, env.features, strict=True) if name.startswith("due_")]
        assert sum(slots) == seen[env.features.index("on_order")]
        under_way = max(under_way, sum(slots))
        seen, *_, over, _ = env.step(3)
    assert under_way > 3


def side_by_side(decide: str, count: int, engine: str, **options: Any) -> Iterator[tuple[Any, ...]]:
    """What each step of several environments says, over two episodes and more of each."""
    several = make_vec(shop(), decide, count, engine=engine, **options)
    seen, info = several.reset(seed=5)
    yield (seen,)
    for step in range(300):
        legal = [np.flatnonzero(row) for row in info["action_mask"]]
        wanted = np.array([row[(step + i) % len(row)] for i, row in enumerate(legal)])
        seen, rewards, _, over, info = several.step(wanted)
        logs = [several.log(i).digest for i in np.flatnonzero(over)]
        yield seen, rewards, over, info["time"], info["action_mask"], info["projected"], logs


@pytest.mark.parametrize(
    "decide",
    ["reorder", *(pytest.param(name, marks=pytest.mark.slow) for name in ("priority", "promise"))],
)
def test_both_engines_and_any_number_of_threads_play_the_same_episodes(decide: str) -> None:
    ended = 0
    ways = [("simpy", 1), ("compiled", 1), ("compiled", 2)]
    played = [side_by_side(decide, 3, engine, threads=n) for engine, n in ways]
    for first, *others in zip(*played, strict=True):
        ended += len(first[-1]) if len(first) > 1 else 0
        for other in others:
            for one, another in zip(first, other, strict=True):
                assert np.array_equal(one, another)
    assert ended >= 6


def test_several_environments_are_those_one_by_one() -> None:
    """As Gymnasium puts them together: one that is over begins again at the next step."""
    ours = make_vec(shop(horizon=12), "reorder", 2, engine="simpy")
    theirs = gymnasium.vector.SyncVectorEnv([lambda: make(shop(horizon=12), "reorder")] * 2)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    (seen, info), (first, other) = ours.reset(seed=5), theirs.reset(seed=5)
    for step in range(60):
        assert np.array_equal(seen, first)
        assert np.array_equal(info["time"], other["time"])
        assert np.array_equal(info["action_mask"], np.stack(other["action_mask"]))
        actions = np.array([step % 3, step % 5])
        seen, rewards, ended, over, info = ours.step(actions)
        first, reward, terminated, truncated, other = theirs.step(actions)
        assert np.array_equal(rewards, reward)
        assert np.array_equal(ended, terminated)
        assert np.array_equal(over, truncated)


@pytest.mark.slow
def test_a_rule_that_does_not_compile_is_named() -> None:
    @priority
    def by_name(now: float) -> float:
        return float(f"{now:.3f}")

    several = make_vec(shop(**{"policy.priority": "by_name"}), num_envs=2)
    with pytest.raises(InputError, match="rules by_name: numba cannot compile them"):
        several.reset(seed=1)
    make_vec(several.model, num_envs=2, engine="simpy").reset(seed=1)


def test_a_single_environment_plays_on_either_engine() -> None:
    one, other = (make(shop(), "reorder", engine=engine) for engine in ("simpy", "compiled"))
    assert played(one, 3)[0] == played(other, 3)[0]
    assert one.log.equals(other.log)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"costs.backorder_unit": 1}, "costs.backorder_unit: expected 0"),
        ({"customers.gold.shipment": "order"}, "shipment: expected partial or line"),
        ({"policy.overtaking": "partial"}, "overtaking: expected strict or skip"),
    ],
)
def test_what_cannot_be_played_is_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        make(shop(**changes))


def test_wrong_words_are_told() -> None:
    with pytest.raises(InputError, match="decide: expected reorder"):
        make(shop(), "reorders")
    env = make(shop())
    with pytest.raises(InputError, match="expected a reset first"):
        env.step(0)
    with pytest.raises(InputError, match="expected an episode that is over"):
        _ = env.log
    assert backsim.gym.DECISIONS.keys() == set(DECIDE)
    with pytest.raises(InputError, match="engine: expected simpy or compiled, got 'fast'"):
        make(shop(), engine="fast")
    with pytest.raises(InputError, match="expected 1 environment and 1 thread or more"):
        make_vec(shop(), num_envs=0)
    several = make_vec(shop(), num_envs=2, engine="simpy")
    with pytest.raises(InputError, match="expected a reset first"):
        several.step(np.zeros(2, int))
    with pytest.raises(InputError, match="expected 2 seeds, got 3"):
        several.reset(seed=[1, 2, 3])
