"""What there is to decide: the book as arrays, its constraints, and the program they make."""
