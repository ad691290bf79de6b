"""What fills each item of the STRESS-DES checklist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backsim.engines.choose import own_rules
from backsim.engines.features import switches
from backsim.errors import counted, few, listed, short
from backsim.present.numbers import percent
from backsim.publish.description import rules_asked
from backsim.publish.stress_register import Answer, item
from backsim.publish.study import Written
from backsim.publish.words import said
from backsim.report.words import condition, label
from backsim.results.metrics import METRICS
from backsim.results.units import unit_words
from backsim.rules import FAMILIES
from backsim.scenario.demand.schema import TraceDemand
from backsim.scenario.model import Model
from backsim.study.effects import level_text

MOST = 12
"""Names that a sentence lists."""
COMMAND = "`backsim describe`"

OBJECTIVES, LOGIC, DATA = "1 Objectives", "2 Logic", "3 Data"
EXPERIMENTATION, IMPLEMENTATION, ACCESS = "4 Experimentation", "5 Implementation", "6 Code access"


@item("1.1", OBJECTIVES, "Purpose of the model")
def _purpose(study: Written) -> Answer:
    experiment = study.experiment
    text = " ".join(filter(None, [experiment.title, experiment.question]))
    return Answer(text, "" if text else "Why the model was built, and for which decision.")


@item("1.2", OBJECTIVES, "Model outputs")
def _outputs(study: Written) -> Answer:
    specs = study.experiment.metrics or ()
    metrics = dict.fromkeys(spec.metric for spec in specs) or ["cost.total", "fill_rate"]
    scenario = study.base.scenario
    told = [
        f"{name} ({unit_words(METRICS[name].unit, scenario)}): {METRICS[name].definition}"
        for name in metrics
    ]
    return Answer(f"{' '.join(told)} Overall and by customer class, product and site.")


@item("1.3", OBJECTIVES, "Aims of the experimentation")
def _aims(study: Written) -> Answer:
    experiment = study.experiment
    names = [policy.name for policy in experiment.policies]
    parts = [f"{len(names)} policies are compared: {few(names, MOST)}."]
    if experiment.objective:
        parts.append(f"The objective is to {_objective(study)}.")
    if experiment.constraints:
        parts.append(f"Constraints: {listed([condition(c) for c in experiment.constraints])}.")
    if experiment.factors:
        levels = [
            f"{name} ({few([level_text(v) for v in values], MOST)})"
            for name, values in experiment.factors.items()
        ]
        parts.append(f"Factors and their levels: {'; '.join(levels)}.")
    return Answer(" ".join(parts))


def _objective(study: Written) -> str:
    objective = study.experiment.objective
    return f"{objective.sense} {label(objective.metric)}" if objective else ""


@item("2.1", LOGIC, "Base model overview diagram")
def _overview(study: Written) -> Answer:
    return Answer("The flow of units, drawn below the table.", diagram=flow(study.base))


def flow(model: Model) -> str:
    """Who supplies whom, as a flowchart of Mermaid; products with the same way are one arrow."""
    names: dict[tuple[str, str], str] = {}

    def node(kind: str, name: str) -> str:
        return names.setdefault((kind, name), f"{kind}{len(names)}")

    arrows: dict[str, None] = {}
    for point in model.scenario.stock:
        here = node("site", point.site)
        for source in point.supplier:
            if source.site is None:
                arrows[f"{node('supplier', str(source.supplier))} --> {here}"] = None
            else:
                arrows[f"{node('site', source.site)} --> {here}"] = None
    for name, customer in model.scenario.customers.items():
        for entry in customer.demand:
            sites = getattr(entry, "sites", None) or dict.fromkeys(model.sites, 1.0)
            for site in sites:
                arrows[f"{node('site', site)} --> {node('class', name)}"] = None
    shapes = {"supplier": "[/{}/]", "site": "[({})]", "class": "([{}])"}
    lines = [
        f"{key}{shapes[kind].format(chr(34) + _plain(name) + chr(34))}"
        for (kind, name), key in names.items()
    ]
    return "\n".join(["flowchart LR", *(f"  {line}" for line in (*lines, *arrows))])


def _plain(name: str) -> str:
    return name.replace('"', "'")


@item("2.2", LOGIC, "Base model logic")
def _logic(study: Written) -> Answer:
    model = study.base
    asked = rules_asked(model)
    rules = [rule for family, rules in asked.items() for rule in rules if family in SHOWN]
    told = [f"{rule.family} by {rule.name}: {_first(rule.doc)}" for rule in rules]
    return Answer(
        "A customer's order takes what is on hand; what is missing waits or is lost. "
        f"{' '.join(told)} The whole logic in equations: {COMMAND}."
    )


SHOWN = ("reorder", "priority", "rationing", "sourcing", "split")


def _first(doc: str) -> str:
    return " ".join(doc.partition("\n\n")[0].split())


@item("2.3", LOGIC, "Scenario logic")
def _scenarios(study: Written) -> Answer:
    told = [
        f"'{policy.name}' sets {_settings(policy.settings)}."
        for policy in study.experiment.policies
        if policy.settings
    ]
    base = f"The others are compared with '{study.experiment.reference}'."
    return Answer(" ".join([*told[:MOST], base]))


def _settings(settings: Any) -> str:
    return ", ".join(f"{path} to {level_text(value)}" for path, value in settings.items())


@item("2.4", LOGIC, "Algorithms")
def _algorithms(study: Written) -> Answer:
    models = study.models.values()
    names = {
        family: dict.fromkeys(r.name for m in models for r in rules_asked(m).get(family, ()))
        for family in FAMILIES
    }
    told = [f"{family}: {', '.join(rules)}" for family, rules in names.items() if rules]
    own = [rule.name for model in models for rule in own_rules(model)]
    more = f" Of the author's own: {', '.join(dict.fromkeys(own))}." if own else ""
    return Answer(f"Rules, each with its formula and source in {COMMAND}: {'; '.join(told)}.{more}")


@item("2.5.1", LOGIC, "Components: entities")
def _entities(study: Written) -> Answer:
    model = study.base
    return Answer(
        f"Orders and order lines of the customer classes {few(model.classes, MOST)}; purchases "
        f"from {few(model.suppliers, MOST)}; each with product, site, units, times and state."
    )


@item("2.5.2", LOGIC, "Components: activities")
def _activities(study: Written) -> Answer:
    from backsim.engines.link import kernel_events

    active = switches(study.base)
    docs = dict.fromkeys(event.doc for event in kernel_events() if event.is_on(active))
    return Answer(f"Events, in their order at one instant: {' '.join(docs)}")


@item("2.5.3", LOGIC, "Components: resources")
def _resources(study: Written) -> Answer:
    model = study.base
    points = [f"{product} at {site}" for product, site in model.stock_points]
    capacity = [f"{n}: {said(s.capacity)}" for n, s in model.scenario.suppliers.items()]
    return Answer(
        f"Stock at {counted(len(points), 'stock point')} ({few(points, MOST)}); "
        f"capacity of suppliers ({few(capacity, MOST)})."
    )


@item("2.5.4", LOGIC, "Components: queues")
def _queues(study: Written) -> Answer:
    rules = ", ".join(rule.name for rule in study.base.rules["priority"])
    limits = {said(p.backlog_limit) for p in study.base.scenario.stock}
    return Answer(
        "Lines that wait form a queue at each stock point, served in the order of its priority "
        f"rule ({rules}; ties by time of order); lines that may wait: {', '.join(sorted(limits))}. "
        "Purchases queue at suppliers of limited capacity, first come first served."
    )


@item("2.5.5", LOGIC, "Components: entry and exit points")
def _entry(study: Written) -> Answer:
    told = [
        f"{name}: {said(entry.arrivals) if hasattr(entry, 'arrivals') else 'recorded orders'}"
        for name, customer in study.base.scenario.customers.items()
        for entry in customer.demand
    ]
    waits = [f"{n}: {said(c.tolerance)}" for n, c in study.base.scenario.customers.items()]
    return Answer(
        f"Orders enter by class ({few(told, MOST)}). They leave when shipped, when lost for want "
        f"of stock, or when cancelled after the tolerance (days; {few(waits, MOST)})."
    )


@item("3.1", DATA, "Data sources")
def _sources(study: Written) -> Answer:
    traces = [report for m in study.models.values() for report in m.trace_reports]
    files = {f"{r.file} (SHA-256 {r.sha256[:16]})": None for r in traces}
    text = f"Files: {', '.join(files)}. " if files else ""
    text += f"The scenario says: {short(study.comments, 1500)}" if study.comments else ""
    return Answer(text.strip(), "Where the numbers come from, with dates, and how they were got.")


@item("3.2", DATA, "Input parameters")
def _parameters(study: Written) -> Answer:
    return Answer(
        f"All parameters with their values and units are in the tables of {COMMAND}, in the "
        f"explicit scenarios (`backsim resolve`) and in the study ({len(study.models)} policies)."
    )


@item("3.3", DATA, "Preprocessing")
def _preprocessing(study: Written) -> Answer:
    reports = {str(r): None for m in study.models.values() for r in m.trace_reports}
    if reports:
        return Answer(" ".join(" ".join(reports).split()))
    return Answer("None: no data file is read; parameters are used as they stand in the scenario.")


@item("3.4", DATA, "Assumptions")
def _assumptions(study: Written) -> Answer:
    return Answer(
        " ".join(assumptions(study.base)),
        "Why these simplifications are fit for the purpose.",
    )


def assumptions(model: Model) -> Iterator[str]:
    """What the model takes for granted, from what its scenario leaves out."""
    scenario, active = model.scenario, switches(model)
    for name, supplier in scenario.suppliers.items():
        if supplier.capacity == "unlimited":
            yield f"{name} has no limit of capacity: lead times do not depend on what is ordered."
        if supplier.crossing:
            yield f"Purchases from {name} may arrive out of order."
        missing = {"is never down": supplier.disruptions, "is never late": supplier.lateness,
                   "delivers only good units": supplier.yield_share}  # fmt: skip
        yield f"{name} {listed([words for words, part in missing.items() if part is None])}."
    yield "Lead times are independent of each other and of demand."
    for name, customer in scenario.customers.items():
        if customer.tolerance == "unlimited":
            yield f"Customers of {name} wait as long as it takes."
        elif customer.tolerance == "none":
            yield f"Customers of {name} do not wait."
    if not any(isinstance(e, TraceDemand) for c in scenario.customers.values() for e in c.demand):
        yield "Customers order independently of each other and of the service they have had."
    if "INFORMS" not in active:
        yield "Customers who wait are told nothing."
    if "SUBSTITUTES" not in active:
        yield "No product takes the place of another."
    yield "Prices and costs stay the same."


@item("4.1", EXPERIMENTATION, "Initialisation")
def _initialisation(study: Written) -> Answer:
    model, unit = study.base, study.base.scenario.time_unit
    stock = [f"{p.product} at {p.site}: {p.initial:,}" for p in model.written.stock]
    way = "not counted" if model.warm_up else "there is none, so the initial state counts"
    return Answer(
        f"Terminating by the horizon, with a warm-up of {said(model.warm_up)} {unit} ({way}). "
        f"Units on hand at the start: {few(stock, MOST)}."
    )


@item("4.2", EXPERIMENTATION, "Run length")
def _length(study: Written) -> Answer:
    model = study.base
    return Answer(
        f"{said(model.horizon)} {model.scenario.time_unit} per replication, the warm-up included."
    )


@item("4.3", EXPERIMENTATION, "Estimation approach")
def _estimation(study: Written) -> Answer:
    experiment = study.experiment
    if study.study is not None:
        counts = sorted(set(study.study.counts))
        many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        done = f"{many} independent replications of each policy were played. "
    else:
        done = ""
    asked = ", ".join(f"{k} {level_text(v)}" for k, v in experiment.stopping.to_dict().items())
    return Answer(
        f"{done}Replications asked for: {asked}. Policies are compared on common random numbers, "
        "by paired differences over replications, with simultaneous "
        f"{percent(experiment.confidence)} confidence intervals (Student's t, Bonferroni); the "
        "best by Hsu's comparisons with the best. MSER-5 finds a warm-up or run that is too short."
    )


@item("5.1", IMPLEMENTATION, "Software or programming language")
def _software(study: Written) -> Answer:
    versions = study.made_with.get("versions", {})
    told = [f"{name} {text}" for name, text in versions.items() if name != "source"]
    source = study.made_with.get("source") or versions.get("source", "")
    return Answer(
        f"backsim on Python {study.made_with.get('python', '')}: {', '.join(told)}. A hash of "
        f"backsim's source: {source}."
    )


@item("5.2", IMPLEMENTATION, "Random sampling")
def _sampling(study: Written) -> Answer:
    return Answer(
        f"PCG64DXSM generators of numpy, one stream per random quantity, seeded by the seed "
        f"{study.experiment.seed}, the replication and the stream's name (SeedSequence). The "
        "policy never enters, so every policy meets the same customers and lead times."
    )


@item("5.3", IMPLEMENTATION, "Model execution")
def _execution(study: Written) -> Answer:
    engines = study.made_with.get("engines", {})
    used = sorted({one["engine"] for one in engines.values()}) if engines else []
    by = f" Played by the {' and '.join(used)} engine." if used else ""
    return Answer(
        "Events are executed in the order of time, then kind, then planning (a binary heap); "
        f"replications run in parallel and do not depend on how many.{by}"
    )


@item("5.4", IMPLEMENTATION, "System specification")
def _system(study: Written) -> Answer:
    spent = f" All replications took {study.seconds:,.1f} s of processor time." * bool(
        study.seconds
    )
    place = study.made_with.get("platform", "")
    return Answer(f"{place}; {study.made_with.get('arithmetic', '')}.{spent}")


@item("6.1", ACCESS, "Computer model sharing statement")
def _sharing(study: Written) -> Answer:
    revision = study.made_with.get("revision", "")
    at = f" The scenario is of git revision {revision}." if revision else ""
    return Answer(
        "backsim is under the MIT license. `backsim bundle` writes scenario, experiment, seeds, "
        f"versions, results and a script that runs them again to one archive.{at}",
        "Where the archive is (a DOI), and under which license.",
    )
