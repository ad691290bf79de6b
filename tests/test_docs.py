"""The documentation runs: code blocks are executed, commands must succeed."""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from tests.processes import python

from backsim.cli import run as cli
from backsim.cli.commands.reference import families
from backsim.examples import example
from backsim.experiment import load_experiment
from backsim.rules import FAMILIES
from backsim.scenario.load import build
from backsim.scenario.yamlfile import parse_yaml
from backsim.search.problem import load_problem
from backsim.validation import validate

ROOT = Path(__file__).parents[1]
MADE = {"gallery.md", "changelog.md"}  # by docs/conf.py
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in MADE),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[Any]:
    """Every block of a language, as a parameter named after its page and line."""
    return [
        pytest.param(
            match.group(2), id=f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 1}"
        )
        for page in PAGES
        for match in BLOCK.finditer(page.read_text())
        if match.group(1) == language
    ]


def as_pattern(shown: str) -> str:
    """Output as a page shows it: a line of three dots stands for any lines."""
    plain = shown.strip().replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    return re.sub(r"^\.\.\.$", "*", plain, flags=re.MULTILINE)


@pytest.fixture(autouse=True)
def in_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in a folder with the scenarios and examples, and leave nothing behind."""
    for name in ("scenarios", "experiments", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)


def printed_below(code: str) -> str:
    """The block of text that follows a block of code on its page: what the code prints."""
    pages = "".join(page.read_text() for page in PAGES)
    found = re.match("\n```text\n(.*?)^```$", pages.partition(f"{code}```\n")[2], BLOCK.flags)
    return " ".join(found[1].split()) if found else ""


@pytest.mark.parametrize("code", blocks("python"))
def test_python(code: str) -> None:
    """A Python block runs in a process of its own."""
    done = python(code)
    assert done.returncode == 0, done.stderr
    shown = printed_below(code)
    if shown:
        assert fnmatch.fnmatchcase(" ".join(done.stdout.split()), as_pattern(shown))


def sessions() -> list[Any]:
    """Every console block; those of a tutorial together, as each goes on from the one before."""
    tutorials: dict[str, list[str]] = {}
    others = []
    for block in blocks("console"):
        if block.id.startswith("tutorial"):
            tutorials.setdefault(block.id.partition(":")[0], []).append(block.values[0])
        else:
            others.append(block)
    return [*others, *(pytest.param("".join(texts), id=page) for page, texts in tutorials.items())]


@pytest.mark.parametrize("text", sessions())
def test_console(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of a console block succeeds, and prints what stands below it."""
    whole = text.replace("\\\n", "")  # a command of several lines
    commands = re.split(r"^\$ ", whole, flags=re.MULTILINE)
    assert commands.pop(0) == "" != commands
    for command, _, shown in (part.partition("\n") for part in commands):
        name, *arguments = shlex.split(command)
        assert name == "backsim"
        assert cli(arguments) == 0, command
        said = capsys.readouterr().out
        if shown:
            assert fnmatch.fnmatchcase(said.strip(), as_pattern(shown)), said


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml(text: str) -> None:
    """A YAML block is a scenario if it has a horizon; an experiment, or a search, if it has a
    scenario; or known answers, which agree."""
    if re.search("^expect:", text, re.MULTILINE):
        Path("known.yaml").write_text(text)
        assert {verdict.verdict for verdict in validate(["known.yaml"], fast=True)} == {"agrees"}
        return
    if re.search("^scenario:", text, re.MULTILINE):
        Path("scenario.yaml").write_text(example("scenario.yaml").read_text())
        file = Path("experiment.yaml")
        file.write_text(re.sub(r"\b(quickstart|car_parts)\.yaml", r"scenarios/\g<0>", text))
        if re.search("^search:", text, re.MULTILINE):
            problem = load_problem(file)
            assert problem.items is not None or problem.space.size > 1
            return
        assert len(load_experiment(file).policies) > 1
        return
    if "horizon:" not in text:
        pytest.skip("a part of a scenario")
    assert build(parse_yaml(text, "block"), ROOT / "scenarios").stock_points


def test_no_page_has_the_name_of_one_that_the_site_makes() -> None:
    """The site's own page would stand in its place."""
    own = {"search", "genindex", "py-modindex"}
    assert not own & {page.stem for page in PAGES}


def test_links_lead_to_files_of_a_checkout() -> None:
    """But for the front page of the site, which links what is made for it."""
    for page in PAGES:
        made = MADE if page.name == "index.md" else set()
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert target in made or (page.parent / target).exists(), f"{page.name}: {target}"
            assert target not in MADE - made, f"{page.name}: {target}"


def test_figures() -> None:
    """Every figure that is made is on a page, every one on a page is made, and one is made here."""
    spec = spec_from_file_location("make", ROOT / "docs" / "figures" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    shown = {
        name
        for page in PAGES
        for name in re.findall(r"\]\((?:docs/)?(.*?\.png)\)", page.read_text())
    }
    assert shown == {f"figures/{name}.png" for name in script.FIGURES}
    assert all((ROOT / "docs" / name).stat().st_size > 1000 for name in shown)
    assert "centre" in [text.get_text() for text in script.networks().texts]


RUN = "import runpy; runpy.run_path({!r}, run_name='__main__')"


def test_example_script() -> None:
    """The example of a process beside the model runs."""
    script = ROOT / "docs" / "examples" / "emergency_purchase.py"
    done = python(RUN.format(str(script)))
    assert done.stdout.count("fill rate of cakestand") == 2, done.stderr


@pytest.mark.parametrize(
    "name", ["strike", "price_campaign", "recall", "comes_back", "shared_truck"]
)
def test_examples_of_processes(name: str) -> None:
    """Each example runs, and its process makes a difference."""
    script = ROOT / "docs" / "examples" / f"{name}.py"
    done = python(RUN.format(str(script)))
    numbers = re.findall(r"\d+\.\d+", done.stdout)
    assert len(numbers) == 2, done.stderr
    assert numbers[0] != numbers[1]
    assert f"{name}.py" in (ROOT / "docs" / "processes.md").read_text()


def test_readme_shows_the_example_rule() -> None:
    """The rule in the README is the one in the examples."""
    example = (ROOT / "docs" / "examples" / "my_rules.py").read_text().split('"""\n', 1)[1]
    assert example.strip() in (ROOT / "README.md").read_text()


def test_the_families_of_rules_are_up_to_date() -> None:
    """The table in docs/rules.md is made from the families themselves."""
    assert families() in (ROOT / "docs" / "rules.md").read_text()
    assert set(re.findall("^\\| `([a-z]+)` \\|", families(), re.MULTILINE)) == set(FAMILIES)


def test_what_the_package_shows() -> None:
    """Tab completion finds the names that are imported on first use, and modules come with them."""
    code = (
        "import backsim, sys; assert 'numpy' not in sys.modules; names = dir(backsim); "
        "assert set(backsim.__all__) <= set(names); assert 'Any' not in names; "
        "[getattr(backsim, name) for name in names]; "
        "backsim.plot.ranking, backsim.statistics.ocba, backsim.allocate, backsim.read_book"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reference_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/reference.md is what `backsim reference` prints."""
    assert cli(["reference"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "reference.md").read_text()
