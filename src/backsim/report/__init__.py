"""Showing a study: tables, figures, the page, a workbook."""
