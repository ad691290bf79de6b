"""A scenario as an environment of Gymnasium."""

from __future__ import annotations

from pathlib import Path
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from gymnasium import spaces

from backsim.engines.features import switches
from backsim.engines.log import Log
from backsim.errors import InputError, nearest
from backsim.gym.decisions import DECISIONS, Decision, Floats, Mask
from backsim.gym.games import games
from backsim.gym.reward import check
from backsim.scenario.load import from_dict, model_of
from backsim.scenario.model import Model
from backsim.streams import draw, fresh_seed


class BackorderEnv(gymnasium.Env[Floats, np.int64]):
    """One agent decides in one run: each step goes on to the next decision.

    The reward is the cost that arises until then, negative.  An episode is truncated at the
    horizon; its last observation is zero.  `reset(seed=...)` plays replication 0 of that seed, each
    further `reset()` the next replication.  `features` names the numbers of an observation.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 (Gymnasium's own form)
    render_mode = None

    def __init__(
        self, model: Model, decide: str, most: int | None = None, engine: str = "simpy"
    ) -> None:
        self.model, self.decision = game_of(model, decide, most)
        self.features = self.decision.features
        self.action_space = spaces.Discrete(self.decision.actions)
        self.observation_space = observation_space(self.decision)
        self._game = games(self.model, self.decision, 1, engine)
        self._seed: int | None = None
        self._replication = -1

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin a replication, and go on to its first decision.

        Raises InputError where there is nothing to decide before the horizon.
        """
        super().reset(seed=seed)
        if seed is not None or self._seed is None:
            self._seed, self._replication = fresh_seed() if seed is None else seed, -1
        self._replication += 1
        self._game.begin(0, draw(self.model, self._seed, self._replication))
        self._game.go_on([0])
        if self._game.is_over(0):
            raise nothing_to_decide(self.model)
        return self._observed(), self._info()

    def step(
        self, action: np.int64 | int
    ) -> tuple[Floats, SupportsFloat, bool, bool, dict[str, Any]]:
        """Decide, and go on to the next decision.

        An illegal action is replaced by the next legal one, and `info["projected"]` says so.
        """
        game = self._game
        if game.is_over(0):
            raise InputError("backsim.gym: step: expected a reset first, as the episode is over")
        wanted, paid = int(action), self.cost
        if not 0 <= wanted < self.decision.actions:
            raise no_action(self.decision, wanted)
        legal = int(game.go_on([wanted])[0])
        info = {**self._info(), "action": legal, "projected": legal != wanted}
        return self._observed(), paid - self.cost, False, game.is_over(0), info

    def action_masks(self) -> Mask:
        """1 for each action that is legal now."""
        mask: Mask = self._game.legal[0].copy()
        return mask

    @property
    def log(self) -> Log:
        """The log of an episode that is over.  Raises InputError before that."""
        if self._replication < 0 or not self._game.is_over(0):
            raise InputError("backsim.gym: log: expected an episode that is over")
        return self._game.log(0)

    @property
    def cost(self) -> float:
        """Money that the episode has cost so far."""
        return float(self._game.costs[0])

    def _observed(self) -> Floats:
        seen: Floats = self._game.seen[0].astype(np.float32)
        return seen

    def _info(self) -> dict[str, Any]:
        return {"time": float(self._game.times[0]), "action_mask": self.action_masks()}


def make(
    scenario: Model | str | Path,
    decide: str = "reorder",
    most: int | None = None,
    engine: str = "simpy",
    **options: Any,
) -> BackorderEnv:
    """An environment of a scenario in which an agent decides `reorder`, `priority` or `promise`.

    `most` is the largest action: units to order (default: the largest initial stock), or days to
    promise (default: four mean lead times).  `engine` is `simpy`, which starts at once, or
    `compiled`, which plays more steps per second.  Raises InputError for a scenario that it cannot
    play.
    """
    env = BackorderEnv(model_of(scenario), decide, most, engine)
    env.render_mode = options.get("render_mode")
    return env


def game_of(model: Model, decide: str, most: int | None) -> tuple[Model, Decision]:
    """The model in which the rules that the agent stands for are in place, and what is decided."""
    if decide not in DECISIONS:
        known = nearest(decide, list(DECISIONS))
        raise InputError(f"backsim.gym: decide: expected {known}, got {decide!r}")
    kind = DECISIONS[decide]
    _check_simple(model)
    explicit = from_dict(model.to_dict(), name=model.name, folder=model.folder)
    decided = explicit.replace(dict(kind.changes(model)))
    return decided, kind(decided, most)


def observation_space(decision: Decision) -> Any:
    """Numbers of 0 or more, one per feature."""
    return spaces.Box(0.0, np.inf, (len(decision.features),), np.float32)


def no_action(decision: Decision, wanted: int) -> InputError:
    """The error of a number that is no action."""
    return InputError(f"backsim.gym: action: expected 0 to {decision.actions - 1}, got {wanted}")


def nothing_to_decide(model: Model) -> InputError:
    """The error of an episode without a decision."""
    return InputError(f"{model.name}: nothing is decided before the horizon: expected a longer one")


def _check_simple(model: Model) -> None:
    """Raise InputError for what neither observation nor reward knows."""
    check(model)
    if "NETWORK" in switches(model):
        raise InputError(
            f"{model.name}: backsim.gym plays stock points with one supplier each; this scenario "
            "has a network, transfers, components or several sources"
        )
    for name, customer in model.scenario.customers.items():
        if customer.takes == "order" or customer.consolidates:
            raise InputError(
                f"{model.name}: customers.{name}.shipment: expected partial or line for "
                "backsim.gym, got orders that wait until they are complete"
            )
    if any(point.overtaking == "partial" for point in model.scenario.stock):
        raise InputError(f"{model.name}: overtaking: expected strict or skip for backsim.gym")
