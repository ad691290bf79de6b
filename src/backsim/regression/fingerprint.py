"""Hashes of what goes into a study and of what comes out: equal when it is equal to the bit."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from typing import Any

import numpy as np

from backsim.engines.choose import linked_rules, play
from backsim.experiment.describe import describe
from backsim.experiment.tapes import tape_digest
from backsim.regression.baseline import Digests, MadeWith
from backsim.regression.fields import flat
from backsim.results.madewith import environment, versions_that_count
from backsim.scenario.model import Model
from backsim.streams import Tape, draw
from backsim.study.study import Study

FIRST_DRAWS = 256
"""Lead times of each stock point that a hash of the random world covers."""


def made_with() -> MadeWith:
    """What results are made with here and now."""
    found = environment()
    python = ".".join(platform.python_version_tuple()[:2])
    return MadeWith(versions=versions_that_count(), python=python, arithmetic=found["arithmetic"])


def fields(study: Study) -> dict[str, dict[str, str]]:
    """Policy -> its resolved scenario, data files and rules, field by field."""
    described = describe(study.experiment)["numbers"]["policies"]
    return {policy.name: flat(described[policy.name]) for policy in study.policies}


def digests(study: Study) -> list[Digests]:
    """The hashes of each policy of a study.

    Replication 0 is played again for its log, which a study does not keep; policies that share a
    random world draw it once.
    """
    experiment = study.experiment
    models = [policy.model for policy in experiment.policies]
    engines = [study.provenance["engines"][p.name]["engine"] for p in experiment.policies]
    linked = linked_rules(m for m, e in zip(models, engines, strict=True) if e == "compiled")
    described = describe(experiment)["numbers"]["policies"]
    tapes: dict[str, Tape] = {}
    found = []
    for place, (policy, model) in enumerate(zip(experiment.policies, models, strict=True)):
        world = tape_digest(model)
        if world not in tapes:
            tapes[world] = draw(model, experiment.seed, 0)
        tape = tapes[world]
        log = play(model, tape, engines[place], extend=experiment.extend, linked=linked)
        found.append(
            Digests(
                scenario=_hash([json.dumps(described[policy.name], sort_keys=True).encode()]),
                tape=world[:16],
                orders=orders_digest(tape),
                lead_times=lead_times_digest(model, tape),
                log=log.digest[:16],
                results=results_digest(study, place),
            )
        )
    return found


def orders_digest(tape: Tape) -> str:
    """A hash of what customers do; a field that does not vary holds no random number."""
    names = sorted(name for name, column in tape.columns.items() if _varies(column))
    return _hash(part for n in names for part in (n.encode(), tape.columns[n].tobytes()))


def lead_times_digest(model: Model, tape: Tape) -> str:
    """A hash of the first lead and service times of each stock point and source, by its name."""
    points = model.stock_points
    names = [
        "@".join((*points[lane.stock], *([lane.name] if number >= len(points) else ())))
        for number, lane in enumerate(model.lanes)
    ]
    parts = []
    for name, *draws in sorted(zip(names, tape.lead_times, tape.services, strict=True), key=_name):
        parts += [name.encode(), *(d.first(FIRST_DRAWS)[:FIRST_DRAWS].tobytes() for d in draws)]
    return _hash(parts)


def results_digest(study: Study, place: int) -> str:
    """A hash of every metric and profile of a policy."""
    keys = [(place, replication) for replication in range(study.counts[place])]
    return _hash(p for k in keys for p in (study.values[k].tobytes(), study.shapes[k]))


def _varies(column: Any) -> bool:
    return len(column) > 0 and not np.array_equal(
        column, np.full_like(column, column[0]), equal_nan=True
    )


def _name(entry: Any) -> Any:
    return entry[0]


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
