"""How much of a property is tried: a tenth in `make test`, all of it in `make test-thorough`."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("BACKSIM_TESTS") == "thorough"
QUICK_SHARE = 10
LEAST = 10
"""Examples that are always tried."""


def examples(thorough: int) -> int:
    """How many examples a property is tried on, of the number that a thorough run takes."""
    return thorough if THOROUGH else max(min(LEAST, thorough), thorough // QUICK_SHARE)
