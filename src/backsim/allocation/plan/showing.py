"""The tables of a plan.  One definition each; the console and the page render them."""

from __future__ import annotations

from collections.abc import Sequence

from backsim.allocation.plan import lists
from backsim.allocation.plan.compare import compared, shown_terms
from backsim.allocation.plan.plan import Plan
from backsim.present.table import Column, Table, from_records


def plan_tables(plan: Plan, plans: Sequence[Plan]) -> tuple[Table, ...]:
    """What each rule would have cost, then who gets what, who does not, and what would help."""
    promised = lists.rows(plan.listed["promises"])
    return (
        rules_table(plans),
        shipments_table(plan),
        from_records(
            "Lines that do not get all they ask for",
            lists.unfilled(promised),
            {
                "line": Column("line", kind="text", keep=True),
                "customer": "text",
                "class": "text",
                "product": "text",
                "open": "units",
                "unfilled": Column("unfilled", kind="units", keep=True),
                "reason": "prose",
            },
        ),
        from_records(
            "Promises that are not kept",
            lists.broken(promised),
            {
                "line": Column("line", kind="text", keep=True),
                "customer": "text",
                "product": "text",
                "promised_before": "text",
                "promise": Column("new promise", kind="text"),
                "broken": Column("units too late", kind="units", keep=True),
            },
        ),
        prices_table(plan),
    )


def rules_table(plans: Sequence[Plan]) -> Table:
    """Every rule's cost by term, the cheapest first."""
    table, terms = compared(plans), shown_terms(plans)
    columns = {
        "rule": Column("rule", kind="text"),
        "cost": Column("cost", kind="money", keep=True),
        "more": Column("more", kind="money", keep=True),
        **{name: Column(name.replace("_", " "), kind="money") for name in terms},
        "units_served": Column("units served", kind="share"),
        "lines_in_time": Column("in time", kind="share"),
    }
    if any(table["breaks"]):
        columns["breaks"] = Column("does not keep", kind="prose", keep=True)
    rows = sorted(lists.rows(table), key=lambda row: row["cost"])
    return from_records("What each rule would have cost", rows, columns)


def shipments_table(plan: Plan) -> Table:
    """What goes to which line from which source, and when it arrives."""
    return from_records(
        "Shipments",
        lists.rows(plan.listed["shipments"]),
        {
            "line": Column("line", kind="text", keep=True),
            "customer": "text",
            "product": "text",
            "units": Column("units", kind="units", keep=True),
            "sent": "text",
            "from": Column("from", kind="text", keep=True),
            "arrives": Column("arrives", kind="text", keep=True),
            "source": "text",
            "kind": "text",
            "days_late": "days",
            "cost": "money",
        },
    )


def prices_table(plan: Plan) -> Table:
    """The sources of which one more unit would help, the dearest first."""
    return from_records(
        "What one more unit would save",
        lists.worth_most(lists.rows(plan.listed["prices"])),
        {
            "product": Column("product", kind="text", keep=True),
            "site": Column("site", kind="text", keep=True),
            "arrives": "text",
            "units": "units",
            "used": "units",
            "worth": Column("worth", kind="money", keep=True),
        },
    )
