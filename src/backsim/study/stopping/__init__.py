"""When a comparison has replications enough: the stopping rules, each in a file of its own."""

from importlib import import_module
from pkgutil import iter_modules

from backsim.study.stopping.form import Replications
from backsim.study.stopping.rule import RULES, Asked, StoppingRule, Values, Verdict

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["RULES", "Asked", "Replications", "StoppingRule", "Values", "Verdict"]
