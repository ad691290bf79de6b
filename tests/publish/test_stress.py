"""The STRESS-DES checklist: what a study fills of it, and what is left to the author."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.experiment import shop

from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.examples import example
from backsim.experiment import compare
from backsim.publish.stress import checklist
from backsim.publish.stress_items import flow
from backsim.publish.stress_register import ITEMS, Answer
from backsim.publish.study import header, read_study_of


def answers(path: Path) -> dict[str, Answer]:
    return {item.number: answer for item, answer in checklist(read_study_of(path))}


@pytest.mark.parametrize("name", ["clearing_order", "transfers", "early_warning", "tell_customers"])
def test_20_of_24_items_of_a_shipped_experiment_are_filled(name: str) -> None:
    found = answers(example(f"experiments/{name}.yaml"))
    assert len(found) == len(ITEMS) == 24
    filled = [number for number, answer in found.items() if answer.status == "filled"]
    assert len(filled) >= 20
    assert all(answer.text or answer.author for answer in found.values())


def test_what_is_filled_is_what_the_files_say() -> None:
    found = answers(example("experiments/clearing_order.yaml"))
    assert "In which order should backorders be cleared?" in found["1.1"].text
    assert "minimise total cost" in found["1.3"].text
    assert "seed 1," in found["5.2"].text
    assert "910 days" in found["4.2"].text
    assert "All numbers are invented." in found["3.1"].text
    assert found["6.1"].status == "in part"


def test_a_study_says_how_it_was_played(tmp_path: Path) -> None:
    file = shop.write(tmp_path)
    compare(file, out=tmp_path / "study", workers=1, engine="simpy")
    found = answers(tmp_path / "study")
    assert "4 independent replications of each policy were played" in found["4.3"].text
    assert "Played by the simpy engine" in found["5.3"].text
    assert "s of processor time" in found["5.4"].text


def test_without_a_question_the_purpose_is_the_authors(tmp_path: Path) -> None:
    found = answers(shop.write(tmp_path))
    assert found["1.1"].status == "the author"
    assert found["1.1"].author


def test_the_flow_is_that_of_the_network() -> None:
    written = read_study_of(example("experiments/transfers.yaml"))
    drawn = flow(written.base)
    assert drawn.startswith("flowchart LR")
    for name in (*written.base.sites, *written.base.suppliers, *written.base.classes):
        assert f'"{name}"' in drawn


def test_a_header_is_the_comments_before_the_first_field(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "# A shop.\n#\n#   Numbers invented.\n\na: 1 # no\n# nor this\n"
    )
    assert header(tmp_path / "x.yaml") == "A shop. Numbers invented."
    assert header(tmp_path / "none.yaml") == ""


def test_a_scenario_is_no_study(tmp_path: Path) -> None:
    shop.write(tmp_path)
    with pytest.raises(InputError, match="is a scenario: use `backsim run"):
        read_study_of(tmp_path / "shop.yaml")
    assert cli(["stress", str(tmp_path / "shop.yaml")]) == 2
