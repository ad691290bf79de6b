"""Playing: the same numbers whatever the workers, one tape for policies that share it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment import shop

import backsim
from backsim.engines import compiled
from backsim.errors import InputError, TapeError
from backsim.experiment.play import play
from backsim.experiment.tapes import tape_digest
from backsim.experiment.work import Job, Result, Work, jobs_for, metrics_bytes, plan_work
from backsim.results.metrics import METRICS
from backsim.scenario.model import Model
from backsim.scenario.schema import Policy
from backsim.scenario.shorthand import OFF_TAPE
from backsim.streams import draw
from backsim.study.stopping.fixed import Fixed
from backsim.workers import WorkerError, run_jobs, workers_wanted
from backsim.workers.forks import play_in_forks


@pytest.fixture(scope="module")
def models() -> tuple[Model, ...]:
    return (
        shop.shop(),
        shop.shop(**{"policy.priority": "class_priority"}),
        shop.shop(**{"policy.reorder.S": 30}),
    )


JOBS = [Job(replication, (0, 1, 2)) for replication in range(3)]


def played(work: Work, how: Iterator[list[Result]]) -> dict[tuple[int, int], str]:
    results = [result for some in how for result in some]
    assert len(results) == 9
    return {(r.policy, r.replication): r.digest for r in results}


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_the_same_numbers_in_every_way_of_running(models: tuple[Model, ...], engine: str) -> None:
    work = plan_work(models, 5, engine, 3)
    alone = {
        (p, k): work_digest(backsim.simulate(models[p], seed=5, replication=k, engine="simpy"))
        for p in range(3)
        for k in range(3)
    }
    assert played(work, run_jobs(work.play, JOBS, 1)) == alone
    assert played(work, run_jobs(work.play, JOBS, 2, way="threads")) == alone
    assert played(work, run_jobs(work.play, JOBS, 2, way="forks")) == alone


def test_the_same_numbers_in_other_processes(models: tuple[Model, ...]) -> None:
    work = plan_work(models, 5, "simpy", 3)
    one = played(work, run_jobs(work.play, JOBS, 1))
    assert played(work, run_jobs(work.play, JOBS, 2, way="processes")) == one


def work_digest(run: backsim.Run) -> str:
    from backsim.experiment.work import digest_of

    return digest_of(metrics_bytes(run.metrics, tuple(METRICS)))


def test_a_worker_that_is_killed_is_replaced(
    models: tuple[Model, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = plan_work(models, 5, "simpy", 3)
    one = played(work, run_jobs(work.play, JOBS, 1))
    mark = tmp_path / "killed"

    def dying(self: Work, job: Job) -> Iterator[Result]:
        for result in real(self, job):
            yield result
            if job.replication == 1 and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    real = Work.play
    monkeypatch.setattr(Work, "play", dying)
    results = [r for some in play_in_forks(work.play, JOBS, 2) for r in some]
    assert mark.exists()
    assert {(r.policy, r.replication): r.digest for r in results} == one


def test_workers_that_die_again_and_again(
    models: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Work, "play", lambda self, job: os.kill(os.getpid(), signal.SIGKILL))
    work = plan_work(models, 5, "simpy", 3)
    with pytest.raises(WorkerError, match=r"died twice at replication 0 .SIGKILL"):
        list(play_in_forks(work.play, JOBS[:1], 1))


def test_an_error_in_a_worker_is_raised(
    models: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Work, job: Job) -> Iterator[Result]:
        raise InputError("no good")
        yield

    monkeypatch.setattr(Work, "play", failing)
    work = plan_work(models, 5, "simpy", 3)
    with pytest.raises(InputError, match="no good"):
        list(run_jobs(work.play, JOBS, 2, way="forks"))


@pytest.mark.parametrize("count", [0, -2])
def test_workers_must_be_some(count: int) -> None:
    with pytest.raises(InputError, match=f"workers: expected at least 1, .* got {count}"):
        workers_wanted(count)


# -- tapes and jobs ------------------------------------------------------------------------------

SAME_TAPE: list[dict[str, Any]] = [
    {"policy.priority": "lifo"},
    {"policy.reorder.s": 1},
    {"policy.review": 7},
    {"policy.withdraw": True},
    {"policy.overtaking": "strict"},
    {"policy.notice": "at_order", "policy.estimate": "quoted"},
    {"policy.multiple": 3, "policy.least_order": 4},
    {"policy.clearing": {"every": 2}},
    {"policy.sharing": "proportional"},
    {"policy.substitution": "never"},
    {"policy.forecast": {"rule": "moving_average", "window": 3}, "policy.observe": {"every": 2}},
    {"policy.expedite": {"late": 1, "days": 1}},
    {"policy.cancel_late": 5},
    {"stock": [{"costs": {"holding": 3}}]},
    {"policy.rationing": {"rule": "critical_level", "levels": {"silver": 3}}},
    {"stock": [{"initial": 3}]},
    {"customers.gold.priority": 9},
    {"customers.gold.shipment": "order"},
    {"customers.gold.costs.backorder_time": 5},
    {"products": {"mug": {"price": 3}, "plate": {"costs": {"holding": 2}}}},
    {"costs.holding": 2},
    {"suppliers.acme.crossing": False},
    {"warm_up": 50},
    {"title": "Other"},
]
OTHER_TAPE: list[dict[str, Any]] = [
    {"horizon": 130},
    {"customers.gold.demand.arrivals.poisson.rate": 2.5},
    {"customers.silver.tolerance": "none"},
    {"customers.silver.backorder_share": 0.5},
    {"customers.gold.due_in": 3},
    {"suppliers.acme.lead_time": 2},
    {"suppliers.acme.capacity": {"units_per_day": 9}},
    {"products": ["plate", "mug"]},
    {"stock": [{"products": "mug", "lead_time": 3}, {"products": "plate"}]},
    {"suppliers.acme.messages": "exact"},
    {"stock": [{"inbound": [{"units": 4, "arrives": 2}]}]},
    {"opening": {"orders": [{"customer": "gold", "lines": {"mug": 1}, "age": 2}]}},
    {"suppliers.acme.lateness": {"share": 0.1, "days": 3}},
]


def test_of_every_field_of_a_policy_it_is_known_whether_it_enters() -> None:
    fields = Policy.model_fields.items()
    entering = {name for name, field in fields if OFF_TAPE not in field.metadata}
    assert entering == {"transfers"}  # each site that may send has a stream of its own


@pytest.mark.parametrize("changes", SAME_TAPE, ids=str)
def test_a_policy_does_not_enter_the_tape(changes: dict[str, Any]) -> None:
    one, other = shop.shop(), shop.shop(**changes)
    assert one.digest != other.digest
    assert tape_digest(one) == tape_digest(other)
    a, b = draw(one, 3, 1), draw(other, 3, 1)
    assert all((a.columns[name] == b.columns[name]).all() for name in a.columns)
    for streams in ("lead_times", "services"):
        for left, right in zip(getattr(a, streams), getattr(b, streams), strict=True):
            assert (left.first(50)[:50] == right.first(50)[:50]).all()


@pytest.mark.parametrize("changes", OTHER_TAPE, ids=str)
def test_a_world_that_differs_has_a_tape_of_its_own(changes: dict[str, Any]) -> None:
    assert tape_digest(shop.shop()) != tape_digest(shop.shop(**changes))


def test_that_purchases_of_an_age_come_in_sequence_enters_their_tape() -> None:
    aged = {"stock": [{"inbound": [{"units": 4, "age": 0.5}] * 2}]}
    one, other = shop.shop(**aged), shop.shop(**aged, **{"suppliers.acme.crossing": False})
    assert tape_digest(one) != tape_digest(other)


def test_a_tape_of_another_model_is_refused() -> None:
    late = shop.shop(**{"suppliers.acme.messages": "exact"})
    for model, tape in ((late, draw(shop.shop(), 1)), (shop.shop(), draw(late, 1))):
        with pytest.raises(TapeError, match="drawn for another model"):
            compiled.run(model, tape)


def test_each_tape_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def counted(model: Model, seed: int, replication: int) -> Any:
        drawn.append(replication)
        return draw(model, seed, replication)

    monkeypatch.setattr("backsim.experiment.work.draw", counted)
    play(shop.experiment(tmp_path, replications=3), workers=1)
    assert drawn == [0, 1, 2]


def test_jobs_are_whole_groups_unless_there_are_too_few(models: tuple[Model, ...]) -> None:
    work = plan_work(models, 1, "simpy", 3)
    wanted = [(p, k) for p in range(3) for k in range(8)]
    jobs = jobs_for([[0, 2], [1]], wanted, work, 2)
    assert jobs[:2] == [Job(0, (0, 2)), Job(0, (1,))]
    assert len(jobs) == 16
    few = jobs_for([[0, 1, 2]], [(0, 0), (1, 0), (2, 0), (0, 1)], work, 2)
    assert few == [Job(0, (0,)), Job(0, (1,)), Job(0, (2,)), Job(1, (0,))]


def test_one_kernel_for_all_rules(models: tuple[Model, ...]) -> None:
    from backsim.engines.setup import set_up

    work = plan_work(models, 1, "compiled", 1)
    keys = {set_up(model, work.linked).key for model in models}
    assert len(keys) == 1
    assert ("priority", "class_priority") in work.linked


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    play(
        shop.experiment(tmp_path, replications=3),
        workers=1,
        progress=lambda *state: told.append(state),
    )
    assert told == [(k, 9) for k in range(10)]


def test_models_by_name(models: tuple[Model, ...]) -> None:
    study = backsim.compare(
        {"one": models[0], "two": models[1]},
        replications=3,
        seed=5,
        metrics=["cost.total", "mean_wait[gold]"],
        objective="minimise cost.total",
        workers=1,
    )
    assert study.array("mean_wait[gold]").shape == (2, 3)
    run = backsim.simulate(models[1], seed=5, replication=2)
    assert study.array("mean_wait", "class", "gold")[1, 2] == run.metrics.get(
        "mean_wait", "class", "gold"
    )
    assert isinstance(study.experiment.stopping, Fixed)
    labelled = study.labelled("mean_wait[gold]")
    assert (labelled.to_numpy() == study.array("mean_wait[gold]")).all()
    assert list(labelled.index) == [policy.name for policy in study.policies]
    assert (labelled.index.name, labelled.columns.name) == ("policy", "replication")
    assert np.isfinite(study.array("cost.total")).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"replications": 1}, "replications: expected a whole number >= 2 and <= 1e+06"),
        ({"metric": "fill_rate"}, "metric: expected a known key (metrics"),
        ({"metrics": "fil_rate"}, "metrics: expected a metric (fill_rate"),
    ],
)
def test_bad_fields_of_compare(
    models: tuple[Model, ...], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        backsim.compare({"one": models[0], "two": models[1]}, **fields)
    assert str(caught.value).startswith(f"compare: {message}")


def test_one_model_is_nothing_to_compare(models: tuple[Model, ...]) -> None:
    with pytest.raises(InputError, match="models: expected at least two, got 1"):
        backsim.compare({"one": models[0]})
