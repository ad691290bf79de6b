"""Names that mean something in YAML, in paths or in metrics go through as they are."""

from __future__ import annotations

import pytest

from backsim.data.calibrate import calibrate
from backsim.data.scenariofile import _known, scenario_text
from backsim.data.yamltext import flow
from backsim.results.spec import parse_metric
from backsim.tables.faults import TableError

NAMES = [
    *(
        "a[b]",
        "a.b",
        "a,b",
        "a, b",
        "a/b",
        'a"b',
        "a'b",
        "00123",
        "123",
        "x" * 200,
        "🚀",
        "Mug",
        "mug",
    ),
    *(
        "true",
        "null",
        "~",
        "-",
        "#1",
        "a:b",
        "{x}",
        "a\\b",
        "n\nl",
        "n l",
        "t\tb",
        "n\x85l",
        "l\u2028s",
    ),
    *("group:A", "2024-01-01", "1e5", "50%", "=1", "@", "!x", "nb\u00a0sp"),
]


def export(folder, names: list[str]):
    rows = [
        f'{i},"{name.replace(chr(34), chr(34) * 2)}",1,2024-03-{1 + i % 28:02d}'
        for i, name in enumerate(names * 2)
    ]
    text = "\n".join(["order,product,units,ordered", *rows])
    (folder / "lines.csv").write_text(text + "\n", encoding="utf-8", newline="")
    return folder


def test_each_product_is_one_of_the_scenario(tmp_path):
    from ruamel.yaml import YAML

    found = calibrate(export(tmp_path, NAMES))
    made = YAML(typ="safe", pure=True).load(scenario_text(found))
    assert set(made["products"]) == set(NAMES)
    assert "Products that differ in capitals alone are two: Mug and mug." in found.history.notes
    (demand,) = (c["demand"] for c in made["customers"].values())
    assert set(demand["products"]) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_product_has_its_metric(name: str):
    spec = parse_metric(f"fill_rate[product:{name}]", [("product", name) for name in NAMES])
    assert (spec.dimension, spec.member) == ("product", name)


def test_a_star_is_refused_with_its_row(tmp_path):
    with pytest.raises(TableError, match=r"lines\.csv:3: product: .* stands for all .*rename it"):
        calibrate(export(tmp_path, ["mug", "*"]))


def test_numbers_are_written_in_all_their_digits() -> None:
    assert flow({"S": 1_234_567, "r": 12_345_678.5}) == "{S: 1234567, r: 12345678.5}"
    assert [_known(value) for value in (123_456.0, 1234.56, 0.1 + 0.2)] == [123_456, 1234.56, 0.3]
