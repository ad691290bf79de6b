"""From a file to a `Model`: read, override, validate, resolve.

Faults come in three rounds, each complete: first the form of every field and every name, then what
the fields mean together, and at last the size of the work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from backsim.errors import InputError
from backsim.kinds import Kind, expect
from backsim.quantities import FINE
from backsim.rules import FAMILIES
from backsim.rules.kinds import REGISTRIES, is_built_in
from backsim.scenario.demand.rates import Pair
from backsim.scenario.levels.memo import Memo, Worked
from backsim.scenario.meant_days import with_number_meant
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path, put, value_at
from backsim.scenario.part import MEMBER, Part
from backsim.scenario.references import changed, draws_on_sites, unknown_names
from backsim.scenario.resolve import resolve
from backsim.scenario.schema import Scenario
from backsim.scenario.timeunit import in_time_unit
from backsim.scenario.yamlfile import (
    Document,
    Fault,
    FileError,
    Location,
    parse_value,
    read_yaml,
    show,
    spell,
)

Form = TypeVar("Form", bound=Part)


def load(path: str | Path, overrides: Iterable[str] = ()) -> Model:
    """Read a scenario file and resolve it.

    `overrides` are texts `path=value`, as of `--set`.  Raises FileError with every fault found.
    """
    document = read(path, overrides)
    return build(document, Path(path).parent)


def model_of(given: Any, what: str = "model") -> Model:
    """A model as it is, of a scenario file, or of a mapping of what stands in one.

    Raises InputError for anything else, and FileError with every fault found.
    """
    if isinstance(given, Mapping):
        return from_dict(given)
    if isinstance(given, str | Path):
        return load(given)
    if not isinstance(given, Model):
        kind = type(given).__name__
        raise InputError(f"{what}: expected a Model, a scenario file or a mapping, got {kind}")
    return given


def read(path: str | Path, overrides: Iterable[str] = ()) -> Document:
    """Read a scenario file and apply overrides, without checking it."""
    document = read_yaml(expect(path, Kind.SCENARIO))
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set: expected path=value, got {text!r}")
        put(document, parse_path(name.strip()), parse_value(value), f"--set {text}")
    return document


def from_dict(
    values: Mapping[str, Any],
    *,
    name: str = "scenario",
    folder: str | Path = ".",
    changes: Mapping[str, Any] | None = None,
) -> Model:
    """A model from plain values, as a scenario file would hold them.  Raises FileError."""
    document = Document(name, plain(values))
    _put_all(document, changes or {})
    return build(document, Path(folder))


def _put_all(document: Document, changes: Mapping[str, Any]) -> None:
    for path, value in changes.items():
        put(document, parse_path(str(path)), plain(value), f"--set {path}={show(plain(value))}")


def build(document: Document, folder: Path, known: Known | None = None) -> Model:
    """Validate and resolve a document; of what is `known` the rest.  Raises FileError.

    The folder is where it is now, wherever the process goes.
    """
    rules, folder = registered(), folder.absolute()
    fine = any(map(_has_fine_products, (document.values, known.values if known else {})))
    if known is not None and (fine or known.registered != rules):
        known = None
    scenario, found = check_form(document, Scenario, known)
    among = None
    if known is not None and not known.network:
        among = changed(document.values, known.values)
    found += unknown_names(document, among=among)
    if scenario is None or found:
        raise FileError(document.name, found)
    network = draws_on_sites(document.values if among is None else among)
    now = Known(document.values, scenario, rules, network)
    remake = Remake(document.values, document.name, folder, now)
    before = known.points if known and known.is_world_of(scenario) else {}
    return resolve(scenario, document, folder, remake, Memo(before, now.points))


BESIDE = (
    *("title", "horizon", "warm_up", "currency", "products", "stock", "costs"),
    *("purchase_limits", "limits"),
)
"""Fields of a scenario that no stock point is worked out from, or only that of the product."""


@dataclass(frozen=True, slots=True)
class Known:
    """Values of a document that have been validated, and what they are as a scenario."""

    values: Mapping[str, Any]
    scenario: Scenario
    registered: list[Any]
    """The rules and classes by which they were."""
    network: bool
    """Whether a stock point draws on others."""
    points: dict[Pair, Worked] = field(default_factory=dict)
    """Its stock points, as they were worked out."""

    def is_world_of(self, other: Scenario) -> bool:
        """Whether stock points are the same in another scenario, but for what is each one's own."""
        one = self.scenario
        shared = (name for name in type(one).model_fields if name not in BESIDE)
        own = any(not is_built_in(getattr(kind, "function", kind)) for kind in self.registered)
        return not own and all(getattr(one, name) == getattr(other, name) for name in shared)

    def of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values to be validated: the parts that are the same objects as before need it no more."""
        return {key: self._of(key, value) for key, value in values.items()}

    def _of(self, key: str, value: Any) -> Any:
        before, found = self.values.get(key), getattr(self.scenario, key, None)
        if value is before and isinstance(found, Part):
            return found
        if isinstance(value, dict) and isinstance(before, dict) and isinstance(found, Mapping):
            known = {name: found[name] for name in found if value.get(name) is before.get(name)}
            return {n: known[n] if _is_part(known.get(n)) else _frozen(v) for n, v in value.items()}
        if isinstance(value, list) and isinstance(before, list) and isinstance(found, tuple):
            pairs = zip_longest(value, before[: len(value)], found[: len(value)])
            return tuple(f if v is b and _is_part(f) else _frozen(v) for v, b, f in pairs)
        return _frozen(value)


def registered() -> list[Any]:
    """All rules and classes that a file may name, as they are now: a user's own may change."""
    rules = [rule for family in FAMILIES.values() for rule in family.rules.values()]
    return [*rules, *(cls for registry in REGISTRIES for cls in registry.values())]


