"""Agents on instances whose least cost is known: what a learner has to reach, and to beat.

Each instance is played by the optimal policy (so its cost must agree with the formula), by the rule
of a textbook, and by an agent that draws legal actions at random.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backsim.gym.decisions import Floats
from backsim.gym.environment import BackorderEnv
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.statistics import Estimate, estimate
from backsim.streams import generator

Agent = Callable[[Floats, BackorderEnv], int]
"""(observation, environment): the action."""


@dataclass(frozen=True)
class Instance:
    """A scenario, what is decided, its least cost per day, and two policies for it."""

    name: str
    decide: str
    scenario: dict[str, Any]
    most: int | None
    optimum: float
    optimal: Agent
    textbook: Agent
    source: str

    @property
    def model(self) -> Model:
        """The scenario as a model."""
        return from_dict(self.scenario, name=self.name)


@dataclass(frozen=True)
class Result:
    """Mean costs per day of an instance's agents."""

    instance: Instance
    optimal: Estimate
    textbook: Estimate
    random: Estimate


def _periodic(tolerance: str, lead_time: int, costs: dict[str, float]) -> dict[str, Any]:
    """A day's demand at its start, Poisson of mean 5; reviews before it."""
    demand = {
        "arrivals": {"period": {"every": 1}},
        "products": "mug",
        "size": {"poisson": {"mean": 5}},
    }
    return {
        "horizon": 1100,
        "warm_up": 100,
        "products": ["mug"],
        "suppliers": {"maker": {"lead_time": lead_time}},
        "customers": {"all": {"tolerance": tolerance, "demand": demand}},
        "policy": {"reorder": {"rule": "base_stock", "S": 15}, "review": 1},
        "costs": costs,
    }


