"""Tables from files: CSV, gzip and Excel, whatever their delimiter, encoding, numbers and dates."""
