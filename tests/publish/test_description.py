"""The description of a model: what the scenario says, and nothing that it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backsim.examples import example
from backsim.present import latex, markdown
from backsim.present.table import Equation, Heading, Table
from backsim.publish.description import describe
from backsim.publish.output import rows_of
from backsim.scenario import load
from backsim.scenario.load import build
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import parse_yaml

SHOP = """
horizon: 100
warm_up: 10
products: {mug: {price: 9}}
suppliers: {maker: {lead_time: {gamma: {mean: 6, cv: 0.5}}}}
customers:
  gold: {tolerance: 4, demand: [{arrivals: {poisson: {rate: 2}}, products: mug}]}
  silver: {priority: 2, demand: [{arrivals: {poisson: {rate: 3}}, products: mug}]}
policy:
  reorder: {rule: s_S, s: 10, S: 30}
  priority: {rule: urgency_ageing, rate: 0.2}
costs: {holding: 0.1, backorder_time: {gold: 2, silver: 1}}
"""
SCENARIOS = [
    *("quickstart", "two_suppliers", "central_and_branches", "seasonal_wholesaler", "factory"),
    *("retail_substitutes", "distant_maker", "web_shop"),
]


def shop(text: str = SHOP) -> Model:
    return build(parse_yaml(text, "shop.yaml"), Path())


def texts(text: str = SHOP) -> str:
    return markdown.document("", describe(shop(text)))


def test_rules_are_equations_with_their_parameters_in_the_notation() -> None:
    found = texts()
    assert r"q_i(t) = \begin{cases} S - X_i(t)" in found
    assert r"\pi_\ell(t) = p_{k(\ell)} - \mathrm{rate} \, w_\ell(t)" in found
    assert r"| $\mathrm{rate}$ | parameter of urgency\_ageing, per day |" in found
    assert "Source: Scarf" in found


def test_values_of_the_scenario_are_there_in_words() -> None:
    found = texts()
    assert "A replication plays 100 days, of which the first 10 (the warm-up)" in found
    assert "gamma (mean 6, cv 0.5)" in found
    assert "poisson (rate 2)" in found
    assert "| gold | 1 | 4 |" in found
    assert r"| backorder\_time | gold | 2 |" in found


def test_what_the_model_has_not_is_not_said() -> None:
    found = texts()
    assert "Notice rule" not in found
    assert "A_i(t)" not in found
    announced = SHOP.replace("gold: {", "gold: {announced: 3, ")
    assert "B_i(t) - A_i(t)" in texts(announced)
    told = SHOP.replace("policy:", "policy:\n  notice: at_order")
    assert "Notice rule at\\_order" in texts(told)


def test_the_order_of_events_is_that_of_this_model() -> None:
    rows = [row for row in rows_of(describe(shop())) if row["kind"] == "events"]
    assert any("tolerance" in row["text"] for row in rows)
    assert not any("transfer" in row["text"].lower() for row in rows)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_shipped_scenario_is_described(name: str) -> None:
    blocks = describe(load(example(f"scenarios/{name}.yaml")))
    assert len([block for block in blocks if isinstance(block, Heading)]) == 9
    assert any(isinstance(block, Equation) for block in blocks)
    for table in (block for block in blocks if isinstance(block, Table)):
        assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize("name", SCENARIOS[:4])
def test_latex_is_well_formed(name: str) -> None:
    text = latex.document("A model", describe(load(example(f"scenarios/{name}.yaml"))))
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert sorted(re.findall(r"\\begin\{(\w+)\}", text)) == sorted(
        re.findall(r"\\end\{(\w+)\}", text)
    )
    for table in re.findall(r"\\begin\{longtable\}.*?\\end\{longtable\}", text, re.DOTALL):
        rows = [line for line in table.splitlines() if line.endswith(r" \\") and "&" in line]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
