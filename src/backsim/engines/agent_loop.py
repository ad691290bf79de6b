"""Steps of an agent in many compiled runs: each is played up to the agent's next decision.

Plain functions, compiled when they are linked.  The event loop stops before an event that the agent
decides about (`event_loop.AGENT`) and goes on once the action stands where the rule looks for it.
"""

from __future__ import annotations

from backsim.entities import NONE

HOOKS = ("due", "see", "permit", "act")
"""What a kind of decision says (`kernel.agents`), by these names for the kind that is linked."""

ASKS, ACTS, GOES_ON, STOPPED, OVER = range(5)
"""How a run stands: it waits for a decision, has one, or goes on without; its loop has stopped for
something else; it is at its horizon."""


def step(extents, horizon, width, actions, states, seen, legal, times, costs):  # type: ignore[no-untyped-def]
    """Play each run on: one row of each table per run.

    Actions that are illegal are replaced by the next legal ones.
    """
    for run in range(len(extents)):
        if states[run] != ACTS and states[run] != GOES_ON:
            continue
        world = as_world(extents[run])  # type: ignore[name-defined]  # noqa: F821 (linked)
        clock = world.clock[0]
        if states[run] == ACTS:
            actions[run] = legal_action(legal[run], actions[run])  # type: ignore[name-defined]  # noqa: F821
            act(world, clock.due, clock.subject, actions[run])  # type: ignore[name-defined]  # noqa: F821
            clock.due = NONE
            clock.decided = 1
        states[run] = STOPPED
        if drive(extents[run], horizon):  # type: ignore[name-defined]  # noqa: F821
            states[run] = OVER
            times[run] = horizon
        elif clock.due != NONE:
            states[run] = ASKS
            now = world.events[1 - clock.front].time
            times[run] = now
            for feature in range(seen.shape[1]):
                seen[run, feature] = 0.0
            see(world, clock.due, clock.subject, now, horizon, width, seen[run])  # type: ignore[name-defined]  # noqa: F821
            permit(world, clock.due, clock.subject, legal[run])  # type: ignore[name-defined]  # noqa: F821
        if states[run] != STOPPED:
            costs[run] = cost_until(world, times[run])  # type: ignore[name-defined]  # noqa: F821
