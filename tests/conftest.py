"""Settings for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "backsim",
    deadline=None,  # the first example may compile
    derandomize=True,  # a test that fails, fails for everyone
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("backsim")
