"""The tables at time 0, a module per subject; `engines.setup` fills them in order."""
