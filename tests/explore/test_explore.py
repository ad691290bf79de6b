"""The what-if page: its fields, its answers, its server, and the page alive in a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.report.browser import chromium

from backsim.api import replicate
from backsim.cli import run as cli
from backsim.engines.features import switches
from backsim.engines.setup import key_of
from backsim.errors import InputError
from backsim.experiment.load import load_experiment
from backsim.explore.explorer import Explorer, _verdict, comparison_table
from backsim.explore.journey import journey, offered
from backsim.explore.knobs import bounds
from backsim.explore.page import static_page
from backsim.explore.server import Server
from backsim.results.spec import MetricSpec
from backsim.scenario.load import from_dict
from backsim.statistics import Difference

SHOP: dict[str, Any] = {
    "title": "A shop <b>&</b> its mugs",
    "horizon": 200,
    "warm_up": 20,
    "products": {"mug": {"price": 12}},
    "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}}},
    "customers": {
        "gold": {
            "priority": 1,
            "demand": {"arrivals": {"poisson": {"rate": 0.5}}, "products": "mug"},
            "tolerance": {"exponential": {"mean": 20}},
        },
        "web": {
            "priority": 2,
            "demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"},
            "informed": {"tolerance": 30},
        },
    },
    "policy": {
        "reorder": {"rule": "s_S", "s": 6, "S": 14},
        "notice": "at_order",
    },
    "costs": {"holding": 0.1, "ordering": 5, "backorder_time": 2},
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explore") / "shop.yaml"
    path.write_text(yaml.safe_dump(SHOP), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def explorer(file: Path) -> Explorer:
    """The SimPy engine plays it: what is tested here does not depend on the engine."""
    made = Explorer(file, seed=1, replications=6, engine="simpy")
    assert made.engine[0] == "simpy"
    return made


def test_numbers_and_rules_become_fields(explorer: Explorer) -> None:
    fields = {knob.path: knob for knob in explorer.knobs}
    s = fields["policy.reorder.s"]
    assert (s.group, s.label, s.unit) == ("policy", "reorder s", "units")
    assert (s.value, s.low, s.high, s.step) == (6, 0, 18, 1)
    mean = fields["suppliers.maker.lead_time.gamma.mean"]
    assert (mean.group, mean.label) == ("suppliers: maker", "lead time gamma mean")
    assert "customers.web.demand.arrivals.poisson.rate" in fields
    assert fields["costs.holding"].unit == "money"
    assert "class_priority" in fields["policy.priority"].choices
    assert "policy.reorder.rule" not in fields  # no other rule takes s and S
    assert not {"horizon", "warm_up"} & set(fields)


def test_what_was_recorded_is_no_field_unless_asked_for(tmp_path: Path) -> None:
    lines = "order,product,units,day\n1,mug,2,0\n2,mug,9,1\n3,mug,1,2\n"
    (tmp_path / "lines.csv").write_text(lines, encoding="utf-8")
    columns = {"order": "order", "product": "product", "units": "units", "time": "day"}
    where = [{"column": "units", "max": 5}]
    trace = {"file": "lines.csv", "columns": columns, "date_format": "days", "where": where}
    written = {"orders": [{"time": 1, "lines": {"mug": 2}}]}
    # A class may have the name of a field.
    customers = {"trace": {"demand": [{"trace": trace}, written], "tolerance": 3}}
    path = tmp_path / "replayed.yaml"
    path.write_text(yaml.safe_dump(SHOP | {"customers": customers, "warm_up": 0}), encoding="utf-8")
    made = Explorer(path, seed=1, replications=2, engine="simpy")
    below = [k.path for k in made.knobs if k.path.startswith("customers.")]
    assert below == ["customers.trace.tolerance"]
    asked = Explorer(
        path, seed=1, replications=2, engine="simpy", fields=["customers.trace.demand"]
    )
    assert "customers.trace.demand[0].trace.where[0].max" in [k.path for k in asked.knobs]


def test_weights_of_many_products_are_no_fields_unless_asked_for(tmp_path: Path) -> None:
    weights = {f"part {i}": 1 + i for i in range(13)}
    demand = {"arrivals": {"poisson": {"rate": 0.5}}, "products": weights}
    path = tmp_path / "many.yaml"
    several = {"products": list(weights), "customers": {"gold": {"demand": demand}}}
    path.write_text(yaml.safe_dump(SHOP | several), encoding="utf-8")
    made = Explorer(path, seed=1, replications=2, engine="simpy")
    offered = [knob.path for knob in made.knobs if knob.path.startswith("customers.")]
    assert offered == ["customers.gold.demand.arrivals.poisson.rate"]
    asked = Explorer(path, seed=1, replications=2, engine="simpy", fields=["customers"])
    assert len(asked.knobs) == 14


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (10, {"type": "integer", "minimum": 1}, (1, 30, 1)),
        (0.24, {"type": "number", "minimum": 0}, (0, 0.72, 0.01)),
        (125, {"type": "number", "minimum": 0}, (0, 375, 1)),
        (0.3, {"type": "number", "minimum": 0, "maximum": 1}, (0, 1, 0.01)),
        (0.5, {"type": "number", "exclusiveMinimum": 0}, (0.01, 1.5, 0.01)),
        (0, {"type": "number", "minimum": 0}, (0, 10, 0.1)),
        (-2, {"type": "number"}, (-6, 6, 0.1)),
    ],
)
def test_a_slider_stays_within_what_the_schema_allows(
    value: float, form: dict[str, Any], expected: tuple[float, float, float]
) -> None:
    assert bounds(value, form) == pytest.approx(expected)


def test_answers_are_those_of_the_scenario(explorer: Explorer) -> None:
    """On common random numbers: means and difference are those of `replicate` with one seed."""
    study = explorer.study({}, {"policy.reorder.s": 9})
    model = from_dict(SHOP)
    before, after = (
        replicate(m, seed=1, replications=6, engine="simpy").summary()
        for m in (model, model.replace({"policy.reorder.s": 9}))
    )
    row = {r[0]: r for r in comparison_table(study).rows}["fill rate (%)"]
    assert row[1].mean == pytest.approx(100 * before["fill_rate"].mean, rel=1e-12)  # type: ignore[union-attr]
    assert row[2].mean == pytest.approx(100 * after["fill_rate"].mean, rel=1e-12)  # type: ignore[union-attr]
    assert row[3].mean == pytest.approx(100 * (after["fill_rate"].mean - before["fill_rate"].mean))  # type: ignore[union-attr]
    assert row[4] == "better"
    assert "fill rate is" in explorer.said(study)


@pytest.mark.parametrize(
    ("path", "value", "shared"),
    [
        ("customers.web.demand.arrivals.poisson.rate", 1.5, True),
        ("suppliers.maker.lead_time.gamma.mean", 8.0, False),
    ],
)
def test_lead_times_are_drawn_again_only_where_they_change(
    explorer: Explorer, path: str, value: float, shared: bool
) -> None:
    """And the answer is what a new world would give."""
    model = explorer.model.replace({path: value})
    (tape,) = explorer._tapes(model, 0, 1)
    own = explorer._tapes(explorer.model, 0, 1)[0]
    assert (tape.lead_times is own.lead_times) == shared
    found = explorer.study({}, {path: value}, 2).array("cost.total")[1]
    fresh = [run.metrics["cost.total"] for run in replicate(model, seed=1, replications=2)]
    assert found.tolist() == fresh


def test_the_pinned_case_is_what_it_is_compared_with(explorer: Explorer) -> None:
    pinned, changed = {"policy.reorder.s": 9}, {"policy.reorder.s": 9, "policy.priority": "lifo"}
    study = explorer.study(pinned, changed)
    assert [dict(policy.settings) for policy in study.policies] == [pinned, changed]
    assert len(explorer.study(pinned, pinned).policies) == 1


def test_a_comparison_is_saved_as_an_experiment(explorer: Explorer, tmp_path: Path) -> None:
    saved = tmp_path / "what_if.yaml"
    changes = {"policy.reorder.s": 9, "policy.priority": "lifo"}
    saved.write_text(explorer.experiment({}, changes), encoding="utf-8")
    read = load_experiment(saved)
    assert [policy.name for policy in read.policies] == ["base case", "what if"]
    assert read.policies[1].model.digest == from_dict(SHOP).replace(changes).digest
    assert read.policies[0].model.digest == from_dict(SHOP).digest


def test_a_file_that_takes_long_to_read_is_not_tried_with_each_rule(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backsim.explore.explorer.QUICK", -1.0)
    made = Explorer(file, seed=1, replications=2, engine="simpy")
    assert made.linked == ()
    assert made.changed.cache_info().currsize == 1  # the base case
    assert len(made.study({}, {"policy.priority": "lifo"}).policies) == 2


def test_no_choice_compiles_a_kernel_of_its_own(explorer: Explorer) -> None:
    """Neither rules nor the features that they need; else its first answer takes seconds."""
    choices = [(knob.path, value) for knob in explorer.knobs for value in knob.choices]
    models = {str(c): explorer.changed(json.dumps(dict([c]))) for c in choices}
    needs = {str(c): switches(model) for c, model in models.items()}
    assert len(set(map(frozenset, needs.values()))) > 2  # partial overtaking, echelon stock
    assert len({key_of(model, explorer.linked) for model in models.values()}) == 1


def test_an_order_is_followed_day_by_day(explorer: Explorer) -> None:
    run = explorer.run({})
    cases = dict(offered(run))
    order = next(number for number, why in cases.items() if "waited" in why or "message" in why)
    section = journey(run, order)
    rows = section.tables[0].rows
    lines = run.orders[run.orders["order"] == order]
    assert rows[0][1].startswith("orders 1 unit of mug")  # type: ignore[union-attr]
    assert float(str(rows[0][0])) == pytest.approx(lines["time"].min(), abs=0.005)
    words = [row[1] for row in rows]
    assert any("a purchase of" in str(text) for text in words)
    told = run.notices[run.notices["order"] == order]
    said = [row[2] for row in rows if row[2]]
    assert len(said) == len(told) > 0
    assert f"it ships by day {told['promise'].iloc[0]:,.1f}" in said
    with pytest.raises(InputError, match="expected an order from 0 to"):
        journey(run, 10**6)


# -- the server ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(explorer: Explorer) -> Iterator[Server]:
    with Server(explorer) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def ask(server: Server, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    text = body if isinstance(body, str) else json.dumps(body)
    connection.request("POST", path, text, headers)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, json.loads(content) if answer.status == 200 else content


def test_the_server_answers(server: Server) -> None:
    status, found = ask(server, "/answer", {"changes": {"policy.reorder.s": 9}})
    assert status == 200
    assert "Compared with 'base case'" in found["said"]
    assert '<section id="numbers">' in found["html"]
    assert found["seconds"] < 10
    _, drawn = ask(server, "/figures", {"changes": {"policy.reorder.s": 9}})
    assert drawn["figures"].count("<svg") == 4
    _, told = ask(server, "/journey", {})
    assert told["cases"]
    assert told["html"].count("<table") == 1


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/answer", {"changes": {"policy.reorder.s": 30}}, "expected"),
        ("/answer", {"changes": {"policy.reorder.s": "many"}}, "policy.reorder.s"),
        ("/answer", {"changes": {"horizon": 1}}, "expected fields of the page, got horizon"),
        ("/answer", {"changes": [1]}, "expected fields with their values"),
        ("/answer", "{", "expected a question as JSON"),
        ("/journey", {"order": "x"}, "expected the number of an order"),
        ("/journey", {"order": -1}, "expected an order from 0"),
    ],
)
def test_what_cannot_be_is_said(server: Server, path: str, body: Any, expected: str) -> None:
    status, found = ask(server, path, body)
    assert status == 200
    assert expected in found["error"]


def test_it_answers_its_own_machine_and_page_only(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert ask(server, "/answer", {}, Host="evil.example")[0] == 403
    assert ask(server, "/answer", {}, Origin="http://evil.example")[0] == 403
    assert ask(server, "/answer", {}, Origin=server.url.rstrip("/"))[0] == 200
    assert ask(server, "/nothing", {})[0] == 404
    assert ask(server, "/answer", "", **{"Content-Length": "99999999"})[0] == 413


def test_a_port_that_is_taken(server: Server, explorer: Explorer) -> None:
    with pytest.raises(InputError, match="--port: expected a free port"):
        Server(explorer, server.server_port)


def test_the_page_is_alive(server: Server) -> None:
    """A slider moves, the figure changes, the console is silent, nothing leaves the machine."""
    with chromium() as page:
        page.open(server.url)
        page.wait_for("document.querySelectorAll('#figures svg').length > 0")
        assert page.ask("document.querySelector('h1').textContent") == SHOP["title"]
        before = page.ask("document.getElementById('figures').innerHTML")
        page.ask(
            "(() => { const f = document.querySelector('[data-path=\"policy.reorder.s\"] input');"
            "f.value = '9'; f.dispatchEvent(new Event('input')); })()"
        )
        page.wait_for("document.querySelector('.finding').textContent.includes('Compared')")
        page.wait_for("!document.querySelector('.stale')")
        assert page.ask("document.getElementById('figures').innerHTML") != before
        page.ask("document.getElementById('journey-form').requestSubmit()")
        page.wait_for("document.querySelector('#story table') !== null")
        assert page.complaints() == []
        assert all(url.startswith(server.url) for url in page.requests() if url[:5] != "blob:")


# -- the file --------------------------------------------------------------------------------------

GRID = ("policy.reorder.s=9",)


def test_a_grid_is_one_file(explorer: Explorer, tmp_path: Path) -> None:
    counted: list[tuple[int, int]] = []
    text = static_page(explorer, GRID, lambda *done: counted.append(done))
    assert counted[-1] == (2, 2)  # with the file's own s of 6
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    with chromium() as page:
        page.open(path)
        page.ask(
            "(() => { const f = document.querySelector('[data-path=\"policy.reorder.s\"] input');"
            "f.value = '1'; f.dispatchEvent(new Event('input')); })()"
        )
        page.wait_for("document.querySelector('.finding').textContent.includes('Compared')")
        assert page.ask("document.querySelector('.field output').textContent") == "9"
        page.ask(
            "(() => { const c = document.getElementById('cases'); c.selectedIndex = 1;"
            "c.dispatchEvent(new Event('input')); })()"
        )
        page.wait_for("document.querySelector('#story table') !== null")
        assert page.complaints() == []
        assert page.requests() == [path.as_uri()]


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ("policy.reorder.x=1", "of a field"),
        ("policy.reorder.s", "expected FIELD=VALUE"),
        ("policy.reorder.s=a", "expected numbers for policy.reorder.s, got 'a'"),
        ("policy.priority=best", "got 'best'"),
        (f"policy.reorder.s={','.join(map(str, range(300)))}", "at most 200 combinations, got 300"),
    ],
)
def test_a_grid_that_cannot_be(explorer: Explorer, grid: str, expected: str) -> None:
    with pytest.raises(InputError) as fault:
        static_page(explorer, [grid])
    assert expected in str(fault.value)


def test_a_grid_in_which_some_fields_do_not_go_together(explorer: Explorer) -> None:
    """Its page says so there; a value that goes with nothing is refused."""
    text = static_page(explorer, ["policy.reorder.s=6,30", "policy.reorder.S=20,40"])
    assert text.count("expected S above s, which is 30 (units)") >= 1
    assert text.count('"said": ') >= 3
    with pytest.raises(InputError, match="expected S above s"):
        static_page(explorer, ["policy.reorder.s=90"])


def test_on_the_command_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    given = [str(file), "--seed", "1", "-n", "2", "--field", "policy.reorder", "--engine", "simpy"]
    grid = ["--grid", "policy.reorder.s=4"]
    assert cli(["explore", *given, "--out", str(out), *grid]) == 0
    assert 'id="answers"' in out.read_text(encoding="utf-8")
    assert f"written: {out}" in capsys.readouterr().err
    assert cli(["explore", *given, *grid]) == 2
    assert "--grid: expected --out FILE" in capsys.readouterr().err
    assert cli(["explore", str(file), "--seed", "1", "--field", "policy.reorder.q"]) == 2
    assert "--field: expected a number or rule of the file" in capsys.readouterr().err
    assert cli(["explore", str(file), "--seed", "1", "--metrics", "fill_rat"]) == 2
    assert "--metrics: expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("metric", "mean", "half_width", "said"),
    [
        ("cost.total", -3, 1, "better"),
        ("fill_rate", -0.3, 0.1, "worse"),
        ("contacts_per_order", 0.5, 0.1, "higher"),
        ("cost.total", -3, 4, "may be chance"),
        ("cost.total", 0, 0, "the same"),
    ],
)
def test_verdicts(metric: str, mean: float, half_width: float, said: str) -> None:
    found = Difference(1, mean, half_width, half_width, 6, 0.0)
    assert _verdict(MetricSpec(metric), found) == said


def test_fields_of_a_group_go_by_its_name(tmp_path: Path) -> None:
    """As `--set` has them; the file's own field has a number."""
    path = tmp_path / "shop.yaml"
    path.write_text(
        """
horizon: 30
products: {mug: {group: A}, plate: {group: B}}
suppliers: {maker: {lead_time: 2}}
customers: {all: {demand: {arrivals: {poisson: {rate: 3}}, products: [mug, plate]}}}
policy: {reorder: {rule: base_stock, S: 9}}
stock:
  - {}
  - {groups: A, raise_levels: 0}
  - {groups: B, raise_levels: 0}
""",
        encoding="utf-8",
    )
    found = Explorer(path, seed=1, replications=2, fields=["stock.B"], engine="simpy", workers=1)
    assert [knob.path for knob in found.knobs] == ["stock[2].raise_levels"]
    assert found.field("stock.B.raise_levels") == "stock[2].raise_levels"
    assert found.field("policy.reorder.S") == "policy.reorder.S"
