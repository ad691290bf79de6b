"""Communication rules: when customers who wait are told, and which date."""

from __future__ import annotations

from backsim.entities import NEVER
from backsim.quantities import Days, NonNegative, PositiveDays, Probability
from backsim.rules.families import estimate, notice

# -- when ----------------------------------------------------------------------------------------


@notice
def silent() -> float:
    """Tell nobody anything."""
    return NEVER


@notice
def at_order(ordered: float, told: float) -> float:
    """Tell immediately, when the order cannot be shipped completely."""
    return ordered if told == NEVER else NEVER


@notice
def after_delay(ordered: float, told: float, days: Days = 1.0) -> float:
    """Tell once, when a customer has waited this many `days`."""
    return ordered + days if told == NEVER else NEVER


@notice
def on_change(moved: float, now: float, threshold: Days = 1.0) -> float:
    """Tell when the estimate has moved by more than `threshold` days from the one last told.

    Where nothing has been told, from the estimate at the time of the order.
    """
    return now if abs(moved) > threshold else NEVER


@notice
def every(ordered: float, told: float, days: PositiveDays = 7.0) -> float:
    """Tell every `days` days, for the first time that many days after the order."""
    return (ordered if told == NEVER else told) + days


# -- which date ----------------------------------------------------------------------------------


@estimate
def undated() -> float:
    """No date: the customer only learns that the order is delayed."""
    return NEVER


@estimate
def fixed(now: float, days: Days = 7.0) -> float:
    """The same wait for every customer: `days` from now."""
    return now + days


@estimate
def mean_lead_time(
    now: float, lead_time: float, padding: Days = 0.0, factor: NonNegative = 1.0
) -> float:
    """The mean lead time from now, times `factor`, and `padding` days.

    At a supplier of limited capacity: the mean work before the units that this customer gets.
    Source: Whitt, Management Science 45 (1999) 192-207, the queue-length predictor.
    """
    return now + factor * lead_time + padding


@estimate
def quoted(quoted_date: float, now: float, padding: Days = 0.0) -> float:
    """The date the supplier quoted for the purchase that covers this customer, and `padding` days.

    It covers them if it brings the last of the units they and those before them wait for.
    """
    return max(quoted_date, now) + padding


@estimate
def live(expected_date: float, now: float, padding: Days = 0.0) -> float:
    """What the supplier says by now of the purchase that covers this customer, plus `padding` days.

    The same as `quoted` while the supplier has sent no message.
    """
    return max(expected_date, now) + padding


@estimate
def last_wait(ordered: float, last_delay: float, now: float, padding: Days = 0.0) -> float:
    """The wait of the last customer served who had to wait, and `padding` days.

    Source: Armony, Shimkin and Whitt, Operations Research 57 (2009) 66-81; Ibrahim and Whitt,
    M&SOM 11 (2009) 397-415, the predictor by the last customer to enter service.
    """
    return max(ordered + last_delay, now) + padding


@estimate
def quantile(met_date: float, p: Probability = 0.9, padding: Days = 0.0) -> float:
    """A date met with probability `p`, given how long the purchase has been under way, + `padding`.

    From the lead time's distribution; at a supplier of limited capacity, a gamma distribution with
    the mean and variance of the work left and the lead time.
    """
    return met_date + padding
