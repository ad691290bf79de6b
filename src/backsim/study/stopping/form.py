"""What `replications` of an experiment file may say: a number, or the form of a stopping rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Union

from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    TypeAdapter,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from backsim.quantities import Positive, Unit, from_percent
from backsim.scenario.part import MEMBER, fault, faults, member
from backsim.scenario.shorthand import Spec

Count = Annotated[int, Ge(2), Le(1_000_000), Unit("")]


def _width(value: Any) -> Any:
    """`2 %` as the text it is; a number as it is."""
    if not isinstance(value, str):
        return value
    share = from_percent(value)
    if isinstance(share, str) or not 0 < share < 1:
        raise fault("a number > 0, or a share of the mean such as 2 %")
    return Share(share=share)


class Share(Spec):
    """A half-width as a share of the mean."""

    share: Annotated[float, Gt(0), Lt(1), Unit("")]
    """The share."""


def _is_share(value: Any) -> str:
    return MEMBER + ("share" if isinstance(value, Share) else "number")


Width = Annotated[
    Annotated[Positive, member("number")] | Annotated[Share, member("share")],
    Discriminator(_is_share),
    BeforeValidator(_width, json_schema_input_type=Positive | str),
]


def _tolerance(value: Any) -> str:
    return MEMBER + ("by_metric" if isinstance(value, Mapping) else "number")


Tolerance = Annotated[
    Annotated[Positive, member("number")]
    | Annotated[Mapping[str, Positive], Field(min_length=1), member("by_metric")],
    Discriminator(_tolerance),
]


class Sequential(Spec):
    """Replications until enough is known."""

    words: ClassVar[str]
    """What `until` may say, for a message."""

    until: Any
    """What it goes on for."""
    least: Count = 10
    """Replications of every policy to begin with."""
    most: Count = 1000
    """Replications after which it stops in any case."""

    @model_validator(mode="after")
    def _fits(self) -> Sequential:
        if self.most < self.least:
            raise fault(f"`most` of at least `least`, which is {self.least}", str(self.most))
        return self


FORMS: dict[str, type[Sequential]] = {}
"""The word of `until` -> what may stand beside it.  `{}`: a mapping instead of a word."""
MAPPING = "{}"


def form_of(until: Any) -> type[Sequential]:
    """The form that goes with what `until` says.  Raises a fault for another word."""
    if until is None or isinstance(until, Mapping):
        return FORMS[MAPPING]
    if isinstance(until, str) and until in FORMS:
        return FORMS[until]
    expected = ", or ".join(form.words for form in FORMS.values())
    raise faults("Replications", [(("until",), expected, until)])


def _read(value: Any) -> Any:
    """A number as it is; a mapping by the form of its rule."""
    if isinstance(value, Mapping):
        return form_of(value.get("until")).model_validate(value)
    if isinstance(value, bool) or not isinstance(value, int | Sequential):
        raise fault("a whole number of replications, or a mapping with the key until")
    return value if isinstance(value, Sequential) else TypeAdapter(Count).validate_python(value)


class _Replications:
    """Pydantic's view of the field: read by `_read`, described as a number or any of the forms."""

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        described = handler.generate_schema(Union[(Count, *FORMS.values())])
        return core_schema.no_info_plain_validator_function(
            _read, json_schema_input_schema=described
        )


Replications = Annotated[int | Sequential, _Replications()]
