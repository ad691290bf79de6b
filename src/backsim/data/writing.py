"""An export as a system would write it: its headings and formats, and dirt on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from backsim.data.columns import kinds_of
from backsim.data.systems import systems
from backsim.errors import InputError
from backsim.files import beside, check_folder

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator

Dirt = Literal["none", "light", "heavy"]
REPEATED, TESTS, RETURNED, UNDATED = 0.005, 0.0005, 0.015, 0.003
"""Shares of the order lines: repeated, of test orders, returned; of shipments without a date."""


def write_export(
    tables: Mapping[str, pd.DataFrame],
    system: str,
    folder: Path,
    dirt: Dirt = "none",
    generator: Generator | None = None,
) -> list[Path]:
    """Write tables under a system's headings; `generator` draws where the dirt is.

    SAP's has a semicolon, a decimal comma and days as dd.mm.yyyy; the others are plain CSV.  Light
    dirt: repeated rows, a row of totals, shipments without a date.  Heavy: test orders and returns
    too, and dates without a time.  Raises InputError.
    """
    if system not in systems():
        raise InputError(f"as: expected {', '.join(systems())}, got {system!r}")
    if dirt not in get_args(Dirt):
        raise InputError(f"dirt: expected {', '.join(get_args(Dirt))}, got {dirt!r}")
    check_folder(folder)
    made = dict(tables)
    if dirt != "none":
        assert generator is not None
        made = _soiled(made, dirt, generator)
    if "shipments" not in systems()[system]:
        made["lines"] = _with_fates(made)
    written = []
    for table, entry in _split(made, system).items():
        known = systems()[system][table]
        headings = {
            field: heading if isinstance(heading, str) else heading[0]
            for field, heading in known["columns"].items()
            if field in entry
        }
        path = folder / Path(known["file"]).with_suffix(".csv").name
        frame = entry[list(headings)]
        text = _text(frame, table, system == "sap", dirt == "heavy").rename(columns=headings)
        if dirt != "none" and table == "lines":
            text.loc[len(text)] = ["Total" if i == 0 else "" for i in range(text.shape[1])]
        with beside(path) as partial:
            text.to_csv(
                partial,
                index=False,
                sep=";" if system == "sap" else ",",
                encoding="cp1252" if system == "sap" else "utf-8",
                errors="replace",
                lineterminator="\n",
            )
        written.append(path)
    return written


def _split(tables: Mapping[str, pd.DataFrame], system: str) -> dict[str, pd.DataFrame]:
    """The tables that a system has; heads of orders apart where it keeps them so."""
    found = {name: frame for name, frame in tables.items() if name in systems()[system]}
    lines = found["lines"]
    if "ordered" not in systems()[system]["lines"]["columns"]:
        customers = lines["customer_class"]
        heads = lines.drop_duplicates("order")
        known = {name: i for i, name in enumerate(dict.fromkeys(customers))}
        number = heads["customer_class"].map(known) + 200_001
        found["orders"] = heads.assign(customer=number)
        if "customers" in systems()[system]:
            import pandas as pd

            found["customers"] = pd.DataFrame(
                {"customer": [200_001 + i for i in known.values()], "customer_class": list(known)}
            )
    return found


def _with_fates(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Lines with when they were shipped whole, and how much, for systems that say no more."""
    lines = tables["lines"].copy()
    key = ["order", "line"]
    sent = (
        tables["shipments"]
        .groupby(key)
        .agg(shipped=("shipped", "max"), shipped_units=("units", "sum"))
    )
    lines = lines.merge(sent, how="left", left_on=key, right_index=True)
    gone = tables["cancellations"].set_index(key)["cancelled"]
    lines = lines.merge(gone, how="left", left_on=key, right_index=True)
    part = lines["shipped_units"].fillna(0) < lines["units"]
    lines.loc[part, "shipped"] = None
    lines["shipped_units"] = lines["shipped_units"].fillna(0).astype(int)
    return lines


def _soiled(
    tables: dict[str, pd.DataFrame], dirt: Dirt, generator: Generator
) -> dict[str, pd.DataFrame]:
    import pandas as pd

    lines, shipments = tables["lines"], tables["shipments"].copy()
    count = len(lines)
    again = lines.iloc[generator.choice(count, max(1, round(REPEATED * count)), replace=False)]
    parts = [lines, again]
    undated = generator.random(len(shipments)) < UNDATED
    shipments.loc[undated, "shipped"] = pd.NaT
    if dirt == "heavy":
        some = lines.iloc[generator.choice(count, max(1, round(TESTS * count)), replace=False)]
        parts.append(some.assign(order=999_000_000 + np.arange(len(some)), units=9999, text="TEST"))
        back = lines.iloc[generator.choice(count, max(1, round(RETURNED * count)), replace=False)]
        back = back.assign(order=900_000_000 + np.arange(len(back)), units=-back["units"])
        parts.append(back)
    soiled = pd.concat(parts, ignore_index=True)
    if "text" in soiled:
        soiled["text"] = soiled["text"].fillna("")
    return {**tables, "lines": soiled, "shipments": shipments}


def _text(frame: pd.DataFrame, table: str, sap: bool, days_only: bool) -> pd.DataFrame:
    """Every cell as the system writes it."""
    kinds: dict[str, Any] = kinds_of(table)
    text = frame.copy().astype(object)
    form = "%d.%m.%Y" if sap else "%Y-%m-%d"
    for name in frame:
        known = frame[name].notna()
        if kinds[str(name)] == "date":
            if sap or days_only:
                text[name] = _each(frame[name].dt.floor("D"), lambda at: at.strftime(form))
            else:
                stamps = np.datetime_as_string(frame[name].to_numpy("datetime64[s]"))
                text[name] = [stamp.replace("T", " ") for stamp in stamps.tolist()]
        elif kinds[str(name)] == "number":
            text[name] = _each(frame[name], lambda value: _number(value, sap))
        text[name] = text[name].where(known, "")
    return text


def _each(column: pd.Series, written: Callable[[Any], str]) -> Any:
    """A column written, each distinct value once; "" for none."""
    import pandas as pd

    codes, values = pd.factorize(column)
    return np.array([*map(written, values), ""], object)[codes]


def _number(value: float, sap: bool) -> str:
    if sap:
        return f"{value:,.3f}".translate(str.maketrans(",.", ".,"))
    return f"{value:.12g}"
