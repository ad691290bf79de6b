"""A process that scenarios and experiments can name: a strike of any length.

backsim compare docs/examples/strikes.yaml --rules docs/examples/my_processes.py
"""

from backsim import process
from backsim.quantities import Days


@process
def strike(live, starts: Days = 400, days: Days = 120):
    """What is ordered in the `days` days from `starts` on sets out when they are over."""
    ends = starts + days

    def lead_time(stock, lead_time, now):
        return lead_time + (ends - now) if starts <= now < ends else lead_time

    live.supply(lead_time)
    yield live.at(ends)
