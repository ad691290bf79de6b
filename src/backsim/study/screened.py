"""What a study says of each factor, where its policies are the points of a screening design."""

from __future__ import annotations

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


def screened(study: Study, spec: MetricSpec) -> dict[str, Elementary] | dict[str, Indices]:
    """What each factor does to a metric's mean; empty where the study has no such design.

    Also where a policy has no value of the metric.
    """
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
