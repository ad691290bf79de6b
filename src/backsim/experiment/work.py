"""The unit of work: one replication's tape, drawn once and played against several policies."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backsim.engines.choose import choose, compile_kernel, linked_rules, own_rules
from backsim.engines.setup import Linked
from backsim.errors import RuleError
from backsim.results.metrics import METRICS, Metrics
from backsim.results.profile import profile
from backsim.results.provenance import process_digests
from backsim.results.run import Run, play_and_check
from backsim.rules.own import check_same, known
from backsim.scenario.model import Model
from backsim.streams import draw

MOST_ORDERS = {"compiled": 20e6, "simpy": 1.5e6}
"""Orders of one job, at most: some seconds, which is what an interruption may cost."""


UNSEEN = "a study goes on with results of other days, so it takes only what cannot change unseen"


@dataclass(frozen=True, slots=True)
class Result:
    """A finished (policy, replication): its metrics and profile as bytes, ready to be kept."""

    policy: int
    replication: int
    metrics: bytes
    """float64 of shape (metrics, views), in the order of `Work.metrics` and the model's views."""
    profile: bytes
    orders: int
    events: int
    seconds: float

    @property
    def digest(self) -> str:
        """A hash of the metrics, which does not depend on how they were computed."""
        return digest_of(self.metrics)

    @property
    def row_digest(self) -> str:
        """A hash of everything that is kept: also of which result it is, and how long it took."""
        numbers = self.policy, self.replication, self.orders, self.events, len(self.metrics)
        kept = f"{numbers} {self.seconds.hex()} ".encode() + self.metrics + self.profile
        return hashlib.sha256(kept).hexdigest()


def digest_of(metrics: bytes) -> str:
    """The hash that tells whether two results are the same to the bit."""
    return hashlib.sha256(metrics).hexdigest()


@dataclass(frozen=True, slots=True)
class Job:
    """A replication of some policies that share a tape."""

    replication: int
    policies: tuple[int, ...]

    def __str__(self) -> str:
        return f"replication {self.replication}"


@dataclass(frozen=True)
class Work:
    """What all jobs of a study share."""

    models: tuple[Model, ...]
    engines: tuple[tuple[str, str], ...]
    """(engine, reason) of each policy."""
    linked: Linked
    seed: int
    rules: Mapping[str, str]
    """The rules of a user's own and their fingerprints, which may not change on the way."""
    metrics: tuple[str, ...]
    """What is kept, in order: a worker may know more metrics, of other studies that it played."""
    extend: tuple[Callable[..., Any], ...] = ()
    """Processes alongside the model."""

    def play(self, job: Job) -> Iterator[Result]:
        """Draw the tape once and play it against each policy of the job."""
        tape = draw(self.models[job.policies[0]], self.seed, job.replication)
        check_same(self.rules, "since the study was begun")
        for index in job.policies:
            started = time.perf_counter()
            run = play_and_check(
                *(self.models[index], tape, *self.engines[index]),
                extend=self.extend,
                linked=self.linked,
            )
            check_same(self.rules, "while it was asked")
            yield self._result(index, run, started)

    def _result(self, policy: int, run: Run, started: float) -> Result:
        metrics = metrics_bytes(run.metrics, self.metrics)
        shape = profile(run.model, run.log).to_bytes()
        orders, events = run.log.orders, run.log.handled
        seconds = time.perf_counter() - started
        return Result(policy, run.replication, metrics, shape, orders, events, seconds)

    @property
    def compiled(self) -> bool:
        """Whether every policy is played by the compiled engine."""
        return all(name == "compiled" for name, _ in self.engines)

    def compile(self) -> None:
        """Compile what the jobs need, once, before they run beside each other."""
        for model, (name, _) in zip(self.models, self.engines, strict=True):
            if name == "compiled":
                compile_kernel(model, self.linked)


def plan_work(
    models: Sequence[Model],
    seed: int,
    engine: str,
    replications: int,
    extend: Sequence[Callable[..., Any]] = (),
) -> Work:
    """Choose each policy's engine, and the rules of the kernel that they share.

    Raises InputError for an unknown engine or an impossible wish, RuleError for a rule or process
    of which cannot be told whether it stays the same.
    """
    rules = known({rule: None for model in models for rule in own_rules(model)}, UNSEEN)
    for told in process_digests(extend):
        if told["fingerprint"].startswith("unknown"):
            raise RuleError(f"process {told['process']}: {told['fingerprint']} ({UNSEEN})")
    extended = bool(extend)
    engines = tuple(choose(m, engine, replications * len(models), extended) for m in models)
    compiled = [m for m, (name, _) in zip(models, engines, strict=True) if name == "compiled"]
    return Work(
        tuple(models), engines, linked_rules(compiled), seed, rules, tuple(METRICS), tuple(extend)
    )


def jobs_for(
    groups: Sequence[Sequence[int]],
    wanted: Sequence[tuple[int, int]],
    work: Work,
    workers: int,
) -> list[Job]:
    """Jobs that play what is wanted, (policy, replication) each, in order of replication.

    `groups` are the policies that share a tape.  A job takes all of a group, unless it would be
    too long, or there would be too few jobs for the workers to end at about the same time.
    """
    group_of = {policy: number for number, group in enumerate(groups) for policy in group}
    together: dict[tuple[int, int], list[int]] = {}
    for policy, replication in sorted(wanted, key=lambda pair: pair[::-1]):
        together.setdefault((replication, group_of[policy]), []).append(policy)
    parts = 1
    if workers > 1 and len(together) < 4 * workers:
        parts = -(-4 * workers // max(1, len(together)))
    jobs = []
    for (replication, _), policies in together.items():
        most = -(-len(policies) // parts)
        longest = max(work.models[p].expected_orders for p in policies)
        slowest = min(MOST_ORDERS[work.engines[p][0]] for p in policies)
        most = max(1, min(most, int(slowest / max(longest, 1.0))))
        jobs += [
            Job(replication, tuple(policies[i : i + most])) for i in range(0, len(policies), most)
        ]
    return jobs


def metrics_bytes(metrics: Metrics, names: Sequence[str]) -> bytes:
    """The values of metrics, by name and view, as bytes."""
    return np.array([metrics.values[name] for name in names], dtype="<f8").tobytes()
