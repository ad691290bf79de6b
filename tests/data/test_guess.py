"""Which file holds what is guessed from its headings; a mapping says it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from tests.data.exports import SHOP, write

from backsim.cli import run as cli
from backsim.data.calibrate import calibrate, read_mapping
from backsim.data.columns import TABLES, required_of
from backsim.data.mapping import Mapping, load_mapping
from backsim.data.scenariofile import experiment_text, scenario_text
from backsim.data.systems import guess, systems, write_template
from backsim.errors import InputError
from backsim.report.datatimes import lead_time_table, patience_table


def test_files_are_known_by_their_headings(tmp_path: Path):
    found = guess(write(tmp_path, SHOP))
    assert [(e["table"], e["file"]) for e in found.tables] == [
        ("lines", "lines.csv"),
        ("shipments", "shipments.csv"),
        ("cancellations", "cancellations.csv"),
        ("purchases", "purchases.csv"),
    ]
    assert found.tables[0]["columns"]["customer_class"] == "class"
    assert "lines.csv is taken for lines" in found.notes[0]


def test_names_of_sap_are_known_whatever_the_files_are_called(tmp_path: Path):
    found = guess(
        write(
            tmp_path,
            {
                "auftraege.csv": "VBELN;AUDAT;KUNNR\n1;01.02.2024;7",
                "positionen.csv": "VBELN;POSNR;MATNR;KWMENG;storniert\n1;10;4711;5;ja",
                "notiz.csv": "hello;there\n1;2",
            },
        )
    )
    assert [e["table"] for e in found.tables] == ["orders", "lines"]
    assert any(note.endswith("name them): positionen.csv: storniert.") for note in found.notes)
    assert "notiz.csv is not used: its headings are those of no table" in found.notes


def test_a_lead_time_that_nothing_tells_is_assumed_and_told(tmp_path: Path):
    """A supplier that delivers at once would make every figure look perfect."""
    rows = [f"{k},mug,{1 + k % 3},2024-03-{1 + k % 28:02}" for k in range(60)]
    text = "\n".join(["order,product,units,ordered", *rows])
    folder = write(tmp_path / "export", {"lines.csv": text})
    found = calibrate(folder)
    (told,) = found.assumptions
    assert "a lead time of 14 days is ASSUMED" in told
    (written,) = (line for line in scenario_text(found).splitlines() if "lead_time:" in line)
    assert "deterministic: {value: 14.0}" in written
    assert "by due date" not in experiment_text(found), "all are due when they order"
    assert lead_time_table(found).rows == patience_table(found).rows == ()
    assert lead_time_table(found).note == "No purchase is known."


def test_a_day_that_is_none_is_told_with_the_form_of_its_column(tmp_path: Path):
    rows = [f"{k};mug;1;{1 + k:02}.03.2024" for k in range(28)]
    text = "\n".join(["order;product;units;ordered", *rows, "99;mug;1;31.02.2024"])
    with pytest.raises(InputError) as error:
        calibrate(write(tmp_path, {"lines.csv": text}))
    assert "lines.csv:30: ordered: expected a date written as DD.MM.YYYY" in str(error.value)
    assert "`rules: {unreadable: drop}`" in str(error.value)


def test_a_folder_without_order_lines_says_what_to_do(tmp_path: Path):
    write(tmp_path, {"a.csv": "x,y\n1,2"})
    with pytest.raises(
        InputError,
        match=r"none by its headings in a.csv \(row 1: x, y\). It needs order, .*--template plain",
    ):
        guess(tmp_path)


@pytest.mark.parametrize("system", systems())
def test_every_template_is_a_mapping_and_names_known_fields(tmp_path: Path, system: str):
    mapping = load_mapping(write_template(system, tmp_path))
    assert "lines" in {entry.table for entry in mapping.tables}
    with pytest.raises(InputError, match="without a mapping"):
        write_template(system, tmp_path)
    for table, entry in systems()[system].items():
        assert set(required_of(table)) <= set(entry["columns"]) <= set(TABLES[table].model_fields)


def test_a_mapping_in_the_folder_comes_before_a_guess(tmp_path: Path):
    write(tmp_path, {"b.csv": "o,p,u,d\n1,mug,2,2024-03-04"})
    (tmp_path / "mapping.yaml").write_text(
        "tables:\n  - {table: lines, file: b.csv,"
        " columns: {order: o, product: p, units: u, ordered: d}}\n"
    )
    mapping, folder, guesses = read_mapping(tmp_path)
    assert (mapping.tables[0].file, folder, guesses) == ("b.csv", tmp_path, ())


def test_a_mapping_is_a_kind_of_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = write_template("sap", tmp_path)
    assert cli(["validate", str(path)]) == 0
    assert "a mapping of 11 tables" in capsys.readouterr().out
    assert cli(["run", str(path)]) == 2
    assert "is a mapping of an export: use `backsim calibrate" in capsys.readouterr().err
    assert cli(["schema", "--mapping"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["properties"]) == set(Mapping.model_fields)
    assert schema["required"] == ["tables"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables:\n  - {table: lines, file: a.csv, columns: {order: o}}", r"`product`.*required"),
        (
            "tables:\n  - {table: lines, file: a.csv,"
            " columns: {order: o, product: p, units: u, wantd: w}}",
            r":2:\d+: tables\[0\].*wanted",
        ),
        (
            "tables:\n  - {table: lines, file: a.csv, columns: {order: o, product: p, units: u}}",
            "the column `ordered` of lines, or a table of orders",
        ),
        ("tables:\n  - {table: line, file: a.csv, columns: {}}", "lines"),
        (
            "tables:\n  - {table: lines, file: a.csv, once: [shipped],"
            " columns: {order: o, product: p, units: u, ordered: d}}",
            r"names and dates of lines as `once` \(order, product, ordered\)",
        ),
        ("until: soon\ntables: []", "a date such as 2024-01-31"),
    ],
)
def test_a_faulty_mapping_is_refused_where_it_is(tmp_path: Path, text: str, said: str):
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        load_mapping(path)


def test_german_headings_below_a_title_are_known(tmp_path: Path):
    """Also with points, hyphens and spaces in them."""
    text = (
        "Auftragsübersicht;;;;\n"
        "Beleg-Nr.;Belegdatum;Artikel Nr.;Menge;Einzelpreis;Kundengruppe\n"
        "A1;02.01.2024;MX-2;1,00;1.900,00;Händler\n"
    )
    found = guess(write(tmp_path, {"auftraege.csv": text}))
    (lines,) = found.tables
    assert lines["columns"] == {
        "order": "Beleg-Nr.",
        "product": "Artikel Nr.",
        "units": "Menge",
        "price": "Einzelpreis",
        "customer_class": "Kundengruppe",
        "ordered": "Belegdatum",
    }


def test_each_sheet_of_a_workbook_may_be_a_table(tmp_path: Path):
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "Notes"
    notes.append(["Made by Bob"])
    for name, text in (("Orders", SHOP["lines.csv"]), ("Sent", SHOP["shipments.csv"])):
        sheet = book.create_sheet(name)
        for line in text.strip().splitlines():
            sheet.append(line.strip().split(","))
    book.save(tmp_path / "export.xlsx")
    found = guess(tmp_path)
    assert [(t["table"], t["sheet"]) for t in found.tables] == [
        ("lines", "Orders"),
        ("shipments", "Sent"),
    ]
    assert "export.xlsx, sheet Notes is not used: its headings are those of no table" in found.notes
    fitted = calibrate(tmp_path)
    assert fitted.history.lines.units.tolist() == [2, 1, 4, 6]
    assert fitted.history.lines.shipped.tolist() == [2, 1, 4, 0]


def test_order_lines_may_be_in_a_file_that_is_called_orders(tmp_path: Path):
    write(tmp_path, {"orders.csv": SHOP["lines.csv"], "shipments.csv": SHOP["shipments.csv"]})
    assert [table["table"] for table in guess(tmp_path).tables] == ["lines", "shipments"]


def test_shopify_says_of_an_order_once_when_it_was_fulfilled(tmp_path: Path):
    text = """
        Name,Email,Fulfilled at,Created at,Lineitem quantity,Lineitem name,Lineitem sku,Cancelled at
        #1,a@x.com,2024-03-05 10:00:00 +0100,2024-03-04 09:00:00 +0100,1,Mug,MUG,
        #1,,,,2,Cup,CUP,
        #2,b@x.com,,2024-03-05 09:00:00 +0100,1,Mug,MUG,2024-03-07 09:00:00 +0100
        #2,b@x.com,,2024-03-05 09:00:00 +0100,3,Pan,PAN,
        #3,c@x.com,2024-03-04 10:00:00 +0100,2024-03-04 09:30:00 +0100,1,Mug,MUG,
    """
    write(tmp_path, {"orders_export.csv": text})
    assert guess(tmp_path).tables[0]["once"] == ["ordered", "shipped", "cancelled", "customer"]
    lines = calibrate(tmp_path).history.lines
    assert lines.units.tolist() == [1, 2, 1, 1, 3]
    assert lines.shipped.tolist() == [1, 2, 1, 0, 0]
    assert lines.cancelled_units.tolist() == [0, 0, 0, 1, 3]


@pytest.mark.parametrize(
    ("lines", "sent", "bought"),
    [
        (
            "N° commande;Ligne;Article;Quantité;Date commande;Client",
            "Commande;Ligne;Qté;Date d'expédition",
            "Commande fournisseur;Fournisseur;Article;Quantité;Date de commande;Date de réception",
        ),
        (
            "Nº pedido;Línea;Artículo;Cantidad;Fecha de pedido;Cliente",
            "Pedido;Línea;Cantidad;Fecha de envío",
            "Orden de compra;Proveedor;Artículo;Cantidad;Fecha pedido;Fecha de recepción",
        ),
        (
            "Auftragsnr.;Pos.;Artikelnr.;Menge;Auftragsdatum;Kunde",
            "Auftrag;Position;Menge;Lieferdatum",
            "Bestellnr.;Lieferant;Artikel;Menge;Bestelldatum;Wareneingang",
        ),
    ],
)
def test_headings_of_other_languages_are_known(tmp_path: Path, lines: str, sent: str, bought: str):
    texts = {
        "a.csv": f"{lines}\n1;1;mug;2;04.03.2024;7\n2;1;mug;3;31.03.2024;8",
        "b.csv": f"{sent}\n1;1;2;05.03.2024\n2;1;3;31.03.2024",
        "c.csv": f"{bought}\nP1;acme;mug;20;04.03.2024;20.03.2024",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text + "\n", encoding="cp1252")
    assert [t["table"] for t in guess(tmp_path).tables] == ["lines", "shipments", "purchases"]
    found = calibrate(tmp_path).history
    assert found.lines.served.tolist() == [26]
    assert found.purchases.received.tolist() == [15]
    assert len(found.customers) == 2


LISTS = {
    "odoo_list": """
        Order Reference,Order Date,Order Lines/Product,Order Lines/Quantity,Effective Date,Status
        S1,2024-03-04 09:00:00,mug,2,2024-03-04 12:00:00,Sales Order
        ,,plate,3,,
        S2,2024-03-05 09:00:00,mug,4,,Cancelled
    """,
    "netsuite": """
        Date,Document Number,Item,Quantity,Qty. Fulfilled,Amount,Actual Ship Date,Status
        3/4/2024,S1,mug,2,2,$12.00,3/4/2024,Billed
        3/4/2024,S1,plate,3,3,($9.00),3/24/2024,Billed
        3/15/2024,S2,mug,4,0,$24.00,,Closed
    """,
    "dynamics": """
        Sales order,Item number,Quantity,Created date and time,Actual ship date,Line status
        S1,mug,2,3/4/2024 9:00:00 AM,3/4/2024,Invoiced
        S1,plate,3,3/4/2024 9:00:00 AM,3/4/2024,Invoiced
        S2,mug,4,3/15/2024 2:00:00 PM,,Canceled
    """,
    "plain": """
        Verkaufsbeleg;Pos;Material;Auftragsmenge;ME;Belegdatum;Ist-Warenausgangsdatum
        0001;10;mug;2,00;ST;04.03.2024;04.03.2024
        0001;20;plate;3,00;ST;04.03.2024;04.03.2024
        0002;10;mug;4,00;ST;15.03.2024;
    """,
}


@pytest.mark.parametrize("system", LISTS)
def test_lists_of_orders_are_known_and_their_mapping_says_the_same(tmp_path: Path, system: str):
    folder = write(tmp_path / "export", {"list.csv": LISTS[system]})
    found = calibrate(folder)
    lines = found.history.lines
    assert lines.units.tolist() == [2, 3, 4]
    assert len(set(lines.order.tolist())) == 2
    assert np.isnan(lines.served).tolist() == [False, False, True]
    assert lines.known.tolist() == [True, True, system == "plain"]
    out = tmp_path / "out"
    assert cli(["calibrate", str(folder), "--out", str(out)]) == 0
    again = calibrate(out / "mapping.yaml").history.lines
    assert (again.units.tolist(), again.known.tolist()) == ([2, 3, 4], lines.known.tolist())
