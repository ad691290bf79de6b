"""Who supplies whom: sources, lanes, sites that serve for others, and what units cost there."""
