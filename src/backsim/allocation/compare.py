"""The place of these names before there were rooms; for one version."""

from warnings import warn

from backsim.allocation.plan.compare import all_plans, allocate, side_by_side

__all__ = ["all_plans", "allocate", "side_by_side"]

warn(
    "backsim.allocation.compare is deprecated: import its names from backsim.allocation",
    DeprecationWarning,
    stacklevel=2,
)
