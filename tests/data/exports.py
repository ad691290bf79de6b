"""Small exports, written as a client would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Files of a folder; texts are set in, and lines may end in blanks."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


SHOP = {
    "lines.csv": """
        order,line,product,units,ordered,class
        1,1,mug,2,2024-03-04 09:00,trade
        1,2,plate,1,2024-03-04 09:00,trade
        2,1,mug,4,2024-03-05 10:00,web
        3,1,mug,6,2024-03-06 11:00,web
    """,
    "shipments.csv": """
        order,line,units,shipped
        1,1,2,2024-03-04
        1,2,1,2024-03-08
        2,1,4,2024-03-05
    """,
    "cancellations.csv": """
        order,line,cancelled,units,reason
        3,1,2024-03-16,6,too long
    """,
    "purchases.csv": """
        purchase,supplier,product,ordered,units,received
        P1,acme,mug,2024-03-04,12,2024-03-14
        P2,acme,mug,2024-03-15,12,
    """,
}
"""Three orders of two classes, one cancelled; two purchases, one open."""
