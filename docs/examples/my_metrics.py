"""Two metrics of one's own: `backsim run ... --rules docs/examples/my_metrics.py`."""

from __future__ import annotations

from backsim import metric

LONG = 7.0


@metric("money per unit", better="less", group="cost")
def cost_per_unit(m):
    """Total cost / units shipped."""
    return m["cost.total"] / m["shipped_per_day"]


@metric("share", better="less", group="waiting", tables=("class",))
def shipped_late(m):
    """Units shipped more than 7 days after they were ordered / units ordered."""
    rows = m.log.shipments.compress(m.log.shipments["line"] >= m.first)
    waited = rows["time"] - m.time[rows["line"]]
    units = rows["units"] * (waited > LONG)
    return m.per_ordered(m.total(m.group[rows["line"]], units))
