"""What is to be said of an objective that rewards what nobody means."""

from __future__ import annotations

from collections.abc import Iterator

from backsim.errors import few, listed
from backsim.results.metrics.registry import NEITHER
from backsim.scenario.model import Model
from backsim.scenario.readback import implausible
from backsim.statistics import MAXIMISE, MINIMISE
from backsim.study.analysis import present
from backsim.study.study import Study

PROFIT = "`maximise profit`"
MOST_NAMES = 3
LEAVE = ("cancel_rate", "lost_rate")


def objective_warnings(study: Study) -> tuple[str, ...]:
    """What the study's objective leaves out, and the objective that is meant.

    `cost.total` takes purchases when they are ordered, so that running stock down and losing
    customers look cheap; profit without prices has nothing to lose with a customer.
    """
    return (*_contrary(study), *_rewarding(study))


def study_warnings(study: Study) -> tuple[str, ...]:
    """What the objective leaves out, and what of the reference's scenario can hardly be meant."""
    reference = study.place(study.experiment.reference or study.policies[0].name)
    return (*objective_warnings(study), *implausible(study.policies[reference].model))


def _contrary(study: Study) -> Iterator[str]:
    """An objective and constraints that ask for more of what is better the less there is of it."""
    objective = study.experiment.objective
    asked = [(objective.metric, objective.sense, str(objective))] if objective else []
    for one in study.experiment.constraints:
        asked.append((one.metric, MAXIMISE if one.relation == ">=" else MINIMISE, str(one)))
    for spec, sense, text in asked:
        if spec.declared.better != NEITHER and sense != spec.sense:
            yield (
                f"{text}: {spec.declared.better} of {spec} is better, as it is declared "
                f"({spec.declared.definition.rstrip('.')})"
            )


def _rewarding(study: Study) -> tuple[str, ...]:
    """What the objective makes look cheap."""
    objective = study.experiment.objective
    if objective is None:
        return ()
    leaving = _classes_that_leave(study)
    if objective.metric.metric == "profit":
        return tuple(_profit(study, leaving))
    if objective.metric.metric != "cost.total" or objective.sense != MINIMISE:
        return ()
    found = []
    if present(study, ["cost.purchase"]):
        less = " and losing customers look" if leaving else " looks"
        found.append(
            f"minimise cost.total counts purchases when they are ordered, so that running stock "
            f"down{less} cheap: {PROFIT} is meant, which counts the units shipped at what they cost"
            f"{_price(study)}"
        )
    free = [name for name in leaving if _loses_nothing(study, name)]
    if free:
        found.append(
            f"minimise cost.total while customers of {listed(free)} are lost and cost no lost "
            f"margin, so that losing them looks cheap: {PROFIT} is meant{_price(study)}, or set "
            "costs.lost_margin"
        )
    return tuple(found)


def _profit(study: Study, leaving: list[str]) -> list[str]:
    without, count = _without_price(study)
    if not leaving or not without:
        return []
    some = f"{len(without)} of {count} products" if len(without) < count else "no product"
    has = "has" if len(without) in (1, count) else "have"
    said = f"{some} {has} a price" if len(without) == count else f"{some} {has} no price"
    which = f" ({few(without, MOST_NAMES)})" if len(without) < count else ""
    return [
        f"maximise profit while customers are lost and {said}{which}, so that losing them "
        "costs nothing: give every product its `price`"
    ]


def _price(study: Study) -> str:
    without, count = _without_price(study)
    if not without:
        return ""
    which = "every product" if len(without) == count else few(without, MOST_NAMES)
    return f" (give {which} its `price`)"


def _without_price(study: Study) -> tuple[list[str], int]:
    """The products that customers order and that have no price, and how many they order."""
    prices: dict[str, float] = {}
    for policy in study.policies:
        for name, product in policy.model.scenario.products.items():
            if (study.array("units_per_day", "product", name) > 0).any():
                prices[name] = min(product.price, prices.get(name, product.price))
    return [name for name, price in prices.items() if price == 0], len(prices)


def _classes_that_leave(study: Study) -> list[str]:
    """The customer classes of which units were lost or cancelled under some policy."""
    names = dict.fromkeys(name for policy in study.policies for name in policy.model.classes)
    return [name for name in names if any((study.array(m, "class", name) > 0).any() for m in LEAVE)]


def _loses_nothing(study: Study, name: str) -> bool:
    """Whether a unit that a class does not get costs nothing, for some product and policy."""
    return any(_free(policy.model, name) for policy in study.policies)


def _free(model: Model, name: str) -> bool:
    if name not in model.classes:
        return False
    return bool((model.costs["lost_margin"][model.classes.index(name)] == 0).any())
