"""What became of a trace's rows, for people and for programs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from backsim.errors import counted


@dataclass(frozen=True, slots=True)
class TraceReport:
    """What became of a trace file's rows.

    `read` rows were read below the header; `skipped` counts, by reason, those that are no demand.
    """

    file: str
    sha256: str
    read: int
    used: int
    skipped: Mapping[str, int]
    orders: int
    first_day: datetime.date | None
    reduced: int = 0
    """Rows of which a cancellation took back a part."""
    repeated: int = 0
    """Orders whose number had been another order's before."""
    beyond: int = 0
    """Used rows on or after the horizon, which no run plays."""
    silent: float = 0.0
    """Whole days from the last order to the horizon."""
    known_until: float | None = None
    """Day up to which levels in days and first forecasts know the trace; None: its end."""
    written: str = ""
    """How the file is written, where that was found out."""

    def __str__(self) -> str:
        lines = [
            f"{self.file}: {counted(self.read, 'line')} read, {self.used:,} used, "
            f"{counted(self.orders, 'order')}"
        ]
        lines += [f"skipped {n:,}: {reason}" for reason, n in self.skipped.items()]
        if self.written:
            lines.append(f"read with {self.written}")
        if self.reduced:
            lines.append(f"cancelled in part: {self.reduced:,}")
        if self.repeated:
            have = "has" if self.repeated == 1 else "have"
            lines.append(
                f"{counted(self.repeated, 'order')} {have} a number that came before on another "
                "day, or for another site or customer: `order_numbers: unique` makes them one order"
            )
        if self.beyond:
            lines.append(f"{self.beyond:,} of the lines used come after the horizon: not played")
        if self.silent:
            lines.append(
                f"the last order comes {counted(int(self.silent), 'day')} before the horizon: "
                "nothing is ordered after it"
            )
        part = "all of it" if self.known_until is None else f"its first {self.known_until:,g} days"
        lines.append(f"levels in days and first forecasts know {part} (`known_until`)")
        return "\n  ".join(lines)
