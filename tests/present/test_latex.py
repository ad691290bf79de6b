"""Tables as LaTeX: what a reader sees is what the console shows, whatever signs it has."""

from __future__ import annotations

from backsim.present.latex import document, escaped
from backsim.present.table import Column, Equation, Heading, Table
from backsim.statistics import estimate


def test_signs_of_latex_are_shown_as_they_are() -> None:
    assert escaped("50 % of a_b & c") == r"50 \% of a\_b \& c"
    assert escaped("\\input{x}") == r"\textbackslash{}input\{x\}"
    assert escaped("3 ± 1 < $5") == r"3 $\pm$ 1 \textless{} \$5"


def test_a_table_has_rules_a_caption_and_numbers_to_the_right() -> None:
    cost = estimate([10.0, 14.0, 18.0])
    columns = (Column("policy", kind="text"), Column("cost", "EUR"), Column("rule", kind="formula"))
    table = Table("t", "Ranking", columns, (("first_come", cost, "q_i"),), "Note.", ("A & B",))
    assert document(
        "Result", [Heading("Costs"), "One.", Equation("x = 1"), table]
    ).splitlines() == [
        "% needs \\usepackage{amsmath,booktabs,longtable}",
        "",
        r"\section*{Result}",
        "",
        r"\subsection*{Costs}",
        "",
        "One.",
        "",
        r"\[",
        "x = 1",
        r"\]",
        "",
        r"\begin{longtable}{lrl}",
        r"\caption{Ranking}\\",
        r"\toprule",
        r"policy & cost (EUR) & rule \\",
        r"\midrule",
        r"\endhead",
        r"\multicolumn{3}{l}{\textbf{A \& B}} \\",
        r"first\_come & 14.0 $\pm$ 9.9 & $q_i$ \\",
        r"\bottomrule",
        r"\end{longtable}",
        "Note.",
    ]


def test_a_bracket_at_the_start_of_a_row_is_text() -> None:
    table = Table("t", "", (Column("a"), Column("b")), (("[1]", "x"),))
    assert r"{}[1] & x \\" in document("", [table])
