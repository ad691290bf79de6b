"""Episodes side by side, on either engine: each is played up to the next decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.agent_loop import ASKS, GOES_ON, OVER, STOPPED
from backsim.engines.initial_state.start import Setup
from backsim.engines.log import Log
from backsim.engines.setup import set_up
from backsim.engines.simpy import Live
from backsim.engines.simpy_clock import Due
from backsim.entities import Meter
from backsim.errors import BacksimError, InputError
from backsim.gym.decisions import Decision
from backsim.gym.reward import rates
from backsim.kernel.agents.looking import legal_action
from backsim.long_tables.memory import Places, Slabs
from backsim.scenario.model import Model
from backsim.streams import Tape

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from backsim.engines.compiled import CompiledRun

ROOM = 4
"""Shipments of a waiting line at one event for which there is room."""


class Games:
    """Episodes of one model and kind of decision: a row of each table per episode."""

    def __init__(self, model: Model, decision: Decision, count: int) -> None:
        self.model, self.decision = model, decision
        self.seen = np.zeros((count, len(decision.features)))
        self.legal = np.ones((count, decision.actions), np.int8)
        self.times = np.zeros(count)
        self.costs = np.zeros(count)
        """All costs until then."""
        self.states = np.full(count, OVER)

    @property
    def over(self) -> NDArray[np.bool_]:
        """Which episodes are at their horizon, or have not begun."""
        over: NDArray[np.bool_] = self.states == OVER
        return over

    def is_over(self, game: int) -> bool:
        """Whether an episode is at its horizon, or has not begun."""
        return int(self.states[game]) == OVER

    def begin(self, game: int, tape: Tape) -> None:
        """Begin an episode; it waits for `go_on`."""
        self.states[game] = GOES_ON
        self._begin(game, tape)

    def go_on(self, actions: ArrayLike) -> NDArray[np.int64]:
        """Act, and play each episode that is not over to its next decision or its horizon.

        Actions that are illegal are replaced by the next legal ones, which are returned.
        """
        actions = np.array(actions, np.int64)
        self._play(actions)
        return actions

    def log(self, game: int) -> Log:
        """The log of an episode that is over."""
        raise NotImplementedError

    def _begin(self, game: int, tape: Tape) -> None:
        raise NotImplementedError

    def _play(self, actions: NDArray[np.int64]) -> None:
        raise NotImplementedError

    def _prepare(self, setup: Setup) -> None:
        """Add to the tables at time 0 what is kept for the agent."""
        setup.switches.add("PIPELINE")  # it sees when purchases are expected
        start = self.model.warm_up
        setup.meters = [Meter(start=start, since=start)]
        setup.rates = list(rates(self.model))


class SimpyGames(Games):
    """Episodes on the SimPy engine, one after the other."""

    def __init__(self, model: Model, decision: Decision, count: int) -> None:
        super().__init__(model, decision, count)
        self.lives: list[Live | None] = [None] * count
        self.events: list[Due | None] = [None] * count

    def log(self, game: int) -> Log:
        """The log of an episode that is over."""
        live = self.lives[game]
        assert live is not None
        return live.log()

    def _begin(self, game: int, tape: Tape) -> None:
        setup = set_up(self.model, tape=tape)
        self._prepare(setup)
        live = Live(self.model, tape, record=True, setup=setup)
        live.begin()
        self.lives[game], self.events[game] = live, None

    def _play(self, actions: NDArray[np.int64]) -> None:
        for game in np.flatnonzero(~self.over).tolist():
            live, event, name = self.lives[game], self.events[game], self.decision.name
            assert live is not None
            if event is not None:
                actions[game] = legal_action(self.legal[game].tolist(), int(actions[game]))
                action, now = int(actions[game]), float(self.times[game])
                live.ask(f"{name}_act", event.kind, event.subject, action, now)
            self._go_on(game, live)
            self.costs[game] = live.ask("cost_until", float(self.times[game]))

    def _go_on(self, game: int, live: Live) -> None:
        name, horizon = self.decision.name, self.model.horizon

        def due(event: Due, now: float) -> bool:
            return bool(live.ask(f"{name}_due", event.kind, event.subject, now))

        self.events[game] = event = live.advance(due)
        self.states[game] = OVER if event is None else ASKS
        self.times[game] = now = horizon if event is None else float(live.env.peek())
        self.seen[game] = 0.0
        self.legal[game] = 1
        if event is not None:
            about, width = (event.kind, event.subject), self.decision.width
            live.ask(f"{name}_see", *about, now, horizon, width, self.seen[game])
            live.ask(f"{name}_permit", *about, self.legal[game])


class CompiledGames(Games):
    """Episodes on the compiled engine: one call plays all of them, or one per thread."""

    def __init__(self, model: Model, decision: Decision, count: int, threads: int = 1) -> None:
        super().__init__(model, decision, count)
        from backsim.engines.event_loop import LAYOUT
        from backsim.engines.extents import EXTENT

        self.runs: list[CompiledRun | None] = [None] * count
        self.slabs = Slabs()
        self.places = [Places(self.slabs) for _ in range(count)]
        self.extents = np.zeros((count, len(LAYOUT)), EXTENT)
        edges = np.linspace(0, count, min(threads, count) + 1).astype(int).tolist()
        self.parts = [self._part(slice(*pair)) for pair in pairwise(edges)]
        others = len(self.parts) - 1  # this thread plays the first part itself
        self.pool = ThreadPoolExecutor(others) if others else None
        self.step: Any = None

    def _part(self, rows: slice) -> tuple[slice, NDArray[np.int64], tuple[NDArray[Any], ...]]:
        """Some of the episodes: their rows, extents, and what a step reads and writes of them."""
        tables = self.states, self.seen, self.legal, self.times, self.costs
        return rows, self.extents[rows].view(np.int64), tuple(table[rows] for table in tables)

    def log(self, game: int) -> Log:
        """The log of an episode that is over."""
        run = self.runs[game]
        assert run is not None
        self.places[game] = Places(self.slabs)  # the next episode leaves this one's tables alone
        return run.log()

    def _begin(self, game: int, tape: Tape) -> None:
        from backsim.engines.compiled import CompiledRun, ForAgent

        agent = ForAgent(self._prepare, self.extents[game], self.places[game])
        agent.extents[:] = 0
        self.runs[game] = run = CompiledRun(self.model, tape, True, rows=ROOM, agent=agent)
        run.go_on()
        run.located()

    def _play(self, actions: NDArray[np.int64]) -> None:
        if self.step is None:
            run = next(run for run in self.runs if run is not None)
            self.step = run.stepper(self.decision.name)
        given, acts = (self.model.horizon, self.decision.width), True

        def play(part: Any) -> int:  # Python may do something else meanwhile
            rows, extents, tables = part
            return int(self.step(extents, *given, acts, actions[rows], *tables))

        while True:
            first, *rest = self.parts
            begun = [] if self.pool is None else [self.pool.submit(play, part) for part in rest]
            stopped = play(first) + sum(one.result() for one in begun)
            if not stopped:
                return
            for game in np.flatnonzero(self.states == STOPPED).tolist():
                self._serve(game)
            acts = False

    def _serve(self, game: int) -> None:
        """Do what an episode has stopped for."""
        run = self.runs[game]
        assert run is not None
        if not run.serve():
            raise BacksimError(f"{self.model.name}: one event has filled a table")
        run.located()
        self.states[game] = GOES_ON


def games(
    model: Model, decision: Decision, count: int, engine: str = "simpy", threads: int = 1
) -> Games:
    """Episodes on an engine, `simpy` or `compiled`.  Raises InputError for another word."""
    if engine == "simpy":
        return SimpyGames(model, decision, count)
    if engine == "compiled":
        return CompiledGames(model, decision, count, threads)
    raise InputError(f"backsim.gym: engine: expected simpy or compiled, got {engine!r}")
