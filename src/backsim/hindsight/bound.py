"""The bound of a replication: its receipts and orders, with the best clearing there is.

What it bounds: the costs of holding, of units that wait, of their waiting, of lost units and of
shipments (`TERMS`), in the window of the metrics, over all ways to give the units received to the
lines ordered.  Purchases are taken as they were, so that what they cost is the same on both sides.

When it holds for every rule at once: if purchases do not depend on who is served.  The inventory
position falls with every order and rises when a purchase is placed or a customer leaves, whoever
gets the units.  So with rules that reorder by position, and customers who all stay, every clearing
rule has the same receipts on the same tape, and the bound is below all of them (`exact`).
Otherwise it is a bound given the receipts of this run: no clearing would have cost less with these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from backsim.engines.choose import choose, compile_kernel, linked_rules, own_rules
from backsim.engines.features import switches
from backsim.engines.setup import Linked
from backsim.errors import BacksimError, InputError
from backsim.hindsight.known import check_bounded
from backsim.hindsight.prices import lower_bound
from backsim.hindsight.program import histories
from backsim.results.run import Run, play_and_check
from backsim.results.units import unit_suffix
from backsim.rules import FAMILIES
from backsim.rules.own import digests_of
from backsim.scenario.model import Model
from backsim.statistics import Estimate, estimate
from backsim.streams import draw
from backsim.workers import in_order, workers_wanted

TERMS = (
    *("cost.holding", "cost.backorder_unit", "cost.backorder_time", "cost.lost_margin"),
    "cost.shipment",
)
"""The costs that clearing decides; of shipments, one for each order that is shipped is certain."""

BLIND = (
    *("position", "now", "joint", "lead_time", "review_period"),
    *("forecast_mean", "forecast_variance"),  # of demand, whoever is served
)
"""What a reorder rule may ask for and still not see who was served."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Money per day: what the run cost by `TERMS`, and the least it could have cost.

    `given_receipts` is empty if the bound holds for every clearing rule on the same tape; else it
    says why it holds only with this run's receipts.
    """

    realised: float
    least: float
    given_receipts: str

    @property
    def regret(self) -> float:
        """What the clearing rule cost more than the best clearing: money per day."""
        return self.realised - self.least

    @property
    def exact(self) -> bool:
        """Whether the bound holds for every clearing rule on the same tape."""
        return not self.given_receipts


def bound_of(run: Run) -> Bound:
    """The bound of a replication.

    Raises InputError where units or customers take ways that it does not know of (`known`:
    substitutes, other sites, shelf lives, customers who are turned away, ...); BacksimError when
    the run cost less: then customers did what the bound does not know of.
    """
    model = run.model
    check_bounded(model)
    days = model.horizon - model.warm_up
    least = sum(lower_bound(history) for history in histories(model, run.log)) / days
    realised = sum(float(np.nan_to_num(run.metrics[name])) for name in TERMS)
    if realised < least - 1e-6 * max(1.0, abs(least)):
        raise BacksimError(
            f"bound: the run cost {realised:.9g}{unit_suffix('money per day', model.scenario)} "
            f"and its bound is {least:.9g}: "
            "units went to customers who should have gone"
        )
    return Bound(realised, min(least, realised), why_given(run))


def why_given(run: Run) -> str:
    """Why another rule may have other receipts; empty if it cannot."""
    model: Model = run.model
    for point in model.scenario.stock:
        for use in point.reorders:
            asks = FAMILIES["reorder"].get(use.rule).asks
            if seen := [name for name in asks if name not in BLIND]:
                return f"the reorder rule {use.rule} asks for {', '.join(seen)}"
    if "INFORMS" in switches(model):
        return "customers are told how long they will wait, and may leave"
    if any(limit.of == "storage" for limit in model.scenario.purchase_limits):
        return "a limit to storage (purchase_limits) counts units on hand, which clearing decides"
    lines = run.log.lines
    ends = model.on_grid(lines["time"] + lines["tolerance"][lines["head"]])
    if (ends < model.horizon).any():
        return "customers leave, and who leaves changes what is reordered"
    return ""


@dataclass(frozen=True, slots=True)
class Regret:
    """A priority rule over replications: money per day."""

    rule: str
    realised: Estimate
    least: Estimate
    regret: Estimate
    given_receipts: str
    bounds: tuple[Bound, ...]


def regrets(
    model: Model,
    *,
    seed: int,
    replications: int,
    rules: Sequence[str] | Mapping[str, Model] = (),
    engine: str = "auto",
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[Regret]:
    """The model's own clearing first ("as it is"), then each of the rules in place of it.

    All are played on the same tapes, on all cores unless `workers` says how many.  `rules`: by
    name, or the models of `rules_for`.
    Raises InputError for an unknown rule.
    """
    models = {"as it is": model}
    models |= rules if isinstance(rules, Mapping) else {name: _under(model, name) for name in rules}
    wanted = dict.fromkeys(models, replications)
    found = bounds(models, wanted, seed, engine=engine, workers=workers, progress=progress)
    return [_regret(name, of_rule) for name, of_rule in found.items()]


def bounds(
    models: Mapping[str, Model],
    replications: Mapping[str, int],
    seed: int,
    *,
    first: int = 0,
    engine: str = "auto",
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, list[Bound]]:
    """The bounds of each model's first replications, all on the tapes of one seed.

    Those before `first` are left out.  On all cores unless `workers` says how many.  Raises
    InputError as `bound_of` does.
    """
    jobs = [(name, k) for name, count in replications.items() for k in range(first, count)]
    engines = {name: choose(model, engine, len(jobs)) for name, model in models.items()}
    compiled = [model for name, model in models.items() if engines[name][0] == "compiled"]
    linked = linked_rules(compiled)  # one kernel for all: compiling one takes longer than playing
    for model in compiled:
        compile_kernel(model, linked)
    rules = digests_of(rule for model in models.values() for rule in own_rules(model))
    play = partial(_bound, models, engines, linked, seed)
    found: dict[str, list[Bound]] = {name: [] for name in models}
    at_once = workers_wanted(workers)
    for done, bound in enumerate(in_order(play, jobs, at_once, rules=rules), 1):
        found[jobs[done - 1][0]].append(bound)
        if progress is not None:
            progress(done, len(jobs))
    return found


def _bound(
    models: Mapping[str, Model],
    engines: Mapping[str, tuple[str, str]],
    linked: Linked,
    seed: int,
    job: tuple[str, int],
) -> Bound:
    """The bound of a replication of one of the models."""
    name, replication = job
    tape = draw(models[name], seed, replication)
    return bound_of(play_and_check(models[name], tape, *engines[name], linked=linked))


def rules_for(model: Model) -> tuple[dict[str, Model], dict[str, str]]:
    """The model under each priority rule, its parameters at their defaults.

    And for each rule that has defaults and does not go with the scenario, why.
    """
    fitting, left_out = {}, {}
    for rule in FAMILIES["priority"].rules.values():
        if rule.has_defaults:
            try:
                fitting[rule.name] = _under(model, rule.name)
            except InputError as error:
                left_out[rule.name] = str(error)
    return fitting, left_out


def _under(model: Model, rule: str) -> Model:
    return model.replace({"policy.priority": rule})


def _regret(name: str, bounds: Sequence[Bound]) -> Regret:
    return Regret(
        name,
        estimate([b.realised for b in bounds]),
        estimate([b.least for b in bounds]),
        estimate([b.regret for b in bounds]),
        next((b.given_receipts for b in bounds if b.given_receipts), ""),
        tuple(bounds),
    )
