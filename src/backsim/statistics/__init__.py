"""Estimates and how sure they are: arrays in, small frozen results out."""

from backsim.statistics.intervals import Estimate, estimate

__all__ = ["Estimate", "estimate"]
