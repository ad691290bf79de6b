"""Estimates and how sure they are: arrays in, small frozen results out."""

from backsim.statistics.best import Best, WithBest, with_best
from backsim.statistics.budget import ocba
from backsim.statistics.checks import MAXIMISE, MINIMISE
from backsim.statistics.constrained import constrained_kn
from backsim.statistics.direct import good_selection
from backsim.statistics.feasible import Feasible, feasible, together
from backsim.statistics.intervals import Estimate, estimate, estimate_from_below, times, unseen
from backsim.statistics.paired import (
    Difference,
    Differences,
    Equivalence,
    differences,
    equivalence,
)
from backsim.statistics.precision import Precision, precision
from backsim.statistics.reduction import Reduced, antithetic, control_variates
from backsim.statistics.selection import Selection, kn, rinott, rinott_constant
from backsim.statistics.shares import Percentile, Proportion, percentile, proportion
from backsim.statistics.warmup import WarmUp, mser

__all__ = [
    "MAXIMISE",
    "MINIMISE",
    "Best",
    "Difference",
    "Differences",
    "Equivalence",
    "Estimate",
    "Feasible",
    "Percentile",
    "Precision",
    "Proportion",
    "Reduced",
    "Selection",
    "WarmUp",
    "WithBest",
    "antithetic",
    "constrained_kn",
    "control_variates",
    "differences",
    "equivalence",
    "estimate",
    "estimate_from_below",
    "feasible",
    "good_selection",
    "kn",
    "mser",
    "ocba",
    "percentile",
    "precision",
    "proportion",
    "rinott",
    "rinott_constant",
    "times",
    "together",
    "unseen",
    "with_best",
]
