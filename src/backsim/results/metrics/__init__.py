"""The metrics, by name: overall, and by customer class, product and site.

Each is a decorated function in a module of its subject.  Their order, which is that of results, is
the order in which these modules are imported here.
"""

# isort: skip_file
from backsim.results.metrics import availability as _availability
from backsim.results.metrics import stock as _stock
from backsim.results.metrics import waste as _waste
from backsim.results.metrics import waits as _waits
from backsim.results.metrics import fulfilment as _fulfilment
from backsim.results.metrics import returns as _returns
from backsim.results.metrics import goodwill as _goodwill
from backsim.results.metrics import communication as _communication
from backsim.results.metrics import fairness as _fairness
from backsim.results.metrics import flows as _flows
from backsim.results.metrics import network as _network
from backsim.results.metrics import purchasing as _purchasing
from backsim.results.metrics import money as _money
from backsim.results.metrics.registry import (
    COMMUNICATION,
    COST,
    LESS,
    METRICS,
    MORE,
    NEITHER,
    Metric,
    groups,
    metric,
    own_code_is_portable,
    parts_of,
    shown_by,
)
from backsim.results.metrics.sums import Sums, views_of
from backsim.results.metrics.values import Metrics, measure

__all__ = [
    "COMMUNICATION",
    "COST",
    "LESS",
    "METRICS",
    "MORE",
    "NEITHER",
    "Metric",
    "Metrics",
    "Sums",
    "groups",
    "measure",
    "metric",
    "own_code_is_portable",
    "parts_of",
    "shown_by",
    "views_of",
]
del _availability, _communication, _fairness, _flows, _fulfilment, _goodwill, _money, _network
del _purchasing, _returns, _stock, _waits, _waste
