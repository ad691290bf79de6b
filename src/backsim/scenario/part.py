"""The base of everything a scenario file may hold: closed, frozen, with errors that help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError


class Part(BaseModel):
    """A mapping with known keys.  Unknown keys are refused and the nearest known ones named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _name_nearest_keys(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(value)
        except ValidationError as error:
            details = [_details(cls, e) for e in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, details) from None


def fault(message: str, value: Any = ...) -> PydanticCustomError:
    """A fault found by a validator of ours: what was expected."""
    return PydanticCustomError("fault", "{expected}", {"expected": message})


def faults(title: str, found: Sequence[tuple[tuple[str | int, ...], str, Any]]) -> ValidationError:
    """Several faults at once: (path below the part, what was expected, what was found)."""
    details = [InitErrorDetails(type=fault(text), loc=loc, input=got) for loc, text, got in found]
    return ValidationError.from_exception_data(title, details)


def nearest(name: str, known: Sequence[str]) -> str:
    """The known names nearest to a wrong one, as the end of a sentence."""
    near = get_close_matches(str(name), known, n=3, cutoff=0.5) or list(known)
    few = ", ".join(near[:8])
    return few + (", ..." if len(near) > 8 else "")


def _details(cls: type[BaseModel], error: Any) -> InitErrorDetails:
    kind: Any = error["type"]
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        known = nearest(error["loc"][0], list(cls.model_fields))
        kind = PydanticCustomError("unknown_key", "{expected}", {"expected": f"a known key ({known})"})
    elif kind in ("fault", "quantity", "unknown_key"):
        kind = PydanticCustomError(kind, "{expected}", error["ctx"])
    return InitErrorDetails(
        type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {})
    )


Validator = Callable[[Any], Any]


def only_key(value: Any) -> str | None:
    """The key of a mapping that has just one; picks the member of a union such as `{gamma: ...}`."""
    if isinstance(value, dict) and len(value) == 1:
        return str(next(iter(value)))
    return None
