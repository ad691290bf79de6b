"""The recipes of docs/architecture.md: what each adds, put into a file as it stands, is used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.experiment import shop

import backsim
from backsim import plot
from backsim.allocation.model.constraint import CONSTRAINTS
from backsim.cli import app, commands
from backsim.cli import run as cli
from backsim.cli.registry import COMMANDS
from backsim.experiment.play import load_study, play
from backsim.report.figures import FIGURES
from backsim.report.sections import SECTIONS
from backsim.results.metrics import METRICS
from backsim.rules import FAMILIES
from backsim.rules.files import load_rules
from backsim.study.stopping.form import FORMS
from backsim.study.stopping.rule import RULES

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
REGISTERS: list[dict[str, Any]] = [  # commands are declared when first asked for, and stay
    *(METRICS, FIGURES, SECTIONS, RULES, FORMS, CONSTRAINTS),
    *(family.rules for family in FAMILIES.values()),
]

Put = Callable[[str], Path]


@pytest.fixture(autouse=True)
def none_left_behind() -> Iterator[None]:
    before = [dict(register) for register in REGISTERS]
    yield
    for register, entries in zip(REGISTERS, before, strict=True):
        register.clear()
        register.update(entries)


@pytest.fixture
def recipe(tmp_path: Path) -> Put:
    """Puts the block below a heading of the page into a file."""

    def put(heading: str) -> Path:
        page = PAGE.read_text(encoding="utf-8")
        found = re.search(rf"^### {heading}\n.*?^```(\w+)\n(.*?)^```$", page, re.S | re.M)
        assert found, heading
        end = {"python": ".py", "yaml": ".yaml"}[found.group(1)]
        file = tmp_path / f"{heading.rsplit(maxsplit=1)[-1]}{end}"
        file.write_text(found.group(2), encoding="utf-8")
        return file

    return put


def test_each_thing_to_add_has_a_recipe() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page.partition("| to add a | touch this |")[2].partition("\n\n")[0]
    linked = set(re.findall(r"\]\(#([\w-]+)\)", table))
    headings = {h.lower().replace(" ", "-") for h in re.findall(r"^### (An? .*)$", page, re.M)}
    assert linked == headings
    places = re.findall(r"`((?:\w+/)+)`", page)
    package = Path(backsim.__file__).parent
    assert all((package / place).is_dir() for place in places if "FAMILY" not in place), places


def test_a_rule_plays_in_both_engines(recipe: Put) -> None:
    load_rules([recipe("A rule")])
    model = shop.shop(**{"policy.priority": "smallest_order"})
    logs = {
        engine: backsim.simulate(model, seed=2, engine=engine).log.digest
        for engine in ("simpy", "compiled")
    }
    assert logs["simpy"] == logs["compiled"]
    assert logs["simpy"] != backsim.simulate(shop.shop(), seed=2, engine="simpy").log.digest


def test_a_metric_stands_in_tables_and_objectives(recipe: Put, tmp_path: Path) -> None:
    load_rules([recipe("A metric")])
    made = shop.experiment(
        tmp_path, replications=2, objective="minimise cost_per_unit_shipped", metrics=["fill_rate"]
    )
    ranked = play(made, workers=1, engine="simpy").table()
    assert (ranked["cost_per_unit_shipped", "mean"] > 0).all()
    logs = [backsim.simulate(shop.shop(), seed=1, engine=e) for e in ("simpy", "compiled")]
    assert len({run.metrics["cost_per_unit_shipped"] for run in logs}) == 1


def test_a_figure_and_a_section_stand_on_the_page(recipe: Put, tmp_path: Path) -> None:
    load_rules([recipe("A figure"), recipe("A section of the page")])
    study = play(shop.experiment(tmp_path, replications=3), workers=1, engine="simpy")
    assert plot.holding_against_backorders(study).get_xlabel() == "units on hand"
    page = study.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Each point is a policy." in page
    assert "3 policies." in page
    assert page.index(">Notes<") < page.index(">Method<")


def test_a_stopping_rule_stops(recipe: Put, tmp_path: Path) -> None:
    load_rules([recipe("A stopping rule")])
    rule = {"until": "steady", "least": 4, "last": 5, "most": 40}
    made = shop.experiment(tmp_path, replications=rule, objective="minimise cost.total")
    study = play(made, workers=1, engine="simpy", out=tmp_path / "study")
    assert 5 <= study.counts[0] <= 40
    assert study.verdict is not None
    assert study.verdict.note.endswith(f"is the best after {study.counts[0]}")
    assert load_study(tmp_path / "study").experiment.stopping == made.stopping
    with pytest.raises(backsim.InputError, match=r"replications\.last: expected a whole number"):
        shop.experiment(tmp_path, replications={**rule, "last": "all"})
    with pytest.raises(backsim.InputError, match="expected an `objective` with `until: steady`"):
        shop.experiment(tmp_path, replications=rule, objective=None)


def test_a_constraint_binds_the_plan(recipe: Put, tmp_path: Path) -> None:
    load_rules([recipe("A constraint of the allocation")])
    folder = tmp_path / "book"
    backsim.allocation.write_template(folder)
    lines = pd.read_csv(folder / "lines.csv", dtype=str)
    assert backsim.allocate(backsim.read_book(folder)).served.max() > 9
    lines.assign(most="9").to_csv(folder / "lines.csv", index=False)
    plan = backsim.allocate(backsim.read_book(folder))
    assert plan.served.max() == pytest.approx(9)


def test_a_command_is_mounted(
    recipe: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe("A command").parent
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(folder)])
    importlib.reload(app)
    scenario = str(PAGE.parents[1] / "scenarios" / "quickstart.yaml")
    assert cli(["horizon", scenario, "--set", "horizon=400"]) == 0
    assert capsys.readouterr().out == "400 days\n"
    assert cli(["--help"]) == 0
    assert "Print how long a scenario runs." in capsys.readouterr().out
    monkeypatch.undo()
    del COMMANDS["horizon"]
    importlib.reload(app)


def test_a_known_answer_is_checked(recipe: Put, capsys: pytest.CaptureFixture[str]) -> None:
    file = recipe("A known answer")
    assert cli(["selftest", str(file)]) == 0
    assert "4 agrees, 0 differs" in capsys.readouterr().out
    file.write_text(file.read_text().replace("final_on_hand: 0", "final_on_hand: 1"))
    assert cli(["selftest", str(file)]) == 1
