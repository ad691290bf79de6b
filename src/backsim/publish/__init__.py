"""What is written for other researchers: the description of a model, a checklist, an archive."""
