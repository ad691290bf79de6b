"""What a YAML parser says of a file, in plain words."""

from __future__ import annotations

from typing import Any

CAUSES = (
    ("but got '<scalar>'", "a comma between entries, or the closing } or ] of a list before this"),
    ("but got '<stream end>'", "the closing } or ] of what is opened here"),
    ("but got ':'", "a closing } or ] before this, or quotes around text with a colon"),
    ("but got", "a closing } or ] before this, or a comma between entries"),
    (
        "mapping values are not allowed",
        "a colon after the name in the line above, this line no further indented than that one, "
        "or quotes around text with a colon",
    ),
    ("could not find expected", "a colon and a space after the name: `name: value`"),
    ("expected <block end>", "this line indented as far as the ones that it belongs to"),
    ("found unexpected end of stream", "a closing quote of the text that begins here"),
    ("found undefined alias", "quotes around text that begins with *, which else names an anchor"),
    ("found character", "quotes around text that begins with this sign"),
    ("found another document", "one document, without a line of three hyphens"),
)
"""Signs of what ruamel says, and what is likely to be missing."""


NEVER_CLOSED = ("found unexpected end of stream", "but got '<stream end>'")


def mark_of(error: Any) -> Any:
    """Where to look: at what is opened and never closed, rather than at the end of the file."""
    if error.context_mark and any(sign in str(error.problem) for sign in NEVER_CLOSED):
        return error.context_mark
    return error.problem_mark or error.context_mark


def in_plain_words(error: Any) -> tuple[str, str]:
    """A problem of ruamel as (what was expected, what was found)."""
    problem = " ".join((error.problem or error.context or "").split())
    if "'\\t'" in problem:
        return "spaces as indentation", "a tab"
    for sign, expected in CAUSES:
        if sign in problem:
            return f"correct YAML: {expected}", ""
    return f"correct YAML ({problem})", ""
