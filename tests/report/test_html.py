"""The page: complete, self-contained, safe with anyone's words, and alive in a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tests.report.browser import chromium
from tests.report.standin import BASE, NETWORK, StandIn, bounds_of, study_of

from backsim.errors import InputError
from backsim.report.html import render, write_report

HOSTILE = (
    "<script>alert(1)</script>",
    "]]> & --> <!-- \"'",
    "$x^2$ \\$ {{ 7 * 7 }}",
    "\u202eevil \u05d0\u05d1\u05d2",
    "id=\"f0-a\" url(#b) href='//x.y'",
    "=1+1",
)


@pytest.fixture(scope="module")
def study() -> StandIn:
    """Four policies, two factors, five replications."""
    policies = {
        f"{rule} {s}": {"policy.priority": rule, "policy.reorder.s": s}
        for rule in ("fcfs", "class_priority")
        for s in (10, 20)
    }
    return study_of(policies, constraints=("fill_rate[gold] >= 0.5",))


@pytest.fixture(scope="module")
def page(study: StandIn) -> str:
    return render(study)


@pytest.fixture(scope="module")
def hostile() -> StandIn:
    """Every name that a user may give is hostile."""
    policies = {name: {"policy.reorder.s": 10 + i} for i, name in enumerate(HOSTILE)}
    sites, gold = list(HOSTILE[::-1]), {**BASE["customers"]["gold"]}
    supplied = {"sites": sites[1:], "supplier": {"site": sites[0], "transport": 1}}
    return study_of(
        policies,
        base={
            **BASE,
            "sites": sites,
            "customers": {"gold": gold},
            "stock": [{"sites": sites[0]}, supplied],
        },
        replications=3,
        title=HOSTILE[0],
        question=HOSTILE[1],
        factors={"policy.reorder.s": [10, 11]},
    )


@pytest.fixture(scope="module")
def hostile_page(hostile: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(hostile, tmp_path_factory.mktemp("hostile") / "report.html")


class Reader(HTMLParser):
    """Tags, ids, headings and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "data"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', page)


def test_it_has_every_part(page: str) -> None:
    assert sections(page) == [
        "finding", "summary", "ranking", "differences", "costs", "pareto", "waits", "course",
        "reorder_levels", "cancellations", "effects", "method", "provenance",
    ]  # fmt: skip
    assert page.count("<svg") == 11
    for words in ("Bonferroni", "Hsu", "common random numbers", "MSER-5", "Student"):
        assert words in page


def test_what_is_the_same_everywhere_is_not_drawn() -> None:
    """Made to order: no stock at any time, and a fill rate of 0 under every policy."""
    orders = {"policy.reorder": "none"}
    one = study_of(
        {"fcfs": {**orders}, "lifo": {**orders, "policy.priority": "lifo"}}, replications=2
    )
    drawn = render(one)
    assert "backlog over time" in drawn
    assert "stock over time" not in drawn
    assert "pareto" not in sections(drawn)


def test_policies_stand_out_in_the_finding(page: str, hostile_page: Path) -> None:
    """Their names are bold, and nothing else in it is."""
    finding = re.search(r'<section id="finding".*?</section>', page, re.DOTALL)
    assert finding is not None
    names = re.findall(r"<strong><bdi>(.*?)</bdi></strong>", finding.group())
    assert names
    assert all(re.fullmatch(r"(fcfs|class_priority) [12]0", name) for name in names)
    assert "\ue000" not in hostile_page.read_text(encoding="utf-8")


def test_regret_is_drawn(study: StandIn, page: str) -> None:
    """With bounds, a figure, a table and what they mean; without, no section."""
    assert "regret" not in sections(page)
    bounded = render(study, bounds_of(study))
    part = bounded[bounded.index('<section id="regret"') :]
    part = part[: part.index("</section>")]
    assert part.count("<svg") == 1
    assert "the regret is the most that better clearing could save" in part
    assert "fcfs 10 (reference)" in part


def test_promises_are_shown_when_there_are_some(study: StandIn) -> None:
    written = {"promise_kept": np.full((4, 5), 0.75)}
    with_promises = replace(study, provenance={}, written=written)
    from backsim.results.metrics import METRICS

    if "promise_kept" not in METRICS:
        pytest.skip("no promises in this version")
    assert "promises" in sections(render(with_promises))


