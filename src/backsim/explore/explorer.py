"""The answers of the what-if page: a changed scenario against the base case, in the same worlds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from backsim.engines.choose import choose, compile_kernel, one_kernel
from backsim.errors import InputError, counted
from backsim.experiment.tapes import tape_digest
from backsim.explore.knobs import knobs_of
from backsim.present.html import Section
from backsim.present.table import Cell, Column, Table
from backsim.report.breakdown import classes_table
from backsim.report.captions import Captions
from backsim.report.figures import Page
from backsim.report.finding import compared
from backsim.report.sections import sections
from backsim.report.tables import costs_table
from backsim.report.words import scale_of, with_unit
from backsim.results.metrics import COST, METRICS, NEITHER, groups, measure, shown_by, views_of
from backsim.results.overload import BACKLOG, GROWTH, WAITING
from backsim.results.profile import profile
from backsim.results.run import Run, play_and_check
from backsim.results.spec import MetricSpec, SpecError, parse_metric
from backsim.scenario.load import build, read
from backsim.scenario.model import Model
from backsim.scenario.override import located, parse_path
from backsim.scenario.yamlfile import spell
from backsim.statistics import MINIMISE, Difference, times
from backsim.streams import Tape, draw
from backsim.streams.tape import with_lead_times_of
from backsim.study.analysis import against, estimates, rank
from backsim.study.experiment import Experiment, Policy
from backsim.study.stopping.fixed import Fixed
from backsim.study.study import Study
from backsim.workers import in_order, workers_wanted

BASE, CHANGED = "base case", "what if"
METRICS_SHOWN = (
    "cost.total",
    "fill_rate",
    "mean_wait",
    "cancel_rate",
    "mean_on_hand",
    "mean_backlog",
)
FIGURES = ("costs", "waits", "course")
"""Sections of the report whose figures the page shows."""

SECONDS = 0.15
"""For playing an answer: what is left of 0.3 s reads the change and writes the tables."""
QUICK = 0.7
"""Seconds: what takes longer to change is not tried with each rule before the page opens."""
FEWEST, MOST = 5, 100
"""Replications of an answer."""
FULL = 40
"""Replications of the answer that follows when nothing is moved any more, at least."""
KEPT = 32
"""Scenarios whose results are kept."""
BYTES_KEPT = 500_000_000
"""Of their metrics."""
ORDERS_KEPT = 5e6
"""Orders of a scenario's tapes, at most, that are kept from one answer to the next."""
PLENTY = 10**9

Changes = Mapping[str, Any]


