"""What every distribution has, and the registry of their names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import GetJsonSchemaHandler, model_validator

from backsim.errors import InputError
from backsim.rules.kinds import Registry, blamed, is_built_in
from backsim.scenario.part import Part, fault

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray
    from pydantic_core import CoreSchema

    Floats = NDArray[np.float64]

LARGEST = 1e12
"""The largest mean and standard deviation; beyond it draws would lose their digits."""


class Distribution(Part):
    """A distribution: it knows its mean and variance, and draws from a generator it is given."""

    choices: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """The sets of keys that describe it; none given means that all fields are needed."""
    counts: ClassVar[bool] = False
    """Whether all its values are whole numbers."""
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()
    """Parameters that tests try: one for each set of keys, or more."""

    @model_validator(mode="after")
    def _check_all(self) -> Distribution:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if self.choices and given not in [set(choice) for choice in self.choices]:
            raise fault(f"the keys {_either(self.choices)}", _keys(given))
        self.check()
        if not self._is_tame():
            raise fault(f"parameters whose mean and standard deviation are at most {LARGEST:g}")
        return self

    def _is_tame(self) -> bool:
        try:
            with blamed(self, "moments"):
                mean, variance = self.moments()
                return bool(abs(mean) <= LARGEST and 0 <= variance <= LARGEST**2)
        except ArithmeticError:
            return False

    def check(self) -> None:
        """Refuse parameters that do not go together."""

    def moments(self) -> tuple[float, float]:
        """(mean, variance) of one value."""
        raise NotImplementedError

    def draw(self, generator: Generator, count: int) -> Floats:
        """Independent values, shape (count,), in the order of the generator's stream."""
        raise NotImplementedError

    def sample(self, generator: Generator, count: int) -> Floats:
        """The values of `draw`; those of a user's distribution are looked at first.

        Raises InputError: they are not so many finite numbers.
        """
        if is_built_in(type(self)):
            return self.draw(generator, count)
        with blamed(self, "draw"):
            found = self.draw(generator, count)
        return finite(found, f"distribution {type(self).__name__}: draw", count)

    def law(self) -> Any:
        """Its `Law`, or a frozen distribution of `scipy.stats`, where it has no `atoms`.

        Raises InputError: a distribution of a user's own does not say.
        """
        raise InputError(
            f"distribution {type(self).__name__}: expected a method `law()` or `atoms()`, as its "
            "mean and variance are not enough here, found neither (docs/rules.md)"
        )

    def atoms(self) -> tuple[Floats, Floats] | None:
        """Its values and their probabilities where a file lists them; else none."""
        return None

    def least(self) -> float:
        """No value is below this (where negative values are cut at 0)."""
        return 0.0

    def most(self) -> float:
        """No value is above this."""
        return math.inf

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The JSON schema of the keys, one alternative for each choice of them."""
        plain = handler(schema)
        if cls.choices:
            fields = handler.resolve_ref_schema(plain)
            fields["oneOf"] = [{"required": list(c), "maxProperties": len(c)} for c in cls.choices]
        return plain


distribution: Registry[Distribution] = Registry("distribution")
"""The distributions by name, and the decorator that registers one: `@distribution("gamma")`."""


def spread(mean: float | None, cv: float | None, sd: float | None) -> tuple[float, float]:
    """(mean, variance) from a mean with either a cv or a standard deviation."""
    known = mean or math.nan
    return known, (sd if sd is not None else (cv or math.nan) * known) ** 2


def finite(found: Any, what: str, count: int | None = None) -> Floats:
    """Numbers that a user's code has drawn, as many as were asked for.

    Raises InputError: they are something else.
    """
    import numpy as np

    wanted = "numbers" if count is None else f"{count:,} numbers"
    try:
        values = np.asarray(found, float)
    except (TypeError, ValueError):
        raise InputError(f"{what}: expected {wanted}, got {type(found).__name__}") from None
    if values.ndim != 1 or (count is not None and len(values) != count):
        shape = f"an array of shape {values.shape}"
        raise InputError(f"{what}: expected {wanted}, got {shape}")
    wrong = values[~np.isfinite(values)]
    if len(wrong):
        raise InputError(f"{what}: expected finite {wanted}, got {wrong[0]}")
    return values


def _either(choices: tuple[tuple[str, ...], ...]) -> str:
    return " or ".join("{" + ", ".join(choice) + "}" for choice in choices)


def _keys(given: set[str]) -> str:
    return "{" + ", ".join(sorted(given)) + "}"
