"""A study in hindsight: each policy's regret against the best clearing of its own tapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.engines.choose import choose
from backsim.errors import InputError
from backsim.hindsight import bound_of
from backsim.results.run import play_and_check
from backsim.streams import draw

if TYPE_CHECKING:
    import pandas as pd

    from backsim.study.study import Study


def bounds(study: Study, replications: int | None) -> pd.DataFrame:
    """Play each policy's replications again, and bound them.  Raises InputError."""
    import pandas as pd

    if replications is not None and replications < 1:
        raise InputError(f"replications: expected at least 1, got {replications}")
    rows = []
    for policy, count in zip(study.policies, study.counts, strict=True):
        wanted = count if replications is None else min(count, replications)
        engine, reason = choose(policy.model, "auto", wanted)
        for replication in range(wanted):
            tape = draw(policy.model, study.experiment.seed, replication)
            found = bound_of(play_and_check(policy.model, tape, engine, reason))
            rows.append(
                {
                    "policy": policy.name,
                    "replication": replication,
                    "realised": found.realised,
                    "bound": found.least,
                    "regret": found.regret,
                    "given_receipts": found.given_receipts,
                }
            )
    return pd.DataFrame(rows)
