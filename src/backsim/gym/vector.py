"""Many episodes of a scenario as one environment of Gymnasium: one call steps all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from backsim.engines.log import Log
from backsim.errors import InputError
from backsim.gym.decisions import Floats
from backsim.gym.environment import (
    game_of,
    no_action,
    nothing_to_decide,
    observation_space,
)
from backsim.gym.games import games
from backsim.scenario.load import model_of
from backsim.scenario.model import Model
from backsim.streams import draw, fresh_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Actions = NDArray[np.int64]
    Truths = NDArray[np.bool_]
    Rewards = NDArray[np.float64]


class BackorderVectorEnv(VectorEnv[Any, Any, Any]):
    """Episodes side by side, each with a seed of its own.

    An episode that is over begins again at the next step, whose action and reward do not count for
    it (Gymnasium's NEXT_STEP): with the next replication of its seed.
    """

    render_mode = None

    def __init__(
        self,
        model: Model,
        decide: str,
        num_envs: int,
        most: int | None = None,
        engine: str = "compiled",
        threads: int = 1,
    ) -> None:
        if num_envs < 1 or threads < 1:
            raise InputError(
                "backsim.gym: expected 1 environment and 1 thread or more, "
                f"got {num_envs} and {threads}"
            )
        self.model, self.decision = game_of(model, decide, most)
        self.features = self.decision.features
        self.num_envs = num_envs
        self.metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_action_space = gymnasium.spaces.Discrete(self.decision.actions)
        self.single_observation_space = observation_space(self.decision)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._games = games(self.model, self.decision, num_envs, engine, threads)
        self._seeds: list[int] = []
        self._replications = [-1] * num_envs
        self._all = np.ones(num_envs, bool)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin all episodes: replication 0 of the seeds `seed`, `seed` + 1, ..., or those given.

        Without a seed the next replication of each.  Raises InputError where there is nothing to
        decide before the horizon, or for another number of seeds than of environments.
        """
        given = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
        given = list(given) if given is not None else [None] * self.num_envs
        if len(given) != self.num_envs:
            raise InputError(
                f"backsim.gym: reset: expected {self.num_envs} seeds, got {len(given)}"
            )
        before: Sequence[int | None] = self._seeds or [None] * self.num_envs
        self._seeds = []
        for i, (new, old) in enumerate(zip(given, before, strict=True)):
            if new is not None or old is None:
                self._replications[i] = -1
            self._seeds.append(next(s for s in (new, old, fresh_seed()) if s is not None))
        self._begin(range(self.num_envs))
        self._games.go_on(np.zeros(self.num_envs, np.int64))
        self._check_begun(self._all)
        return self._observed(), self._info()

    def step(self, actions: Actions) -> tuple[Floats, Rewards, Truths, Truths, dict[str, Any]]:
        """Decide in each episode, and go on to the next decisions.

        Illegal actions are replaced by the next legal ones, and `info["projected"]` says so.
        """
        if not self._seeds:
            raise InputError("backsim.gym: step: expected a reset first")
        wanted = np.asarray(actions, np.int64)
        if wanted.view(np.uint64).max() >= self.decision.actions:  # a negative one is very large
            wrong = (wanted < 0) | (wanted >= self.decision.actions)
            raise no_action(self.decision, int(wanted[wrong][0]))
        game, played = self._games, self._all
        again, paid = np.flatnonzero(game.over), game.costs.copy()
        if len(again):
            played = ~game.over
            self._begin(again.tolist())
        legal = game.go_on(wanted)
        rewards, projected = paid - game.costs, legal != wanted
        if len(again):
            self._check_begun(~played)
            rewards[again], projected[again] = 0.0, False
        info = {
            **self._info(),
            **{"action": legal, "_action": played},
            **{"projected": projected, "_projected": played},
        }
        return self._observed(), rewards, np.zeros(self.num_envs, bool), game.over, info

    def action_masks(self) -> NDArray[np.int8]:
        """1 for each action that is legal now: a row per environment."""
        return self._games.legal.copy()

    def log(self, index: int) -> Log:
        """The log of an episode that is over.  Raises InputError before that."""
        if not self._seeds or not self._games.over[index]:
            raise InputError("backsim.gym: log: expected an episode that is over")
        return self._games.log(index)

    def _begin(self, which: Sequence[int]) -> None:
        for i in which:
            self._replications[i] += 1
            self._games.begin(i, draw(self.model, self._seeds[i], self._replications[i]))

    def _check_begun(self, which: Truths) -> None:
        """Raise InputError where an episode has begun and is over."""
        if (self._games.over & which).any():
            raise nothing_to_decide(self.model)

    def _observed(self) -> Floats:
        return self._games.seen.astype(np.float32)

    def _info(self) -> dict[str, Any]:
        times, masks = self._games.times.copy(), self.action_masks()
        return {"time": times, "_time": self._all, "action_mask": masks, "_action_mask": self._all}


def make_vec(
    scenario: Model | str | Path,
    decide: str = "reorder",
    num_envs: int = 8,
    most: int | None = None,
    engine: str = "compiled",
    threads: int = 1,
) -> BackorderVectorEnv:
    """Many environments as one: a call of `step` plays all of them, on `threads` cores.

    `engine` is `compiled`, or `simpy` for rules that do not compile.  Raises InputError as `make`
    does.
    """
    return BackorderVectorEnv(model_of(scenario), decide, num_envs, most, engine, threads)
