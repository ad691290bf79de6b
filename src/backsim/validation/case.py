"""A scenario of a file of known answers, ready to be run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


@dataclass(frozen=True)
class Case:
    """A scenario as its file states it.

    `random` says whether replications differ; `cycle` is the time in days by whole numbers of which
    a run may be shorter (0: its length matters); `lead_times`, where they are given, are replayed
    instead of drawn.
    """

    scenario: Mapping[str, Any]
    folder: Path
    random: bool = True
    cycle: float = 1.0
    lead_times: Sequence[float] = field(default=(), repr=False)

    @cached_property
    def key(self) -> str:
        """What tells one case from another."""
        return json.dumps(self.scenario, sort_keys=True)

    @cached_property
    def model(self) -> Model:
        """The resolved scenario.  Raises FileError."""
        return from_dict(self.scenario, name="known answer", folder=self.folder)

    @cached_property
    def explicit(self) -> dict[str, Any]:
        """The scenario with every default filled in, as plain values."""
        return self.model.to_dict()

    def shorter(self, share: float) -> Case:
        """The same with this share of the time, if its length does not matter."""
        if not self.random or not self.cycle:
            return self
        times = {
            name: self.cycle * math.ceil(share * self.scenario.get(name, 0.0) / self.cycle)
            for name in ("warm_up", "horizon")
        }
        return replace(self, scenario={**self.scenario, **times})
