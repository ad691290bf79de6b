"""`explain`: whatever has a name, from where it is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsim.cli import run as cli
from backsim.cli.commands import explain
from backsim.cli.commands.explain import Topic, topics
from backsim.examples import example


@pytest.fixture(scope="module")
def all_topics() -> list[Topic]:
    return list(topics())


@pytest.fixture
def known(all_topics: list[Topic], monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be explained is listed once: to read all schemas takes longer than to explain."""
    monkeypatch.setattr(explain, "topics", lambda: all_topics)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("s_S", "Order up to S when the inventory position is at or below s."),
        ("priority", "class_priority"),
        ("fill_rate", "Unit: share. Better: more."),
        ("policy.overtaking", "the lines behind it wait"),
        ("customers.gold.tolerance", "Days a customer waits"),
        ("objective", "What to minimise or maximise"),
        ("gamma", "In a scenario: {gamma: {...}} with mean, cv, sd, shape, scale."),
        ("poisson", "Customers arrive independently of each other."),
        ("StockPoint", "made_from"),
        ("case_pack", "units of a case; no case is opened"),
        ("lanes.keep", "units on hand of each product that the site keeps for itself"),
        ("strict_ranks", "(a setting of a book)"),
        ("closures", "first closed day"),
        ("transit", "days on the road, after the supplier has sent it"),
        ("leave", "(an event)"),
        ("backorder", "A line, or the part of it, that could not be shipped when it was ordered"),
        ("customer class", "class, customer class (a term)"),
        ("products", "These are no quantities"),
    ],
)
def test_what_has_a_name(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["explain", name]) == 0
    assert said in capsys.readouterr().out


def test_a_name_with_several_meanings(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["explain", "tolerance", "profit"]) == 0
    out = capsys.readouterr().out
    for head in ("CustomerClass.tolerance", "Informed.tolerance", "profit (a metric of cost)"):
        assert f"{head}" in out


def test_a_term_of_several_words_and_a_field_of_the_same_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli(["explain", "warm", "up"]) == 0
    out = capsys.readouterr().out
    assert "warm-up (a term)" in out
    assert "Scenario.warm_up (a field of Scenario)" in out


def test_the_glossary_is_in_order_and_all_of_it_is_found() -> None:
    page = example("docs/glossary.md").read_text(encoding="utf-8")
    terms = [topic.name for topic in topics() if topic.kind == "a term"]
    assert len(terms) == page.count("\n: ") > 50
    assert terms == sorted(terms, key=str.lower)


def test_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["explain", "toleranse"]) == 2
    assert "expected a name that is known (tolerance" in capsys.readouterr().err
    assert cli(["rules", "s_s"]) == 2
    assert "expected a known rule (s_S), got 's_s'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "near"), [("stock transfer", "lateral_transfer"), ("point", "reorder_point")]
)
def test_names_with_the_same_words_are_near(
    name: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["explain", name]) == 2
    assert near in capsys.readouterr().err


WORDS = """
    may be best; best; worse; violates a constraint; MSER-5; half-width; MOQ; ATP; position;
    inventory position; censored; KN++; common random numbers; simultaneous intervals; warm-up;
    tape; indifference zone; Kaplan-Meier; Hsu's comparison with the best; Bonferroni; constraint;
    reference; significant; percentage point; overloaded; stable; paired replication; replication;
    regret; bound; gap; shadow price; linear program; FIFO; critical level; reorder point;
    order-up-to level; on hand; on order; net stock; coverage; verdict; weights; SKU; service level;
    lost sale; backlog; backtest; unfairness; cv; stopping rule; screening; shard; lost sales;
    percentage points; Gini index of waits
"""
"""What findings, reports, tables and messages say, and what planners ask for."""


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("word", [" ".join(word.split()) for word in WORDS.split(";")])
def test_the_words_of_findings_and_reports(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["explain", word]) == 0
    assert capsys.readouterr().out


def test_a_rule_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from backsim import priority\n\n@priority\ndef by_name_explained(line):\n"
        '    """Explained here."""\n    return line.units\n'
    )
    assert cli(["explain", "by_name_explained", "--rules", str(file)]) == 0
    assert "Explained here." in capsys.readouterr().out


def test_everything_can_be_explained() -> None:
    """Nothing that is declared has nothing to say."""
    for topic in topics():
        assert list(topic.blocks()), topic.name


@pytest.mark.parametrize("name", ["working days", "lead_time", "lead time"])
def test_working_days_are_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["explain", name]) == 0
    assert "lead_time_in" in capsys.readouterr().out