def test_nothing_comes_from_outside(page: str) -> None:
    """No address but those inside the page; ids are unique."""
    found = Reader(page)
    assert all(link.startswith("#") or link == "data:," for link in found.links), found.links
    assert len(found.ids) == len(set(found.ids))
    inside = {link[1:] for link in found.links if link.startswith("#")}
    assert inside <= set(found.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(found.ids)
    assert "http" not in page.replace("http-equiv", "")
    assert "@import" not in page


def test_colours_are_the_pages(page: str) -> None:
    """No figure brings a colour of its own, so that all follow light and dark."""
    figures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    colours = {c.lower() for figure in figures for c in re.findall(r"#[0-9a-fA-F]{6}\b", figure)}
    assert not colours
    assert all("<text" in figure for figure in figures)  # text is text
    assert "DejaVu" not in page


def test_every_word_is_escaped(hostile_page: Path) -> None:
    page = hostile_page.read_text(encoding="utf-8")
    found = Reader(page)
    assert found.tags.count("script") == 2  # the page's own, and what it is made of as JSON
    assert "<script>alert" not in page
    whole = " ".join(" ".join(found.texts).split())
    for name in HOSTILE:
        assert " ".join(name.split()) in whole, name
    figures = " ".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    words = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", figures))
    assert "$x^2$" in words  # no formula
    assert "<!--" not in figures
    assert "\u202e" not in figures
    assert len(found.ids) == len(set(found.ids))


def test_twenty_policies_stay_below_a_megabyte() -> None:
    names = {f"a policy of quite some length, {i}": {"policy.reorder.s": 5 + i} for i in range(20)}
    one = study_of(names, replications=2)
    assert len(render(one).encode()) < 1_000_000


def test_a_network_is_drawn() -> None:
    """The best and the reference side by side, and a table of their sites; alone, once."""
    policies = {"today": {}, "more": {"stock.0.reorder": {"rule": "base_stock", "S": 20}}}
    page = render(study_of(policies, base=NETWORK, metrics=("cost.total",), replications=2))
    part = page[page.index('<section id="sites"') :]
    part = part[: part.index("</section>")]
    assert part.count("<svg") == 2
    for word in (*policies, "hub", "north", "south", "mean site backlog", "other sites wait for"):
        assert word in part, word
    alone = render(study_of({"today": {}}, base=NETWORK, metrics=("cost.total",), replications=2))
    assert alone.count('aria-label="network"') == 1


def test_a_network_of_fifty_sites_stays_below_a_megabyte() -> None:
    """Of the sites that wait little there is one box, and no row."""
    branches = [f"branch {i}" for i in range(49)]
    customers = {"all": {**NETWORK["customers"]["all"]["demand"], "sites": branches}}
    base = {
        **NETWORK,
        "sites": ["hub", *branches],
        "customers": {"all": {"demand": customers["all"]}},
        "stock": [
            {"sites": ["hub"]},
            {"sites": branches, "supplier": {"site": "hub", "transport": 1}},
        ],
    }
    names = {str(i): {"policy.reorder.S": 2 + i} for i in range(3)}
    page = render(study_of(names, base=base, metrics=("cost.total",), replications=2))
    assert len(page.encode()) < 1_000_000
    assert "42 more, each" in page
    assert "The 40 of 50 sites with the most backlog." in page


def test_one_policy_alone() -> None:
    page = render(study_of({"today": {}}, replications=3))
    assert sections(page) == [
        "finding", "ranking", "costs", "waits", "course", "cancellations", "method", "provenance",
    ]  # fmt: skip


def test_too_few_replications() -> None:
    with pytest.raises(InputError, match=r"at least 2 replications with cost\.total, got 1"):
        render(study_of({"a": {}, "b": {}}, replications=1))


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    one = study_of({"today": {}}, replications=2)
    with pytest.raises(InputError, match="expected a file that can be written"):
        write_report(one, tmp_path / "missing" / "report.html")
    assert list(tmp_path.iterdir()) == []


COLUMN = """
[...document.querySelectorAll('#ranking table')[0].tBodies[0].rows].map(
    row => Number(row.cells[%d].dataset.key))
"""
CLICK = "document.querySelectorAll('#ranking table')[0].tHead.rows[0].cells[%d].firstChild.click()"


def test_in_a_browser(hostile_page: Path) -> None:
    """No complaint in the console, no request leaves, a click sorts, a phone need not scroll."""
    with chromium() as page:
        page.open(hostile_page)
        column = 2  # total cost
        best_first = page.ask(COLUMN % column)
        for _ in range(2):
            page.ask(CLICK % column)
        worst_first = page.ask(COLUMN % column)
        assert worst_first == sorted(best_first, reverse=True)
        assert worst_first != best_first
        page.ask(CLICK % column)
        assert page.ask(COLUMN % column) == sorted(best_first)
        names = "[...document.querySelectorAll('#ranking table tbody')[0].rows]"
        page.ask(CLICK.replace("%d", "0"))
        shown = page.ask(f"{names}.map(row => row.cells[0].textContent)")
        assert shown == page.ask(
            f"{names}.map(r => r.cells[0].textContent).sort((a, b) => a.localeCompare(b))"
        )
        assert page.ask("document.querySelectorAll('#sites svg').length") == 2
        for width in (390, 1280):
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=800, deviceScaleFactor=1, mobile=width < 500,
            )  # fmt: skip
            assert page.ask("document.documentElement.scrollWidth") <= width
        ink = "getComputedStyle(document.querySelector('svg text')).fill"
        light = page.ask(ink)
        page.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark"}],
        )
        assert page.ask(ink) != light
        assert len(page.call("Page.printToPDF")["data"]) > 10_000
        assert page.complaints() == []
        assert page.requests() == [hostile_page.as_uri()]