def _is_part(value: Any) -> bool:
    return isinstance(value, Part)


@dataclass(frozen=True)
class Remake:
    """Makes a model again from what its file says, with changes."""

    values: dict[str, Any]
    name: str
    folder: Path
    known: Known | None = field(default=None, repr=False, compare=False)

    def __call__(self, changes: Mapping[str, Any]) -> Model:
        """The model with these changes, by path.  Raises FileError."""
        document = Document(self.name, self.values)
        _put_all(document, changes)
        return build(document, self.folder, self.known)

    def __getstate__(self) -> dict[str, Any]:
        """What it is made of: another process validates all again, once."""
        return {**vars(self), "known": None}


def known_of(model: Model) -> Known | None:
    """What is known of a model's scenario, for others that share its values."""
    return model.remake.known if isinstance(model.remake, Remake) else None


def value_in(model: Model, path: str) -> Any:
    """What a model's file says at a path such as `policy.reorder.s.days`, as plain values.

    Of a rule that it does not name, the rule that all stock points have; None where nothing says
    it, or not the same everywhere.
    """
    try:
        parts = parse_path(path)
    except InputError:  # the name of a factor
        return None
    if isinstance(model.remake, Remake):
        value = value_at(Document(model.name, model.remake.values), parts)
        if value is not None:
            return value
    if parts[0] != "policy" or len(parts) < 2:
        return None
    first, *others = model.written.stock
    family = str(parts[1])
    use = getattr(first, family, None)
    if any(getattr(point, family, None) != use for point in others):
        return None
    explicit = first.model_dump(mode="json", include={family})
    return value_at(Document(model.name, explicit), parts[1:])


def check_form(
    document: Document, kind: type[Form], known: Known | None = None
) -> tuple[Form | None, list[Fault]]:
    """A document as a part of that kind, or the faults of its form."""
    values = _frozen(document.values) if known is None else known.of(document.values)
    try:
        context = FINE if _has_fine_products(document.values) else None
        return kind.model_validate(values, context=context), []
    except ValidationError as error:
        return None, _faults(document, error)


def _has_fine_products(values: Any) -> bool:
    """Whether quantities of some product may be fractions, or numbers of packs."""
    products = values.get("products") if isinstance(values, Mapping) else None
    parts = products.values() if isinstance(products, Mapping) else ()
    return any(isinstance(part, Mapping) and {"smallest", "packs"} & set(part) for part in parts)


def plain(value: Any) -> Any:
    """A copy as YAML would hold it: text as keys, lists, and numbers that are not numpy's.

    Readers of YAML 1.1, such as PyYAML, take the field `on` for true.
    """
    if isinstance(value, Mapping):
        return {"on" if key is True else str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # of numpy or pandas
        value = value.tolist()
    return [plain(item) for item in value] if isinstance(value, list | tuple | range) else value


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _faults(document: Document, error: ValidationError) -> list[Fault]:
    """Pydantic's errors in our words, each at the place it stands."""
    found = []
    errors = error.errors(include_url=False)
    for e in errors:
        inside = [other for other in errors if other["loc"][: len(e["loc"])] == e["loc"]]
        if e["type"] == "too_short" and len(inside) > 1:
            continue  # it has entries enough, some of them faulty
        path = _path_in_file(document.values, e["loc"])
        expected, got = _say(e)
        expected = with_number_meant(expected, ("", *path)[-1], e["input"], document.values)
        found.append(document.fault(path, _in_time_unit(expected, document.values), got))
    return list(dict.fromkeys(found))


def _in_time_unit(expected: str, values: Any) -> str:
    """What was expected, with the unit behind it, `(days)`, in the scenario's unit of time."""
    several = values.get("time_unit") if isinstance(values, Mapping) else None
    if not isinstance(several, str):
        return expected
    return re.sub(r"\([^()]*\)$", lambda unit: in_time_unit(unit[0], several), expected)


def _path_in_file(values: Any, location: Location) -> Location:
    """The location without what the file does not spell: members of unions, short forms."""
    path: Location = ()
    here = values
    for part in location:
        if isinstance(part, str) and part.startswith(MEMBER):
            continue
        if part == "[key]" and not (isinstance(here, dict) and part in here):
            continue  # the key just before is what is wrong
        if isinstance(here, dict) and isinstance(part, str):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
        else:
            continue  # below a short form: `products: mug`, or one entry in place of a list
        path = (*path, part)
    return path


def _say(error: Any) -> tuple[str, str]:
    """What pydantic's error means: what was expected, and what was found."""
    context = error.get("ctx", {})
    if error["type"] == "fault":
        return context["expected"], context["found"] or show(error["input"])
    mapping = "a mapping"
    if isinstance(error["input"], list | tuple):
        mapping = "a mapping (`name: value`, without hyphens or [ ])"
    words = {
        "literal_error": str(context.get("expected", "")).replace("'", ""),
        "bool_type": "true or false",
        "string_type": "text",
        "dict_type": mapping,
        "mapping_type": mapping,
        "model_type": mapping,
        "tuple_type": "a list",
        "string_too_short": "text that is not empty",
        "too_short": f"at least {_entries(context.get('min_length', 1))}",
        "too_long": f"at most {_entries(context.get('max_length', 1))}",
    }
    return words.get(error["type"], error["msg"]), show(error["input"])


def _entries(number: int) -> str:
    return "one entry" if number == 1 else f"{number:,} entries"


__all__ = ["Model", "build", "from_dict", "load", "put", "read", "spell"]
