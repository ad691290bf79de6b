"""Steps of agents per second, on the compiled engine (decision 0049)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.bench.figures import aim, best

pytest.importorskip("gymnasium")

from backsim.gym import BackorderVectorEnv, make
from backsim.gym.baselines import lost_sales

pytestmark = pytest.mark.bench
SIDE_BY_SIDE, STEPS = 512, 500


def vector(horizon: float, threads: int = 2) -> BackorderVectorEnv:
    """Lost sales with a lead time of 2 days: a review, an order and an arrival per step."""
    model = lost_sales().model.replace(horizon=horizon)
    env = BackorderVectorEnv(model, "reorder", SIDE_BY_SIDE, most=15, threads=threads)
    env.reset(seed=1)
    return env


def play(env: BackorderVectorEnv, steps: int) -> None:
    """A base stock for every environment."""
    actions = np.full(env.num_envs, 5)
    for _ in range(steps):
        seen, *_ = env.step(actions)
        actions = np.clip(18 - seen[:, 0] - seen[:, 2], 0, 15).astype(np.int64)


@pytest.mark.parametrize(("threads", "least"), [(1, 500_000), (2, 1_000_000)])
def test_steps_side_by_side(threads: int, least: float) -> None:
    """Episodes go on throughout: their tapes were drawn before."""
    env = vector(3100, threads)
    seconds = best(lambda: play(env, STEPS), 5)
    what = f"{SIDE_BY_SIDE} environments, {threads} threads, no new episode"
    aim(what, SIDE_BY_SIDE * STEPS / seconds, "steps/s", least=least)


def test_steps_with_the_tapes_of_new_episodes() -> None:
    """Each environment begins a new episode of 1,100 days: 1,102 calls in all."""
    env = vector(1100)
    seconds = best(lambda: play(env, 1102), 2)
    what = f"{SIDE_BY_SIDE} environments, 2 threads, episodes of 1,100 days"
    aim(what, SIDE_BY_SIDE * 1102 / seconds, "steps/s", least=200_000)


def test_single_steps() -> None:
    """One environment, one call a step, as Gymnasium has it."""
    env = make(lost_sales().model.replace(horizon=101_000), "reorder", 15, engine="compiled")
    env.reset(seed=1)

    def work() -> None:
        for step in range(10_000):
            env.step(step % 8)

    aim("one environment, no new episode", 10_000 / best(work, 5), "steps/s", least=50_000)
