"""Regret: what each priority rule costs more than the best clearing, on the same random worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backsim.engines.choose import choose
from backsim.errors import InputError
from backsim.hindsight.bound import Bound, bound_of
from backsim.results.run import play_and_check
from backsim.rules import FAMILIES
from backsim.scenario.model import Model
from backsim.statistics import Estimate, estimate
from backsim.streams import draw


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
    rules: Sequence[str] = (),
    engine: str = "auto",
    progress: Callable[[int, int], object] | None = None,
) -> list[Regret]:
    """The model's own clearing first ("as it is"), then each of the rules in place of it.

    All are played on the same tapes.  Raises InputError for an unknown rule.
    """
    models = {"as it is": model}
    models |= {name: model.replace({"policy.priority": name}) for name in rules}
    found: dict[str, list[Bound]] = {name: [] for name in models}
    total = replications * len(models)
    played, reason = choose(model, engine, total)
    for replication in range(replications):
        for place, (name, variant) in enumerate(models.items(), 1):
            tape = draw(variant, seed, replication)
            found[name].append(bound_of(play_and_check(variant, tape, played, reason)))
            if progress is not None:
                progress(replication * len(models) + place, total)
    return [_regret(name, bounds) for name, bounds in found.items()]


def rules_for(model: Model) -> tuple[list[str], dict[str, str]]:
    """The priority rules, with their defaults, that can stand in the place of the model's own.

    And for each other that has defaults, why the scenario does not go with it.
    """
    fitting, left_out = [], {}
    for rule in FAMILIES["priority"].rules.values():
        if rule.has_defaults:
            try:
                model.replace({"policy.priority": rule.name})
            except InputError as error:
                left_out[rule.name] = str(error)
            else:
                fitting.append(rule.name)
    return fitting, left_out


def _regret(name: str, bounds: Sequence[Bound]) -> Regret:
    return Regret(
        name,
        estimate([b.realised for b in bounds]),
        estimate([b.least for b in bounds]),
        estimate([b.regret for b in bounds]),
        next((b.given_receipts for b in bounds if b.given_receipts), ""),
        tuple(bounds),
    )
