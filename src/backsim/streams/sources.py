"""Where chance comes from: which streams are demand, which supply, and which behaviour."""

from __future__ import annotations

from typing import Literal, get_args

Source = Literal["demand", "supply", "behaviour"]
SOURCES: tuple[Source, ...] = get_args(Source)

SUPPLY = ("lead_time", "service", "luck", "delay", "error", "sound", "up", "down")
"""Streams of suppliers and of the ways between sites, by the first part of their names."""
BEHAVIOUR = (
    *("tolerance", "backorder_share", "informed", "inquiries", "substitute", "goodwill"),
    "changes",
)
"""Streams of what customers do who have to wait; all others are what they ask for, and when."""


def source_of(stream: str) -> Source:
    """What a stream belongs to, by its name."""
    kind = stream.partition("/")[0].partition(".")[0]
    if kind in SUPPLY:
        return "supply"
    return "behaviour" if kind in BEHAVIOUR else "demand"
