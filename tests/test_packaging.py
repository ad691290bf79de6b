"""The project's own files agree with each other: versions, ranges, pins, imports."""

import ast
import re
import sys
import tomllib
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = [
    Requirement(text)
    for extra in PROJECT["optional-dependencies"].values()
    for text in extra
    if not text.startswith("backsim[")
]
# Modules that come with a dependency under another name.
PROVIDED_BY = {
    "llvmlite": "numba",
    "pptx": "python-pptx",
    "pydantic_core": "pydantic",
    "ruamel": "ruamel.yaml",
    "simopt": "simoptlib",
    "yaml": "pyyaml",
}


def read_pins() -> dict[str, str]:
    """The lines of constraints.txt that are not comments; each must be a plain name==version."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    odd = [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!]+", line)]
    assert odd == []
    return {canonicalize_name(name): pin for name, pin in (line.split("==") for line in lines)}


@pytest.mark.parametrize("requirement", RUNTIME + EXTRAS, ids=lambda each: each.name)
def test_every_requirement_is_pinned_within_its_range(requirement):
    assert requirement.specifier.contains(read_pins()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("requirement", RUNTIME, ids=lambda each: each.name)
def test_every_runtime_range_has_both_ends(requirement):
    assert {each.operator for each in requirement.specifier} == {">=", "<"}


def test_every_library_that_is_imported_is_declared():
    declared = {canonicalize_name(each.name) for each in RUNTIME + EXTRAS}
    undeclared = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            for name in names:
                top = name.partition(".")[0]
                if top != "backsim" and top not in sys.stdlib_module_names:
                    library = canonicalize_name(PROVIDED_BY.get(top, top))
                    if library not in declared:
                        undeclared.add((file.name, library))
    assert undeclared == set()


def test_the_version_is_the_same_everywhere():
    import backsim

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == PROJECT["version"] == version("backsim") == backsim.__version__


def test_the_package_says_that_it_is_typed():
    assert (resources.files("backsim") / "py.typed").is_file()


def test_known_answers_are_part_of_the_package():
    """The files lie inside the folder that a wheel holds, and git does not ignore any of them."""
    from backsim.validation.collection import ROOT as FOLDER

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    packaged = [(ROOT / name).resolve() for name in wheel["build"]["targets"]["wheel"]["packages"]]
    data = [path for path in FOLDER.rglob("*") if path.suffix in (".yaml", ".csv")]
    assert len(data) >= 130
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for path in data:
        assert any(path.resolve().is_relative_to(folder) for folder in packaged)
        assert not any(path.match(pattern) for pattern in ignored)
