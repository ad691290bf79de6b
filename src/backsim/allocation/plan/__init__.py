"""Who decides and what is told: the program or a rule, plans side by side, files and pages."""
