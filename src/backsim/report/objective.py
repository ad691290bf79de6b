"""What is to be said of an objective that rewards what nobody means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backsim.errors import few, listed
from backsim.report.finding import quoted
from backsim.results.metrics.registry import NEITHER
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.model import Model
from backsim.scenario.readback import implausible, same_rank
from backsim.statistics import MAXIMISE, MINIMISE
from backsim.study.analysis import present
from backsim.study.experiment import Experiment
from backsim.study.study import Study

PROFIT = "`maximise profit`"
MOST_NAMES = 3
LEAVE = ("cancel_rate", "lost_rate")


@dataclass(frozen=True)
class _Worlds:
    """What an objective is judged by."""

    experiment: Experiment
    models: list[Model]
    buys: bool
    """Whether purchases cost anything."""
    leaving: list[str]
    """Customer classes of which units are lost or cancelled under some policy."""
    prices: dict[str, float]
    """The lowest price of each product that customers order."""


def objective_warnings(study: Study) -> tuple[str, ...]:
    """What the study's objective leaves out, and the objective that is meant.

    `cost.total` takes purchases when they are ordered, so that running stock down and losing
    customers look cheap; profit without prices has nothing to lose with a customer.
    """
    return _of_objective(_played(study))


def warnings_before(experiment: Experiment) -> tuple[str, ...]:
    """The same as `study_warnings` of an experiment that has not been played."""
    models = {policy.name: policy.model for policy in experiment.policies}
    reference = experiment.reference or experiment.policies[0].name
    return (*_of_objective(_expected(experiment)), *_of_models(models, reference))


def _of_objective(worlds: _Worlds) -> tuple[str, ...]:
    return (*_contrary(worlds.experiment), *_rewarding(worlds), *_free_stock(worlds))


def study_warnings(study: Study) -> tuple[str, ...]:
    """What the objective leaves out, and what of the reference's scenario can hardly be meant."""
    models = {policy.name: policy.model for policy in study.policies}
    reference = study.experiment.reference or study.policies[0].name
    return (*objective_warnings(study), *_of_models(models, reference))


def _of_models(models: dict[str, Model], reference: str) -> Iterator[str]:
    """What of the reference can hardly be meant, and policies that say nothing."""
    known = implausible(models[reference])
    yield from known
    unranked = {name: text for name, model in models.items() for text in same_rank(model)}
    for text in dict.fromkeys(unranked.values()):
        if text not in known:
            names = [quoted(name) for name, said in unranked.items() if said == text]
            yield f"{few(names, MOST_NAMES)}: {text}"


def _played(study: Study) -> _Worlds:
    """What has happened in a study."""
    models = [policy.model for policy in study.policies]
    names = dict.fromkeys(name for model in models for name in model.classes)
    leaving = [n for n in names if any((study.array(m, "class", n) > 0).any() for m in LEAVE)]
    products = {name for model in models for name in model.products}
    ordered = {n for n in products if (study.array("units_per_day", "product", n) > 0).any()}
    buys = bool(present(study, ["cost.purchase"]))
    return _Worlds(study.experiment, models, buys, leaving, _lowest_prices(models, ordered))


def _expected(experiment: Experiment) -> _Worlds:
    """What the scenarios of an experiment let one expect."""
    models = [policy.model for policy in experiment.policies]
    customers = [pair for model in models for pair in model.scenario.customers.items()]
    leaving = dict.fromkeys(
        name
        for name, customer in customers
        if customer.tolerance != "unlimited" or customer.backorder_share < 1
    )
    ordered = {
        product
        for model in models
        for (product, _), rate in mean_demand(model.scenario, model.traces).items()
        if rate > 0
    }
    buys = any((model.costs["purchase"] > 0).any() for model in models)
    return _Worlds(experiment, models, buys, list(leaving), _lowest_prices(models, ordered))


def _lowest_prices(models: list[Model], ordered: set[str]) -> dict[str, float]:
    """The lowest price under any policy of each product that customers order."""
    prices: dict[str, float] = {}
    for model in models:
        for name, product in model.scenario.products.items():
            if name in ordered:
                prices[name] = min(product.price, prices.get(name, product.price))
    return prices


def _contrary(experiment: Experiment) -> Iterator[str]:
    """An objective and constraints that ask for more of what is better the less there is of it."""
    objective = experiment.objective
    asked = [(objective.metric, objective.sense, str(objective))] if objective else []
    for one in experiment.constraints:
        asked.append((one.metric, MAXIMISE if one.relation == ">=" else MINIMISE, str(one)))
    for spec, sense, text in asked:
        if spec.declared.better != NEITHER and sense != spec.sense:
            yield (
                f"{text}: {spec.declared.better} of {spec} is better, as it is declared "
                f"({spec.declared.definition.rstrip('.')})"
            )


def _rewarding(worlds: _Worlds) -> tuple[str, ...]:
    """What the objective makes look cheap."""
    objective, leaving = worlds.experiment.objective, worlds.leaving
    if objective is None:
        return ()
    if objective.metric.metric == "profit":
        return tuple(_profit(worlds))
    if objective.metric.metric != "cost.total" or objective.sense != MINIMISE:
        return ()
    found = []
    if worlds.buys:
        less = " and losing customers look" if leaving else " looks"
        found.append(
            f"minimise cost.total counts purchases when they are ordered, so that running stock "
            f"down{less} cheap: {PROFIT} is meant, which counts the units shipped at what they cost"
            f"{_price(worlds)}"
        )
    free = [name for name in leaving if any(_free(model, name) for model in worlds.models)]
    if free:
        found.append(
            f"minimise cost.total while customers of {listed(free)} are lost and cost no lost "
            f"margin, so that losing them looks cheap: {PROFIT} is meant{_price(worlds)}, or set "
            "costs.lost_margin"
        )
    return tuple(found)


def _profit(worlds: _Worlds) -> list[str]:
    without, count = _without_price(worlds)
    if not worlds.leaving or not without:
        return []
    some = f"{len(without)} of {count} products" if len(without) < count else "no product"
    has = "has" if len(without) in (1, count) else "have"
    said = f"{some} {has} a price" if len(without) == count else f"{some} {has} no price"
    which = f" ({few(without, MOST_NAMES)})" if len(without) < count else ""
    return [
        f"maximise profit while customers are lost and {said}{which}, so that losing them "
        "costs nothing: give every product its `price`"
    ]


def _free_stock(worlds: _Worlds) -> Iterator[str]:
    """Money that leaves out what stock costs, of policies with other levels."""
    objective, models = worlds.experiment.objective, worlds.models
    if objective is None or objective.metric.metric not in ("profit", "cost.total"):
        return
    if any((model.costs["holding"] > 0).any() for model in models):
        return
    levels = [[point.reorder for point in model.scenario.stock] for model in models]
    if any(one != levels[0] for one in levels):
        yield (
            f"{objective} while holding stock costs nothing, so that the policy with more stock "
            "looks better: set costs.holding, money per unit and day"
        )


def _price(worlds: _Worlds) -> str:
    without, count = _without_price(worlds)
    if not without:
        return ""
    which = "every product" if len(without) == count else few(without, MOST_NAMES)
    return f" (give {which} its `price`)"


def _without_price(worlds: _Worlds) -> tuple[list[str], int]:
    """The products that customers order and that have no price, and how many they order."""
    return [name for name, price in worlds.prices.items() if price == 0], len(worlds.prices)


def _free(model: Model, name: str) -> bool:
    """Whether a unit that a class does not get costs nothing, for some product."""
    if name not in model.classes:
        return False
    return bool((model.costs["lost_margin"][model.classes.index(name)] == 0).any())
