"""What backsim writes keeps to its style: the trade's words, and sentences that are read once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backsim.cli.app import app
from backsim.cli.registry import COMMANDS
from backsim.data.mapping import Mapping
from backsim.errors import counted
from backsim.experiment.schema import ExperimentFile
from backsim.scenario.jsonschema import json_schema
from backsim.scenario.part import Part
from backsim.scenario.schema import Scenario
from backsim.search.schema import SearchFile

app()  # loads all commands

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    r"\bso many (?!of\b)": "this many, a given number of",
    r"\banew\b": "again",
    r"\bfor ever\b": "indefinitely, or say what happens",
    r"\bat once\b": "immediately, or together",
    r"\bbesides?\b(?! the point)": "in addition to, next to",
    r"\+-|\+/-": "\N{PLUS-MINUS SIGN}",
    r"\bto the bit\b": "bit-identical, bit for bit",
    r"\bhold together\b": "simultaneous",
    r"\b(not )?surely\b": "significantly; shown to be",
    r"\bcounts as here\b": "is treated as available",
    r"\bwhat is there\b": "what is available",
    r"\b(per|one row) a\b": "per",
    r"\d a (day|week|month|year)\b": "per day",
    r"\b(lines?|orders?|units?|rows?|draws?|events?|inquiries) a "
    r"(day|replication|line|order|purchase|period|policy|transfer)\b": "per",
    r"\b1 (replications|policies|lines|orders|days|units|metrics|values|sources)\b": "counted()",
    r"\bis not distinguishable\b": "no significant difference",
}
"""Patterns of STYLE, and what to write instead."""


def faults(text: str) -> list[str]:
    """What of a text the style forbids, with what to write instead."""
    text = " ".join(text.split())
    return [
        f"{text[max(0, found.start() - 30) : found.end() + 30]!r}: write {instead}"
        for pattern, instead in FORBIDDEN.items()
        for found in re.finditer(pattern, text)
    ]


def spoken(file: Path) -> Iterator[str]:
    """The texts in code that a user may be shown: literals of three words or more."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    bodies = [getattr(node, "body", None) for node in ast.walk(tree)]
    statements = [one for body in bodies if isinstance(body, list) for one in body]
    docs = {id(one.value) for one in statements if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docs:
            continue
        if isinstance(node.value, str) and len(node.value.split()) > 2:
            yield node.value


def meanings(kind: type[Part]) -> Iterator[tuple[str, str]]:
    """Every field of a kind of file, and what its schema says of it."""
    schema = json_schema(kind)
    for name, entry in {"": schema, **schema.get("$defs", {})}.items():
        for field, about in entry.get("properties", {}).items():
            if "const" not in about:
                yield f"{name}.{field}", about.get("description", "")


def test_a_number_of_things_agrees_with_its_noun() -> None:
    assert counted(1, "line") == "1 line"
    assert counted(2, "line") == "2 lines"
    assert counted(0, "policy", "policies") == "0 policies"
    assert counted(12_345, "order") == "12,345 orders"


@pytest.mark.parametrize(
    "text", ["so many days", "17 +- 6 a day", "the same to the bit", "lost at once"]
)
def test_the_lint_finds(text: str) -> None:
    assert faults(text)


def test_what_code_says() -> None:
    """Messages, captions, notes and findings."""
    wrong = [
        f"{file.relative_to(ROOT)}: {fault}"
        for file in sorted((ROOT / "src" / "backsim").rglob("*.py"))
        for text in spoken(file)
        for fault in faults(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_pages() -> None:
    """Documentation, the README, and the headers of scenarios and experiments."""
    made = {"gallery.md", "changelog.md"}  # by docs/conf.py, of experiments and of what was
    written = [page for page in (ROOT / "docs").glob("*.md") if page.name not in made]
    pages = [ROOT / "README.md", *written]
    texts = {
        page: re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.DOTALL) for page in pages
    }
    for folder in ("scenarios", "experiments"):
        for file in (ROOT / folder).rglob("*.yaml"):
            if "baselines" not in file.parts:
                lines = file.read_text().splitlines()
                texts[file] = " ".join(line.lstrip("# ") for line in lines if line[:1] == "#")
    wrong = [
        f"{page.relative_to(ROOT)}: {fault}"
        for page, text in texts.items()
        for fault in faults(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_help_is_sentences() -> None:
    """A command's first line is an imperative sentence of at most 55 characters."""
    for command in COMMANDS.values():
        first, *rest = (command.function.__doc__ or "").split("\n\n")
        assert re.fullmatch(r"[A-Z][^.]*\.", " ".join(first.split())), command.name
        assert len(first) <= 55, command.name
        assert not faults(" ".join(rest)), command.name


@pytest.mark.parametrize("kind", [Scenario, ExperimentFile, SearchFile, Mapping])
def test_fields_are_explained_in_sentences(kind: type[Part]) -> None:
    """A field's meaning starts with a capital and ends with a full stop.

    Parameters of rules and distributions have none: the rule explains them.
    """
    wrong = [
        f"{field}: {said!r} {faults(said)}"
        for field, said in meanings(kind)
        if said and (faults(said) or not re.fullmatch(r"[A-Z\"`{].*[.:)]", " ".join(said.split())))
    ]
    assert not wrong, "\n".join(wrong)
