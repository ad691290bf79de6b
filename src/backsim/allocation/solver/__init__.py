"""Linear programs as arrays, and what solves them; nothing here knows what they are about."""
