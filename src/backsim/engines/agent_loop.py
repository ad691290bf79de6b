"""Steps of an agent in many compiled runs: each is played up to the agent's next decision.

Plain functions, compiled when they are linked.  The event loop stops before an event that the agent
decides about (`event_loop.AGENT`) and goes on once the action stands where the rule looks for it.
"""

from __future__ import annotations

from backsim.entities import NONE

HOOKS = ("due", "see", "permit", "act")
"""What a kind of decision says (`kernel.agents`), by these names for the kind that is linked."""

ASKS, GOES_ON, STOPPED, OVER = range(4)
"""How a run stands: it waits for a decision; it goes on without one; its loop has stopped for
something else; it is at its horizon."""


def step(extents, horizon, width, acts, actions, states, seen, legal, times, costs):  # type: ignore[no-untyped-def]
    """Play each run on, one row of each table per run; the number of those that have stopped.

    Where runs wait for a decision, `acts` says whether they have one now.  Actions that are illegal
    are replaced by the next legal ones.
    """
    stopped = 0
    for run in range(len(extents)):
        if states[run] != GOES_ON and not (acts and states[run] == ASKS):
            continue
        world = as_world(extents[run])  # type: ignore[name-defined]  # noqa: F821 (linked)
        clock = world.clock[0]
        if states[run] == ASKS:
            actions[run] = legal_action(legal[run], actions[run])  # type: ignore[name-defined]  # noqa: F821
            act(world, clock.due, clock.subject, actions[run], times[run])  # type: ignore[name-defined]  # noqa: F821
            clock.due = NONE
            clock.decided = 1
        over = drive(extents[run], horizon)  # type: ignore[name-defined]  # noqa: F821
        if not over and clock.due == NONE:
            states[run] = STOPPED
            stopped += 1
            continue
        seen[run, :] = 0.0
        if over:
            states[run] = OVER
            times[run] = horizon
            legal[run, :] = 1
        else:
            states[run] = ASKS
            times[run] = now = world.events[1 - clock.front].time
            see(world, clock.due, clock.subject, now, horizon, width, seen[run])  # type: ignore[name-defined]  # noqa: F821
            permit(world, clock.due, clock.subject, legal[run])  # type: ignore[name-defined]  # noqa: F821
        costs[run] = cost_until(world, times[run])  # type: ignore[name-defined]  # noqa: F821
    return stopped
