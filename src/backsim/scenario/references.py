"""Every name that a file uses must be one that it defines.

The check reads the plain document, so that it also works when other fields are faulty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Annotated, Any, get_args, get_origin

from backsim.errors import nearest
from backsim.rules import FAMILIES
from backsim.scenario.costs import CustomerCosts, is_by_class
from backsim.scenario.part import Part
from backsim.scenario.schema.scenario import Scenario
from backsim.scenario.shorthand import Refers
from backsim.scenario.yamlfile import Document, Fault, Location


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a file that names something: a path, and what it says of it.

    In the path * is any entry, + any entry of a list or what stands there without one, and = what
    stands there if that is a name.
    """

    path: tuple[str, ...]
    mark: Refers


@cache
def references() -> tuple[Reference, ...]:
    """Every place that the schema marks."""
    return tuple(dict.fromkeys(_of_part(Scenario, ())))


def _of_part(kind: type[Part], path: tuple[str, ...]) -> Iterator[Reference]:
    for name, field in kind.model_fields.items():
        yield from _marked(field.metadata, (*path, name))
        yield from _of_type(field.annotation, (*path, name))


def _of_type(kind: Any, path: tuple[str, ...]) -> Iterator[Reference]:
    """The places in what may stand at a path."""
    if isinstance(kind, type) and issubclass(kind, Part):
        yield from _of_part(kind, path)
    elif get_origin(kind) is Annotated:
        yield from _marked(kind.__metadata__, (*path, "+", "="))
        yield from _of_type(kind.__origin__, path)
    elif get_origin(kind) is tuple:
        yield from _of_type(get_args(kind)[0], (*path, "+"))
    elif isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping):
        yield from _of_type(get_args(kind)[1], (*path, "*"))
    else:
        for one in get_args(kind):
            yield from _of_type(one, path)


def _marked(metadata: Iterable[Any], path: tuple[str, ...]) -> Iterator[Reference]:
    return (Reference(path, mark) for mark in metadata if isinstance(mark, Refers))


SPOKEN = {
    "products": "product",
    "sites": "site",
    "customers": "customer class",
    "buyers": "customer class",
    "suppliers": "supplier",
    "calendars": "calendar",
}
ONCE = ("products", "sites", "customers", "suppliers", "calendars")
"""The sections that define names."""


class Some(list[Any]):
    """Some entries of a list, each with its place."""


