"""The pytest plugin: a user's tests say `backsim.assert_no_regression("experiments/x.yaml")`.

Every run of pytest loads this module, so it imports nothing that takes time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

MARKER = "backsim(baseline=..., workers=..., engine=..., strict=...): a test that runs experiments"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--backsim-update`."""
    group = parser.getgroup("backsim")
    group.addoption(
        "--backsim-update",
        action="store_true",
        help="write the baselines of the experiments that tests check, instead of checking",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


SETTINGS = ("baseline", "workers", "engine", "strict")
"""What the marker and a call may set."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses the fixture, so that `-m "not backsim"` leaves it out.

    Raises UsageError for a marker that says something else than it may.
    """
    for item in items:
        marker = item.get_closest_marker("backsim")
        if marker is not None and (fault := _fault(marker.args, marker.kwargs)):
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.backsim: {fault}")
        if marker is None and "backsim" in getattr(item, "fixturenames", ()):
            item.add_marker("backsim")


def _fault(places: Sequence[Any], settings: Mapping[str, Any]) -> str:
    """What is wrong with settings; "" when nothing is."""
    if places:
        return f"expected settings by name ({', '.join(SETTINGS)}), got {places[0]!r}"
    from backsim.errors import nearest

    for name, value in settings.items():
        if name not in SETTINGS:
            return f"expected a known setting ({nearest(name, SETTINGS)}), got {name!r}"
        right = {
            "baseline": value is None or isinstance(value, str | Path),
            "workers": value is None or (type(value) is int and value > 0),
            "engine": value in ("auto", "simpy", "compiled"),
            "strict": isinstance(value, bool),
        }
        words = {
            "baseline": "the folder of the baselines",
            "workers": "a whole number above 0",
            "engine": "auto, simpy or compiled",
            "strict": "True or False",
        }
        if not right[name]:
            return f"{name}: expected {words[name]}, got {value!r}"
    return ""


class Gate:
    """What the fixture `backsim` gives a test."""

    def __init__(
        self, update: bool, settings: dict[str, Any], folders: Sequence[Path] = ()
    ) -> None:
        self._update, self._settings, self._folders = update, settings, folders

    def assert_no_regression(self, experiment: str | Path, **settings: Any) -> None:
        """Fail unless an experiment's results are as in its baseline, within its margins.

        `settings` are those of the marker, for this call: `baseline` (folder of the baselines),
        `workers`, `engine`, `strict`.  A path that is not absolute is looked for beside the test's
        file, then in pytest's root folder (`rootdir`): the folder in which pytest was started does
        not matter.  With `--backsim-update` the baseline is written instead.
        """
        __tracebackhide__ = True
        from backsim.regression.check import check_all
        from backsim.regression.outcome import Settings
        from backsim.regression.tell import story

        if fault := _fault((), settings):
            pytest.fail(f"assert_no_regression: {fault}", pytrace=False)
        given = {**self._settings, **settings}
        folder = given.pop("baseline", None)
        if folder is not None:
            given["folder"] = self._find(folder)
        for check in check_all([self._find(experiment)], Settings(**given), self._update):
            if check.code:
                pytest.fail(story(check), pytrace=False)

    def _find(self, path: str | Path) -> Path:
        """Where a path is; in the root folder if it is nowhere."""
        places = [folder / path for folder in self._folders] or [Path(path)]
        found = next((place for place in places if place.exists()), places[-1])
        here = Path.cwd()
        return found.relative_to(here) if found.is_relative_to(here) else found


@pytest.fixture
def backsim(request: pytest.FixtureRequest) -> Gate:
    """Check experiments against their baselines: `backsim.assert_no_regression(file)`."""
    marker = request.node.get_closest_marker("backsim")
    settings = dict(marker.kwargs) if marker else {}
    folders = request.path.parent, request.config.rootpath
    return Gate(request.config.getoption("--backsim-update"), settings, folders)