class Explorer:
    """A scenario file, and what would be if some of its fields were others.

    All meet the same random worlds.  These are drawn again only where a field of demand or supply
    changes, and then from the same streams.
    """

    def __init__(
        self,
        path: Path,
        overrides: Sequence[str] = (),
        *,
        seed: int,
        replications: int | None = None,
        metrics: Sequence[str] = (),
        fields: Sequence[str] = (),
        engine: str = "auto",
        workers: int | None = None,
        stage: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Read the file and play the base case.  Raises InputError."""
        document = read(path, overrides)
        self.path, self.overrides, self.seed = path, tuple(overrides), seed
        self.model = build(document, path.parent)
        started = time.perf_counter()
        self.model.replace()  # as for each change: traces have been read by now
        quick = time.perf_counter() - started < QUICK
        self.specs = _specs(metrics, self.model)
        self.names = _names_for(self.specs)
        self.by_place = any(spec.dimension not in ("", "class") for spec in self.specs)
        self.changed = lru_cache(maxsize=KEPT)(self._changed)

        def chosen(path: str, value: Any) -> Model:
            return self.changed(_json({path: value}))

        change: Callable[[str, Any], object] = chosen if quick else lambda path, value: None
        self.document = document
        named = [self.field(text) for text in fields]
        self.knobs, self.left_out = knobs_of(document.values, self.model, change, named)
        self.engine = choose(self.model, engine, PLENTY)
        offered = [(k.path, c) for k in self.knobs for c in k.choices if c != k.value]
        # One kernel for all choices where they are known: compiling one takes seconds.
        every = [self.model, *(chosen(*choice) for choice in offered)] if quick else []
        self.linked = one_kernel(every)
        self.workers = workers_wanted(workers)
        self.results: dict[str, list[tuple[Any, bytes]]] = {}
        self.tapes: dict[str, list[Tape]] = {}
        stage("compiling the engine")
        self.replications = replications or self._as_many_as_fit()
        self.full = replications or max(FULL, self.replications)
        stage("playing the base case")
        self.played("{}", self.replications)

    def field(self, text: str) -> str:
        """A field as its knob is spelt: entries of `stock` may be named by group or product."""
        if not text:
            return ""
        path = parse_path(text)
        found = located(self.document, path)
        return spell(path if found is None else found[0])

    def _as_many_as_fit(self) -> int:
        """Replications that take about `SECONDS`; the first that is played compiles."""
        self._play(self.model, draw(self.model, self.seed, 0))
        tape = draw(self.model, self.seed, 1)
        started = time.perf_counter()
        self._play(self.model, tape)
        each = time.perf_counter() - started
        return max(FEWEST, min(MOST, int(SECONDS / each)))

    # -- playing -----------------------------------------------------------------------------------

    def _changed(self, key: str) -> Model:
        """The scenario with changes, as JSON."""
        changes = json.loads(key)
        return self.model.replace(changes) if changes else self.model

    def key(self, changes: Changes) -> str:
        """Changes as JSON.  Raises InputError for a field that the page does not have."""
        unknown = set(changes) - {knob.path for knob in self.knobs}
        if unknown:
            raise InputError(f"explore: expected fields of the page, got {', '.join(unknown)}")
        return _json(changes)

    def played(self, key: str, count: int) -> list[tuple[Any, bytes]]:
        """(metrics, profile) of so many replications of a changed scenario."""
        model, found = self.changed(key), self.results.pop(key, [])
        if len(found) < count:
            if self.engine[0] == "compiled":
                compile_kernel(model, self.linked)
            more = self._tapes(model, len(found), count)
            found += in_order(partial(self._play, model), more, self.workers, way="threads")
        size = 8 * len(METRICS) * len(views_of(model)) * self.full
        while len(self.results) >= max(2, min(KEPT, BYTES_KEPT // size)):
            del self.results[next(iter(self.results))]
        self.results[key] = found  # the last that was asked for is the last to go
        return found[:count]

    def _play(self, model: Model, tape: Tape) -> tuple[Any, bytes]:
        run = play_and_check(model, tape, *self.engine, linked=self.linked)
        known = measure(model, run.log, self.names, self.by_place)
        values = np.full((len(METRICS), len(views_of(model))), np.nan)
        for place, name in enumerate(METRICS):
            if name in known.values:
                values[place, : len(known.views)] = known.values[name]
        return values, profile(model, run.log).to_bytes()

    def _tapes(self, model: Model, first: int, end: int) -> list[Tape]:
        """The worlds of some replications: those of the last two scenarios that differ are kept."""
        digest = tape_digest(model)
        kept = self.tapes.get(digest, [])
        if model.expected_orders * end > ORDERS_KEPT:
            return kept[first:] + [
                draw(model, self.seed, k) for k in range(max(first, len(kept)), end)
            ]
        if digest not in self.tapes and len(self.tapes) > 1:
            del self.tapes[next(reversed(self.tapes))]  # the base case's come first
        kept += [self._drawn(model, k) for k in range(len(kept), end)]
        self.tapes[digest] = kept
        return kept[first:end]

    def _drawn(self, model: Model, replication: int) -> Tape:
        """A world, with the lead times of the base case's where they are the same."""
        tape, known = draw(model, self.seed, replication), next(iter(self.tapes.values()), [])
        if replication >= len(known):
            return tape
        return with_lead_times_of(tape, model, known[replication], self.model)

    def study(self, pinned: Changes, changes: Changes, count: int | None = None) -> Study:
        """The pinned case and the changed one as a study; of one policy where they are the same.

        In this many replications, or else `full`.  Raises InputError for changes that the scenario
        refuses.
        """
        count = self.full if count is None else count
        keys = list(dict.fromkeys(self.key(each) for each in (pinned, changes)))
        policies = tuple(
            Policy(name, json.loads(key), self.changed(key))
            for name, key in zip((BASE, CHANGED), keys, strict=False)
        )
        values, shapes = {}, {}
        for place, key in enumerate(keys):
            for k, (numbers, course) in enumerate(self.played(key, count)):
                values[place, k], shapes[place, k] = numbers, course
        title = self.model.scenario.title or self.model.name
        asked = Experiment(
            self.model.name, policies, {}, Fixed(count), self.specs, self.seed,
            title=title, reference=BASE,
        )  # fmt: skip
        return Study(asked, (count,) * len(keys), values, shapes, {})

    def run(self, changes: Changes) -> Run:
        """Replication 0 with its event log, for the journeys of its orders."""
        model = self.changed(self.key(changes))
        tape = self._tapes(model, 0, 1)[0]
        return play_and_check(model, tape, *choose(model), record=True)

    # -- showing -----------------------------------------------------------------------------------

    def numbers(self, study: Study) -> tuple[str, list[Section]]:
        """What is found in a sentence, and the tables."""
        ranking = rank(study)
        tables = (comparison_table(study), costs_table(study, ranking))
        shown = tuple(t for t in (*tables, classes_table(study, ranking)) if t.rows)
        return self.said(study), [Section("numbers", "Base case and what if", tables=shown)]

    def said(self, study: Study) -> str:
        """The finding in a sentence."""
        count = counted(study.counts[0], "replication")
        if len(study.policies) == 1:
            return f"This is the base case, in {count}. Change a field to compare."
        return f"{compared(study, CHANGED)} Based on {count}, paired on common random numbers."

    def figures(self, study: Study) -> list[Section]:
        """The report's figures of the two."""
        ranking = rank(study)
        return sections(Page(study, ranking, Captions(study, ranking)), {}, FIGURES)

    def experiment(self, pinned: Changes, changes: Changes) -> str:
        """The comparison as an experiment file, with more replications."""
        import yaml

        own = dict(text.split("=", 1) for text in self.overrides)
        given = {name: yaml.safe_load(value) for name, value in own.items()}
        values = {
            "title": f"What if: {self.model.scenario.title or self.model.name}",
            "scenario": self.path.resolve().as_posix(),
            "policies": {BASE: given | dict(pinned), CHANGED: given | dict(changes)},
            "replications": self.full,
            "seed": self.seed,
            "reference": BASE,
            "metrics": list(map(str, self.specs)),
        }
        return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100))


