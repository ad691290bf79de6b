"""A scenario as an environment of Gymnasium."""

from __future__ import annotations

from pathlib import Path
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from gymnasium import spaces

from backsim.engines.features import switches
from backsim.engines.log import Log
from backsim.engines.simpy import Live
from backsim.engines.simpy_clock import Due
from backsim.errors import InputError, nearest
from backsim.gym.decisions import DECISIONS, Floats, Mask
from backsim.gym.reward import Meter, check
from backsim.scenario.load import load
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

    def __init__(self, model: Model, decide: str, most: int | None = None) -> None:
        if decide not in DECISIONS:
            known = nearest(decide, list(DECISIONS))
            raise InputError(f"backsim.gym: decide: expected {known}, got {decide!r}")
        kind = DECISIONS[decide]
        _check_simple(model)
        self.model = _decided_by_agent(model, kind.changes(model))
        self.decision = kind(self.model, most)
        self.features = self.decision.features
        self.action_space = spaces.Discrete(self.decision.actions)
        shape = (len(self.features),)
        self.observation_space = spaces.Box(0.0, np.inf, shape, np.float32)
        self._seed: int | None = None
        self._replication = -1
        self._event: Due | None = None
        self._time = 0.0
        self._live: Live | None = None
        self._mask = self._any = np.ones(self.decision.actions, np.int8)

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
        self._live = Live(self.model, draw(self.model, self._seed, self._replication), record=True)
        self._live.begin()
        self._meter = Meter(self.model, self._live)
        self._paid = 0.0
        self._go_on()
        if self._event is None:
            raise InputError(
                f"{self.model.name}: nothing is decided before the horizon: expected a longer one"
            )
        self._paid = self._meter.total(self._time)
        return self._observed(), self._info()

    def step(
        self, action: np.int64 | int
    ) -> tuple[Floats, SupportsFloat, bool, bool, dict[str, Any]]:
        """Decide, and go on to the next decision.

        An illegal action is replaced by the next legal one, and `info["projected"]` says so.
        """
        live, event = self._live, self._event
        if live is None or event is None:
            raise InputError("backsim.gym: step: expected a reset first, as the episode is over")
        wanted = int(action)
        if not 0 <= wanted < self.decision.actions:
            raise InputError(
                f"backsim.gym: action: expected 0 to {self.decision.actions - 1}, got {action}"
            )
        legal = self._projected(wanted)
        self.decision.act(live, event, legal)
        self._go_on()
        total = self._meter.total(self._time)
        reward, self._paid = self._paid - total, total
        over = self._event is None
        info = {**self._info(), "action": legal, "projected": legal != wanted}
        return self._observed(), reward, False, over, info

    def action_masks(self) -> Mask:
        """1 for each action that is legal now."""
        return self._mask.copy()

    @property
    def log(self) -> Log:
        """The log of an episode that is over.  Raises InputError before that."""
        if self._live is None or self._event is not None:
            raise InputError("backsim.gym: log: expected an episode that is over")
        return self._live.log()

    @property
    def cost(self) -> float:
        """Money that the episode has cost so far."""
        return self._paid

    def _go_on(self) -> None:
        live = self._live
        assert live is not None
        due = self.decision.due
        self._event = event = live.advance(lambda event, now: due(live, event, now))
        if event is None:
            self._time, self._mask = self.model.horizon, self._any
        else:
            self._time = float(live.env.peek())
            self._mask = self.decision.mask(live, event, self._time)

    def _projected(self, action: int) -> int:
        """The next legal action from one on; the last legal one where there is none."""
        mask = self._mask
        if mask[action]:
            return action
        legal = np.flatnonzero(mask)
        after = legal[legal >= action]
        return int(after[0] if len(after) else legal[-1])

    def _observed(self) -> Floats:
        if self._event is None or self._live is None:
            return np.zeros(len(self.features), np.float32)
        seen = self.decision.observe(self._live, self._event, self._time)
        return np.array(seen, np.float32)

    def _info(self) -> dict[str, Any]:
        return {"time": self._time, "action_mask": self.action_masks()}


def make(
    scenario: Model | str | Path, decide: str = "reorder", most: int | None = None, **options: Any
) -> BackorderEnv:
    """An environment of a scenario in which an agent decides `reorder`, `priority` or `promise`.

    `most` is the largest action: units to order (default: the largest initial stock), or days to
    promise (default: four mean lead times).  Raises InputError for a scenario that it cannot play.
    """
    model = scenario if isinstance(scenario, Model) else load(scenario)
    env = BackorderEnv(model, decide, most)
    env.render_mode = options.get("render_mode")
    return env


def make_vec(
    scenario: Model | str | Path,
    decide: str = "reorder",
    num_envs: int = 8,
    most: int | None = None,
) -> gymnasium.vector.SyncVectorEnv:
    """Several environments side by side, as one: each has its own seed and begins again by itself.

    Raises InputError as `make` does.
    """
    model = scenario if isinstance(scenario, Model) else load(scenario)
    return gymnasium.vector.SyncVectorEnv([lambda: BackorderEnv(model, decide, most)] * num_envs)


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


def _decided_by_agent(model: Model, changes: Any) -> Model:
    """The model in which the rules that the agent stands for are in place."""
    from backsim.scenario.load import from_dict

    explicit = from_dict(model.to_dict(), name=model.name, folder=model.folder)
    return explicit.replace(dict(changes))
