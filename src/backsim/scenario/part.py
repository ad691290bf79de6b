"""The base of everything a scenario file may hold: closed, frozen, with errors that help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, NoReturn, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic_core import InitErrorDetails, PydanticCustomError

from backsim.errors import InputError, nearest
from backsim.scenario.meanings import meaning

MEMBER = "\0"
"""Starts the parts of an error's location that are not in the file: no YAML text can hold it."""


class Frozen(dict[Any, Any]):
    """A mapping that stays what it is: a change would not be seen by what is known of a model."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise InputError("a scenario is not changed in place: use `model.replace({path: value})`")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> Any:
        return Frozen, (dict(self),)


class Part(BaseModel):
    """A mapping with known keys.  Unknown keys are refused and the nearest known ones named."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        defer_build=True,  # a fifth of the import: most parts are only read within larger ones
    )

    @model_validator(mode="wrap")
    @classmethod
    def _say_it_in_our_words(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            part = validate(value)
            vars(part).update(frozen(vars(part)))
            return part
        except ValidationError as error:
            found = _without_echoes(cls, value, error.errors(include_url=False))
            details = [_details(cls, e) for e in found]
            raise ValidationError.from_exception_data(cls.__name__, details) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """The same with some fields changed."""
        changes = None if update is None else {**update, **frozen(update)}
        return super().model_copy(update=changes, deep=deep)


def frozen(fields: Mapping[str, Any]) -> dict[str, Frozen]:
    """The mappings among some fields, as such that stay what they are."""
    return {name: Frozen(value) for name, value in fields.items() if type(value) is dict}


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


def _without_echoes(cls: type[BaseModel], value: Any, errors: list[Any]) -> list[Any]:
    """Faults, but for those that another one brings about.

    A field is missing where its name is misspelt, and a number with a decimal comma (`{cv: 0,5}`)
    is two: 0, which may not be allowed, and a key 5.
    """
    unknown = [str(e["loc"][0]) for e in errors if _is_unknown(e)]
    fields, commas = list(cls.model_fields), _with_commas(value, unknown)
    meant = {near for name in unknown for near in get_close_matches(name, fields, 1)}
    kept = [
        e
        for e in errors
        if not (e["type"] == "missing" and e["loc"][0] in meant)
        and not (e["loc"] and str(e["loc"][0]) in (*commas, *commas.values()))
    ]
    for before, e in _not_indented(value, kept):
        name, near = str(e["loc"][0]), nearest(str(e["loc"][0]), fields)
        told = {"expected": f"spaces before it, as a part of `{before}`, or a known key ({near})"}
        kept[kept.index(e)] = {**e, "type": "fault", "ctx": {**told, "found": f"'{name}'"}}
        kept = [other for other in kept if other["loc"] != (before,)]
    for after, name in commas.items():
        number = f"{value[name]}.{after}"
        told = {"expected": f"a decimal point (`{name}: {number}`)", "found": "a comma"}
        kept.append({"type": "fault", "loc": (name,), "input": value, "ctx": told})
    return kept


def _is_unknown(error: Any) -> bool:
    return error["type"] == "extra_forbidden" and len(error["loc"]) == 1


def _not_indented(value: Any, errors: Sequence[Any]) -> list[tuple[str, Any]]:
    """Unknown keys below a field that holds nothing: (the field, the fault)."""
    if not isinstance(value, Mapping):
        return []
    below = {str(key): str(before) for before, key in pairwise(value) if value[before] is None}
    empty = {e["loc"][0] for e in errors if e["loc"] and e["type"] != "extra_forbidden"}
    unknown = [(str(e["loc"][0]), e) for e in errors if _is_unknown(e)]
    return [(below[name], e) for name, e in unknown if below.get(name) in empty]


def _with_commas(value: Any, unknown: Sequence[str]) -> dict[str, str]:
    """Keys that are digits behind a decimal comma: digits -> the field before them."""
    if not isinstance(value, Mapping):
        return {}
    return {
        str(key): str(before)
        for before, key in pairwise(value)
        if str(key) in unknown
        and str(key).isdigit()
        and value[key] is None
        and isinstance(value[before], int)
    }


def _details(cls: type[BaseModel], error: Any) -> InitErrorDetails:
    kind: Any = error["type"]
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        name = str(error["loc"][0])
        known = list(cls.model_fields)
        expected = f"a known key ({nearest(name, known)})" if known else "no keys"
        field, colon, value = name.partition(":")
        if colon and field in known:
            expected = f"a space after the colon (`{field}: {value}`)"
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
    words = " ".join(meaning(cls, name).split())
    short = re.split(r"[.:;]", words)[0]
    return f" ({short[0].lower()}{short[1:]})" if short else ""
