"""From a client's exports to a calibrated scenario: read, clean, fit, write."""
