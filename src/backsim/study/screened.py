"""What a study says of each factor, where its policies are the points of a screening design."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from backsim.results.spec import MetricSpec
from backsim.statistics.screening import (
    Elementary,
    Indices,
    elementary_effects,
    variance_indices,
)
from backsim.study.screening import MORRIS
from backsim.study.study import Study

Screened = dict[str, Elementary] | dict[str, Indices]

_KNOWN: WeakKeyDictionary[Study, dict[MetricSpec, Screened]] = WeakKeyDictionary()
"""What has been asked already: a page asks for its table, its figure and whether there is one."""


def screened(study: Study, spec: MetricSpec) -> Screened:
    """What each factor does to a metric's mean; empty where the study has no such design.

    Also where a policy has no value of the metric.
    """
    known = _KNOWN.setdefault(study, {})
    if spec not in known:
        known[spec] = _screened(study, spec)
    return known[spec]


def _screened(study: Study, spec: MetricSpec) -> Screened:
    design = study.experiment.screening
    if design is None:
        return {}
    values = study.array(spec)
    if np.isnan(values).all(axis=1).any():
        return {}
    output = np.nanmean(values, axis=1)[list(design.policies)]
    level = study.experiment.confidence
    if design.kind == MORRIS:
        effects = elementary_effects(np.array(design.points), output, level)
        return dict(zip(design.factors, effects, strict=True))
    indices = variance_indices(len(design.factors), output, level)
    return dict(zip(design.factors, indices, strict=True))
