"""Settings for all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from tests.budget import examples

from backsim.results.metrics import METRICS
from backsim.rules import REGISTERED, files
from backsim.rules.kinds import REGISTRIES

settings.register_profile(
    "backsim",
    max_examples=examples(100),
    deadline=None,  # the first example may compile
    derandomize=True,  # a test that fails, fails for everyone
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("backsim")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell starts in the background ignores Ctrl-C, and so would the commands of tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What has been loaded by now stays: it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest comes first: several processes then end at about the same time.

    Those that need the kernel with all of its parts do not: two processes would compile it.
    """
    items.sort(key=lambda item: item.path.stem != "test_known_answers")


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """A rule or a metric that a test registers is gone after it."""
    metrics = dict(METRICS)
    rules = {name: dict(family.rules) for name, family in REGISTERED.items()}
    loaded = dict(files._loaded)
    kinds = [dict(registry) for registry in REGISTRIES]
    yield
    for name, family in REGISTERED.items():
        family.rules.clear()
        family.rules.update(rules[name])
    for registry, before in zip(REGISTRIES, kinds, strict=True):
        registry.clear()
        registry.update(before)
    METRICS.clear()
    METRICS.update(metrics)
    files._loaded.clear()
    files._loaded.update(loaded)
