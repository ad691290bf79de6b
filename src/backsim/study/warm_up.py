"""Whether the runs of a policy are long enough, and their warm-up is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backsim.statistics import Estimate, WarmUp, estimate, mser
from backsim.study.study import Study

SURE = 10
"""Replications from which a difference within chance says that there is none that matters."""


@dataclass(frozen=True, slots=True)
class WarmUpVerdict:
    """What MSER-5 says of a policy's warm-up.

    `day` is where it would cut; `shift` is what that would change: the mean of stock less backlog
    after `day`, less that after the scenario's warm-up, over replications (None if `day` is no
    later).  `half_width` is that of the mean after the scenario's warm-up.  `drift` is the mean of
    the second half of what is counted, less that of the first.
    """

    policy: int
    day: float
    found: WarmUp
    shift: Estimate | None
    half_width: float
    drift: Estimate

    @property
    def short(self) -> bool:
        """The run is too short: the best cut lies in its second half, and it drifts.

        A course that has settled and wanders slowly is cut late by chance, too; then its halves
        differ by no more than chance leaves.  Few replications cannot tell.
        """
        level = self.drift.count >= SURE and abs(self.drift.mean) <= self.drift.half_width
        return not (self.found.enough or level)

    @property
    def early(self) -> bool:
        """The warm-up is too short: a longer one would change the mean by more than chance.

        And by as much as half the interval's half-width: such a bias takes the coverage of a 95 %
        interval below 84 %.
        """
        shift = self.shift
        if shift is None or not self.found.enough:
            return False
        return abs(shift.mean) > max(shift.half_width, self.half_width / 2)

    @property
    def enough(self) -> bool:
        """The run settles, and leaving out more would change nothing that matters."""
        return not (self.short or self.early)


def warm_up_verdict(study: Study, policy: int) -> WarmUpVerdict | None:
    """MSER-5 on stock less backlog, averaged over a policy's replications; None without courses."""
    return study.once(("warm-up", policy), lambda: _verdict(study, policy))


def _verdict(study: Study, policy: int) -> WarmUpVerdict | None:
    courses = study.profiles(study.policies[policy].name)
    if len(courses) < 2:
        return None
    paths = np.array([course.stock - course.backlog for course in courses], float)
    times, warm_up = courses[0].times, study.policies[policy].model.warm_up
    level = study.experiment.confidence
    counted = paths[:, times >= warm_up]
    means, middle = counted.mean(axis=1), counted.shape[1] // 2
    halves = counted[:, middle:].mean(axis=1) - counted[:, : max(1, middle)].mean(axis=1)
    found = mser(paths.mean(axis=0))
    day = float(times[found.cut])
    shift = None
    if day > warm_up:
        shift = estimate((paths[:, times >= day].mean(axis=1) - means).tolist(), level)
    return WarmUpVerdict(
        policy,
        day,
        found,
        shift,
        half_width=estimate(means.tolist(), level).half_width,
        drift=estimate(halves.tolist(), level),
    )
