"""Processes alongside the model in studies: named by files, or given from Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import backsim
from backsim import process
from backsim.cli import run as cli
from backsim.errors import InputError, RuleError
from backsim.experiment.changes import StudyError
from backsim.quantities import Days, PositiveUnits
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

SHOP: dict[str, Any] = {
    "horizon": 60,
    "products": "mug",
    "suppliers": {"maker": {"lead_time": 2}},
    "customers": {"all": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}},
    "policy": {"reorder": {"rule": "base_stock", "S": 8}},
}
OWN = '''
from backsim import process
from backsim.quantities import Days

@process
def strike(live, starts: Days = 10, days: Days = 20):
    """What is ordered meanwhile sets out afterwards."""
    ends = starts + days
    live.supply(lambda stock, time, now: time + (ends - now if starts <= now < ends else 0.0))
    yield live.at(ends)
'''


def register() -> None:
    """A process that orders units on a day."""

    @process
    def extra(live: Any, day: Days, units: PositiveUnits = 3) -> Iterator[Any]:
        """Units are ordered on a day."""
        yield live.at(day)
        live.purchase("mug", units)


def extra_units(live: Any) -> Iterator[Any]:
    yield live.at(5)
    live.purchase("mug", 50)


def shop(**fields: Any) -> Model:
    return from_dict({**SHOP, **fields})


def stocks(study: backsim.Study) -> Any:
    return study.array("mean_on_hand")


def test_a_scenario_names_a_process_and_its_parameters() -> None:
    register()
    use = {"rule": "extra", "day": 0.5, "units": 40}
    plain, with_it = shop(), shop(processes=[use])
    assert "processes" not in plain.to_dict()
    assert with_it.to_dict()["processes"] == [use]
    assert from_dict(with_it.to_dict()).digest == with_it.digest != plain.digest
    run = backsim.simulate(with_it, seed=1)
    assert run.engine == "simpy"
    placed = run.log.purchases
    assert 40 in placed["units"][placed["placed"] == 0.5]
    assert list(run.provenance["rules"]) == ["process.extra"]
    assert from_dict({**SHOP, "processes": {"rule": "extra", "day": 1}}).scenario.processes[
        0
    ].params == {"day": 1, "units": 3}
    with pytest.raises(InputError, match="require simpy, got 'compiled'"):
        backsim.simulate(with_it, seed=1, engine="compiled")


def test_what_is_wrong_with_a_process_is_said() -> None:
    register()
    with pytest.raises(InputError, match=r"processes: expected a known process \(extra\)"):
        shop(processes="extras")
    with pytest.raises(InputError, match=r"processes.days: expected a known key"):
        shop(processes={"rule": "extra", "day": 2, "days": 1})
    with pytest.raises(InputError, match=r"processes.day: expected"):
        shop(processes={"rule": "extra", "day": -1})
    with pytest.raises(RuleError, match="expected a function that yields events"):

        @process
        def never(live: Any) -> None:
            """It does not yield."""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_plays_processes_on_any_number_of_workers(workers: int) -> None:
    register()
    use = {"rule": "extra", "day": 5, "units": 50}
    models = {"without": shop(), "with": shop(processes=use)}
    study = backsim.compare(models, replications=4, seed=3, workers=workers)
    alone = [backsim.simulate(models["with"], seed=3, replication=k) for k in range(4)]
    assert stocks(study)[1].tolist() == [run.metrics["mean_on_hand"] for run in alone]
    assert (stocks(study)[1] > stocks(study)[0]).all()
    given = backsim.compare(
        {"a": shop(), "b": shop(horizon=61)}, replications=4, seed=3, workers=workers,
        extend=[extra_units],
    )  # fmt: skip
    assert stocks(given)[0].tolist() == stocks(study)[1].tolist()
    assert [one["process"] for one in given.provenance["extend"]] == [f"{__name__}.extra_units"]


def test_a_study_with_processes_is_not_gone_on_with_without_them(tmp_path: Path) -> None:
    models = {"a": shop(), "b": shop(horizon=61)}
    asked: dict[str, Any] = {"replications": 3, "seed": 3, "workers": 1, "out": tmp_path}
    plain = backsim.compare(models, **asked)
    with pytest.raises(StudyError, match="extend"):
        backsim.compare(models, **asked, extend=[extra_units])
    changed = backsim.compare(models, **asked, extend=[extra_units], fresh=True)
    assert (stocks(changed) > stocks(plain)).all()
    with pytest.raises(StudyError, match="extend"):
        backsim.compare(models, **asked)
    again = backsim.compare(models, **asked, extend=[extra_units])
    assert stocks(again).tolist() == stocks(changed).tolist()
    assert cli(["reproduce", str(tmp_path)]) == 2


def test_a_process_that_may_change_unseen_is_refused_in_studies() -> None:
    seen: list[float] = []

    def collects(live: Any) -> Iterator[Any]:
        yield live.at(1)
        seen.append(live.now)

    with pytest.raises(RuleError, match=r"collects: unknown: .*seen"):
        backsim.compare({"a": shop(), "b": shop(horizon=61)}, extend=[collects], workers=1)


def test_check_reproduce_and_factors_take_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, scenario, file = (tmp_path / n for n in ("own.py", "shop.yaml", "strikes.yaml"))
    rules.write_text(OWN)
    scenario.write_text(yaml.safe_dump({**SHOP, "processes": [{"rule": "strike"}]}))
    file.write_text(
        yaml.safe_dump(
            {
                "scenario": "shop.yaml",
                "factors": {"processes[0].days": [0, 20]},
                "replications": 3,
                "metrics": ["fill_rate"],
            }
        )
    )
    own = ["--rules", str(rules)]
    assert cli(["compare", str(file), "--out", str(tmp_path / "s"), "--workers", "2", *own]) == 0
    assert cli(["reproduce", str(tmp_path / "s"), *own]) == 0
    assert "bit-identical" in capsys.readouterr().out
    assert cli(["check", str(file), "--update", *own]) == 0
    assert cli(["check", str(file), *own]) == 0
    rules.write_text(OWN.replace("now < ends", "now < ends - 15"))
    capsys.readouterr()
    assert cli(["check", str(file), "--strict", *own]) == 1
    assert "process.strike" in capsys.readouterr().out
    study = backsim.load_study(tmp_path / "s")
    fill = study.array("fill_rate")
    assert (fill[0] > fill[1]).all()
    assert study.table()["processes[0].days"].tolist() == [0, 20]
