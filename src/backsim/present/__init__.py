"""How results are shown: a table is declared once, and there is one renderer a medium."""
