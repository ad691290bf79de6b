"""Experiments: which policies, how often, what is compared, and the study that comes of it."""

from backsim.experiment.experiment import Experiment, Policy
from backsim.experiment.load import load_experiment
from backsim.experiment.play import compare, load_study
from backsim.experiment.study import Study

__all__ = ["Experiment", "Policy", "Study", "compare", "load_experiment", "load_study"]
