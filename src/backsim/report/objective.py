"""What is to be said of an objective that rewards what nobody means."""

from __future__ import annotations

from backsim.errors import listed
from backsim.scenario.model import Model
from backsim.statistics import MINIMISE
from backsim.study.analysis import present
from backsim.study.study import Study

PROFIT = "`maximise profit`"
LEAVE = ("cancel_rate", "lost_rate")


def objective_warnings(study: Study) -> tuple[str, ...]:
    """What the study's objective leaves out, and the objective that is meant.

    `cost.total` takes purchases when they are ordered, so that running stock down and losing
    customers look cheap; profit without prices has nothing to lose with a customer.
    """
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
    if not leaving or _priced(study):
        return []
    return [
        "maximise profit while customers are lost and no product has a price, so that losing them "
        "costs nothing: give every product its `price`"
    ]


def _price(study: Study) -> str:
    return "" if _priced(study) else " (give every product its `price`)"


def _priced(study: Study) -> bool:
    return all(p.price > 0 for one in study.policies for p in one.model.scenario.products.values())


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
