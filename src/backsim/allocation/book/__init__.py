"""From tables to a book: columns, numbers and dates, sources that can serve a line, defaults."""
