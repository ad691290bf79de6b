"""The pytest plugin: a user's tests say `backsim.assert_no_regression("experiments/x.yaml")`.

Every run of pytest loads this module, so it imports nothing that takes time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MARKER = "backsim(baseline=..., workers=..., engine=...): a test that runs experiments"


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses the fixture, so that `-m "not backsim"` leaves it out."""
    for item in items:
        if "backsim" in getattr(item, "fixturenames", ()) and not item.get_closest_marker(
            "backsim"
        ):
            item.add_marker("backsim")


class Gate:
    """What the fixture `backsim` gives a test."""

    def __init__(self, update: bool, settings: dict[str, Any]) -> None:
        self._update, self._settings = update, settings

    def assert_no_regression(self, experiment: str | Path, **settings: Any) -> None:
        """Fail unless an experiment's results are as in its baseline, within its margins.

        `settings` are those of the marker, for this call: `baseline` (folder of the baselines),
        `workers`, `engine`.  With `--backsim-update` the baseline is written instead.
        """
        __tracebackhide__ = True
        from backsim.regression.check import Settings, check_all
        from backsim.regression.tell import story

        given = {**self._settings, **settings}
        if given.get("baseline") is not None:
            given["folder"] = Path(given["baseline"])
        given.pop("baseline", None)
        for check in check_all([Path(experiment)], Settings(**given), self._update):
            if check.code:
                pytest.fail(story(check), pytrace=False)


@pytest.fixture
def backsim(request: pytest.FixtureRequest) -> Gate:
    """Check experiments against their baselines: `backsim.assert_no_regression(file)`."""
    marker = request.node.get_closest_marker("backsim")
    settings = dict(marker.kwargs) if marker else {}
    return Gate(request.config.getoption("--backsim-update"), settings)
