"""Public data, each by a mapping: deliveries of a health programme, and invoices of a gift shop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backsim.cli import run as cli
from backsim.data.calibrate import calibrate

DATA = Path(__file__).parents[3] / "shared" / "data"
DELIVERIES = """
title: Deliveries of a public health programme
since: 2006-01-01
tables:
  - table: lines
    file: {file}
    columns: {{order: po_so, line: id, product: item, units: quantity_packs,
      ordered: quote_sent, wanted: scheduled_delivery, shipped: delivered}}
  - table: purchases
    file: {file}
    columns: {{purchase: po_so, line: id, product: item, supplier: vendor, units: quantity_packs,
      ordered: po_sent_to_vendor, confirmed: scheduled_delivery, received: delivered}}
"""
INVOICES = """
title: Invoices of a wholesaler of gifts
rules: {{test: "(?i)test.*"}}
tables:
  - table: lines
    file: {file}
    columns: {{order: invoice_no, product: stock_code, units: quantity, ordered: invoice_date,
      price: unit_price, customer: customer_id}}
"""


def mapping(text: str, name: str, folder: Path) -> Path:
    file = DATA / name
    if not file.is_file():
        pytest.skip(f"needs {file}")
    path = folder / "mapping.yaml"
    path.write_text(text.format(file=file))
    return path


@pytest.mark.slow
def test_deliveries_of_a_public_health_programme(tmp_path: Path):
    """4,240 lines have a date of their purchase, five of them after they arrived.

    Their mean lead time is 114.6 days with a coefficient of variation of 0.67; 5.3 % were late.
    """
    path = mapping(DELIVERIES, "scms_deliveries.csv.gz", tmp_path)
    found = calibrate(path)
    bought = found.history.purchases
    days = bought.received - bought.placed
    days = days[days > 0]
    assert len(days) == pytest.approx(4235, abs=60)
    assert days.mean() == pytest.approx(114.6, abs=2)
    assert days.std() / days.mean() == pytest.approx(0.67, abs=0.02)
    rows = next(r for r in found.history.rows if r.table == "purchases")
    assert rows.dropped["received before it was ordered"] == 5
    late = sum(s.late.share * s.late.known for s in found.lead_times if s.late.known)
    known = sum(s.late.known for s in found.lead_times)
    assert 0.03 < late / known < 0.12
    assert cli(["calibrate", str(path), "--out", str(tmp_path / "out")]) == 0


@pytest.mark.slow
def test_invoices_of_a_wholesaler_of_gifts(tmp_path: Path):
    """541,909 lines, 10,624 of them negative; no Saturdays; a line has a median of 3 units."""
    path = mapping(INVOICES, "online_retail_order_lines.csv.gz", tmp_path)
    found = calibrate(path)
    rows = next(r for r in found.history.rows if r.table == "lines")
    assert rows.read == 541_909
    assert rows.dropped["a return"] == 10_624
    assert rows.used == rows.read - sum(rows.dropped.values())
    assert np.median(found.history.lines.units) == 3
    (demand,) = found.classes
    assert demand.pattern.weekdays is not None
    assert demand.pattern.weekdays[5] == 0
    assert cli(["calibrate", str(path), "--out", str(tmp_path / "out")]) == 0
