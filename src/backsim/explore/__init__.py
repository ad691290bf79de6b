"""The what-if page: a scenario with sliders, answered by the simulation."""