def _json(changes: Changes) -> str:
    return json.dumps(changes, sort_keys=True)


def _specs(metrics: Sequence[str], model: Model) -> tuple[MetricSpec, ...]:
    """The metrics to show.  Raises InputError."""
    views = tuple(views_of(model))
    try:
        return tuple(parse_metric(text, views) for text in metrics or METRICS_SHOWN)
    except SpecError as error:
        raise InputError(f"--metrics: expected {error.expected}, got {error.found}") from None


def _names_for(specs: Sequence[MetricSpec]) -> list[str]:
    """The metrics that the page's tables and figures read: to measure all takes twice as long."""
    read = {spec.metric for spec in specs} | {GROWTH, BACKLOG, WAITING, *shown_by("class")}
    read |= {metric.name for metric in groups()[COST]}
    return [n for n in METRICS if n in read | {METRICS[name].more_than for name in read}]


def comparison_table(study: Study) -> Table:
    """A row per metric: the base case, what if, and their paired difference."""
    two = len(study.policies) > 1
    names = [policy.name for policy in study.policies]
    columns = [Column("metric", kind="text", keep=True)]
    columns += [Column(name) for name in names]
    columns += [Column("difference", keep=True), Column("verdict", kind="text")] if two else []
    rows: list[tuple[Cell, ...]] = []
    for spec in study.experiment.metrics:
        found = against(study, spec, 0).get(1) if two else None
        cells = (*estimates(study, spec), *((found,) if two else ()))
        scaled = (cell and times(cell, scale_of(spec)) for cell in cells)
        verdict = (_verdict(spec, found),) if two else ()
        rows.append((with_unit(study, spec), *scaled, *verdict))
    note = "Mean ± half-width of the 95 % confidence interval; differences are paired."
    return Table("comparison", "Comparison", tuple(columns), tuple(rows), note)


def _verdict(spec: MetricSpec, found: Difference | None) -> str:
    """What a difference means, in a word or two."""
    if found is None:
        return ""
    if not found.significant:
        return "the same" if found.same else "may be chance"
    if spec.declared.better == NEITHER:
        return "higher" if found.mean > 0 else "lower"
    return "better" if (found.mean < 0) == (spec.sense == MINIMISE) else "worse"
