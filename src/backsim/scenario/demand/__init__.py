"""What customers order: processes, patterns of the rate, traces, written orders; and its laws."""
