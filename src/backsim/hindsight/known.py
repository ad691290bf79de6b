"""Of which parts of a scenario the bound knows; whatever it does not know of is refused.

Each part of the kernel (`kernel.features`) stands in one place here: the bound holds with it, or a
refusal says why not and what to do.  A part that is in neither is refused too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backsim.engines.features import switches
from backsim.errors import InputError
from backsim.scenario.model import Model


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no bound: what a scenario would have to be, and what it is."""

    expected: str
    found: str

    def error(self) -> InputError:
        """The error that says so."""
        return InputError(
            f"bound: expected a scenario in which {self.expected}, got one {self.found}"
        )


REFUSED: dict[str, Refusal] = {
    "ROUTES": Refusal(
        "each site serves its own customers alone",
        "whose sites serve each other's customers (customers.NAME.served_by: leave it out)",
    ),
    "TRANSFERS": Refusal(
        "each site serves its own customers alone",
        "whose sites send each other units (policy.transfers: never)",
    ),
    "KITS": Refusal(
        "each site serves its own customers alone",
        "in which products are made from others (stock[i].made_from: leave it out)",
    ),
    "SUBSTITUTES": Refusal(
        "customers get what they order",
        "in which they are offered substitutes (policy.substitution: never)",
    ),
    "RECALLS": Refusal(
        "what has been received can be shipped",
        "whose products are recalled (products.NAME.recall: leave it out)",
    ),
    "RETURNS": Refusal(
        "receipts do not depend on who is served",
        "whose customers send units back (customers.NAME.returns: leave it out)",
    ),
    "GOODWILL": Refusal(
        "demand does not depend on who is served",
        "whose customers react to service (customers.NAME.goodwill: leave it out)",
    ),
    "AMENDS": Refusal(
        "customers keep to what they ordered",
        "whose customers change quantities while they wait (customers.NAME.changes: leave it out)",
    ),
    "EXPIRES": Refusal(
        "units keep until they are shipped",
        "with a shelf life (products.NAME.shelf_life: leave it out, and customers.NAME.min_life)",
    ),
    "LIMITS": Refusal(
        "customers may wait however many others do",
        "with a limit to the backlog (policy.backlog_limit: unlimited)",
    ),
}
"""By part of the kernel."""

HOLDS: dict[str, str] = {
    "OPENS": "orders from before the start are lines that wait from then on",
    "ANNOUNCES": "nothing ships before the day for which it is wanted",
    "STANDS": "it changes nothing",
    "APART": "it changes nothing",
    "INFORMS": "customers who are told dates leave or stay, whatever costs less",
    "DELIVERIES": "receipts are those of the run, in sound units; parts are refused apart",
    "DISRUPTIONS": "receipts are those of the run",
    "CALENDARS": "receipts are those of the run, and waits end with the shipment",
    "CHANGES": "receipts are those of the run, and no rule serves better than the best clearing",
    "FORECASTS": "receipts are those of the run",
    "LOTS": "receipts are those of the run",
    "JOINT": "receipts are those of the run",
    "GROUPS": "receipts are those of the run",
    "BUDGETS": "receipts are those of the run; where room is limited, of this run alone",
    "PIPELINE": "receipts are those of the run",
    "SEASONS": "receipts are those of the run",
    "SHARES": "whoever gets the units, the best clearing costs no more",
    "CONSOLIDATES": "units that are kept are held and waited for, which the best clearing avoids",
    "COLLECTS": "units that are kept are held and waited for, which the best clearing avoids",
    "BATCHES": "the best clearing serves at each receipt",
    "DECIDES": "a program is a clearing rule",
    "NETWORK": "several suppliers of a stock point; sites and components are refused apart",
    "ECHELON": "sites are refused apart; without them an echelon is one stock point",
    "REACTS": "receipts are those of the run",
    "EXPEDITES": "receipts are those of the run, and net stock is the same under every clearing",
    "CANCELS": "receipts are those of the run",
    "EMERGENCY": "receipts are those of the run, and net stock is the same under every clearing",
    "DELAYS": "receipts are those of the run",
    "DIVIDES": "receipts are those of the run, from whichever source",
    "RECORDS": "it changes nothing",
}
"""Parts of the kernel with which the bound holds, and why."""


def _buys_from_sites(model: Model) -> bool:
    return any(
        point.made_from or any(source.site is not None for source in point.supplier)
        for point in model.scenario.stock
    )


def _in_parts(model: Model) -> bool:
    return any(s.parts and s.parts.count > 1 for s in model.scenario.suppliers.values())


OTHERS: tuple[tuple[Callable[[Model], bool], Refusal], ...] = (
    (
        _buys_from_sites,
        Refusal(
            "each site serves its own customers alone",
            "whose sites supply each other, or make products (stock[i].supplier: name suppliers; "
            "stock[i].made_from: leave it out)",
        ),
    ),
    (
        _in_parts,
        Refusal(
            "purchases come in one delivery",
            "with a supplier who delivers in parts, whose dates are not kept "
            "(suppliers.NAME.parts: leave it out)",
        ),
    ),
)
"""What is refused besides parts of the kernel."""


def check_bounded(model: Model) -> None:
    """Raise InputError where units or customers take ways that the bound does not know of."""
    for applies, refusal in OTHERS:
        if applies(model):
            raise refusal.error()
    used = switches(model)
    for feature, refusal in REFUSED.items():
        if feature in used:
            raise refusal.error()
    if unknown := sorted(used - HOLDS.keys()):
        raise InputError(f"bound: it does not know of this part of the scenario: {unknown[0]}")
