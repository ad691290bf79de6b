"""Environments for agents that learn: any scenario as a game of Gymnasium (`backsim[gym]`).

An agent decides what to order, who is served first, or which date a customer is promised.
`import backsim.gym` registers `BackorderReorder-v0`, `BackorderPriority-v0` and
`BackorderPromise-v0` with Gymnasium.
"""

from __future__ import annotations

from backsim.errors import InputError

try:
    import gymnasium as _gymnasium
except ImportError:
    raise InputError("backsim.gym: expected gymnasium: pip install 'backsim[gym]'") from None

from backsim.gym.decisions import DECISIONS
from backsim.gym.environment import BackorderEnv, make
from backsim.gym.vector import BackorderVectorEnv, make_vec

for _name in DECISIONS:
    _gymnasium.register(
        id=f"Backorder{_name.capitalize()}-v0",
        entry_point="backsim.gym.environment:make",
        kwargs={"decide": _name},
        disable_env_checker=True,
    )

__all__ = ["DECISIONS", "BackorderEnv", "BackorderVectorEnv", "make", "make_vec"]
