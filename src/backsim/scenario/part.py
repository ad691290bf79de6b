"""The base of everything a scenario file may hold: closed, frozen, with errors that help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic_core import InitErrorDetails, PydanticCustomError

from backsim.errors import nearest

MEMBER = "\0"
"""Starts the parts of an error's location that are not in the file: no YAML text can hold it."""


class Part(BaseModel):
    """A mapping with known keys.  Unknown keys are refused and the nearest known ones named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _say_it_in_our_words(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(value)
        except ValidationError as error:
            details = [_details(cls, e) for e in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, details) from None


def fault(expected: str, found: str = "") -> PydanticCustomError:
    """A fault that a validator of ours found: what was expected, and what was found."""
    return PydanticCustomError("fault", "{expected}", {"expected": expected, "found": found})


def faults(title: str, found: Sequence[tuple[tuple[str | int, ...], str, Any]]) -> ValidationError:
    """Several faults at once: (path below the part, what was expected, what was found)."""
    details = [InitErrorDetails(type=fault(text), loc=loc, input=got) for loc, text, got in found]
    return ValidationError.from_exception_data(title, details)


def member(name: str) -> Tag:
    """The tag of a union's member."""
    return Tag(MEMBER + name)


def only_key(value: Any) -> str | None:
    """The key of a mapping that has just one, such as `{gamma: ...}`."""
    if isinstance(value, dict) and len(value) == 1:
        return str(next(iter(value)))
    return None


def _details(cls: type[BaseModel], error: Any) -> InitErrorDetails:
    kind: Any = error["type"]
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        name = str(error["loc"][0])
        known = list(cls.model_fields)
        expected = f"a known key ({nearest(name, known)})" if known else "no keys"
        kind = fault(expected, f"'{name}'")
    elif kind == "missing" and len(error["loc"]) == 1:
        name = str(error["loc"][0])
        kind = fault(f"`{name}`, a required field{_meaning(cls, name)}", "nothing")
    elif kind == "fault":
        kind = fault(**error["ctx"])
    return InitErrorDetails(
        type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {})
    )


def _meaning(cls: type[BaseModel], name: str) -> str:
    """The first words of a field's description, in brackets."""
    words = " ".join((cls.model_fields[name].description or "").split())
    short = re.split(r"[.:;]", words)[0]
    return f" ({short[0].lower()}{short[1:]})" if short else ""
