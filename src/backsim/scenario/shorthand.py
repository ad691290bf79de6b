"""Short ways to write common things: a name for a mapping, one value for a list, a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from backsim.quantities import Weight
from backsim.scenario.part import MEMBER, Part, fault
from backsim.scenario.yamlfile import show


class Spec(Part):
    """A part whose fields are documented by the strings below them (`meanings`)."""


@dataclass(frozen=True, slots=True)
class OffTape:
    """Marks a field that does not enter a tape: models that differ in it alone share their tapes.

    A field without the mark is taken to enter, which costs time and changes no number.
    """


OFF_TAPE = OffTape()


@dataclass(frozen=True, slots=True)
class Refers:
    """Marks what names something that a section of the file defines: `sites`, `products`, ...

    `draws`: a stock point that says so draws on others, whose sites then order as customers do.
    """

    section: str
    draws: bool = False


def _text(value: Any) -> Any:
    """Names may look like whole numbers (stock codes 22423 and 00123) in YAML: as written."""
    if isinstance(value, bool | float) or value is None:
        raise fault("a name (write it in quotes)", show(value))
    return str(value) if _is_name(value) else value


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _own(name: str) -> str:
    if name == "*":
        raise fault("a name other than '*', which stands for all names")
    return name


AnyName = Annotated[
    str, Field(min_length=1), BeforeValidator(_text, json_schema_input_type=str | int)
]
"""A name, or "*"."""
Name = Annotated[AnyName, AfterValidator(_own)]
"""A name: any text but "*"."""


def _names(value: Any) -> list[str] | None:
    """The names of `mug` or `[mug, plate]`; None if it is neither."""
    for name in value if isinstance(value, tuple) else (value,):
        if isinstance(name, bool | float):
            raise fault("a name (write it in quotes)", show(name))
    if _is_name(value):
        return [str(value)]
    if isinstance(value, tuple) and all(map(_is_name, value)):
        return [str(name) for name in value]
    return None


def _some(entries: Any) -> Any:
    return Annotated[entries, Field(min_length=1)]


def _once(names: Sequence[str]) -> None:
    """Refuse a name that is there twice."""
    for name, times in Counter(names).items():
        if times > 1:
            raise fault("each name once", f"'{name}' a second time")


def defaults(value: Any) -> Any:
    """A name or a list of names as a mapping to parts of defaults."""
    names = _names(value)
    if names is None:
        return value
    _once(names)
    return {name: {} for name in names}


def _equal_weights(value: Any) -> Any:
    names = _names(value)
    if names is None:
        return value
    _once(names)
    return dict.fromkeys(names, 1.0)


def spread_star(weights: Mapping[str, float], names: Any) -> dict[str, float]:
    """Weights by name: "*" stands for every name, each with that weight."""
    found: dict[str, float] = {}
    for name, weight in weights.items():
        found.update(dict.fromkeys(names, weight) if name == "*" else {name: weight})
    return found


def _selected(names: tuple[str, ...]) -> tuple[str, ...]:
    _once(names)
    return names


def _listed(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


def written(part: Any) -> Any:
    """What a file may say for names with a part each."""
    return _some(Mapping[Name, part]) | _some(list[Name]) | Name


def named(part: Any) -> BeforeValidator:
    """Names with a part each; a name or a list of names stands for parts of defaults."""
    return BeforeValidator(defaults, json_schema_input_type=written(part))


def listed(kind: Any, least: int = 1) -> BeforeValidator:
    """A list; one entry stands for a list of one.  With `least` 0 it may be empty."""
    several = _some(list[kind]) if least else list[kind]
    return BeforeValidator(_listed, json_schema_input_type=several | kind)


def known_word(words: tuple[str, ...], other: str) -> Callable[[Any], Any]:
    """Refuse any other word, saying what could stand there instead."""

    def check(value: Any) -> Any:
        if (isinstance(value, str | bool) or value is None) and value not in words:
            raise fault(f"{', '.join(words)}, or {other}")
        return value

    return check


def word_or(words: tuple[str, ...], other: str) -> BeforeValidator:
    """The same as an annotation."""
    return BeforeValidator(known_word(words, other))


@dataclass(frozen=True, slots=True)
class WordOr:
    """Pydantic annotation of `Literal[words] | other`: a word, or else the other (`expected`)."""

    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Whatever is not text is meant to be the other."""
        word, *others = get_args(source)
        (other,) = others
        choices = {
            MEMBER + "word": handler.generate_schema(word),
            MEMBER + "other": handler.generate_schema(other),
        }
        kind = core_schema.tagged_union_schema(choices, word_or_other)
        check = known_word(get_args(word), self.expected)
        return core_schema.no_info_before_validator_function(check, kind)


def word_or_other(value: Any) -> str:
    """Which member of a union a value is of: a word, or something else."""
    return MEMBER + ("word" if isinstance(value, str) else "other")


def number_for(key: str, written: Any) -> BeforeValidator:
    """A number stands for a mapping with that key; `written` is what a file may say."""

    def read(value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {key: value}
        return value

    return BeforeValidator(read, json_schema_input_type=written)


Selection = Annotated[
    tuple[AnyName, ...], Field(min_length=1), AfterValidator(_selected), listed(AnyName)
]
"""A name, a list of names, or "*" for all."""
Weights = Annotated[
    Mapping[AnyName, Weight],
    Field(min_length=1),
    BeforeValidator(
        _equal_weights,
        json_schema_input_type=_some(Mapping[AnyName, Weight]) | _some(list[AnyName]) | AnyName,
    ),
]
"""A name, a list of names, "*" for all, or names with weights."""
