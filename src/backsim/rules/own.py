"""The rules of a user's own, by what they are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from backsim.errors import RuleError
from backsim.rules.families import REGISTERED
from backsim.rules.files import keep_only, load_rules
from backsim.rules.fingerprint import Fingerprint, fingerprint
from backsim.rules.registry import Rule


def spelt(rule: Rule) -> str:
    """The rule as provenance names it: its family and its name."""
    return f"{rule.family}.{rule.name}"


def digests_of(rules: Iterable[Rule]) -> dict[str, str]:
    """Each rule -> its fingerprint, or why it has none."""
    return {spelt(rule): fingerprint(rule.function).told for rule in rules}


def known(rules: Iterable[Rule], what: str) -> dict[str, str]:
    """Each rule -> its fingerprint.  Raises RuleError where one has none, with the reason."""
    found = {spelt(rule): fingerprint(rule.function) for rule in rules}
    unknown = [f"rule {name}: {it.reason}" for name, it in found.items() if not it]
    if unknown:
        raise RuleError(f"{'; '.join(unknown)} ({what})")
    return {name: it.digest for name, it in found.items()}


def now(names: Iterable[str]) -> dict[str, str]:
    """The rules of those names as they are in this process."""
    return {name: _now(name).told for name in names}


def check_same(expected: Mapping[str, str], when: str) -> None:
    """Raise RuleError when a rule is no longer what it was."""
    for name, digest in expected.items():
        if _now(name).told != digest:
            raise RuleError(
                f"rule {name}: expected a rule that stays what it is, but {when} "
                "its code or something that it uses has changed"
            )


def load_same(files: Sequence[str], expected: Mapping[str, str]) -> None:
    """Load files of rules in a worker, which must have the same rules then.

    A worker may have run a file before, when what it reads was another; or other files, for
    another run.  Raises RuleError.
    """
    keep_only(files)
    load_rules(files)
    if now(expected) != dict(expected):
        load_rules(files, anew=True)
    check_same(expected, "in a process that has loaded it again (one worker needs none)")


def _now(name: str) -> Fingerprint:
    family, _, rule = name.partition(".")
    found = REGISTERED[family].rules.get(rule)
    return fingerprint(found.function) if found else Fingerprint("", "there is no such rule")
