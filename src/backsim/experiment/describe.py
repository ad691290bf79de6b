"""What a study is of, as plain values: enough to tell whether it is the same, and to show it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backsim.errors import InputError
from backsim.results.madewith import environment, versions_that_count
from backsim.results.metrics import METRICS
from backsim.results.provenance import process_digests, rule_digests
from backsim.results.revision import revision
from backsim.results.spec import Constraint, MetricSpec, Objective
from backsim.scenario.load import from_dict
from backsim.study.experiment import Experiment, Policy
from backsim.study.screening import Screening
from backsim.study.stopping.rule import stopping_from_dict
from backsim.study.written import written_values


def describe(
    experiment: Experiment, engines: Mapping[str, Any] | None = None, tapes: int = 1
) -> dict[str, Any]:
    """`numbers`: all that a result depends on; `view`: what is asked of the results.

    A study goes on only with the same `numbers`; the view may change, and so may the number of
    replications.  `engines` says which engine plays each policy and why, `tapes` how many tapes a
    replication has.
    """
    own = [m.name for m in METRICS.values() if not m.built_in]
    return {
        "numbers": {
            "seed": experiment.seed,
            "policies": {policy.name: _policy(policy) for policy in experiment.policies},
            "metrics": list(METRICS),
            **({"own_metrics": own} if own else {}),
            **({"extend": process_digests(experiment.extend)} if experiment.extend else {}),
            "versions": versions_that_count(),
        },
        "view": {
            "name": experiment.name,
            "title": experiment.title,
            "question": experiment.question,
            "settings": {p.name: dict(p.settings) for p in experiment.policies},
            "written": written_values(experiment.policies),
            "factors": {name: list(levels) for name, levels in experiment.factors.items()},
            "replications": experiment.stopping.to_dict(),
            "metrics": [_spec(spec) for spec in experiment.metrics],
            "objective": experiment.objective
            and [experiment.objective.sense, _spec(experiment.objective.metric)],
            "constraints": [[_spec(c.metric), c.relation, c.bound] for c in experiment.constraints],
            "reference": experiment.reference,
            "confidence": experiment.confidence,
            **({"screening": experiment.screening.to_dict()} if experiment.screening else {}),
            "folders": {p.name: str(p.model.folder.resolve()) for p in experiment.policies},
            "scenarios": {p.name: p.model.name for p in experiment.policies},
            "environment": {
                **environment(),
                "revision": revision(experiment.policies[0].model.folder),
                "engines": engines or {},
                "tapes": tapes,
            },
        },
    }


def experiment_of(description: Mapping[str, Any], folder: Path | None = None) -> Experiment:
    """The experiment of a description, its data files in `folder` or where they were.

    Raises FileError when a model cannot be made again, InputError for a metric that is not known.
    """
    view, policies = description["view"], description["numbers"]["policies"]
    for name in description["numbers"].get("own_metrics", ()):
        if name not in METRICS:
            raise InputError(f"metric {name!r} is not known here: name its file with --rules")

    def made(name: str) -> Policy:
        scenario = policies[name]["scenario"]
        place = folder or view["folders"][name]
        model = from_dict(scenario, name=view["scenarios"][name], folder=place)
        return Policy(name, view["settings"][name], model, view.get("written", {}).get(name, {}))

    return Experiment(
        name=view["name"],
        policies=tuple(made(n) for n in policies),
        factors={name: tuple(levels) for name, levels in view["factors"].items()},
        stopping=stopping_from_dict(view["replications"]),
        metrics=tuple(MetricSpec(*spec) for spec in view["metrics"]),
        seed=description["numbers"]["seed"],
        title=view["title"],
        question=view["question"],
        objective=view["objective"]
        and Objective(view["objective"][0], MetricSpec(*view["objective"][1])),
        constraints=tuple(Constraint(MetricSpec(*m), r, b) for m, r, b in view["constraints"]),
        reference=view["reference"],
        confidence=view["confidence"],
        screening=Screening.from_dict(view.get("screening")),
    )


def _spec(spec: MetricSpec) -> list[str]:
    return [spec.metric, spec.dimension, spec.member]


def _policy(policy: Policy) -> dict[str, Any]:
    """A policy's explicit scenario, its data files, and what a user's rules and metrics are."""
    model = policy.model
    return {
        "scenario": model.to_dict(),
        "traces": model.file_digests,
        "rules": rule_digests(model),
    }
