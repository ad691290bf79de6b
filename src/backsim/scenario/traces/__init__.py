"""Files of order lines (traces): read, filtered and counted."""