def changed(values: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
    """What has to be looked through for names again, where those before were all known.

    All of it if other names are defined.  Where a site drew on another before, this has to be found
    out by itself.
    """
    if not all(_defined(values, kind) == _defined(before, kind) for kind in ONCE):
        return values
    found: dict[str, Any] = {}
    for key, value in values.items():
        old = before.get(key)
        if value is old:
            continue
        if isinstance(value, list) and isinstance(old, list) and key == "stock":
            pairs = enumerate(zip_longest(value, old[: len(value)]))
            found[key] = Some((i, new) for i, (new, known) in pairs if new is not known)
        else:
            found[key] = value
    return found


def unknown_names(
    document: Document,
    traced: Collection[str] | None = None,
    among: Mapping[str, Any] | None = None,
) -> list[Fault]:
    """A fault for every name that is not defined.

    `traced` are the products of the traces, known only once these are read; before that, names of
    traced products are not checked.  `among` are the values to look through, if not all: then no
    site draws on another but in these.
    """
    defined = {kind: _defined(document.values, kind) for kind in SPOKEN if kind != "buyers"}
    # Sites that draw on sites stand beside the customers there.
    sites = (
        defined["sites"] if draws_on_sites(document.values if among is None else among) else None
    )
    defined["buyers"] = [*(defined["customers"] or ()), *(sites or ())] or None
    if document.values.get("products") == "traced":
        defined["products"] = traced
    # Thousands of names are looked up, and the nearest are told in their order.
    known = {kind: names and dict.fromkeys(names) for kind, names in defined.items()}
    found = []
    for kind, path, name in _uses(document.values if among is None else among):
        names = known[kind]
        if kind == "calendars" and names is None:
            found.append(document.fault(path, "a section `calendars` that defines it", f"'{name}'"))
        # If there are none the section is faulty itself; a wrong star is a fault of form.
        if names and name not in names and name != "*":
            expected = f"a known {SPOKEN[kind]} ({nearest(name, list(names))})"
            found.append(document.fault(path, expected, f"'{name}'"))
    return found


def _uses(values: Any) -> Iterator[tuple[str, Location, str]]:
    """Every use of a name: what is named, where, and the name."""
    for reference in references():
        for path, name in _used(values, reference.path, ()):
            yield reference.mark.section, path, name
    for path, name in _by_class(values):
        yield "buyers", path, name
    for path, name in _of_costs(values):
        yield "customers", path, name


def _by_class(values: Any) -> Iterator[tuple[Location, str]]:
    """The names that parameters by customer class give, each with its place."""
    places: list[tuple[Location, Any]] = [(("policy",), values.get("policy"))]
    places += [(("stock", key), entry) for key, entry in _entries(values.get("stock"))]
    for path, policy in list(places):
        changes = policy.get("changes") if isinstance(policy, dict) else None
        places += [((*path, "changes", key), entry) for key, entry in _entries(changes)]
    for path, policy in places:
        for family in FAMILIES.values():
            use = policy.get(family.name) if isinstance(policy, dict) else None
            if isinstance(use, dict) and (rule := family.rules.get(str(use.get("rule")))):
                for p in rule.by_class:
                    if isinstance(given := use.get(p.name), dict):
                        yield from _names(given, (*path, family.name, p.name))


def _of_costs(values: Any) -> Iterator[tuple[Location, str]]:
    """The customer classes that costs by class name, each with its place."""
    places: list[tuple[Location, Any]] = [((), values)]
    places += [
        ((section, key), entry)
        for section in ("products", "stock")
        for key, entry in _entries(values.get(section))
    ]
    for path, owner in places:
        costs = owner.get("costs") if isinstance(owner, dict) else None
        for name, given in costs.items() if isinstance(costs, dict) else ():
            if name in CustomerCosts.model_fields and is_by_class(given):
                yield from _names(given, (*path, "costs", name))


def _defined(values: Any, kind: str) -> Collection[str] | None:
    """The names a section defines; None if it is missing or not in form."""
    section = values.get(kind, "main" if kind == "sites" else None)
    return [name for _, name in _names(section, ()) if name != "*"] or None


def draws_on_sites(values: Any) -> bool:
    """Whether a stock point draws on others."""
    drawn = (reference.path for reference in references() if reference.mark.draws)
    return any(True for path in drawn for _ in _used(values, path, ()))


def _used(value: Any, parts: Sequence[str], path: Location) -> Iterator[tuple[Location, str]]:
    """The names that stand at the end of a path, each with its place."""
    if not parts:
        yield from _names(value, path)
        return
    first, *rest = parts
    if first == "=":
        yield from _names(value, path) if not isinstance(value, dict | list) else ()
    elif first == "+" and not isinstance(value, list):
        yield from _used(value, rest, path)  # one entry in place of a list
    elif first in ("*", "+"):
        for key, item in _entries(value):
            yield from _used(item, rest, (*path, key))
    elif isinstance(value, dict) and first in value:
        yield from _used(value[first], rest, (*path, first))


def _entries(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, Some):
        return list(value)
    return list(enumerate(value)) if isinstance(value, list) else []


def _names(value: Any, path: Location) -> Iterator[tuple[Location, str]]:
    """The names in `mug`, `[mug, plate]` or `{mug: 1, plate: 2}`."""
    if isinstance(value, dict):
        yield from (((*path, key), key) for key in value)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _names(item, (*path, i)) if not isinstance(item, dict | list) else ()
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield path, str(value)