def _poisson(mean: float, most: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Probabilities of 0, ..., most."""
    from scipy.special import pdtr

    return np.asarray(np.diff(pdtr(np.arange(most + 1), mean), prepend=0.0))


def _up_to(level: int) -> Agent:
    """Order what is missing to a level."""
    return lambda seen, env: max(0, level - int(seen[0] - seen[1] + seen[2]))


def backorders() -> Instance:
    """Everybody waits: a base stock is optimal, from the newsvendor's ratio."""
    from scipy.special import ndtri

    holding, shortage, days = 1.0, 9.0, 3
    demand = _poisson(5.0 * days, 80)
    units = np.arange(81)
    cost = [
        holding * float(demand @ np.maximum(S - units, 0))
        + shortage * float(demand @ np.maximum(units - S, 0))
        for S in range(60)
    ]
    best = int(np.argmin(cost))
    z = ndtri(shortage / (shortage + holding))
    normal = round(5 * days + z * math.sqrt(5 * days))
    return Instance(
        "backorders, lead time 2", "reorder",
        _periodic("unlimited", 2, {"holding": holding, "backorder_time": shortage}), 20,
        cost[best], _up_to(best), _up_to(normal),
        "Zipkin, Foundations of Inventory Management (2000), section 9.4; normal approximation",
    )  # fmt: skip


def lost_sales() -> Instance:
    """Nobody waits: the optimal policy by value iteration, beside a base stock.

    Source: Zipkin, "Old and new methods for lost-sales inventory systems", Operations Research 56
    (2008) 1256-1263: states and costs; the base stock is the newsvendor's.
    """
    holding, penalty, most, largest = 1.0, 4.0, 15, 40
    demand = _poisson(5.0, 60)
    stock = np.arange(largest + 1)
    left = np.maximum(stock[:, None] - np.arange(61)[None, :], 0)
    lost = np.maximum(np.arange(61)[None, :] - stock[:, None], 0)
    cost = holding * (left @ demand) + penalty * (lost @ demand)
    moves = np.zeros((largest + 1, largest + 1))
    for before in stock:
        np.add.at(moves[before], left[before], demand)
    moves /= moves.sum(axis=1, keepdims=True)
    values = np.zeros((largest + 1, most + 1))
    while True:
        following = np.empty((most + 1, largest + 1, most + 1))
        for coming in range(most + 1):
            arrived = np.minimum(stock + coming, largest)
            following[coming] = cost[:, None] + moves @ values[arrived]
        new = following.min(axis=2).T
        change = new - values
        values = new - new[0, 0]
        if change.max() - change.min() < 1e-9:
            break
    policy = following.argmin(axis=2).T
    total = np.cumsum(_poisson(15.0, 80))
    level = int(np.searchsorted(total, penalty / (penalty + holding)))

    def optimal(seen: Floats, env: BackorderEnv) -> int:
        on_hand, under_way = int(seen[0]), int(seen[2])
        return int(policy[min(on_hand, largest), min(under_way, most)])

    return Instance(
        "lost sales, lead time 2", "reorder",
        _periodic("none", 2, {"holding": holding, "lost_margin": penalty}), most,
        float(change.max() + change.min()) / 2, optimal, _up_to(level),
        "Zipkin, Operations Research 56 (2008) 1256-1263, by value iteration; base stock",
    )  # fmt: skip


def two_classes() -> Instance:
    """A busy workshop and two classes: whoever's wait costs more comes first.

    A finished unit goes to the first in line, so a class sees those before it and its own: the
    number that waits is that of a queue M/M/1 with preemptive priorities.
    Source: Cox and Smith, Queues (1961), sections 3.3-3.4; textbook: first come, first served.
    """
    rates, weights, service = (0.4, 0.4), (5.0, 1.0), 1.0
    first, total = rates[0] / service, sum(rates) / service
    ahead, everybody = first / (1 - first), total / (1 - total)
    customers = {
        name: {"priority": 1, "costs": {"backorder_time": weight},
               "demand": {"arrivals": {"poisson": {"rate": rate}}, "products": "pump"}}
        for name, rate, weight in zip(("dear", "cheap"), rates, weights, strict=True)
    }  # fmt: skip
    scenario = {
        "horizon": 4200,
        "warm_up": 200,
        "products": ["pump"],
        "suppliers": {
            "workshop": {
                "capacity": {"servers": 1, "service": {"exponential": {"mean": 1 / service}}}
            }
        },
        "customers": customers,
        "policy": {"reorder": {"rule": "base_stock", "S": 0}},
    }

    def oldest(seen: Floats, env: BackorderEnv) -> int:
        return int(seen[8] > seen[5])

    return Instance(
        "two classes, one workshop", "priority", scenario, None,
        weights[0] * ahead + weights[1] * (everybody - ahead),
        lambda seen, env: 0, oldest,
        "Cox and Smith, Queues (1961): c-mu rule; first come, first served",
    )  # fmt: skip


INSTANCES: tuple[Callable[[], Instance], ...] = (backorders, lost_sales, two_classes)


def play(instance: Instance, agent: Agent, episodes: int, seed: int) -> Estimate:
    """The mean cost per day over episodes, replications 0, 1, ... of a seed."""
    env = BackorderEnv(instance.model, instance.decide, instance.most)
    days = env.model.horizon - env.model.warm_up
    costs = []
    for episode in range(episodes):
        seen, _ = env.reset(seed=seed) if episode == 0 else env.reset()
        over = False
        while not over:
            action = min(agent(seen, env), env.decision.actions - 1)
            seen, _, _, over, _ = env.step(action)
        costs.append(env.cost / days)
    return estimate(costs, 0.95)


def at_random(seed: int) -> Agent:
    """An agent that draws legal actions, all alike."""
    source = generator(seed, 0, "agent")

    def agent(seen: Floats, env: BackorderEnv) -> int:
        return int(source.choice(np.flatnonzero(env.action_masks())))

    return agent


def baselines(episodes: int = 5, seed: int = 1) -> list[Result]:
    """Every instance, played by each agent."""
    found = []
    for make in INSTANCES:
        one = make()
        agents = (one.optimal, one.textbook, at_random(seed))
        found.append(Result(one, *(play(one, agent, episodes, seed) for agent in agents)))
    return found
