"""The program that decides who gets what, with all else that a scenario can say."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hindsight.test_known import BOUNDED, REFUSALS, shop

from backsim import streams
from backsim.engines import simpy
from backsim.engines.features import switches
from backsim.errors import InputError
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure

PROGRAM = {"rule": "lp", "weight": {"gold": 3, "silver": 1}, "min_fill": {"silver": 0.2}}
SAYS: dict[str, dict[str, Any]] = {
    **BOUNDED,
    **{name: says for name, (says, _) in REFUSALS.items()},
}
REFUSED = {
    "collected": "policy.overtaking: expected skip",
    "changes on a day": r"policy.changes\[0\].priority: expected no change where lp decides",
    "min life": "policy.priority: expected another rule, as gold has a `min_life`",
    "backlog limit": "policy.backlog_limit: expected unlimited",
    "backlog limit in units": "policy.backlog_limit: expected unlimited",
}
"""What it does not go with, and the field that the message names."""


@pytest.mark.parametrize("name", SAYS)
def test_it_is_simulated_or_refused(name: str):
    if name in REFUSED:
        with pytest.raises(InputError, match=REFUSED[name]):
            shop(**SAYS[name]).replace({"policy.priority": PROGRAM})
        return
    model = shop(**SAYS[name]).replace({"policy.priority": PROGRAM})
    assert "DECIDES" in switches(model)
    log = simpy.run(model, streams.draw(model, 1))
    check_ledger(model, log)
    assert measure(model, log)["fill_rate"] > 0
