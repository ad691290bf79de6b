"""A study: an experiment, the results of its replications, and what they say."""
